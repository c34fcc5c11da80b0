"""What both formats of sudoku puzzles share: files of lines, tables, folders and data sets of the hub, as they come."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf, isfinite, nan
from pathlib import Path

import numpy as np
import torch

from longthink.base.errors import UserError
from longthink.base.published import TABLES, files_in, kind_of, local
from longthink.base.tables import DELIMITERS, read_lines, read_table
from longthink.contracts import Problem, Puzzles, Split
from longthink.problems.sudoku import _store
from longthink.problems.sudoku._reading import begins_with_cells, split_boards
from longthink.problems.sudoku._store import PuzzleLine, PuzzleSource
from longthink.problems.sudoku.problem import Sudoku
from longthink.registry import name_of

COLUMNS = {
    "question": ("question", "quizzes", "quiz", "puzzle", "puzzles", "sudoku", "sudokus", "board", "grid", "clues"),
    "answer": ("answer", "answers", "solution", "solutions", "solved"),
    "rating": ("rating", "ratings", "difficulty"),
}
"""What they are called, in lower case."""
TEXTS = (".txt", ".sdk", ".sdm", ".ss", ".msk")
LONGEST_NAMES = 2**16
"""Characters of a first line that names of columns are sought in."""


def as_sudoku(problem: Problem) -> Sudoku:
    if not isinstance(problem, Sudoku):
        raise UserError(f"{name_of(type(problem))} has no sudoku files; use the format arrays.")
    return problem


def read_puzzles(path: Path, problem: Sudoku, level: int, split: Split) -> Puzzles:
    """Raises UserError for lines that are no puzzles of this size and level, or if there are none."""
    blocks = [block for block in _store.read_lines(lines_of(path), problem.box) if len(block.boards)]
    if not blocks:
        raise UserError(f"There are no puzzles in {path}.")
    boards, solutions = (
        np.concatenate(parts).astype(np.int64) for parts in zip(*[block[:2] for block in blocks], strict=True)
    )
    if ((boards == 0).sum(1) != level).any():
        raise UserError(f"These puzzles should have {level} blank cells each; sort them by that.")
    extras = {"rating": torch.from_numpy(np.concatenate([block.ratings for block in blocks]))}
    return replace(problem.from_boards(boards, solutions), split=split, extras=extras)


def sources_of(paths: Sequence[Path], lowest: float = -inf, highest: float = inf) -> Iterator[PuzzleSource]:
    """The puzzles of files, folders and data sets of the hub, of those with a rating in a range if one is given.

    What is called test or validation, or is in a folder of that name, has been set apart for that. Raises UserError for
    what is missing or has no puzzles.
    """
    chosen = lowest > -inf or highest < inf
    files = files_in(local(paths, (*TABLES, *TEXTS)), TABLES, TEXTS)
    for name, part, lines in [(file.name, part or "train", lines_of(file)) for file, part in files]:
        yield PuzzleSource(name, part, (line for line in lines if not chosen or lowest <= line.rating <= highest))


def lines_of(path: Path) -> Iterator[PuzzleLine]:
    """The puzzles of a file: of a table by its columns, of another text each board in it, whatever it is called.

    Raises UserError at once for a file that is neither, or missing.
    """
    if _is_table(path):
        where = f"{path}, {'row' if kind_of(path) == '.parquet' else 'line'}"
        rows = read_table(path, COLUMNS)
        return (
            PuzzleLine(where, number, question, answer, _number(rating)) for number, (question, answer, rating) in rows
        )
    return (PuzzleLine(f"{path}, line", number, text) for number, text in split_boards(read_lines(path)))


def _is_table(path: Path) -> bool:
    """Whether the first line has names of columns; or should have, by what the file is called, and has no cells."""
    if kind_of(path) == ".parquet" and path.exists():
        return True
    first = next((line.strip() for line in read_lines(path) if line.strip()), "")
    if not first:
        return False
    if first.startswith("<"):
        raise UserError(f"{path} is in a markup language; boards in lines or rows are read, and tables such as .csv.")
    called = kind_of(path) in TABLES
    delimiter = max(DELIMITERS, key=first.count)
    names = {name.strip().casefold() for name in next(csv.reader([first[:LONGEST_NAMES]], delimiter=delimiter), [])}
    if names & {*COLUMNS["question"]} and (called or len(names) > 1):
        return True
    return called and not begins_with_cells(first)


def _number(text: str) -> float:
    """NaN for words."""
    try:
        number = float(text)
    except ValueError:
        return nan
    return number if isfinite(number) else nan
