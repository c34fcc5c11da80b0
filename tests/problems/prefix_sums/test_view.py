"""Bit strings as they are typed, written and drawn."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.figures.scene import pixels
from longthink.problems.prefix_sums.problem import PrefixSums

VIEW = PrefixSums().view


BETWEEN = re.compile(r"[\s,;\[\]()]")
"""What may stand between bits."""


@settings(deadline=None)
@given(st.text(alphabet="01", min_size=1, max_size=200))
def test_parsing_and_writing(text: str) -> None:
    puzzles = VIEW.parse(text)
    assert VIEW.write((puzzles.x[:, 0] + 0.5).long(), puzzles) == text
    assert VIEW.write(puzzles.y, puzzles)[-1] == str(text.count("1") % 2)


@settings(deadline=None)
@given(st.text(max_size=50).filter(lambda text: not BETWEEN.sub("", text) or set(BETWEEN.sub("", text)) - set("01")))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="made of 0 and 1 only"):
        VIEW.parse(text)


def test_the_scene_shows_bits_and_values_in_a_frame() -> None:
    puzzles = VIEW.parse("10")
    picture = pixels(VIEW.scene(puzzles, torch.tensor([0.0, 0.5])))
    cell = (picture.shape[0] - 2) // 2
    middles = picture[1 + cell // 2 : -1 : cell, 1 + cell // 2 : -1 : cell, 0]
    assert middles.tolist() == [[255, 0], [0, 128]]
    frame = {
        tuple(pixel) for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]) for pixel in edge.tolist()
    }
    assert frame == {(128, 128, 128)}
    target = pixels(VIEW.scene(puzzles, puzzles.y[0]))
    assert target[1 + cell + cell // 2, 1 + cell // 2 : -1 : cell, 0].tolist() == [255, 255]
