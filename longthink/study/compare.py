"""Runs compared on the same puzzles -> rows, and their summary."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast, get_args

import pandas as pd
from tqdm import tqdm

from longthink.base.errors import UserError
from longthink.contracts import Choice, Problem, Puzzles, Split, Stop, Thinker
from longthink.measuring.attempts import attempted, says
from longthink.measuring.sweep import Exit, sweep
from longthink.registry import name_of
from longthink.study.evaluators.stopping import check_stops
from longthink.thinking.breadth import PLAIN, Breadth
from longthink.thinking.choices import best_for
from longthink.thinking.loop import think
from longthink.thinking.precision import Precision, check_precision
from longthink.thinking.stops import Settled
from longthink.training.converting import TrainedElsewhere
from longthink.training.recipe import Recipe
from longthink.training.runs import Run

MEASUREMENTS = 50
"""Along a test, unless it is said otherwise."""


class Contender(NamedTuple):
    """A run that is compared: what tables call it, its net, and what it is tested on."""

    labels: Mapping[str, str | int]
    model: Thinker
    problem: Problem
    levels: Sequence[int]


def compare(
    runs: Sequence[Run],
    levels: Sequence[int] | None = None,
    iterations: int = 400,
    every: int | None = None,
    count: int = 1000,
    seed: int = 0,
    exit_rule: str = "default",
    progress: bool = True,
    tolerance: float | None = None,
    changes: Mapping[str, Any] | None = None,
    split: Split = "test",
    precision: Precision = "fp32",
    keep: Callable[[pd.DataFrame], None] | None = None,
) -> pd.DataFrame:
    """Sweeps of several runs, on the same puzzles.

    Args:
        runs: finished ones.
        levels: of the puzzles; by default the hard ones of each run's problem.
        iterations: how long to think; a net that cannot take so many takes all it can.
        every: measure after every so many iterations; by default MEASUREMENTS times in all.
        count: puzzles of each level.
        seed: of the puzzles.
        exit_rule: that of `sweep`.
        progress: show a bar, on a terminal.
        tolerance: that of `sweep`.
        changes: options of the problem that are other than in training, like problem.source.
        split: of the puzzles.
        precision: that of `sweep`.
        keep: is told all rows so far after each run and level, so that they may be saved before the next.

    Returns:
        The rows of `sweep`, with further columns: `series`, see `series_of`; `seed`, the recipe's; `regime`, the most
        iterations in training, but for nets of which it is not known.

    Raises:
        UserError: an option, a level or a tolerance that does not fit, a run without a net or that was not trained on
            puzzles; all before the first sweep.

    >>> from longthink.training.runs import open_run
    >>> rows = compare([open_run("prefix_sums")], [32, 64], iterations=100, every=50, count=10, progress=False)
    >>> rows[["level", "iteration", "accuracy"]].values.tolist()
    [[32.0, 50.0, 1.0], [32.0, 100.0, 1.0], [64.0, 50.0, 1.0], [64.0, 100.0, 1.0]]
    """
    if exit_rule not in get_args(Exit):
        raise UserError(f"The exit rule is one of {', '.join(get_args(Exit))}, not '{exit_rule}'.")
    check_precision(precision, tolerance)
    if iterations < 1 or (every is not None and every < 1):
        raise UserError("Think for at least 1 iteration, and measure every 1 or more.")
    wrong = next((option for option in changes or () if not option.startswith("problem.")), None)
    if wrong is not None:
        raise UserError(f"A test can change options of the problem, like problem.source, and not '{wrong}'.")
    step = every or max(1, iterations // MEASUREMENTS)
    asked = {*range(step, iterations, step), iterations}

    def rows_of(one: Contender, puzzles: Puzzles, told: Callable[[int], None]) -> pd.DataFrame:
        possible = {min(iteration, one.model.limit or iteration) for iteration in asked}
        rule = cast(Exit, exit_rule)
        return sweep(one.model, puzzles, possible, rule, None, one.labels, tolerance, told, precision)

    contenders = _contenders(runs, levels, changes or {})
    return _measured(contenders, count, seed, split, tolerance, progress, keep, rows_of)


def compare_attempts(
    runs: Sequence[Run],
    levels: Sequence[int] | None = None,
    iterations: int = 400,
    stop: Stop | None = None,
    breadth: Breadth = PLAIN,
    choice: Choice | None = None,
    count: int = 1000,
    seed: int = 0,
    progress: bool = True,
    changes: Mapping[str, Any] | None = None,
    split: Split = "test",
    keep: Callable[[pd.DataFrame], None] | None = None,
) -> pd.DataFrame:
    """What several runs solve of the same puzzles where a stop rule ends each thought, with one attempt and with more.

    Args:
        runs: finished ones, whose nets may stop.
        levels: of the puzzles; by default the hard ones of each run's problem.
        iterations: the most of an attempt.
        stop: the rule, by default that the state has settled.
        breadth: how many attempts, and how they differ.
        choice: which of them counts, by default `choices.best_for` the problem.
        count: puzzles of each level.
        seed: of the puzzles.
        progress: show a bar, on a terminal.
        changes: options of the problem that are other than in training, like problem.source.
        split: of the puzzles.
        keep: is told all rows so far after each run and level, so that they may be saved before the next.

    Returns:
        The rows of `attempted`, with further columns: those of `sweep` and `compare` that say what was measured, the
        rule `stop` and the `choice`.

    Raises:
        UserError: as `compare` and `attempted` do, all before the first measurement; a net that cannot stop.

    >>> from longthink.training.runs import open_run
    >>> rows = compare_attempts([open_run("prefix_sums")], [32, 64], count=10, progress=False)
    >>> rows[["level", "stop", "attempts", "accuracy"]].values.tolist()
    [[32, 'settled', 1, 1.0], [64, 'settled', 1, 1.0]]
    """
    if iterations < 1:
        raise UserError("Think for at least 1 iteration.")
    contenders = _contenders(runs, levels, changes or {})
    for one in contenders:
        check_stops(one.model)
        example = one.problem.sample(one.levels[0], 1, seed, split)
        attempted(one.model, example, 1, stop, breadth, choice)  # refuses what does not fit before the work begins

    def rows_of(one: Contender, puzzles: Puzzles, told: Callable[[int], None]) -> pd.DataFrame:
        chosen = choice or best_for(one.problem)
        rows = attempted(one.model, puzzles, iterations, stop, breadth, chosen, progress=told)
        labels = {
            "problem": name_of(type(one.problem)),
            "level": puzzles.level,
            "model": name_of(type(one.model)),
            **one.labels,
            "puzzles": len(puzzles),
            "stop": says(stop or Settled()),
            "choice": says(chosen),
        }
        return pd.DataFrame({**labels, **rows})

    return _measured(contenders, count, seed, split, None, progress, keep, rows_of)


def _measured(
    contenders: Sequence[Contender],
    count: int,
    seed: int,
    split: Split,
    tolerance: float | None,
    progress: bool,
    keep: Callable[[pd.DataFrame], None] | None,
    rows_of: Callable[[Contender, Puzzles, Callable[[int], None]], pd.DataFrame],
) -> pd.DataFrame:
    """The rows of each net and each of its levels."""
    for one in contenders:
        _check(one, seed, split, tolerance)
    table = pd.DataFrame()
    total = count * sum(len(one.levels) for one in contenders)
    with tqdm(total=total, unit="puzzle", disable=None if progress else True) as bar:

        def told(puzzles: int) -> None:
            bar.update(puzzles)

        for one in contenders:
            for level in one.levels:
                rows = rows_of(one, one.problem.sample(level, count, seed, split), told)
                table = pd.concat([table, rows], ignore_index=True) if len(table) else rows
                if keep is not None:
                    keep(table)
    return table


def series_of(recipes: Sequence[Recipe]) -> list[str]:
    """What tables call the runs of some recipes, one name for those that are equal but for the seed.

    It is the recipe's name. Where recipes of one name differ in more than the seed, their options that differ follow.

    >>> from longthink.recipes.laptop import prefix_sums_laptop
    >>> recipe = prefix_sums_laptop()
    >>> series_of([recipe, recipe.revised({"seed": 1})])
    ['prefix_sums_laptop', 'prefix_sums_laptop']
    >>> series_of([recipe, recipe.revised({"model.width": 16})])
    ['prefix_sums_laptop, model.width 24', 'prefix_sums_laptop, model.width 16']
    """
    options = [recipe.options() for recipe in recipes]
    names = []
    for recipe, own in zip(recipes, options, strict=True):
        namesakes = [some for other, some in zip(recipes, options, strict=True) if other.name == recipe.name]
        told = [
            f"{option} {value}" for option, value in own.items() if option != "seed" and _differs(option, namesakes)
        ]
        names.append(", ".join([recipe.name, *told]))
    return names


def _differs(option: str, trees: Sequence[Mapping[str, Any]]) -> bool:
    """Whether not all have it, or not all with the same value."""
    return len({repr(tree[option]) if option in tree else None for tree in trees}) > 1


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Peak and final accuracy of every series, level and seed, from the rows of `sweep`."""
    found = []
    for key, group in rows.groupby(["series", "level", "seed"], sort=True):
        best, last = group.iloc[group["accuracy"].argmax()], group.iloc[group["iteration"].argmax()]
        found.append(
            {
                **dict(zip(("series", "level", "seed"), key, strict=True)),
                "puzzles": last["puzzles"],
                "peak": best["accuracy"],
                "at": best["iteration"],
                "final": last["accuracy"],
                "iterations": last["iteration"],
            }
        )
    return pd.DataFrame(found)


def _contenders(runs: Sequence[Run], levels: Sequence[int] | None, changes: Mapping[str, Any]) -> list[Contender]:
    recipes = [run.recipe() for run in runs]
    found = []
    for run, recipe, series in zip(runs, recipes, series_of(recipes), strict=True):
        problem = recipe.revised(changes).problem
        labels: dict[str, str | int] = {"series": series, "seed": recipe.seed}
        if not isinstance(recipe.task, TrainedElsewhere):
            labels["regime"] = recipe.regime
        found.append(Contender(labels, run.model(), problem, levels or problem.hard))
    return found


def _check(one: Contender, seed: int, split: Split, tolerance: float | None) -> None:
    """Raises UserError for levels that there are not, and for a tolerance that is not for the net."""
    for level in one.levels:
        puzzles = one.problem.sample(level, 1, seed, split)
        if tolerance is not None:
            think(one.model, puzzles, 1, tolerance=tolerance)
