"""Section 5.5, the overthinking problem: nets disturbed while they think. Nets are those of tables 5.2 and 5.3."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

import pandas as pd

from longthink import figures
from longthink.contracts import Perturbation
from longthink.perturbations.noise import Noise
from longthink.perturbations.random_input import RandomInput
from longthink.perturbations.swap import Swap
from longthink.perturbations.zeros import Zeros
from longthink.problems.mazes.move_end import MoveEnd
from longthink.registry import register
from longthink.study.claims import Claim, at_least, at_most
from longthink.study.evaluators import Changed, Disturbed, Evaluator, Flipped
from longthink.study.evaluators.thinking import DIED_AWAY
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets

Watched = TypeVar("Watched", bound=Evaluator)

MAZES: Mapping[str, Any] = {"level": 13, "count": 100, "iterations": 250}
STRINGS: Mapping[str, Any] = {"level": 48, "count": 100, "iterations": 200}
SOLVED_BY = 50
"""After this iteration, the dissertation's nets had solved what they were given."""
WITH_RECALL = ("DT-Recall", "DT-Recall, progressive")
WITHOUT_RECALL = ("DT", "DT, progressive")
RECOVERED = 0.9
FAILED = 0.05
EXPLODED = 10.0
"""A change of the state that is so many times that at the end of the training regime has exploded."""
LINEAR = 0.95
"""R^2 of a line."""


def _on_mazes(perturbation: Perturbation | None, at: int = 0, published: dict[str, str] | None = None) -> Disturbed:
    return Disturbed(**MAZES, fixed=250, perturbation=perturbation, at=at, published=published or {})


def _on_strings(perturbation: Perturbation | None, at: int = 0) -> Disturbed:
    return Disturbed(**STRINGS, fixed=200, perturbation=perturbation, at=at)


def _by_recall(
    evaluators: Iterable[Watched],
    recalling: Callable[[str, Watched], Claim],
    forgetting: Callable[[str, Watched], Claim],
) -> tuple[Claim, ...]:
    """For each evaluator what is expected of the nets with recall, and of those without."""
    return tuple(
        claim
        for evaluator in evaluators
        for claim in (
            *(recalling(name, evaluator) for name in WITH_RECALL),
            *(forgetting(name, evaluator) for name in WITHOUT_RECALL),
        )
    )


def _recall_recovers(title: str, variants: tuple[Variant, ...], *evaluators: Disturbed) -> Experiment:
    """The nets with recall solve the puzzles after all that is done to them, those without do not."""
    clean = next((evaluator for evaluator in evaluators if evaluator.perturbation is None), None)
    disturbed = [evaluator for evaluator in evaluators if evaluator is not clean]
    return Experiment(
        title=title,
        source="dissertation",
        variants=_nets.recurrent(variants),
        evaluators=evaluators,
        claims=_by_recall(disturbed, partial(at_least, RECOVERED), partial(at_most, FAILED, unlike=clean)),
    )


def _in_every_seed(sentence: str, name: str, evaluator: Evaluator, holds: Callable[[float], bool], value: str) -> Claim:
    """A claim about a number of each seed, which a summary lists as `value`."""

    def in_all(table: pd.DataFrame) -> bool:
        numbers = table[table["evaluator"] == evaluator.title].set_index("series")[value][name]
        return all(holds(number) for number in numbers)

    return Claim(f"At {evaluator.title}, {sentence}", in_all)


def _dies_away(name: str, evaluator: Changed) -> Claim:
    sentence = (
        f"the change of the state dies away with {name}: in every seed to at most {DIED_AWAY:.0%} of the largest."
    )
    return _in_every_seed(sentence, name, evaluator, lambda left: left <= DIED_AWAY, "left")


def _does_not_die_away(name: str, evaluator: Changed) -> Claim:
    sentence = f"it does not die away with {name}: in every seed more than {DIED_AWAY:.0%} of the largest is left."
    return _in_every_seed(sentence, name, evaluator, lambda left: left > DIED_AWAY, "left")


def _explodes(name: str, evaluator: Changed) -> Claim:
    sentence = (
        f"the change of the state explodes with {name}: in every seed to at least {EXPLODED:g} times that at the end of"
        " the training regime."
    )
    return _in_every_seed(sentence, name, evaluator, lambda grown: grown >= EXPLODED, "grown")


def _decays_linearly(name: str, evaluator: Flipped) -> Claim:
    sentence = (
        f"the recovery time of {name} decays linearly with the index: in every seed the slope is negative, and the"
        f" line explains at least {LINEAR:.0%} of the variance."
    )
    falls = _in_every_seed(sentence, name, evaluator, lambda slope: slope < 0, "slopes")
    is_line = _in_every_seed(sentence, name, evaluator, lambda fit: fit >= LINEAR, "fits")
    return Claim(falls.sentence, lambda table: falls.holds(table) and is_line.holds(table))


def _changes(
    title: str, variants: tuple[Variant, ...], *evaluators: Changed, without_recall: Callable[[str, Changed], Claim]
) -> Experiment:
    """The change of the state dies away with recall, and what is expected without."""
    return Experiment(
        title=title,
        source="dissertation",
        variants=_nets.recurrent(variants),
        evaluators=evaluators,
        claims=_by_recall(evaluators, _dies_away, without_recall),
        figure=figures.change_over_iterations,
    )


