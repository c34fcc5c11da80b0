"""What a net says of a position: which moves are good, and who will win.

A net for a game gives (B, K + 1, *P), as `Game.spec` says: K logits at each position, one for each move, and last what
its value is the mean of. So the same weights play on boards of any size.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from longthink.contracts import Thinker
from longthink.games.contract import Positions
from longthink.thinking.loop import last_state


class Judgement(NamedTuple):
    """Of B positions, as the player who moves next sees them."""

    logs: Tensor
    """Logarithms of the probabilities of moves, (B, M); minus infinity where there is no such move."""
    value: Tensor
    """What the game will come to, (B,) in -1..1: 1 is won."""


def judged(output: Tensor, legal: Tensor) -> Judgement:
    """What an output (B, K + 1, *P) says of positions that have the moves `legal`, bool (B, M).

    >>> output = torch.zeros(1, 2, 2, 2)
    >>> judged(output, torch.tensor([[True, True, False, False]])).logs.exp().tolist()
    [[0.5, 0.5, 0.0, 0.0]]
    """
    logits = output[:, :-1].flatten(1).masked_fill(~legal, -torch.inf)
    return Judgement(logits.log_softmax(1), output[:, -1].flatten(1).mean(1).tanh())


@torch.no_grad()
def judge(net: Thinker, positions: Positions, iterations: int, device: torch.device | str = "cpu") -> Judgement:
    """What a net, which is on a device, says of positions after so many iterations; on the CPU."""
    game = positions.game
    seen = torch.from_numpy(game.seen(positions)).to(device)
    output = net.read(last_state(net, seen, iterations)).float().cpu()
    return judged(output, torch.from_numpy(game.legal(positions)))
