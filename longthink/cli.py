"""The command line: it parses, calls and prints. Whatever a user can get wrong ends in one sentence and exit code 2."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import cyclopts
from cyclopts import App, Parameter

from longthink.contracts import Split
from longthink.errors import UserError

app = App(
    name="longthink",
    help="Train a small recurrent net on easy puzzles, run it for longer, and solve hard ones.",
    help_format="plaintext",
)

Options = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]


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
    accelerator: str = "auto",
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
    accelerator
        cpu, cuda, or auto.
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
    changes = _changes(options) | ({} if name is None else {"name": name})
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
    level: list[int] | None = None,
    iterations: int = 400,
    every: int | None = None,
    count: int = 1000,
    seed: int = 0,
    exit_rule: str = "default",
    tolerance: float | None = None,
    out: Path | None = None,
    rows: str = "csv",
) -> None:
    """Accuracy against iterations on puzzles never seen in training: a table, a rows file, a figure.

    Parameters
    ----------
    runs
        One or more of: a shipped net's name, a run's folder or name, a hub id. Seeds of one recipe are averaged.
    level
        Level of the puzzles; repeat the option for several. By default the problem's hard levels.
    iterations
        How long to think.
    every
        Measure every so many iterations; by default 50 times in all.
    count
        Puzzles of each level.
    seed
        Seed of the test puzzles.
    exit_rule
        default, or max_confidence (section 4.3).
    tolerance
        For large grids: compute only where the state still moves by more than this, like 0.1.
    out
        Folder for rows and figure; by default the first run's own, or runs/NAME for a shipped net.
    rows
        csv or parquet.
    """
    from longthink import evaluate, figures
    from longthink.runs import open_run

    if not runs:
        raise UserError("Say which run to test: a shipped net (`longthink list nets`) or the folder of a run.")
    opened = [open_run(run) for run in runs]
    table = evaluate.compare(opened, level, iterations, every, count, seed, exit_rule, tolerance=tolerance)
    folder = out or opened[0].results
    stem = "test-" + "-".join(str(one) for one in table["level"].unique())
    shown = dict.fromkeys(("peak", "final"), "{:.2%}".format)
    print(evaluate.summary(table).to_string(index=False, formatters=shown))
    print(evaluate.save_rows(table, folder / f"{stem}.{rows}"))
    print(figures.accuracy_over_iterations(table, folder / f"{stem}.png"))


@app.command
def solve(
    run: str,
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
    run
        A shipped net's name, a run's folder or name, or a hub id.
    puzzle
        For prefix sums a bit string, for mazes a picture of one, for chess a position in FEN, with the answer after it
        if it is known: "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 a1a8".
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
def decisions(
    run: str,
    /,
    *,
    level: list[int] | None = None,
    iterations: int = 1000,
    count: int = 100,
    seed: int = 0,
    tolerance: float | None = None,
    out: Path | None = None,
) -> None:
    """What solving costs the net, and which known algorithm it agrees with: a table, a rows file, a figure.

    Parameters
    ----------
    run
        A shipped net's name, a run's folder or name, or a hub id.
    level
        Level of the puzzles; repeat the option for several. By default the problem's hard levels.
    iterations
        How long to think at most.
    count
        Puzzles of each level.
    seed
        Seed of the test puzzles.
    tolerance
        For large grids: compute only where the state still moves by more than this, like 0.1.
    out
        Folder for rows and figure; by default the run's own, or runs/NAME for a shipped net.
    """
    import pandas as pd

    from longthink import evaluate, figures
    from longthink.runs import open_run

    opened = open_run(run)
    problem, model = opened.recipe().problem, opened.model()
    tables = [
        evaluate.decisions(model, problem.sample(one, count, seed), iterations, tolerance)
        for one in level or problem.hard
    ]
    table = pd.concat(tables, ignore_index=True)
    folder = out or opened.results
    print(table.groupby("level").mean().round(3).to_string())
    print(evaluate.save_rows(table, folder / "decisions.csv"))
    print(figures.cost_of_thinking(table, folder / "decisions.png"))


@app.command
def perturb(
    run: str,
    /,
    *options: Options,
    using: Annotated[str, Parameter(name="--with")],
    at: int = 50,
    iterations: int = 150,
    level: list[int] | None = None,
    count: int = 100,
    seed: int = 0,
    out: Path | None = None,
) -> None:
    """Disturb a net while it thinks and see whether it recovers. Options of the perturbation can be set: --index 40.

    Parameters
    ----------
    run
        A shipped net's name, a run's folder or name, or a hub id.
    using
        A perturbation's name (`longthink list perturbations`).
    at
        Disturb it after this iteration.
    iterations
        How long to think in all.
    level
        Level of the puzzles; repeat the option for several. By default the problem's least hard one.
    count
        Puzzles of each level.
    seed
        Seed of the test puzzles, and of what is random in the perturbation.
    out
        Folder for rows and figure; by default the run's own, or runs/NAME for a shipped net.
    """
    import pandas as pd

    from longthink import dynamics, evaluate, figures, registry
    from longthink.runs import open_run

    opened, perturbation = open_run(run), registry.build("perturbations", using, _changes(options))
    problem, model = opened.recipe().problem, opened.model()
    tables = [
        dynamics.perturb(model, problem.sample(one, count, seed), chosen, at, iterations, seed)
        for one in level or problem.hard[:1]
        for chosen in (None, perturbation)
    ]
    table = pd.concat(tables, ignore_index=True)
    folder, stem = out or opened.results, f"perturb-{using.replace('-', '_')}"
    print(dynamics.fared(table).to_string(index=False))
    print(evaluate.save_rows(table, folder / f"{stem}.csv"))
    print(figures.perturbed(table, folder / f"{stem}.png"))


@app.command
def dynamics(
    run: str,
    /,
    *,
    level: list[int] | None = None,
    iterations: int = 1000,
    count: int = 100,
    seed: int = 0,
    out: Path | None = None,
) -> None:
    """What becomes of a net's state: fixed point, cycle or neither, path independence, sensitivity: a table and rows.

    Parameters
    ----------
    run
        A shipped net's name, a run's folder or name, or a hub id.
    level
        Level of the puzzles; repeat the option for several. By default the problem's least hard one.
    iterations
        How long to think.
    count
        Puzzles of each level.
    seed
        Seed of the test puzzles.
    out
        Folder for the rows; by default the run's own, or runs/NAME for a shipped net.
    """
    import pandas as pd

    from longthink import evaluate
    from longthink.dynamics import fates
    from longthink.runs import open_run

    opened = open_run(run)
    problem, model = opened.recipe().problem, opened.model()
    tables = [fates(model, problem.sample(one, count, seed), iterations, seed) for one in level or problem.hard[:1]]
    table = pd.concat(tables, ignore_index=True)
    shares = pd.crosstab(table["level"], table["fate"], normalize="index")
    means = table.groupby("level")[["solved", "ever", "alignment", "lyapunov"]].mean()
    print(shares.join(means).round(4).to_string())
    print(evaluate.save_rows(table, (out or opened.results) / "dynamics.csv"))


@app.command
def reproduce(
    *names: str,
    scale: Literal["laptop", "thesis"] = "laptop",
    seeds: int = 3,
    on: str = "local",
    workers: int | None = None,
    accelerator: str = "auto",
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
    accelerator
        cpu, cuda, or auto.
    change
        Change an option of every recipe, as in problem.source=DIR; repeat the option for several.
    out
        Folder for the pages, and for README.md with a list of them if there are several; trainings are kept in
        runs/trials and never done twice.
    """
    import torch

    from longthink import registry, trials
    from longthink.report import contents, report
    from longthink.reproduce import carry_out

    if not names:
        raise UserError("Say what to reproduce: `longthink list experiments` names all there is, or all.")
    chosen = registry.names("experiments") if names == ("all",) else names
    functions = [registry.find("experiments", name) for name in chosen]
    changes = _changes([f"--{one}" for one in change or ()])
    experiments = {function.__name__: function(scale).revised(changes) for function in functions}
    if names == ("all",):
        experiments = {name: experiment for name, experiment in experiments.items() if not experiment.beyond}
    if scale == "thesis" and accelerator != "cpu" and not torch.cuda.is_available():
        raise UserError(
            "The thesis scale wants a GPU, and there is none; take --scale laptop, or insist with --accelerator cpu."
        )
    done = {}
    for name, experiment in experiments.items():
        outcome = carry_out(experiment, seeds, trials.TRIALS, workers, cast(trials.Place, on), accelerator)
        done[name] = experiment, outcome
        for failure in outcome.failures:
            print(f"failed: {failure}")
        print(report(experiment, outcome, name, scale, out / name))
    if len(done) > 1:
        print(contents(done, scale, out))


