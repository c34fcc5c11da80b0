"""Options of options by their dotted names, in any order; those that are plugins are `plugin_options`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from longthink import registry
from longthink.base.errors import UserError, no_option
from longthink.plugin_options import Tree, as_choice

CHOICES = {
    "model": "models",
    "task": "tasks",
    "task.problem": "problems",
    "task.problem.game": "games",
    "task.game": "games",
    "task.objective": "objectives",
    "task.objective.answering": "objectives",
    "optimiser": "optimisers",
}
"""The options of a recipe that are plugins, and of which kind."""
RENAMED = {"stabilisers": "regularisation", "examples": "train_size"}
"""What options were called in the files of version 0.1.0."""
IN_CHOICES = ("name", "from", "options")
"""What a choice may say besides the options of the plugin."""
KEPT = ("optimisers", "tasks")
"""Kinds whose plugins are ways to the same end: to choose another one keeps the options that both have."""


def edited(
    tree: Tree, changes: Mapping[str, Any], kinds: Mapping[str, str], known: Callable[[Tree], Iterable[str]]
) -> Tree:
    """A tree with some options changed, given by dotted names; another plugin is chosen first, then its options set.

    `kinds`: which of the options are plugins, and of which kind. Options of the old plugin do not apply to a new one,
    but for those of KEPT. Raises UserError for an option that there is not; `known` are all that a tree may have.
    """
    tree = _copied(tree)
    for dotted, value in sorted(changes.items(), key=lambda item: _turn(item[0], kinds)):
        dotted = dotted.replace("-", "_")
        choice = _chooses(dotted, kinds)
        *path, last = (choice or dotted).split(".")
        branch: Any = tree
        for part in path:
            branch = branch.get(part) if isinstance(branch, dict) else None
        if not last or not isinstance(branch, dict):
            option = dotted.removeprefix("task.")
            raise UserError(no_option("the recipe", option, known(tree)))
        branch[last] = value if choice is None else _another(branch.get(last), kinds[choice], value)
    return tree


def check_written(changes: Mapping[str, Any]) -> None:
    """Raises UserError for a dotted name that no recipe has, or a plugin that there is not.

    Told by the text of the library's files, so without torch; whether a change fits the recipe at hand is checked when
    that is changed.

    >>> check_written({"model.width": 3, "curriculum.lowset": 4})
    Traceback (most recent call last):
    longthink.base.errors.UserError: The recipe has no option 'curriculum.lowset' (did you mean 'curriculum.lowest'?).
    """
    first: dict[str, str] = {**RENAMED, **registry.written_fields("longthink.training.recipe", "Recipe")}
    for task in registry.names("tasks"):
        written = registry.written_of("tasks", task)
        if written is None:
            return  # one of others, which may have any options
        first |= written
    for name, value in changes.items():
        full = name.replace("-", "_").removeprefix("task.")
        option, *path = full.split(".")
        inside = _written_inside(option, first[option]) if option in first else ()
        if option not in first or (path and inside is not None and path[0] not in (*inside, *IN_CHOICES)):
            near = [option] if option in first else first
            known = [f"{one}.{other}" for one in near for other in _written_inside(one, first[one]) or ()]
            raise UserError(no_option("the recipe", full, [*first, *known]))
        kind = _kind_of(full.removesuffix(".name"))
        if kind is not None and isinstance(value, str):
            registry.check(kind, value)


def _kind_of(option: str) -> str | None:
    """Of an option of a recipe or its task that is a plugin."""
    return CHOICES.get(option) or CHOICES.get(f"task.{option}")


def _written_inside(option: str, annotation: str) -> Iterable[str] | None:
    """The options that an option of a recipe may have inside, whichever plugin is chosen; None where any may be."""
    kind = _kind_of(option)
    if kind is None:
        return registry.written_fields("longthink.training.recipe", annotation) or None
    found = [registry.written_of(kind, name) for name in registry.names(kind)]
    return None if None in found else dict.fromkeys(name for one in found for name in one or ())


def _turn(dotted: str, kinds: Mapping[str, str]) -> int:
    """When a change has its turn: plugins first, and those before what is inside them."""
    choice = _chooses(dotted, kinds)
    return len(kinds) if choice is None else choice.count(".")


def _chooses(dotted: str, kinds: Mapping[str, str]) -> str | None:
    """The option of which a dotted name chooses the plugin: `model` or `model.name`."""
    option = dotted.replace("-", "_").removesuffix(".name")
    return option if option in kinds else None


def _another(before: Tree | None, kind: str, value: Any) -> Any:
    """What is to be read where a plugin was `before`, and `value` is chosen instead."""
    found = as_choice(kind, value)
    if found is None:
        return value  # will be refused
    cls, options = found
    if before is not None and before.get("name") is cls:
        options = {**before, **options}
    elif before is not None and kind in KEPT:
        both = registry.options(cls).model_fields
        options = {**{name: old for name, old in before.items() if name in both}, **options}
    return {**options, "name": cls}


def _copied(tree: Tree) -> Tree:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in tree.items()}


def dotted(tree: Mapping[str, Any], above: str = "") -> Tree:
    """Nested options by their dotted names.

    >>> dotted({"model": {"width": 3}, "steps": 4})
    {'model.width': 3, 'steps': 4}
    """
    flat: Tree = {}
    for key, value in tree.items():
        flat |= dotted(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return flat
