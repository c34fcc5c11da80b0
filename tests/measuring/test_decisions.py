"""When a net decides, and what it says on the way, for nets whose every iteration is known."""

import numpy as np
import pandas as pd
import pytest
import torch

import longthink as lt
from longthink.contracts import Spec
from longthink.measuring.decisions import agreement, decisions
from longthink.models.composer import Composer
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.loop import last_state


def test_decisions_of_a_net_that_fills_dead_ends_are_those_of_the_algorithm(dead_end_net: DTNet) -> None:
    puzzles = lt.problem("mazes").sample(13, 8)
    rows = decisions(dead_end_net, puzzles, 120)
    assert rows["solved"].all()
    assert (rows["decided"] == rows["dead_end_filling"]).all()
    assert np.allclose(rows["dead_end_filling_agreement"], 1)
    assert (rows["breadth_first"] == puzzles.y.flatten(1).sum(1).numpy() / 4).all()
    assert (rows["breadth_first_agreement"].dropna() < 1).all()
    pd.testing.assert_frame_equal(rows, decisions(dead_end_net, puzzles, 120, tolerance=0.0))


def test_decisions_count_mistakes(dead_end_net: DTNet) -> None:
    rows = decisions(dead_end_net, lt.problem("mazes").sample(33, 5), 3)
    assert not rows["solved"].any()
    assert (rows["decided"] == 3).all()


def test_decisions_of_a_scan(parity_net: DTNet) -> None:
    rows = decisions(parity_net, lt.problem("prefix_sums").sample(40, 5), 50)
    assert (rows["scan"] == 40).all()
    assert (rows["parallel_scan"] == 7).all()
    assert (rows["scan_agreement"] > 0.9).all()


def test_the_trace_holds_the_probability_of_every_bit_at_every_iteration(parity_net: DTNet) -> None:
    rows = lt.trace(parity_net, lt.problem("prefix_sums").view.parse("1101"), 5)
    assert len(rows) == 20
    last = rows[rows["iteration"] == 5]
    assert last["target"].tolist() == [1, 0, 0, 1]
    assert (last["probability"] > 0.5).astype(int).tolist() == [1, 0, 0, 1]
    assert last["input"].tolist() == [0.5, 0.5, -0.5, 0.5]


def test_with_several_classes_the_trace_holds_the_probability_of_the_target() -> None:
    net, puzzles = Composer(Spec(3, 3, "line"), width=8).eval(), lt.problem("group_products", group="C3")
    rows = lt.trace(net, puzzles.view.parse("2 0 1 1"), 3)
    last = rows[rows["iteration"] == 3]
    assert last["input"].tolist() == [2, 0, 1, 1]
    assert last["target"].tolist() == [2, 2, 0, 1]
    with torch.no_grad():
        shares = net.read(last_state(net, puzzles.view.parse("2 0 1 1").x, 3))[0].softmax(0)
    expected = [float(shares[target, place]) for place, target in enumerate([2, 2, 0, 1])]
    assert last["probability"].tolist() == pytest.approx(expected)


def test_a_trace_is_of_the_first_puzzle_alone(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").sample(8, 3)
    pd.testing.assert_frame_equal(lt.trace(parity_net, puzzles, 4), lt.trace(parity_net, puzzles[:1], 4))


@pytest.mark.parametrize("problem", ["mazes", "images"])
def test_what_is_no_string_has_no_trace(problem: str, parity_net: DTNet) -> None:
    puzzles = lt.problem(problem)
    with pytest.raises(lt.UserError, match="A trace is of a string"):
        lt.trace(parity_net, puzzles.sample(puzzles.easy, 1), 2)


def test_what_is_left_of_an_agreement_beyond_another_algorithm_is_the_partial_correlation() -> None:
    rng = np.random.default_rng(0)
    net, one, other = (pd.Series(rng.integers(1, 9, 200)) for _ in range(3))
    one, net = one + other, net + 2 * other
    pairs = pd.DataFrame({"net": net, "one": one, "other": other}).corr(method="spearman")
    a, b, c = pairs.loc["net", "one"], pairs.loc["net", "other"], pairs.loc["one", "other"]
    tensors = [torch.tensor(some.tolist()) for some in (net, one, other)]
    assert agreement(*tensors[:2]) == pytest.approx(a)
    assert agreement(*tensors) == pytest.approx((a - b * c) / np.sqrt((1 - b**2) * (1 - c**2)))


def test_agreement_counts_what_is_decided_and_has_an_order() -> None:
    net, rounds = torch.tensor([[5, 3], [9, 1]]), torch.tensor([[2, 1], [0, 0]])
    assert agreement(net, rounds) == 1
    assert agreement(torch.ones_like(net), rounds) == 0
    assert np.isnan(agreement(net, torch.ones_like(rounds)))
    assert np.isnan(agreement(net, torch.zeros_like(rounds)))
    assert np.isnan(agreement(net, rounds, held=3 * rounds))  # the same order
    assert agreement(3 * rounds, torch.tensor([[2, 1], [3, 3]]), held=rounds) != 0


def test_decisions_beyond_an_algorithm_leave_it_out(dead_end_net: DTNet) -> None:
    puzzles = lt.problem("mazes").sample(13, 4)
    rows = decisions(dead_end_net, puzzles, 120, beyond="breadth_first")
    assert rows["breadth_first_agreement"].isna().all()
    assert np.allclose(rows["dead_end_filling_agreement"].dropna(), 1)
    with pytest.raises(lt.UserError, match="mazes has no algorithm flooding; it has breadth_first, dead_end_filling"):
        decisions(dead_end_net, puzzles, 120, beyond="flooding")


def test_decisions_on_sudoku_are_compared_with_techniques() -> None:
    net, puzzles = lt.load("sudoku"), lt.problem("sudoku").sample(35, 3)
    rows = decisions(net, puzzles, 30)
    assert rows["solved"].all()
    rounds = puzzles.problem.algorithms(puzzles)
    assert rows["naked_singles"].tolist() == rounds["naked_singles"].flatten(1).amax(1).tolist()
    assert (rows["hidden_singles_agreement"] > 0.2).all()
