"""What `longthink list` and `longthink show` say, as far as can be without torch."""

import csv
import inspect
import json
import re
import struct
from pathlib import Path
from typing import Any

from longthink import registry
from longthink.base.errors import UserError, suggest

SHIPPED = registry.PACKAGE / "weights"


SAID = ("Expected:", "Levels:")
"""What paragraphs of a docstring begin with that are listed."""


def figures_of(kind: str, name: str) -> list[str]:
    """What is expected of a recipe, as it says itself; the levels of a problem or a game."""
    doc = registry.documentation(kind, name)
    expected = [paragraph.removeprefix("Levels: ") for paragraph in _paragraphs(doc) if paragraph.startswith(SAID)]
    levels = [
        f"{word} level{'s' if isinstance(value, tuple) else ''} {_joined(value)}"
        for word, value in registry.constants(kind, name).items()
        if kind in ("problems", "games") and word in ("easy", "hard")
    ]
    return expected + ([", ".join(levels)] if levels else [])


def facts_of_nets() -> dict[str, list[str]]:
    """The shipped nets: what each is for, how large it is, and what it was trained on."""
    found = {}
    for folder in sorted(path for path in SHIPPED.iterdir() if (path / "config.json").is_file()):
        recipe = json.loads((folder / "recipe.json").read_text())
        task = recipe.get("task", recipe)
        curriculum, model = task["curriculum"], recipe["model"]["name"]
        size = f"{_parameters(folder / 'model.safetensors'):,} parameters"
        found[folder.name] = [
            f"{(task.get('problem') or task['game'])['name']}: {model} of {size}",
            f"trained on levels {curriculum['lowest']} to {curriculum['highest']} by {recipe['name']}",
            *_measured(folder / "measured.csv"),
        ]
    return found


def options_of(what: str) -> list[str]:
    """The options of a recipe by its name or file, of a run by its folder, and of plugins of that name, a line each."""
    from longthink.training import runs

    found: dict[str, list[str]] = {}
    name = what.replace("-", "_")
    kinds = [kind for kind in registry.KINDS if kind not in registry.RETURNS.values()]
    for kind in kinds:
        if name in registry.names(kind):
            plugin = registry.find(kind, name)
            fields = registry.options(plugin).model_fields
            options = [f"--{option} {_default(field)}" for option, field in fields.items()]
            found[f"{kind[:-1]} {name}"] = [inspect.getdoc(plugin) or "", "", *options]
    path = Path(what)
    if path.is_file() or path.is_dir() or name in registry.names("recipes") or name in runs.shipped():
        options = [f"--{option} {_typed(value)}" for option, value in runs.recipe_of(what).options().items()]
        found[f"the recipe of {what}"] = options
    if not found:
        known = [name for kind in ("recipes", *kinds) for name in registry.names(kind)]
        raise UserError(f"There is no recipe, run or plugin '{what}'{suggest(what, known)}.")
    if len(found) == 1:
        return next(iter(found.values()))
    return [line for called, lines in found.items() for line in ("", f"{called}:", "", *lines)][1:]


def _default(field: Any) -> str:
    from pydantic import BaseModel  # here, since most of what is listed needs no options

    if field.is_required():
        return "(must be set)"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return registry.name_of(type(value))
    try:
        return _typed(value)
    except TypeError:
        return str(value)


def _typed(value: Any) -> str:
    """As it is typed: names as they are, the rest as JSON without spaces."""
    return value if isinstance(value, str) and value else json.dumps(value, separators=(",", ":"))


def _measured(path: Path) -> list[str]:
    """What rows of `longthink test` tell: the share of puzzles that are solved in the end, at each level."""
    if not path.is_file():
        return []
    with path.open(newline="") as lines:
        last = {row["level"]: row for row in csv.DictReader(lines)}
    shares = [f"{float(row['accuracy']):.1%} at level {level}" for level, row in last.items()]
    some = next(iter(last.values()))
    return [f"solves {', '.join(shares)}, of {some['puzzles']} each, at iteration {some['iteration']}"]


def _parameters(path: Path) -> int:
    """How many numbers a safetensors file holds, by its header alone."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    total = 0
    for name, entry in header.items():
        if name != "__metadata__":
            count = 1
            for size in entry["shape"]:
                count *= size
            total += count
    return total


def _paragraphs(doc: str) -> list[str]:
    """Lines joined up to the next one that begins with words and a colon, or is empty."""
    found: list[str] = []
    for line in inspect.cleandoc(doc).splitlines():
        begins = re.match("[A-Z][a-z ]*:", line) is not None
        if not line.strip():
            found.append("")
        elif begins or not found or not found[-1]:
            found.append(line.strip())
        else:
            found[-1] += " " + line.strip()
    return [one for one in found if one]


def _joined(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, tuple) else str(value)
