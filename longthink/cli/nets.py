"""Commands that make nets think: quickstart, train, test, solve."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

from cyclopts import Parameter

from longthink.base.errors import UserError
from longthink.base.splits import Split
from longthink.cli._app import (
    Accelerator,
    AttemptsAtEach,
    Changes,
    Choose,
    Count,
    HardLevels,
    Interrupted,
    OneRun,
    Options,
    Out,
    Seed,
    StopRule,
    Tolerance,
    Typed,
    app,
    as_typed,
    changes_from,
    changes_of,
    recipe_changes,
    results_folder,
    thinking_from,
)

if TYPE_CHECKING:
    from longthink.contracts import Ends, Thought
    from longthink.thinking.precision import Precision

TELLING = ("width", "head", "recall", "norm", "limit")
"""Options of a net that is converted that are told."""
TOLD_AT_THE_STOP = [
    *("series", "level", "seed", "puzzles", "stop", "choice", "attempts"),
    *("accuracy", "any", "stopped", "iterations", "seconds"),
]
ROWS = ("csv", "parquet")
PATIENCE = 20
"""A net may think this many times as long as it did in training for a puzzle of the same level, AT_LEAST so long."""
AT_LEAST = 100
MOST_PROCESSORS = 2**16


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
    from longthink.training.loop import train as train_recipe
    from longthink.training.runs import Run

    recipe = registry.find("recipes", "prefix_sums_laptop")()
    levels = [recipe.curriculum.highest, level]
    for one in levels:
        recipe.problem.sample(one, count)
    try:
        run = train_recipe(recipe, out, resume=Run(out).begun)
    except KeyboardInterrupt as interruption:
        raise Interrupted("the same command goes on.") from interruption
    print(f"trained on at most {recipe.curriculum.highest} bits in {run.seconds():.0f} s: {run.folder}")
    test(str(out), level=levels, count=count)


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
    seconds: float | None = None,
) -> None:
    """Train a recipe into runs/NAME. Any option of the recipe can be changed: --model.width 64 --seed 3.

    `longthink show RECIPE` lists them with their values.

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
    seconds
        Train for so long, starting included, and leave a checkpoint to go on from with --resume.
    """
    if threads is not None and threads < 1:
        raise UserError(f"A process has at least 1 thread, not {threads}.")
    for what, number in (("threads", threads), ("devices", devices), ("nodes", nodes)):
        if number is not None and number > MOST_PROCESSORS:
            raise UserError(f"There are no {number} {what}; ask for {MOST_PROCESSORS} at most.")
    from longthink.training import runs

    if resume and Path(recipe).is_dir():
        out = out or Path(recipe)
    changes = recipe_changes(options) | ({} if name is None else {"name": name})
    chosen = runs.recipe_of(recipe).revised(changes)
    import torch

    from longthink.base.processor import cap_instructions
    from longthink.training.loop import train as train_recipe

    folder = out or runs.RUNS / f"{chosen.name}-{chosen.seed}"
    if threads is not None:
        torch.set_num_threads(threads)
    width = chosen.model.options.get("width")
    if isinstance(width, int) and chosen.precision == "32-true":
        cap_instructions(width)
    try:
        run = train_recipe(
            chosen,
            folder,
            resume=resume,
            devices=devices,
            nodes=nodes,
            accelerator=accelerator,
            checkpoint_seconds=checkpoint_seconds,
            seconds=seconds,
            tensorboard=tensorboard,
        )
    except KeyboardInterrupt as interruption:
        begun = runs.Run(folder).begun
        kept = f"go on with `longthink train {folder} --resume`." if begun else "nothing was begun."
        raise Interrupted(kept) from interruption
    if not run.finished:
        print(f"{folder}: the time is over; go on with `longthink train {folder} --resume`.")
        return
    numbers = run.threads()
    if len(numbers) > 1:
        told = " and ".join(map(str, numbers))
        print(f"trained with {told} CPU threads: without the interruption, the last bits of weights would be others")
    evaluated = next((row for row in reversed(run.history()) if "loss" not in row), None)
    if evaluated is None:  # its history was removed
        print(run.folder)
        return
    name, score = next((name, score) for name, score in evaluated.items() if name != "step")
    said = f"{score:.2%}" if name.endswith("accuracy") else f"{score:.4g}"
    print(f"{run.folder}: {name.replace('_', ' ')} {said}")


@app.command
def convert(file: Path, /, *options: Options, out: Path, problem: str | None = None) -> None:
    """Make a run of a net that others trained, a checkpoint of deep-thinking or easy-to-hard. Nothing in it is run.

    Options that weights do not tell can be set: --model.norm inside for a net with group norm.

    Parameters
    ----------
    file
        The checkpoint, model_best.pth or the like.
    out
        Folder of the run.
    problem
        What the net is for; by default prefix_sums, mazes or chess_puzzles, as its input says.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    from longthink.training.converting import convert as convert_net

    run = convert_net(file, out, problem, changes_from(options))
    recipe, net = run.recipe(), run.model()
    size = sum(parameter.numel() for parameter in net.parameters())
    told = ", ".join(f"{name} {value}" for name, value in recipe.model.options.items() if name in TELLING)
    print(f"{run.folder}: {recipe.model.name} of {size:,} parameters ({told})")
    print(f"for {recipe.options()['problem.name']}; how it was trained is not known")