@app.command
def data(
    problem: str,
    /,
    *options: Options,
    level: list[int] | None = None,
    out: Path,
    count: int = 10_000,
    seed: int = 0,
    split: Split = "train",
    format: str = "arrays",
    source: Annotated[list[Path] | None, Parameter(name="--from")] = None,
    skip: bool = False,
    mine: bool = False,
) -> None:
    """Write puzzles to files, however many. Any option of the problem can be set: --algorithm wilson --openings 0.1.

    With --from, files as others publish them become a folder for --source; with --mine, new puzzles are searched for.

    Parameters
    ----------
    problem
        A problem's name (`longthink list problems`).
    level
        Level of the puzzles; repeat the option for several.
    out
        Folder to write to.
    count
        Puzzles of each level.
    seed
        Seed of the puzzles.
    split
        train, validation or test; no puzzle is in two of them.
    format
        arrays, easy-to-hard for the official files, maze-image for pictures, or lichess.
    source
        Files to bring in, of the format that --format says; repeat the option for several.
    skip
        Leave out what is no puzzle in those files.
    mine
        Search for new puzzles, and set options of the search: --engine none.
    """
    from longthink import registry
    from longthink.evaluate import batches

    if mine:
        print(registry.call("miners", problem, _changes(options), folder=out, count=count, seed=seed))
        return
    if source:
        puzzles, skipped = registry.find("formats", format)().import_files(source, out, skip)
        print(f"{out}: {puzzles} puzzles" + (f", {skipped} lines left out" if skipped else ""))
        return
    if not level:
        raise UserError("Say of which level the puzzles shall be: --level 9; repeat the option for several.")

    if count < 1:
        raise UserError(f"Ask for at least 1 puzzle, not {count}.")
    maker, writer = registry.build("problems", problem, _changes(options)), registry.find("formats", format)()
    for one in level:
        written = writer.write(batches(maker, one, count, seed, split), count, out)
        print(f"{written[0].parent}: {count} puzzles of level {one} in {len(written)} files")


