"""Thinking in 16 bits, which is faster on processors made for it; the choice between this and other ways to think."""

import copy
import time
from collections import deque
from contextlib import suppress
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Inputs, Puzzles, State, Thinker, each_tensor
from longthink.registry import name_of
from longthink.thinking.loop import LARGE, TOLERANCE, think
from longthink.thinking.step_layers import NotLocal
from longthink.thinking.stops import AtRest, Settled
from longthink.thinking.wrapped import Wrapped

Precision = Literal["fp32", "bf16", "auto"]
CHECKED = 100
"""Of so many puzzles, one is thought about in every way to choose between them; of fewer, one too."""


def check_precision(precision: str, tolerance: float | None) -> None:
    """Raises UserError for a precision that there is not, or that local thinking does not have."""
    if precision not in get_args(Precision):
        raise UserError(f"The precision is one of {', '.join(get_args(Precision))}, not '{precision}'.")
    if precision == "bf16" and tolerance is not None:
        raise UserError("Local thinking, with a tolerance, has the precision fp32 alone; leave out one of the two.")


class InBfloat16(Wrapped):
    """A copy of a net with weights and states of 16 bits (bfloat16: 8 bits of a number count); outputs have 32.

    >>> import longthink as lt
    >>> net = InBfloat16(lt.load("prefix_sums"))
    >>> net.start(net.see(torch.zeros(1, 1, 8))).dtype, net.read(net.start(net.see(torch.zeros(1, 1, 8)))).dtype
    (torch.bfloat16, torch.float32)
    """

    def __init__(self, inner: Thinker):
        super().__init__(copy.deepcopy(inner).to(torch.bfloat16))

    def see(self, x: Inputs) -> Any:
        return self.inner.see(each_tensor(x, lambda tensor: _cast(tensor, torch.bfloat16)))

    def read(self, state: State) -> Any:
        return each_tensor(self.inner.read(state), lambda tensor: _cast(tensor, torch.float32))


def _cast(tensor: Tensor, kind: torch.dtype) -> Tensor:
    return tensor.to(kind) if tensor.is_floating_point() else tensor


def in_bfloat16(model: Thinker, puzzles: Puzzles) -> InBfloat16:
    """A net in 16 bits, which has thought about the first of some puzzles for once.

    Raises UserError for one that cannot: whose steps make numbers of 32 bits of their own, say.
    """
    net, weight = InBfloat16(model), next(model.parameters(), None)
    try:
        next(think(net, puzzles[:1].to("cpu" if weight is None else weight.device), 1)).read()
    except (RuntimeError, TypeError) as error:
        told = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(f"A {name_of(type(model))} does not think in 16 bits ({told}); use fp32.") from error
    return net


class Way(NamedTuple):
    """How a net thinks: in which precision, and with which tolerance, if locally."""

    net: Thinker
    precision: Precision
    tolerance: float | None


def choose(model: Thinker, precision: Precision, tolerance: float | None, puzzles: Puzzles, iterations: int) -> Way:
    """How a net is to think about puzzles; for "auto", the fastest way to the same answers.

    Some of the puzzles are then thought about in fp32, until they are at rest, and in each way that may be faster: in
    bf16 on a CPU that multiplies such numbers, and locally, if they are large grids (`loop.LARGE`). The one that takes
    least time of those that end with the same answers is chosen. On other devices it is fp32.
    """
    plain = Way(model, "fp32", tolerance)
    if precision != "auto":
        return Way(in_bfloat16(model, puzzles), "bf16", tolerance) if precision == "bf16" else plain
    some = puzzles[: max(1, len(puzzles) // CHECKED)]
    if tolerance is not None or not _is_plain(model):
        return plain
    others: list[Way] = []
    if has_bfloat16():
        with suppress(UserError):
            others.append(Way(in_bfloat16(model, some), "bf16", None))
    if some.y[0].numel() >= LARGE and _is_local(model, some):
        others.append(Way(model, "fp32", TOLERANCE))
    best, (least, answers) = plain, _tried(plain, some, iterations) if others else (0.0, some.y)
    for other in others:
        seconds, own = _tried(other, some, iterations)
        differ = answers != own
        if seconds < least and not bool((differ if some.mask is None else differ & some.mask).any()):
            best, least = other, seconds
    return best


def _tried(way: Way, puzzles: Puzzles, iterations: int) -> tuple[float, Tensor]:
    """How many seconds a way takes until puzzles are at rest, and its answers."""
    next(think(way.net, puzzles[:1], 1, tolerance=way.tolerance))  # loads what it needs
    begun, answers = time.perf_counter(), []
    size = len(puzzles) if way.tolerance is None else 1
    for first in range(0, len(puzzles), size):
        some = puzzles[first : first + size]
        stop = AtRest() if way.tolerance is None else Settled(tolerance=0)
        last = deque(think(way.net, some, iterations, stop, tolerance=way.tolerance), maxlen=1).pop()
        answers.append(puzzles.problem.answer(last.read(), some))
    return time.perf_counter() - begun, torch.cat(answers)


def _is_local(model: Thinker, puzzles: Puzzles) -> bool:
    try:
        next(think(model, puzzles[:1], 1, tolerance=TOLERANCE))
    except NotLocal:
        return False
    return True


def has_bfloat16() -> bool:
    """Whether this CPU multiplies numbers of 16 bits; without, they are slower than those of 32."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and torch.cpu._is_avx512_bf16_supported()


def _is_plain(model: Thinker) -> bool:
    """Whether a net is one of 32 bits on a CPU."""
    weight = next(model.parameters(), None)
    return weight is not None and weight.device.type == "cpu" and weight.dtype == torch.float32
