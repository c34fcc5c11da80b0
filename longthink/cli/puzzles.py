"""Commands about what there is: puzzles and files of them, and everything else by name."""

import os
from pathlib import Path

from longthink.base.errors import UserError, suggest
from longthink.base.splits import Split
from longthink.cli._app import Count, Interrupted, Options, Seed, app, changes_from


@app.command
def make(
    problem: str,
    /,
    *options: Options,
    level: list[int],
    out: Path,
    count: Count = 10_000,
    seed: Seed = 0,
    split: Split = "train",
    format: str = "arrays",
) -> None:
    """Write new puzzles to files, however many. Any option of the problem can be set: --algorithm wilson.

    Parameters
    ----------
    problem
        A problem's name (`longthink list problems`).
    level
        Level of the puzzles; repeat the option for several.
    out
        Folder to write to.
    split
        train, validation or test; no puzzle is in two of them.
    format
        arrays, easy-to-hard for the official files, maze-image for pictures, ... (`longthink list formats`).
    """
    from longthink import registry
    from longthink.base.files import check_writable

    if count < 1:
        raise UserError(f"Ask for at least 1 puzzle, not {count}.")
    registry.check("formats", format)
    maker, writer = registry.build("problems", problem, changes_from(options)), registry.build("formats", format, {})
    check_writable(out)
    from longthink.problems.batches import batches

    for one in level:
        written = writer.write(batches(maker, one, count, seed, split), count, out)
        print(f"{_folder_of(written)}: {count} puzzles of {maker.says(one)} in {len(written)} files")


def _folder_of(files: list[Path]) -> Path:
    """The folder that all files are in."""
    return Path(os.path.commonpath([file.parent for file in files]))


@app.command(name="import")
def import_(file: Path, /, *options: Options, format: str, out: Path, skip: bool = False) -> None:
    """Bring in files as others publish them: a folder for --problem.source. Options of the format select from them.

    Several files may be named, one after the other. With --format lichess, --themes mateIn1 --count 10.

    Parameters
    ----------
    file
        A file, a folder, or a data set of the hub.
    format
        lichess, idx, cifar, image-folder, image-table, sudoku-lines, sudoku-csv, maze-csv, maze-text,
        maze-image or easy-to-hard (of mazes).
    out
        Folder to make.
    skip
        Leave out what is no puzzle.
    """
    from longthink import registry
    from longthink.base.files import check_writable

    first = next((place for place, token in enumerate(options) if token.startswith("--")), len(options))
    reader = registry.build("formats", format, changes_from(options[first:]))
    check_writable(out)
    puzzles, skipped = reader.import_files([file, *map(Path, options[:first])], out, skip)
    told = f", {skipped} left out" if skipped else ""
    print(f"{out}: {puzzles} puzzle{'' if puzzles == 1 else 's'}{told}")


@app.command
def mine(problem: str, /, *options: Options, out: Path, count: int = 20_000, seed: int = 0) -> None:
    """Search for new puzzles of a problem. Options of the search can be set: --engine none.

    Parameters
    ----------
    problem
        A problem's name (`longthink list miners`).
    out
        Folder to write to; a search that was broken off goes on in it.
    count
        How many new puzzles.
    seed
        Seed of the search.
    """
    from longthink import registry
    from longthink.base.files import check_writable

    changes = changes_from(options)
    registry.check("miners", problem, changes)
    check_writable(out)
    try:
        print(registry.call("miners", problem, changes, folder=out, count=count, seed=seed).file)
    except KeyboardInterrupt as interruption:
        raise Interrupted("the same command goes on where this one was.") from interruption


@app.command(show=False)
def data(*_: Options) -> None:
    """What it was called before there were three commands."""
    raise UserError(
        "There is no command data any more: `longthink make` writes new puzzles, `longthink import` brings in files of"
        " others, and `longthink mine` searches for puzzles."
    )


@app.command(name="list")
def list_(kind: str | None = None, /) -> None:
    """List what there is, a line each, and what is to be known first of it.

    Parameters
    ----------
    kind
        problems, models, games, objectives, perturbations, stops, choices, optimisers, formats, recipes, experiments,
        evaluators, tasks, miners, or nets (those that ship). Without it, how many there are of each.
    """
    from longthink import registry
    from longthink.cli._listing import facts_of_nets, figures_of

    kinds = (*registry.KINDS, "nets")
    if kind is None:
        for one in registry.KINDS:
            print(f"{one:13} {len(registry.names(one))}")
        print(f"{'nets':13} {len(facts_of_nets())}")
        return
    if kind not in kinds:
        raise UserError(f"There is no list of '{kind}'{suggest(kind, kinds)}; known are: {', '.join(kinds)}.")
    if kind == "nets":
        lines = facts_of_nets()
    else:
        lines = {name: [registry.summary(kind, name), *figures_of(kind, name)] for name in registry.names(kind)}
    width = max(map(len, lines))
    for name, (first, *others) in lines.items():
        print(f"{name:{width}}  {first}")
        for other in others:
            print(f"{'':{width}}  {other}")


@app.command
def show(what: str, /) -> None:
    """The options of a recipe, a run or a plugin, each with its value: what can be changed when it is trained or made.

    Parameters
    ----------
    what
        A recipe's name, a recipe.json, a run's folder, or the name of a problem, a model, ... (`longthink list`).
    """
    from longthink.cli._listing import options_of

    for line in options_of(what):
        print(line)
