"""The thinking loop for large grids, computing only where thought still moves.

A step is a few layers (see `step_layers`), and a layer looks at the nearest positions only. So where nothing that it
looks at has changed since the last iteration, its features are those of the last iteration. The features of every layer
are kept, in square tiles: a layer computes those tiles alone within whose reach something has just changed, and
compares them with what was there, position by position, to say which tiles the layers after it must compute.
At first most tiles move; until fewer do, whole steps are computed, which is faster.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from longthink.contracts import Thinker, Thought, Thoughts
from longthink.errors import UserError
from longthink.seeds import digest
from longthink.step_layers import NotLocal, Plane, StepLayers, step_layers
from longthink.thinking import check_limit, think

TILE = 8
"""Positions along the side of a tile: small enough to sleep, large enough for fast convolutions."""
WHOLE = 0.5
"""While more than this share of the tiles moves, steps are computed as a whole."""
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

    `awake` is the share of the tiles of all layers that were computed. `cycle`: the number of iterations after which
    the state repeats itself, if it has begun to; else 0.
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
    model: Thinker, x: Tensor, limit: int, state: Tensor | None = None, tolerance: float = 0.0
) -> Iterator[LocalThought]:
    """The thoughts of `think(model, x, limit, state)`, each iteration computed only where something still moves.

    x is (B, C, H, W). With `tolerance` 0 the states are those of `think`, bit by bit where torch rounds a window as it
    rounds the whole, as for channels last, dilation 1 or 2 and relu. With more, the features of a position stay as they
    are, in the state and in every layer, while their absolute changes add up to no more than `tolerance` (from when at
    most a share WHOLE of the tiles moves). Settled thoughts cost nothing: the stream goes on to `limit` all the same.

    Raises NotLocal (a UserError) for a net whose step is not made of convolutions and pointwise operations on a grid,
    and UserError for a tolerance below 0.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("mazes"), lt.problem("mazes").sample(level=33, count=1)
    >>> for thought in think_locally(net, puzzles.x, limit=200, tolerance=1e-3):
    ...     if thought.settled:
    ...         break
    >>> bool(puzzles.problem.correct(thought.read().argmax(1), puzzles))
    True
    """
    check_limit(model, limit)
    if tolerance < 0:
        raise UserError("The tolerance must be 0 or more.")
    if model.limit is not None:
        raise NotLocal(f"A {type(model).__name__} cannot think locally, since its steps differ; use think().")
    with torch.no_grad():
        seen = model.see(x)
        if state is None:
            state = model.start(seen)
    if not isinstance(state, Tensor) or state.ndim != 4 or state.shape[-2:] != seen.shape[-2:]:
        raise NotLocal(f"The state of a {type(model).__name__} is no grid like its input; use think().")
    layers = step_layers(model.step, state, seen)
    return _thoughts(model, _Frontier(layers, lambda state: model.step(state, seen), state, tolerance), limit)


def _thoughts(model: Thinker, frontier: "_Frontier", limit: int) -> Iterator[LocalThought]:
    motion = frontier.motion
    for iteration in range(1, limit + 1):
        awake = frontier.advance()
        yield LocalThought(model, iteration, frontier.state, None, motion.moved, awake, motion.cycle, frontier.at_rest)


def thoughts(model: Thinker, x: Tensor, limit: int, tolerance: float | None = None) -> Thoughts:
    """`think_locally` with a tolerance, `think` without one."""
    return think(model, x, limit) if tolerance is None else think_locally(model, x, limit, tolerance=tolerance)


class _Axis:
    """One axis of `size` positions: tiles of `tile`, and a margin of zeros that is at least `margin` wide."""

    def __init__(self, size: int, margin: int):
        self.size = size
        self.tile = max(min(TILE, size), margin)
        self.tiles = -(-size // self.tile)
        self.margin = margin
        self.padded = self.tiles * self.tile + 2 * margin

    def window(self, reach: int) -> Tensor:
        """Where the window of the first tile is along the padded axis; without a reach, the tile itself."""
        return torch.arange(self.margin - reach, self.margin + self.tile + reach)

    def near(self, reach: int) -> Tensor:
        """Which positions of a tile lie within reach of the tile before, of the tile itself, of the one after."""
        position = torch.arange(self.tile)
        return torch.stack([position < reach, position >= 0, position >= self.tile - reach])


class _Geometry:
    """Where tiles and windows are, in planes of B padded grids that are stored as rows: (B * positions, W)."""

    def __init__(self, batch: int, down: _Axis, across: _Axis, device: torch.device):
        self.batch, self.down, self.across, self.device = batch, down, across, device
        corner = torch.arange(down.tiles)[:, None] * (down.tile * across.padded)
        corner = corner + torch.arange(across.tiles) * across.tile
        puzzle = torch.arange(batch)[:, None] * (down.padded * across.padded)
        self.corners = (puzzle + corner.flatten()).flatten()
        """The row of the first corner of each tile's widest window: (B * tiles,)."""
        self.own = self.windows((0, 0))
        self.shape = (down.tile, across.tile)

    def __len__(self) -> int:
        """Rows of a plane."""
        return self.batch * self.down.padded * self.across.padded

    def windows(self, reach: tuple[int, int]) -> Tensor:
        """The rows of every tile and what lies within `reach` around it: (B * tiles, positions)."""
        down, across = self.down.window(reach[0]), self.across.window(reach[1])
        window = (down[:, None] * self.across.padded + across).flatten()
        return (self.corners[:, None] + window).to(self.device)

    def near(self, reach: tuple[int, int]) -> Tensor:
        """Which positions of a tile lie within `reach` of each of the 3 x 3 tiles around: (positions, 9) of 0 and 1."""
        near = self.down.near(reach[0])[:, None, :, None] & self.across.near(reach[1])[None, :, None, :]
        return near.reshape(9, -1).T.float().to(self.device)

    def rows(self, features: Tensor) -> Tensor:
        """Features (B, W, H, Y) as rows."""
        down, across = self.down, self.across
        plane = features.new_zeros(self.batch, down.padded, across.padded, features.shape[1])
        self.picture(plane).copy_(features)
        return plane.flatten(0, 2)

    def picture(self, plane: Tensor) -> Tensor:
        """The grid (B, W, H, Y) inside a plane (B, padded, padded, W) or its rows, sharing its memory."""
        down, across = self.down, self.across
        plane = plane.view(self.batch, down.padded, across.padded, -1).permute(0, 3, 1, 2)
        return plane[:, :, down.margin : down.margin + down.size, across.margin : across.margin + across.size]


