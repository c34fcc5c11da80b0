"""Plugins by name. A class or a function is made one by `@register`, wherever it is written: here, in a package of
yours, in a script or in a cell of a notebook.

    @lt.register
    class Knots(lt.Problem): ...

It is known by its name in snake case, `knots`; `@lt.register(name="knot_theory")` gives it another. What it is, is told
by its base class (BASES), or by what it returns if it is a function (RETURNS).

The library's own are found by reading its files, without importing them: to list all names takes no torch. A package of
yours adds its own by entry points, each a name and the module that registers it:

    [project.entry-points."longthink.problems"]
    knots = "my_package.knots"
"""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, overload

from longthink.base.errors import UserError, no_option, suggest

Plugin = TypeVar("Plugin", bound=Callable[..., Any])
BASES: Mapping[str, str] = {
    "Problem": "problems",
    "Thinker": "models",
    "Objective": "objectives",
    "Perturbation": "perturbations",
    "Format": "formats",
    "Stop": "stops",
    "Choice": "choices",
    "Optimiser": "optimisers",
    "Task": "tasks",
    "Evaluator": "evaluators",
    "Game": "games",
}
"""The contracts, and what their subclasses are called. A base class in between ends in the same word."""
RETURNS: Mapping[str, str] = {"Recipe": "recipes", "Experiment": "experiments", "Mined": "miners"}
"""What functions return, and what such functions are called."""
KINDS = (*BASES.values(), *RETURNS.values())
GIVEN = ("self", "spec")
"""Arguments of a net's constructor that are no options."""
PACKAGE = Path(__file__).parent

_registered: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}


class Written(NamedTuple):
    """A plugin as it is written in one of the library's files: where, what it says of itself, and its constants."""

    module: str
    called: str
    """Its class or function."""
    doc: str
    constants: Mapping[str, Any]


@overload
def register(plugin: Plugin, /) -> Plugin: ...
@overload
def register(*, name: str) -> Callable[[Plugin], Plugin]: ...
def register(plugin: Any = None, /, *, name: str | None = None) -> Any:
    """Make a class or a function a plugin: the same, so that this may be a decorator.

    To define it anew, as a notebook does when a cell is run again, replaces it.
    Raises UserError if it is of no kind that there is, or if something else has the name already.

    >>> import longthink as lt
    >>> @lt.register(name="nothing")
    ... class DoNothing(lt.Perturbation):
    ...     '''Leaves everything as it is.'''
    >>> lt.perturbation("nothing")
    DoNothing(strength=1.0)
    """
    if plugin is None:
        return lambda late: _register(late, name)
    return _register(plugin, name)


def _register(plugin: Any, name: str | None) -> Any:
    kind, name = kind_of(plugin), name or _own_name(plugin)
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise UserError(f"A plugin's name is of a-z, 0-9 and _, like my_net, not '{name}'.")
    other = _registered[kind].get(name) or (_written()[kind].get(name) if _is_outside(plugin) else None)
    if other is not None and not _is_same(other, plugin):
        where = other.module if isinstance(other, Written) else other.__module__
        raise UserError(f"There is a {kind[:-1]} '{name}' already, in {where}; give this one another name.")
    _registered[kind][name] = plugin
    return plugin


def _is_outside(plugin: Any) -> bool:
    return not plugin.__module__.startswith("longthink.")


def _is_same(one: Any, other: Any) -> bool:
    """Whether both were written in the same place."""
    places = [(getattr(some, "__module__", ""), getattr(some, "__qualname__", "")) for some in (one, other)]
    return places[0] == places[1]


def kind_of(plugin: Any) -> str:
    """`problems` of a Problem, `recipes` of a function that returns a Recipe, ... Raises UserError for others."""
    if inspect.isclass(plugin):
        for base in plugin.__mro__:
            if base.__name__ in BASES and base.__module__.startswith("longthink."):
                return BASES[base.__name__]
    elif callable(plugin):
        returned = getattr(plugin, "__annotations__", {}).get("return")
        word = returned if isinstance(returned, str) else getattr(returned, "__name__", "")
        if word in RETURNS:
            return RETURNS[word]
    raise UserError(
        f"{plugin!r:.80} is no plugin: a subclass of {', '.join(BASES)} is, or a function that says it returns one of"
        f" {', '.join(RETURNS)}."
    )


def name_of(plugin: Any) -> str:
    """The name that a plugin goes by; of a class that is not registered, its own in snake case.

    >>> name_of(find("models", "dt_net"))
    'dt_net'
    """
    named = _registered[kind_of(plugin)]
    return next((name for name, other in named.items() if other is plugin), _own_name(plugin))


