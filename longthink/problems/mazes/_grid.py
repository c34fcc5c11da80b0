"""The grid of cells that explains a picture's walls best, and whether it explains them at all.

In a maze's grid ways and walls alternate, each of one thickness. Cells of two pixels would explain any picture, so a
grid must have that order: where two ways cross there is a way, where two walls cross there is (nearly always) a wall,
and what is between is clearly one of both. Blocks without that order are taken where they fit to the pixel and are few.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Borders = NDArray[np.int64]
"""Where each row or column of cells begins, and the last one ends, in pixels."""
ALIKE = 0.25
"""Runs that differ by this share or less have the same thickness."""
COMMON = 0.2
"""A thickness is common if it weighs at least this share of what the commonest one does."""
WRONG_PIXEL = 20
"""How many cells more a maze may have to explain one pixel more."""
WAYS, CROSSINGS, CLEAR = 0.95, 0.8, 0.9
"""Of the cells where ways cross, so many are open; where walls cross, wall; of those between, clearly one of both."""
EXACT, PIXELS_PER_CELL = 0.98, 16
"""A grid without that order explains so much of the walls, with so many pixels a cell."""
FEW_CELLS = 121
"""So few cells may be of any size."""
THIN = 4
"""Pixels of lines that are drawn where a grid has them only nearly."""
SEEN = 0.8
"""The share of all borders that lie at even distances, at least, where rows do."""
SHORTEST = 8
"""Fewer lines of pixels show no distance at which walls repeat."""
SHORTEST_PERIOD = 5
"""Pixels of a way and a wall, at least, where they are sought at even distances."""
LAGS = 4
"""So many of the distances at which a picture is most like itself are tried, and parts of them."""


@dataclass(frozen=True)
class Grid:
    """Cells (rows, columns) of a picture: row r is pixels rows[r]..rows[r + 1] - 1, and so for columns."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    walls: NDArray[np.bool_]
    explained: float
    """Of the pixels that are wall in the picture or in the cells, the share in both; of ways where these are fewer."""
    first_way: tuple[int, int] | None
    """The parities of rows and columns in which ways cross, where the cells have that order."""
    clear: float
    """How clearly the cells that may be either are way or wall, of 1: as their pixels are, on average."""

    @property
    def quality(self) -> float:
        return self.clear * self.explained

    @property
    def rank(self) -> int:
        """The lower the better: 0 is in order, with ways of one thickness and walls of one; 1 in order; 2 exact."""
        if self.first_way is not None:
            kinds = (np.diff(edges)[1:-1][kind::2] for edges in (self.rows, self.columns) for kind in (0, 1))
            return 0 if all(_is_even(kind) for kind in kinds if kind.size) else 1
        return 2 if self.is_exact else 3

    @property
    def is_exact(self) -> bool:
        """Whether blocks of one size, or a few of any, explain the picture nearly to the pixel."""
        heights, widths = np.diff(self.rows), np.diff(self.columns)
        return (
            self.explained >= EXACT
            and bool(heights.sum() * widths.sum() >= PIXELS_PER_CELL * self.walls.size)
            and (self.walls.size <= FEW_CELLS or all(_is_even(sizes[1:-1]) for sizes in (heights, widths)))
        )


def best_grid(walls: NDArray[np.bool_]) -> Grid | None:
    """The simplest grid that explains the walls (H, W) of a picture, or the best that does not; None without ways."""
    if not walls.any():
        return None
    maze, (top, left) = _without_margin(walls)
    sizes = dict.fromkeys(_possible_thicknesses(maze))
    seen = _best_of(maze, ((_bands(maze, *down), _bands(maze.T, *across)) for down, across in sizes))
    if seen is None or seen.rank > 0:
        found = [] if seen is None else [(seen.rows, seen.columns)]
        rows = _even_bands(maze)
        seen = _best_of(maze, [*found, (rows, None if rows is None else _even_bands(maze.T))])
    if seen is None:
        return None
    return Grid(top + seen.rows, left + seen.columns, seen.walls, seen.explained, seen.first_way, seen.clear)


def _best_of(maze: NDArray[np.bool_], candidates: Iterable[tuple[Borders | None, Borders | None]]) -> Grid | None:
    """Of grids with borders of rows and columns: the one of the best rank, then the cheapest."""
    best: tuple[int, float, Grid] | None = None
    for rows, columns in candidates:
        if rows is None or columns is None or min(np.diff(rows).min(), np.diff(columns).min()) < 1:
            continue
        grid, cost = _judged(maze, rows, columns)
        if best is None or (grid.rank, cost) < best[:2]:
            best = grid.rank, cost, grid
    return None if best is None else best[2]