class _Frontier:
    """The features of every layer, which tiles each must compute next, and how far the last iteration moved."""

    def __init__(self, step: StepLayers, whole_step: Callable[[Tensor], Tensor], state: Tensor, tolerance: float):
        self.layers, self.whole_step, self.tolerance = step.layers, whole_step, tolerance
        device = state.device
        margins = [max(layer.reach[axis] for layer in self.layers) for axis in (0, 1)]
        down, across = (_Axis(size, margin) for size, margin in zip(state.shape[2:], margins, strict=True))
        self.at = at = _Geometry(len(state), down, across, device)
        self.state_plane = step.state
        self.rows: dict[Plane, Tensor] = {step.state: at.rows(state)}
        self.windows: dict[tuple[int, int], Tensor] = {}
        self.at_once: list[int] = []
        """How many tiles each layer computes at a time."""
        self.readers: dict[Plane, list[tuple[int, Tensor]]] = {}
        for index, layer in enumerate(self.layers):
            if layer.reach not in self.windows:
                self.windows[layer.reach] = at.windows(layer.reach)
            sources = dict.fromkeys(layer.beside, (0, 0))
            if layer.looks_at is not None:
                sources[layer.looks_at] = layer.reach
            for plane, reach in sources.items():
                self.readers.setdefault(plane, []).append((index, at.near(reach)))
                if plane.fixed is not None:
                    self.rows.setdefault(plane, at.rows(plane.fixed))
            for plane in layer.makes:
                self.rows.setdefault(plane, state.new_zeros(len(at), plane.width))
            widths = [plane.width for plane in (*layer.makes, *filter(None, [layer.looks_at]))]
            self.at_once.append(
                max(1, WINDOW_BYTES[device.type] // (4 * max(widths) * self.windows[layer.reach].shape[1]))
            )
        ring = torch.zeros(at.batch, down.tiles + 2, across.tiles + 2, dtype=torch.bool, device=device)
        ring[:, 1:-1, 1:-1] = True
        self.tiles = ring.flatten().nonzero().flatten()
        """Where each tile is among those of `awake`, which has a ring of tiles more around each picture."""
        around = torch.arange(-1, 2)[:, None] * (across.tiles + 2) + torch.arange(-1, 2)
        self.around = self.tiles[:, None] + around.flatten().to(device)
        """Where the 3 x 3 tiles around each are: (tiles, 9)."""
        self.awake = [ring.flatten().clone() for _ in self.layers]
        self.at_rest = False
        self.every = torch.arange(len(self.tiles), device=device)
        self.inside = self._features(at.rows(torch.ones_like(state[:, :1])), self.every)[:, :, 0] > 0
        """Which positions of each tile lie in the picture: (tiles, positions)."""
        self.whole: Tensor | None = state
        """The state (B, W, H, Y) while steps are computed as a whole; None from then on."""
        self.features = self._features(self.rows[step.state], self.every)
        """Those of `whole`: (tiles, positions, W)."""
        self.motion = _Motion(self.features, at.batch, tolerance)

    @property
    def state(self) -> Tensor:
        """(B, W, H, Y)."""
        return self.at.picture(self.rows[self.state_plane]) if self.whole is None else self.whole

    @torch.no_grad()
    def advance(self) -> float:
        """One iteration; the share of the tiles of all layers that were computed."""
        self.motion.begin()
        if self.at_rest:
            return 0.0
        if self.whole is not None:
            self._advance_whole(self.whole)
            return 1.0
        computed = 0
        for index, layer in enumerate(self.layers):
            awake = self.awake[index].index_select(0, self.tiles).nonzero().flatten()
            self.awake[index].zero_()
            computed += len(awake)
            results = self._computed(index, awake)
            if layer.looks_at in layer.makes:  # everything must be computed before anything of it is overwritten
                results = iter(list(results))
            for tiles, made in results:
                for plane, features in zip(layer.makes, made, strict=True):
                    self._keep(plane, tiles, features)
        self.motion.end()
        self.at_rest = not any(awake.index_select(0, self.tiles).any() for awake in self.awake)
        return computed / (len(self.layers) * len(self.tiles))

    def _advance_whole(self, state: Tensor) -> None:
        state = self.whole_step(state)
        rows = self.at.rows(state)
        features = self._features(rows, self.every)
        by = features - self.features
        self.motion.record(self.every, features, by)
        self.motion.end()
        self.whole, self.features = state, features
        moved = (by.abs().sum(2) <= self.tolerance).logical_not_().any(1)
        if moved.float().mean() <= WHOLE:
            self.rows[self.state_plane], self.whole = rows, None

    def _computed(self, index: int, awake: Tensor) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """What a layer makes of some tiles, as many at a time as fit the cache."""
        for first in range(0, len(awake), self.at_once[index]):
            tiles = awake[first : first + self.at_once[index]]
            yield tiles, self.layers[index].compute(*self._inputs(index, tiles))

    def _inputs(self, index: int, tiles: Tensor) -> Iterator[Tensor]:
        """What a layer computes some tiles from, each (tiles, W, h, y)."""
        layer, (down, across) = self.layers[index], self.at.shape
        if layer.looks_at is not None:
            rows = self.windows[layer.reach].index_select(0, tiles).view(-1)
            window = (len(tiles), down + 2 * layer.reach[0], across + 2 * layer.reach[1], -1)
            yield self.rows[layer.looks_at].index_select(0, rows).view(window).permute(0, 3, 1, 2)
        for plane in layer.beside:
            features = self._features(self.rows[plane], tiles)
            yield features.view(len(tiles), down, across, -1).permute(0, 3, 1, 2)

    def _features(self, rows: Tensor, tiles: Tensor) -> Tensor:
        """The features of some tiles: (tiles, positions, W)."""
        own = self.at.own.index_select(0, tiles)
        return rows.index_select(0, own.view(-1)).view(*own.shape, -1)

    def _keep(self, plane: Plane, tiles: Tensor, features: Tensor) -> None:
        """Write the features (tiles, W, h, y) of the positions that have moved, and wake what looks at them."""
        rows, own = self.rows[plane], self.at.own.index_select(0, tiles)
        new = features.permute(0, 2, 3, 1).flatten(1, 2)
        by = new - rows.index_select(0, own.view(-1)).view_as(new)
        moved = (by.abs().sum(2) <= self.tolerance).logical_not_() & self.inside.index_select(0, tiles)  # NaN moves
        which = moved.view(-1).nonzero().view(-1)
        rows.index_copy_(0, own.view(-1).index_select(0, which), new.flatten(0, 1).index_select(0, which))
        for reader, near in self.readers.get(plane, ()):
            woken = self.around.index_select(0, tiles).masked_select(moved.float() @ near > 0)
            self.awake[reader].index_fill_(0, woken, True)
        if plane is self.state_plane:
            self.motion.record(tiles, self._features(rows, tiles), by * moved[:, :, None])


class _Motion:
    """How far the state of each puzzle moved in an iteration, and whether it has begun to repeat itself.

    Made from the features (tiles, positions, W) of all tiles, those of each of the `batch` puzzles together.
    """

    def __init__(self, features: Tensor, batch: int, tolerance: float):
        count, positions, width = features.shape
        self.batch, self.tolerance = batch, tolerance
        self.sizes = features.square().sum((1, 2)).double()
        """The sum of squares of each tile, and of how far it moved: (tiles,)."""
        self.distances = torch.zeros_like(self.sizes)
        noise = torch.Generator().manual_seed(digest("frontier", width))
        self.probe = (torch.randn(positions, width, generator=noise) * (positions * width) ** -0.5).to(features.device)
        self.signatures = torch.full((LONGEST_CYCLE + 1, count), torch.nan, device=features.device)
        """A random projection of each tile, now and after each of the last iterations."""
        self.repeats = [0] * (LONGEST_CYCLE + 1)
        self.cycle = 0
        self.begin()

    def begin(self) -> None:
        """Before an iteration: nothing has moved yet."""
        self.distances.zero_()
        self.before = self.sizes.view(self.batch, -1).sum(1)
        self.moved = torch.zeros(self.batch, device=self.sizes.device)
        self.signatures = self.signatures.roll(1, 0)
        self.signatures[0] = self.signatures[1]

    def record(self, tiles: Tensor, features: Tensor, by: Tensor) -> None:
        """Some tiles now have these features, and moved by so much: both (tiles, positions, W)."""
        self.sizes[tiles] = features.square().sum((1, 2)).double()
        self.distances[tiles] = by.square().sum((1, 2)).double()
        self.signatures[0, tiles] = (features * self.probe).sum((1, 2))

    def end(self) -> None:
        """After an iteration: `moved` is relative to the state before it (B,), `cycle` the length of a cycle, or 0."""
        self.moved = (self.distances.view(self.batch, -1).sum(1) / self.before.clamp_min(TINY)).sqrt().float()
        apart = (self.signatures - self.signatures[0]).abs().amax(1).tolist()
        for length in range(1, LONGEST_CYCLE + 1):
            self.repeats[length] = self.repeats[length] + 1 if apart[length] <= self.tolerance else 0
        still = self.repeats[1] > 0
        lengths = (length for length in range(2, LONGEST_CYCLE + 1) if self.repeats[length] >= CERTAIN)
        self.cycle = 0 if still else next(lengths, 0)