@app.command
def test(
    *runs: Typed,
    level: HardLevels = None,
    iterations: int = 400,
    every: int | None = None,
    stop: StopRule = None,
    breadth: AttemptsAtEach = None,
    choose: Choose = None,
    count: Count = 1000,
    seed: Seed = 0,
    exit_rule: str = "default",
    tolerance: Tolerance = None,
    change: Changes = None,
    split: Split = "test",
    precision: str | None = None,
    out: Out = None,
    rows: str = "csv",
) -> None:
    """Accuracy against iterations on puzzles never seen in training: a table, a rows file, a figure.

    With --stop or --breadth, accuracy where the rule ends each thought, with 1, 2, 4, ... attempts at each puzzle.

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
    precision
        fp32; bf16, numbers of 16 bits; or auto, the default: of bf16, local thinking and fp32 the fastest that answers
        a part of the puzzles as fp32 does. The rows say which it was.
    rows
        csv or parquet.
    """
    first = next((place for place, word in enumerate(runs) if word.startswith("--")), len(runs))
    runs, tokens = runs[:first], runs[first:]
    rules = thinking_from(stop, breadth, choose, tokens, inspect.signature(test).parameters)
    stops = stop is not None or breadth is not None
    if stops and (every is not None or exit_rule != "default" or tolerance is not None or precision is not None):
        raise UserError("With --stop or --breadth there is no --every, --exit-rule, --tolerance or --precision.")
    if not runs:
        raise UserError("Say which run to test: a shipped net (`longthink list nets`) or the folder of a run.")
    if rows not in ROWS:
        raise UserError(f"Rows are written as {' or '.join(ROWS)}, not as '{rows}'.")
    from longthink.training.runs import open_run

    opened = [open_run(run) for run in runs]
    changes = changes_of(change)
    from longthink import figures
    from longthink.measuring.rows import check_kind, save_rows
    from longthink.study.compare import compare, compare_attempts, summary
    from longthink.thinking.breadth import PLAIN

    check_kind(Path(f"rows.{rows}"))
    levels = level or opened[0].recipe().revised(changes).problem.hard
    folder = results_folder(out, opened[0])
    stem = ("stop-" if stops else "test-") + "-".join(str(one) for one in dict.fromkeys(levels))
    path = folder / f"{stem}.{rows}"
    kept = False

    def keep(table: "object") -> None:
        nonlocal kept
        save_rows(table, path)  # type: ignore[arg-type]
        kept = True

    try:
        if stops:
            table = compare_attempts(
                opened,
                levels,
                iterations,
                rules.stop,
                rules.breadth or PLAIN,
                rules.choice,
                count,
                seed,
                changes=changes,
                split=split,
                keep=keep,
            )
        else:
            table = compare(
                opened,
                levels,
                iterations,
                every,
                count,
                seed,
                exit_rule,
                tolerance=tolerance,
                changes=changes,
                split=split,
                precision=cast("Precision", precision or "auto"),
                keep=keep,
            )
    except KeyboardInterrupt as interruption:
        raise Interrupted(f"what is finished is in {path}." if kept else "nothing was finished.") from interruption
    told = table[TOLD_AT_THE_STOP] if stops else summary(table)
    shown = dict.fromkeys(("peak", "final", "accuracy", "any", "stopped"), "{:.2%}".format)
    print(told.to_string(index=False, formatters={name: form for name, form in shown.items() if name in told}))
    print(save_rows(table, path))
    draw = figures.accuracy_over_attempts if stops else figures.accuracy_over_iterations
    print(draw(table, folder / f"{stem}.png"))


