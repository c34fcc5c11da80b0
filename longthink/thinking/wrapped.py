"""A net around a net, for what changes something about how another one thinks."""

from typing import Any

from torch import Tensor

from longthink.contracts import Inputs, State, Thinker


class Wrapped(Thinker):
    """A Thinker around another one, which does all as that does; a subclass changes something."""

    def __init__(self, inner: Thinker):
        super().__init__()
        self.inner = inner
        self.limit = inner.limit
        self.rounding = inner.rounding
        self.halts = inner.halts

    def see(self, x: Inputs) -> Any:
        return self.inner.see(x)

    def start(self, seen: Any) -> State:
        return self.inner.start(seen)

    def step(self, state: State, seen: Any) -> State:
        return self.inner.step(state, seen)

    def read(self, state: State) -> Any:
        return self.inner.read(state)

    def halt(self, state: State) -> Tensor:
        return self.inner.halt(state)

    def features(self, state: State) -> Tensor:
        return self.inner.features(state)

    def with_features(self, state: State, features: Tensor) -> State:
        return self.inner.with_features(state, features)
