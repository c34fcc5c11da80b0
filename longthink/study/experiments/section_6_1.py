"""Section 6.1, sudoku: trained on boards with 40 givens or more, tested with fewer, and on larger boards."""

from collections.abc import Mapping
from typing import Any

from longthink.recipes.laptop import sudoku_convolutions, sudoku_laptop
from longthink.recipes.thesis import sudoku_thesis
from longthink.registry import register
from longthink.study.claims import at_least, more
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets

GIVENS = (61, 51, 46, 40, 36, 32, 28, 26, 24)
CELLS = 81
TWIN: Mapping[str, Any] = {"model.activation": "relu", "optimiser.lr": 1e-3}
"""Of the feed-forward net at laptop scale: with SiLU it did not begin to learn, at any of three rates."""
LARGER: Mapping[tuple[int, int], tuple[int, ...]] = {(4, 4): (102, 128, 141), (5, 5): (250, 312)}
"""Blank cells of boards of 16 x 16 (40, 50 and 55 %) and of 25 x 25 (40 and 50 %)."""


@register
def section_6_1(scale: Scale) -> Experiment:
    """Nets trained on boards with 40 givens or more, on boards with fewer, against iterations (section 6.1).

    Command: longthink reproduce section-6.1 --seeds 3
    Expected: a DT-Recall net solves harder boards than it was trained on; no numbers are published.
    """
    boards, convolutions = sudoku_laptop(), sudoku_thesis() if scale == "thesis" else sudoku_convolutions()
    variants = (
        Variant("row-column-box", boards),
        Variant("row-column-box, no stalled boards", boards.revised({"problem.stalled": 0.0})),
        Variant("DT-Recall", convolutions),
        Variant("feed-forward", _nets.feedforward(convolutions).revised(TWIN if scale == "laptop" else {})),
    )
    by_givens = {
        givens: Sweep(level=CELLS - givens, iterations=100, fixed=100, count=250, every=4, positions=True)
        for givens in GIVENS
    }
    return Experiment(
        title="Section 6.1: sudoku with fewer givens",
        source="dissertation",
        variants=variants,
        evaluators=tuple(by_givens.values()),
        claims=(
            at_least(0.99, "row-column-box", by_givens[32]),
            at_least(0.9, "row-column-box", by_givens[26]),
            more("row-column-box", "DT-Recall", by_givens[32]),
            more("DT-Recall", "feed-forward", by_givens[46]),
        ),
    )


@register
def section_6_1_sizes(scale: Scale) -> Experiment:  # noqa: ARG001
    """One set of weights, trained on boards of 4 x 4 and 9 x 9, on boards of 16 x 16 and 25 x 25 (our own question).

    Command: longthink reproduce section-6.1-sizes --seeds 3
    Expected: elsewhere 52 % of the cells of 16 x 16 and 31 % of those of 25 x 25, after training on 9 x 9.
    """
    net = sudoku_laptop()
    evaluators = tuple(
        Sweep(level=blank, iterations=100, fixed=100, count=40, every=10, options={"box": box}, positions=True)
        for box, levels in LARGER.items()
        for blank in levels
    )
    return Experiment(
        title="Sudoku: larger boards than in training",
        variants=(Variant("4 x 4 and 9 x 9", net.revised({"problem.also": [[2, 2]]})), Variant("9 x 9 alone", net)),
        evaluators=evaluators,
    )
