"""Options that are plugins.

A plugin among options is {"name": ..., option: value, ...}. The name may be the class itself, and a plugin a made one.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, BeforeValidator, PlainSerializer, SerializationInfo

from longthink import registry
from longthink.base.errors import UserError

Tree = dict[str, Any]


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
        value = {"name": type(value), **value.model_dump(mode="python")}
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
