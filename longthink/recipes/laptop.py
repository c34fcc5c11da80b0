"""Recipes that take minutes on two CPU cores."""

from longthink.objectives.final import Final
from longthink.objectives.head_start import HeadStart
from longthink.problems.chess.problem import ChessPuzzles
from longthink.problems.groups.composition import GroupComposition
from longthink.problems.groups.flow import Flow
from longthink.problems.groups.products import GroupProducts
from longthink.problems.images.problem import Images
from longthink.problems.mazes.problem import Mazes
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.problems.sudoku.problem import Sudoku
from longthink.registry import register
from longthink.training.optimisers import Adam, Schedule
from longthink.training.recipe import Recipe, Regularisation, Validation, net
from longthink.training.supervised import Curriculum, Supervised


@register
def prefix_sums_laptop() -> Recipe:
    """Strings of 2 to 32 bits; solves 512 bits, and thousands.

    Expected: all of 1,000 strings of 512 bits at iteration 400, with each of the seeds 100 to 109.

    Command: longthink train prefix_sums_laptop
    """
    return Recipe(
        name="prefix_sums_laptop",
        task=Supervised(
            problem=PrefixSums(),
            objective=HeadStart(),
            curriculum=Curriculum(lowest=2, start=4, highest=32, grow=0.6, iterations_per_level=0.3),
        ),
        model=net("dt_net", width=24, head=(24, 12), recall=True),
        batch=64,
        steps=1600,
        optimiser=Adam(lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        regularisation=Regularisation(label_smoothing=0.1, state_noise=0.02, ema=0.99),
    )


@register
def prefix_sums_doubling() -> Recipe:
    """Strings of 2 to 32 bits in as many iterations as they are doublings long; solves 65,536 in 16, with luck.

    Expected: six of ten seeds (100 to 109, which it was not tuned on) are sure at any length, four fail beyond 32 bits.

    Command: longthink train prefix_sums_doubling
    """
    return prefix_sums_laptop().revised(
        {
            "name": "prefix_sums_doubling",
            "model": "doubling",
            "model.width": 48,
            "model.head": [48, 24],
            "objective.reach": 2.0,
            "curriculum.start": 2,
            "curriculum.iterations_per_level": 0.0,
            "curriculum.iterations_per_doubling": 1.0,
            "steps": 5000,
            "regularisation.state_noise": 0.1,
        }
    )


@register
def group_products_laptop() -> Recipe:
    """Products of 2 to 32 elements of A5, in as many iterations as they are doublings long; solves 4,096 in 12.

    Command: longthink train group_products_laptop
    Other groups: --problem.group Q8; for S5, with 120 elements, also --batch 128 --steps 2000.
    """
    return Recipe(
        name="group_products_laptop",
        task=Supervised(
            problem=GroupProducts(group="A5"),
            objective=Final(),
            curriculum=Curriculum(lowest=2, start=2, highest=32, grow=0.6, iterations_per_doubling=1.0),
        ),
        model=net("composer"),
        batch=64,
        steps=1000,
        optimiser=Adam(lr=3e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        regularisation=Regularisation(start_noise=0.5, state_noise=0.5, ema=0.99),
        validation=Validation(every=200, count=200),
    )


@register
def staircase() -> Recipe:
    """A two-layer net that learns products of two elements of D5 by gradient flow, one representation after the other.

    Command: longthink train staircase
    """
    return Recipe(
        name="staircase",
        task=Supervised(
            problem=GroupComposition(group="D5", power=(0.8, 2.0, 1.2), exhaustive=True),
            objective=Final(),
            curriculum=Curriculum(lowest=2, highest=2, iterations=1),
        ),
        model=net("two_layer", width=200),
        batch=100,
        steps=3000,
        optimiser=Flow(lr=0.1),
        validation=Validation(every=3000, count=100),
    )


@register
def mazes_laptop() -> Recipe:
    """Mazes of 5x5 to 9x9 cells; solves 59x59, and 201x201.

    Expected: 99 to 100 % of 59x59 in 600 iterations, 95 to 100 % of 201x201 in 5,000 (seeds 0 to 4, which it was tuned
    on).

    Command: longthink train mazes_laptop
    """
    return Recipe(
        name="mazes_laptop",
        task=Supervised(
            problem=Mazes(),
            objective=HeadStart(share=0.5, reach=3.0, settling=0.3, transplant=0.8),
            curriculum=Curriculum(lowest=5, start=5, highest=9, grow=0.1, iterations=1, iterations_per_level=1.5),
        ),
        model=net("dt_net", width=24, head=(16, 8), recall=True, pooling=2),
        batch=32,
        steps=3600,
        optimiser=Adam(lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        regularisation=Regularisation(label_smoothing=0.1, state_noise=0.1, ema=0.99),
        validation=Validation(every=500, count=200),
    )


@register
def mazes_loops_laptop() -> Recipe:
    """As mazes_laptop, with a fifth of the other walls opened too: there are several ways, dead ends are no guide.

    Command: longthink train mazes_loops_laptop
    """
    return mazes_laptop().revised({"name": "mazes_loops_laptop", "problem.openings": 0.2})


@register
def mazes_anywhere_laptop() -> Recipe:
    """As mazes_laptop, for mazes that people draw: ends on any open cell, and rectangles, half as wide or wider.

    Command: longthink train mazes_anywhere_laptop
    """
    return mazes_laptop().revised({"name": "mazes_anywhere_laptop", "problem.ends": "cells", "problem.aspect": 0.5})


@register
def chess_laptop() -> Recipe:
    """The easiest six tenths of the chess puzzles that come with the package, or of those in --problem.source.

    Command: longthink train chess_laptop
    """
    return Recipe(
        name="chess_laptop",
        task=Supervised(
            problem=ChessPuzzles(perspective="mover", mirror=True),
            objective=HeadStart(share=0.5, reach=2.0),
            curriculum=Curriculum(lowest=1, highest=6, iterations=10),
        ),
        model=net("dt_net", width=32, head=(32, 8), recall=True),
        batch=64,
        steps=3000,
        optimiser=Adam(lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        regularisation=Regularisation(label_smoothing=0.02, state_noise=0.02, ema=0.99),
        validation=Validation(every=500, count=200),
    )


@register
def sudoku_laptop() -> Recipe:
    """Sudoku boards with 40 givens or more, half of them such that singles give nothing; solves boards with fewer.

    Expected: 99.6 % of boards with 32 givens and 93 % of those with 26, in 100 iterations.

    Command: longthink train sudoku_laptop
    """
    return Recipe(
        name="sudoku_laptop",
        task=Supervised(
            problem=Sudoku(stalled=0.5),
            objective=HeadStart(share=0.5, reach=2.0),
            curriculum=Curriculum(lowest=30, highest=41, iterations=16),
        ),
        model=net("row_column_box"),
        batch=24,
        steps=1000,
        optimiser=Adam(lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=50, tail=0.3),
        regularisation=Regularisation(state_noise=0.1, ema=0.99),
        validation=Validation(every=250, count=128),
    )


@register
def sudoku_extreme_laptop() -> Recipe:
    """1,000 boards of Sudoku-Extreme, each moved by another symmetry whenever it is drawn; for all of its test.csv.

    Command: longthink train sudoku_extreme_laptop --problem.source DIR, where DIR is that data set, brought in by
    `longthink import sapientinc/sudoku-extreme --format sudoku-csv --out DIR`.
    To test on all: longthink test RUN --level 64 --count 422786 --iterations 100. Level 64 has every board here.
    """
    return sudoku_laptop().revised(
        {
            "name": "sudoku_extreme_laptop",
            "problem.stalled": 0.0,
            "problem.source_size": 1000,
            "problem.up_to": True,
            "curriculum.lowest": 64,
            "curriculum.highest": 64,
            "curriculum.iterations": 24,
            "steps": 2000,
        }
    )


@register
def sudoku_convolutions() -> Recipe:
    """DT-Recall, which knows of no rows, columns and boxes: boards of 40 givens and more; it solves those of 50.

    Expected: all boards with 61 givens, 92 % of those with 51 and 22 % of those with 40, in 100 iterations.

    Command: longthink train sudoku_convolutions
    """
    return sudoku_laptop().revised(
        {
            "name": "sudoku_convolutions",
            "problem.stalled": 0.0,
            "model": "dt_net",
            "model.width": 64,
            "model.head": [64, 32],
            "model.recall": "inside",
            "model.dilation": [1, 3, 1, 3],
            "model.activation": "silu",
            "curriculum.lowest": 15,
            "curriculum.iterations": 5,
            "steps": 6000,
            "optimiser.lr": 1.5e-3,
        }
    )


@register
def images_laptop() -> Recipe:
    """A recurrent ConvNet on Fashion-MNIST, five passes; or on the 1,000 images of it that come with the package.

    Command: longthink train images_laptop --problem.source DIR
    """
    return Recipe(
        name="images_laptop",
        task=Supervised(
            problem=Images(),
            objective=Final(),
            curriculum=Curriculum(lowest=1, highest=1, iterations=4),
        ),
        model=net("conv_net"),
        batch=128,
        steps=2000,
        optimiser=Adam(lr=1e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=50, tail=0.5),
        validation=Validation(every=500, count=1000),
    )
