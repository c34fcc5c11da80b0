"""Chess puzzles: bringing in the Lichess CSV against the field's row-by-row way, and the memory that it takes.

    python benchmarks/chess_puzzles.py PUZZLES.csv [--rows 100000] [--memory 10000 --memory 1000000] [--out r.json]

The rival does what the field's generator does: pandas reads the file and sorts it, then for each row python-chess plays
the opponent's move, the FEN is read letter by letter into planes, and everything goes into float tensors. Both sides
begin with the file, lines repeated to so many rows, and end with puzzles that a net can be given: ours with a store and
one pass over all of it as tensors. The rival's time is for as many rows as --rival, and a row.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chess
import pandas as pd
import torch

from longthink.problems.chess.lichess import Lichess
from longthink.problems.chess.problem import ChessPuzzles

PLANES = {letter: plane for plane, letter in enumerate("KQBNRPkqbnrp")}
AT_ONCE = 4096


def rival(path: Path, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Planes and targets of the first rows."""
    table = pd.read_csv(path, nrows=count).sort_values("Rating", kind="mergesort")
    boards, targets = torch.zeros(len(table), 12, 8, 8), torch.zeros(len(table), 8, 8, dtype=torch.long)
    who_moves, rating = torch.zeros(len(table), 1), torch.zeros(len(table), 1)
    for index, (_, row) in enumerate(table.iterrows()):
        opponent, answer = row["Moves"].split(" ")[:2]
        board = chess.Board(row["FEN"])
        board.push(chess.Move.from_uci(opponent))
        placement, turn = board.fen().split(" ")[:2]
        rank, file = 7, 0
        for letter in placement:
            if letter == "/":
                rank, file = rank - 1, 0
            elif letter.isdigit():
                file += int(letter)
            else:
                boards[index, PLANES[letter.swapcase() if turn == "b" else letter], rank, file] = 1
                file += 1
        for square in (answer[:2], answer[2:4]):
            targets[index, int(square[1]) - 1, ord(square[0]) - ord("a")] = 1
        who_moves[index], rating[index] = turn == "b", row["Rating"]
    return boards, targets


def ours(path: Path, folder: Path) -> int:
    """A store, and all of its puzzles as tensors."""
    total, _ = Lichess().import_files([path], folder)
    problem = ChessPuzzles(source=str(folder))
    rows = problem.store().rows
    for first in range(0, total, AT_ONCE):
        problem.from_rows(rows[first : first + AT_ONCE], 1, "test")
    return total


def repeated(path: Path, rows: int, target: Path) -> Path:
    """The lines of a file again and again, until there are so many."""
    head, *lines = path.read_text().splitlines()
    with target.open("w") as out:
        out.write(head + "\n")
        for index in range(rows):
            out.write(lines[index % len(lines)] + "\n")
    return target


def memory(path: Path, rows: int, scratch: Path) -> float:
    """The most memory (MB) that a process of its own had while it brought so many rows in."""
    file = repeated(path, rows, scratch / f"{rows}.csv")
    command = [sys.executable, __file__, str(file), "--only-import", str(scratch / f"store-{rows}")]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("puzzles", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rival", type=int, default=2_000)
    parser.add_argument("--memory", type=int, action="append")
    parser.add_argument("--only-import", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.only_import is not None:
        Lichess().import_files([options.puzzles], options.only_import)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        ours(repeated(options.puzzles, 1000, scratch / "warm.csv"), scratch / "warm")  # loads what is compiled
        file = repeated(options.puzzles, options.rows, scratch / "puzzles.csv")
        begun = time.perf_counter()
        ours(file, scratch / "store")
        ours_a_second = options.rows / (time.perf_counter() - begun)
        begun = time.perf_counter()
        rival(file, options.rival)
        rival_a_second = options.rival / (time.perf_counter() - begun)
        found = {
            "rows a second": ours_a_second,
            "rows a second, row by row": rival_a_second,
            "times faster": ours_a_second / rival_a_second,
            **{
                f"MB at most, {rows} rows": memory(options.puzzles, rows, scratch)
                for rows in options.memory or [10_000, 1_000_000]
            },
        }
    for what, value in found.items():
        print(f"{what:40} {value:12.4g}")
    if options.out is not None:
        options.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
