"""A net of your own: three methods make it a Thinker; puzzles, objectives and sweeps take it as it is.

python examples/own_net.py
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

import longthink as lt
from longthink.objectives.head_start import HeadStart


class GatedNet(lt.Thinker):
    """A convolutional GRU on strings: the state (B, W, S) is gated between what it was and what it could be."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.width = width
        self.gate = nn.Conv1d(width + 1, width, 3, padding=1)
        self.candidate = nn.Conv1d(width + 1, width, 3, padding=1)
        self.head = nn.Conv1d(width, 2, 1)

    def start(self, x: Tensor) -> Tensor:
        return x.new_zeros(len(x), self.width, x.shape[2])

    def step(self, state: Tensor, x: Tensor) -> Tensor:
        seen = torch.cat([state, x], 1)
        gate = self.gate(seen).sigmoid()
        return gate * state + (1 - gate) * self.candidate(seen).tanh()

    def read(self, state: Tensor) -> Tensor:
        return self.head(state)


def main(steps: int = 1500) -> None:
    torch.manual_seed(0)
    problem, objective, net = lt.problem("prefix_sums"), HeadStart(), GatedNet()
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    rng = np.random.default_rng(0)
    for step in range(steps):
        level = int(rng.integers(2, 4 + 12 * step // steps))
        puzzles = problem.sample(level, 64, split="train", index=step, repeats=True)
        criterion = partial(problem.loss, puzzles=puzzles)
        loss, _ = objective.loss(net, puzzles.x, level, criterion, rng)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
    for level in (16, 64):
        rows = lt.sweep(net, problem.sample(level, 100), [level, 2 * level])
        print(rows[["level", "iteration", "accuracy", "change"]].to_string(index=False))


if __name__ == "__main__":
    main()
