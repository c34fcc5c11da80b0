"""A net that passes messages along edges."""

from typing import ClassVar

import torch
from torch import Tensor, nn

import longthink as lt


@lt.register
class Messages(lt.Thinker):
    """Each node hears the greatest of what its neighbours say, and what it is itself; the state is (B, N, W)."""

    takes: ClassVar[tuple[str, ...]] = ("graph",)

    def __init__(self, spec: lt.Spec, width: int = 16):
        super().__init__()
        self.check_takes(spec)
        self.first = nn.Linear(spec.inputs, width)
        self.said = nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(2 * width + spec.inputs, width), nn.ReLU(), nn.Linear(width, width))
        self.last = nn.Linear(width, spec.outputs)

    def start(self, seen: lt.Graph) -> Tensor:
        return torch.tanh(self.first(seen.nodes))

    def step(self, state: Tensor, seen: lt.Graph) -> Tensor:
        said = torch.relu(self.said(state))
        heard = (seen.edges.unsqueeze(-1) * said.unsqueeze(1)).amax(2)
        return torch.tanh(state + self.inner(torch.cat([state, heard, seen.nodes], -1)))

    def read(self, state: Tensor) -> Tensor:
        return self.last(state).movedim(-1, 1)

    def features(self, state: Tensor) -> Tensor:
        return state.movedim(-1, 1)

    def with_features(self, state: Tensor, features: Tensor) -> Tensor:
        return features.movedim(1, -1)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return [*self.said.parameters(), *self.inner.parameters()]
