"""Why a net overthinks, or does not: what its state does when it is left alone, and when it is disturbed.

Distances between states are relative: |a - b| / |a|, with the Euclidean norm over the features of one puzzle.
"""

from collections import deque

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Perturbation, Puzzles, Thinker, Thought
from longthink.measuring.sweep import device_of
from longthink.registry import name_of
from longthink.thinking.local import CERTAIN, LONGEST_CYCLE
from longthink.thinking.loop import last_state, think

STILL = 1e-3
"""A distance between states that counts as none."""
NUDGE = 1e-3
"""Size, relative to the state, of the disturbance whose growth is the Lyapunov exponent."""


def perturb(
    model: Thinker,
    puzzles: Puzzles,
    perturbation: Perturbation | None,
    at: int,
    iterations: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Disturb a net once while it thinks, and watch whether it recovers (section 5.5).

    Args:
        model: a recurrent net.
        puzzles: what it thinks about.
        perturbation: what is done to it; None: it is only watched.
        at: after which iteration; 0: before the first, so that also the start state is that of the changed puzzles.
        iterations: how long to think in all.
        seed: of what is random in the perturbation.

    Returns:
        A row for each puzzle and iteration: whether it is `solved`, 1 or 0 (from the perturbation on, the changed
        puzzle; NaN where that has no answer that is known), and the `change` |s' - s| of the state by that iteration
        (section 5.5.3). The same in all rows: `problem`, `level`, `perturbation`, `strength`, `at`.

    Raises:
        UserError: a perturbation that is not for these puzzles, a net whose steps differ, iterations that end before
            they begin.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=48, count=5)
    >>> rows = perturb(net, puzzles, lt.perturbation("bit_flip", index=40), at=50, iterations=80)
    >>> bool(recovery(rows)["recovered"].max() < 30)
    True
    """
    if not 0 <= at < iterations:
        raise UserError("Disturb the net after iteration 0 or a later one, and watch it for longer than that.")
    _refuse_feedforward(model)
    puzzles = puzzles.to(device_of(model))
    rng, tables = generator("perturbation", seed), []
    with torch.inference_mode():
        changed = puzzles if perturbation is None else perturbation.to_puzzles(puzzles, rng)
        state = model.start(model.see((puzzles if at else changed).x))
        for shown, first, last, disturbance in ((puzzles, 0, at, None), (changed, at, iterations, perturbation)):
            if disturbance is not None:
                state = model.with_features(state, disturbance.to_features(model.features(state), rng))
            for thought in think(model, shown.x, last - first, state=state):
                state = thought.state
                moved = model.features(state) - model.features(thought.previous)
                tables.append(
                    pd.DataFrame(
                        {
                            "puzzle": range(len(shown)),
                            "iteration": first + thought.iteration,
                            "solved": _solved(thought, shown),
                            "change": _norm(moved).cpu().numpy(),
                        }
                    )
                )
    rows = pd.concat(tables, ignore_index=True)
    described: dict[str, str | int | float] = {
        "problem": name_of(type(puzzles.problem)),
        "level": puzzles.level,
        "perturbation": "none" if perturbation is None else name_of(type(perturbation)),
        "strength": 0.0 if perturbation is None else perturbation.strength,
        "at": at,
    }
    for place, (name, value) in enumerate(described.items()):
        rows.insert(place, name, value)
    return rows


def _solved(thought: Thought, puzzles: Puzzles) -> NDArray[np.float64]:
    """1 for each puzzle that is, 0 for one that is not, NaN where its answer is not known."""
    problem = puzzles.problem
    if not puzzles.known:
        return np.full(len(puzzles), np.nan)
    return problem.correct(problem.answer(thought.read(), puzzles), puzzles).double().cpu().numpy()


def recovery(rows: pd.DataFrame) -> pd.DataFrame:
    """From the rows of `perturb`, one for each puzzle: how it fared after the perturbation.

    `reached`: iterations from the perturbation until it was first solved, as table 5.5 counts them (33.92, where it
    came after iteration 50); `recovered`: until it was solved and stayed so to the end; both NaN if never, or without
    a known answer. `solved`: at the end.

    >>> watched = {"puzzle": 0, "iteration": [1, 2, 3, 4, 5], "solved": [1.0, 0.0, 1.0, 0.0, 1.0], "change": 0.0}
    >>> recovery(pd.DataFrame({**watched, "at": 1}))[["reached", "recovered", "solved"]].values.tolist()
    [[2.0, 4.0, 1.0]]
    """
    keys = [name for name in rows.columns if name not in ("iteration", "solved", "change")]
    found = []
    for key, group in rows[rows["iteration"] > rows["at"]].groupby(keys, sort=False):
        group = group.sort_values("iteration")
        solved, after = (group["solved"] == 1).to_numpy(), (group["iteration"] - group["at"]).to_numpy()
        failures = np.flatnonzero(~solved)
        found.append(
            {
                **dict(zip(keys, key, strict=True)),
                "reached": after[solved.argmax()] if solved.any() else np.nan,
                "recovered": after[failures[-1] + 1 if len(failures) else 0] if solved[-1] else np.nan,
                "solved": group["solved"].iloc[-1],
            }
        )
    return pd.DataFrame(found)


def fared(rows: pd.DataFrame) -> pd.DataFrame:
    """From the rows of `perturb`, one for each level and perturbation (table 5.5).

    `peak`, the highest share solved at any iteration from the perturbation on, and `final`, that at the end;
    means over the puzzles of `reached` and `recovered` of `recovery`, where there are such.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=48, count=5)
    >>> rows = perturb(net, puzzles, lt.perturbation("zeros"), at=50, iterations=80)
    >>> fared(rows)[["perturbation", "final"]].values.tolist()
    [['zeros', 1.0]]
    """
    keys = ["level", "perturbation", "strength", "at"]
    after = rows[rows["iteration"] > rows["at"]]
    solved = after.groupby([*keys, "iteration"], sort=False)["solved"].mean().groupby(keys, sort=False)
    found = pd.DataFrame({"peak": solved.max(), "final": solved.last()})
    return found.join(recovery(rows).groupby(keys, sort=False)[["reached", "recovered"]].mean()).reset_index()


def fates(model: Thinker, puzzles: Puzzles, iterations: int, seed: int = 0) -> pd.DataFrame:
    """What becomes of each puzzle's state after many iterations.

    Args:
        model: a recurrent net.
        puzzles: 2 or more.
        iterations: how long to think.
        seed: of the disturbance whose growth is measured.

    Returns:
        A row for each puzzle.
        `fate`: "fixed point" if over the last iterations each state is STILL the one before; "cycle 2" .. "cycle 8" if
        it is the one so many before; else "neither" (after section 5.5.3, which looks at the change alone).
        `solved`: at the end. `ever`: at any iteration, so that the mean of `ever` less that of `solved` is overthinking
        per puzzle.
        `alignment`: the cosine between the last state and the one reached from another puzzle's last state, the
        asymptotic alignment of Anil et al. (2022, "Path independent equilibrium models"); path independent nets have 1.
        `lyapunov`: the mean logarithm of the growth, per iteration, of a small disturbance that is scaled back to its
        size each time (Benettin et al., 1980), over the second half; negative where disturbances die away.

    Raises:
        UserError: too few iterations to tell, fewer puzzles than 2, a net whose steps differ.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=48, count=4)
    >>> set(fates(net, puzzles, 200)["fate"])
    {'fixed point'}
    """
    if iterations <= CERTAIN + LONGEST_CYCLE:
        raise UserError(f"The fate of a state shows after more than {CERTAIN + LONGEST_CYCLE} iterations.")
    if len(puzzles) < 2:
        raise UserError("Path independence is a matter of starting from another puzzle's state; take at least 2.")
    _refuse_feedforward(model)
    puzzles = puzzles.to(device_of(model))
    rng = generator("fates", seed)
    solved = ever = torch.zeros(len(puzzles), dtype=torch.bool)
    lasted = torch.zeros(LONGEST_CYCLE + 1, len(puzzles), dtype=torch.int64)
    growth = torch.zeros(len(puzzles), dtype=torch.float64)
    recent: deque[Tensor] = deque(maxlen=LONGEST_CYCLE + 1)
    nudge: Tensor | None = None
    with torch.inference_mode():
        seen = model.see(puzzles.x)
        for thought in think(model, puzzles.x, iterations):
            features = model.features(thought.state)
            recent.appendleft(features)
            size = _norm(features)
            for length in range(1, len(recent)):
                still = (_norm(features - recent[length]) <= STILL * size).cpu()
                lasted[length] = torch.where(still, lasted[length] + 1, 0)
            solved = puzzles.problem.correct(puzzles.problem.answer(thought.read(), puzzles), puzzles).cpu()
            ever = ever | solved
            if thought.iteration == iterations // 2:
                noise = torch.from_numpy(rng.standard_normal(tuple(features.shape), dtype=np.float32)).to(features)
                nudge = _scaled(noise, NUDGE * size)
            elif nudge is not None:
                previous = model.features(thought.previous)
                moved = model.features(model.step(model.with_features(thought.previous, previous + nudge), seen))
                least = torch.finfo(features.dtype).tiny
                growth += (_norm(moved - features) + least).log().sub((_norm(nudge) + least).log()).double().cpu()
                nudge = _scaled(moved - features, NUDGE * size)
        other = model.with_features(thought.state, features.roll(1, 0))
        ends = model.features(last_state(model, puzzles.x, iterations, other))
        alignment = torch.nn.functional.cosine_similarity(features.flatten(1), ends.flatten(1))
    names = ["fixed point", *(f"cycle {length}" for length in range(2, LONGEST_CYCLE + 1))]
    lasting = lasted[1:] >= CERTAIN
    return pd.DataFrame(
        {
            "level": puzzles.level,
            "puzzle": range(len(puzzles)),
            "fate": [names[int(one.int().argmax())] if one.any() else "neither" for one in lasting.T],
            "solved": solved.numpy(),
            "ever": ever.numpy(),
            "alignment": alignment.cpu().numpy(),
            "lyapunov": (growth / (iterations - iterations // 2)).numpy(),
        }
    )


def _refuse_feedforward(model: Thinker) -> None:
    if model.limit is not None:
        raise UserError(f"A {name_of(type(model))} has only {model.limit} steps, each its own; take a recurrent net.")


def _norm(features: Tensor) -> Tensor:
    """(B, ...) -> (B,)."""
    axes = tuple(range(1, features.ndim))
    norm: Tensor = torch.linalg.vector_norm(features, dim=axes)
    if norm.isinf().any():  # the squares of 1e20 are no numbers of 32 bits
        norm = torch.linalg.vector_norm(features, dim=axes, dtype=torch.float64)
    return norm


def _scaled(features: Tensor, size: Tensor) -> Tensor:
    """The same directions, with norms (B,)."""
    factor = size / _norm(features).clamp_min(torch.finfo(features.dtype).tiny)
    return features * factor.view(-1, *[1] * (features.ndim - 1))
