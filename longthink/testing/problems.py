"""What a problem promises."""

import inspect
import json
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longthink.contracts import Problem, Split, each_tensor, first_tensor
from longthink.figures.scene import as_json, pixels, svg
from longthink.testing._run import Check, all_of, refused, same

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def check_problem(problem: Problem) -> dict[str, str]:
    """All that a problem promises. What is not tested, with the reason.

    >>> import longthink as lt
    >>> check_problem(lt.problem("prefix_sums"))
    {}
    """
    return all_of(PROBLEM, problem)


def _says_what_it_is(problem: Problem) -> None:
    assert inspect.getdoc(type(problem)), "a problem has a docstring, whose first line is listed"
    assert problem.hard, "a problem has levels that are tested on"


def _puzzles_have_the_stated_shapes(problem: Problem) -> None:
    puzzles, spec = problem.sample(problem.easy, 5), problem.spec
    assert len(puzzles) == 5
    assert puzzles.level == problem.easy
    assert puzzles.problem == problem
    first = first_tensor(puzzles.x)
    assert len(first) == 5
    if spec.vocabulary is not None:
        assert first.dtype == torch.int64, "tokens are long"
        assert 0 <= first.min() <= first.max() < spec.vocabulary, "tokens are below the vocabulary"
    else:
        assert first.dtype == torch.float32, "inputs are 32-bit numbers"
        axis = first.ndim - 1 if spec.positions == "graph" else 1
        assert first.shape[axis] == spec.inputs, f"inputs have {spec.inputs} channels as the spec says"
    assert puzzles.y.dtype == torch.int64
    assert puzzles.y.ndim - 1 == spec.ndim, "targets have as many axes of positions as the spec says"
    assert 0 <= puzzles.y.min() <= puzzles.y.max() < spec.outputs, "targets are below the spec's outputs"
    assert puzzles.mask is None or (puzzles.mask.dtype == torch.bool and puzzles.mask.shape == puzzles.y.shape)
    assert puzzles.mask is None or puzzles.mask.flatten(1).any(1).all(), "some position of each puzzle counts"
    assert all(len(tensor) == 5 for tensor in puzzles.extras.values())


def _sampling_depends_on_its_arguments_alone(problem: Problem) -> None:
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    first, again = problem.sample(problem.easy, 6, seed=3), problem.sample(problem.easy, 6, seed=3)
    assert same(first.x, again.x), "the same arguments give the same puzzles"
    assert torch.equal(first.y, again.y)
    others = problem.sample(problem.easy, 6, seed=4), problem.sample(problem.easy, 6, seed=3, index=1)
    assert not any(same(first.x, other.x) for other in others), "another seed or index gives other puzzles"
    assert torch.equal(before[0], torch.random.get_rng_state()), "torch's global state is left alone"
    assert (before[1] == np.random.get_state()[1]).all(), "numpy's global state is left alone"  # type: ignore[index]  # noqa: NPY002


def _splits_share_no_puzzle(problem: Problem) -> None:
    seen: dict[bytes, str] = {}
    for split in SPLITS:
        for seed in range(3):
            puzzles = problem.sample(problem.easy, 100, seed, split, repeats=True)
            assert puzzles.split == split
            for index in range(len(puzzles)):
                assert seen.setdefault(_bytes(puzzles.x, index), split) == split, f"a puzzle is in {split} and another"


def _without_repeats_all_differ(problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 8)
    assert len({_bytes(puzzles.x, index) for index in range(8)}) == 8


def _the_true_answer_is_correct_and_a_wrong_one_is_not(problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 4)
    perfect = problem.perfect(puzzles)
    answers = problem.answer(perfect, puzzles)
    assert problem.correct(answers, puzzles).all()
    assert (problem.position_accuracy(answers, puzzles) == 1).all()
    sure, unsure = problem.confidence(perfect, puzzles), problem.confidence(perfect * 0, puzzles)
    assert sure.shape == (4,)
    assert (sure > unsure).all(), "who is sure is more confident than who says nothing"
    counted = torch.ones_like(puzzles.y, dtype=torch.bool) if puzzles.mask is None else puzzles.mask
    for index in range(4):
        position = tuple(counted[index].nonzero()[0])
        answers[index][position] = (answers[index][position] + 1) % problem.spec.outputs
    assert not problem.correct(answers, puzzles).any()
    assert (problem.position_accuracy(answers, puzzles) < 1).all()


def _the_loss_is_of_each_puzzle(problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 4)
    perfect = problem.perfect(puzzles)
    assert problem.loss(perfect, puzzles).shape == (4,)
    assert problem.loss(perfect, puzzles).sum() < 1e-6, "a perfect output has no loss"
    output = (perfect * 0.01).requires_grad_()
    losses = problem.loss(output, puzzles)
    assert (losses >= 0).all()
    (gradient,) = torch.autograd.grad(losses[0], output)
    assert gradient[0].abs().sum() > 0
    assert gradient[1:].abs().sum() == 0, "the loss of a puzzle depends on its own output alone"


