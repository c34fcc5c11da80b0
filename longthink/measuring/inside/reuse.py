"""Whether filters are used again: how active each is in each iteration (dissertation, section 3.5)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from longthink.measuring.inside.layers import Place, batches_of_features

USED = 0.2
"""A filter counts as used where it is at least this active, compared with its most active iteration (section 3.5)."""


def reuse(net: nn.Module, x: Tensor, places: Sequence[Place], iterations: int | None = None) -> pd.DataFrame:
    """How active every filter is for every input in each place.

    A filter's activity is its number of positive activations, as a share of that of its most active place for the same
    input.

    Args:
        net: a Thinker, or any other module.
        x: inputs (N, ...).
        places: iterations, or a layer of the repeated step, which is used once an iteration; as in `features_of`.
        iterations: how long a Thinker thinks whose layers are asked for; by default its limit.

    Returns:
        A row for each `input`, `filter` and `place`, with its `activity`, in 0..1. Filters that are never active for an
        input have no rows for it.

    Raises:
        UserError: as `features_of` does.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=16, count=4)
    >>> rows = reuse(net, puzzles.x, places=[1, 2, 3])
    >>> rows.groupby(["input", "filter"])["activity"].max().unique().tolist()
    [1.0]
    """
    tables, done = [], 0
    for found in batches_of_features(net, x, places, iterations):
        counts = torch.stack([(some > 0).reshape(*some.shape[:2], -1).sum(2) for some in found.values()])
        most = counts.amax(0)
        place, one, unit = (most > 0).expand(counts.shape).nonzero(as_tuple=True)
        tables.append(
            pd.DataFrame(
                {
                    "input": done + one.cpu().numpy(),
                    "filter": unit.cpu().numpy(),
                    "place": np.array(list(found))[place.cpu().numpy()],
                    "activity": (counts / most)[place, one, unit].cpu().numpy(),
                }
            )
        )
        done += counts.shape[1]
    return pd.concat(tables, ignore_index=True)


def reused(rows: pd.DataFrame) -> float:
    """The share of pairs of input and filter that are used in every place: at least USED as active as in the best one.

    `rows` are those of `reuse`.
    """
    return float((rows.groupby(["input", "filter"])["activity"].min() >= USED).mean())


def active_again(rows: pd.DataFrame) -> float:
    """The share of filters that some input makes active at all in more than one place; of those that are ever active.

    `rows` are those of `reuse`.
    """
    places = rows[rows["activity"] > 0].groupby(["filter", "input"]).size()
    return float((places > 1).groupby("filter").any().mean())
