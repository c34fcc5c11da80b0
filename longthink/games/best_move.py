"""Positions of a game as puzzles: what is asked for is a good move, and who will win.

So all that is done with puzzles is done with games: objectives train on them, sweeps tell how often a move is the best
one after each iteration, stop rules and breadth apply.

x is (B, C, *P): `Game.seen`. y is (B, *P): 0, but k + 1 where move k of that position is the best one, or one of them.
Extras, of M moves: `legal` bool (B, M); `policy` (B, M), what the logarithms of the moves' probabilities are weighed by
in the loss; `value` (B,), what the game will come to for who moves.
"""

from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Problem, Puzzles, Spec, Split
from longthink.games.contract import Game, Positions
from longthink.games.outputs import judged
from longthink.plugin_options import chosen


class PositionsProblem(Problem):
    """Positions with what is known of their moves. The level is that of the game.

    `entropy`: what is taken off the loss for each nat by which the moves' probabilities are undecided.
    `value_weight`: of the squared error of the value, beside the loss of the moves.
    """

    game: Annotated[Game, *chosen("games")]
    entropy: Annotated[float, Field(ge=0)] = 0.0
    value_weight: Annotated[float, Field(ge=0)] = 1.0

    @property
    def spec(self) -> Spec:  # type: ignore[override]
        return self.game.spec

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:  # noqa: ARG002
        raise UserError("Positions are played, or made with `of`; what is best in them is not known before.")

    def of(
        self, positions: Positions, policy: NDArray[np.floating], value: NDArray[np.floating], **extras: Tensor
    ) -> Puzzles:
        """Puzzles from positions, the weights (B, M) of their moves, and what they will come to (B,).

        The move with the greatest weight counts as the best.
        """
        game = self.game
        seen = torch.from_numpy(game.seen(positions))
        best = torch.from_numpy(policy).argmax(1)
        return Puzzles(
            self,
            positions.level,
            seen,
            _marked(best, seen.shape[2:]),
            source=positions,
            extras={
                "legal": torch.from_numpy(game.legal(positions)),
                "policy": torch.from_numpy(policy).float(),
                "value": torch.from_numpy(value).float(),
                **extras,
            },
        )

    def loss(self, output: Any, puzzles: Puzzles) -> Tensor:
        legal, policy = puzzles.extras["legal"], puzzles.extras["policy"]
        judgement = judged(output, legal)
        logs = judgement.logs.masked_fill(~legal, 0)
        smoothing = puzzles.label_smoothing
        if smoothing > 0:
            policy = (1 - smoothing) * policy + smoothing * policy.sum(1, keepdim=True) * legal / legal.sum(1, True)
        loss = self.value_weight * (judgement.value - puzzles.extras["value"]).square() - (policy * logs).sum(1)
        if self.entropy > 0:
            loss = loss + self.entropy * (logs.exp() * logs * legal).sum(1)
        return loss / len(puzzles)

    def answer(self, output: Any, puzzles: Puzzles) -> Tensor:
        return _marked(judged(output, puzzles.extras["legal"]).logs.argmax(1), puzzles.y.shape[1:])

    def position_accuracy(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        """1 where the move is the best one, or one of them where `best` bool (B, M) among the extras says which are."""
        best = puzzles.extras.get("best")
        if best is None:
            return (answers == puzzles.y).flatten(1).all(1).double()
        return best.gather(1, _moves(answers)[:, None])[:, 0].double()

    def confidence(self, output: Any, puzzles: Puzzles) -> Tensor:
        """Probability of the most likely move."""
        return judged(output, puzzles.extras["legal"]).logs.amax(1).exp()

    def perfect(self, puzzles: Puzzles) -> Tensor:
        best = torch.zeros_like(puzzles.extras["policy"]).scatter_(1, _moves(puzzles.y)[:, None], 30.0)
        value = puzzles.extras["value"].clamp(-0.9999, 0.9999).atanh()
        of_value = value.view(-1, *[1] * (puzzles.y.ndim)).expand(-1, 1, *puzzles.y.shape[1:])
        return torch.cat([best.view(len(puzzles), -1, *puzzles.y.shape[1:]), of_value], 1)


def _marked(moves: Tensor, shape: Any) -> Tensor:
    """Moves (B,) as answers (B, *P)."""
    positions = int(np.prod(shape))
    answers = torch.zeros(len(moves), positions, dtype=torch.int64, device=moves.device)
    answers.scatter_(1, (moves % positions)[:, None], (moves // positions + 1)[:, None])
    return answers.view(-1, *shape)


def _moves(answers: Tensor) -> Tensor:
    """The moves (B,) of answers (B, *P)."""
    flat = answers.flatten(1)
    kind, place = flat.max(1)
    return (kind - 1).clamp_min(0) * flat.shape[1] + place
