"""Linear probes: how much of the answer can be read off features by a linear classifier (dissertation, section 3.5.1).

The dissertation's are those of Kaya, Hong and Dumitras (2019), "Shallow-deep networks", who pool features before.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Puzzles
from longthink.measuring.inside.layers import Place, features_of

POOL = 4
"""Positions along each axis that a picture's features are averaged to."""
STRENGTH = 0.1
"""C of the logistic regression: the inverse of the weight of its penalty on squared weights."""
MOST = 20_000
"""Positions of strings and grids that a probe is trained on, drawn by chance."""


def probe(
    net: nn.Module,
    train: Puzzles,
    test: Puzzles,
    places: Sequence[Place],
    iterations: int | None = None,
    strength: float = STRENGTH,
    pool: int = POOL,
) -> pd.DataFrame:
    """Train a linear classifier on the features of each of some places, and test it.

    Features are standardised. Of strings and grids every position that counts is an example.

    Args:
        net: a Thinker, or any other module.
        train: puzzles that the classifier is trained on.
        test: puzzles that it is tested on.
        places: iterations, or names of layers, as in `features_of`.
        iterations: how long a Thinker thinks whose layers are asked for; by default its limit.
        strength: C of the logistic regression.
        pool: for pictures, features are averaged to so many positions along each axis.

    Returns:
        A row for each place: `place`, `train_accuracy`, `test_accuracy`.

    Raises:
        UserError: as `features_of` does; there is no scikit-learn; features have other positions than the answers.

    >>> import longthink as lt
    >>> net, problem = lt.load("prefix_sums"), lt.problem("prefix_sums")
    >>> rows = probe(net, problem.sample(16, 50, split="train"), problem.sample(16, 50), places=[1, 16])
    >>> rows["test_accuracy"].round(1).tolist()
    [0.7, 1.0]
    """
    parts = [_examples(net, puzzles, places, iterations, pool) for puzzles in (train, test)]
    found = []
    for place, (train_x, train_y) in parts[0].items():
        test_x, test_y = parts[1][place]
        classifier = fit(train_x, train_y, strength)
        found.append(
            {
                "place": place,
                "train_accuracy": classifier.score(train_x, train_y),
                "test_accuracy": classifier.score(test_x, test_y),
            }
        )
    return pd.DataFrame(found)


def fit(x: NDArray[np.float32], y: NDArray[np.int64], strength: float = STRENGTH) -> Any:
    """Multinomial logistic regression on standardised features, as a scikit-learn estimator.

    Args:
        x: features (N, D).
        y: labels (N,).
        strength: C, the inverse of the weight of the penalty on squared weights.

    Returns:
        What has `predict` and `score`.

    Raises:
        UserError: there is no scikit-learn.

    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32)
    >>> fit(x, np.array([0, 0, 1, 1])).predict(x).tolist()
    [0, 0, 1, 1]
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise UserError("Probes need scikit-learn: pip install 'longthink[analysis]'.") from error
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    return classifier.fit(x, y)


def _examples(
    net: nn.Module, puzzles: Puzzles, places: Sequence[Place], iterations: int | None, pool: int
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Features (N, D) and labels (N,) at each place."""
    puzzles, ndim = puzzles.to("cpu"), puzzles.y.ndim - 1
    features = features_of(net, puzzles.x, places, iterations, pool=None if ndim else pool)
    if ndim == 0:
        return {place: (some.flatten(1).numpy(), puzzles.y.numpy()) for place, some in features.items()}
    labels, counted = puzzles.y.flatten(1), torch.ones_like(puzzles.y, dtype=torch.bool)
    counted = (counted if puzzles.mask is None else puzzles.mask).flatten(1)
    chosen = counted.flatten().nonzero().flatten().numpy()
    if len(chosen) > MOST:
        chosen = generator("probe", len(chosen)).choice(chosen, MOST, replace=False)
    examples = {}
    for place, some in features.items():
        positions = some.flatten(2).movedim(1, 2)
        if positions.shape[1] != labels.shape[1]:
            raise UserError(
                f"The features of {place} have {positions.shape[1]} positions and the answers {labels.shape[1]};"
                " a probe needs as many, so a net without pooling."
            )
        examples[place] = positions.flatten(0, 1)[chosen].numpy(), labels.flatten()[chosen].numpy()
    return examples
