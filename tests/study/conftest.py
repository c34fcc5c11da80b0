"""An experiment whose nets train in a second."""

import pytest

from longthink.study.claims import Claim, more
from longthink.study.evaluators import Sweep
from longthink.study.experiment import Experiment, Variant
from longthink.training.recipe import Recipe


@pytest.fixture
def experiment(tiny_recipe: Recipe) -> Experiment:
    short = tiny_recipe.revised({"steps": 20})
    twin = short.revised({"model": "feedforward", "model.limit": 4, "model.width": 8, "model.head": [8, 4]})
    near = Sweep(level=6, iterations=12, fixed=5, count=7, every=4, published={"recurrent": "99.9 ± 0.1 at 7"})
    return Experiment(
        title="Table 0: tiny",
        source="dissertation",
        variants=(Variant("recurrent", short), Variant("feed-forward", twin)),
        evaluators=(near, Sweep(level=9, iterations=8, count=10, every=2)),
        claims=(
            Claim("Everything is measured.", lambda table: len(table) == 4),
            Claim("Nothing is measured.", lambda table: len(table) == 0, source="own"),
            more("recurrent", "another net", near),
        ),
    )
