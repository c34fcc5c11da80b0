"""The dissertation's own settings (table 5.7). They want a GPU."""

from longthink.objectives.progressive import Progressive
from longthink.problems.mazes import Mazes
from longthink.problems.prefix_sums import PrefixSums
from longthink.recipe import Curriculum, ModelChoice, Optimiser, Recipe, Schedule, Validation

PREFIX_SUMS_EPOCH = 80
"""Steps of an epoch: 8,000 of the 10,000 examples in batches of 100."""

MAZES_EPOCH = 800
"""The same: 40,000 of 50,000 examples in batches of 50."""


def prefix_sums_thesis() -> Recipe:
    """DT-Recall of width 400 on 10,000 strings of 32 bits, 150 epochs, alpha 1, m 30.

    Command: longthink train prefix_sums_thesis
    Expected: 97.12 +- 1.88 % of 512-bit strings at iteration 237 (table 5.2).
    Other rows of the table: --model.recall false, --objective.alpha 0, --objective.start zero.
    """
    return Recipe(
        name="prefix_sums_thesis",
        problem=PrefixSums(),
        model=ModelChoice(name="dt_net", options={"width": 400, "head": (400, 200), "recall": True}),
        objective=Progressive(alpha=1.0),
        curriculum=Curriculum(lowest=32, highest=32, iterations=30),
        examples=10_000,
        batch=100,
        steps=150 * PREFIX_SUMS_EPOCH,
        optimiser=Optimiser(name="adam", lr=1e-3, weight_decay=2e-4, clip=1.0),
        schedule=Schedule(
            decay="step",
            warmup=10 * PREFIX_SUMS_EPOCH,
            milestones=(60 * PREFIX_SUMS_EPOCH, 100 * PREFIX_SUMS_EPOCH),
            factor=0.01,
        ),
        validation=Validation(every=PREFIX_SUMS_EPOCH, count=2_000, select="best"),
    )


def mazes_thesis() -> Recipe:
    """DT-Recall of width 128 on 50,000 mazes of 9x9, 50 epochs, alpha 0.01, m 30.

    Command: longthink train mazes_thesis
    Expected: 97.30 +- 0.68 % of 59x59 mazes at iteration 984 (table 5.3).
    Other rows of the table: --model.recall false, --objective.alpha 0.
    """
    return Recipe(
        name="mazes_thesis",
        problem=Mazes(),
        model=ModelChoice(name="dt_net", options={"width": 128, "head": (32, 8), "recall": True}),
        objective=Progressive(alpha=0.01),
        curriculum=Curriculum(lowest=9, highest=9, iterations=30),
        examples=50_000,
        batch=50,
        steps=50 * MAZES_EPOCH,
        optimiser=Optimiser(name="adam", lr=1e-3, weight_decay=2e-4, recurrent_lr_factor=1 / 30),
        schedule=Schedule(warmup=10 * MAZES_EPOCH),
        validation=Validation(every=MAZES_EPOCH, count=2_000, select="best"),
    )
