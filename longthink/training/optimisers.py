"""Adam, AdamW and SGD, with a learning rate of its own for the repeated block; and how rates go over the steps."""

import math
from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal

import torch
from pydantic import Field

from longthink.base.frozen import Frozen
from longthink.contracts import ENDLESS, Optimiser, Thinker
from longthink.registry import register

Positive = Annotated[int, Field(ge=1, lt=ENDLESS)]
Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]


class BlockOptimiser(Optimiser, ABC):
    """One whose learning rate for the repeated block is `recurrent_lr_factor` times that of the rest."""

    weight_decay: NotNegative = 0.0
    recurrent_lr_factor: NotNegative = 1.0

    def build(self, model: Thinker) -> torch.optim.Optimizer:
        recurrent = model.recurrent_parameters()
        inside = {id(parameter) for parameter in recurrent}
        others = [parameter for parameter in model.parameters() if id(parameter) not in inside]
        return self.of_groups(
            [
                {"params": others, "base_lr": self.lr},
                {"params": recurrent, "base_lr": self.lr * self.recurrent_lr_factor},
            ]
        )

    @abstractmethod
    def of_groups(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """For groups of parameters."""


@register
class Adam(BlockOptimiser):
    """Adam; weight decay is added to the gradient."""

    def of_groups(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.Adam(groups, lr=self.lr, weight_decay=self.weight_decay, fused=_fused(groups))


@register(name="adamw")
class AdamW(BlockOptimiser):
    """Adam with weight decay apart from the gradient."""

    def of_groups(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(groups, lr=self.lr, weight_decay=self.weight_decay, fused=_fused(groups))


@register(name="sgd")
class SGD(BlockOptimiser):
    """Stochastic gradient descent with momentum."""

    momentum: Share = 0.9

    def of_groups(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            groups, lr=self.lr, weight_decay=self.weight_decay, momentum=self.momentum, fused=_fused(groups)
        )


def _fused(groups: list[dict[str, Any]]) -> bool | None:
    """Whether one kernel updates all weights: on an NVIDIA GPU; None, which is torch's own choice, elsewhere."""
    return all(parameter.is_cuda for group in groups for parameter in group["params"]) or None


class Schedule(Frozen):
    """The learning rate over the steps, as a factor.

    Warm-up is exponential, 1 - exp(-(step + 1) / warmup), for `warmup` steps (the dissertation's). Then it is constant,
    multiplied by `factor` at each of the `milestones` ("step"), or follows half a cosine to 0 over the last share
    `tail` of the steps ("cosine").
    """

    decay: Literal["none", "step", "cosine"] = "none"
    warmup: Annotated[int, Field(ge=0)] = 0
    milestones: tuple[Positive, ...] = ()
    factor: Share = 0.1
    tail: Share = 1.0

    def factor_at(self, step: int, steps: int) -> float:
        """
        >>> Schedule(decay="step", milestones=(60, 100), factor=0.1).factor_at(60, 150)
        0.1
        >>> round(Schedule(warmup=10).factor_at(4, 150), 3)
        0.393
        """
        warm = 1.0 if step + 1 >= self.warmup else 1 - math.exp(-(step + 1) / self.warmup)
        if self.decay == "step":
            return warm * self.factor ** sum(step >= milestone for milestone in self.milestones)
        if self.decay == "cosine" and self.tail > 0:
            into_tail = max(0.0, (step / steps - (1 - self.tail)) / self.tail)
            return warm * 0.5 * (1 + math.cos(math.pi * into_tail))
        return warm
