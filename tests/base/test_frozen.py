"""Options that never change: what does not fit is one sentence, whichever way it comes in."""

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError, model_validator

from longthink.base.errors import UserError
from longthink.base.frozen import Frozen, validated


class Size(Frozen):
    """Options of several kinds."""

    width: Annotated[int, Field(ge=1)]
    depth: int = 3
    round_off: bool = False
    mode: bool | str = "plain"
    rest: Any = None

    @model_validator(mode="after")
    def _check(self) -> "Size":
        if self.depth > self.width:
            raise ValueError("The depth may be the width at most")
        return self


class Box(Frozen):
    """Options within options."""

    size: Size


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"width": 4, "widht": 4}, "The size has no option 'widht' (did you mean 'width'?)."),
        ({"width": 4, "colour": 4}, "The size has no option 'colour'."),
        ({}, "The size lacks the option 'width'."),
        (
            {"width": 0},
            "The option 'width' of the size does not fit: input should be greater than or equal to 1 (got 0).",
        ),
        ({"width": True}, "The option 'width' of the size does not fit: it wants a value (got True)."),
        ({"width": 2}, "The size does not fit: the depth may be the width at most (got {'width': 2})."),
    ],
)
def test_the_first_thing_that_does_not_fit_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as error:
        validated(Size, values, "the size")
    assert str(error.value) == sentence


def test_only_so_much_of_a_value_is_said() -> None:
    with pytest.raises(UserError) as error:
        validated(Size, {"width": "w" * 1000}, "the size")
    assert len(str(error.value)) < 250


def test_options_of_options_are_said_by_dotted_names() -> None:
    with pytest.raises(UserError, match="'size.width' of the box does not fit"):
        validated(Box, {"size": {"width": 0}}, "the box")
    with pytest.raises(UserError, match="'width' of the box does not fit"):
        validated(Box, {"size": {"width": 0}}, "the box", inside="size.")
    with pytest.raises(UserError, match=r"no option 'size.widht' \(did you mean 'size.width'\?\)"):
        validated(Box, {"size": {"width": 4, "widht": 0}}, "the box", known=["size.width", "size.depth"])


def test_a_flag_is_taken_where_it_may_be_meant() -> None:
    assert Size(width=4, round_off=True, mode=True, rest=True).model_dump() == {
        "width": 4,
        "depth": 3,
        "round_off": True,
        "mode": True,
        "rest": True,
    }
    with pytest.raises(ValidationError, match="it wants a value"):
        Size(width=4, depth=False)


def test_options_do_not_change() -> None:
    size = Size(width=4)
    with pytest.raises(ValidationError, match="frozen"):
        size.width = 5  # type: ignore[misc]
    assert {size, Size(width=4)} == {size}


@pytest.mark.parametrize("change", [Size.revised, lambda size, changes: size.model_copy(update=changes)])
def test_a_changed_copy_is_checked_and_the_original_stays(change: Any) -> None:
    size = Size(width=4, rest=[1])
    other = change(size, {"width": 9})
    assert (other, size) == (Size(width=9, rest=[1]), Size(width=4, rest=[1]))
    for changes, sentence in (
        ({"width": 2}, "Size does not fit: the depth may be the width at most"),
        ({"widht": 9}, "Size has no option 'widht'"),
        ({"depth": True}, "'depth' of Size does not fit: it wants a value"),
    ):
        with pytest.raises(UserError, match=sentence):
            change(size, changes)


def test_a_copy_without_changes_is_equal_and_may_be_deep() -> None:
    size = Size(width=4, rest=[1])
    shallow, deep = size.model_copy(), size.model_copy(deep=True)
    assert shallow == deep == size
    assert shallow.rest is size.rest
    assert deep.rest is not size.rest
