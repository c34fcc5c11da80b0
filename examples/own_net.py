"""A net of your own: three methods make it a Thinker; recipes, sweeps and figures take it as they take ours.

python examples/own_net.py
"""

import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

import longthink as lt


@lt.register
class GatedNet(lt.Thinker):
    """A convolutional GRU on strings: the state (B, W, S) is gated between what it was and what it could be."""

    takes = ("line",)

    def __init__(self, spec: lt.Spec, width: int = 32):
        super().__init__()
        self.width = width
        self.gate = nn.Conv1d(width + spec.inputs, width, 3, padding=1)
        self.candidate = nn.Conv1d(width + spec.inputs, width, 3, padding=1)
        self.head = nn.Conv1d(width, spec.outputs, 1)

    def start(self, seen: Tensor) -> Tensor:
        return seen.new_zeros(len(seen), self.width, seen.shape[2])

    def step(self, state: Tensor, seen: Tensor) -> Tensor:
        both = torch.cat([state, seen], 1)
        gate = self.gate(both).sigmoid()
        return gate * state + (1 - gate) * self.candidate(both).tanh()

    def read(self, state: Tensor) -> Tensor:
        return self.head(state)


def main(steps: int = 1600) -> None:
    changes = {"steps": steps, "curriculum.highest": 16, "curriculum.iterations_per_level": 1.0}
    recipe = lt.recipe("prefix_sums_laptop", model=GatedNet, **changes)
    with tempfile.TemporaryDirectory() as folder:
        run = lt.train(recipe, Path(folder) / "gated", accelerator="cpu")
        net = lt.load(run.folder)
    for level in (16, 64):
        rows = lt.sweep(net, recipe.problem.sample(level, 100), [level, 2 * level])
        print(rows[["level", "iteration", "accuracy", "change"]].to_string(index=False))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
