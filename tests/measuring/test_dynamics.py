"""Recovery of nets whose every iteration is known, and the fates of states that are known on paper."""

import math

import pandas as pd
import pytest
import torch
from torch import Tensor

import longthink as lt
from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Spec, Thinker
from longthink.measuring.dynamics import fared, fates, perturb, recovery
from longthink.models.convolutional.dt_net import DTNet
from longthink.models.convolutional.feedforward import FeedForward
from longthink.problems.mazes.problem import Mazes
from longthink.problems.prefix_sums.problem import PrefixSums


@pytest.mark.parametrize("index", [0, 7, 19])
def test_the_hand_made_net_recovers_from_a_flipped_bit_in_as_many_iterations_as_bits_follow(
    parity_net: DTNet, index: int
) -> None:
    rows = perturb(parity_net, PrefixSums().sample(20, 6), lt.perturbation("bit_flip", index=index), 30, 60)
    assert recovery(rows)["recovered"].tolist() == [20 - index] * 6
    assert recovery(rows)["solved"].all()


def test_a_perturbation_before_the_first_iteration_is_done_once(parity_net: DTNet) -> None:
    puzzles = PrefixSums().sample(20, 6)
    flip = lt.perturbation("bit_flip", index=3)
    rows = perturb(parity_net, puzzles, flip, 0, 30)
    flipped = flip.to_puzzles(puzzles, generator("perturbation", 0))
    pd.testing.assert_series_equal(rows["solved"], perturb(parity_net, flipped, None, 0, 30)["solved"])
    assert not rows["solved"].equals(perturb(parity_net, puzzles, None, 0, 30)["solved"])


def test_noise_before_the_first_iteration_is_all_that_a_net_without_recall_ever_sees() -> None:
    torch.manual_seed(0)
    net, puzzles = DTNet(Spec(1, 2), width=8, head=(4, 4), recall=False).eval(), PrefixSums().sample(20, 6)
    noise = lt.perturbation("random_input")
    only_noise = noise.to_puzzles(puzzles, generator("perturbation", 0))
    rows = perturb(net, puzzles, noise, 0, 5)
    pd.testing.assert_series_equal(rows["change"], perturb(net, only_noise, None, 0, 5)["change"])
    clean, later = perturb(net, puzzles, None, 0, 5), perturb(net, puzzles, noise, 2, 5)
    assert not rows["change"].equals(clean["change"])
    assert later["change"].equals(clean["change"])  # it never looks again


def test_noise_is_neither_solved_nor_unsolved(parity_net: DTNet) -> None:
    rows = perturb(parity_net, PrefixSums().sample(20, 6), lt.perturbation("random_input"), 3, 8)
    assert rows["solved"].notna().groupby(rows["iteration"]).all().tolist() == [True] * 3 + [False] * 5
    assert recovery(rows)[["reached", "recovered", "solved"]].isna().all(axis=None)
    assert fared(rows)[["peak", "final"]].isna().all(axis=None)


def test_undisturbed_it_needs_as_many_iterations_as_there_are_bits_up_to_the_first_carry(parity_net: DTNet) -> None:
    puzzles = PrefixSums().sample(20, 6)
    rows = perturb(parity_net, puzzles, None, 0, 30)
    assert rows["perturbation"].unique().tolist() == ["none"]
    assert rows.groupby("iteration")["solved"].mean().loc[20:].eq(1).all()
    assert recovery(rows)["recovered"].le(20).all()


def test_the_dead_end_filler_follows_a_moved_end_in_two_iterations(dead_end_net: DTNet) -> None:
    rows = perturb(dead_end_net, Mazes().sample(13, 8), lt.perturbation("move_end"), 60, 70)
    found = recovery(rows)
    assert found["solved"].all()
    assert found["recovered"].isin([1, 2]).all()


def test_without_a_way_back_nothing_recovers(dead_end_net: DTNet) -> None:
    """It only ever fills cells: a state of zeros stays one."""
    rows = perturb(dead_end_net, Mazes().sample(13, 4), lt.perturbation("zeros"), 60, 100)
    table = fared(pd.concat([rows, perturb(dead_end_net, Mazes().sample(13, 4), None, 60, 100)]))
    by_name = table.set_index("perturbation")
    assert (by_name.loc["zeros", "final"], by_name.loc["none", "final"]) == (0, 1)
    assert math.isnan(by_name.loc["zeros", "recovered"])
    assert by_name.loc["none", "recovered"] == 1


class Turning(Thinker):
    """The state (B, 2, S) is turned by an angle and scaled at each iteration, and may be drawn to the input."""

    def __init__(self, angle: float = 0.0, factor: float = 1.0, pull: float = 0.0):
        super().__init__()
        self.turn = factor * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        self.pull = pull

    def start(self, seen: Tensor) -> Tensor:
        return torch.cat([seen, -2 * seen], 1) + 1

    def step(self, state: Tensor, seen: Tensor) -> Tensor:
        return torch.einsum("ij,bjs->bis", self.turn, state) + self.pull * seen

    def read(self, state: Tensor) -> Tensor:
        return state


@pytest.mark.parametrize(
    ("net", "fate", "lyapunov"),
    [
        (Turning(), "fixed point", 0.0),
        (Turning(factor=0.5, pull=1.0), "fixed point", math.log(0.5)),
        (Turning(math.pi), "cycle 2", 0.0),
        (Turning(2 * math.pi / 5), "cycle 5", 0.0),
        (Turning(1.0), "neither", 0.0),
        (Turning(factor=1.05), "neither", math.log(1.05)),
    ],
)
def test_fates_and_lyapunov_exponents_known_on_paper(net: Turning, fate: str, lyapunov: float) -> None:
    found = fates(net, PrefixSums().sample(16, 3), 100)
    assert found["fate"].unique().tolist() == [fate]
    assert found["lyapunov"].tolist() == pytest.approx([lyapunov] * 3, abs=5e-3)


def test_a_path_independent_net_ends_where_it_ends_from_anywhere() -> None:
    puzzles = PrefixSums().sample(16, 4)
    assert fates(Turning(factor=0.5, pull=1.0), puzzles, 100)["alignment"].tolist() == pytest.approx([1] * 4, abs=1e-5)
    assert fates(Turning(), puzzles, 100)["alignment"].max() < 0.999


@pytest.mark.parametrize("iterations", [5, 40])
def test_what_cannot_be_watched_is_refused(parity_net: DTNet, iterations: int) -> None:
    puzzles = PrefixSums().sample(8, 4)
    with pytest.raises(UserError, match="longer than that"):
        perturb(parity_net, puzzles, None, iterations, iterations)
    with pytest.raises(UserError, match="more than 40 iterations"):
        fates(parity_net, puzzles, iterations)
    with pytest.raises(UserError, match="each its own"):
        perturb(FeedForward(Spec(1, 2), limit=9, width=4, head=(4, 4)), puzzles, None, 1, 3)
    with pytest.raises(UserError, match="at least 2"):
        fates(parity_net, puzzles[:1], 100)
