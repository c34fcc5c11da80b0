"""Mazes read from pictures and texts, written and drawn."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.pictures import SUFFIXES
from longthink.base.published import TABLES, kind_of
from longthink.base.tables import read_lines
from longthink.contracts import Ends, Puzzles, View
from longthink.figures.scene import Scene
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import BORDER, PIXELS, cells_of, cut, means_of_cells, to_cells
from longthink.problems.mazes._kernels import Cells
from longthink.problems.mazes._pictures import MazePicture, find_maze, open_picture
from longthink.problems.mazes._text import LONGEST_TEXT, is_typed, mazes_in, read_csv, read_maze, read_solved

if TYPE_CHECKING:
    from longthink.problems.mazes.problem import Mazes

WIDEST_TEXT = 100
"""Columns of the widest maze that is written as text."""
SMALLEST_PICTURE = 480
"""Pictures are enlarged to about this many pixels a side."""


class MazeView(View):
    """Pictures and texts of mazes, of any kind; the answer as the cells on the path."""

    problem: "Mazes"

    def parse(self, text: str) -> Puzzles:
        """The maze in a file, a picture or a text, whose path `text` is; or the text of a maze, or a line of a CSV.

        `scene` draws on a picture. `_text` says how mazes are written.
        """
        return self._parse(text, None)

    def parse_between(self, text: str, ends: Ends) -> Puzzles:
        """The same between ends that are (x, y) each, counted from 0: pixels of a picture, characters of a text."""
        return self._parse(text, ends)

    def _parse(self, text: str, ends: Ends | None) -> Puzzles:
        if os.path.isdir(text):
            raise UserError(f"{text} is a folder; give one maze of it, or bring all in with `longthink import`.")
        if not os.path.isfile(text):
            if text.strip() and not is_typed(_question(text)[0]):
                name = " ".join(text.split())
                raise UserError(f"There is no picture {name:.200}; give a picture or a text of a maze, or its rows.")
            return self._typed(text, ends)
        path = Path(text)
        if kind_of(path) in TABLES:
            return self._of_table(path, ends)
        if path.suffix.lower() not in SUFFIXES and _is_text(path):
            return self._typed("".join(_bounded(path)), ends)
        found = find_maze(open_picture(path), ends)
        return replace(self.problem.from_maze(found.cells), source=found)

    def remarks(self, puzzles: Puzzles) -> list[str]:
        """That a maze has loops, or ends where a net that was trained on this problem has seen none."""
        cells, known, said = to_cells(puzzles.x[0]), self.problem, list[str]()
        loops = int(kernels.count_loops(cells))
        if loops > 0:
            without = known.openings == 0 and known.algorithm != "scattered" and not known.source
            unknown = "; this net was trained on mazes without" if without else ""
            said.append(f"This maze has {loops} loop{'s' if loops > 1 else ''}{unknown}.")
        if not known.source:
            said += _of_ends(cells, known.ends)
        return said

    def _typed(self, text: str, ends: Ends | None) -> Puzzles:
        question, answer = _question(text)
        mazes = [one for _, one in islice(mazes_in(question.split("\n")), 2)]
        if len(mazes) > 1:
            raise UserError("Here are several mazes; give one of them, or bring them all in with `longthink import`.")
        return self._read(question, answer, ends)

    def _of_table(self, path: Path, ends: Ends | None) -> Puzzles:
        rows = list(islice(read_csv(path), 2))
        if len(rows) != 1:
            raise UserError(
                f"{path} is a table of {'several' if rows else 'no'} mazes; give one of its lines, or bring them all in"
                " with `longthink import FILE --format maze-csv --out FOLDER`."
            )
        _, question, answer = rows[0]
        return self._read(question, answer, ends)

    def _read(self, question: str, answer: str, ends: Ends | None) -> Puzzles:
        if answer and ends:
            raise UserError("This maze comes with its answer, and so with its ends; leave --start and --end out.")
        return self.problem.from_maze(read_solved(question, answer) if answer else read_maze(question, ends))

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:
        """Walls as #, the answer as dots; of a maze wider than a line, only how many cells are marked."""
        cells = next(cells_of(puzzles))
        marked = cut(means_of_cells(answers[0]) > 0, *cells.shape) & (cells != kernels.WALL)
        if cells.shape[1] > WIDEST_TEXT:
            return f"{int(marked.sum())} cells of a maze of {cells.shape[0]} x {cells.shape[1]}"
        drawn = np.where(marked & (cells == kernels.OPEN), ".", np.array(["#", " ", "G", "R"])[cells])
        edges = (cells[0], cells[-1], cells[:, 0], cells[:, -1])
        walled = not any((edge != kernels.WALL).any() for edge in edges)
        return "\n".join("".join(row) for row in np.pad(drawn, 0 if walled else 1, constant_values="#"))

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The maze, the cells of an answer tinted, on the user's own picture if there is one."""
        shown = means_of_cells(self.blank(puzzles) if values is None else values)
        if isinstance(puzzles.source, MazePicture):
            return puzzles.source.scene(cut(shown, *puzzles.source.cells.shape))
        pixels = (puzzles.x[0] * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        rows, columns = (BORDER + PIXELS * np.arange(size + 1) for size in shown.shape)
        scale = max(1, SMALLEST_PICTURE // max(pixels.shape))
        return MazePicture(pixels, to_cells(puzzles.x[0]), rows, columns).scene(shown, scale)


def _of_ends(cells: Cells, trained: str) -> list[str]:
    """What is to be said of ends that are not as the net was `trained`; nothing where walls are not between nodes.

    Nodes are every other cell of every other row, from the first way; what is between four of them is wall.
    """
    used = cells != kernels.WALL
    top, left = (int(np.flatnonzero(used.any(axis))[0]) for axis in (1, 0))
    if used[top + 1 :: 2, left + 1 :: 2].any() or trained == "cells":
        return []
    padded, elsewhere = np.pad(used, 1), []
    for colour, name in ((kernels.RED, "red"), (kernels.GREEN, "green")):
        row, column = np.argwhere(cells == colour)[0].tolist()
        ways = padded[[row, row + 2, row + 1, row + 1], [column + 1, column + 1, column, column + 2]].sum()
        in_passage = (row - top) % 2 == 1 or (column - left) % 2 == 1
        if in_passage if trained == "nodes" else (in_passage or ways > 1):
            elsewhere.append(name)
    if not elsewhere:
        return []
    both = len(elsewhere) > 1
    subject = "Both ends" if both else f"The {elsewhere[0]} end"
    if trained == "nodes":
        where = "lie in passages" if both else "lies in a passage"
        return [f"{subject} {where} between two nodes of the maze; this net was trained with ends on nodes alone."]
    return [f"{subject} {'are' if both else 'is'} at no dead end; this net was trained with ends at dead ends alone."]


def _is_text(path: Path) -> bool:
    try:
        next(read_lines(path), "")
    except UserError:
        return False
    return True


def _bounded(path: Path) -> Iterator[str]:
    """The lines of a text. Raises UserError where they are more than those of any maze."""
    length = 0
    for line in read_lines(path):
        length += len(line)
        if length > LONGEST_TEXT:
            raise UserError(f"{path} has more than {LONGEST_TEXT:,} characters, and no maze has.")
        yield line


def _question(text: str) -> tuple[str, str]:
    """The maze in what may be a line of a CSV, or its first two, and the answer after it; else the text, and none."""
    lines = text.strip("\r\n").splitlines()
    if len(lines) == 2 and "question" in lines[0].lower():
        del lines[0]
    if len(lines) == 1 and "," in lines[0] and "[" not in text:
        fields = [field.strip('"') for field in lines[0].split(",")]
        mazes = [field for field in fields if is_typed(field)]
        if mazes:
            return mazes[0], next((other for other in mazes[1:] if len(other) == len(mazes[0])), "")
    return text, ""
