"""How a step's result becomes the next state: as it is, damped, or rounded to few values.

A damped step keeps a share of the state before it, so that what goes round in circles comes to rest. A state that is
rounded has come to rest exactly if a step ends where it began: so does every later one. Both in one make values that
stay as they are where little speaks against them. Gradients pass as if nothing were
rounded, where a feature is between the outermost values (Bengio, Leonard and Courville, 2013, "Estimating or
propagating gradients through stochastic neurons"; Hubara and others, 2016, "Binarized neural networks").
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from longthink.base.errors import UserError

Damping = Annotated[float, Field(ge=0, lt=1)]
"""The share of the old state in the new one."""
Rounding = Annotated[int, Field(ge=2)] | None
"""How many values a feature may have, evenly spaced from -1 to 1; None: any number."""


@dataclass(frozen=True)
class Update:
    """What becomes of features (B, ...), and of those that a step has made of them.

    Raises UserError for a damping that is no share below 1, and for fewer than two values.

    >>> Update(damping=0.25)(torch.tensor([4.0]), torch.tensor([8.0]))
    tensor([7.])
    >>> Update(rounding=2)(torch.tensor([1.0, 1.0]), torch.tensor([0.3, -2.0]))
    tensor([ 1., -1.])
    >>> Update(damping=0.5, rounding=2)(torch.tensor([1.0, 1.0]), torch.tensor([-0.3, -2.0]))
    tensor([ 1., -1.])
    """

    damping: Damping = 0.0
    rounding: Rounding = None

    def __post_init__(self) -> None:
        if not 0 <= self.damping < 1:
            raise UserError(f"The damping must be 0 or more, and below 1, not {self.damping}.")
        if self.rounding is not None and self.rounding < 2:
            raise UserError(f"States are rounded to 2 values or more, not {self.rounding}.")

    def __call__(self, before: Tensor, after: Tensor) -> Tensor:
        if self.damping > 0:
            after = self.damping * before + (1 - self.damping) * after
        return after if self.rounding is None else rounded(after, self.rounding)


def rounded(features: Tensor, values: int) -> Tensor:
    """Features (...) rounded to so many values, evenly spaced from -1 to 1.

    >>> features = torch.tensor([-3.0, -0.4, 0.1, 0.6])
    >>> rounded(features, 2).tolist(), rounded(features, 3).tolist()
    ([-1.0, -1.0, 1.0, 1.0], [-1.0, 0.0, 0.0, 1.0])
    """
    bounded = features.clamp(-1, 1)
    return _in_place_of(_value(_number(bounded, values), values), bounded)


def replaced(features: Tensor, values: int, probability: float, draws: Tensor) -> Tensor:
    """Rounded features, each with some probability replaced by one of the other values, all of them as likely.

    `draws`, as many as features, are even between 0 and 1.

    >>> replaced(torch.tensor([-1.0, 1.0, 1.0]), 2, 0.1, torch.tensor([0.05, 0.09, 0.5])).tolist()
    [1.0, -1.0, 1.0]
    """
    away = 1 + (draws / probability * (values - 1)).floor().clamp(max=values - 2)
    others = _value((_number(features, values) + away).remainder(values), values)
    return _in_place_of(torch.where(draws < probability, others, features), features)


def _number(features: Tensor, values: int) -> Tensor:
    """Which value is nearest to a feature, from 0."""
    return ((features + 1) * ((values - 1) / 2)).round()


def _value(numbers: Tensor, values: int) -> Tensor:
    return numbers * 2 / (values - 1) - 1


def _in_place_of(features: Tensor, others: Tensor) -> Tensor:
    """The first, to the last bit, with the gradient of the second."""
    return features.detach() + (others - others.detach()) if others.requires_grad else features
