"""The application that the commands are registered with, and the parameters that several of them have."""

import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import App, Parameter

from longthink.base.errors import UserError, suggest
from longthink.base.files import check_writable

if TYPE_CHECKING:
    from longthink.contracts import Choice, Stop
    from longthink.thinking.breadth import Breadth
    from longthink.training.runs import Run

app = App(
    name="longthink",
    help="Train a small recurrent net on easy puzzles, run it for longer, and solve hard ones.",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
    default_parameter=Parameter(negative_iterable=()),
)

Options = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]
WIDTHS = range(20, 1000)
"""Columns that help can be laid out in."""
LONGEST = 600
"""Characters of a message."""
MOST_READ = 2**24
"""Bytes of standard input."""
Typed = Annotated[str, Parameter(allow_leading_hyphen=True)]
OneRun = Annotated[str, Parameter(help="A shipped net's name, a run's folder or name, or a hub id.")]
HardLevels = Annotated[
    list[int] | None,
    Parameter(help="Level of the puzzles; repeat the option for several. By default the problem's hard levels."),
]
LeastHardLevel = Annotated[
    list[int] | None,
    Parameter(help="Level of the puzzles; repeat the option for several. By default the problem's least hard one."),
]
LevelOfTraining = Annotated[int | None, Parameter(help="Level of the puzzles; by default that of training.")]
Count = Annotated[int, Parameter(help="Puzzles of each level.")]
Seed = Annotated[int, Parameter(help="Seed of the puzzles.")]
Tolerance = Annotated[
    float | None,
    Parameter(help="For large grids: compute only where the state still moves by more than this, like 0.1."),
]
StopRule = Annotated[
    str | None,
    Parameter(
        help="When a thought is enough: settled, confident, verified, ... (`longthink list stops`), with options of the"
        " rule: --stop.tolerance 1e-3."
    ),
]
AttemptsAtEach = Annotated[
    int | None,
    Parameter(
        name="--breadth",
        help="So many attempts at each puzzle, which differ by the symmetries that the problem may name, and by"
        " noise: --breadth.symmetries false, --breadth.noise.start 0.3, --breadth.noise.step 0.1. They are made one"
        " after the other or --breadth.at_once 8.",
    ),
]
Choose = Annotated[
    str | None,
    Parameter(
        help="Which attempt counts: settled, confident, verified, majority, ... (`longthink list choices`); by default"
        " verified where the problem's rules can tell, and else settled."
    ),
]
Accelerator = Annotated[str, Parameter(help="cpu, cuda, or auto.")]
Out = Annotated[
    Path | None,
    Parameter(help="Folder for rows and figure; by default the (first) run's own, or runs/NAME for a shipped net."),
]
Changes = Annotated[
    list[str] | None,
    Parameter(name="--change", help="Change an option, as in problem.source=DIR; repeat the option for several."),
]


class Interrupted(KeyboardInterrupt):
    """What the user has broken off; the message says what is kept."""


def changes_from(tokens: Sequence[str]) -> dict[str, Any]:
    """`--model.width 64 --compile` as {"model.width": 64, "compile": True}."""
    changes: dict[str, Any] = {}
    rest = list(tokens)
    while rest:
        option = rest.pop(0)
        if not option.startswith("--") or option == "--":
            raise UserError(f"'{option}' is no option; options look like --model.width 64.")
        key, equals, text = option[2:].partition("=")
        if not equals:
            text = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        try:
            changes[key] = json.loads(text)
        except (ValueError, RecursionError):  # no JSON, or a number of too many digits
            changes[key] = text
    return changes


def settle_streams() -> None:
    """Make do with the terminal there is: for this process alone, which is the command line's.

    A width that no terminal has is forgotten; what an encoding lacks is written as \\x..; a closed stream is nowhere.
    """
    if not os.environ.get("COLUMNS", "").isdecimal() or int(os.environ["COLUMNS"][:9]) not in WIDTHS:
        os.environ.pop("COLUMNS", None)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def shortened(message: str) -> str:
    """A message without the middle of what was typed at length.

    >>> len(shortened("9" * 5000))
    605
    """
    return message if len(message) <= LONGEST else f"{message[: LONGEST // 2]} ... {message[-LONGEST // 2 :]}"