@register
def table_5_5(scale: Scale) -> Experiment:
    """Mazes of 13x13 with noise, zeros or another maze's features on the way (table 5.5, figures 5.8 middle and 5.9).

    Command: longthink reproduce table-5.5
    Expected: nets with recall solve 96 to 100 %, 22 to 36 iterations after; those without recall none.
    """
    nets = ("DT", "DT, progressive", "DT-Recall", "DT-Recall, progressive")
    printed = {
        "clean": ("27.68 (87 %)", "16.87 (95 %)", "23.54 (100 %)", "22.10 (100 %)"),
        "noise": ("- (0 %)", "- (0 %)", "35.70 (100 %)", "25.10 (100 %)"),
        "zeros": ("- (0 %)", "- (0 %)", "35.04 (96 %)", "22.48 (100 %)"),
        "swapped": ("- (0 %)", "- (0 %)", "33.92 (97 %)", "28.79 (100 %)"),
    }
    published = {column: dict(zip(nets, cells, strict=True)) for column, cells in printed.items()}
    return _recall_recovers(
        "Table 5.5, figures 5.8 (middle) and 5.9: mazes, disturbed",
        _nets.five("mazes", scale),
        _on_mazes(None, published=published["clean"]),
        _on_mazes(Noise(), at=1, published=published["noise"]),
        _on_mazes(Zeros(), at=1, published=published["zeros"]),
        _on_mazes(Swap(), at=SOLVED_BY, published=published["swapped"]),
    )


@register
def figure_5_8_bits(scale: Scale) -> Experiment:
    """Iterations to recover from one flipped bit, against its index, strings of 48 bits (figure 5.8 left).

    Command: longthink reproduce figure-5.8-bits
    Expected: nets with recall recover, and the time that they take decays linearly with the index, since higher indices
    are closer to the end and affect fewer bits of the answer. Those without never see the new bit.
    """
    flipped = Flipped(level=48, count=100, at=SOLVED_BY, iterations=150)
    return Experiment(
        title="Figure 5.8 (left): recovering from a flipped bit",
        source="dissertation",
        variants=_nets.recurrent(_nets.five("prefix_sums", scale)),
        evaluators=(flipped,),
        claims=(
            *(at_least(RECOVERED, name, flipped) for name in WITH_RECALL),
            *(_decays_linearly(name, flipped) for name in WITH_RECALL),
            *(at_most(FAILED, name, flipped) for name in WITHOUT_RECALL),
        ),
        figure=figures.recovery_by_index,
    )


@register
def figure_5_8_change(scale: Scale) -> Experiment:
    """The change of the state at each iteration on 13x13 mazes (figure 5.8 right).

    Command: longthink reproduce figure-5.8-change
    Expected: nets with recall appear to converge, those without explode.
    """
    title, clean = "Figure 5.8 (right): the change of the state, mazes", Changed(perturbation=None, **MAZES)
    return _changes(title, _nets.five("mazes", scale), clean, without_recall=_explodes)


@register
def figure_5_10(scale: Scale) -> Experiment:
    """The features of 13x13 mazes replaced by zeros after 50 iterations (figure 5.10).

    Command: longthink reproduce figure-5.10
    Expected: nets with recall solve the maze again, those without do not.
    """
    title = "Figure 5.10: mazes, the features zeroed when solved"
    return _recall_recovers(title, _nets.five("mazes", scale), _on_mazes(Zeros(), at=SOLVED_BY))


@register
def figure_5_11(scale: Scale) -> Experiment:
    """The end of a 13x13 maze moved two steps closer to the start after 50 iterations (figure 5.11).

    Command: longthink reproduce figure-5.11
    Expected: nets with recall solve the new maze in very few iterations, those without cannot see it.
    """
    title = "Figure 5.11: mazes, an end moved two steps"
    return _recall_recovers(title, _nets.five("mazes", scale), _on_mazes(MoveEnd(), at=SOLVED_BY))


@register
def figure_5_12(scale: Scale) -> Experiment:
    """The change of the state when random noise is the input in the place of a 13x13 maze (figure 5.12).

    Command: longthink reproduce figure-5.12
    Expected: with recall it dies away also on noise, which has no answer that could be right; without it does not.
    """
    title, noise = "Figure 5.12: the change of the state, noise for mazes", Changed(perturbation=RandomInput(), **MAZES)
    return _changes(title, _nets.five("mazes", scale), noise, without_recall=_does_not_die_away)


@register
def figure_5_13(scale: Scale) -> Experiment:
    """Noise on the features of 48-bit strings after the first iteration (figure 5.13).

    Command: longthink reproduce figure-5.13
    Expected: nets with recall solve them all the same.
    """
    title = "Figure 5.13: prefix sums, noise on the features"
    return _recall_recovers(title, _nets.five("prefix_sums", scale), _on_strings(Noise(), at=1))


@register
def figure_5_14(scale: Scale) -> Experiment:
    """The features of 48-bit strings replaced by zeros after the first iteration (figure 5.14).

    Command: longthink reproduce figure-5.14
    Expected: nets with recall solve them all the same.
    """
    title = "Figure 5.14: prefix sums, the features zeroed"
    return _recall_recovers(title, _nets.five("prefix_sums", scale), _on_strings(Zeros(), at=1))


@register
def figure_5_15(scale: Scale) -> Experiment:
    """The change of the state at each iteration on 48-bit strings, and on noise in their place (figure 5.15).

    Command: longthink reproduce figure-5.15
    Expected: it dies away with recall, and does not without.
    """
    evaluators = (Changed(perturbation=one, **STRINGS) for one in (None, RandomInput()))
    title = "Figure 5.15: the change of the state, prefix sums"
    return _changes(title, _nets.five("prefix_sums", scale), *evaluators, without_recall=_does_not_die_away)
