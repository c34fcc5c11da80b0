"""Running checks: what holds, what does not, and what was not tested."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from longthink.base.errors import UserError


class NotTested(Exception):
    """A promise that a plugin does not make, or that cannot be tested of it; the message says why."""


Check = Callable[..., None]


def name_of_check(check: Any) -> str:
    """A check's name in the list of tests."""
    return str(getattr(check, "__name__", check)).removeprefix("_").replace("_", " ")


def run(check: Check, *things: Any) -> str | None:
    """One check of a plugin: None where it holds, or the reason for which it was not tested."""
    try:
        check(*things)
    except NotTested as reason:
        return str(reason)
    return None


def all_of(checks: Sequence[Check], *things: Any) -> dict[str, str]:
    found = {name_of_check(check): run(check, *things) for check in checks}
    return {name: reason for name, reason in found.items() if reason is not None}


def refused(call: Callable[[], object], what: str) -> None:
    try:
        call()
    except UserError as error:
        sentence = str(error)
        assert sentence, f"{what}: the UserError says nothing"
        assert "\n" not in sentence, f"{what}: the UserError is more than one sentence"
        return
    raise AssertionError(f"{what} must raise UserError")


def same(one: Any, other: Any) -> bool:
    """Whether inputs, of whatever form, are equal."""
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
