"""Mazes as they are read, written and drawn."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from longthink.figures.scene import pixels
from longthink.problems.mazes.problem import Mazes

VIEW = Mazes().view


def test_our_own_pictures_are_read_as_they_are(tmp_path: Path) -> None:
    for seed in range(10):
        puzzles = Mazes().sample(13, 1, seed)
        Image.fromarray((puzzles.x[0] * 255).byte().permute(1, 2, 0).numpy()).save(tmp_path / "maze.png")
        again = VIEW.parse(str(tmp_path / "maze.png"))
        assert (again.x == puzzles.x).all()
        assert (again.y == puzzles.y).all()


def test_text_shows_walls_ends_and_the_answer() -> None:
    puzzles = Mazes().from_maze(np.array([[2, 1, 3], [1, 0, 0], [1, 1, 1]], np.uint8))
    assert VIEW.write(puzzles.y, puzzles) == "#####\n#G.R#\n# ###\n#   #\n#####"
    large = Mazes().sample(201, 1)
    assert "of a maze of 201 x 201" in VIEW.write(large.y, large)


def test_a_scene_shows_the_path() -> None:
    puzzles = Mazes().sample(9, 1)
    drawn, plain = pixels(VIEW.scene(puzzles)), pixels(VIEW.scene(puzzles, VIEW.blank(puzzles)))
    assert drawn.shape == plain.shape == (480, 480, 3)
    differs = (drawn != plain).any(2).reshape(24, 20, 24, 20).any((1, 3))
    path = puzzles.y[0].bool().numpy() & (puzzles.x[0].sum(0) == 3).numpy()
    assert (differs == path).all()


def test_values_tint_open_cells_and_neither_walls_nor_ends() -> None:
    puzzles = Mazes().from_maze(np.array([[2, 1, 3], [1, 0, 0], [1, 1, 1]], np.uint8))
    drawn = pixels(VIEW.scene(puzzles, torch.full(puzzles.y[0].shape, 0.5)))
    size = len(drawn) // len(puzzles.y[0])
    middles = drawn[size // 2 :: size, size // 2 :: size].tolist()
    assert middles[3][3] == [0, 255, 0]
    assert middles[3][7] == [255, 0, 0]
    assert middles[3][5] == middles[7][7] == [147, 182, 245]
    assert middles[5][5] == [0, 0, 0]
