"""Mazes with walls around, as in the dissertation's chapter 4, and walls that count."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import longthink as lt
from longthink import registry
from longthink.problems.mazes._cells import cut, means_of_cells, to_cells
from longthink.problems.mazes.move_end import MoveEnd
from longthink.problems.mazes.problem import Mazes

PADDED = Mazes(pad_to=32)


@pytest.mark.parametrize(("level", "around"), [(9, 4), (11, 2), (13, 0), (15, 0)])
@pytest.mark.parametrize("split", ["train", "test"])
def test_the_same_mazes_with_walls_around(level: int, around: int, split: str) -> None:
    """9 x 9 and 13 x 13 are both pictures of 32 x 32 (section 4.2)."""
    plain, padded = (problem.sample(level, 20, split=split) for problem in (Mazes(), PADDED))
    assert padded.x.shape[-1] == max(32, 2 * level + 6)
    assert padded.level == level
    assert padded.mask is not None
    for one, other in ((plain.x, padded.x), (plain.y, padded.y), (plain.mask, padded.mask)):
        assert torch.equal(F.pad(one, (around,) * 4), other)
    assert PADDED.correct(padded.y, padded).all()
    for name, rounds in PADDED.algorithms(padded).items():
        assert torch.equal(rounds, F.pad(Mazes().algorithms(plain)[name], (around,) * 4))


def test_any_shortest_path_counts_in_a_maze_with_walls_around() -> None:
    cells = np.ones((3, 3), np.uint8)
    cells[0, 0], cells[2, 2], cells[1, 1] = 2, 3, 0
    puzzles = PADDED.from_maze(cells)
    other = puzzles.y.transpose(1, 2)
    assert not torch.equal(other, puzzles.y)
    assert PADDED.correct(other, puzzles).all()
    assert not PADDED.correct(torch.zeros_like(other), puzzles).any()


@pytest.mark.parametrize("name", ["maze_csv", "maze_text", "maze_image", "easy_to_hard"])
def test_files_hold_mazes_without_the_walls_around(name: str, tmp_path: Path) -> None:
    files = registry.find("formats", name)()
    padded = PADDED.sample(9, 5, split="train")
    files.write([padded], 5, tmp_path)
    for problem, expected in ((PADDED, padded), (Mazes(), Mazes().sample(9, 5, split="train"))):
        again = files.read(problem, 9, tmp_path, "train")
        assert again.level == 9
        for one, other in ((again.x, expected.x), (again.y, expected.y), (again.mask, expected.mask)):
            assert torch.equal(one, other)
    assert files.import_files([tmp_path], tmp_path / "store") == (5, 0)
    sourced = Mazes(source=str(tmp_path / "store"), pad_to=32).sample(9, 1, split="train")
    assert sourced.x.shape[-1] == 32


def test_a_picture_of_a_user_is_drawn_on_without_the_walls_around(tmp_path: Path) -> None:
    plain = Mazes().sample(9, 1)
    Image.fromarray((plain.x[0] * 255).byte().permute(1, 2, 0).numpy()).save(tmp_path / "maze.png")
    drawn = {}
    for pad_to in (0, 32, 40):
        problem = Mazes(pad_to=pad_to)
        puzzles = problem.view.parse(str(tmp_path / "maze.png"))
        assert puzzles.x.shape[-1] == max(24, pad_to)
        scene, text = problem.view.scene(puzzles, puzzles.y[0]), problem.view.write(puzzles.y, puzzles)
        drawn[pad_to] = scene.cells[0].colours.tobytes(), text
    assert drawn[0] == drawn[32] == drawn[40]


def test_an_end_is_moved_in_a_maze_with_walls_around() -> None:
    moved = [
        MoveEnd(steps=2).to_puzzles(problem.sample(9, 10), np.random.default_rng(0)) for problem in (Mazes(), PADDED)
    ]
    assert [one.level for one in moved] == [9, 9]
    assert torch.equal(F.pad(moved[0].x, (4,) * 4), moved[1].x)
    assert not torch.equal(moved[1].x, PADDED.sample(9, 10).x)


def test_local_thinking_reaches_the_same_answers() -> None:
    net, puzzles = lt.load("mazes"), Mazes(pad_to=60).sample(13, 1)
    (dense,), (local,) = (
        [thought.read() for thought in lt.think(net, puzzles, limit=40, tolerance=tolerance)][-1:]
        for tolerance in (None, 0.0)
    )
    assert torch.equal(puzzles.problem.answer(dense, puzzles), puzzles.problem.answer(local, puzzles))
    assert puzzles.problem.correct(puzzles.problem.answer(dense, puzzles), puzzles).all()


def test_what_is_said_of_walls_counts_where_every_pixel_does() -> None:
    problem = Mazes(scoring="every_pixel")
    whole, usual = problem.sample(9, 3), Mazes().sample(9, 3)
    assert whole.mask is None
    assert torch.equal(whole.x, usual.x)
    answers = whole.y.clone()
    assert problem.correct(answers, whole).all()
    answers[1, 0, 0] = 1  # the outermost wall
    wall = (whole.x[2].amax(0)[3:-3, 3:-3] == 0).nonzero()[0] + 3
    answers[2, wall[0], wall[1]] = 1
    assert problem.correct(answers, whole).tolist() == [True, False, False]
    assert Mazes().correct(answers, usual).tolist() == [True, True, True]
    assert problem.position_accuracy(answers, whole).tolist() == [1, 575 / 576, 575 / 576]
    logits = problem.perfect(whole)
    logits[0, :, 0, 0] = logits[0, :, 0, 0].flip(0)  # 30 against the wall, of 3 x 24 x 24 pixels
    assert float(problem.loss(logits, whole).sum()) == pytest.approx(30 / 1728)
    assert Mazes().loss(logits, usual).sum() < 1e-6


def test_of_several_shortest_paths_any_counts_on_every_pixel() -> None:
    problem = Mazes(scoring="every_pixel", openings=0.5)
    cells = np.ones((3, 3), np.uint8)
    cells[0, 0], cells[2, 2], cells[1, 1] = 2, 3, 0
    puzzles = problem.from_maze(cells)
    other = puzzles.y.transpose(1, 2).contiguous()
    assert problem.correct(other, puzzles).all()
    other[0, 0, 0] = 1
    assert not problem.correct(other, puzzles).any()


@pytest.mark.parametrize("check", lt.testing.PROBLEM, ids=lt.testing.name_of_check)
def test_with_walls_around_that_count_mazes_keep_what_problems_promise(check: lt.testing.Check) -> None:
    assert lt.testing.run(check, Mazes(scoring="every_pixel", pad_to=32)) is None


def test_cells_are_cut_from_the_middle() -> None:
    puzzles = PADDED.sample(9, 1)
    assert cut(to_cells(puzzles.x[0]), 9, 9).tolist() == to_cells(Mazes().sample(9, 1).x[0]).tolist()
    assert cut(means_of_cells(puzzles.y[0]), 9, 9).sum() == means_of_cells(puzzles.y[0]).sum()
