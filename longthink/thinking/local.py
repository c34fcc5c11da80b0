"""The thinking loop for large grids, computing only where thought still moves.

A step is a few layers (see `step_layers`), and a layer looks at the nearest positions only. So where nothing that it
looks at has changed since the last iteration, its features are those of the last iteration. The features of every layer
are kept, in square tiles: a layer computes those tiles alone within whose reach something has just changed, and
compares them with what was there, position by position, to say which tiles the layers after it must compute.
At first most tiles move; until fewer do, whole steps are computed, which is faster.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.seeds import digest
from longthink.contracts import Thinker, Thought, first_tensor
from longthink.thinking import tiles
from longthink.thinking.step_layers import Layer, NotLocal, Plane, StepLayers, step_layers

TILE = 8
"""Positions along the side of a tile: small enough to sleep, large enough for fast convolutions."""
WHOLE = 0.4
"""While more than this share of the tiles moves, steps are computed as a whole."""
LONGEST_CYCLE = 8
"""Cycles of up to this many iterations are recognised."""
CERTAIN = 32
"""Iterations that a cycle must have gone on for: an oscillation that dies away is none."""
TINY = 1e-30
WINDOW_BYTES = 2**21
"""Windows are computed as many at once as this holds: what stays in a core's cache."""
Features = NDArray[np.float32]
Tiles = NDArray[np.int64]
"""Numbers of tiles, see `tiles`."""


@dataclass(frozen=True)
class LocalThought(Thought):
    """A Thought whose iteration computed a part of the state. The state is overwritten by the next iteration.

    `awake` is the share of the tiles of all layers that were computed. `cycle`: the number of iterations after which
    the state repeats itself, if it has begun to; else 0. `at_rest`: no tile will ever change again,
    so that its `change` is 0.
    """

    awake: float = 1.0
    cycle: int = 0
    at_rest: bool = False


def think_locally(
    model: Thinker, x: Tensor, limit: int, state: Tensor | None = None, tolerance: float = 0.0
) -> Iterator[LocalThought]:
    """The thoughts of `think(model, x, limit, state)`, each iteration computed only where something still moves.

    x is (B, C, H, W). With `tolerance` 0 the states are those of `think`, bit by bit where torch rounds a window as it
    rounds the whole, as for channels last, dilation 1 or 2 and relu. With more, the features of a position stay as they
    are, in the state and in every layer, while their absolute changes add up to no more than `tolerance` (from when at
    most a share WHOLE of the tiles moves). Thoughts at rest cost nothing: the stream goes on to `limit` all the same.

    Raises NotLocal (a UserError) for a net whose step is not made of convolutions and pointwise operations on a grid,
    or that is not one of 32-bit numbers on a CPU, for which tiles are compiled, and UserError for a tolerance below 0.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("mazes"), lt.problem("mazes").sample(level=33, count=1)
    >>> for thought in think_locally(net, puzzles.x, limit=200, tolerance=1e-3):
    ...     if thought.at_rest:
    ...         break
    >>> bool(puzzles.problem.correct(thought.read().argmax(1), puzzles))
    True
    """
    model.check_limit(limit)
    if not tolerance >= 0:
        raise UserError("The tolerance must be 0 or more.")
    if model.limit is not None:
        raise NotLocal(f"A {type(model).__name__} cannot think locally, since its steps differ; use think().")
    with torch.no_grad():
        seen = model.see(x)
        if state is None:
            state = model.start(seen)
    if not isinstance(state, Tensor) or state.ndim != 4 or state.shape[-2:] != first_tensor(seen).shape[-2:]:
        raise NotLocal(f"The state of a {type(model).__name__} is no grid like its input; use think().")
    if state.device.type != "cpu" or state.dtype != torch.float32:
        raise NotLocal(
            f"Local thinking is for 32-bit numbers on a CPU, not {state.dtype} on {state.device}; use think()."
        )

    def step(state: Tensor) -> Tensor:
        return cast(Tensor, model.step(state, seen))

    return _thoughts(model, _Frontier(step_layers(step, state), step, state, tolerance), limit)


def _thoughts(model: Thinker, frontier: "_Frontier", limit: int) -> Iterator[LocalThought]:
    motion = frontier.motion
    for iteration in range(1, limit + 1):
        awake = frontier.advance()
        yield LocalThought(
            model,
            iteration,
            frontier.state,
            None,
            moved=motion.moved,
            awake=awake,
            cycle=motion.cycle,
            at_rest=frontier.at_rest,
        )


