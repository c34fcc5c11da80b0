"""The thinking loop for large grids, computing only where thought still moves.

A step is a few layers (see `step_layers`), and a layer looks at the nearest positions only. So where nothing that it
looks at has changed since the last iteration, its features are those of the last iteration. The features of every layer
are kept: a layer computes those positions alone that see something that has just changed, and compares them with what
was there, to say which positions the layers after it must compute.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.seeds import digest
from longthink.contracts import Inputs, Thinker, Thought, first_tensor
from longthink.thinking import positions
from longthink.thinking._vectors import GROUP
from longthink.thinking.convolve import arranged, grouped, groups_of
from longthink.thinking.positions import AROUND, BESIDE, CHUNK, LAYER, PLANE, WORD, Step
from longthink.thinking.step_layers import Layer, NotLocal, Plane, StepLayers, Sum, step_layers

TILE = 8
"""Positions along the side of a square of which one number is kept, to recognise cycles."""
LONGEST_CYCLE = 8
"""Cycles of up to this many iterations are recognised."""
CERTAIN = 32
"""Iterations that a cycle must have gone on for: an oscillation that dies away is none."""
TINY = 1e-30
Tap = tuple[int, int]
"""Where a layer looks from a position, down and across."""
HERE: Tap = (0, 0)
Features = NDArray[np.float32]


@dataclass(frozen=True)
class LocalThought(Thought):
    """A Thought whose iteration computed a part of the state. The state is overwritten by the next iteration.

    `awake` is the share of the positions of all layers that were computed. `cycle`: the number of iterations after
    which the state repeats itself, if it has begun to; else 0. `at_rest`: no position will ever change again, so that
    its `change` is 0.
    """

    awake: float = 1.0
    cycle: int = 0
    at_rest: bool = False


def think_locally(
    model: Thinker, x: Inputs, limit: int, state: Tensor | None = None, tolerance: float = 0.0
) -> Iterator[LocalThought]:
    """The thoughts of `think(model, x, limit, state)`, each iteration computed only where something still moves.

    x is (B, C, H, W). With `tolerance` 0 the states are those of `think`, up to the order in which torch adds up. With
    more, the features of a position stay as they are, in the state and in every layer, while their absolute changes add
    up to no more than `tolerance`. Thoughts at rest cost nothing: the stream goes on to `limit` all the same.

    Raises NotLocal (a UserError) for a net whose step is not made of convolutions and pointwise operations on a grid,
    or that is not one of 32-bit numbers on a CPU, for which layers are compiled, and UserError for a tolerance below 0.

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
    layers = step_layers(lambda state: model.step(state, seen), state)
    return _thoughts(model, _Frontier(layers, state.detach(), tolerance), limit)


def _thoughts(model: Thinker, frontier: "_Frontier", limit: int) -> Iterator[LocalThought]:
    motion = frontier.motion
    for iteration in range(1, limit + 1):
        awake = frontier.advance()
        yield LocalThought(
            model,
            iteration,
            frontier.state,
            None,
            moved=(motion.change, motion.distance),
            awake=awake,
            cycle=motion.cycle,
            at_rest=frontier.at_rest,
        )


class _Frontier:
    """The features of every layer, which positions each must compute next, and how far the last iteration moved."""

    def __init__(self, step: StepLayers, state: Tensor, tolerance: float):
        self.layers, self.tolerance = step.layers, tolerance
        self.grid = _Grid(state, [HERE, *(tap for layer in self.layers for tap in _taps(layer, state))])
        self.planes = _Planes(step, state, self.grid)
        self.state = torch.from_numpy(self.grid.inside(self.planes[step.state])).permute(0, 3, 1, 2)
        self.state = self.state[:, : step.state.width]
        """(B, W, H, Y), a view of the plane."""
        self.motion = _Motion(self.planes[step.state], tolerance)
        self.step = _compiled(step, state, self.grid, self.planes, self.motion)
        self.most = len(self.layers) * self.state[:, 0].numel()
        """What there is to compute in an iteration."""
        self.at_rest = False
        stretches = groupby(range(len(self.layers)), lambda index: isinstance(self.layers[index].finish, Sum))
        self.stretches = [(are_sums, list(layers)) for are_sums, layers in stretches]

    @torch.no_grad()
    def advance(self) -> float:
        """One iteration; the share of the positions of all layers that were computed."""
        if self.at_rest:
            self.motion.rest()
            return 0.0
        computed = 0
        for are_sums, layers in self.stretches:
            if are_sums:
                computed += positions.compute(self.step, layers[0], layers[-1] + 1, self.tolerance)
            else:
                computed += sum(map(self._compute, layers))
        self.motion.end()
        self.at_rest = not self.step.awake.any()
        return computed / self.most

    def _compute(self, index: int) -> int:
        """Compute a layer that is no sum where it must be; at how many positions."""
        layer, awake = self.layers[index], positions.take(self.step, index)
        if len(awake) == 0:
            return 0
        features = []
        if layer.convolution is not None:
            width = len(layer.convolution.weight)
            convolved = np.empty((len(awake), groups_of(width), GROUP), np.float32)
            positions.look(self.step, index, awake, convolved)
            features.append(convolved.reshape(len(awake), -1)[:, :width])
        for plane in layer.beside:
            everywhere = self.planes[plane]
            features.append(everywhere.reshape(-1, everywhere.shape[-1])[awake, : plane.width])
        finish = cast(torch.fx.GraphModule, layer.finish)
        made = finish(*(torch.from_numpy(each)[..., None, None] for each in features))
        for plane, new in zip(layer.makes, made, strict=True):
            new_features = grouped(new[..., 0, 0].numpy())
            positions.put(self.step, self.planes.number[plane], awake.copy(), new_features, self.tolerance)
        return len(awake)


