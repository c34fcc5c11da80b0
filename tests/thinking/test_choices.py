"""Which attempt counts: by hand, of attempts that are written down."""

import pytest
import torch

from longthink.base.errors import UserError
from longthink.contracts import Attempts, Choice
from longthink.thinking.choices import Confident, First, Halting, Majority, Settled, Verified

ANSWERS = torch.tensor([[[1, 1], [0, 0]], [[0, 1], [0, 1]], [[0, 1], [1, 1]]])
ATTEMPTS = Attempts(
    answers=ANSWERS,
    steps=torch.tensor([[9, 9], [4, 9], [5, 0]]),
    stopped=torch.tensor([[False, False], [True, False], [True, True]]),
    residual=torch.tensor([[0.3, torch.nan], [0.2, 0.5], [0.1, 0.0]]),
    confidence=torch.tensor([[0.9, 0.5], [0.8, 0.6], [0.7, 1.0]]),
    verified=torch.tensor([[False, False], [True, False], [True, True]]),
    halting=torch.tensor([[0.1, 0.2], [0.3, 0.1], [0.2, 1.0]]),
)
"""Three at each of two puzzles; the last at the second one was not begun."""


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (Settled(), [2, 1]),  # what has no residual is the worst
        (Confident(), [0, 1]),
        (Verified(), [1, 1]),  # the first that is right, or else the settled one
        (Halting(), [1, 0]),
        (Majority(), [1, 0]),  # two of three agree; of two that differ, the first
        (First(), [1, 0]),  # none was stopped by the rule: the plain thought
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Choice) else "",
)
def test_the_attempt_that_counts(choice: Choice, chosen: list[int]) -> None:
    assert ATTEMPTS.chosen(choice).tolist() == chosen
    assert ATTEMPTS.first(1).chosen(choice).tolist() == [0, 0]


def test_when_no_further_attempt_is_made() -> None:
    begun = ATTEMPTS.first(2)
    assert Verified().enough(begun).tolist() == First().enough(begun).tolist() == [True, False]
    for choice in (Settled(), Confident(), Halting(), Majority()):
        assert not choice.enough(begun).any()


@pytest.mark.parametrize(("choice", "lacks"), [(Verified(), "verified"), (Halting(), "halting")])
def test_what_nobody_can_tell_is_not_chosen_by(choice: Choice, lacks: str) -> None:
    with pytest.raises(UserError, match="choose otherwise"):
        ATTEMPTS._replace(**{lacks: None}).chosen(choice)
