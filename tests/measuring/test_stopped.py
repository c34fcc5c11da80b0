"""What comes of puzzles that stop, on nets whose every iteration is known, and on one that ships."""

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import longthink as lt
from longthink.contracts import Stop
from longthink.measuring.stopped import outcome
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.stops import AtRest, Best, Budget, Lyapunov, Residual, Settled

BUDGET = 70
FOUND = ["accuracy", "stopped", "used"]
RULES: list[Stop] = [
    Settled(tolerance=1e-3),
    AtRest(),
    Residual(last=4, of="maximum"),
    Lyapunov(last=12),
    Best(patience=6, rise=1e-3) | Settled(tolerance=1e-2),
    Budget(iterations=9),
]


def mixed() -> list[lt.Puzzles]:
    """Strings of 40 bits of which all from some bit on are 0, so that some are solved soon; and of any bits."""
    some = lt.problem("prefix_sums").sample(40, 6, seed=1)
    bits = (some.x[:, 0] + 0.5).long()
    bits = bits * (torch.arange(40) >= torch.tensor([0, 5, 12, 20, 33, 38])[:, None])
    return [lt.problem("prefix_sums").view.parse("".join(map(str, row))) for row in bits.tolist()]


def joined(several: list[lt.Puzzles]) -> lt.Puzzles:
    x, y = (torch.cat([getattr(one, name) for one in several]) for name in ("x", "y"))
    return lt.Puzzles(several[0].problem, several[0].level, x, y)


@pytest.mark.parametrize("read", ["last", "most_confident"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
@settings(max_examples=4, deadline=None)
@given(order=st.permutations(range(6)), batch=st.integers(1, 6))
def test_results_are_those_of_one_puzzle_after_the_other(rule: Stop, read: str, order: list[int], batch: int) -> None:
    net, puzzles = lt.load("prefix_sums"), mixed()
    together = outcome(net, joined([puzzles[which] for which in order]), rule, BUDGET, read, batch)
    alone = pd.concat([outcome(net, puzzles[which], rule, BUDGET, read) for which in order], ignore_index=True)
    pd.testing.assert_frame_equal(together[FOUND], alone[FOUND])
    assert together["seconds"].gt(0).all()


@pytest.mark.parametrize("iterations", [3, 9, 16])
def test_without_a_rule_the_surest_answers_are_those_that_a_sweep_finds(iterations: int) -> None:
    net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(24, 60)
    for read, exit_rule in (("last", "default"), ("most_confident", "max_confidence")):
        found = outcome(net, puzzles, Budget(iterations=iterations), 50, read)
        swept = lt.sweep(net, puzzles, [iterations], exit_rule=exit_rule)
        assert found["accuracy"].mean() == pytest.approx(swept["accuracy"].item())
        assert set(found["used"]) == {iterations}


def test_a_batch_is_of_one_puzzle_at_least(parity_net: DTNet) -> None:
    with pytest.raises(lt.UserError, match="1 or more at a time, not 0"):
        outcome(parity_net, lt.problem("prefix_sums").sample(8, 2), Settled(), 9, batch=0)
