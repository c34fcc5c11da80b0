"""The nets of chapter 3 that classify images: one block repeated, and as many distinct ones."""

from collections.abc import Mapping
from typing import Any

from longthink.recipes.laptop import images_laptop
from longthink.recipes.thesis import images_thesis
from longthink.study.experiment import Scale, Variant
from longthink.training.recipe import Recipe

ALIKE = 0.01
"""Accuracy by which nets of the same effective depth may differ."""
SMALL: Mapping[str, Mapping[str, Any]] = {
    "mlp": {"model.width": 200, "batch": 128, "steps": 2000},
    "conv_net": {"batch": 32, "steps": 600},
    "residual_net": {"model.width": 32, "batch": 64, "steps": 1600},
}
"""What is not as in `images_laptop`; each net in its full size but for the width of the residual net."""
STEPS = {"mlp": range(1, 9), "conv_net": range(5), "residual_net": range(1, 5)}
"""Steps for every effective depth: 3 to 10, 4 to 8, and 7, 11, 15 and 19."""
DEPTHS = {"mlp": (2, 1), "conv_net": (4, 1), "residual_net": (3, 4)}
"""Layers beside the steps, and of each."""

IMAGENET_EPOCH = 5_004
"""Steps: 1,281,167 images in batches of 256."""


def net(family: str, scale: Scale, steps: int) -> Recipe:
    """The recurrent net; for 0 steps, without what it would repeat."""
    base = images_thesis() if scale == "thesis" else images_laptop()
    sizes = {} if scale == "thesis" else SMALL[family]
    none = {} if steps else {"model.internal": False}
    return base.revised({"model": family, **sizes, "curriculum.iterations": max(steps, 1), **none})


def apart(recurrent: Recipe) -> Recipe:
    """The feed-forward net: every step has weights of its own."""
    return recurrent.revised({"model.limit": recurrent.regime, "model.shared": False})


def pair(family: str, scale: Scale, steps: int) -> tuple[Variant, Variant]:
    beside, each = DEPTHS[family]
    repeated, what = net(family, scale, steps), f"depth {beside + each * steps}"
    return Variant(f"recurrent, {what}", repeated), Variant(f"feed-forward, {what}", apart(repeated))


def on_imagenet(recipe: Recipe, scale: Scale) -> Recipe:
    """The same for ImageNet, at small scales Tiny ImageNet; how long nets were trained on it is not printed."""
    if scale != "thesis":
        return recipe.revised({"problem.size": 64, "steps": 400})
    return recipe.revised(
        {
            "problem.size": 224,
            "batch": 256,
            "steps": 90 * IMAGENET_EPOCH,
            "schedule.warmup": 5 * IMAGENET_EPOCH,
            "schedule.milestones": [epoch * IMAGENET_EPOCH for epoch in (30, 60, 80)],
            "validation.every": IMAGENET_EPOCH,
        }
    )


def either(scale: Scale, few: int, many: int) -> int:
    return many if scale == "thesis" else few
