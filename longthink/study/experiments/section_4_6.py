"""Section 4.6, when to stop thinking: stop rules for the nets of tables 5.2 and 5.3, which were not trained for any."""

import pandas as pd

from longthink import figures
from longthink.registry import register
from longthink.study.claims import Claim
from longthink.study.evaluators import Evaluator, Stopped, Sweep
from longthink.study.experiment import Experiment, Scale
from longthink.study.experiments import _nets
from longthink.thinking.stops import AtRest, Confident, Settled

BEST = "DT-Recall, progressive"
COSTS = 0.01
SAVES = 0.5
ROUGHLY = 1e-3
"""A hundred times the usual tolerance."""
SURE = 0.9
"""A net that fits labels smoothed by 0.1 is as sure as 0.95 of one class of two."""


def _costs_little(name: str, stopped: Stopped, fixed: Sweep) -> Claim:
    def holds(table: pd.DataFrame) -> bool:
        at_the_stop, at_the_fixed = (
            table[table["evaluator"] == evaluator.title].set_index("series")["fixed"][name]
            for evaluator in (stopped, fixed)
        )
        return bool(at_the_stop >= at_the_fixed - COSTS)

    sentence = f"{name} solves no less than at iteration {fixed.fixed}, but for {COSTS:.0%} at most."
    return Claim(f"At {stopped.title}, {sentence}", holds)


def _saves(name: str, stopped: Stopped) -> Claim:
    def holds(table: pd.DataFrame) -> bool:
        return bool(table[table["evaluator"] == stopped.title].set_index("series")["saved"][name] >= SAVES)

    return Claim(f"At {stopped.title}, {name} saves at least {SAVES:.0%} of {stopped.iterations} iterations.", holds)


def _when_to_stop(problem: str, scale: Scale, budgets: dict[int, tuple[int, int, int]], title: str) -> Experiment:
    """`budgets`: for each level the number of puzzles, the budget, and the fixed iteration to compare with."""
    evaluators: list[Evaluator] = []
    claims = []
    for level, (count, budget, fixed) in budgets.items():
        sweep = Sweep(level=level, count=count, iterations=budget, fixed=fixed, every=budget // 40)
        surest = sweep.revised({"exit_rule": "max_confidence", "fixed": budget})
        settled, roughly, *others = (
            Stopped(level=level, count=count, iterations=budget, fixed=fixed, stop=rule)
            for rule in (Settled(), Settled(tolerance=ROUGHLY), AtRest(), Confident(probability=SURE))
        )
        evaluators += [sweep, surest, settled, roughly, *others]
        claims += [
            claim for one in (settled, roughly) for claim in (_costs_little(BEST, one, sweep), _saves(BEST, one))
        ]
    return Experiment(
        title=f"Section 4.6: when to stop, {title}",
        variants=_nets.recurrent(_nets.five(problem, scale)),
        evaluators=tuple(evaluators),
        claims=tuple(claims),
        figure=figures.accuracy_at_the_stop,
    )


@register
def section_4_6_prefix_sums(scale: Scale) -> Experiment:
    """Nets that stop by themselves, on 48 and 512 bits: settled, at rest or confident (the question of section 4.6).

    Command: longthink reproduce section-4.6-prefix-sums
    Expected: nets with recall and progressive loss settle, solve as much as at the fixed iteration, and save half of
    the budget; those without recall never settle.
    """
    return _when_to_stop("prefix_sums", scale, {48: (300, 200, 100), 512: (100, 600, 400)}, "prefix sums")


@register
def section_4_6_mazes(scale: Scale) -> Experiment:
    """Nets that stop by themselves, on 13x13 and 59x59 mazes: settled, at rest or confident (section 4.6).

    Command: longthink reproduce section-4.6-mazes
    Expected: as for prefix sums.
    """
    large = (100, 1000, 1000) if scale == "thesis" else (20, 600, 500)
    return _when_to_stop("mazes", scale, {13: (100, 200, 100), 59: large}, "mazes")
