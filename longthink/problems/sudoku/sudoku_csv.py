"""Sudoku puzzles as a CSV with the columns question, answer and rating, as Sudoku-Extreme has them; or that data set.

The rating is how many guesses the solver tdoku takes; ours (`Sudoku.rating`) is written where the puzzles have none.
"""

import csv
from collections.abc import Iterable, Sequence
from math import inf, nan
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from longthink.base.files import atomic
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.sudoku._files import as_sudoku, read_puzzles, sources_of
from longthink.problems.sudoku._store import build
from longthink.problems.sudoku._text import write_board
from longthink.problems.sudoku.problem import boards_of
from longthink.registry import register

COLUMNS = ("question", "answer", "rating")


@register
class SudokuCsv(Format):
    """{split}_{level}.csv; columns may come in any order, others are left alone, answer and rating may be missing.

    They may be called puzzle, quizzes, solution, difficulty and the like; a rating in words counts as none.
    What is brought in may be selected: puzzles rated from `lowest_rating` to `highest_rating`, of those the first
    `count` of each part. Without a rating, a puzzle is in no range.
    """

    lowest_rating: float | None = None
    highest_rating: float | None = None
    count: Annotated[int, Field(ge=1)] | None = None

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        several = iter(batches)
        first = next(several)
        problem = as_sudoku(first.problem)
        target = folder / f"{first.split}_{first.level}.csv"
        with atomic(target) as partial, partial.open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(COLUMNS)
            for puzzles in (first, *several):
                known = puzzles.extras.get("rating", torch.full((len(puzzles),), nan)).numpy()
                ratings = np.where(np.isnan(known), problem.rating(puzzles), known)
                solutions = puzzles.y.flatten(1).numpy() + 1
                for board, solution, rating in zip(boards_of(puzzles), solutions, ratings.tolist(), strict=True):
                    rows.writerow((write_board(board), write_board(solution), f"{rating:g}"))
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        return read_puzzles(folder / f"{split}_{level}.csv", as_sudoku(problem), level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack tables, folders of them, or a data set of the hub (sapientinc/sudoku-extreme), as `SudokuLines` does."""
        low = -inf if self.lowest_rating is None else self.lowest_rating
        high = inf if self.highest_rating is None else self.highest_rating
        return build(sources_of(files, low, high), folder, skip, self.count)
