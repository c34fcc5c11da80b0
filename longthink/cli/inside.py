"""Commands that look inside nets: what their states do, what their features tell."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from longthink.base.errors import UserError
from longthink.cli._app import (
    Count,
    HardLevels,
    LeastHardLevel,
    LevelOfTraining,
    OneRun,
    Options,
    Out,
    Seed,
    Tolerance,
    app,
    changes_from,
    results_folder,
)

if TYPE_CHECKING:
    import pandas as pd

    from longthink.contracts import Puzzles, Thinker
    from longthink.training.runs import Run


@app.command
def decisions(
    run: OneRun,
    /,
    *,
    level: HardLevels = None,
    iterations: int = 1000,
    count: Count = 100,
    seed: Seed = 0,
    tolerance: Tolerance = None,
    beyond: str | None = None,
    out: Out = None,
) -> None:
    """What solving costs the net, and which known algorithm it agrees with: a table, a rows file, a figure.

    Parameters
    ----------
    iterations
        How long to think at most.
    beyond
        An algorithm that is held fixed: what agreements with others there are between what it decides in one round.
    """
    opened, folder = _opened(run, out)
    from longthink import figures, registry
    from longthink.measuring.decisions import decisions as measured
    from longthink.measuring.rows import save_rows

    problem, levels = opened.recipe().problem, level or opened.recipe().problem.hard
    if not problem.algorithms(problem.sample(levels[0], 1, seed)):
        raise UserError(
            f"Decisions are compared with known algorithms, and {registry.name_of(type(problem))} names none; take"
            " mazes, sudoku or prefix_sums, or give the problem `algorithms`."
        )
    table = _of_levels(
        opened, levels, count, seed, lambda model, puzzles: measured(model, puzzles, iterations, tolerance, beyond)
    )
    print(table.groupby("level").mean().round(3).to_string())
    print(save_rows(table, folder / "decisions.csv"))
    print(figures.cost_of_thinking(table.assign(series=opened.recipe().name), folder / "decisions.png"))


@app.command
def perturb(
    run: OneRun,
    /,
    *options: Options,
    using: Annotated[str, Parameter(name="--with")],
    at: int = 50,
    iterations: int = 150,
    level: LeastHardLevel = None,
    count: Count = 100,
    seed: int = 0,
    out: Out = None,
) -> None:
    """Disturb a net while it thinks and see whether it recovers. Options of the perturbation can be set: --index 40.

    Parameters
    ----------
    using
        A perturbation's name (`longthink list perturbations`).
    at
        Disturb it after this iteration.
    iterations
        How long to think in all.
    seed
        Seed of the test puzzles, and of what is random in the perturbation.
    """
    from longthink import registry

    opened, folder = _opened(run, out)
    perturbation = registry.build("perturbations", using, changes_from(options))
    import pandas as pd

    from longthink import figures
    from longthink.measuring import dynamics
    from longthink.measuring.rows import save_rows

    def both(model: "Thinker", puzzles: "Puzzles") -> pd.DataFrame:
        watched = (dynamics.perturb(model, puzzles, one, at, iterations, seed) for one in (None, perturbation))
        return pd.concat(watched, ignore_index=True)

    table = _of_levels(opened, level or opened.recipe().problem.hard[:1], count, seed, both)
    stem = f"perturb-{using.replace('-', '_')}"
    print(dynamics.fared(table).to_string(index=False))
    print(save_rows(table, folder / f"{stem}.csv"))
    print(figures.perturbed(table.assign(series=opened.recipe().name), folder / f"{stem}.png"))


@app.command
def dynamics(
    run: OneRun,
    /,
    *,
    level: LeastHardLevel = None,
    iterations: int = 1000,
    count: Count = 100,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """What becomes of a net's state: fixed point, cycle or neither, path independence, sensitivity: a table and rows.

    Parameters
    ----------
    iterations
        How long to think.
    """
    opened, folder = _opened(run, out)
    import pandas as pd

    from longthink.measuring.dynamics import fates
    from longthink.measuring.rows import save_rows

    table = _of_levels(
        opened,
        level or opened.recipe().problem.hard[:1],
        count,
        seed,
        lambda model, puzzles: fates(model, puzzles, iterations, seed),
    )
    shares = pd.crosstab(table["level"], table["fate"], normalize="index")
    means = table.groupby("level")[["solved", "ever", "alignment", "lyapunov"]].mean()
    print(shares.join(means).round(4).to_string())
    print(save_rows(table, folder / "dynamics.csv"))


@app.command
def probe(
    run: OneRun,
    /,
    *,
    iterations: int | None = None,
    layer: list[str] | None = None,
    level: LevelOfTraining = None,
    train: int = 2000,
    count: int = 1000,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """How much of the answer a linear classifier reads off the features of each iteration: a table, rows, a figure.

    Parameters
    ----------
    iterations
        Probe the features after each iteration up to this one; by default those of training.
    layer
        Probe what this layer of the net puts out instead, each time that it is used; repeat the option for several.
    train
        Puzzles that the classifier is trained on.
    count
        Puzzles that it is tested on.
    """
    opened, folder = _opened(run, out)
    from longthink import figures
    from longthink.measuring.inside.probes import probe as probed
    from longthink.measuring.rows import save_rows

    recipe = opened.recipe()
    last, asked = iterations or recipe.regime, level or recipe.curriculum.highest
    parts = (
        recipe.problem.sample(asked, train, seed, "train", repeats=True),
        recipe.problem.sample(asked, count, seed, repeats=True),
    )
    table = probed(opened.model(), *parts, layer or [*range(1, last + 1)], last)
    print(table.round(4).to_string(index=False))
    print(save_rows(table, folder / "probe.csv"))
    if not layer:
        drawn = table.assign(series=recipe.name, iteration=table["place"].astype(int), accuracy=table["test_accuracy"])
        print(figures.probes_over_iterations(drawn, folder / "probe.png"))


@app.command
def similarity(
    run: OneRun,
    other: str,
    /,
    *,
    iterations: int | None = None,
    level: LevelOfTraining = None,
    count: int = 1024,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """How alike the features of two nets are, after each iteration of both (linear CKA): a table, rows, a figure.

    Parameters
    ----------
    other
        Another one for the same problem, or the same.
    iterations
        Compare the features after each iteration up to this one; by default those of training.
    count
        Puzzles that the features are of.
    """
    from longthink.training.runs import open_run

    both = open_run(run), open_run(other)
    folder = results_folder(out, both[0])
    from longthink import figures
    from longthink.measuring.inside.similarity import similarity as compared
    from longthink.measuring.rows import save_rows

    recipes = [one.recipe() for one in both]
    puzzles = recipes[0].problem.sample(level or recipes[0].curriculum.highest, count, seed, repeats=True)
    places, its = (range(1, (iterations or recipe.regime) + 1) for recipe in recipes)
    table = compared(both[0].model(), both[1].model(), puzzles.x, places, its)
    print(table.pivot(index="place", columns="other_place", values="cka").round(3).to_string())
    print(save_rows(table, folder / "similarity.csv"))
    named = table.rename(columns={"place": "series", "other_place": "other"})
    print(figures.similarity_of_nets(named, folder / "similarity.png"))


@app.command
def reuse(run: OneRun, /, *, level: LevelOfTraining = None, count: int = 200, out: Out = None) -> None:
    """How active the filters of a net are in each iteration, compared with their most active one: rows, a figure.

    Parameters
    ----------
    count
        Puzzles that the net thinks about.
    """
    opened, folder = _opened(run, out)
    from longthink import figures
    from longthink.measuring.rows import save_rows
    from longthink.study.evaluators import Reused

    recipe = opened.recipe()
    evaluator = Reused(level=level or recipe.curriculum.highest, count=count)
    table = evaluator.run(opened).assign(series=recipe.name)
    print(table[["iteration", "used", "decile_5"]].round(4).to_string(index=False))
    print(f"{table['reused'].iloc[0]:.2%} of {evaluator.measured}")
    print(save_rows(table, folder / "reuse.csv"))
    print(figures.activity_of_filters(table, folder / "reuse.png"))


@app.command
def features(run: str, /, *, filters: int = 6, count: int = 200, out: Path | None = None) -> None:
    """Pictures of what the most active filters are looking for after each iteration: a figure. For nets of images.

    Parameters
    ----------
    run
        A run's folder or name, or a hub id.
    filters
        How many of them.
    count
        Images that say which filters are the most active, and what the statistics of real images are.
    out
        Folder for the figure; by default the run's own.
    """
    opened, folder = _opened(run, out)
    from longthink import figures
    from longthink.study.evaluators import Pictured

    recipe = opened.recipe()
    evaluator = Pictured(level=recipe.curriculum.highest, count=count, filters=filters)
    table = evaluator.run(opened).assign(series=recipe.name, seed=recipe.seed)
    print(table.groupby(["filter", "iteration"])["gain"].first().unstack().round(2).to_string())
    print(figures.pictures_of_features(table, folder / "features.png"))


def _opened(run: str, out: Path | None) -> "tuple[Run, Path]":
    """A run, and where results about it go. Raises UserError before torch is imported."""
    from longthink.training.runs import open_run

    opened = open_run(run)
    return opened, results_folder(out, opened)


def _of_levels(
    opened: "Run",
    levels: Iterable[int],
    count: int,
    seed: int,
    measure: "Callable[[Thinker, Puzzles], pd.DataFrame]",
) -> "pd.DataFrame":
    """What is measured of a run's net on puzzles of each level, in one table."""
    import pandas as pd

    problem, model = opened.recipe().problem, opened.model()
    of_levels = [problem.sample(level, count, seed) for level in levels]  # all, before the work begins
    tables = [measure(model, puzzles) for puzzles in of_levels]
    return pd.concat(tables, ignore_index=True)
