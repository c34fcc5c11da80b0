"""Composing elements: against the table, the encoding against translations, and what is refused."""

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.problems.groups.composition import GroupComposition
from longthink.problems.groups.group import Group


def test_targets_are_products_and_encodings_are_moved_templates() -> None:
    template = tuple(float(value) for value in range(6))
    problem, group = GroupComposition(group="S3", template=template, exhaustive=True), Group.named("S3")
    puzzles = problem.sample(2, 1)
    assert len(puzzles) == 36
    for g in range(6):
        moved = [template[group.table[group.inverses[g], h]] - np.mean(template) for h in range(6)]
        assert problem.encoding[g].tolist() == pytest.approx(moved)
    rows = problem.encoding
    for x, y in zip(puzzles.x, puzzles.y.tolist(), strict=True):
        one, other = (int((rows - x[:, place]).abs().sum(1).argmin()) for place in range(2))
        assert y == group.table[one, other]


def test_the_answer_is_the_nearest_encoding() -> None:
    puzzles = GroupComposition(group="Q8").sample(3, 30)
    logits = puzzles.extras["target"] + 0.1 * torch.randn(30, 8, generator=torch.Generator().manual_seed(0))
    assert puzzles.problem.correct(puzzles.problem.answer(logits, puzzles), puzzles).all()
    assert puzzles.problem.loss(puzzles.extras["target"], puzzles).tolist() == [0] * 30


def test_measures_are_the_power_of_the_output() -> None:
    problem = GroupComposition(group="D5", power=(1.0, 2.0, 3.0), exhaustive=True)
    puzzles = problem.sample(2, 1)
    measured = problem.measures(puzzles.extras["target"], puzzles)
    assert measured == pytest.approx({"power 1": 0, "power 1'": 1, "power 2": 2, "power 2'": 3}, abs=1e-5)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UserError, match="at least 2"):
        GroupComposition().sample(1, 1)
    with pytest.raises(UserError, match="There are 777600000 sequences of 5 elements of A5, .* bytes"):
        GroupComposition(group="A5", exhaustive=True).sample(5, 1)
    with pytest.raises(UserError, match="6 numbers, not 2"):
        GroupComposition(group="S3", template=(1.0, 2.0)).sample(2, 1)
    with pytest.raises(UserError, match="not both"):
        GroupComposition(group="C3", template=(1.0, 2.0, 3.0), power=(1.0,)).sample(2, 1)
