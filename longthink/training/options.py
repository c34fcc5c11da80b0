"""Options that are plugins, and options of options by their dotted names, in any order.

A plugin in a recipe is {"name": ..., option: value, ...}. The name may be the class itself, and a plugin a made one.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, BeforeValidator, PlainSerializer, SerializationInfo

from longthink import registry
from longthink.base.errors import UserError, suggest

Tree = dict[str, Any]
KEPT = ("optimisers", "tasks")
"""Kinds whose plugins are ways to the same end: to choose another one keeps the options that both have."""


def chosen(kind: str) -> tuple[BeforeValidator, PlainSerializer]:
    """Annotations of a field that is a plugin with options of pydantic's: how it is read and written."""

    def read(value: Any) -> Any:
        found = as_choice(kind, value)
        if found is None:
            if isinstance(value, Mapping):
                raise ValueError("it has no name")
            return value
        cls, options = found
        return cls.model_validate(options)

    def write(plugin: BaseModel, info: SerializationInfo) -> Tree:
        options = plugin.model_dump(mode=info.mode)
        return {**named(type(plugin), info.mode == "json"), **options}

    return BeforeValidator(read), PlainSerializer(write)


def as_choice(kind: str, value: Any) -> tuple[Any, Tree] | None:
    """A plugin's class and its options, from a name, a class, a tree with a name, or itself; else None.

    Raises UserError for a name that is none.
    """
    if isinstance(value, str) or (isinstance(value, type) and registry.kind_of(value) == kind):
        value = {"name": value}
    elif isinstance(value, BaseModel) and registry.kind_of(type(value)) == kind:
        value = {"name": type(value), **{option: getattr(value, option) for option in type(value).model_fields}}
    if not isinstance(value, Mapping) or "name" not in value:
        return None
    options = dict(value)
    name, where = options.pop("name"), options.pop("from", None)
    if not isinstance(name, str | type):
        raise UserError(f"it is chosen by its name, and {name!r:.40} is none")
    return (registry.find(kind, name, where) if isinstance(name, str) else name), options


def named(cls: type, as_text: bool) -> Tree:
    """How a tree says which plugin it is: by its class; as text by its name, and by the module that has it."""
    if not as_text:
        return {"name": cls}
    where = {} if cls.__module__.startswith("longthink.") else {"from": cls.__module__}
    return {"name": registry.name_of(cls), **where}


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
            raise UserError(f"The recipe has no option '{option}'{suggest(option, known(tree))}.")
        branch[last] = value if choice is None else _another(branch.get(last), kinds[choice], value)
    return tree


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