def _puzzles_can_be_cut_moved_and_served(problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 5)
    assert same(puzzles[torch.tensor([3, 1])].x, each_tensor(puzzles.x, lambda tensor: tensor[[3, 1]]))
    assert len(puzzles[1:3]) == 2
    assert same(puzzles.to("cpu").x, puzzles.x)
    dataset = puzzles.dataset()
    assert len(dataset) == 5
    assert torch.equal(dataset[2][1], puzzles.y[2])
    assert same(pickle.loads(pickle.dumps(puzzles)).x, puzzles.x), "puzzles can be sent to another process"


def _levels_below_one_are_refused(problem: Problem) -> None:
    for level in (0, -3):
        refused(lambda level=level: problem.sample(level, 1), f"level {level}")  # type: ignore[misc]
    refused(lambda: problem.sample(problem.easy, 0), "a count of 0")


def _levels_exist_and_have_names(problem: Problem) -> None:
    levels = problem.levels(problem.easy, problem.easy)
    assert list(levels) == [problem.easy]
    for level in problem.hard:
        assert problem.says(level)
        assert problem.sample(level, 1, repeats=True).level == level


def _a_misspelt_option_is_refused(problem: Problem) -> None:
    refused(lambda: problem.revised({"no such option": 1}), "an option that there is not")
    refused(lambda: problem.model_copy(update={"no such option": 1}), "an option that there is not, in model_copy")


def _options_survive_json(problem: Problem) -> None:
    assert type(problem).model_validate(json.loads(problem.model_dump_json())) == problem


def _the_view_draws_and_writes(problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 1)
    view = problem.view
    shown = view.shown(problem.perfect(puzzles), puzzles)
    for values in (None, view.blank(puzzles), problem.answer(problem.perfect(puzzles), puzzles)[0], shown):
        scene = view.scene(puzzles, values)
        drawn = pixels(scene)
        assert drawn.dtype == np.uint8
        assert drawn.ndim == 3
        assert drawn.shape[2] == 3
        assert svg(scene).startswith("<svg")
        assert json.loads(as_json(scene))
    assert len(np.unique(pixels(view.scene(puzzles, puzzles.y[0])))) > 1, "there is something in the picture"
    other = puzzles.y * 0 if puzzles.mask is None else puzzles.y.masked_fill(puzzles.mask, 0)
    alone = pixels(view.scene(replace(puzzles, y=other)))
    assert np.array_equal(pixels(view.scene(puzzles)), alone), "a scene shows no solution that is not asked for"
    assert view.write(puzzles.y, puzzles)
    assert view.describe(problem.perfect(puzzles), puzzles)


def _what_is_no_puzzle_is_refused(problem: Problem) -> None:
    for text in ("", "\x00 no puzzle", "9" * 5000):
        refused(lambda text=text: problem.view.parse(text), f"the text {text[:12]!r}")  # type: ignore[misc]


def _algorithms_and_baselines_fit_the_puzzles(problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 3)
    algorithms, baselines = problem.algorithms(puzzles), problem.baselines(puzzles)
    for rounds in algorithms.values():
        assert rounds.shape == puzzles.y.shape
        assert rounds.min() >= 0
    for solved in baselines.values():
        assert solved.shape == (3,)
        assert 0 <= solved.min() <= solved.max() <= 1
    measured = problem.measures(problem.perfect(puzzles), puzzles)
    assert all(isinstance(value, float) for value in measured.values())


def _symmetries_keep_what_is_right(problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 4)
    if not problem.symmetric:
        refused(lambda: problem.moved(puzzles, 1), "a symmetry, where there is none")
        return
    for number in (1, 2, 3, 10**6):
        moved, back = problem.moved(puzzles, number)
        assert first_tensor(moved.x).shape == first_tensor(puzzles.x).shape, "the batch keeps its shape"
        assert torch.equal(back(moved.y), puzzles.y), "what was moved comes back as it was"
        assert problem.correct(moved.y, moved).all(), "and what was right is right"
        again, _ = problem.moved(puzzles, number)
        assert same(again.x, moved.x), "a symmetry has its number"
        alone, _ = problem.moved(puzzles[2:3], number)
        assert same(alone.x, moved[2:3].x), "each puzzle is moved by itself"


PROBLEM: tuple[Check, ...] = (
    _says_what_it_is,
    _puzzles_have_the_stated_shapes,
    _sampling_depends_on_its_arguments_alone,
    _splits_share_no_puzzle,
    _without_repeats_all_differ,
    _the_true_answer_is_correct_and_a_wrong_one_is_not,
    _the_loss_is_of_each_puzzle,
    _puzzles_can_be_cut_moved_and_served,
    _levels_below_one_are_refused,
    _levels_exist_and_have_names,
    _a_misspelt_option_is_refused,
    _options_survive_json,
    _the_view_draws_and_writes,
    _what_is_no_puzzle_is_refused,
    _algorithms_and_baselines_fit_the_puzzles,
    _symmetries_keep_what_is_right,
)
"""Takes a problem each."""


def _bytes(x: Any, index: int) -> bytes:
    parts = (x,) if isinstance(x, Tensor) else tuple(x)
    return b"".join(part[index].numpy().tobytes() for part in parts)
