"""Which of several attempts at a puzzle counts. None of these is given the solution."""

import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Attempts, Choice, Problem
from longthink.registry import register


@register
class Settled(Choice):
    """That whose state moved least over its last iterations (the residual, as in equilibrium reasoners)."""

    def score(self, attempts: Attempts) -> Tensor:
        return -attempts.residual


@register
class Confident(Choice):
    """That of which the net is most confident at its end."""

    def score(self, attempts: Attempts) -> Tensor:
        return attempts.confidence


@register
class Verified(Choice):
    """The first that is right by the problem's rules, after which no more are made; or else that which moved least."""

    def score(self, attempts: Attempts) -> Tensor:
        verified = _verified(attempts)
        return torch.where(verified, torch.inf, -attempts.residual)

    def enough(self, attempts: Attempts) -> Tensor:
        return _verified(attempts).any(0)


@register
class Halting(Choice):
    """That of which the net itself says most surely that it is right (`Thinker.halt`)."""

    def score(self, attempts: Attempts) -> Tensor:
        if attempts.halting is None:
            raise UserError("This net has not learned when to stop, so it cannot choose by it; choose otherwise.")
        return attempts.halting


@register
class Majority(Choice):
    """An answer that most attempts came to."""

    def score(self, attempts: Attempts) -> Tensor:
        answers, begun = attempts.answers.flatten(2), attempts.steps > 0
        return torch.stack([((answers == one).all(2) & begun).sum(0) for one in answers])


@register
class First(Choice):
    """That which its stop rule ended first; after one that the rule ended, no more are made."""

    hurries = True

    def score(self, attempts: Attempts) -> Tensor:
        return torch.where(attempts.stopped, -attempts.steps.double(), -torch.inf)

    def enough(self, attempts: Attempts) -> Tensor:
        return attempts.stopped.any(0)


def _verified(attempts: Attempts) -> Tensor:
    if attempts.verified is None:
        raise UserError("Answers to these puzzles cannot be verified without their solution; choose otherwise.")
    return attempts.verified


def best_for(problem: Problem) -> Choice:
    """That of a problem where nothing else is said."""
    return Verified() if problem.verifiable else Settled()