@app.command(name="list")
def list_(kind: str, /) -> None:
    """List what there is: problems, models, objectives, formats, recipes, experiments, nets, and so on.

    Parameters
    ----------
    kind
        problems, models, objectives, perturbations, formats, recipes, experiments, miners, or nets (those that ship).
    """
    from longthink import registry, runs

    if kind == "nets":
        print("\n".join(runs.shipped()))
        return
    kinds = (*registry.BASES, *registry.FUNCTIONS)
    if kind not in kinds:
        raise UserError(f"There is no list of '{kind}'; known are: {', '.join((*kinds, 'nets'))}.")
    names = registry.names(kind)
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {(registry.find(kind, name).__doc__ or '').strip().splitlines()[0]}")


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


def _changes(tokens: Sequence[str]) -> dict[str, Any]:
    """`--model.width 64 --compile` as {"model.width": 64, "compile": True}."""
    changes: dict[str, Any] = {}
    rest = list(tokens)
    while rest:
        option = rest.pop(0)
        if not option.startswith("--"):
            raise UserError(f"'{option}' is no option of a recipe; options look like --model.width 64.")
        key, equals, text = option[2:].partition("=")
        if not equals:
            text = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        try:
            changes[key] = json.loads(text)
        except json.JSONDecodeError:
            changes[key] = text
    return changes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0, or 2 where the user can put something right."""
    try:
        app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except (UserError, cyclopts.CycloptsError) as error:
        print(f"longthink: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("longthink: interrupted; a training goes on with --resume.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read has read enough, like `longthink test ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
