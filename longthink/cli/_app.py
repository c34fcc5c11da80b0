"""The application that the commands are registered with, and the parameters that several of them have."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from longthink.base.errors import UserError
from longthink.base.files import check_writable

if TYPE_CHECKING:
    from longthink.training.runs import Run

app = App(
    name="longthink",
    help="Train a small recurrent net on easy puzzles, run it for longer, and solve hard ones.",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
    default_parameter=Parameter(negative_iterable=()),
)

Options = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]
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
        except json.JSONDecodeError:
            changes[key] = text
    return changes


def changes_of(change: Sequence[str] | None) -> dict[str, Any]:
    """What was given as --change problem.source=DIR, any number of times."""
    wrong = next((one for one in change or () if "=" not in one), None)
    if wrong is not None:
        raise UserError(f"A change names an option and its new value, like problem.source=DIR, and not only '{wrong}'.")
    return changes_from([f"--{one}" for one in change or ()])


def results_folder(out: Path | None, run: "Run") -> Path:
    """Where a command leaves its rows and figures. Raises UserError if nothing can be written there."""
    folder = out or run.results
    check_writable(folder)
    return folder