class _Frontier:
    """The features of every layer, which tiles each must compute next, and how far the last iteration moved."""

    def __init__(self, step: StepLayers, whole_step: Callable[[Tensor], Tensor], state: Tensor, tolerance: float):
        self.layers, self.whole_step, self.tolerance = step.layers, whole_step, tolerance
        margins = [max(layer.reach[along] for layer in self.layers) for along in (0, 1)]
        self.down, self.across = (
            tiles.axis(size, TILE, margin) for size, margin in zip(state.shape[2:], margins, strict=True)
        )
        self.every = np.arange(len(state) * self.down.tiles * self.across.tiles)
        self.state_plane = step.state
        self.planes = {step.state: self._plane(state)}
        """The features of all positions (B, rows, columns, W), with a margin of zeros around each picture."""
        readers: dict[Plane, list[tuple[int, tuple[int, int]]]] = {}
        widest = 0
        self.at_once: list[int] = []
        """How many tiles each layer computes at a time."""
        for index, layer in enumerate(self.layers):
            for plane, reach in _sources(layer):
                readers.setdefault(plane, []).append((index, reach))
                if plane.fixed is not None and plane not in self.planes:
                    self.planes[plane] = self._plane(plane.fixed)
            for plane in layer.makes:
                if plane not in self.planes:
                    self.planes[plane] = self._plane(
                        state.new_zeros(1).expand(len(state), plane.width, *state.shape[2:])
                    )
            size = max(plane.width * math.prod(self._window(reach)) for plane, reach in _sources(layer))
            self.at_once.append(max(1, WINDOW_BYTES // (4 * size)))
            widest = max(widest, size)
        sources = max(len(layer.beside) + 1 for layer in self.layers)
        self.buffers = [torch.empty(max(WINDOW_BYTES // 4, widest)) for _ in range(sources)]
        """What a layer computes from, its n-th source in the n-th: memory that is used again is still in the cache."""
        self.readers = {
            plane: (np.array([index for index, _ in them]), np.array([reach for _, reach in them]))
            for plane, them in readers.items()
        }
        """The layers that read each plane, and how far each of them looks."""
        self.awake = np.zeros((len(self.layers), len(state), self.down.tiles + 2, self.across.tiles + 2), np.bool_)
        """Which tiles each layer must compute, with a ring of tiles more around each picture."""
        self.awake[:, :, 1:-1, 1:-1] = True
        self.at_rest = False
        self.whole: Tensor | None = state
        """The state (B, W, H, Y) while steps are computed as a whole; None from then on."""
        noise = torch.Generator().manual_seed(digest("frontier", state.shape[1]))
        probe = torch.randn(self.down.tile, self.across.tile, state.shape[1], generator=noise)
        self.probe = (probe * probe.numel() ** -0.5).numpy()
        self.motion = _Motion(len(state), len(self.every), tolerance)
        self._describe(self.every)
        self.scratch = np.zeros(len(self.every))

    @property
    def state(self) -> Tensor:
        """(B, W, H, Y)."""
        return self._picture(self.planes[self.state_plane]) if self.whole is None else self.whole

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
            awake = np.flatnonzero(self.awake[index, :, 1:-1, 1:-1])
            self.awake[index] = False
            computed += len(awake)
            results = self._computed(index, awake)
            if layer.looks_at in layer.makes:  # everything must be computed before anything of it is overwritten
                results = iter(list(results))
            for some, made in results:
                for plane, features in zip(layer.makes, made, strict=True):
                    self._put(plane, some, features)
            if self.state_plane in layer.makes:
                self._describe(awake)
        self.motion.end()
        self.at_rest = not self.awake[:, :, 1:-1, 1:-1].any()
        return computed / (len(self.layers) * len(self.every))

    def _advance_whole(self, state: Tensor) -> None:
        state = self.whole_step(state)
        moved = tiles.put_whole(
            self.planes[self.state_plane],
            self.down,
            self.across,
            _channels_last(state),
            self.tolerance,
            self.motion.distances,
        )
        self._describe(self.every)
        self.motion.end()
        self.whole = state if moved > WHOLE * len(self.every) else None

    def _computed(self, index: int, awake: Tiles) -> Iterator[tuple[Tiles, list[Tensor]]]:
        """What a layer makes of some tiles, as many at a time as fit the cache."""
        layer = self.layers[index]
        for first in range(0, len(awake), self.at_once[index]):
            some = awake[first : first + self.at_once[index]]
            sources = zip(self.buffers, _sources(layer), strict=False)
            yield some, layer.compute(*(self._cut(plane, some, reach, buffer) for buffer, (plane, reach) in sources))

    def _window(self, reach: tuple[int, int]) -> tuple[int, int]:
        """Positions of a tile and what lies within reach around it."""
        return self.down.tile + 2 * reach[0], self.across.tile + 2 * reach[1]

    def _cut(self, plane: Plane, some: Tiles, reach: tuple[int, int], buffer: Tensor) -> Tensor:
        """Some tiles of a plane and what lies within reach around them: (tiles, W, h, y), channels last."""
        shape = (len(some), *self._window(reach), plane.width)
        windows = buffer[: math.prod(shape)].view(shape)
        tiles.cut(self.planes[plane], self.down, self.across, some, reach, windows.numpy())
        return windows.permute(0, 3, 1, 2)

    def _put(self, plane: Plane, some: Tiles, features: Tensor) -> None:
        """Write the features (tiles, W, h, y) of the positions that have moved, and wake what looks at them."""
        tiles.put(
            self.planes[plane],
            self.down,
            self.across,
            some,
            _channels_last(features),
            self.tolerance,
            *self.readers[plane],
            self.awake,
            self.motion.distances if plane is self.state_plane else self.scratch,
        )

    def _describe(self, some: Tiles) -> None:
        """Tell the motion what some tiles of the state are now."""
        plane, motion = self.planes[self.state_plane], self.motion
        tiles.describe(plane, self.down, self.across, some, self.probe, motion.sizes, motion.signatures[0])

    def _plane(self, features: Tensor) -> Features:
        """Features (B, W, H, Y) with a margin of zeros."""
        plane = np.zeros((len(features), self.down.padded, self.across.padded, features.shape[1]), np.float32)
        self._picture(plane).copy_(features)
        return plane

    def _picture(self, plane: Features) -> Tensor:
        """The features (B, W, H, Y) inside a plane, sharing its memory."""
        down, across = self.down, self.across
        inside = plane[:, down.margin : down.margin + down.size, across.margin : across.margin + across.size]
        return torch.from_numpy(inside).permute(0, 3, 1, 2)


def _sources(layer: Layer) -> Iterator[tuple[Plane, tuple[int, int]]]:
    """The planes that a layer computes from, in the order it wants them, and how far around a tile it sees each."""
    if layer.looks_at is not None:
        yield layer.looks_at, layer.reach
    yield from ((plane, (0, 0)) for plane in layer.beside)


def _channels_last(features: Tensor) -> Features:
    """(B, W, H, Y) -> (B, H, Y, W)."""
    return features.permute(0, 2, 3, 1).contiguous().numpy()


class _Motion:
    """How far the state of each puzzle moved in an iteration, and whether it has begun to repeat itself.

    `sizes` and `distances`: the sum of squares of each tile, and of how far it moved (tiles,). `signatures`: a random
    projection of each tile, now and after each of the last iterations: (iterations, tiles).
    """

    def __init__(self, batch: int, count: int, tolerance: float):
        self.batch, self.tolerance = batch, tolerance
        self.sizes, self.distances = np.zeros((2, count))
        self.signatures = np.full((LONGEST_CYCLE + 1, count), np.nan, np.float32)
        self.repeats = [0] * (LONGEST_CYCLE + 1)
        self.cycle = 0
        self.begin()

    def begin(self) -> None:
        """Before an iteration: nothing has moved yet."""
        self.distances[:] = 0
        self.before = self.sizes.reshape(self.batch, -1).sum(1)
        self.moved = torch.zeros(self.batch)
        self.signatures[1:] = self.signatures[:-1].copy()

    def end(self) -> None:
        """After an iteration: `moved` is relative to the state before it (B,), `cycle` the length of a cycle, or 0."""
        distances = self.distances.reshape(self.batch, -1).sum(1)
        self.moved = torch.from_numpy(np.sqrt(distances / np.maximum(self.before, TINY))).float()
        apart = np.abs(self.signatures - self.signatures[0]).max(1).tolist()
        for length in range(1, LONGEST_CYCLE + 1):
            self.repeats[length] = self.repeats[length] + 1 if apart[length] <= self.tolerance else 0
        still = self.repeats[1] > 0
        lengths = (length for length in range(2, LONGEST_CYCLE + 1) if self.repeats[length] >= CERTAIN)
        self.cycle = 0 if still else next(lengths, 0)
