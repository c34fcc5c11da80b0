"""An end of the maze moved (section 5.5.2, figure 5.11)."""

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from longthink.base.errors import UserError
from longthink.contracts import Perturbation, Puzzles
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes.problem import Mazes
from longthink.registry import name_of, register


@register
class MoveEnd(Perturbation):
    """Moves the red end of a maze `steps` cells along the path towards the green one.

    `strength` is the share of mazes in which it is moved. Mazes whose path is too short for it stay as they are.
    """

    strength: Annotated[float, Field(ge=0, le=1)] = 1.0
    steps: Annotated[int, Field(ge=1)] = 2

    def to_puzzles(self, puzzles: Puzzles, rng: np.random.Generator) -> Puzzles:
        problem = puzzles.problem
        if not isinstance(problem, Mazes):
            raise UserError(f"move_end is for mazes; {name_of(type(problem))} has no ends to move.")
        moved = rng.random(len(puzzles)) < self.strength
        cells = np.stack([to_cells(one) for one in puzzles.x])
        paths = np.empty_like(cells)
        for maze, path, move in zip(cells, paths, moved, strict=True):
            kernels.shortest_path(maze, path)
            away = kernels.breadth_first_rounds(maze)
            goal = away.max() - self.steps  # both ends count, and red is the furthest
            if move and goal > 1:
                maze[maze == kernels.RED] = kernels.OPEN
                maze[(path == 1) & (away == goal)] = kernels.RED
                kernels.shortest_path(maze, path)
        return replace(problem.from_cells(cells, paths), level=puzzles.level).to(puzzles.x.device)