def explained_in_order(walls: NDArray[np.bool_], grid: Grid) -> float:
    """As `Grid.explained`, of walls (H, W), if there must be a way where ways cross, and a wall where walls cross."""
    inside = walls[grid.rows[0] : grid.rows[-1], grid.columns[0] : grid.columns[-1]]
    shares = []
    for row, column in np.ndindex(2, 2):
        cells = grid.walls.copy()
        cells[row::2, column::2], cells[1 - row :: 2, 1 - column :: 2] = False, True
        shares.append(_explained(inside, cells.repeat(np.diff(grid.rows), 0).repeat(np.diff(grid.columns), 1)))
    return max(shares)


def _explained(walls: NDArray[np.bool_], redrawn: NDArray[np.bool_]) -> float:
    if walls.mean() > 0.5:
        walls, redrawn = ~walls, ~redrawn
    return float((walls & redrawn).sum() / max(1, (walls | redrawn).sum()))


def _is_even(sizes: NDArray[np.int64]) -> bool:
    return bool((np.abs(sizes - np.median(sizes)) <= np.maximum(1, ALIKE * np.median(sizes))).all())


def _judged(maze: NDArray[np.bool_], rows: Borders, columns: Borders) -> tuple[Grid, float]:
    """A grid with these borders, and its cost: in cells, and in pixels that it gets wrong."""
    heights, widths = np.diff(rows), np.diff(columns)
    shares = _shares_of_wall(maze, rows, columns)
    walls = shares > 0.5
    redrawn = walls.repeat(heights, 0).repeat(widths, 1)
    inside = maze[rows[0] : rows[-1], columns[0] : columns[-1]]
    cost = WRONG_PIXEL * int((redrawn != inside).sum()) + walls.size
    first_way, clear = _order(shares)
    if first_way is not None:
        _join(walls, first_way)
    return Grid(rows, columns, walls, _explained(inside, redrawn), first_way, clear), cost


def _shares_of_wall(maze: NDArray[np.bool_], rows: Borders, columns: Borders) -> NDArray[np.float64]:
    """The share of wall in each cell (rows, columns), of thin ones also of what is found a pixel beside them."""
    heights, widths = np.diff(rows), np.diff(columns)
    shares: NDArray[np.float64] = count_in_cells(maze, rows, columns) / np.outer(heights, widths)
    thin_rows, thin_columns = _are_thin(heights), _are_thin(widths)
    if shares[np.ix_(~thin_rows, ~thin_columns)].mean() > 0.5:  # what is thin are ways
        return shares
    for lines, own, across, sizes, thin, out in (
        (maze, rows, columns, heights, thin_rows, shares),
        (maze.T, columns, rows, widths, thin_columns, shares.T),
    ):
        for at in np.flatnonzero(thin).tolist():
            beside = lines[max(0, own[at] - 1) : own[at + 1] + 1, across[0] : across[-1]].sum(0) >= sizes[at] / 2
            found = np.add.reduceat(beside.astype(np.int64), across[:-1] - across[0]) / np.diff(across)
            out[at] = np.maximum(out[at], found)
    return shares