class _Grid:
    """Pictures (B, H, Y) in which every position has a number, with a margin around each that taps may lead to."""

    def __init__(self, state: Tensor, taps: Iterable[Tap]):
        self.size = state.shape[2:]
        self.margin = [max(abs(tap[along]) for tap in taps) for along in (0, 1)]
        self.shape = (len(state), *(size + 2 * margin for size, margin in zip(self.size, self.margin, strict=True)))

    def inside(self, padded: NDArray[Any]) -> NDArray[Any]:
        """The pictures in (B, rows, columns, ...), without their margins."""
        (height, width), (down, across) = self.size, self.margin
        return padded[:, down : down + height, across : across + width]

    def numbers(self, taps: Iterable[Tap]) -> list[int]:
        """What is added to a position's number to look there."""
        return [down * self.shape[2] + across for down, across in taps]


class _Planes:
    """The features (B, rows, columns, W) of each plane, W filled up to whole groups of channels, in one memory."""

    def __init__(self, step: StepLayers, state: Tensor, grid: _Grid):
        planes = dict.fromkeys([step.state, *(plane for layer in step.layers for plane in _planes(layer))])
        self.number = {plane: number for number, plane in enumerate(planes)}
        self.groups = [groups_of(plane.width) for plane in planes]
        self.begins = np.cumsum([0, *(math.prod(grid.shape) * groups for groups in self.groups)])
        self.memory = np.zeros((self.begins[-1], GROUP), np.float32)
        self.features = [part.reshape(*grid.shape, -1) for part in np.split(self.memory, self.begins[1:-1])]
        for plane in planes:
            known, picture = state if plane is step.state else plane.fixed, grid.inside(self[plane])
            if known is None:
                picture[:] = np.nan  # what is first computed there has moved
            else:
                picture[..., : plane.width] = known.permute(0, 2, 3, 1).numpy()

    def __getitem__(self, plane: Plane) -> Features:
        return self.features[self.number[plane]]


def _planes(layer: Layer) -> list[Plane]:
    return [*([] if layer.looks_at is None else [layer.looks_at]), *layer.beside, *layer.makes]


def _taps(layer: Layer, state: Tensor) -> dict[Tap, int]:
    """Where a layer looks, and by which of its weights: not where there are zeros alone, from any position."""
    if layer.convolution is None:
        return {}
    height, width = state.shape[2:]
    taps = enumerate(layer.convolution.taps)
    return {tap: number for number, tap in taps if abs(tap[0]) < height and abs(tap[1]) < width}


def _arranged(layer: Layer, state: Tensor) -> Features:
    """The weights of a layer, for those taps."""
    if layer.convolution is None:
        return np.zeros(0, np.float32)
    weight = layer.convolution.weight.permute(2, 3, 1, 0).flatten(0, 1)[list(_taps(layer, state).values())]
    return arranged(weight.numpy(), layer.convolution.bias.numpy())


