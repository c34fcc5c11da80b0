"""Mazes read from pictures, written and drawn."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from longthink.contracts import Puzzles, View
from longthink.figures.scene import Scene
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import BORDER, PIXELS, means_of_cells, to_cells
from longthink.problems.mazes._pictures import MazePicture, find_maze, open_picture

if TYPE_CHECKING:
    from longthink.problems.mazes.problem import Mazes

WIDEST_TEXT = 100
"""Columns of the widest maze that is written as text."""
SMALLEST_PICTURE = 480
"""Pictures are enlarged to about this many pixels a side."""


class MazeView(View):
    """Pictures of mazes, of any kind; the answer as the cells on the path."""

    problem: "Mazes"

    def parse(self, text: str) -> Puzzles:
        """The maze in a picture; `text` is the picture's path. `scene` draws on that picture."""
        found = find_maze(open_picture(Path(text)))
        return replace(self.problem.from_maze(found.cells), source=found)

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:
        """Walls as #, the answer as dots; of a maze wider than a line, only how many cells are marked."""
        cells = to_cells(puzzles.x[0])
        marked = (means_of_cells(answers[0]) > 0) & (cells != kernels.WALL)
        if cells.shape[1] > WIDEST_TEXT:
            return f"{int(marked.sum())} cells of a maze of {cells.shape[0]} x {cells.shape[1]}"
        drawn = np.where(marked & (cells == kernels.OPEN), ".", np.array(["#", " ", "G", "R"])[cells])
        return "\n".join("".join(row) for row in np.pad(drawn, 1, constant_values="#"))

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The maze with the cells of the solution (or `values`) tinted, on the user's own picture if there is one."""
        shown = means_of_cells(puzzles.y[0] if values is None else values)
        if isinstance(puzzles.source, MazePicture):
            return puzzles.source.scene(shown)
        pixels = (puzzles.x[0] * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        rows, columns = (BORDER + PIXELS * np.arange(size + 1) for size in shown.shape)
        scale = max(1, SMALLEST_PICTURE // max(pixels.shape))
        return MazePicture(pixels, to_cells(puzzles.x[0]), rows, columns).scene(shown, scale)
