"""Recipes for games, in minutes on two CPU cores."""

from longthink.games.hex import Hex
from longthink.objectives.head_start import HeadStart
from longthink.registry import register
from longthink.training.optimisers import Adam, Schedule
from longthink.training.recipe import Recipe, Regularisation, Validation, net
from longthink.training.selfplay import SelfPlay
from longthink.training.supervised import Curriculum


@register
def hex_laptop() -> Recipe:
    """Hex on boards of 3x3 to 5x5, learned by playing against itself; each move is improved by looking one move ahead.

    Command: longthink train hex_laptop
    """
    return Recipe(
        name="hex_laptop",
        task=SelfPlay(
            game=Hex(),
            objective=HeadStart(share=0.7, reach=3.0, settling=0.1),
            curriculum=Curriculum(lowest=3, highest=5, iterations=2, iterations_per_level=1.2),
            games=32,
            updates=4,
            replay=4,
            random_moves=3,
            longer=2.0,
            simulations=4,
        ),
        model=net("dt_net", width=24, head=(16, 8), recall=True, norm="outside"),
        batch=128,
        steps=600,
        optimiser=Adam(lr=2e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=20, tail=0.3),
        regularisation=Regularisation(state_noise=0.02, ema=0.99),
        validation=Validation(every=100, count=50),
    )
