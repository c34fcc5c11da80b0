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
    policy = np.array([[0, 0, 1, 0], [0, 0.5, 0, -0.5]])
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
    expected = [(np.log(3) + 0.5 * (value - 1) ** 2) / 2, (0.5 * (value + 1) ** 2) / 2]
    assert PROBLEM.loss(output, puzzles()).tolist() == pytest.approx(expected, rel=1e-6)
    undecided = PROBLEM.revised({"entropy": 0.1})
    expected = [loss - 0.1 * np.log(3) / 2 for loss in expected]
    assert undecided.loss(output, puzzles(undecided)).tolist() == pytest.approx(expected, rel=1e-6)


def test_smoothing_spreads_over_the_moves_that_there_are() -> None:
    from dataclasses import replace

    smooth = replace(puzzles(), label_smoothing=0.3)
    output = torch.zeros(2, 2, 2, 2)
    output[0, 0] = torch.tensor([[5.0, 1.0], [2.0, 3.0]])
    logs = torch.tensor([1.0, 2.0, 3.0]).log_softmax(0)
    expected = -(0.1 * logs[0] + 0.8 * logs[1] + 0.1 * logs[2]) / 2 + 0.5 / 2
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