def _are_thin(sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows are lines, much thinner than those beside them."""
    beside = np.pad(sizes, 1, mode="reflect" if len(sizes) > 1 else "edge")
    thin: NDArray[np.bool_] = (sizes <= THIN) & (2 * sizes < np.minimum(beside[:-2], beside[2:]))
    return thin


def _order(shares: NDArray[np.float64]) -> tuple[tuple[int, int] | None, float]:
    """`first_way` and `clear` of a grid, from the share of wall in each cell."""
    walls, clear = shares > 0.5, 2 * np.abs(shares - 0.5)
    for row, column in np.ndindex(2, 2):
        ways, crossings = ~walls[row::2, column::2], walls[1 - row :: 2, 1 - column :: 2]
        between = np.concatenate([clear[row::2, 1 - column :: 2].ravel(), clear[1 - row :: 2, column::2].ravel()])
        parts = ((ways, WAYS), (crossings, CROSSINGS), (between > 0.4, CLEAR))
        if all(part.size and part.mean() >= least for part, least in parts):
            return (row, column), float(between.mean())
    return None, 0.0


def _join(walls: NDArray[np.bool_], first_way: tuple[int, int]) -> None:
    """Make the cells where walls cross wall, if a wall leads there: pale ends of lines look open."""
    padded = np.pad(walls, 1)
    beside = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    crossings = np.s_[1 - first_way[0] :: 2, 1 - first_way[1] :: 2]
    walls[crossings] |= beside[crossings]


def _possible_thicknesses(maze: NDArray[np.bool_]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """(way, wall) down and (way, wall) across that a picture may have, the likelier first.

    Short runs are common in small mazes, and noise where pixels are blurred: both are tried. Each axis is taken by its
    own measure, for stretched pictures, then both by the lesser, for mazes too small to show it.
    """
    runs = [_runs(lines) for lines in (~maze, ~maze.T, maze, maze.T)]
    for by_pixels, common in ((False, COMMON), (True, COMMON), (False, COMMON / 10)):
        way_down, way_across, wall_down, wall_across = (_thickness(one, by_pixels, common) for one in runs)
        ways = [size for size in (way_down, way_across) if size is not None]
        if not ways:
            return
        way = min(ways)
        wall = min((size for size in (wall_down, wall_across) if size is not None), default=way)
        yield (way_down or way, wall_down or wall), (way_across or way, wall_across or wall)
        yield (way, wall), (way, wall)


def _without_margin(walls: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """What is inside the outermost walls, and where that begins."""
    rows, columns = np.flatnonzero(walls.any(1)), np.flatnonzero(walls.any(0))
    return walls[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], (int(rows[0]), int(columns[0]))


def _bands(maze: NDArray[np.bool_], way: float, wall: float) -> NDArray[np.int64] | None:
    """Where each row of cells begins, and the last one ends, in pixels; the outer walls are rows of their own.

    None where there are no borders between rows.

    A border between rows is where many pixels turn from wall to way or back. Ways have one thickness and walls one,
    maybe another, and they alternate: so a border that shows nowhere is found from its neighbours.
    """
    blur = int(min(way, wall) / 3)
    top, bottom = _blurred(maze, blur), len(maze) - _blurred(maze[::-1], blur)
    maze = maze[top:bottom]
    turns = np.append(0, (maze[1:] != maze[:-1]).sum(1))
    inner = _peaks(turns, max(1.0, way / 2), blur)
    if len(inner) < 2:
        return None
    edges: list[float] = []
    first, last = inner[0], inner[-1]
    starts_open = not maze[:first].mean() > 0.5  # there is no outer wall on this side
    ends_open = not maze[last:].mean() > 0.5
    borders = [*([0] if starts_open else []), *inner, *([len(maze)] if ends_open else [])]
    splits = _split(np.diff(borders).tolist(), way, wall)
    for border, parts in zip(borders, splits, strict=False):
        edges += [border + part for part in parts]
    edges.append(borders[-1])
    outer = [*([] if starts_open else [0.0]), *edges, *([] if ends_open else [float(len(maze))])]
    return top + np.round(outer).astype(np.int64)


def _even_bands(maze: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """As `_bands`, if walls begin at even distances and all have one thickness; None if they do not.

    Turned and blurred walls have borders of several pixels: what they share is the distance at which they repeat.
    """
    length = len(maze)
    if length < SHORTEST:
        return None
    begins, ends = (maze[1:] & ~maze[:-1]).sum(1), (~maze[1:] & maze[:-1]).sum(1)
    best: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    for about in _repeats(begins + ends):
        for period in np.arange(about - 0.6, about + 0.6, about / length).tolist():
            (begin, seen), (end, also_seen) = (_phase(turns, period) for turns in (begins, ends))
            best = max(best, (seen + also_seen, period, begin, end))
        if best[0] >= 2 * SEEN:
            break
    seen, period, begin, end = best
    if seen < 2 * SEEN or (end - begin) % period == 0:
        return None
    wall = (end - begin) % period
    steps = period * np.arange(length // period + 1)
    begin_edges, end_edges = begin + steps, end + steps
    begin_edges = begin_edges[(begin_edges > (period - wall) / 2) & (begin_edges < length - wall / 2)]
    end_edges = end_edges[(end_edges > wall / 2) & (end_edges < length - (period - wall) / 2)]
    return np.round(np.sort(np.r_[0, begin_edges, end_edges, length])).astype(np.int64)


def _repeats(turns: NDArray[np.int64]) -> list[int]:
    """Distances at which the borders in a profile may repeat, the longest first."""
    profile = np.convolve(turns, [1, 2, 3, 2, 1], "same").astype(np.float64)
    profile -= profile.mean()
    spectrum = np.abs(np.fft.rfft(profile, 2 * len(profile))) ** 2
    alike = np.fft.irfft(spectrum)[: len(profile) // 2]
    peaks = 1 + np.flatnonzero((alike[1:-1] >= alike[:-2]) & (alike[1:-1] > alike[2:]))
    strongest = peaks[np.argsort(-alike[peaks])][:LAGS]
    parts = {round(peak / part) for peak in strongest.tolist() for part in range(1, LAGS)}
    return sorted((part for part in parts if part >= SHORTEST_PERIOD), reverse=True)


def _phase(turns: NDArray[np.int64], period: float) -> tuple[float, float]:
    """Where the first border is if they repeat with a period, and the share of all that are within a pixel of there."""
    places = np.flatnonzero(turns)
    folded = np.bincount(((places + 1) % period).astype(np.int64), turns[places], int(period) + 1)
    around = np.r_[folded[-1], folded, folded[0]]
    nearby = around[:-2] + folded + around[2:]
    at = int(nearby.argmax())
    weight = around[at : at + 3]
    middle = at + float(weight @ [-1, 0, 1]) / max(1.0, float(weight.sum()))
    return middle % period, float(nearby[at] / max(1, turns.sum()))


def _blurred(maze: NDArray[np.bool_], blur: int) -> int:
    """How many of the first lines only show the outer wall beginning: not yet as dark as what soon follows."""
    dark = maze[: 2 * blur + 1].sum(1)
    begun = (line for line in range(blur) if dark[line] >= 0.95 * dark[line : line + blur + 1].max())
    return next(begun, blur)


def _split(gaps: list[int], way: float, wall: float) -> list[list[float]]:
    """For each gap between borders, where in it bands begin: ways and walls in turn, one or more in a gap.

    Which comes first is what makes the thicknesses fit best.
    """
    best: tuple[float, list[list[float]]] = (np.inf, [])
    for first in (0, 1):
        kind, error, found = first, 0.0, []
        for gap in gaps:
            sizes = [(way, wall)[(kind + band) % 2] for band in range(int(gap / min(way, wall)) + 2)]
            ends = np.cumsum(sizes)
            count = int(np.abs(ends - gap).argmin()) + 1
            error += abs(float(ends[count - 1]) - gap)
            found.append([0.0, *(ends[: count - 1] * gap / ends[count - 1]).tolist()])
            kind = (kind + count) % 2
        if error < best[0]:
            best = error, found
    return best[1]


def _runs(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The lengths of the runs of True along the first axis that end on both sides."""
    turns = np.diff(inside.astype(np.int8), axis=0).T
    starts, ends = np.argwhere(turns == 1), np.argwhere(turns == -1)
    # In each line, the first end may belong to a run that began outside, and the last start to one that goes on.
    ends = _without_one_each(ends, np.flatnonzero(inside[0]), last=False)
    starts = _without_one_each(starts, np.flatnonzero(inside[-1]), last=True)
    lengths: NDArray[np.int64] = ends[:, 1] - starts[:, 1]
    return lengths


def _thickness(runs: NDArray[np.int64], by_pixels: bool, share: float) -> float | None:
    """The thickness of the thinnest bands that are common among runs of some lengths.

    Common: by the number of runs, or of pixels in them, at least this `share` of the commonest. None: no such runs.
    """
    if len(runs) == 0:
        return None
    lengths, counts = np.unique(runs, return_counts=True)
    weights = counts * lengths if by_pixels else counts
    common = lengths[weights >= share * weights.max()][0]
    near = runs[np.abs(runs - common) <= ALIKE * common]
    return float(near.mean())


def _without_one_each(turns: NDArray[np.int64], lines: NDArray[np.int64], last: bool) -> NDArray[np.int64]:
    """Sorted (line, position) pairs without the first, or last, one of each of some lines, where it has one."""
    side = np.searchsorted(turns[:, 0], lines, "right") - 1 if last else np.searchsorted(turns[:, 0], lines)
    side = side[(side >= 0) & (side < len(turns))]
    return np.delete(turns, side[np.isin(turns[side, 0], lines)], axis=0)


def _peaks(counts: NDArray[np.int64], least: float, reach: int) -> list[int]:
    """Positions whose count is at least `least` and the highest within `reach`."""
    peaks: list[int] = []
    for position in np.flatnonzero(counts >= least).tolist():
        if peaks and position - peaks[-1] <= reach:
            if counts[position] > counts[peaks[-1]]:
                peaks[-1] = position
        else:
            peaks.append(position)
    return peaks


def count_in_cells(mask: NDArray[np.bool_], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many pixels of the mask (H, W) are in each cell: (rows, columns)."""
    inside = mask[rows[0] : rows[-1], columns[0] : columns[-1]].astype(np.int64)
    by_row = np.add.reduceat(inside, rows[:-1] - rows[0], axis=0)
    return np.add.reduceat(by_row, columns[:-1] - columns[0], axis=1)
