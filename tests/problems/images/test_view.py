"""Images as they are read, named and drawn."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from longthink.base.errors import UserError
from longthink.figures.scene import pixels
from longthink.problems.images.problem import Images
from longthink.problems.images.view import BAR, ENLARGED, GREEN

PROBLEM = Images()


def test_a_picture_of_ones_own(tmp_path: Path) -> None:
    Image.fromarray(np.full((100, 80, 3), 200, np.uint8)).save(tmp_path / "my shoe.png")
    puzzles = PROBLEM.view.parse(str(tmp_path / "my shoe.png"))
    assert puzzles.x.shape == (1, 3, 32, 32)
    assert not puzzles.known
    assert PROBLEM.pixels(puzzles.x)[0, 16, 16].tolist() == [200, 200, 200]
    named = PROBLEM.view.parse(f"{tmp_path / 'my shoe.png'} Ankle boot")
    assert named.known
    assert PROBLEM.view.write(named.y, named) == "Ankle boot"
    with pytest.raises(UserError, match="no picture nowhere.png"):
        PROBLEM.view.parse("nowhere.png")


def test_small_images_are_enlarged_and_a_confidence_is_a_bar_below() -> None:
    puzzles = PROBLEM.sample(1, 1)
    plain, half = PROBLEM.view.scene(puzzles), PROBLEM.view.scene(puzzles, torch.tensor(0.5))
    assert np.array_equal(pixels(plain)[::ENLARGED, ::ENLARGED], PROBLEM.pixels(puzzles.x)[0])
    drawn = pixels(half)[::ENLARGED, ::ENLARGED]
    assert drawn.shape == (32 + BAR, 32, 3)
    assert np.array_equal(drawn[:32], PROBLEM.pixels(puzzles.x)[0])
    assert (drawn[33:, :16] == GREEN).all()
    assert (drawn[33:, 16:] == 255).all()
    assert (drawn[32] == 255).all()
    for value, share in ((0.0, 0.0), (7.0, 1.0)):  # an answer, a class, fills it
        bar = pixels(PROBLEM.view.scene(puzzles, torch.tensor(value)))[-1]
        assert (bar == GREEN).all(1).mean() == share


def test_larger_images_are_as_they_are() -> None:
    problem = Images(size=70)
    assert pixels(problem.view.scene(problem.sample(1, 1))).shape == (70, 70, 3)


def test_a_picture_of_16_bits_is_scaled_and_what_is_transparent_is_white(tmp_path: Path) -> None:
    Image.fromarray(np.full((28, 28), 257 * 90, np.uint16)).save(tmp_path / "grey.png")
    Image.new("RGBA", (28, 28), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    for name, value in (("grey.png", 90), ("clear.png", 255)):
        pixels_of = PROBLEM.pixels(PROBLEM.view.parse(str(tmp_path / name)).x)
        assert pixels_of[0, 16, 16].tolist() == [value] * 3
