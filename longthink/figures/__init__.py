"""Pictures from rows alone: no net, no torch."""

from longthink.figures.features import (
    accuracy_over_depth,
    activity_of_filters,
    pictures_of_features,
    probes_over_iterations,
    similarity_of_nets,
)
from longthink.figures.groups import staircases, width_to_learn
from longthink.figures.pictures import FILMS, PICTURES, film, picture, strip
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

__all__ = [
    "FILMS",
    "PICTURES",
    "accuracy_over_depth",
    "accuracy_over_iterations",
    "activity_of_filters",
    "change_over_iterations",
    "confidence_over_iterations",
    "cost_of_thinking",
    "film",
    "iterations_by_form",
    "iterations_by_level",
    "perturbed",
    "picture",
    "pictures_of_features",
    "probes_over_iterations",
    "recovery_by_index",
    "similarity_of_nets",
    "staircases",
    "strip",
    "width_to_learn",
]
