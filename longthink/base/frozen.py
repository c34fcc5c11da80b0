"""Immutable options, checked when they are made: a value that does not fit, or a misspelt name, is one sentence."""

from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from longthink.base.errors import UserError, no_option

Model = TypeVar("Model", bound=BaseModel)


class Frozen(BaseModel):
    """Options that never change. A subclass's fields are its options."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_flag_for_a_value(cls, value: Any, info: ValidationInfo) -> Any:
        """`--steps` without a number reads as true, which pydantic would take for 1."""
        assert info.field_name is not None
        if isinstance(value, bool) and not _takes_bool(cls.model_fields[info.field_name].annotation):
            raise ValueError("it wants a value")
        return value

    def revised(self, changes: Mapping[str, Any]) -> Self:
        """The same with some options changed. Raises UserError for an option that there is not, or does not fit.

        >>> class Size(Frozen):
        ...     width: int = 3
        >>> Size().revised({"width": 4})
        Size(width=4)
        """
        same = {name: getattr(self, name) for name in type(self).model_fields}
        return validated(type(self), same | dict(changes), type(self).__name__)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but what is updated is checked: see `revised`."""
        return self.revised(update) if update else super().model_copy(deep=deep)


def validated(
    cls: type[Model], values: Any, called: str, known: Iterable[str] | None = None, inside: str = ""
) -> Model:
    """An instance from a tree of values. Raises UserError in one sentence for the first thing that does not fit.

    `called` is what the sentence calls it, `known` the names that may be meant by a misspelt one (else its fields).
    Names in what is `inside` it are said as if they were its own.
    """
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise UserError(_sentence(error, called, cls.model_fields if known is None else known, inside)) from error


def _sentence(error: ValidationError, called: str, known: Iterable[str], inside: str) -> str:
    first = error.errors()[0]
    option = ".".join(map(str, first["loc"])).removeprefix(inside)
    if first["type"] == "extra_forbidden":
        return no_option(called, option, known)
    if first["type"] == "missing":
        return f"{called[0].upper()}{called[1:]} lacks the option '{option}'."
    what = first["msg"].removeprefix("Value error, ")
    where = f"The option '{option}' of {called}" if option else f"{called[0].upper()}{called[1:]}"
    return f"{where} does not fit: {what[0].lower()}{what[1:]} (got {first['input']!r:.80})."


def _takes_bool(annotation: Any) -> bool:
    """Whether a value of this type may be true or false."""
    if annotation in (bool, Any, object):
        return True
    return any(isinstance(part, bool) or _takes_bool(part) for part in get_args(annotation))
