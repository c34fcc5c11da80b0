"""Recipes that take minutes on two CPU cores."""

from longthink.objectives.final import Final
from longthink.objectives.head_start import HeadStart
from longthink.problems.chess_puzzles import ChessPuzzles
from longthink.problems.group_composition import GroupComposition
from longthink.problems.group_products import GroupProducts
from longthink.problems.images import Images
from longthink.problems.mazes import Mazes
from longthink.problems.prefix_sums import PrefixSums
from longthink.problems.sudoku import Sudoku
from longthink.recipe import Curriculum, ModelChoice, Optimiser, Recipe, Schedule, Stabilisers, Validation


def prefix_sums_laptop() -> Recipe:
    """Strings of 2 to 32 bits; solves 512 bits, and thousands.

    Command: longthink train prefix_sums_laptop
    """
    return Recipe(
        name="prefix_sums_laptop",
        problem=PrefixSums(),
        model=ModelChoice(name="dt_net", options={"width": 24, "head": (24, 12), "recall": True}),
        objective=HeadStart(),
        curriculum=Curriculum(lowest=2, start=4, highest=32, grow=0.6, iterations_per_level=0.3),
        batch=64,
        steps=1600,
        optimiser=Optimiser(name="adam", lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        stabilisers=Stabilisers(label_smoothing=0.1, state_noise=0.02, ema=0.99),
    )


def prefix_sums_doubling() -> Recipe:
    """Strings of 2 to 32 bits in as many iterations as they are doublings long; solves 4,096 bits in 12.

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
            "stabilisers.state_noise": 0.1,
        }
    )


def group_products_laptop() -> Recipe:
    """Products of 2 to 32 elements of A5, in as many iterations as they are doublings long; solves 4,096 in 12.

    Command: longthink train group_products_laptop
    Other groups: --problem.group Q8; for S5, with 120 elements, also --batch 128 --steps 2000.
    """
    return Recipe(
        name="group_products_laptop",
        problem=GroupProducts(group="A5"),
        model=ModelChoice(name="composer"),
        objective=Final(),
        curriculum=Curriculum(lowest=2, start=2, highest=32, grow=0.6, iterations_per_doubling=1.0),
        batch=64,
        steps=1000,
        optimiser=Optimiser(name="adam", lr=3e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        stabilisers=Stabilisers(start_noise=0.5, state_noise=0.5, ema=0.99),
        validation=Validation(every=200, count=200),
    )


def staircase() -> Recipe:
    """A two-layer net that learns products of two elements of D5 by gradient flow, one representation after the other.

    Command: longthink train staircase
    """
    return Recipe(
        name="staircase",
        problem=GroupComposition(group="D5", power=(0.8, 2.0, 1.2), exhaustive=True),
        model=ModelChoice(name="two_layer", options={"width": 200}),
        objective=Final(),
        curriculum=Curriculum(lowest=2, highest=2, iterations=1),
        batch=100,
        steps=3000,
        optimiser=Optimiser(name="flow", lr=0.1),
        validation=Validation(every=3000, count=100),
    )


def mazes_laptop() -> Recipe:
    """Mazes of 5x5 to 9x9 cells; solves all of 59x59, and 201x201.

    Command: longthink train mazes_laptop
    """
    return Recipe(
        name="mazes_laptop",
        problem=Mazes(),
        model=ModelChoice(name="dt_net", options={"width": 24, "head": (16, 8), "recall": True, "pooling": 2}),
        objective=HeadStart(share=0.5, reach=3.0, settling=0.3, transplant=0.8),
        curriculum=Curriculum(lowest=5, start=5, highest=9, grow=0.1, iterations=1, iterations_per_level=1.5),
        batch=32,
        steps=3600,
        optimiser=Optimiser(name="adam", lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        stabilisers=Stabilisers(label_smoothing=0.1, state_noise=0.1, ema=0.99),
        validation=Validation(every=500, count=200),
    )


def mazes_loops_laptop() -> Recipe:
    """The same with a fifth of the other walls opened too, so that there are several ways and dead ends are no guide.

    Command: longthink train mazes_loops_laptop
    """
    return mazes_laptop().model_copy(update={"name": "mazes_loops_laptop", "problem": Mazes(openings=0.2)})


def chess_laptop() -> Recipe:
    """The easiest six tenths of the chess puzzles that come with the package, or of those in --problem.source.

    Command: longthink train chess_laptop
    """
    return Recipe(
        name="chess_laptop",
        problem=ChessPuzzles(perspective="mover", mirror=True),
        model=ModelChoice(name="dt_net", options={"width": 32, "head": (32, 8), "recall": True}),
        objective=HeadStart(share=0.5, reach=2.0),
        curriculum=Curriculum(lowest=1, highest=6, iterations=10),
        batch=64,
        steps=3000,
        optimiser=Optimiser(name="adam", lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=100, tail=0.3),
        stabilisers=Stabilisers(label_smoothing=0.02, state_noise=0.02, ema=0.99),
        validation=Validation(every=500, count=200),
    )


def sudoku_laptop() -> Recipe:
    """Sudoku boards with 40 givens or more, half of them such that singles give nothing; solves boards with fewer.

    Expected: 99.6 % of boards with 32 givens and 93 % of those with 26, in 100 iterations.

    Command: longthink train sudoku_laptop
    """
    return Recipe(
        name="sudoku_laptop",
        problem=Sudoku(stalled=0.5),
        model=ModelChoice(name="row_column_box"),
        objective=HeadStart(share=0.5, reach=2.0),
        curriculum=Curriculum(lowest=30, highest=41, iterations=16),
        batch=24,
        steps=1000,
        optimiser=Optimiser(name="adam", lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=50, tail=0.3),
        stabilisers=Stabilisers(state_noise=0.1, ema=0.99),
        validation=Validation(every=250, count=128),
    )


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


def images_laptop() -> Recipe:
    """A recurrent ConvNet on Fashion-MNIST, five passes; or on the 1,000 images of it that come with the package.

    Command: longthink train images_laptop --problem.source DIR
    """
    return Recipe(
        name="images_laptop",
        problem=Images(),
        model=ModelChoice(name="conv_net"),
        objective=Final(),
        curriculum=Curriculum(lowest=1, highest=1, iterations=4),
        batch=128,
        steps=2000,
        optimiser=Optimiser(name="adam", lr=1e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=50, tail=0.5),
        validation=Validation(every=500, count=1000),
    )
