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
    """Hex on boards of 3x3 to 5x5, learned by playing against itself, without search; plays on larger boards, too.

    Expected: 95 to 98 % against Monte-Carlo search with 1,000 playouts on 7x7, and as strong with 64 iterations as with
    the 8 of training (seeds 100 to 102, which it was not tuned on).

    Command: longthink train hex_laptop
    """
    return Recipe(
        name="hex_laptop",
        task=SelfPlay(
            game=Hex(),
            objective=HeadStart(share=0.7, reach=3.0, settling=0.1),
            curriculum=Curriculum(lowest=3, highest=5, iterations=2, iterations_per_level=1.2),
            games=48,
            updates=5,
            random_moves=3,
            longer=3.0,
            lengthening=0.9,
            entropy=0.02,
            playouts=50,
        ),
        model=net("dt_net", width=24, head=(16, 8), recall=True, norm="outside"),
        batch=128,
        steps=700,
        optimiser=Adam(lr=1.5e-3, clip=1.0),
        schedule=Schedule(decay="cosine", warmup=20, tail=0.3),
        regularisation=Regularisation(state_noise=0.02, ema=0.98),
        validation=Validation(every=50, count=40),
    )
