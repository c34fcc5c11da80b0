"""Commands about what there is: puzzles and files of them, and everything else by name."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from longthink.cli._app import Count, Options, Seed, app, changes_from
from longthink.contracts import Split
from longthink.errors import UserError


@app.command
def data(
    problem: str,
    /,
    *options: Options,
    level: list[int] | None = None,
    out: Path,
    count: Count = 10_000,
    seed: Seed = 0,
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
    split
        train, validation or test; no puzzle is in two of them.
    format
        arrays, easy-to-hard for the official files, maze-image for pictures, lichess, idx, image-folder, image-table,
        sudoku-lines or sudoku-csv.
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
        print(registry.call("miners", problem, changes_from(options), folder=out, count=count, seed=seed))
        return
    if source:
        puzzles, skipped = registry.find("formats", format)().import_files(source, out, skip)
        print(f"{out}: {puzzles} puzzles" + (f", {skipped} lines left out" if skipped else ""))
        return
    if not level:
        raise UserError("Say of which level the puzzles shall be: --level 9; repeat the option for several.")

    if count < 1:
        raise UserError(f"Ask for at least 1 puzzle, not {count}.")
    maker, writer = registry.build("problems", problem, changes_from(options)), registry.find("formats", format)()
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
