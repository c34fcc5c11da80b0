"""Two-layer nets that compose elements of a group: how fast they learn, by what, and how wide they must be."""

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pandas as pd

from longthink import figures
from longthink.base.fits import exponential, line, power_law
from longthink.problems.groups.group import Group
from longthink.problems.groups.staircase import predicted
from longthink.recipes.laptop import staircase
from longthink.registry import register
from longthink.study.claims import Claim, at_least, at_most, own
from longthink.study.evaluators import Learned, Parts, Stepped, Timed
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments.groups import every_product
from longthink.training.recipe import Recipe

VANISHING = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
"""Scales of the first weights from which the theory's lines are fitted."""
LARGE = (0.03, 0.1)
"""Scales at which plateaus are expected to go, and then the steps."""
AT_ONE_RATE = (0.01, 0.018, 0.03)
"""Scales for gradient descent, whose time grows with a power of their inverse."""
TIMED: Mapping[tuple[str, int], tuple[tuple[float, ...], float, int]] = {
    ("D5", 2): ((0.8, 2.0, 1.2), 0.05, 2000),
    ("C5", 3): ((1.5, 1.0), 0.02, 2800),
}
"""The encoding's power, the length of Euler's steps, and their number."""
FALLS_OFF = 0.1
"""Plateaus off by more than this share of the loss at the start are lost."""

COMPOSED = (("C5", 2), ("D5", 2), ("S3", 3), ("Q8", 2))
LINEAR = {"2 linear layers": (2, 200), "2 linear layers, width 1,000": (2, 1000), "4 linear layers": (4, 200)}
"""Depth and width of nets without a nonlinearity."""

WIDTHS_OF: Mapping[str, tuple[range, range]] = {
    "C2": (range(2, 9), range(-6, 2)),
    "C3": (range(2, 7), range(-3, 4)),
    "C4": (range(2, 6), range(-3, 4)),
}
"""The lengths k of each group, as long as all products, |G|^k, are few enough to train on at once; and widths, as
half-octaves above 2^(k - 1) |G|. Those of C2 begin lower: with z^2 = 1 fewer terms of the neurons differ."""
ADAM = {"optimiser": "adam", "optimiser.lr": 0.01, "schedule.decay": "cosine", "schedule.warmup": 20}
"""What learns in few steps, where the way to the solution is not what is asked for."""


@register
def staircase_scales(scale: Scale) -> Experiment:  # noqa: ARG001
    """How long steps of a staircase take from ever smaller first weights N(0, a^2), and where plateaus are lost.

    Command: longthink reproduce staircase-scales --seeds 3
    Expected, after the article (arXiv 2602.03655): at the rate |theta|^(1 - k) log(1 / a), times are finite as a
    vanishes; so without the factor log(1 / a), which is left out here, they grow like log(1 / a). Ours, derived from
    the utility U: a neuron grows like exp((k + 1) U t), so that the slope is 1 / ((k + 1) U); at one rate for all
    neurons, times grow like a^(1 - k); from large weights the plateaus are lost.
    """
    times, stepped = (Timed(nth=1), Timed(nth=2)), Stepped()
    variants, claims = list[Variant](), list[Claim]()
    for name, k in TIMED:
        flow = {a: Variant(f"{name}, k = {k}, scale {a:g}", _timed(name, k, a)) for a in (*VANISHING, *LARGE)}
        variants += flow.values()
        small = {a: flow[a].name for a in VANISHING}
        claims += own(
            *(_grows_with_log(f"{name}, k = {k}", evaluator, small, _slope(name, k, evaluator)) for evaluator in times)
        )
        claims += [at_least(1.0, series, stepped) for series in small.values()]
        claims += own(_plateaus_lost(flow[LARGE[-1]].name, stepped))
    plain = {a: Variant(f"D5, one rate, scale {a:g}", _at_one_rate(a)) for a in AT_ONE_RATE}
    claims += own(_grows_with_power("D5, one rate", times[0], {a: one.name for a, one in plain.items()}, -1.0))
    return Experiment(
        title="Staircases: how small the first weights are",
        source="article",
        variants=(*variants, *plain.values()),
        evaluators=(*times, stepped),
        claims=tuple(claims),
        figure=figures.times_of_steps,
    )


def _timed(name: str, k: int, scale: float) -> Recipe:
    power, lr, steps = TIMED[name, k]
    return every_product(staircase(), name, k).revised(
        {
            "problem.power": power,
            "model.scale": scale,
            "model.width": 400,
            "optimiser.lr": lr,
            "steps": steps,
            "validation.every": steps,
        }
    )


def _at_one_rate(scale: float) -> Recipe:
    """Gradient descent, without a rate of its own for each neuron, until two of three steps are taken."""
    plain = {"optimiser": "sgd", "optimiser.momentum": 0.0, "steps": 3000, "validation.every": 3000}
    return _timed("D5", 2, scale).revised(plain)


def _slope(name: str, k: int, evaluator: Timed) -> float:
    group = Group.named(name)
    steps = predicted(group, group.template(TIMED[name, k][0]), k)
    return float(1 / ((k + 1) * steps["utility"][evaluator.nth - 1]))


def _grows_with_log(net: str, evaluator: Timed, series: Mapping[float, str], slope: float) -> Claim:
    def holds(table: pd.DataFrame) -> bool:
        return abs(line(-np.log([*series]), _fixed(table, evaluator, series)).slope / slope - 1) <= 0.1

    return Claim(
        f"For {net}, {evaluator.title} grows by {slope:.3g} with log(1 / scale), up to 10%, for scales up to"
        f" {max(series):g}.",
        holds,
    )


