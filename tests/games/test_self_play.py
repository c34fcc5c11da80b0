"""Self-play: what is recorded, the returns, and the improved probabilities, on boards small enough for paper."""

import numpy as np
import pytest
import torch
from torch import Tensor

import longthink as lt
from longthink.contracts import Spec, Thinker
from longthink.games.outputs import judge
from longthink.games.self_play import self_play

HEX = lt.game("hex")


class Plain(Thinker):
    """All moves alike, and always the same value."""

    takes = ("grid",)

    def __init__(self, spec: Spec, value: float = 0.0):
        super().__init__()
        self.value = value

    def start(self, seen: Tensor) -> Tensor:
        return seen[:, :1]

    def step(self, state: Tensor, seen: Tensor) -> Tensor:
        return state

    def read(self, state: Tensor) -> Tensor:
        value = torch.full_like(state, self.value).atanh()
        return torch.cat([torch.zeros_like(state), value], 1)


def plain(value: float = 0.0) -> Plain:
    return Plain(HEX.spec, value)


def test_a_judgement_is_of_the_moves_that_there_are() -> None:
    judgement = judge(plain(0.25), HEX.read("a1 b2", 3)[[0, 0]], 1, torch.device("cpu"))
    assert judgement.logs.exp().reshape(2, 3, 3)[0].tolist() == pytest.approx(
        np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1]]) / 7
    )
    assert judgement.value.tolist() == pytest.approx([0.25, 0.25])


def test_every_game_is_recorded_to_its_end() -> None:
    played = self_play(plain(), HEX.start(4, 20), 1, np.random.default_rng(0))
    starts = played.positions.ply == 0
    assert starts.sum() == 20
    assert not played.positions.over.any()
    again = self_play(plain(), HEX.start(4, 20), 1, np.random.default_rng(0))
    assert np.array_equal(played.positions.board, again.positions.board)
    assert np.array_equal(played.policy, again.policy)


@pytest.mark.parametrize("simulations", [0, 3])
def test_with_lambda_1_the_value_is_the_result_for_who_moves(simulations: int) -> None:
    start = HEX.start(3, 30)
    played = self_play(plain(0.5), start, 1, np.random.default_rng(1), simulations=simulations, lengthening=1.0)
    assert set(np.unique(played.value)) == {-1.0, 1.0}
    by_ply = {int(ply): played.value[played.positions.ply == ply] for ply in np.unique(played.positions.ply)}
    first, second = by_ply[0], by_ply[1]
    assert np.array_equal(first, -second), "all games go on after a move, and what one wins the other loses"


def test_with_lambda_0_the_value_is_what_is_said_of_the_next_position() -> None:
    played = self_play(plain(0.5), HEX.start(3, 30), 1, np.random.default_rng(2), lengthening=0.0)
    ended = played.value == 1
    assert ended.sum() == 30, "the last move of each game has won it"
    assert played.value[~ended].tolist() == pytest.approx([-0.5] * int((~ended).sum()))


def test_moves_are_weighed_by_their_advantage() -> None:
    played = self_play(plain(0.5), HEX.start(3, 30), 1, np.random.default_rng(3), lengthening=1.0)
    weights = played.policy.sum(1)
    assert ((played.policy != 0).sum(1) == 1).all()
    assert np.allclose(weights, (played.value - 0.5) / (played.value - 0.5).std(), atol=1e-5)


def test_tried_moves_are_improved_by_what_they_lead_to() -> None:
    """x has a1 and b1 and three ways to go on from there to the last row; of the two that win it, one is an edge."""
    positions = HEX.read("b1 a1 b2 a2", 3)
    wins = [move for move in range(9) if HEX.legal(positions)[0, move] and _wins(positions, move)]
    assert [HEX.name_in(positions, 0, move) for move in wins] == ["a3", "b3"]
    played = self_play(plain(), positions, 1, np.random.default_rng(4), simulations=9, trust=3.0)
    policy = played.policy[0]
    win, other = np.exp(3.0), 1.0
    assert policy[wins].tolist() == pytest.approx([win / (2 * win + 3 * other)] * 2)
    assert policy.sum() == pytest.approx(1)


def test_moves_that_were_not_tried_are_taken_to_be_as_good_as_is_expected() -> None:
    played = self_play(plain(0.4), HEX.start(3), 1, np.random.default_rng(5), simulations=2, trust=2.0, lengthening=1.0)
    first = np.sort(played.policy[0])
    mixed = (0.4 + 2 * -0.4) / 3
    tried, untried = np.exp(2 * -0.4), np.exp(2 * mixed)
    total = 2 * tried + 7 * untried
    assert first.tolist() == pytest.approx([tried / total] * 2 + [untried / total] * 7)


def _wins(positions: lt.Positions, move: int) -> bool:
    return bool(HEX.play(positions, np.array([move])).score[0] == 1)
