"""The nets of chapter 3 that classify images: one block repeated, and as many distinct ones."""

from collections.abc import Mapping
from typing import Any

from longthink.recipes.laptop import images_laptop
from longthink.recipes.thesis import images_thesis
from longthink.study.experiment import Scale, Variant
from longthink.training.recipe import Recipe

ALIKE = 0.01
"""Accuracy by which nets of the same effective depth may differ."""
FAMILIES: Mapping[tuple[str, Scale], Mapping[str, Any]] = {
    ("mlp", "laptop"): {"model": "mlp", "model.width": 200, "batch": 128, "steps": 2000},
    ("conv_net", "laptop"): {"model": "conv_net", "batch": 32, "steps": 600},
    ("residual_net", "laptop"): {"model": "residual_net", "model.width": 32, "batch": 64, "steps": 1600},
    ("mlp", "thesis"): {"model": "mlp"},
    ("conv_net", "thesis"): {"model": "conv_net"},
    ("residual_net", "thesis"): {"model": "residual_net"},
}
"""Each in its full size but for the width of the residual net."""
STEPS = {"mlp": range(1, 9), "conv_net": range(1, 5), "residual_net": range(1, 5)}
"""Steps for every effective depth: 3 to 10, 5 to 8, and 7, 11, 15 and 19."""
DEPTHS = {"mlp": (2, 1), "conv_net": (4, 1), "residual_net": (3, 4)}
"""Layers beside the steps, and of each."""


def net(family: str, scale: Scale, steps: int) -> Recipe:
    """The recurrent net."""
    base = images_laptop() if scale == "laptop" else images_thesis()
    return base.revised({**FAMILIES[family, scale], "curriculum.iterations": steps})


def apart(recurrent: Recipe) -> Recipe:
    """The feed-forward net: every step has weights of its own."""
    return recurrent.revised({"model.limit": recurrent.regime, "model.shared": False})


def pair(family: str, scale: Scale, steps: int) -> tuple[Variant, Variant]:
    beside, each = DEPTHS[family]
    repeated, what = net(family, scale, steps), f"depth {beside + each * steps}"
    return Variant(f"recurrent, {what}", repeated), Variant(f"feed-forward, {what}", apart(repeated))


def either(scale: Scale, few: int, many: int) -> int:
    return few if scale == "laptop" else many