def _grows_with_power(net: str, evaluator: Timed, series: Mapping[float, str], exponent: float) -> Claim:
    def holds(table: pd.DataFrame) -> bool:
        return abs(power_law([*series], _fixed(table, evaluator, series)).exponent - exponent) <= 0.1

    return Claim(f"For {net}, {evaluator.title} goes with the scale to the power {exponent:g}, up to 0.1.", holds)


def _plateaus_lost(name: str, evaluator: Stepped) -> Claim:
    return Claim(
        f"For {name}, plateaus are off by more than {FALLS_OFF:.0%} of the loss at the start.",
        lambda table: bool(_of(table, evaluator)["heights"][name] > FALLS_OFF),
    )


def _fixed(table: pd.DataFrame, evaluator: Timed, series: Mapping[float, str]) -> list[float]:
    means = _of(table, evaluator)["fixed"]
    return [float(means[name]) for name in series.values()]


def _of(table: pd.DataFrame, evaluator: Timed | Stepped | Learned | Parts) -> pd.DataFrame:
    return table[table["evaluator"] == evaluator.title].set_index("series")


@register
def group_parts(scale: Scale) -> Experiment:  # noqa: ARG001
    """Which part of a two-layer net's function solves the task, f(x) or f(+); and nets that have no f(x), linear ones.

    Command: longthink reproduce group-parts --seeds 3
    Expected, after the article (arXiv 2602.03655): what multiplies all elements solves the task, and a deep linear net
    cannot, however wide. Ours, derived: what misses an element can only add to the loss, so that a net without f(x)
    learns at most 0 % of the power, and f(+) ends at 0.
    """
    evaluator, variants, claims = Parts(), [], list[Claim]()
    for name, k in COMPOSED:
        net = every_product(staircase(), name, k).revised(
            {**ADAM, "schedule.tail": 0.5, "problem.power": None, "model.scale": 0.1, "steps": 1000}
        )
        net = net.revised({"validation.every": net.steps})
        called = f"{name}, k = {k}"
        variants.append(Variant(f"{called}, two layers", net))
        claims += [at_least(0.99, variants[-1].name, evaluator), *own(_rest_vanishes(variants[-1].name, evaluator))]
        for linear, (depth, width) in LINEAR.items():
            deep = {"model": "deep_linear", "model.depth": depth, "model.width": width, "model.length": k}
            variants.append(Variant(f"{called}, {linear}", net.revised({**deep, "curriculum.iterations": depth - 1})))
            claims.append(at_most(0.0, variants[-1].name, evaluator))
    return Experiment(
        title="Two-layer nets: the part that composes, and nets that have none",
        source="article",
        variants=tuple(variants),
        evaluators=(evaluator,),
        claims=tuple(claims),
        figure=figures.parts_of_nets,
    )


def _rest_vanishes(name: str, evaluator: Parts) -> Claim:
    return Claim(
        f"At {evaluator.title}, f(+) of {name} has at most 1% of the target's power.",
        lambda table: bool(_of(table, evaluator)["power_rest"][name] <= 0.01),
    )


@register
def group_width(scale: Scale) -> Experiment:  # noqa: ARG001
    """How wide a two-layer net must be to learn products of k elements of a cyclic group.

    Command: longthink reproduce group-width --seeds 3
    Expected, after the article (arXiv 2602.03655): a width exponential in k; 2^(k - 1) |G| is that of its construction,
    and so twice the width for each further element. Ours: that nets trained by Adam, and not by the flow, need a width
    that an exponential with a base of 1.6 to 2.5 fits, and better than a power of k does. 99 % of the power, in every
    seed, counts as learned.
    """
    base, evaluator = staircase().revised({**ADAM, "schedule.tail": 0.5}), Learned()
    base = base.revised({"problem.power": None, "model.scale": 0.1, "steps": 1500, "validation.every": 1500})
    variants, claims = list[Variant](), list[Claim]()
    for name, (lengths, halves) in WIDTHS_OF.items():
        series = {}
        for k, half in product(lengths, halves):
            width = max(1, round(2 ** (half / 2 + k - 1) * Group.named(name).order))
            net = every_product(base, name, k).revised({"model.width": width})
            series[k, width] = Variant(f"{name}, k = {k}, width {width}", net)
        variants += series.values()
        claims += _width_claims(name, {key: one.name for key, one in series.items()}, evaluator)
    return Experiment(
        title="Two-layer nets: width against length",
        variants=tuple(variants),
        evaluators=(evaluator,),
        claims=tuple(claims),
        figure=figures.width_to_learn,
    )


def _width_claims(name: str, series: Mapping[tuple[int, int], str], evaluator: Learned) -> list[Claim]:
    """`series`: names of variants by k and width."""

    def told(holds: Callable[[list[int], list[float]], bool]) -> Callable[[pd.DataFrame], bool]:
        def of_table(table: pd.DataFrame) -> bool:
            every_seed = _of(table, evaluator)["every_seed"]
            rows = [(k, width, min(every_seed[variant])) for (k, width), variant in series.items()]
            least = figures.least_widths(pd.DataFrame(rows, columns=["level", "width", "learned"]))
            return holds(least.index.tolist(), least.tolist())

        return of_table

    return [
        Claim(
            f"{name}: the width to learn grows 1.6 to 2.5 times with each further element.",
            told(lambda ks, widths: 1.6 <= exponential(ks, widths).base <= 2.5),
        ),
        Claim(
            f"{name}: an exponential of the length fits the width to learn better than a power of it.",
            told(lambda ks, widths: exponential(ks, widths).r_squared > power_law(ks, widths).r_squared),
        ),
    ]