def _compiled(step: StepLayers, state: Tensor, grid: _Grid, planes: _Planes, motion: "_Motion") -> Step:
    """What compiled code knows of a step, before the first iteration: everything must be computed."""
    everywhere = len(state) * math.prod(grid.size)
    inside = np.zeros(-(-math.prod(grid.shape) // WORD) * WORD, np.uint8)
    grid.inside(inside[: math.prod(grid.shape)].reshape(grid.shape))[:] = 1
    awake = np.tile(inside, (len(step.layers), 1))
    taps = [grid.numbers(_taps(layer, state)) for layer in step.layers]
    beside = [[planes.number[plane] for plane in layer.beside] for layer in step.layers]
    readers = np.zeros((len(planes.number), len(step.layers)), np.int8)
    layers = np.zeros(len(step.layers), LAYER)
    for index, (layer, record) in enumerate(zip(step.layers, layers, strict=True)):
        readers[beside[index], index] = BESIDE
        if layer.looks_at is not None and layer.convolution is not None:
            record["looks_at"] = planes.number[layer.looks_at]
            record["groups"] = groups_of(len(layer.convolution.weight))
            readers[record["looks_at"], index] = AROUND
        record["taps"], record["beside"] = len(taps[index]), len(beside[index])
        record["rectified"] = isinstance(layer.finish, Sum) and layer.finish.rectified
        record["makes"] = planes.number[layer.makes[0]]
        # everything must be computed before anything that it was computed from is overwritten
        record["chunk"] = everywhere if layer.looks_at in layer.makes else CHUNK
    return Step(
        features=planes.memory,
        planes=np.array(list(zip(planes.begins, planes.groups, strict=False)), PLANE),
        layers=layers,
        readers=readers,
        taps=_rows(taps, np.int64),
        beside=_rows(beside, np.int64),
        weights=_rows([_arranged(layer, state) for layer in step.layers], np.float32),
        state=planes.number[step.state],
        inside=inside,
        awake=awake,
        words=awake.view(np.uint64),
        taken=np.empty(everywhere + WORD, np.int32),
        made=np.empty((max(layers["chunk"] * layers["groups"]), GROUP), np.float32),
        tile_of=motion.tile_of,
        touched=motion.touched,
        distances=motion.distances,
    )


def _rows(rows: Sequence[Any], kind: type) -> NDArray[Any]:
    """Rows of different lengths as one array, filled up with zeros."""
    array: NDArray[Any] = np.zeros((len(rows), max(map(len, rows))), kind)
    for row, values in zip(array, rows, strict=True):
        row[: len(values)] = values
    return array


class _Motion:
    """How far the state of each puzzle moved in an iteration, and whether it has begun to repeat itself.

    Of each tile there are: `touched`, whether something of it moved; `distances`, the sum of squares of how far;
    `sizes`, the sum of squares of the state; and `signatures`, a random projection of the state after each of the last
    iterations (iterations, tiles), a ring.
    """

    def __init__(self, state: Features, tolerance: float):
        batch, *size, width = state.shape
        self.state, self.tolerance = state.reshape(batch, *size, -1, GROUP), tolerance
        down, across = (-(-along // TILE) for along in size)
        rows, columns = np.arange(size[0])[:, None] // TILE, np.arange(size[1]) // TILE
        puzzles = np.arange(batch)[:, None, None]
        self.tile_of = ((puzzles * down + rows) * across + columns).ravel().astype(np.int32)
        """The tile of each position."""
        self.touched = np.ones(batch * down * across, np.bool_)
        self.sizes, self.distances = np.zeros((2, len(self.touched)))
        self.signatures = np.full((LONGEST_CYCLE + 1, len(self.touched)), np.nan, np.float32)
        noise = torch.Generator().manual_seed(digest("frontier", width))
        probe = torch.randn(TILE, TILE, width, generator=noise)
        self.probe = (probe * probe.numel() ** -0.5).numpy().reshape(TILE, TILE, -1, GROUP)
        self.repeats = np.zeros(LONGEST_CYCLE + 1, np.int64)
        self.iteration = self.cycle = 0
        self.still = self.change = self.distance = torch.zeros(batch)
        positions.describe(self.state, self.probe, self.touched, self.sizes, self.signatures[0])

    def end(self) -> None:
        """After an iteration: its `change` and `distance` (B,), and `cycle`, the length of a cycle, or 0."""
        sizes, distances = (tiles.reshape(len(self.state), -1).sum(1) for tiles in (self.sizes, self.distances))
        self.change = torch.from_numpy(np.sqrt(distances / np.maximum(sizes, TINY))).float()
        self.distance = torch.from_numpy(np.sqrt(distances)).float()
        self.distances[:] = 0
        before, self.iteration = self.iteration % len(self.signatures), self.iteration + 1
        now = self.iteration % len(self.signatures)
        self.signatures[now] = self.signatures[before]
        positions.describe(self.state, self.probe, self.touched, self.sizes, self.signatures[now])
        positions.count_repeats(self.signatures, now, self.tolerance, self.repeats)
        lengths = (length for length in range(2, LONGEST_CYCLE + 1) if self.repeats[length] >= CERTAIN)
        self.cycle = 0 if self.repeats[1] else next(lengths, 0)

    def rest(self) -> None:
        """After an iteration in which nothing moves."""
        self.change, self.distance, self.cycle = self.still, self.still, 0
