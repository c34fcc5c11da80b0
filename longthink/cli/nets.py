"""Commands that make nets think: train, test, solve, reproduce."""

from pathlib import Path
from typing import Annotated, Any, Literal, cast

from cyclopts import Parameter

from longthink.cli._app import (
    Accelerator,
    Count,
    HardLevels,
    OneRun,
    Options,
    Out,
    Seed,
    Tolerance,
    app,
    changes_from,
    changes_of,
)
from longthink.contracts import Split
from longthink.errors import UserError


@app.command
def quickstart(*, out: Path = Path("runs/quickstart"), level: int = 512, count: int = 1000) -> None:
    """Train prefix sums on at most 32 bits in about a minute, test at 512 bits, leave a figure.

    Parameters
    ----------
    out
        Folder of the run; a run that is already there is resumed, or only tested again.
    level
        Bits of the test strings.
    count
        How many of them.
    """
    from longthink import registry
    from longthink.train import train as train_recipe

    recipe = registry.find("recipes", "prefix_sums_laptop")()
    run = train_recipe(recipe, out, resume=out.exists())
    print(f"trained on at most {recipe.curriculum.highest} bits in {run.seconds():.0f} s: {run.folder}")
    test(str(out), level=[recipe.curriculum.highest, level], count=count)


@app.command
def train(
    recipe: str,
    /,
    *options: Options,
    name: str | None = None,
    out: Path | None = None,
    resume: bool = False,
    devices: int = 1,
    nodes: int = 1,
    accelerator: Accelerator = "auto",
    threads: int | None = None,
    tensorboard: bool = False,
    checkpoint_seconds: float = 30.0,
) -> None:
    """Train a recipe into runs/NAME. Any option of the recipe can be changed: --model.width 64 --seed 3.

    Parameters
    ----------
    recipe
        A recipe's name (`longthink list recipes`), a recipe.json, or the folder of a run (to resume it).
    name
        Another name for the recipe: what tables and figures call it.
    out
        Folder of the run; by default runs/NAME-SEED.
    resume
        Go on after an interruption.
    devices
        Processes on this machine.
    nodes
        Machines; under torchrun, what torchrun says counts.
    threads
        CPU threads of each process.
    tensorboard
        Also write TensorBoard files into the run's folder.
    checkpoint_seconds
        Seconds between checkpoints.
    """
    import torch

    from longthink import runs
    from longthink.train import train as train_recipe

    if resume and Path(recipe).is_dir():
        out = out or Path(recipe)
    changes = changes_from(options) | ({} if name is None else {"name": name})
    chosen = _recipe(recipe).revised(changes)
    if threads is not None:
        torch.set_num_threads(threads)
    run = train_recipe(
        chosen,
        out or runs.RUNS / f"{chosen.name}-{chosen.seed}",
        resume=resume,
        devices=devices,
        nodes=nodes,
        accelerator=accelerator,
        checkpoint_seconds=checkpoint_seconds,
        tensorboard=tensorboard,
    )
    print(f"{run.folder}: validation accuracy {run.history()[-1]['validation_accuracy']:.2%}")


@app.command
def test(
    *runs: str,
    level: HardLevels = None,
    iterations: int = 400,
    every: int | None = None,
    count: Count = 1000,
    seed: Seed = 0,
    exit_rule: str = "default",
    tolerance: Tolerance = None,
    change: list[str] | None = None,
    split: Split = "test",
    out: Out = None,
    rows: str = "csv",
) -> None:
    """Accuracy against iterations on puzzles never seen in training: a table, a rows file, a figure.

    Parameters
    ----------
    runs
        One or more of: a shipped net's name, a run's folder or name, a hub id. Seeds of one recipe are averaged.
    iterations
        How long to think.
    every
        Measure every so many iterations; by default 50 times in all.
    exit_rule
        default, or max_confidence (section 4.3).
    change
        Change an option of the problem, as in problem.source=DIR; repeat the option for several.
    split
        Another split is as good as test where the net was trained on another source.
    rows
        csv or parquet.
    """
    from longthink import evaluate, figures
    from longthink.runs import open_run

    if not runs:
        raise UserError("Say which run to test: a shipped net (`longthink list nets`) or the folder of a run.")
    opened = [open_run(run) for run in runs]
    changes = changes_of(change)
    table = evaluate.compare(
        opened, level, iterations, every, count, seed, exit_rule, tolerance=tolerance, changes=changes, split=split
    )
    folder = out or opened[0].results
    stem = "test-" + "-".join(str(one) for one in table["level"].unique())
    shown = dict.fromkeys(("peak", "final"), "{:.2%}".format)
    print(evaluate.summary(table).to_string(index=False, formatters=shown))
    print(evaluate.save_rows(table, folder / f"{stem}.{rows}"))
    print(figures.accuracy_over_iterations(table, folder / f"{stem}.png"))


