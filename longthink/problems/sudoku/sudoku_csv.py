"""Sudoku puzzles as a CSV with the columns question, answer and rating, as Sudoku-Extreme has them; or that data set.

The rating is how many guesses a solver takes; ours is written where the puzzles have none.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import nan
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field

from longthink.base.errors import UserError
from longthink.base.files import atomic
from longthink.base.hub import hub
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.sudoku._files import as_sudoku, read_puzzles, text_lines
from longthink.problems.sudoku._store import PuzzleLine, build
from longthink.problems.sudoku._text import write_board
from longthink.problems.sudoku.problem import boards_of
from longthink.registry import register

COLUMNS = ("question", "answer", "rating")


@register
class SudokuCsv(Format):
    """{split}_{level}.csv; columns may come in any order, others are left alone, answer and rating may be missing.

    What is brought in may be selected: puzzles rated from `lowest_rating` to `highest_rating`, of those the first
    `count`. Without a rating, a puzzle is in no range.
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
                ratings = np.where(np.isnan(known), problem.guesses(puzzles), known)
                solutions = puzzles.y.flatten(1).numpy() + 1
                for board, solution, rating in zip(boards_of(puzzles), solutions, ratings.tolist(), strict=True):
                    rows.writerow((write_board(board), write_board(solution), f"{rating:g}"))
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        return read_puzzles(_lines(folder / f"{split}_{level}.csv"), as_sudoku(problem), level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack a .csv, or a data set of the hub (sapientinc/sudoku-extreme), into a store for `Sudoku(source=folder)`.

        Returns and raises as `_store.build` says.
        """
        lines = (line for path in files for line in (_lines(path) if path.suffix == ".csv" else _data_set(path)))
        return build(filter(self._wanted, lines), folder, [path.name for path in files], skip, self.count)

    def _wanted(self, line: PuzzleLine) -> bool:
        low, high = self.lowest_rating, self.highest_rating
        return (low is None or line.rating >= low) and (high is None or line.rating <= high)


def _lines(path: Path) -> Iterator[PuzzleLine]:
    rows = csv.DictReader(text_lines(path))
    if "question" not in (rows.fieldnames or ()):
        raise UserError(
            f"{path} has no column 'question' in its first line; it has {', '.join(rows.fieldnames or ())}."
        )
    for row in rows:
        yield _line(row, f"{path}, line {rows.line_num}")


def _data_set(path: Path) -> Iterator[PuzzleLine]:
    with hub(path, "sudoku puzzles") as datasets:
        for number, row in enumerate(datasets.load_dataset(str(path), split="train", streaming=True), 1):
            yield _line(row, f"{path}, row {number}")


def _line(row: Mapping[str, Any], where: str) -> PuzzleLine:
    try:
        rating = float(row.get("rating") or nan)
    except ValueError as error:
        raise UserError(f"{where}: the rating '{row['rating']}' is no number.") from error
    return PuzzleLine(where, row.get("question") or "", row.get("answer") or "", rating)
