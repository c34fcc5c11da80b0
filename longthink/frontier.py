"""The thinking loop for large grids, computing only where thought still moves.

A step looks no further than `Thinker.reach` positions. So where nothing within reach changed in one iteration, nothing
changes in the next, and need not be computed. The state is worked on in square tiles: a tile is awake while something
within its reach has changed, and each awake tile is computed inside a window that is wider by the reach on all sides.
Windows never leave the picture, they are pushed back into it: so the net's own padding is where it always is, at the
picture's border, and what a window's other sides get wrong is no further in than the reach and is thrown away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from longthink.contracts import Thinker, Thought, Thoughts
from longthink.errors import UserError
from longthink.seeds import digest
from longthink.thinking import check_limit, think

TILE = 16
"""Positions along the side of a tile."""
LONGEST_CYCLE = 8
"""Cycles of up to this many iterations are recognised."""
CERTAIN = 32
"""Iterations that a cycle must have gone on for: an oscillation that dies away is none."""
TINY = 1e-30
WINDOW_BYTES = {"cpu": 2**21, "cuda": 2**28}
"""Windows are computed as many at once as this holds: what stays in a core's cache, or what fills a GPU."""


@dataclass(frozen=True)
class LocalThought(Thought):
    """A Thought whose iteration computed a part of the state. The state is overwritten by the next iteration.

    `awake` is the share of tiles that were computed. `cycle`: the number of iterations after which the state repeats
    itself, if it has begun to; else 0.
    """

    moved: Tensor
    awake: float
    cycle: int
    at_rest: bool

    @property
    def change(self) -> Tensor:
        """As that of a Thought."""
        return self.moved

    @property
    def settled(self) -> bool:
        """No tile will ever change again."""
        return self.at_rest


def think_locally(
    model: Thinker, x: Tensor, limit: int, state: Tensor | None = None, tolerance: float = 0.0, tile: int = TILE
) -> Iterator[LocalThought]:
    """The thoughts of `think(model, x, limit, state)`, each iteration computed only where something still moves.

    x is (B, C, H, W). With `tolerance` 0 the states are those of `think`. With more, a tile counts as unchanged until
    one of its features has moved by more than `tolerance`, all told, since it last woke its neighbours. Settled
    thoughts cost nothing: the stream goes on to `limit` all the same.

    Raises UserError for a net that has no reach (see `Thinker.reach`) or a state that is no grid, and for a tolerance
    below 0 or a tile below the reach.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("mazes"), lt.problem("mazes").sample(level=33, count=1)
    >>> for thought in think_locally(net, puzzles.x, limit=200, tolerance=1e-3):
    ...     if thought.settled:
    ...         break
    >>> bool(puzzles.problem.correct(thought.read().argmax(1), puzzles))
    True
    """
    check_limit(model, limit)
    if model.reach is None or model.limit is not None:
        raise UserError(
            f"A {type(model).__name__} like this one cannot think locally, since a position may depend on all others"
            " or its steps differ; use think()."
        )
    if tolerance < 0 or tile < model.reach:
        raise UserError(f"The tolerance must be 0 or more, and a tile at least {model.reach} positions (the reach).")
    return _thoughts(model, model.reach, x, limit, state, tolerance, tile)


def _thoughts(
    model: Thinker, reach: int, x: Tensor, limit: int, state: Tensor | None, tolerance: float, tile: int
) -> Iterator[LocalThought]:
    frontier = _Frontier(model, reach, x, state, tolerance, tile)
    for iteration in range(1, limit + 1):
        computed = frontier.advance()
        yield LocalThought(
            model,
            iteration,
            frontier.state,
            None,
            frontier.moved,
            computed / frontier.awake.numel(),
            frontier.cycle,
            not bool(frontier.awake.any()),
        )


def thoughts(model: Thinker, x: Tensor, limit: int, tolerance: float | None = None) -> Thoughts:
    """`think_locally` with a tolerance, `think` without one."""
    return think(model, x, limit) if tolerance is None else think_locally(model, x, limit, tolerance=tolerance)


