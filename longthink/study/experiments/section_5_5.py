"""Section 5.5, the overthinking problem: nets disturbed while they think. Nets are those of tables 5.2 and 5.3."""

from longthink import figures
from longthink.contracts import Perturbation
from longthink.perturbations.noise import Noise
from longthink.perturbations.random_input import RandomInput
from longthink.perturbations.swap import Swap
from longthink.perturbations.zeros import Zeros
from longthink.problems.mazes.move_end import MoveEnd
from longthink.problems.prefix_sums.bit_flip import BitFlip
from longthink.registry import register
from longthink.study.claims import at_least, at_most
from longthink.study.evaluators import Disturbed
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets

SOLVED_BY = 50
"""After this iteration, the dissertation's nets had solved what they were given."""
WITH_RECALL = ("DT-Recall", "DT-Recall, progressive")
WITHOUT_RECALL = ("DT", "DT, progressive")
RECOVERED = 0.9
FAILED = 0.05


def _on_mazes(perturbation: Perturbation | None, at: int = 0, published: dict[str, str] | None = None) -> Disturbed:
    return Disturbed(
        level=13, count=100, iterations=250, fixed=250, perturbation=perturbation, at=at, published=published or {}
    )


def _on_strings(perturbation: Perturbation | None, at: int = 0) -> Disturbed:
    return Disturbed(level=48, count=100, iterations=200, fixed=200, perturbation=perturbation, at=at)


def _recall_recovers(title: str, variants: tuple[Variant, ...], *evaluators: Disturbed) -> Experiment:
    """The nets with recall solve the puzzles after all that is done to them, those without do not."""
    disturbed = [evaluator for evaluator in evaluators if evaluator.perturbation is not None]
    return Experiment(
        title=title,
        source="dissertation",
        variants=_nets.recurrent(variants),
        evaluators=evaluators,
        claims=tuple(
            claim
            for evaluator in disturbed
            for claim in (
                *(at_least(RECOVERED, name, evaluator) for name in WITH_RECALL),
                *(at_most(FAILED, name, evaluator) for name in WITHOUT_RECALL),
            )
        ),
    )


def _changes(title: str, variants: tuple[Variant, ...], *evaluators: Disturbed) -> Experiment:
    return Experiment(
        title=title, variants=_nets.recurrent(variants), evaluators=evaluators, figure=figures.change_over_iterations
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
    Expected: recovery takes less the later the bit, linearly: fewer bits of the answer change.
    """
    return Experiment(
        title="Figure 5.8 (left): recovering from a flipped bit",
        source="dissertation",
        variants=_nets.recurrent(_nets.five("prefix_sums", scale)),
        evaluators=tuple(_on_strings(BitFlip(index=index), at=SOLVED_BY) for index in range(0, 48, 8)),
        figure=figures.recovery_by_index,
    )


@register
def figure_5_8_change(scale: Scale) -> Experiment:
    """The change of the state at each iteration on 13x13 mazes (figure 5.8 right).

    Command: longthink reproduce figure-5.8-change
    Expected: it dies away with recall and explodes without.
    """
    return _changes("Figure 5.8 (right): the change of the state, mazes", _nets.five("mazes", scale), _on_mazes(None))


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
    """The change of the state when the input is noise in the place of a maze (figure 5.12).

    Command: longthink reproduce figure-5.12
    Expected: it dies away with recall. Nothing is solved: noise has no answer.
    """
    title = "Figure 5.12: the change of the state, noise for mazes"
    return _changes(title, _nets.five("mazes", scale), _on_mazes(RandomInput()))


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
    Expected: it dies away with recall.
    """
    return _changes(
        "Figure 5.15: the change of the state, prefix sums",
        _nets.five("prefix_sums", scale),
        _on_strings(None),
        _on_strings(RandomInput()),
    )