def as_typed(puzzle: str, rest: Sequence[str]) -> tuple[str, Sequence[str]]:
    """A puzzle and the options after it: words up to the first option are joined, and `-` is what standard input has.

    >>> as_typed("1", ["0", "1", "--stop.tolerance", "1e-3"])
    ('1 0 1', ['--stop.tolerance', '1e-3'])
    """
    if puzzle.startswith("-") and puzzle != "-" and "\n" not in puzzle:  # a frame may be drawn with it
        raise UserError(f"There is no option '{puzzle}' before the puzzle; options of a stop rule come after it.")
    first = next((place for place, word in enumerate(rest) if word.startswith("--")), len(rest))
    text = " ".join([puzzle, *rest[:first]])
    return (_standard_input() if text == "-" else text), rest[first:]


def _standard_input() -> str:
    if sys.stdin is None:
        raise UserError("Standard input is closed, so that - is nothing to read; type the puzzle instead.")
    content = sys.stdin.buffer.read(MOST_READ + 1)
    if len(content) > MOST_READ:
        raise UserError(f"Standard input has more than {MOST_READ} bytes, which no puzzle has; give one puzzle.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("Standard input is no text; give a file by its name instead of -.") from error
    if "\0" in text:
        raise UserError("Standard input is no text; give a file by its name instead of -.")
    return text


def changes_of(change: Sequence[str] | None) -> dict[str, Any]:
    """What was given as --change problem.source=DIR, any number of times. Raises UserError for what no recipe has."""
    wrong = next((one for one in change or () if "=" not in one), None)
    if wrong is not None:
        raise UserError(f"A change names an option and its new value, like problem.source=DIR, and not only '{wrong}'.")
    return recipe_changes([f"--{one}" for one in change or ()])


class Thinking(NamedTuple):
    """How a net is to think, as far as that was said."""

    stop: "Stop | None"
    breadth: "Breadth | None"
    choice: "Choice | None"


def thinking_from(
    stop: str | None, breadth: int | None, choose: str | None, tokens: Sequence[str], known: Iterable[str] = ()
) -> Thinking:
    """What was given as --stop settled --stop.tolerance 1e-3 --breadth 8 --breadth.noise.start 1 --choose majority.

    `known`: the other options of the command, one of which may be meant by a misspelt one.
    Raises UserError for an option that none of these has, or that is of one that was not chosen.
    """
    inside: dict[str, dict[str, Any]] = {"stop": {}, "breadth": {}, "choose": {}}
    for name, value in changes_from(tokens).items():
        first, _, option = name.partition(".")
        if first not in inside or not option:
            raise UserError(f"There is no option --{name}{suggest(name, known)}; see --help.")
        branch = inside[first]
        *branches, last = option.split(".")
        for part in branches:
            branch = branch.setdefault(part, {})
            if not isinstance(branch, dict):
                raise UserError(f"The option --{first}.{part} has no options of its own.")
        branch[last] = value
    given = {"stop": stop, "breadth": breadth, "choose": choose}
    lacking = next((name for name, options in inside.items() if options and given[name] is None), None)
    if lacking is not None:
        raise UserError(f"Options of --{lacking} want --{lacking} too.")
    if choose is not None and breadth is None:
        raise UserError("There is only one attempt, and none to choose; say how many with --breadth 8.")
    from longthink import registry

    rule = None if stop is None else registry.build("stops", stop, inside["stop"])
    choice = None if choose is None else registry.build("choices", choose, inside["choose"])
    if breadth is None:
        return Thinking(rule, None, choice)
    from longthink.base.frozen import validated
    from longthink.thinking.breadth import Breadth

    return Thinking(rule, validated(Breadth, {"attempts": breadth, **inside["breadth"]}, "breadth"), choice)


def recipe_changes(tokens: Sequence[str]) -> dict[str, Any]:
    """As `changes_from`, of a recipe. Raises UserError for an option that no recipe has, before torch is imported."""
    changes = changes_from(tokens)
    if changes:
        from longthink.training.options import check_written

        check_written(changes)
    return changes


def results_folder(out: Path | None, run: "Run") -> Path:
    """Where a command leaves its rows and figures. Raises UserError if nothing can be written there."""
    folder = out or run.results
    check_writable(folder)
    return folder
