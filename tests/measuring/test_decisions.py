"""When a net decides, and what it says on the way, for nets whose every iteration is known."""

import numpy as np
import pandas as pd
import pytest
import torch

import longthink as lt
from longthink.contracts import Spec
from longthink.measuring.decisions import decisions
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
