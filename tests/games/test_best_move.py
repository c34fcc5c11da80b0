"""Positions as puzzles: losses and answers, on paper."""

import numpy as np
import pytest
import torch

import longthink as lt
from longthink.games.best_move import BestMove

HEX = lt.game("hex")
PROBLEM = BestMove(game=HEX, value_weight=0.5)


def puzzles(problem: BestMove = PROBLEM) -> lt.Puzzles:
    positions = HEX.read("a1", 2)[[0, 0]]
    policy = np.array([[0, 0, 1, 0], [0, 0.5, 0, 0.5]])
    return problem.of(positions, policy, np.array([1.0, -1.0]))


def test_answers_mark_the_move() -> None:
    assert puzzles().y.tolist() == [[[0, 0], [1, 0]], [[0, 1], [0, 0]]]
    output = torch.zeros(2, 2, 2, 2)
    output[0, 0, 1, 0] = 1
    output[1, 0, 0, 0] = 9  # where no move is
    output[1, 0, 1, 1] = 1
    answers = PROBLEM.answer(output, puzzles())
    assert answers.tolist() == [[[0, 0], [1, 0]], [[0, 0], [0, 1]]]
    assert PROBLEM.correct(answers, puzzles()).tolist() == [True, False]
    assert PROBLEM.confidence(output, puzzles()).tolist() == pytest.approx([np.e / (np.e + 2)] * 2)


def test_any_of_the_best_moves_is_right() -> None:
    best = torch.tensor([[False, True, True, False], [False, True, False, True]])
    positions = HEX.read("a1", 2)[[0, 0]]
    several = PROBLEM.of(positions, best.double().numpy(), np.zeros(2), best=best)
    answers = torch.tensor([[[0, 0], [1, 0]], [[0, 0], [1, 0]]])
    assert PROBLEM.correct(answers, several).tolist() == [True, False]


def test_the_loss_of_moves_and_of_the_value() -> None:
    """Logits of 0 for three moves: each has 1/3. The value is the tanh of a mean over positions of 0.5."""
    output = torch.zeros(2, 2, 2, 2)
    output[:, 1] = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    value = np.tanh(0.5)
    expected = [(np.log(3) + 0.5 * (value - 1) ** 2) / 2, (np.log(3 / 2) + 0.5 * (value + 1) ** 2) / 2]
    assert PROBLEM.loss(output, puzzles()).tolist() == pytest.approx(expected, rel=1e-6)
    undecided = PROBLEM.revised({"entropy": 0.1})
    expected = [loss - 0.1 * np.log(3) / 2 for loss in expected]
    assert undecided.loss(output, puzzles(undecided)).tolist() == pytest.approx(expected, rel=1e-6)


def test_moves_that_were_played_are_weighed_by_their_advantage_up_to_a_clip() -> None:
    """Each move has 1/3 now. The first was played with 1/3 and the second with 1/2, then with 1/6."""
    advantages = np.array([[0.0, 0.0, 2.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0]])
    played = np.array([[0.0, 0.0, 1 / 3, 0.0], [0.0, 1 / 2, 0.0, 0.0], [0.0, 1 / 6, 0.0, 0.0]])
    before = torch.from_numpy(np.log(np.where(played > 0, played, 1))).float()
    plain = BestMove(game=HEX, value_weight=0)
    some = plain.of(HEX.read("a1", 2)[[0, 0, 0]], advantages, np.zeros(3), before=before)
    output = torch.zeros(3, 2, 2, 2, requires_grad=True)
    loss = plain.loss(output, some)
    assert loss.tolist() == pytest.approx([-2 / 3, 0.8 / 3, -3 * 1.2 / 3])  # ratios 1, 2/3 and 2
    loss.sum().backward()
    assert output.grad is not None
    assert output.grad[0].abs().sum() > 0
    assert output.grad[1:].abs().sum() == 0, "where the ratio is clipped there is nothing more to gain"


def test_smoothing_spreads_over_the_moves_that_there_are() -> None:
    from dataclasses import replace

    smooth = replace(puzzles(), label_smoothing=0.3)
    output = torch.zeros(2, 2, 2, 2)
    output[0, 0] = torch.tensor([[5.0, 1.0], [2.0, 3.0]])
    logs = torch.tensor([1.0, 2.0, 3.0]).log_softmax(0)
    shares = torch.tensor([0.1, 0.8, 0.1])
    expected = (shares * (shares.log() - logs)).sum() / 2 + 0.5 / 2
    assert float(PROBLEM.loss(output, smooth)[0]) == pytest.approx(float(expected), rel=1e-6)


def test_a_perfect_output_stands_for_the_solution() -> None:
    perfect = PROBLEM.perfect(puzzles())
    assert torch.equal(PROBLEM.answer(perfect, puzzles()), puzzles().y)
    assert float(PROBLEM.loss(perfect, puzzles())[0]) == pytest.approx(0, abs=1e-6)


def test_gradients_are_numbers_where_moves_are_not() -> None:
    output = torch.zeros(2, 2, 2, 2, requires_grad=True)
    PROBLEM.revised({"entropy": 0.1}).loss(output, puzzles()).sum().backward()
    assert output.grad is not None
    assert output.grad.isfinite().all()
    assert (output.grad[:, 0, 0, 0] == 0).all()


def test_positions_come_back_from_puzzles_that_were_cut() -> None:
    problem = lt.problem("best_move", game="hex")
    drawn = problem.sample(level=3, count=6)
    positions = problem.positions(drawn)
    cut = problem.positions(drawn[2:4])
    assert np.array_equal(cut.board, positions.board[2:4])
    assert np.array_equal(cut.ply, positions.ply[2:4])
    assert torch.equal(torch.from_numpy(HEX.seen(cut)), drawn.x[2:4])


def test_what_is_drawn_is_solved_and_matters() -> None:
    """Against minimax without any pruning, on boards of 3 x 3."""
    problem = lt.problem("best_move", game="hex")
    drawn = problem.sample(level=3, count=12, seed=1)
    positions = problem.positions(drawn)
    for which in range(len(drawn)):
        legal = HEX.legal(positions)[which].nonzero()[0]
        worth = {int(move): _minimax(positions[[which]], int(move)) for move in legal}
        assert min(worth.values()) < max(worth.values())
        best = {move for move, value in worth.items() if value == max(worth.values())}
        assert set(drawn.extras["best"][which].nonzero()[:, 0].tolist()) == best
        assert float(drawn.extras["value"][which]) == max(worth.values())


def _minimax(positions: lt.Positions, move: int) -> int:
    after = HEX.play(positions, np.array([move]))
    if after.over[0]:
        return int(after.score[0]) * (1 if positions.player[0] == 0 else -1)
    return -max(_minimax(after, int(one)) for one in HEX.legal(after)[0].nonzero()[0])


def test_positions_are_typed_as_moves_and_answers_are_moves() -> None:
    view = lt.problem("best_move", game="hex").view
    puzzles = view.parse("3: b2 a1")
    assert puzzles.known
    assert view.write(puzzles.y, puzzles) in {"b1", "c1", "b3", "a3", "a2", "c3", "c2"}
    assert not view.parse("9: a1").known
    for text, told in (("a1 b2", "like '5: a1 b2'"), ("3: a1 a1", "a1"), ("2: a1 b1 a2", "over")):
        with pytest.raises(lt.UserError, match=told):
            view.parse(text)
