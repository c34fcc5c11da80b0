"""Sudoku puzzles as lines of text: digits, a dot for blank; larger boards as numbers with spaces between."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from longthink.base.files import atomic
from longthink.contracts import Format, Problem, Puzzles, Split
from longthink.problems.sudoku._files import as_sudoku, read_puzzles, sources_of
from longthink.problems.sudoku._store import build
from longthink.problems.sudoku._text import write_board
from longthink.problems.sudoku.problem import boards_of
from longthink.registry import register


@register
class SudokuLines(Format):
    """{split}_{level}.txt with a puzzle in each line; boards in rows, drawn boxes and .sdk files are brought in, too.

    Lines that begin with # are remarks, and what is behind a board; but its solution there is compared with ours.
    What is brought in are the first `count` puzzles of each part, or all.
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
        return read_puzzles(folder / f"{split}_{level}.txt", as_sudoku(problem), level, split)

    def import_files(self, files: Sequence[Path], folder: Path, skip: bool = False) -> tuple[int, int]:
        """Pack files, or folders of them, into a store for `Sudoku(source=folder)`, whichever format they have.

        Those called test or validation are for that. Returns and raises as `_store.build` says.
        """
        return build(sources_of(files), folder, skip, self.count)
