"""What objectives, stop rules, choices, perturbations, optimisers, evaluators, formats and recipes promise."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from longthink import registry
from longthink.base.errors import UserError
from longthink.contracts import (
    Attempts,
    Choice,
    Format,
    Objective,
    Optimiser,
    Perturbation,
    Problem,
    Puzzles,
    Spec,
    Split,
    Stop,
    Stops,
    Thinker,
    each_tensor,
    first_tensor,
)
from longthink.study.evaluators import Evaluator
from longthink.testing._run import Check, NotTested, all_of, refused, run, same
from longthink.thinking.breadth import Breadth, attempt
from longthink.thinking.halt_head import HaltHead
from longthink.thinking.loop import last_state, think
from longthink.training.recipe import Recipe, parse_recipe
from longthink.training.runs import Run
from longthink.training.supervised import Supervised


class Copying(Problem):
    """Say each bit again: what the checks below train on. y is x, from either end."""

    spec: ClassVar[Spec] = Spec(inputs=1, outputs=2, positions="line")
    easy: ClassVar[int] = 8
    hard: ClassVar[tuple[int, ...]] = (16,)
    symmetric: ClassVar[bool] = True

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:  # noqa: ARG002
        bits = torch.randint(0, 2, (count, level), generator=torch.Generator().manual_seed(key))
        return Puzzles(self, level, bits[:, None].float() - 0.5, bits, split=split)

    def moved(self, puzzles: Puzzles, number: int) -> tuple[Puzzles, Callable[[Tensor], Tensor]]:
        def turn(some: Tensor) -> Tensor:
            return some.flip(-1) if number % 2 else some

        return replace(puzzles, x=turn(puzzles.x), y=turn(puzzles.y)), turn


class Counting(Thinker):
    """Two layers and a skip, which count how often they are asked: what the checks below train."""

    takes: ClassVar[tuple[str, ...]] = ("line",)

    def __init__(self, spec: Spec, width: int = 4):
        super().__init__()
        self.check_takes(spec)
        self.first = nn.Conv1d(spec.inputs, width, 1)
        self.inner = nn.Conv1d(width + spec.inputs, width, 3, padding=1)
        self.last = nn.Conv1d(width, spec.outputs, 1)
        self.halting = HaltHead(width)
        self.halts = True
        self.steps_taken = 0

    def start(self, seen: Tensor) -> Tensor:
        return torch.tanh(self.first(seen))

    def step(self, state: Tensor, seen: Tensor) -> Tensor:
        self.steps_taken += 1
        return torch.tanh(self.inner(torch.cat([state, seen], 1)))

    def read(self, state: Tensor) -> Tensor:
        logits: Tensor = self.last(state)
        return logits

    def halt(self, state: Tensor) -> Tensor:
        sure: Tensor = self.halting(state)
        return sure

    def recurrent_parameters(self) -> list[nn.Parameter]:
        return list(self.inner.parameters())


def check_objective(objective: Objective, net: Thinker | None = None, puzzles: Puzzles | None = None) -> dict[str, str]:
    """All that an objective promises, of a net and puzzles of its kind; by default small ones of a line."""
    torch_state = torch.random.get_rng_state()
    net = Counting(Copying.spec) if net is None else net
    torch.random.set_rng_state(torch_state)
    puzzles = Copying().sample(8, 4, repeats=True) if puzzles is None else puzzles
    try:
        objective.check(net)
    except UserError as error:
        return {"it is for the net": str(error)}
    return all_of(OBJECTIVE, objective, net, puzzles)


def _the_losses_have_gradients(objective: Objective, net: Thinker, puzzles: Puzzles) -> None:
    for iterations in (1, 2, 5):
        for seed in range(4):
            losses = list(objective.losses(net, puzzles, iterations, np.random.default_rng(seed)))
            assert losses, "there is a loss"
            for loss in losses:
                assert loss.value.shape == ()
                net.zero_grad()
                torch.autograd.backward(loss.value)
                assert all(parameter.grad is not None for parameter in net.recurrent_parameters())
                answers = puzzles.problem.answer(loss.output, puzzles)
                assert answers.shape == puzzles.y.shape, "the output is one that the problem understands"


def _what_is_random_comes_from_the_generator(objective: Objective, net: Thinker, puzzles: Puzzles) -> None:
    values = [objective.loss(net, puzzles, 5, np.random.default_rng(3)).value.item() for _ in range(2)]
    assert values[0] == values[1]


def _no_batch_runs_for_longer_than_it_says(objective: Objective, net: Thinker, puzzles: Puzzles) -> None:
    if not isinstance(net, Counting):
        raise NotTested("only a net that counts its steps tells")
    for seed in range(20):
        net.steps_taken = 0
        for _ in objective.losses(net, puzzles, 5, np.random.default_rng(seed)):
            pass
        assert 1 <= net.steps_taken <= 2 * objective.longest(5), "two passes of `longest` at the most"


OBJECTIVE: tuple[Check, ...] = (
    _the_losses_have_gradients,
    _what_is_random_comes_from_the_generator,
    _no_batch_runs_for_longer_than_it_says,
)
"""Takes an objective, a net and puzzles each."""


def check_perturbation(cls: type[Perturbation], problems: Iterable[Problem], **options: Any) -> dict[str, str]:
    """That a perturbation of no strength does nothing, a strong one something, of the problems that it is for."""
    _refused_value(lambda: cls(strength=-1.0, **options), "a negative strength")
    found = {name: run(_perturbs, cls, problem, options) for problem in problems for name in [_called(problem)]}
    assert None in found.values(), "it is for one of the problems at least"
    return {name: reason for name, reason in found.items() if reason is not None}


def _called(problem: Problem) -> str:
    return registry.name_of(type(problem))


def _refused_value(call: Callable[[], object], what: str) -> None:
    try:
        call()
    except ValueError:
        return
    raise AssertionError(f"{what} must be refused")


def _perturbs(cls: type[Perturbation], problem: Problem, options: Mapping[str, Any]) -> None:
    puzzles, features = problem.sample(problem.easy, 4), torch.rand(4, 3, 7)
    for strength in (0.0, 1.0):
        perturbation = cls(strength=strength, **options)
        try:
            changed = perturbation.to_puzzles(puzzles, np.random.default_rng(0))
        except UserError as error:
            raise NotTested(str(error)) from error
        disturbed = perturbation.to_features(features, np.random.default_rng(0))
        untouched = same(changed.x, puzzles.x) and same((changed.y, disturbed), (puzzles.y, features))
        assert untouched == (strength == 0), "nothing is done without strength, and something with it"
        assert problem.correct(changed.y, changed).all(), "changed puzzles come with their new answers"
        assert disturbed.shape == features.shape


def check_stop(stop: Stop, net: Thinker | None = None, puzzles: Puzzles | None = None) -> dict[str, str]:
    """That a rule tells each puzzle and each stream by itself, that what has stopped stays, and that it says why."""
    net = Counting(Copying.spec) if net is None else net
    puzzles = Copying().sample(8, 3, repeats=True) if puzzles is None else puzzles
    return all_of(STOP, stop, net, puzzles)


LONGEST = 30
"""Iterations."""


def _told(stop: Stop, net: Thinker, puzzles: Puzzles, **options: Any) -> Iterator[Stops]:
    """What is said after each thought."""
    try:
        for thought in think(net, puzzles, LONGEST, stop, **options):
            assert thought.stops is not None
            yield thought.stops
    except UserError as error:
        raise NotTested(str(error)) from error


def _a_stop_is_of_each_puzzle(stop: Stop, net: Thinker, puzzles: Puzzles) -> None:
    states: dict[int, Tensor] = {}
    with torch.no_grad():
        try:
            thoughts = list(think(net, puzzles, LONGEST, stop))
        except UserError as error:
            raise NotTested(str(error)) from error
    for thought in thoughts:
        stops = thought.stops
        assert stops is not None
        assert stops.stopped.shape == stops.steps.shape == (len(puzzles),)
        features = net.features(thought.state)
        for which in range(len(puzzles)):
            assert (stops.why[which] is not None) == bool(stops.stopped[which]), "who stops says why"
            if which in states:
                assert torch.equal(features[which], states[which]), "what has stopped stays as it is"
            elif stops.stopped[which]:
                assert stops.steps[which] == thought.iteration
                states[which] = features[which].clone()
    assert len(states) == len(puzzles), "all have stopped in the end, be it at the limit"


def check_choice(choice: Choice, attempts: Attempts | None = None) -> dict[str, str]:
    """That a choice scores each attempt at each puzzle, whatever is not known of them, and takes one that was begun."""
    if attempts is None:
        puzzles = Copying().sample(8, 3, repeats=True)
        wide = Breadth(attempts=4)
        attempts = attempt(Counting(Copying.spec), puzzles, 5, None, wide)
        attempts = attempts._replace(verified=attempts.steps > 3, halting=attempts.confidence)
    return all_of((_a_choice_takes_one_attempt_at_each_puzzle,), choice, attempts)


def _a_choice_takes_one_attempt_at_each_puzzle(choice: Choice, attempts: Attempts) -> None:
    shape = attempts.steps.shape
    for count in range(1, shape[0] + 1):
        some = attempts.first(count)
        assert choice.score(some).shape == some.steps.shape, "each attempt at each puzzle has a score"
        enough = choice.enough(some)
        assert enough.dtype == torch.bool
        assert enough.shape == shape[1:], "of each puzzle it says whether that is enough"
    steps = attempts.steps.clone()
    steps[1:] = 0
    assert (attempts._replace(steps=steps).chosen(choice) == 0).all(), "what was not begun is not taken"
    for puzzle in range(shape[1]):
        alone = each_tensor(attempts, lambda tensor, puzzle=puzzle: tensor[:, puzzle : puzzle + 1])
        assert alone.chosen(choice)[0] == attempts.chosen(choice)[puzzle], "puzzles are chosen for one by one"


def _a_puzzle_stops_alone_as_among_others(stop: Stop, net: Thinker, puzzles: Puzzles) -> None:
    with torch.no_grad():
        *_, together = _told(stop, net, puzzles)
        *_, retired = _told(stop, net, puzzles, retire=True)
        for which in range(len(puzzles)):
            *_, alone = _told(stop, net, puzzles[which : which + 1])
            for of_all in (together, retired):
                assert alone.steps[0] == of_all.steps[which], "a puzzle stops alone when it does among others"
                assert alone.why[0] == of_all.why[which]


def _each_stream_is_told_by_itself(stop: Stop, net: Thinker, puzzles: Puzzles) -> None:
    """Two streams by one rule, taken in turns, one of them of fewer puzzles."""
    assert stop.begin() == stop, "a rule for one stream has the options that it is made from"
    with torch.no_grad():
        wanted = list(_told(stop, net, puzzles)), list(_told(stop, net, puzzles[1:]))
        told = zip_longest(_told(stop, net, puzzles), _told(stop, net, puzzles[1:]))
        for found, expected in zip(told, zip_longest(*wanted), strict=True):
            for one, other in zip(found, expected, strict=True):
                assert (one is None) == (other is None), "a stream takes as long beside another one as alone"
                assert one is None or one.why == other.why


STOP: tuple[Check, ...] = (
    _a_stop_is_of_each_puzzle,
    _a_puzzle_stops_alone_as_among_others,
    _each_stream_is_told_by_itself,
)
"""Takes a stop rule, a net and puzzles each."""


def check_optimiser(optimiser: Optimiser, net: Thinker | None = None) -> dict[str, str]:
    """That an optimiser has groups that the schedule can act on, and moves weights down their gradient."""
    return all_of((_weights_move_downwards,), optimiser, Counting(Copying.spec) if net is None else net)


def _weights_move_downwards(optimiser: Optimiser, net: Thinker) -> None:
    puzzles = Copying().sample(8, 16, repeats=True)

    def loss() -> Tensor:
        return puzzles.problem.loss(net.read(last_state(net, puzzles.x, 2)), puzzles).sum()

    try:
        built = optimiser.build(net)
    except UserError as error:
        raise NotTested(str(error)) from error
    assert all("base_lr" in group for group in built.param_groups), "each group has a base_lr"
    before = loss()
    torch.autograd.backward(before)
    built.step()
    assert loss() < before, "a step lowers the loss"


def check_evaluator(evaluator: Evaluator, run: Run) -> dict[str, str]:
    """All that an evaluator promises, of a run that it is for."""
    return all_of((_it_is_told_by_its_title, _rows_come_to_numbers_and_cells), evaluator, run)


def _it_is_told_by_its_title(evaluator: Evaluator, run: Run) -> None:
    assert evaluator.title, "a title tells evaluators apart"
    assert "\n" not in evaluator.title + evaluator.heading + evaluator.note
    assert type(evaluator).model_validate(json.loads(evaluator.model_dump_json())).title == evaluator.title
    evaluator.check(run.recipe())


def _rows_come_to_numbers_and_cells(evaluator: Evaluator, run: Run) -> None:
    rows = evaluator.run(run)
    assert {"iteration", evaluator.measure} <= set(rows.columns), "rows have an iteration and the measure"
    assert len(rows), "something is measured"
    two = [rows.assign(seed=seed, regime=run.recipe().regime) for seed in (0, 1)]
    summary = evaluator.summary(pd.concat(two, ignore_index=True))
    assert {"fixed", "peak", "final", "overthinking"} <= set(summary), "claims are told from these"
    assert summary["seeds"] == 2
    cells = evaluator.columns(summary, "printed")
    assert cells, "the table on the page has columns"
    assert all(isinstance(cell, str) for cell in cells.values())
    assert all(0 <= share <= 1 for share in evaluator.baselines(run.recipe()).values())


def check_format(made: Format, problems: Iterable[Problem]) -> dict[str, str]:
    """That a format reads what it wrote, of the problems that it is for, and refuses others."""
    found = {_called(problem): run(_reads_what_it_wrote, made, problem) for problem in problems}
    assert None in found.values(), "it is for one of the problems at least"
    return {name: reason for name, reason in found.items() if reason is not None}


def _reads_what_it_wrote(made: Format, problem: Problem) -> None:
    puzzles = problem.sample(problem.easy, 6, split="train")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            written = made.write([puzzles[:4], puzzles[4:]], 6, folder / "files")
        except UserError as error:
            raise NotTested(str(error)) from error
        assert all(path.is_file() for path in written)
        again = made.read(problem, problem.easy, folder / "files")
        assert same(again.x, puzzles.x), "what was written is read"
        assert torch.equal(again.y, puzzles.y)
        assert (again.mask is None) == (puzzles.mask is None)
        assert puzzles.mask is None or torch.equal(again.mask, puzzles.mask)  # type: ignore[arg-type]
        refused(lambda: made.read(problem, problem.easy, folder / "nowhere"), "a folder that is not there")


def check_recipe(recipe: Recipe) -> dict[str, str]:
    """That a recipe survives being written, and that its net answers puzzles, or what else its task gives it."""
    return all_of((_a_recipe_survives_json_and_builds,), recipe)


def _a_recipe_survives_json_and_builds(recipe: Recipe) -> None:
    assert parse_recipe(recipe.to_json()) == recipe
    recipe.check_loadable()
    net, task = recipe.build(), recipe.task
    assert net.limit is None or net.limit >= recipe.task.longest, "the net can take the recipe's iterations"
    puzzles = None
    if isinstance(task, Supervised):
        try:
            puzzles = task.problem.sample(task.curriculum.lowest, 2, repeats=True)
        except UserError as error:
            raise NotTested(str(error)) from error
    x = task.spec.example(2) if puzzles is None else puzzles.x
    with torch.no_grad():
        output = net.read(last_state(net, x, min(2, net.limit or 2)))
    if puzzles is None:
        assert first_tensor(output).shape == task.spec.output_shape(x), "the net gives what the task asks for"
    else:
        assert puzzles.problem.answer(output, puzzles).shape == puzzles.y.shape