@app.command
def solve(
    run: OneRun,
    puzzle: str,
    /,
    *,
    iterations: int | None = None,
    every: int | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    at: list[int] | None = None,
) -> None:
    """Solve one puzzle of your own, and say whether the answer is right.

    Parameters
    ----------
    puzzle
        For prefix sums a bit string, for mazes a picture of one, for chess a position in FEN, with the answer after it
        if it is known: "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 a1a8"; for sudoku the cells, row by row, 0 or . for blank.
    iterations
        Think at most so long; by default until the state settles.
    every
        Also print the answer of every so many iterations, and how confident the net is of it.
    out
        The answer as a picture, or the thinking as a film: .webp, .gif or .mp4. For strings, a picture of both.
    at
        Draw the confidence after this iteration, between puzzle and answer; repeat the option for several.
    """
    from longthink import figures, runs
    from longthink.evaluate import trace
    from longthink.solving import Film
    from longthink.solving import solve as solve_one

    kinds = figures.PICTURES if at else figures.PICTURES | figures.FILMS
    if out is not None and out.suffix not in kinds:
        raise UserError(f"An answer is drawn as one of {', '.join(kinds)}, not as '{out.suffix}'.")
    film = Film(at or ()) if out is not None and (at or out.suffix in figures.FILMS) else None
    opened = runs.open_run(run)
    solution = solve_one(
        opened, puzzle, iterations, film, None if every is None else _tell, 1 if every is None else every
    )
    print(solution.text)
    print(
        f"{_verdict(solution.solved)}, confidence {solution.confidence:.2%},"
        f" {'settled after' if solution.settled else 'not settled in'} {solution.iterations} iterations,"
        f" {solution.seconds:.1f} s"
    )
    if out is None:
        return
    problem = solution.puzzles.problem
    if film is not None and at:
        print(figures.strip(film.strip(solution.puzzles), out))
    elif film is not None:
        print(figures.film(list(film.pictures(solution.puzzles).values()), out))
    elif problem.ndim == 1:
        thoughts = trace(opened.model(), solution.puzzles, solution.iterations)
        print(figures.confidence_over_iterations(thoughts, out))
    else:
        print(figures.picture(problem.render(solution.puzzles, solution.answers[0]), out))


@app.command
def reproduce(
    *names: str,
    scale: Literal["laptop", "thesis"] = "laptop",
    seeds: int = 3,
    on: str = "local",
    workers: int | None = None,
    accelerator: Accelerator = "auto",
    change: list[str] | None = None,
    out: Path = Path("reports"),
) -> None:
    """Carry out experiments of the dissertation: train what is missing, test, write a page with its numbers and ours.

    Parameters
    ----------
    names
        Experiments (`longthink list experiments`), like table-5.2, or all that the dissertation has.
    scale
        laptop, or thesis for the dissertation's own settings, which want a GPU.
    seeds
        Trainings of each net, with seeds from 0.
    on
        local for processes of this machine, ray for a cluster.
    workers
        Trainings at a time; by default as many as there are CPUs.
    change
        Change an option of every recipe, as in problem.source=DIR; repeat the option for several.
    out
        Folder for the pages, and for README.md with a list of them if there are several; trainings are kept in
        runs/trials and never done twice.
    """
    import torch

    from longthink import registry, trials
    from longthink.report import as_typed, contents, report
    from longthink.reproduce import NothingCameThrough, carry_out

    if not names:
        raise UserError("Say what to reproduce: `longthink list experiments` names all there is, or all.")
    chosen = registry.names("experiments") if names == ("all",) else names
    functions = [registry.find("experiments", name) for name in chosen]
    changes = changes_of(change)
    experiments = {function.__name__: function(scale).revised(changes) for function in functions}
    if names == ("all",):
        experiments = {name: experiment for name, experiment in experiments.items() if not experiment.beyond}
    if scale == "thesis" and accelerator != "cpu" and not torch.cuda.is_available():
        raise UserError(
            "The thesis scale wants a GPU, and there is none; take --scale laptop, or insist with --accelerator cpu."
        )
    done, failed = {}, []
    for name, experiment in experiments.items():
        try:
            outcome = carry_out(experiment, seeds, trials.TRIALS, workers, cast(trials.Place, on), accelerator)
        except NothingCameThrough as error:
            failed.append(f"{as_typed(name)}: {error}")
            continue
        done[name] = experiment, outcome
        for failure in outcome.failures:
            print(f"failed: {failure}")
        print(report(experiment, outcome, name, scale, out / name))
    if len(done) > 1:
        print(contents(done, scale, out))
    if failed:
        raise UserError(" ".join(failed))


def _tell(iteration: int, text: str, confidence: float) -> None:
    print(f"iteration {iteration}: {text}, confidence {confidence:.2%}")


def _verdict(solved: bool | None) -> str:
    return "the solution is not known" if solved is None else "right" if solved else "wrong"


def _recipe(name: str) -> Any:
    """A recipe from a file, a run's folder, or the registry."""
    from longthink import registry, runs
    from longthink.recipe import parse_recipe

    if Path(name).is_file():
        return parse_recipe(Path(name).read_text())
    if Path(name).is_dir():
        return runs.Run(Path(name)).recipe()
    return registry.find("recipes", name)()