class _Axis:
    """Tiles and windows along one axis of `size` positions."""

    def __init__(self, size: int, tile: int, reach: int, device: torch.device):
        self.size = size
        self.tile = min(tile, size)
        self.window = min(self.tile + 2 * reach, size)
        count = -(-size // self.tile)
        regular = torch.arange(count, device=device) * self.tile
        # The last tile is pushed back into the picture, over a part of the one before it.
        self.starts = regular.clamp_max(size - self.tile)
        self.windows = (self.starts - reach).clamp(0, size - self.window)
        self.inside = torch.arange(self.tile, device=device)
        self.inside_window = torch.arange(self.window, device=device)
        self.own = self.starts[:, None] + self.inside >= regular[:, None]
        position = torch.arange(size, device=device)
        near = (self.starts[:, None] - reach <= position) & (position < self.starts[:, None] + self.tile + reach)
        self.first_near = near.int().argmax(0)
        self.last_near = count - 1 - near.flip(0).int().argmax(0)
        self.most_near = int((2 * reach + self.tile) / self.tile) + 3


class Tiles(NamedTuple):
    """Some tiles: the puzzle of each, and which tile down and across it is."""

    puzzle: Tensor
    down: Tensor
    across: Tensor


class _Frontier:
    """The state, which of its tiles are awake, and how much the last iteration moved each puzzle's."""

    def __init__(self, model: Thinker, reach: int, x: Tensor, state: Tensor | None, tolerance: float, tile: int):
        self.model, self.tolerance = model, tolerance
        with torch.no_grad():
            seen = model.see(x)
            begun = model.start(seen) if state is None else state.clone()
        if not isinstance(begun, Tensor) or begun.ndim != 4 or begun.shape[-2:] != seen.shape[-2:]:
            raise UserError(f"The state of a {type(model).__name__} is no grid like its input; use think().")
        self.state = begun.contiguous(memory_format=torch.channels_last)
        self.seen = seen.contiguous(memory_format=torch.channels_last)
        batch, width, height, length = self.state.shape
        device = self.state.device
        self.down, self.across = _Axis(height, tile, reach, device), _Axis(length, tile, reach, device)
        tiles = (batch, len(self.down.starts), len(self.across.starts))
        self.awake = torch.ones(tiles, dtype=torch.bool, device=device)
        self.known = self.rows.clone() if tolerance > 0 else self.rows
        """What the neighbours of each position have last been woken for: (positions, W)."""
        self.sizes = torch.zeros(tiles, dtype=torch.float64, device=device)
        """The sum of squares of each tile."""
        everything = Tiles(*self.awake.nonzero(as_tuple=True))
        positions = self._positions(everything)
        self.sizes[everything] = self._sums(
            self.rows.index_select(0, positions.flatten()).view(len(positions), -1, width), everything
        )
        self.moved = torch.zeros(batch, device=device)
        window = self.down.window * self.across.window
        self.at_once = max(1, WINDOW_BYTES[device.type] // (window * width * self.state.element_size()))
        self.worth_dense = self.down.tile * self.across.tile / window
        noise = torch.Generator().manual_seed(digest("frontier", width))
        scale = (self.down.tile * self.across.tile * width) ** -0.5
        self.probe = torch.randn(self.down.tile * self.across.tile, width, generator=noise).to(device) * scale
        self.signatures = torch.full((LONGEST_CYCLE + 1, *tiles), torch.nan, device=device)
        """A random projection of each tile, now and after each of the last iterations."""
        self.repeats = [0] * (LONGEST_CYCLE + 1)
        self.cycle = 0

    @property
    def rows(self) -> Tensor:
        """The state as (positions of all puzzles, W), sharing its memory."""
        return self.state.permute(0, 2, 3, 1).flatten(0, 2)

    @torch.no_grad()
    def advance(self) -> int:
        """One iteration; the number of tiles that were computed."""
        chosen = Tiles(*self.awake.nonzero(as_tuple=True))
        count = len(chosen.puzzle)
        self.awake.zero_()
        self.moved.zero_()
        if count == 0:
            return 0
        dense = None
        if count >= self.worth_dense * self.awake.numel():
            dense = self.model.step(self.state, self.seen).permute(0, 2, 3, 1).flatten(0, 2)
        moved = torch.zeros(self.awake.shape, dtype=torch.float64, device=self.state.device)
        self.signatures = self.signatures.roll(1, 0)
        self.signatures[0] = self.signatures[1]
        # Everything is computed from the old state before anything of it is overwritten.
        size = self.sizes.sum((1, 2))
        results = []
        for first in range(0, count, self.at_once):
            some = Tiles(*(index[first : first + self.at_once] for index in chosen))
            positions = self._positions(some)
            new = self._computed(some) if dense is None else dense.index_select(0, positions.flatten())
            results.append((some, positions, new))
        rows = self.rows
        for some, positions, new in results:
            flat = positions.flatten()
            shape = (len(positions), -1, new.shape[1])
            moved[some] = self._sums((new - rows.index_select(0, flat)).view(shape), some)
            self.sizes[some] = self._sums(new.view(shape), some)
            self.signatures[0][some] = (new.view(shape) * self.probe).sum((1, 2))
            woken = (new - self.known.index_select(0, flat)).abs().amax(1) > self.tolerance
            self._wake(some, woken.view(positions.shape))
            if self.tolerance > 0:
                self.known[flat[woken]] = new[woken]
            rows.index_copy_(0, flat, new)
        self.moved = (moved.sum((1, 2)) / size.clamp_min(TINY)).sqrt().float()
        self._look_for_cycles()
        return count

    def _positions(self, tiles: Tiles, windows: bool = False) -> Tensor:
        """The row of `rows` for each position of some tiles, or of their windows: (tiles, height, length)."""
        if windows:
            vertical = self.down.windows[tiles.down, None] + self.down.inside_window
            horizontal = self.across.windows[tiles.across, None] + self.across.inside_window
        else:
            vertical = self.down.starts[tiles.down, None] + self.down.inside
            horizontal = self.across.starts[tiles.across, None] + self.across.inside
        vertical = tiles.puzzle[:, None] * self.down.size + vertical
        return vertical[:, :, None] * self.across.size + horizontal[:, None, :]

    def _computed(self, tiles: Tiles) -> Tensor:
        """The next state of some tiles: (their positions, W)."""
        windows = self._positions(tiles, windows=True)
        count, height, length = windows.shape
        state, seen = (
            whole.permute(0, 2, 3, 1).flatten(0, 2).index_select(0, windows.flatten()).view(count, height, length, -1)
            for whole in (self.state, self.seen)
        )
        new = self.model.step(state.permute(0, 3, 1, 2), seen.permute(0, 3, 1, 2))
        rows: Tensor = new.permute(0, 2, 3, 1).flatten(0, 2)
        vertical = (self.down.starts - self.down.windows)[tiles.down, None] + self.down.inside
        horizontal = (self.across.starts - self.across.windows)[tiles.across, None] + self.across.inside
        vertical = torch.arange(count, device=vertical.device)[:, None] * height + vertical
        return rows.index_select(0, (vertical[:, :, None] * length + horizontal[:, None, :]).flatten())

    def _sums(self, new: Tensor, chosen: Tiles) -> Tensor:
        """Sums of squares of tiles (tiles, positions, W), leaving out what belongs to the tile before: (tiles,)."""
        own = self.down.own[chosen.down][:, :, None] & self.across.own[chosen.across][:, None, :]
        sums: Tensor = (new.square().sum(2) * own.flatten(1)).sum(1).double()
        return sums

    def _wake(self, tiles: Tiles, woken: Tensor) -> None:
        """Wake every tile within reach of what changed: woken is (tiles, height, length)."""
        some = woken.flatten(1).any(1)
        woken, tiles = woken[some], Tiles(*(index[some] for index in tiles))
        ranges = []
        for axis, index, lines in (
            (self.down, tiles.down, woken.any(2)),
            (self.across, tiles.across, woken.any(1)),
        ):
            first = axis.starts[index] + lines.int().argmax(1)
            last = axis.starts[index] + axis.tile - 1 - lines.flip(1).int().argmax(1)
            steps = torch.arange(axis.most_near, device=first.device)
            # Beyond the last tile within reach, the last one again.
            ranges.append(torch.minimum(axis.first_near[first, None] + steps, axis.last_near[last, None]))
        self.awake[tiles.puzzle[:, None, None], ranges[0][:, :, None], ranges[1][:, None, :]] = True

    def _look_for_cycles(self) -> None:
        apart = (self.signatures - self.signatures[0]).abs().flatten(1).amax(1).tolist()
        for length in range(1, LONGEST_CYCLE + 1):
            self.repeats[length] = self.repeats[length] + 1 if apart[length] <= self.tolerance else 0
        still = self.repeats[1] > 0
        lengths = (length for length in range(2, LONGEST_CYCLE + 1) if self.repeats[length] >= CERTAIN)
        self.cycle = 0 if still else next(lengths, 0)
