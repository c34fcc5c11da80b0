"""A puzzle of which no position counts: it is solved, and adds nothing to the loss."""

from dataclasses import replace

import pytest
import torch

import longthink as lt


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_puzzle_without_a_position_that_counts(smoothing: float) -> None:
    problem = lt.problem("mazes")
    puzzles = replace(problem.sample(level=5, count=3), label_smoothing=smoothing)
    assert puzzles.mask is not None
    output = torch.randn(3, 2, *puzzles.y.shape[1:], generator=torch.Generator().manual_seed(0))
    mask = puzzles.mask.clone()
    mask[0] = False
    some = replace(puzzles, mask=mask)
    answers = 1 - puzzles.y
    assert problem.position_accuracy(answers, some).tolist() == [1, 0, 0]
    assert problem.confidence(output, some)[0] == 1
    losses = problem.loss(output, some)
    assert losses[0] == 0
    assert torch.allclose(losses[1:], problem.loss(output[1:], puzzles[1:]))
    none = replace(puzzles, mask=torch.zeros_like(mask))
    output.requires_grad_()
    loss = problem.loss(output, none).sum()
    loss.backward()
    assert loss == 0
    assert output.grad is not None
    assert not output.grad.any()