def check_known(plugin: Any) -> None:
    """Raises UserError if what is saved of a plugin could not be found again by its name."""
    kind, name = kind_of(plugin), name_of(plugin)
    found = _registered[kind].get(name)
    if found is None:
        raise UserError(
            f"{plugin.__name__} is not registered, so what is saved of it could not be loaded again:"
            " put @lt.register above it."
        )
    if found is not plugin:
        raise UserError(f"{plugin.__name__} has been defined anew since; make what uses it again, with the new one.")


def outside() -> list[tuple[str, Any]]:
    """The plugins of others that are registered here, by name: what another process must have, too."""
    return [(name, plugin) for named in _registered.values() for name, plugin in named.items() if _is_outside(plugin)]


def having(plugins: Sequence[tuple[str, Any]], work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns in a process that has these plugins. Together with them, it can be sent there."""
    for name, plugin in plugins:
        _register(plugin, name)
    return work(*arguments)


def names(kind: str) -> list[str]:
    """The names of every plugin of a kind, sorted.

    >>> names("optimisers")
    ['adam', 'adamw', 'flow', 'sgd']
    """
    return sorted({*_written()[kind], *_points(kind), *_registered[kind]})


def documentation(kind: str, name: str) -> str:
    """What a plugin says of itself. The library's own are not imported for it."""
    if name in _written()[kind]:
        return _written()[kind][name].doc
    return inspect.getdoc(find(kind, name)) or ""


def summary(kind: str, name: str) -> str:
    """The first line of that."""
    return documentation(kind, name).partition("\n")[0]


def constants(kind: str, name: str) -> Mapping[str, Any]:
    """The constants that a class says of itself, as far as they are written down; imported as little."""
    if name in _written()[kind]:
        return _written()[kind][name].constants
    return {key: value for key, value in vars(find(kind, name)).items() if isinstance(value, int | str | tuple)}


def find(kind: str, name: str, registered_by: str | None = None) -> Any:
    """A plugin by its name. Raises UserError, listing the known names, if there is none.

    `registered_by`: the module that knows it, where that is on record, for the sentence.

    >>> find("problems", "prefix_sums").__name__
    'PrefixSums'
    """
    name = _plain(name)
    if name not in _registered[kind]:
        if name in _written()[kind]:
            importlib.import_module(_written()[kind][name].module)
        elif name in _points(kind):
            _load(kind, _points(kind)[name])
    if name in _registered[kind]:
        return _registered[kind][name]
    if registered_by is not None:
        how = "run what defines it" if registered_by == "__main__" else f"import {registered_by}"
        raise UserError(f"There is no {kind[:-1]} '{name}' yet; {how} first, which registers it.")
    raise _unknown(kind, name)


def check(kind: str, name: str, chosen: Iterable[str] = ()) -> None:
    """Raises UserError for a plugin that there is not, or an option that it has not; nothing is imported to tell.

    What other packages bring is known by name alone, and its options are checked when it is made.
    """
    plain = _plain(name)
    if plain not in names(kind):
        raise _unknown(kind, plain)
    known = written_of(kind, plain)
    wrong = next((one for one in chosen if known is not None and one.replace("-", "_") not in known), None)
    if known is not None and wrong is not None:
        raise UserError(no_option(name, wrong.replace("-", "_"), known))


def written_of(kind: str, name: str) -> Mapping[str, str] | None:
    """A plugin's options and their annotations, by the text of the library's files; None of one of others.

    >>> list(written_of("objectives", "progressive"))
    ['alpha', 'start']
    """
    written, registered = _written()[kind].get(name), _registered[kind].get(name)
    if written is None or (registered is not None and _is_outside(registered)):
        return None
    return written_fields(written.module, written.called)


def build(kind: str, name: str, chosen: Mapping[str, Any]) -> Any:
    """A plugin with options that are pydantic's, like a problem's. Raises UserError for an option that does not fit.

    >>> build("problems", "mazes", {"openings": 0.1}).openings
    0.1
    """
    check(kind, name, chosen)
    return _validated(name, find(kind, name), chosen)


def call(kind: str, name: str, chosen: Mapping[str, Any], **given: Any) -> Any:
    """What a plugin that is a function returns. Raises UserError for a chosen option that does not fit."""
    check(kind, name, chosen)
    function = find(kind, name)
    options = _validated(name, _arguments(function, tuple(given)), chosen)
    return function(**given, **options.model_dump())


def _validated(name: str, cls: Any, chosen: Mapping[str, Any]) -> Any:
    from longthink.base.frozen import validated

    return validated(cls, {key.replace("-", "_"): value for key, value in chosen.items()}, name)


@cache
def options(cls: type) -> Any:
    """The options of a plugin as a pydantic model: its fields, or for a net the arguments of its constructor."""
    from pydantic import BaseModel

    return cls if issubclass(cls, BaseModel) else _arguments(cls.__init__, GIVEN)


def _arguments(function: Callable[..., Any], but: tuple[str, ...]) -> Any:
    """The arguments of a function, but some, as a pydantic model."""
    from pydantic import create_model

    from longthink.base.frozen import Frozen

    fields: dict[str, Any] = {
        one.name: (
            Any if one.annotation is inspect.Parameter.empty else one.annotation,
            ... if one.default is inspect.Parameter.empty else one.default,
        )
        for one in inspect.signature(function, eval_str=True).parameters.values()
        if one.name not in but and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    }
    return create_model(function.__qualname__, __base__=Frozen, **fields)


def _plain(name: str) -> str:
    return name.replace("-", "_").replace(".", "_")


def _unknown(kind: str, name: str) -> UserError:
    known = names(kind)
    return UserError(f"There is no {kind[:-1]} '{name}'{suggest(name, known)}; known are: {', '.join(known)}.")


def _own_name(plugin: Any) -> str:
    return _snake(plugin.__name__)


def _snake(name: str) -> str:
    """`DTNet` is dt_net."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _load(kind: str, point: EntryPoint) -> None:
    loaded = point.load()
    if not inspect.ismodule(loaded) and name_of(loaded) not in _registered[kind]:
        register(name=point.name)(loaded)
    if point.name not in _registered[kind]:
        raise UserError(
            f"{point.value} was to register the {kind[:-1]} '{point.name}', as its package says, and does not:"
            " put @lt.register above it."
        )


@cache
def _points(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"longthink.{kind}")}


@cache
def _written() -> dict[str, dict[str, Written]]:
    """The library's own plugins by kind and name, from the text of its files."""
    found: dict[str, dict[str, Written]] = {kind: {} for kind in KINDS}
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "\n@register" not in text:
            continue
        module = ".".join(["longthink", *path.relative_to(PACKAGE).with_suffix("").parts])
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                for decorator in node.decorator_list:
                    if ast.unparse(decorator).partition("(")[0] == "register":
                        name, kind = _name_of_node(node, decorator), _kind_of_node(node)
                        doc, constants = ast.get_docstring(node) or "", _constants_of_node(node)
                        found[kind][name] = Written(module, node.name, doc, constants)
    return found


@cache
def written_fields(module: str, called: str) -> Mapping[str, str]:
    """The options of a class or function of the library by its file's text, and how each is annotated.

    Those of a class are its fields and its bases', or the arguments of its constructor.

    >>> written_fields("longthink.contracts", "Perturbation")
    {'strength': 'Annotated[float, Field(ge=0)]'}
    """
    path = PACKAGE.joinpath(*module.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    lines = ast.parse(path.read_text(encoding="utf-8")).body
    defined = {line.name: line for line in lines if isinstance(line, ast.ClassDef | ast.FunctionDef)}
    imports = [line for line in lines if isinstance(line, ast.ImportFrom) and line.module]
    where = {alias.asname or alias.name: str(line.module) for line in imports for alias in line.names}
    node = defined.get(called)
    if isinstance(node, ast.FunctionDef):
        return _arguments_of_node(node)
    if node is None:
        inside = where.get(called, "")
        return written_fields(inside, called) if inside.startswith("longthink.") else {}
    maker = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
    if maker is not None:
        return _arguments_of_node(maker)
    fields: dict[str, str] = {}
    for base in node.bases:
        fields |= written_fields(module, ast.unparse(base))
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            fields[line.target.id] = ast.unparse(line.annotation)
    return {name: kind for name, kind in fields.items() if not (kind.startswith("ClassVar") or name.startswith("_"))}


def _arguments_of_node(node: ast.FunctionDef) -> Mapping[str, str]:
    arguments = [one for one in (*node.args.args, *node.args.kwonlyargs) if one.arg not in GIVEN]
    return {one.arg: ast.unparse(one.annotation) if one.annotation else "" for one in arguments}


def _name_of_node(node: ast.ClassDef | ast.FunctionDef, decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        return str(ast.literal_eval(decorator.keywords[0].value))
    return _snake(node.name)


def _kind_of_node(node: ast.ClassDef | ast.FunctionDef) -> str:
    if isinstance(node, ast.FunctionDef):
        return RETURNS[ast.unparse(node.returns)] if node.returns else ""
    return next(kind for base in node.bases for word, kind in BASES.items() if ast.unparse(base).endswith(word))


def _constants_of_node(node: ast.ClassDef | ast.FunctionDef) -> dict[str, Any]:
    found = {}
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None:
            with suppress(ValueError):
                found[line.target.id] = ast.literal_eval(line.value)
    return found
