"""Products in groups as they are typed, written and drawn."""

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.figures.scene import Scene, pixels
from longthink.problems.groups.composition import GroupComposition
from longthink.problems.groups.products import GroupProducts
from longthink.problems.groups.views import CELL


def middles(scene: Scene) -> np.ndarray:
    """The colours of cells."""
    return pixels(scene)[CELL // 2 :: CELL, CELL // 2 :: CELL]


def test_what_is_no_product_is_told() -> None:
    with pytest.raises(UserError, match=r"'9' is no symbol of S3; those that are fed are 0, 1, 2, 3, 4, 5\."):
        GroupProducts().view.parse("0 9")
    with pytest.raises(UserError, match=r"those that are fed are 0, \d+, \d+\."):
        GroupProducts(group="S5", feed="generators").view.parse("0 119")
    with pytest.raises(UserError, match=r"0, 1, .*, 19, \.\.\.\."):
        GroupProducts(group="S5").view.parse("120")
    with pytest.raises(UserError, match="at least 1 element"):
        GroupProducts().view.parse(" ")


def test_what_is_no_composition_is_told() -> None:
    view = GroupComposition().view
    for text in ("3", "3 x", "3 10"):
        with pytest.raises(UserError, match="0 to 9"):
            view.parse(text)


def test_answers_are_numbers_of_elements() -> None:
    view = GroupComposition(group="C5").view
    assert view.write(torch.tensor([3]), view.parse("1 2")) == "3"
    view = GroupProducts(group="C5").view
    puzzles = view.parse("1, 2, 3")
    assert view.write(puzzles.y, puzzles) == "1 3 1"


def test_products_have_the_colours_of_their_elements_and_values_are_grey() -> None:
    view = GroupProducts(group="C5").view
    puzzles = view.parse("1 2 3")
    above, below = middles(view.scene(puzzles, puzzles.y[0])).tolist()
    assert len({*map(tuple, above)}) == 3
    assert below == [above[0], above[2], above[0]]
    _, values = pixels(view.scene(puzzles, torch.tensor([0.0, 0.5, 1.0])))[
        CELL // 2 :: CELL, CELL // 2 :: CELL
    ].tolist()
    assert values == [[0] * 3, [128] * 3, [255] * 3]


def test_compositions_are_rows_of_their_encodings() -> None:
    view = GroupComposition(group="C3").view
    puzzles = view.parse("0 1")
    assert middles(view.scene(puzzles)).shape[:2] == (2, 3)
    drawn = middles(view.scene(puzzles, puzzles.y[0]))[..., 0]
    assert drawn.shape == (3, 3)
    assert (drawn.max(1) == 255).all()
    assert drawn[1].tolist() == drawn[2].tolist() != drawn[0].tolist()
