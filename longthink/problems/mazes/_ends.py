"""The two ends of a maze in a picture: marks in colour, openings in the border, or places that a user gives."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._grid import Grid, count_in_cells
from longthink.problems.mazes._ink import HUES
from longthink.problems.mazes._kernels import Cells

MARKER = 0.3
"""A cell belongs to a mark if it has at least this share of the most pixels of that colour in any cell."""
NEAR_MARKER = 0.2
"""And this share of the most pixels in colour in any cell beside it: colours bleed."""
SPECK = 0.03
"""What has a smaller share of the pixels of the largest mark, or of the largest cell, is none."""
LONGEST_MARK = 5
"""Cells that a mark spans at most; what is longer is a way that somebody drew."""
FAR = 4
"""Cells, at most, between an opening and a mark outside of the maze that means it."""
HOW = "mark one cell of the maze red and another one green, or give their coordinates (--start x,y --end x,y)"
Cell = tuple[int, int]


class NoEndsError(UserError):
    """Two ends are not to be seen."""


class OnWallError(UserError):
    """An end is where no way is: maybe what was taken for walls are the ways."""


@dataclass(frozen=True)
class Found:
    """Cells with both ends (rows, columns), and where rows and columns begin, and the last ends, in pixels."""

    cells: Cells
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    painted: bool
    """The picture shows the ends in their cells."""
    in_order: bool
    """The ends are where ways cross."""

    @property
    def ringed(self) -> bool:
        """Ways lead all around, as where a border is taken for a way."""
        edges = self.cells[0], self.cells[-1], self.cells[:, 0], self.cells[:, -1]
        return all((edge != kernels.WALL).all() for edge in edges)


@dataclass(frozen=True)
class _Mark:
    """Neighbouring cells of one colour, and the one with most of it. Cells outside of the grid: -1 or its length."""

    hue: str
    best: Cell
    span: int


def with_ends(grid: Grid, hues: NDArray[np.uint8], given: Iterable[tuple[float, float]] | None) -> Found:
    """The maze on a grid: its border is left out, an end in or beyond it moves to the cell inside.

    Args:
        hues: of each pixel of the picture (H, W), as `lightness_and_hues` has them.
        given: (x, y) of start and exit in pixels; None where the picture shows them.

    Raises:
        NoEndsError: two ends are not to be seen.
        OnWallError: an end is not on a way of the maze.
        UserError: no path joins the ends, there are several of one colour, or both are in one cell.
    """
    inside = _inside(grid)
    openings = _openings(grid, inside)
    if given is None:
        chosen, marked = _shown(_marks(grid, hues), openings)
        ends = [_moved_inside(cell, openings, inside) for cell in chosen]
    else:
        chosen, marked = [_cell_at(grid, *place) for place in given], False
        ends = [_clipped(cell, inside) for cell in chosen]
    for cell in (*chosen, *ends):
        if _on_wall(grid, cell):
            raise OnWallError("An end of the maze stands on a wall; put it on a way.")
    if ends[0] == ends[1]:
        raise UserError(f"Both ends are in the same cell of the maze; {HOW}.")
    cells = np.where(grid.walls, kernels.WALL, kernels.OPEN).astype(np.uint8)
    cells[ends[0]], cells[ends[1]] = kernels.GREEN, kernels.RED
    kept = tuple(
        slice(part.start + used.start, part.start + used.stop)
        for part, used in zip(inside, _used(cells[inside] != kernels.WALL), strict=True)
    )
    rows, columns = (
        edges[part.start : part.stop + 1] for edges, part in zip((grid.rows, grid.columns), kept, strict=True)
    )
    in_order = all(_parity(cell) == grid.first_way for cell in ends)
    found = Found(np.ascontiguousarray(cells[kept]), rows, columns, marked and ends == chosen, in_order)
    check_solvable(found.cells)
    return found


def check_solvable(cells: Cells) -> None:
    """Raises UserError where an end stands on a wall or no path joins the ends."""
    padded = np.pad(cells, 1)
    for colour, name in ((kernels.RED, "red"), (kernels.GREEN, "green")):
        row, column = np.argwhere(padded == colour)[0]
        around = padded[[row - 1, row + 1, row, row], [column, column, column - 1, column + 1]]
        if not (around != kernels.WALL).any():
            raise OnWallError(f"The {name} end stands on a wall; put it on a way.")
    if kernels.shortest_path(cells, np.empty_like(cells)) == 0:
        raise UserError("No path joins the red and the green end of this maze.")


# ---------------------------------------------------------------------------------------------- border and openings


def _inside(grid: Grid) -> tuple[slice, slice]:
    """The rows and the columns without the border: an outermost line in which no way can lead on."""
    slices = []
    for axis, lines in enumerate((grid.walls, grid.walls.T)):
        size = len(lines)
        is_border = [
            size > 2 and not (~line[:-1] & ~line[1:]).any() and not _is_line_of_ways(grid, axis, at)
            for at, line in ((0, lines[0]), (size - 1, lines[-1]))
        ]
        slices.append(slice(int(is_border[0]), size - int(is_border[1])))
    return slices[0], slices[1]


def _is_line_of_ways(grid: Grid, axis: int, at: int) -> bool:
    return grid.first_way is not None and grid.first_way[axis] == at % 2


def _openings(grid: Grid, inside: tuple[slice, slice]) -> list[Cell]:
    """The open cells of the border, those that lead to the same cell once, from the top and left."""
    border = ~grid.walls
    border[inside] = False
    found: dict[Cell, Cell] = {}
    for row, column in np.argwhere(border).tolist():
        found.setdefault(_clipped((row, column), inside), (row, column))
    return list(found.values())


def _clipped(cell: Cell, inside: tuple[slice, slice]) -> Cell:
    """The cell inside that is nearest to one."""
    row, column = (min(max(at, part.start), part.stop - 1) for at, part in zip(cell, inside, strict=True))
    return row, column


def _moved_inside(cell: Cell, openings: list[Cell], inside: tuple[slice, slice]) -> Cell:
    """The cell itself; of one in or beyond the border, the cell behind the opening that it means."""
    if _clipped(cell, inside) == cell or cell in openings:
        return _clipped(cell, inside)
    distances = {one: abs(one[0] - cell[0]) + abs(one[1] - cell[1]) for one in openings}
    nearest = min(distances, key=distances.__getitem__, default=None)
    if nearest is None or distances[nearest] > FAR:
        raise OnWallError(f"An end of the maze is outside of it, where its border has no opening; {HOW}.")
    return _clipped(nearest, inside)


def _used(is_open: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The rows and columns from the first to the last that are not all wall."""
    rows, columns = np.flatnonzero(is_open.any(1)), np.flatnonzero(is_open.any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _on_wall(grid: Grid, cell: Cell) -> bool:
    """Whether a cell of the grid is a wall, or is where walls cross."""
    if not (0 <= cell[0] < grid.walls.shape[0] and 0 <= cell[1] < grid.walls.shape[1]):
        return False
    crossing = None if grid.first_way is None else (1 - grid.first_way[0], 1 - grid.first_way[1])
    return _parity(cell) == crossing or bool(grid.walls[cell])


def _parity(cell: Cell) -> Cell:
    return cell[0] % 2, cell[1] % 2


def _cell_at(grid: Grid, x: float, y: float) -> Cell:
    row, column = (int(np.searchsorted(edges, at, "right")) - 1 for edges, at in ((grid.rows, y), (grid.columns, x)))
    if not (0 <= row < grid.walls.shape[0] and 0 <= column < grid.walls.shape[1]):
        raise OnWallError(f"The maze has no cell at ({x:.0f}, {y:.0f}): it is outside of it.")
    return row, column


# ---------------------------------------------------------------------------------------------- marks in colour


def _shown(marks: list[_Mark], openings: list[Cell]) -> tuple[list[Cell], bool]:
    """The cells of start and exit that a picture shows, and whether they are marks.

    Green is the start and red the exit, whatever else has a colour. Otherwise two marks, one mark and the one opening,
    or two openings are the ends, and the upper one (or else the left one) is the start.
    """
    ends = [mark for mark in marks if mark.span <= LONGEST_MARK]
    green, red = ([mark for mark in ends if mark.hue == name] for name in ("green", "red"))
    if green and red:
        for name, one in (("green", green), ("red", red)):
            if len(one) > 1:
                raise UserError(f"The picture has more than one {name} end; mark only one cell {name}.")
        return [green[0].best, red[0].best], True
    if len(ends) == 2:
        ordered = sorted(ends, key=lambda mark: (mark.hue != "green", mark.hue == "red", mark.best))
        return [mark.best for mark in ordered], True
    if len(ends) == 1 and len(openings) == 1:
        return sorted([ends[0].best, openings[0]]), False
    if not ends and len(openings) == 2:
        return openings, False
    raise NoEndsError(_what_is_missing(ends, len(marks) > len(ends), len(openings)))


def _what_is_missing(ends: list[_Mark], has_line: bool, openings: int) -> str:
    several = f"{openings} openings in the border" if openings else "no opening in the border"
    border = "one opening in the border" if openings == 1 else several
    line = " (what is drawn in colour over many cells is taken for a way)" if has_line else ""
    if len(ends) == 1:
        other = "green" if ends[0].hue == "red" else "red"
        return f"The picture has no {other} end: only one {ends[0].hue} mark, and {border}{line}; {HOW}."
    if ends:
        return f"The picture has {len(ends)} marks in colour, and two are its ends; {HOW}{line}."
    return f"The picture shows no two ends: it has no marks in colour{line}, and {border}; {HOW}."


def _marks(grid: Grid, hues: NDArray[np.uint8]) -> list[_Mark]:
    """The marks of one colour each, from the top and left. Cells on ways, where a mark touches one, are its cells."""
    height, width = hues.shape
    rows, columns = np.r_[0, grid.rows, height], np.r_[0, grid.columns, width]
    counts = np.stack([_count_with_margins(hues == hue, rows, columns) for hue in range(1, len(HUES))])
    total, hue_of_cell = counts.sum(0), counts.argmax(0)
    room = np.outer(np.diff(grid.rows), np.diff(grid.columns))[~grid.walls].max(initial=0)
    walls, around = np.pad(grid.walls, 1), np.pad(total, 1)
    most_nearby = np.lib.stride_tricks.sliding_window_view(around, (3, 3)).max((2, 3))
    found = []
    for hue in np.unique(hue_of_cell[total > 0]).tolist():
        own = np.where(hue_of_cell == hue, total, 0)
        if own.max() < SPECK * max(total.max(), room):
            continue
        marked = (own >= max(1, MARKER * own.max())) & (own >= NEAR_MARKER * most_nearby)
        if (marked & ~walls).any():
            marked &= ~walls
        cells = {(row, column) for row, column in np.argwhere(marked).tolist()}
        while cells:
            group = _joined(min(cells), cells)
            cells -= group
            best = max(sorted(group), key=lambda cell: own[cell])
            span = 1 + max(max(ends) - min(ends) for ends in zip(*group, strict=True))
            found.append(_Mark(HUES[hue + 1], (best[0] - 1, best[1] - 1), span))
    return found


def _count_with_margins(
    mask: NDArray[np.bool_], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many pixels of a mask are in each cell, where the first and the last row and column may have no pixels."""
    sizes = np.outer(np.diff(rows), np.diff(columns)) > 0
    counts = np.zeros(sizes.shape, np.int64)
    if mask.any():
        used_rows, used_columns = np.diff(rows) > 0, np.diff(columns) > 0
        counts[np.ix_(used_rows, used_columns)] = count_in_cells(mask, np.unique(rows), np.unique(columns))
    return counts


def _joined(first: Cell, cells: set[Cell]) -> set[Cell]:
    """The cells that can be reached from the first one through others of the set."""
    reached, pending = {first}, [first]
    while pending:
        row, column = pending.pop()
        around = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)}
        new = (around & cells) - reached
        reached |= new
        pending += new
    return reached
