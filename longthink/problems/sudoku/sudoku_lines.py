"""Sudoku puzzles as lines of text: digits, 0 or a dot for blank; larger boards as numbers with spaces between."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from longthink.base.files import atomic
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.sudoku._files import as_sudoku, read_puzzles, text_lines
from longthink.problems.sudoku._store import PuzzleLine, build
from longthink.problems.sudoku._text import write_board
from longthink.problems.sudoku.problem import boards_of
from longthink.registry import register

COMMENT = "#"


@register
class SudokuLines(Format):
    """{split}_{level}.txt with a puzzle in each line; lines that begin with # are none. Solutions are our solver's.

    What is brought in are the first `count` of them, or all.
    """

    count: Annotated[int, Field(ge=1)] | None = None

    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:  # noqa: ARG002
        several = iter(batches)
        first = next(several)
        as_sudoku(first.problem)
        target = folder / f"{first.split}_{first.level}.txt"
        with atomic(target) as partial, partial.open("w") as out:
            for puzzles in (first, *several):
                out.writelines(f"{write_board(board)}\n" for board in boards_of(puzzles))
        return [target]

    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        path = folder / f"{split}_{level}.txt"
        return read_puzzles(_lines(path), as_sudoku(problem), level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack lines into a store for `Sudoku(source=folder)`; as `_store.build` says."""
        lines = (line for path in files for line in _lines(path))
        return build(lines, folder, [path.name for path in files], skip, self.count)


def _lines(path: Path) -> Iterator[PuzzleLine]:
    for number, text in enumerate(text_lines(path), 1):
        if text.strip() and not text.startswith(COMMENT):
            yield PuzzleLine(f"{path}, line {number}", text.strip())
