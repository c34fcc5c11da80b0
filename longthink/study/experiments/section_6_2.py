"""Section 6.2, self-play: does a net that has learned a game by playing itself play better when it thinks for longer?

The dissertation announces this and has no numbers; what is claimed here is ours.
"""

import pandas as pd

from longthink.recipes.games import hex_laptop
from longthink.registry import register
from longthink.study.claims import Claim, no_overthinking
from longthink.study.evaluators import BestMoves, Strength
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.experiments import _nets

RECALL, PROGRESSIVE, NO_RECALL, FEEDFORWARD = "DT-Recall", "DT-Recall, progressive", "DT", "feed-forward"
GAIN = 0.64
"""Of the points, which is 100 Elo."""


@register
def section_6_2_hex(scale: Scale) -> Experiment:  # noqa: ARG001
    """Hex learned on 3x3 to 5x5: strength against iterations there and on larger boards, and how often moves are best.

    Command: longthink reproduce section-6.2-hex --seeds 3
    Expected: nothing is published. Hoped for: 100 Elo from iterations alone on a board larger than any trained on, and
    no fall up to 8 times the iterations of training.
    """
    recipe = hex_laptop()
    variants = {
        RECALL: recipe,
        PROGRESSIVE: recipe.revised({"objective": "progressive", "objective.alpha": 0.5}),
        NO_RECALL: recipe.revised(_nets.NO_RECALL),
        FEEDFORWARD: recipe.revised(
            {"objective": "final", "task.longer": 1.0, "model": "feedforward", "model.limit": recipe.regime}
        ),
    }
    itself = [Strength(level=level, games=200) for level in (5, 7, 9)]
    search = [Strength(level=level, games=100, opponent="search", times=(1.0, 4.0)) for level in (5, 7)]
    best = [BestMoves(level=4), BestMoves(level=5, count=200)]
    return Experiment(
        title="Section 6.2: Hex by self-play, and thinking for longer",
        variants=tuple(Variant(name, one) for name, one in variants.items()),
        evaluators=(*best, *itself, *search),
        claims=(
            *(_gains(RECALL, evaluator) for evaluator in itself[1:]),
            *(no_overthinking(RECALL, evaluator, tolerated=0.05) for evaluator in (*best, *itself)),
        ),
    )


def _gains(name: str, evaluator: Strength) -> Claim:
    def holds(table: pd.DataFrame) -> bool:
        found = table[table["evaluator"] == evaluator.title].set_index("series").loc[name]
        best = max(share for budget, share in found["by_budget"].items() if budget > found["fixed_at"])
        return bool(best >= GAIN)

    sentence = f"At {evaluator.title}, {name} gains 100 Elo by more iterations than in training."
    return Claim(sentence, holds)
