"""Accuracy with one attempt and with more, against the attempts themselves."""

import pytest
import torch

import longthink as lt
from longthink.base.errors import UserError
from longthink.contracts import Choice
from longthink.measuring.attempts import attempted
from longthink.thinking.breadth import Breadth, attempt
from longthink.thinking.choices import Majority, Settled, Verified
from longthink.thinking.noise import Noise


@pytest.mark.parametrize("choice", [Settled(), Majority(), Verified()], ids=lambda choice: type(choice).__name__)
def test_rows_are_those_of_the_attempts(choice: Choice) -> None:
    net, puzzles = lt.load("sudoku"), lt.problem("sudoku").sample(level=46, count=7)
    breadth, stop = Breadth(attempts=3, noise=Noise(start=0.3)), lt.stop("verified")
    rows = attempted(net, puzzles, 14, stop, breadth, choice, batch=3)
    assert rows["attempts"].tolist() == [1, 2, 3]
    found = attempt(net, puzzles, 14, stop, breadth, choice)
    assert found.verified is not None
    for count, row in zip((1, 2, 3), rows.to_dict("records"), strict=True):
        steps, right = found.steps[:count], found.verified[:count] & (found.steps[:count] > 0)
        at = found.first(count).chosen(choice)
        assert row["accuracy"] == pytest.approx(float(right[at, torch.arange(7)].double().mean()))
        assert row["any"] == pytest.approx(float(right.any(0).double().mean()))
        assert row["iterations"] == pytest.approx(float(steps.sum(0).double().mean()))
    assert 0 < rows["any"].iloc[-1] < 1, "so that this has shown something"
    assert rows["seconds"].is_monotonic_increasing


def test_there_are_no_batches_of_nothing() -> None:
    with pytest.raises(UserError, match="1 or more at a time"):
        attempted(lt.load("prefix_sums"), lt.problem("prefix_sums").sample(8, 2), 5, batch=0)
