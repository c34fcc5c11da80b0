"""Section 6.1: sudoku with fewer givens than in training, larger boards, and which algorithm nets have learned."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from longthink import figures
from longthink.recipes.laptop import sudoku_convolutions, sudoku_laptop
from longthink.recipes.thesis import sudoku_thesis
from longthink.registry import register
from longthink.study.claims import at_least, more, own
from longthink.study.evaluators import Decided, Sweep
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets
from longthink.training.recipe import Recipe

GIVENS = (61, 51, 46, 40, 36, 32, 28, 26, 24)
CELLS = 81
TWIN: Mapping[str, Any] = {"model.activation": "relu", "optimiser.lr": 1e-3}
"""Of the feed-forward net at laptop scale: with SiLU it did not begin to learn, at any of three rates."""
LARGER: Mapping[tuple[int, int], tuple[int, ...]] = {(4, 4): (102, 128, 141), (5, 5): (250, 312)}
"""Blank cells of boards of 16 x 16 (40, 50 and 55 %) and of 25 x 25 (40 and 50 %)."""
HARDER = (36, 32, 28)
"""Givens of boards that are harder than those with 40, which the dissertation's net was trained on here."""
SOME = 0.01
UNTRAINED: Mapping[str, Any] = {"steps": 1, "optimiser.lr": 1e-12}
"""A step that leaves the weights where they are."""
DECIDING = (40, 32, 26)
"""Givens of boards that are compared with algorithms."""
SIMILAR = 0.9
"""A rank correlation that we call very similar."""


@register
def section_6_1(scale: Scale) -> Experiment:
    """Nets trained on boards with 40 givens or more, on boards with fewer, against iterations (section 6.1).

    Command: longthink reproduce section-6.1 --seeds 3
    Expected: "DT-Recall models [trained] on 20,000 easy puzzles [...] can solve harder puzzles"; no numbers and no
    levels are published. Which boards singles solve is beside them. Row-column-box is ours, and trained so at every
    scale.
    """
    boards, convolutions = sudoku_laptop(), _nets.at(scale, sudoku_convolutions(), sudoku_thesis())
    variants = (
        Variant("row-column-box", boards),
        Variant("row-column-box, no stalled boards", boards.revised({"problem.stalled": 0.0})),
        Variant("DT-Recall", convolutions),
        Variant("feed-forward", _nets.feedforward(convolutions).revised({} if scale == "thesis" else TWIN)),
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
            *(at_least(SOME, "DT-Recall", by_givens[givens]) for givens in HARDER),
            *own(
                at_least(0.99, "row-column-box", by_givens[32]),
                at_least(0.9, "row-column-box", by_givens[26]),
                more("row-column-box", "DT-Recall", by_givens[32]),
                more("DT-Recall", "feed-forward", by_givens[46]),
            ),
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


@register
def section_6_1_algorithm(scale: Scale) -> Experiment:
    """With which way of solving boards the order of a net's decisions agrees (section 6.1).

    Command: longthink reproduce section-6.1-algorithm --seeds 3
    Expected: nothing; "we are also interested in trying to discern which algorithm our models learn".
    """
    boards, convolutions = sudoku_laptop(), _nets.at(scale, sudoku_convolutions(), sudoku_thesis())
    orders, beyond = {}, []
    for givens in DECIDING:
        level = CELLS - givens
        orders[givens] = Decided(level=level, count=100, iterations=100, algorithm="hidden_singles")
        beyond += [
            orders[givens].revised({"beyond": "naked_singles"}),
            orders[givens].revised({"algorithm": "locked_candidates", "beyond": "hidden_singles"}),
        ]
    return Experiment(
        title="Section 6.1: which algorithm for sudoku?",
        variants=(
            Variant("row-column-box", boards),
            Variant("DT-Recall", convolutions),
            Variant("untrained", _untrained(boards)),
        ),
        evaluators=(*orders.values(), *beyond),
        claims=tuple(more("row-column-box", "untrained", order) for order in orders.values()),
        figure=_first_beside_algorithms,
    )


@register
def section_6_1_mazes(scale: Scale) -> Experiment:
    """With which way of solving mazes the order of a net's decisions agrees (section 6.1).

    Command: longthink reproduce section-6.1-mazes --seeds 3
    Expected: "the maze solving models [...] seem to execute an algorithm very similar to dead end filling".
    """
    net = _nets.progressive(_nets.mazes(scale), _nets.alpha("mazes", scale))
    orders = [Decided(level=level, count=100, algorithm="dead_end_filling") for level in (9, 13, 33)]
    name = "DT-Recall, progressive"
    return Experiment(
        title="Section 6.1: which algorithm for mazes?",
        source="dissertation",
        variants=(Variant(name, net), Variant("untrained", _untrained(net))),
        evaluators=tuple(orders),
        claims=tuple(
            claim for order in orders for claim in (at_least(SIMILAR, name, order), more(name, "untrained", order))
        ),
        figure=_first_beside_algorithms,
    )


def _untrained(recipe: Recipe) -> Recipe:
    return recipe.revised(UNTRAINED)


def _first_beside_algorithms(rows: pd.DataFrame, path: Path) -> Path:
    """When nets of the first line decide, beside known algorithms."""
    first = rows[(rows["series"] == rows["series"].iloc[0]) & (rows["beyond"] == "")]
    return figures.cost_of_thinking(first, path)
