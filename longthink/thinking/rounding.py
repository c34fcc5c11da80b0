"""States of few values: what features are rounded to, and how some of them are replaced by other values.

A state that is rounded after each step comes to rest exactly: if a step ends where it began, so does every later one.
Gradients pass as if nothing were rounded (Bengio, Leonard and Courville, 2013, "Estimating or propagating gradients
through stochastic neurons", the straight-through estimator).
"""

import torch
from torch import Tensor


def rounded(features: Tensor, values: int) -> Tensor:
    """Features (...) as shares between 0 and 1, by a sigmoid, rounded to so many values, evenly spaced from 0 to 1.

    >>> rounded(torch.tensor([-3.0, -0.1, 0.1, 3.0]), 2).tolist()
    [0.0, 0.0, 1.0, 1.0]
    >>> rounded(torch.tensor([-3.0, -0.1, 0.1, 3.0]), 3).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    shares = features.sigmoid()
    steps = values - 1
    return _in_place_of((shares.detach() * steps).round() / steps, shares)


def replaced(features: Tensor, values: int, probability: float, draws: Tensor) -> Tensor:
    """Rounded features, each with some probability replaced by one of the other values, all of them as likely.

    `draws`, as many as features, are even between 0 and 1.

    >>> replaced(torch.tensor([0.0, 1.0, 1.0]), 2, 0.1, torch.tensor([0.05, 0.09, 0.5])).tolist()
    [1.0, 0.0, 1.0]
    """
    steps = values - 1
    away = 1 + (draws / probability * steps).floor().clamp(max=steps - 1)
    others = ((features.detach() * steps).round() + away).remainder(values) / steps
    return _in_place_of(torch.where(draws < probability, others, features.detach()), features)


def _in_place_of(features: Tensor, others: Tensor) -> Tensor:
    """The first, to the last bit, with the gradient of the second."""
    return features + (others - others.detach())
