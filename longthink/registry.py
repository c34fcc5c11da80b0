"""Plugins are found by file name: `problems/prefix_sums.py` is the problem `prefix_sums`, and nothing lists it.

A package of yours adds one by an entry point in the group `longthink.problems` (or `.models`, `.objectives`,
`.formats`, `.recipes`) that names the module:

    [project.entry-points."longthink.problems"]
    my_problem = "my_package.my_problem"
"""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from longthink.contracts import Format, Objective, Perturbation, Problem, Thinker
from longthink.errors import UserError

BASES: dict[str, type] = {
    "problems": Problem,
    "models": Thinker,
    "objectives": Objective,
    "perturbations": Perturbation,
    "formats": Format,
}
FUNCTIONS = ("recipes", "experiments", "miners")
"""Kinds whose plugins are public functions, any number of them in a file."""
GIVEN = ("channels", "classes", "ndim")
"""Arguments of a model that its problem gives it."""


def names(kind: str) -> list[str]:
    """The names of every plugin of a kind, sorted.

    >>> names("objectives")
    ['final', 'head_start', 'progressive']
    """
    return sorted(_functions(kind) if kind in FUNCTIONS else _modules(kind))


def find(kind: str, name: str) -> Any:
    """The class of a plugin (of FUNCTIONS: the function). Raises UserError, listing the known names, if there is none.

    >>> find("problems", "prefix_sums").__name__
    'PrefixSums'
    """
    name = name.replace("-", "_").replace(".", "_")
    if kind in FUNCTIONS:
        known: Iterable[str] = _functions(kind)
        if name in known:
            return _functions(kind)[name]
    else:
        known = _modules(kind)
        if name in known:
            return _only_class(importlib.import_module(_modules(kind)[name]), BASES[kind])
    raise UserError(f"There is no {kind[:-1]} '{name}'{suggest(name, known)}; known are: {', '.join(names(kind))}.")


def build(kind: str, name: str, chosen: Mapping[str, Any]) -> Any:
    """A plugin with options that are pydantic's, like a problem's. Raises UserError for an option that does not fit.

    >>> build("problems", "mazes", {"openings": 0.1})
    Mazes(algorithm='depth_first', openings=0.1, ends='anywhere')
    """
    return _validated(name, find(kind, name), chosen)


def call(kind: str, name: str, chosen: Mapping[str, Any], **given: Any) -> Any:
    """What a plugin that is a function returns. Raises UserError for a chosen option that does not fit."""
    function = find(kind, name)
    options = _validated(name, _arguments(function, tuple(given)), chosen)
    return function(**given, **options.model_dump())


def _validated(name: str, cls: Any, chosen: Mapping[str, Any]) -> Any:
    try:
        return cls.model_validate({key.replace("-", "_"): value for key, value in chosen.items()})
    except ValidationError as error:
        first = error.errors()[0]
        option = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            known = list(options(cls).model_fields)
            raise UserError(f"{name} has no option '{option}'{suggest(option, known)}.") from error
        what = first["msg"].removeprefix("Value error, ")
        raise UserError(
            f"The option '{option}' of {name} does not fit: {what[0].lower()}{what[1:]} (got {first['input']!r:.80})."
        ) from error


def suggest(word: str, known: Iterable[str]) -> str:
    """A ' (did you mean ...?)' for a misspelt word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


@cache
def options(cls: type) -> type[BaseModel]:
    """The options of a plugin as a pydantic model: its fields, or for a net the arguments of its constructor."""
    return cls if issubclass(cls, BaseModel) else _arguments(cls.__init__, ("self", *GIVEN))


def _arguments(function: Callable[..., Any], but: tuple[str, ...]) -> type[BaseModel]:
    """The arguments of a function, but some, as a pydantic model."""
    fields: dict[str, Any] = {
        parameter.name: (
            parameter.annotation,
            ... if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for parameter in inspect.signature(function, eval_str=True).parameters.values()
        if parameter.name not in but
    }
    return create_model(function.__qualname__, __config__=ConfigDict(extra="forbid", frozen=True), **fields)


@cache
def _modules(kind: str) -> dict[str, str]:
    package = importlib.import_module(f"longthink.{kind}")
    own = {
        module.name: f"{package.__name__}.{module.name}"
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    }
    outside = {point.name: point.value for point in entry_points(group=f"longthink.{kind}")}
    return outside | own


@cache
def _functions(kind: str) -> dict[str, Callable[..., Any]]:
    modules = map(importlib.import_module, _modules(kind).values())
    return {
        name: function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def _only_class(module: ModuleType, base: type) -> type:
    found = [
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, base) and not inspect.isabstract(cls) and cls.__module__ == module.__name__
    ]
    assert len(found) == 1, f"{module.__name__} must define exactly one {base.__name__}, not {len(found)}"
    return found[0]
