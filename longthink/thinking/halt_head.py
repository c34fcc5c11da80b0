"""What says when to stop: a layer of a net that looks at its state as a whole."""

import torch
from torch import Tensor, nn

AT_FIRST = -3.0
"""The bias before training: nets that begin undecided, at 0, learn to stop before they have learned to answer."""


class HaltHead(nn.Linear):
    """The probability that the answer is right, from the mean and the maximum of each feature over all positions.

    It sees features alone and no mask: positions that do not count, such as padding, are positions like others. Before
    training it is sigmoid(-3), 0.05, for every state.

    >>> HaltHead(4)(torch.randn(2, 4, 6, 6)).shape
    torch.Size([2])
    """

    def __init__(self, width: int):
        super().__init__(2 * width, 1)
        nn.init.zeros_(self.weight)
        nn.init.constant_(self.bias, AT_FIRST)

    def forward(self, features: Tensor) -> Tensor:
        """(B, W, *positions) -> (B,)."""
        positions = tuple(range(2, features.ndim))
        pooled = torch.cat([features.mean(positions), features.amax(positions)], 1)
        return super().forward(pooled).squeeze(1).sigmoid()
