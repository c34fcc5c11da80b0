"""Run by test_bounds.py in a process of its own, in which compiled code checks every index: all kernels, on extremes.

What is drawn at random here may be anything that a file or a caller can bring: it is refused, or read within bounds.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numba.core import config

import longthink as lt
from longthink.base.errors import UserError
from longthink.problems.chess import _rules as rules
from longthink.problems.chess import _store as stores
from longthink.problems.chess.problem import ChessPuzzles
from longthink.problems.mazes import _kernels as mazes
from longthink.problems.mazes.problem import Mazes
from longthink.problems.sudoku.problem import Sudoku
from longthink.problems.sudoku.sudoku_csv import SudokuCsv

MANY = "QQQQQQnk/Q4Q1P/Q5QQ/Q6Q/Q6Q/Q6Q/Q6Q/KQQQQQQQ w - - 0 1"
"""A position of 266 moves."""
PROMOTING = "1n1n1n2/PPPPPPP1/7k/8/8/8/8/K7 w - - 0 1"


def unless_refused(call: Callable[..., object], *arguments: object) -> bool:
    """Whether a call goes through; what it refuses in a sentence is as good."""
    try:
        call(*arguments)
    except UserError:
        return False
    return True


def all_moves(position: rules.Position) -> None:
    found = np.empty((2, 3), np.uint8)
    for move in rules.moves_of(position):
        assert rules.is_legal(position, move)
        then = rules.after(position, move)
        assert rules.wrong_with(then) == 0
        rules.moves_of(then)
        rules.mates(position, move)
    rules.mating_moves(position, 1, found)
    rules.count_positions(position, 1)
    stores.share_of(position)


def chess() -> None:
    rng = np.random.default_rng(0)
    assert len(rules.moves_of(rules.parse_fen(MANY))) == 266
    for fen in (MANY, PROMOTING):
        all_moves(rules.parse_fen(fen))
    letters = np.frombuffer(b"KkQqQqPpNnRrBb12345678/ wb-KQkqae36\xff\x00", np.uint8)
    position, move = np.empty(rules.SIZE, np.int8), np.empty(3, np.uint8)
    for length in range(90):
        text = rng.choice(letters, length)
        rules.read_fen(text, 0, length, position)
        rules.read_move(text, 0, length, move)
    good = 0
    for share in np.linspace(0.02, 1, 60):  # boards from nearly empty to full
        position[:64] = np.where(rng.random(64) < share, rng.choice([-6, -5, -4, -3, -2, 2, 2, 2, 3, 4, 5, 6], 64), 0)
        position[rng.choice(64, 2, replace=False)] = 1, -1
        position[:8][position[:8] % 6 == 0] = position[56:64][position[56:64] % 6 == 0] = 0
        position[64:] = rng.choice([1, -1]), rng.integers(0, 16), rng.choice([-1, *range(16, 24), *range(40, 48)])
        if rules.wrong_with(position) == 0:
            good += 1
            all_moves(position)
    assert good > 5
    problem = ChessPuzzles()
    rows = problem.store().rows[:300].copy()
    read = [unless_refused(lambda some: answered(problem.from_rows(some, 1, "test")), rows)]
    for _ in range(200):  # damaged rows
        bytes_of = rows[:3].view(np.uint8).copy()
        bytes_of[rng.integers(len(bytes_of), size=2)] = rng.choice([0, 7, 63, 64, 127, 128, 255], 2)
        read.append(
            unless_refused(lambda some: answered(problem.from_rows(some, 1, "test")), bytes_of.view(stores.ROW))
        )
    assert read[0]
    assert False in read
    line = b"x,6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1a7 g8f8,1500,,,,\n"
    for _ in range(200):
        text = bytearray(line * 2)
        text[rng.integers(len(text))] = rng.integers(256)
        unless_refused(lambda some: list(stores.read_csv([some], "x")), bytes(text))
    mirrored = problem.from_rows(rows, 1, "train", np.ones(len(rows), np.bool_))
    answered(mirrored)


def answered(puzzles: lt.Puzzles) -> None:
    logits = torch.randn(len(puzzles), 2, 8, 8, generator=torch.Generator().manual_seed(0))
    for reading in ("two_squares", "legal_move"):
        problem = ChessPuzzles(reading=reading)
        problem.correct(problem.answer(logits, puzzles), puzzles)
    puzzles.problem.baselines(puzzles)


def grids() -> None:
    for algorithm in ("depth_first", "wilson", "kruskal", "prim"):
        for level in (3, 5, 21):
            problem = Mazes(algorithm=algorithm, openings=0.2 if level == 21 else 0.0)
            puzzles = problem.sample(level, 3, split="train", repeats=True)
            problem.algorithms(puzzles)
            problem.correct(1 - puzzles.y, puzzles)
            problem.correct(puzzles.y, puzzles)
    for shape in ((0, 0), (1, 1), (1, 9), (9, 2)):
        for value in range(5):
            cells = np.full(shape, value, np.uint8)
            mazes.shortest_path(cells, np.empty_like(cells))
            mazes.breadth_first_rounds(cells)
            mazes.dead_end_rounds(cells)
            mazes.count_loops(cells)
            mazes.share(np.full((max(shape), max(shape)), value, np.uint8))  # which is for squares


def sudoku() -> None:
    for box, level in (((2, 2), 9), ((2, 3), 20), ((3, 2), 20), ((2, 5), 40), ((3, 3), 58), ((4, 4), 60)):
        problem = Sudoku(box=box)
        puzzles = problem.sample(level, 2, split="train", repeats=True)
        problem.baselines(puzzles)
        problem.guesses(puzzles)
        problem.rating(puzzles)
        problem.algorithms(puzzles)
    for box in ((2, 2), (2, 3), (3, 2), (3, 3)):  # nothing given, and nothing right
        cells = (box[0] * box[1]) ** 2
        for board in (np.zeros((1, cells), np.int64), np.ones((1, cells), np.int64)):
            problem = Sudoku(box=box)
            problem.algorithms(problem.from_boards(board, np.ones_like(board)))
            problem.rating(problem.from_boards(board, np.ones_like(board)))
    Sudoku(stalled=1.0).sample(50, 2, split="train", repeats=True)
    Sudoku(stalled=1.0, stalled_by="pairs").sample(50, 2, split="train", repeats=True)
    Sudoku(lowest_rating=5).sample(53, 2)
    Sudoku().sample(64, 2)
    view = Sudoku().view
    for board in ("." * 81, "1" * 81, "123456789" + "." * 72, "0" * 16, "1" + "0" * 255, ("16 " + "0 " * 15) * 16):
        unless_refused(view.parse, board)
    with TemporaryDirectory() as folder:
        path = Path(folder, "train.csv")
        good = "4.....8.5.3..........7......2.....6.....8.4......1.......6.3.7.5..2.....1.4......"
        for number, lines in enumerate(([good], [good, good + ",9" + "1" * 80, "9" * 81], ["1" * 16, "0" * 256])):
            path.write_text("\n".join(["puzzle,solution", *lines]))
            store = Path(folder, f"{number}")
            if unless_refused(SudokuCsv().import_files, [path], store, True):
                sourced = Sudoku(source=str(store))
                for split in ("train", "validation", "test"):
                    unless_refused(sourced.sample, 60, 1, 0, split)


def positions() -> None:
    net = lt.load("mazes")
    for level in (21, 31):  # thought about locally
        puzzles = lt.problem("mazes").sample(level, 2)
        for _ in lt.think(net, puzzles, limit=6, tolerance=0):
            pass


def games() -> None:
    for name, options, levels in (
        ("hex", {}, (2, 3, 7)),
        ("hex", {"swap": True}, (2, 4)),
        ("connect_four", {}, (3, 6)),
        ("connect_four", {"in_row": 2}, (1, 2)),
        ("breakthrough", {}, (4, 7)),
        ("othello", {}, (4, 6, 8)),
        ("nim", {}, (1, 5)),
        ("nim", {"most": 127}, (1, 3)),
    ):
        game, rng = lt.game(name, **options), np.random.default_rng(0)
        for level in levels:
            positions = game.start(level, 40)
            game.at_random(positions, seed=0)
            while not positions.over.all():
                legal = game.legal(positions)
                positions = game.play(positions, (rng.random(legal.shape) * legal).argmax(1))


if __name__ == "__main__":
    assert config.BOUNDSCHECK
    for part in sys.argv[1:]:
        {"chess": chess, "grids": grids, "sudoku": sudoku, "positions": positions, "games": games}[part]()
