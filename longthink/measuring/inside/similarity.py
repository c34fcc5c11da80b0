"""How alike the features of two nets are: linear centred kernel alignment.

Kornblith et al. (2019), "Similarity of neural network representations revisited"; in batches, Nguyen, Raghu and
Kornblith (2021), "Do wide and deep networks learn the same things?" (dissertation, section 3.5.1).
"""

from collections.abc import Sequence

import pandas as pd
import torch
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.measuring.inside.layers import BATCH, Place, batches_of_features

LEAST = 4
"""Inputs of a batch from which CKA can be estimated without bias."""


def cka(first: Tensor, second: Tensor) -> float:
    """Linear CKA of two sets of features; the same for turned and scaled ones.

    Args:
        first: features (N, ...).
        second: others (N, ...) of the same N inputs.

    Returns:
        From 0, nothing alike, to 1.

    Raises:
        UserError: the features are not of as many inputs, or do not vary.

    >>> features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    >>> round(cka(features, 3 * features.flip(1)), 6)
    1.0
    """
    if len(first) != len(second):
        raise UserError(f"CKA compares features of the same inputs, not of {len(first)} and {len(second)}.")
    x, y = (features.flatten(1).double() for features in (first, second))
    x, y = x - x.mean(0), y - y.mean(0)
    if len(x) < max(x.shape[1], y.shape[1]):  # the same sums, over pairs of inputs rather than of features
        grams = x @ x.T, y @ y.T
        together, alone, alone_too = (grams[0] * grams[1]).sum(), grams[0].norm(), grams[1].norm()
    else:
        together, alone, alone_too = (y.T @ x).norm() ** 2, (x.T @ x).norm(), (y.T @ y).norm()
    if alone == 0 or alone_too == 0:
        raise UserError("Features that are the same for all inputs cannot be compared.")
    return float(together / (alone * alone_too))


class MinibatchCKA:
    """Linear CKA from batches of at least 4 inputs, by unbiased estimates of its parts; memory does not grow with them.

    >>> rng = torch.Generator().manual_seed(0)
    >>> features = torch.randn(2000, 10, generator=rng)
    >>> estimate = MinibatchCKA()
    >>> for batch in features.split(100):
    ...     estimate.add(batch, batch[:, :5])
    >>> abs(estimate.value() - cka(features, features[:, :5])) < 0.02
    True
    """

    def __init__(self) -> None:
        self.sums = torch.zeros(3, dtype=torch.float64)

    def add(self, first: Tensor, second: Tensor) -> None:
        """The features (N, ...) of the next inputs."""
        if len(first) < LEAST or len(first) != len(second):
            raise UserError(f"CKA in batches wants batches of at least {LEAST} inputs, the same for both nets.")
        self.add_grams(_gram(first), _gram(second))

    def add_grams(self, k: Tensor, m: Tensor) -> None:
        """The same from the inner products of all pairs of inputs, (N, N) on the CPU, without those with themselves."""
        self.sums += torch.stack([_hsic(k, m), _hsic(k, k), _hsic(m, m)])

    def value(self) -> float:
        together, first, second = self.sums
        return float(together / (first * second).sqrt())


def similarity(
    net: nn.Module,
    other: nn.Module,
    x: Tensor,
    places: Sequence[Place],
    other_places: Sequence[Place],
    iterations: int | None = None,
    batch: int = BATCH,
) -> pd.DataFrame:
    """CKA between the features of two nets at some places, estimated from batches.

    Args:
        net: a Thinker, or any other module.
        other: another one for the same inputs, or the same.
        x: inputs (N, ...). Of a last batch with fewer than LEAST, they are left out.
        places: of the first net: iterations, or names of layers, as in `features_of`.
        other_places: of the other.
        iterations: how long Thinkers think whose layers are asked for; by default their limits.
        batch: inputs at a time.

    Returns:
        A row for each pair of places: `place`, `other_place`, `cka`.

    Raises:
        UserError: as `features_of` does; fewer inputs than LEAST.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=16, count=64)
    >>> similarity(net, net, puzzles.x, [1, 5], [5]).round(3).values.tolist()[1]
    ['5', '5', 1.0]
    """
    estimates: dict[tuple[str, str], MinibatchCKA] = {}
    spare = len(x) % batch
    x = x[: len(x) - spare] if spare < LEAST else x
    if len(x) == 0:
        raise UserError(f"CKA wants at least {LEAST} inputs.")
    both = (
        batches_of_features(one, x, some, iterations, batch) for one, some in ((net, places), (other, other_places))
    )
    for found in zip(*both, strict=True):
        grams, others = ({place: _gram(features) for place, features in some.items()} for some in found)
        for place, k in grams.items():
            for other_place, m in others.items():
                estimates.setdefault((place, other_place), MinibatchCKA()).add_grams(k, m)
    return pd.DataFrame(
        [
            {"place": place, "other_place": other_place, "cka": estimate.value()}
            for (place, other_place), estimate in estimates.items()
        ]
    )


def _gram(features: Tensor) -> Tensor:
    """K (N, N) without its diagonal, on the CPU: two nets may be on two devices."""
    flat = features.flatten(1).double()
    return (flat @ flat.T).fill_diagonal_(0).cpu()


def _hsic(k: Tensor, m: Tensor) -> Tensor:
    """The unbiased estimate of Song et al. (2012), equation 3 of Nguyen et al."""
    n = len(k)
    whole = k.sum() * m.sum() / ((n - 1) * (n - 2))
    crossed = 2 * (k.sum(0) @ m.sum(0)) / (n - 2)
    return ((k * m).sum() + whole - crossed) / (n * (n - 3))
