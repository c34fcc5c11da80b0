"""Pictures from rows alone: no net, no torch."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longthink.figures.costs import cost_against_size
    from longthink.figures.features import (
        accuracy_over_depth,
        activity_of_filters,
        pictures_of_features,
        probes_over_iterations,
        similarity_of_nets,
    )
    from longthink.figures.groups import least_widths, parts_of_nets, staircases, times_of_steps, width_to_learn
    from longthink.figures.pictures import DRAWN, FILMS, PICTURES, film, picture, strip
    from longthink.figures.stopping import accuracy_at_the_stop, accuracy_over_attempts
    from longthink.figures.thinking import (
        accuracy_over_iterations,
        change_over_iterations,
        confidence_over_iterations,
        cost_of_thinking,
        iterations_by_form,
        iterations_by_level,
        perturbed,
        recovery_by_index,
    )

_WHERE = {
    "costs": ("cost_against_size",),
    "features": (
        "accuracy_over_depth",
        "activity_of_filters",
        "pictures_of_features",
        "probes_over_iterations",
        "similarity_of_nets",
    ),
    "groups": ("least_widths", "parts_of_nets", "staircases", "times_of_steps", "width_to_learn"),
    "pictures": ("DRAWN", "FILMS", "PICTURES", "film", "picture", "strip"),
    "stopping": ("accuracy_at_the_stop", "accuracy_over_attempts"),
    "thinking": (
        "accuracy_over_iterations",
        "change_over_iterations",
        "confidence_over_iterations",
        "cost_of_thinking",
        "iterations_by_form",
        "iterations_by_level",
        "perturbed",
        "recovery_by_index",
    ),
}
"""What is imported when it is first used, since the contracts need scenes alone, and no matplotlib (PEP 562)."""
_MODULES = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "DRAWN",
    "FILMS",
    "PICTURES",
    "accuracy_at_the_stop",
    "accuracy_over_attempts",
    "accuracy_over_depth",
    "accuracy_over_iterations",
    "activity_of_filters",
    "change_over_iterations",
    "confidence_over_iterations",
    "cost_against_size",
    "cost_of_thinking",
    "film",
    "iterations_by_form",
    "iterations_by_level",
    "least_widths",
    "parts_of_nets",
    "perturbed",
    "picture",
    "pictures_of_features",
    "probes_over_iterations",
    "recovery_by_index",
    "similarity_of_nets",
    "staircases",
    "strip",
    "times_of_steps",
    "width_to_learn",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'longthink.figures' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"longthink.figures.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