@app.command
def solve(
    run: OneRun,
    puzzle: Typed,
    /,
    *options: Options,
    iterations: int | None = None,
    stop: StopRule = None,
    breadth: AttemptsAtEach = None,
    choose: Choose = None,
    seconds: float | None = None,
    precision: str = "fp32",
    start: str | None = None,
    end: str | None = None,
    every: int | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    at: list[int] | None = None,
) -> None:
    """Solve one puzzle of your own, and say whether the answer is right.

    Parameters
    ----------
    puzzle
        For prefix sums a bit string; for mazes a file with a picture or a text of one, or its rows; for chess a
        position in FEN, with the answer after it if it is known: "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 a1a8"; for sudoku
        the cells, row by row, 0 or . for blank. Words are joined, and - is what standard input has.
    iterations
        Think at most so long; by default long enough for the state to settle.
    seconds
        Think no longer than so many seconds; what the net answers by then is told.
    precision
        fp32, or bf16 for numbers of 16 bits, in which settled is that the state is at rest.
    start
        Where a maze starts that does not show its ends, as x,y: pixels of its picture, or characters of its text, both
        counted from 0 at the top left.
    end
        Where it ends.
    every
        Also print the answer of every so many iterations, and how confident the net is of it.
    out
        The answer as a picture (.png, .jpg, .svg, .json), or the thinking as a film: .webp, .gif or .mp4. For strings,
        a picture of both.
    at
        Draw the confidence after this iteration, between puzzle and answer; repeat the option for several.
    """
    puzzle, options = as_typed(puzzle, options)  # type: ignore[assignment]
    if at and out is None:
        raise UserError("Iterations are drawn into a picture; say which with -o PICTURE.")
    if every is not None and every < 1:
        raise UserError(f"Answers are told every 1 or more iterations, not every {every}.")
    ends = _ends(start, end)
    rules = thinking_from(stop, breadth, choose, options)
    if breadth is not None and (every or at or seconds or precision != "fp32"):
        raise UserError("Several attempts have no frames and no time limit, and think in fp32: leave out --breadth.")
    from longthink.training import runs

    as_film = out is not None and _check_drawn(out, bool(at))
    opened = runs.open_run(run)
    from tqdm import tqdm

    from longthink.measuring.solve import Film
    from longthink.measuring.solve import solve as solve_one

    recipe, net = opened.recipe(), opened.model()
    view = recipe.problem.view
    puzzles = view.parse(puzzle) if ends is None else view.parse_between(puzzle, ends)
    problem = puzzles.problem
    if iterations is None and net.limit is None:
        iterations = max(AT_LEAST, PATIENCE * recipe.curriculum.iterations_at(puzzles.level))
    if as_film and breadth is not None:
        raise UserError("A film is of one attempt: leave out --breadth, or give a picture with -o.")
    film = Film(puzzles, at or ()) if at or as_film else None
    bar = tqdm(unit="iteration", total=iterations or net.limit, disable=None, leave=False)

    def watch(thought: "Thought") -> None:
        bar.update()
        if film is not None:
            film(thought)
        if every is not None and thought.iteration % every == 0:
            output = thought.read()
            confidence = float(problem.confidence(output, puzzles)[0])
            with tqdm.external_write_mode():
                print(f"iteration {thought.iteration}: {view.describe(output, puzzles)}, confidence {confidence:.2%}")

    with bar:
        solution = solve_one(
            net,
            puzzles,
            iterations,
            rules.stop,
            None if breadth is not None else watch,
            seconds,
            cast(Literal["fp32", "bf16"], precision),
            rules.breadth,
            rules.choice,
        )
    print(solution.text)
    verdict = {None: "the solution is not known", True: "right", False: "wrong"}[solution.solved]
    ended = (
        f"not {stop or 'settled'} in"
        if solution.why in ("limit", "time")
        else f"{solution.why.replace('_', ' ')} after"
    )
    attempts = "" if breadth is None else f" of {solution.attempts} attempt{'s' * (solution.attempts > 1)}"
    print(
        f"{verdict}, confidence {solution.confidence:.2%}, {ended} {solution.iterations} iterations{attempts},"
        f" {solution.seconds:.1f} s"
    )
    for remark in view.remarks(puzzles):
        print(remark)
    if out is None:
        return
    from longthink import figures

    if film is not None and at:
        print(figures.strip(film.strip(solution.answers[0]), out))
    elif film is not None:
        print(figures.film(list(film.scenes().values()), out))
    elif problem.spec.positions == "line" and problem.spec.ndim == 1 and out.suffix in figures.DRAWN:
        from longthink.measuring.decisions import trace

        print(figures.confidence_over_iterations(trace(net, puzzles, solution.iterations), out))
    else:
        print(figures.picture(view.scene(puzzles, solution.answers[0]), out))


def _ends(start: str | None, end: str | None) -> "Ends | None":
    """What was given as --start 12,30 --end 400,388. Raises UserError for what is no pair of numbers, and for one."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise UserError("A maze has two ends; give both --start and --end, or neither.")
    places = [text.replace(",", " ").split() for text in (start, end)]
    if not all(len(place) == 2 and all(one.isdecimal() and len(one) < 9 for one in place) for place in places):
        raise UserError(f"Ends are two numbers each, like --start 12,30 --end 400,388, and not '{start}' and '{end}'.")
    first, last = ((int(x), int(y)) for x, y in places)
    return first, last


def _check_drawn(out: Path, as_strip: bool) -> bool:
    """Whether an answer is drawn as a film. Raises UserError for a file that it cannot be drawn as, or written to."""
    from longthink import figures
    from longthink.base.files import check_writable

    kinds = figures.DRAWN if as_strip else {**figures.PICTURES, **figures.FILMS}
    if out.suffix not in kinds:
        raise UserError(f"An answer is drawn as one of {', '.join(kinds)}, not as '{out.suffix}'.")
    check_writable(out.parent)
    return out.suffix in figures.FILMS
