"""Thinking in 16 bits: half the memory to move, and twice the products a second on processors that are made for it."""

import copy
import time
from collections import deque
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Inputs, Puzzles, State, Thinker, each_tensor
from longthink.thinking.loop import think
from longthink.thinking.stops import AtRest
from longthink.thinking.wrapped import Wrapped

Precision = Literal["fp32", "bf16", "auto"]
CHECKED = 32
"""Of so many puzzles, one is thought about in both precisions to choose between them; of fewer, one too."""


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


def chosen(model: Thinker, precision: Precision, puzzles: Puzzles, iterations: int) -> tuple[Thinker, Precision]:
    """A net as it thinks in a precision, and which one that is.

    With "auto", some of the puzzles are thought about in both. It is "bf16" if that took less time and ended with the
    same answers, otherwise "fp32"; and "fp32" on anything but a CPU that multiplies such numbers.
    """
    if precision == "auto":
        some = puzzles[: max(1, len(puzzles) // CHECKED)]
        precision = "bf16" if _is_plain(model) and has_bfloat16() and _is_as_good(model, some, iterations) else "fp32"
    return (InBfloat16(model) if precision == "bf16" else model), precision


def has_bfloat16() -> bool:
    """Whether this CPU multiplies numbers of 16 bits; without, they are slower than those of 32."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and torch.cpu._is_avx512_bf16_supported()


def _is_plain(model: Thinker) -> bool:
    """Whether a net is one of 32 bits on a CPU."""
    weight = next(model.parameters(), None)
    return weight is not None and weight.device.type == "cpu" and weight.dtype == torch.float32


def _is_as_good(model: Thinker, puzzles: Puzzles, iterations: int) -> bool:
    """Whether bfloat16 is the quicker way to the same answers."""
    answers, seconds = [], []
    for net in (model, InBfloat16(model)):
        next(think(net, puzzles, 1))  # loads what it needs
        begun = time.perf_counter()
        last = deque(think(net, puzzles, iterations, AtRest()), maxlen=1).pop()
        seconds.append(time.perf_counter() - begun)
        answers.append(puzzles.problem.answer(last.read(), puzzles))
    differ = answers[0] != answers[1]
    return seconds[1] < seconds[0] and not bool((differ if puzzles.mask is None else differ & puzzles.mask).any())
