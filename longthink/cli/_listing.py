"""What `longthink list` and `longthink show` say, as far as can be without torch."""

import inspect
import json
import re
import struct
from pathlib import Path
from typing import Any

from longthink import registry
from longthink.base.errors import UserError, suggest

SHIPPED = registry.PACKAGE / "weights"


def figures_of(kind: str, name: str) -> list[str]:
    """What is expected of a recipe, as it says itself; the levels of a problem."""
    doc = registry.documentation(kind, name)
    expected = [paragraph for paragraph in _paragraphs(doc) if paragraph.startswith("Expected:")]
    levels = [
        f"{word} level{'s' if isinstance(value, tuple) else ''} {_joined(value)}"
        for word, value in registry.constants(kind, name).items()
        if kind == "problems" and word in ("easy", "hard")
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
            f"{task['problem']['name']}: {model} of {size}",
            f"trained on levels {curriculum['lowest']} to {curriculum['highest']} by {recipe['name']}",
        ]
    return found


def options_of(what: str) -> list[str]:
    """The options of a recipe by its name or file, of a run by its folder, or of a plugin, a line each."""
    from longthink.training import runs

    path = Path(what)
    if path.is_file() or path.is_dir() or what in registry.names("recipes") or what in runs.shipped():
        recipe = runs.recipe_of(what)
        return [f"--{name} {_typed(value)}" for name, value in recipe.options().items()]
    kinds = [kind for kind in registry.KINDS if kind not in registry.RETURNS.values()]
    name = what.replace("-", "_")
    for kind in kinds:
        if name in registry.names(kind):
            plugin = registry.find(kind, name)
            fields = registry.options(plugin).model_fields
            said = [inspect.getdoc(plugin) or "", ""]
            return said + [f"--{option} {_default(field)}" for option, field in fields.items()]
    known = [name for kind in ("recipes", *kinds) for name in registry.names(kind)]
    raise UserError(f"There is no recipe, run or plugin '{what}'{suggest(name, known)}.")


def _default(field: Any) -> str:
    if field.is_required():
        return "(must be set)"
    value = field.get_default(call_default_factory=True)
    try:
        return _typed(value)
    except TypeError:
        return str(value)


def _typed(value: Any) -> str:
    """As it is typed: names as they are, the rest as JSON without spaces."""
    return value if isinstance(value, str) and value else json.dumps(value, separators=(",", ":"))


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
