"""What is remembered of each puzzle from one thought to a later one, where some puzzles have left the batch since."""

from typing import Any

import torch
from torch import Tensor

from longthink.contracts import Thought, each_tensor


class Memory:
    """Tensors (B, ...), or a tuple of such, about the puzzles of the last thought that something was kept after.

    >>> memory = Memory()
    >>> memory.keep(Thought(None, 1, torch.zeros(3, 2), None, which=torch.tensor([0, 4, 5])), torch.tensor([7, 8, 9]))
    >>> memory.recall(Thought(None, 2, torch.zeros(2, 2), None, which=torch.tensor([0, 5])))
    tensor([7, 9])
    """

    def __init__(self) -> None:
        self._kept: Any = None
        self._which: Tensor | None = None

    def recall(self, thought: Thought) -> Any:
        """What was kept, about the puzzles of this thought alone; None before anything was."""
        if self._which is None or thought.which is None or len(thought.which) == len(self._which):
            return self._kept
        rows = torch.searchsorted(self._which, thought.which)
        return each_tensor(self._kept, lambda tensor: tensor[rows])

    def keep(self, thought: Thought, values: Any) -> None:
        """Keep something of each puzzle of a thought, in the place of what was kept."""
        self._kept, self._which = values, thought.which

    def last(self, thought: Thought, values: Tensor, count: int) -> Tensor:
        """Keep a number of each puzzle (B,) beside those of the thoughts before: the last `count` of them at most."""
        before = self.recall(thought)
        numbers = values[:, None] if before is None else torch.cat([before, values[:, None]], 1)[:, -count:]
        self.keep(thought, numbers)
        return numbers
