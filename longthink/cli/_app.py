"""The application that the commands are registered with, and how options of recipes and plugins are given."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from longthink.errors import UserError

app = App(
    name="longthink",
    help="Train a small recurrent net on easy puzzles, run it for longer, and solve hard ones.",
    help_format="plaintext",
)

Options = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]


def changes_from(tokens: Sequence[str]) -> dict[str, Any]:
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


def changes_of(change: Sequence[str] | None) -> dict[str, Any]:
    """What was given as --change problem.source=DIR, any number of times."""
    return changes_from([f"--{one}" for one in change or ()])
