"""Experiments of chapter 3 have what the dissertation prints."""

import pytest

from longthink import registry
from longthink.study.experiment import Experiment


def thesis(name: str) -> Experiment:
    made: Experiment = registry.find("experiments", name)("thesis")
    return made


@pytest.mark.parametrize("name", ["figure_3_3", "table_3_4"])
def test_maze_nets_of_both_forms_are_trained_alike(name: str) -> None:
    recipes = [variant.recipe for variant in thesis(name).variants]
    assert {recipe.optimiser.recurrent_lr_factor for recipe in recipes} == {1.0}
    assert len({(repr(recipe.optimiser), repr(recipe.schedule), recipe.steps, recipe.batch) for recipe in recipes}) == 1
    assert {recipe.model.options.get("recall", False) for recipe in recipes} == {False}
    assert {recipe.model.options["width"] for recipe in recipes} == {128}
    assert {tuple(recipe.model.options["head"]) for recipe in recipes} == {(32, 8)}


@pytest.mark.parametrize("scale", ["laptop", "thesis"])
def test_nets_for_mazes_of_each_size_are_trained_up_to_it(scale: str) -> None:
    for variant in registry.find("experiments", "figure_3_3")(scale).variants:
        curriculum = variant.recipe.curriculum
        assert variant.name.endswith(f"{curriculum.highest}x{curriculum.highest}")
        if scale == "thesis":
            assert (curriculum.lowest, curriculum.start) == (curriculum.highest, None)


def test_nets_have_the_depths_that_they_are_called_by() -> None:
    for name in ("figure_3_2_mlp", "figure_3_2_conv_net", "figure_3_2_residual_net", "figure_3_3"):
        for variant in registry.find("experiments", name)("laptop").variants:
            depth = variant.recipe.build().effective_depth(variant.recipe.regime)
            assert f"depth {depth}" in variant.name or f"{depth} layers" in variant.name
    names = [variant.name for variant in thesis("figure_3_2_conv_net").variants]
    assert names[::2] == [f"recurrent, depth {depth}" for depth in range(4, 9)]


def test_pictures_are_made_as_in_section_3_5_2() -> None:
    for name, pictures, size in (("figure_3_8", 32, 224), ("figure_3_9", 64, 32)):
        (evaluator,), recipe = thesis(name).evaluators, thesis(name).variants[0].recipe
        assert (evaluator.pictures, evaluator.steps, evaluator.jitter) == (pictures, 1000, 31)
        assert recipe.problem.size == size


def test_features_of_depth_8_are_compared_with_those_of_every_other_depth() -> None:
    experiment = registry.find("experiments", "section_3_5_similarity")("laptop")
    assert experiment.evaluators[-1].published == {"recurrent, depth 8": "0.843", "feed-forward, depth 4": "0.819"}
    worse = [claim.sentence.partition("than ")[2] for claim in experiment.claims]
    assert worse == [f"feed-forward, depth {depth}." for depth in range(4, 8)]


def test_images_of_digits_are_not_mirrored() -> None:
    assert not any(variant.recipe.problem.mirror for variant in thesis("figure_3_5").variants)
    assert all(variant.recipe.problem.mirror for variant in thesis("figure_3_7").variants)
