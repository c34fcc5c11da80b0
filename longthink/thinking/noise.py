"""Noise while a trained net thinks, which belongs to each puzzle: the same alone, in any batch, and whoever has left.

What is drawn for a puzzle in a step follows from three numbers: the noise's seed, the puzzle's number and the step. The
number is a digest of what the puzzle looks like and of which attempt at it this is. A state carries the numbers, so
they are cut along where puzzles leave the batch. All is drawn on the CPU, and so the same on every device.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.frozen import Frozen
from longthink.base.seeds import digest
from longthink.contracts import Inputs, State, Thinker, tensors_of
from longthink.registry import name_of
from longthink.thinking.updates import replaced
from longthink.thinking.wrapped import Wrapped


class Noise(Frozen):
    """How much, relative to the state's own size: 1 is as much noise as state. Nothing at 0.

    `start`: of the Gaussian noise that is added to the initial state, relative to the size that a first step gives it,
    since initial states may be small.
    `step`: of that after each step, relative to the size of the state then.
    `flips`: the probability with which, after each step, a feature is replaced by another value, in rounded states.
    `seed`: another one gives other noise.

    Sizes are root mean squares over the features of a puzzle.
    """

    start: Annotated[float, Field(ge=0)] = 0.0
    step: Annotated[float, Field(ge=0)] = 0.0
    flips: Annotated[float, Field(ge=0, le=1)] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def is_on(self) -> bool:
        return self.start > 0 or self.goes_on

    @property
    def goes_on(self) -> bool:
        """Whether there is noise after each step, and not before the first one alone."""
        return self.step > 0 or self.flips > 0


def numbers_of(x: Inputs, attempt: int = 0) -> Tensor:
    """A number for each puzzle (B,), on the device of x: what it looks like, and which attempt at it this is.

    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> bool((numbers_of(x)[1:] == numbers_of(x[1:])).all()), bool((numbers_of(x) == numbers_of(x, 1)).any())
    (True, False)
    """
    wide = [tensor.float() if tensor.is_floating_point() else tensor for tensor in tensors_of(x)]
    parts = [tensor.cpu().contiguous() for tensor in wide]  # the same in every precision
    numbers = []
    for puzzle in zip(*parts, strict=True):
        looks = b"".join(part.reshape(-1).view(torch.uint8).numpy().tobytes() for part in puzzle)
        numbers.append(digest("puzzle", hashlib.sha256(looks).hexdigest(), attempt))
    return torch.tensor(numbers, dtype=torch.long, device=tensors_of(x)[0].device)


class Numbered(NamedTuple):
    """A state, with the number of each puzzle (B,), and how many steps it has taken."""

    state: State
    numbers: Tensor
    steps: int


class Looked(NamedTuple):
    """What the net itself sees of inputs, and the inputs, which puzzles are numbered by."""

    seen: Any
    x: Inputs


class Noisy(Wrapped):
    """A Thinker whose start and steps are followed by noise. The net itself is left as it is.

    With noise at the start alone, states are those of the net itself, and so rest as they do.
    Raises UserError for flips in a net whose states are not rounded.

    >>> import longthink as lt
    >>> from longthink.thinking.loop import last_state
    >>> x = lt.problem("prefix_sums").sample(level=16, count=3).x
    >>> net = Noisy(lt.load("prefix_sums"), Noise(start=0.5, step=0.1))
    >>> together, alone = (net.features(last_state(net, some, 5)) for some in (x, x[2:]))
    >>> torch.allclose(together[2:], alone, atol=1e-5)
    True

    Further attempts at the same puzzles, here two in one batch:

    >>> twice, numbers = torch.cat([x, x]), torch.cat([numbers_of(x, attempt) for attempt in (0, 1)])
    >>> state = net.start(net.see(twice), numbers)
    >>> torch.allclose(net.features(last_state(net, twice, 5, state))[:3], together, atol=1e-5)
    True
    """

    def __init__(self, inner: Thinker, noise: Noise):
        super().__init__(inner)
        if noise.flips > 0 and inner.rounding is None:
            raise UserError(f"The states of this {name_of(type(inner))} are not rounded: there is nothing to flip.")
        self.noise = noise

    def see(self, x: Inputs) -> Looked:
        return Looked(self.inner.see(x), x)

    def start(self, seen: Looked, numbers: Tensor | None = None) -> State:
        """The state before the first iteration; `numbers` (B,), if not those of the first attempt at each puzzle."""
        state = self.inner.start(seen.seen)
        if numbers is None:
            numbers = numbers_of(seen.x)
        if self.noise.start > 0:
            features = self.inner.features(state)
            stepped = self.inner.features(self.inner.step(state, seen.seen))
            state = self.inner.with_features(
                state, features + self._gaussian(features, numbers, 0) * (self.noise.start * _size(stepped))
            )
        return Numbered(state, numbers, 0) if self.noise.goes_on else state

    def step(self, state: State, seen: Looked) -> State:
        if not self.noise.goes_on:
            return self.inner.step(state, seen.seen)
        after, numbers, steps = self.inner.step(state.state, seen.seen), state.numbers, state.steps + 1
        features = self.inner.features(after)
        if self.noise.step > 0:
            features = features + self._gaussian(features, numbers, steps) * (self.noise.step * _size(features))
        if self.noise.flips > 0 and self.inner.rounding is not None:
            draws = self._drawn("flips", features, numbers, steps, torch.Tensor.uniform_)
            features = replaced(features, self.inner.rounding, self.noise.flips, draws)
        return Numbered(self.inner.with_features(after, features), numbers, steps)

    def read(self, state: State) -> Any:
        return self.inner.read(self._inside(state))

    def halt(self, state: State) -> Tensor:
        return self.inner.halt(self._inside(state))

    def features(self, state: State) -> Tensor:
        return self.inner.features(self._inside(state))

    def with_features(self, state: State, features: Tensor) -> State:
        changed = self.inner.with_features(self._inside(state), features)
        return state._replace(state=changed) if self.noise.goes_on else changed

    def _inside(self, state: State) -> State:
        return state.state if self.noise.goes_on else state

    def _gaussian(self, features: Tensor, numbers: Tensor, step: int) -> Tensor:
        return self._drawn("noise", features, numbers, step, torch.Tensor.normal_)

    def _drawn(self, what: str, features: Tensor, numbers: Tensor, step: int, fill: Callable[..., Tensor]) -> Tensor:
        """Random numbers for features (B, W, *P), of each puzzle its own; channels come last, as nets have them."""
        width, positions = features.shape[1], features.shape[2:]
        drawn, rng = torch.empty(len(features), positions.numel() * width), torch.Generator()
        for row, number in zip(drawn, numbers.tolist(), strict=True):
            fill(row, generator=rng.manual_seed(digest(what, self.noise.seed, number, step)))
        return drawn.view(-1, *positions, width).movedim(-1, 1).to(features)


def _size(features: Tensor) -> Tensor:
    """The root mean square of each puzzle's features: (B, W, *P) -> (B, 1, 1, ...)."""
    return features.square().mean(tuple(range(1, features.ndim)), keepdim=True).sqrt()
