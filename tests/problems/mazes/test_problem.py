"""Mazes: the picture format, trees, splits up to symmetry, shortest paths, and numbers that must not move."""

import hashlib
from collections import deque
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells, to_pixels
from longthink.problems.mazes.problem import Mazes

SPLITS = st.sampled_from(["train", "validation", "test"])
ALGORITHMS = st.sampled_from(["depth_first", "wilson", "kruskal", "prim"])
LEVELS = st.integers(3, 20).map(lambda half: 2 * half + 1)


def distances(cells: np.ndarray) -> dict[tuple[int, int], int]:
    """Steps from green to every cell, by a search of its own."""
    start = tuple(int(index) for index in np.argwhere(cells == kernels.GREEN)[0])
    found, queue = {start: 0}, deque([start])
    while queue:
        row, column = queue.popleft()
        for there in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            inside = 0 <= there[0] < cells.shape[0] and 0 <= there[1] < cells.shape[1]
            if inside and cells[there] != kernels.WALL and there not in found:
                found[there] = found[row, column] + 1
                queue.append(there)
    return found


def red(cells: np.ndarray) -> tuple[int, int]:
    row, column = np.argwhere(cells == kernels.RED)[0]
    return int(row), int(column)


def test_the_picture_is_the_official_format() -> None:
    """Two pixels a cell, three black ones around, one red and one green cell, and the path with both ends."""
    puzzles = Mazes().sample(9, 50)
    assert puzzles.x.shape == (50, 3, 24, 24)
    assert puzzles.y.shape == (50, 24, 24)
    for x, y in zip(puzzles.x, puzzles.y, strict=True):
        border = torch.ones(24, 24, dtype=torch.bool)
        border[3:-3, 3:-3] = False
        assert x[:, border].sum() == 0
        colours = {tuple(pixel.int().tolist()) for pixel in x.flatten(1).T}
        assert colours == {(0, 0, 0), (1, 1, 1), (0, 1, 0), (1, 0, 0)}
        inside = x[:, 3:-3, 3:-3]
        assert torch.equal(inside, inside[:, ::2, ::2].repeat_interleave(2, 1).repeat_interleave(2, 2))
        for colour in ((0, 1, 0), (1, 0, 0)):
            end = (x == torch.tensor(colour)[:, None, None]).all(0)
            assert end.sum() == 4
            assert y[end].all()
        assert y[x.amax(0) == 0].sum() == 0
    assert torch.equal(puzzles.mask, puzzles.x.amax(1) > 0)


@settings(deadline=None, max_examples=60)
@given(level=LEVELS, seed=st.integers(0, 2**40), split=SPLITS, algorithm=ALGORITHMS)
def test_a_maze_is_a_spanning_tree_with_its_one_path(level: int, seed: int, split: str, algorithm: str) -> None:
    puzzles = Mazes(algorithm=algorithm).sample(level, 2, seed, split)
    for x, y in zip(puzzles.x, puzzles.y, strict=True):
        cells = to_cells(x)
        nodes = ((level + 1) // 2) ** 2
        assert (cells[::2, ::2] != kernels.WALL).all()
        assert (cells[1::2, 1::2] == kernels.WALL).all()
        assert (cells != kernels.WALL).sum() == 2 * nodes - 1  # nodes, and one edge fewer: connected, so a tree
        reached = distances(cells)
        assert len(reached) == 2 * nodes - 1
        assert y.sum() == 4 * (reached[red(cells)] + 1)


@settings(deadline=None, max_examples=40)
@given(level=LEVELS, seed=st.integers(0, 1000), openings=st.floats(0.05, 0.8))
def test_openings_make_loops_and_the_path_stays_a_shortest(level: int, seed: int, openings: float) -> None:
    problem = Mazes(openings=openings, ends="nodes")
    puzzles = problem.sample(level, 2, seed)
    for index in range(2):
        cells = to_cells(puzzles.x[index])
        assert puzzles.y[index].sum() == 4 * (distances(cells)[red(cells)] + 1)
    assert problem.correct(puzzles.y, puzzles).all()


def test_the_share_of_openings_is_the_one_asked_for() -> None:
    cells = to_cells(Mazes(openings=0.3).sample(101, 1).x[0])
    nodes = 51**2
    walls = 2 * 51 * 50 - (nodes - 1)
    opened = (cells != kernels.WALL).sum() - (2 * nodes - 1)
    assert opened / walls == pytest.approx(0.3, abs=5 * (0.21 / walls) ** 0.5)


def test_ends_at_dead_ends() -> None:
    puzzles = Mazes(ends="dead_ends").sample(21, 50)
    for x in puzzles.x:
        cells = np.pad(to_cells(x), 1)
        for colour in (kernels.GREEN, kernels.RED):
            row, column = np.argwhere(cells == colour)[0]
            around = cells[[row - 1, row + 1, row, row], [column, column, column - 1, column + 1]]
            assert (around != kernels.WALL).sum() == 1


def test_wilson_draws_every_spanning_tree_equally_often() -> None:
    """The 192 spanning trees of the 3 x 3 grid graph, over all splits, to five standard errors."""
    problem, seen = Mazes(algorithm="wilson"), {}
    for split in ("train", "validation", "test"):
        for x in problem.sample(5, 6000, split=split, repeats=True).x:
            walls = (to_cells(x) != kernels.WALL).tobytes()
            seen.setdefault((split, walls), 0)
            seen[split, walls] += 1
    assert len(seen) == 192
    for split in ("train", "validation", "test"):
        counts = [count for (of, _), count in seen.items() if of == split]
        expected = 6000 / len(counts)
        assert max(abs(count - expected) for count in counts) < 5 * expected**0.5


@pytest.mark.parametrize("openings", [0.0, 0.2])
def test_splits_share_no_walls_up_to_the_eight_symmetries(openings: float) -> None:
    def forms(x: torch.Tensor) -> set[bytes]:
        walls = to_cells(x) != kernels.WALL
        return {np.rot90(one, turns).tobytes() for one in (walls, walls.T) for turns in range(4)}

    problem, seen = Mazes(openings=openings), {}
    for split in ("train", "validation", "test"):
        for level in (5, 7):
            for x in problem.sample(level, 300, split=split, repeats=True).x:
                for form in forms(x):
                    assert seen.setdefault(form, split) == split


def test_any_shortest_path_is_right_and_nothing_else() -> None:
    cells = np.full((3, 3), kernels.OPEN, np.uint8)
    cells[1, 1], cells[0, 0], cells[2, 2] = kernels.WALL, kernels.GREEN, kernels.RED
    problem = Mazes(openings=1.0)
    puzzles = problem.from_maze(cells)

    def correct(*path: str) -> bool:
        marked = np.array([[int(cell) for cell in row] for row in path], np.uint8)
        return bool(problem.correct(torch.from_numpy(to_pixels(marked[None])).long(), puzzles))

    assert correct("111", "001", "001")
    assert correct("100", "100", "111")
    assert correct("100", "110", "111")  # what is said about walls is ignored
    assert not correct("111", "101", "111")  # both ways
    assert not correct("100", "100", "110")  # red missing
    assert not correct("011", "001", "011")  # green missing
    assert not correct("110", "001", "011")  # as many cells, not joined
    answers = puzzles.y.clone()
    answers[0, 3, 5] = 1 - answers[0, 3, 5]  # one pixel of four
    assert not problem.correct(answers, puzzles)


@settings(deadline=None, max_examples=200)
@given(seed=st.integers(0, 1000), choice=st.randoms(use_true_random=False), exchanged=st.integers(1, 4))
def test_answers_as_long_as_the_path_are_judged_by_joining_the_ends(seed: int, choice: Random, exchanged: int) -> None:
    problem = Mazes(openings=0.5)
    puzzles = problem.sample(5, 1, seed)
    cells = to_cells(puzzles.x[0])
    on_path = puzzles.y[0, 3:-3:2, 3:-3:2].bool().numpy()
    path, beside = np.argwhere(on_path).tolist(), np.argwhere(~on_path & (cells != kernels.WALL)).tolist()
    exchanged = min(exchanged, len(path), len(beside))
    marked = on_path.astype(np.uint8)
    marked[tuple(zip(*choice.sample(path, exchanged), strict=True))] = 0
    marked[tuple(zip(*choice.sample(beside, exchanged), strict=True))] = 1
    answer = torch.from_numpy(to_pixels(marked[None])).long()
    kept = np.where(marked == 1, cells, kernels.WALL)
    joined = (kept == kernels.GREEN).any() and (kept == kernels.RED).any() and red(kept) in distances(kept)
    assert bool(problem.correct(answer, puzzles)) == joined


@pytest.mark.parametrize("level", [1, 2, 10])
def test_sizes_that_do_not_exist_are_refused(level: int) -> None:
    with pytest.raises(UserError, match="odd number of cells"):
        Mazes().sample(level, 1)


def test_more_than_the_memory_is_refused_with_what_it_needs() -> None:
    with pytest.raises(UserError, match=r"need .* GB of memory"):
        Mazes().sample(100_001, 1)


def test_small_sizes_are_exhausted_and_say_so() -> None:
    assert len(Mazes().sample(5, 300, split="train")) == 300
    with pytest.raises(UserError, match="different test mazes of level 5 were found"):
        Mazes().sample(5, 50_000)
    with pytest.raises(UserError, match="no test mazes of level 3"):
        Mazes().sample(3, 1)


def test_mazes_do_not_repeat_unless_allowed() -> None:
    assert len({x.numpy().tobytes() for x in Mazes().sample(5, 1000).x}) == 1000
    assert len({x.numpy().tobytes() for x in Mazes().sample(5, 1000, repeats=True).x}) < 1000


def test_only_odd_levels_are_levels() -> None:
    assert list(Mazes().levels(3, 9)) == [3, 5, 7, 9]
    assert list(Mazes().levels(4, 8)) == [5, 7]


def test_golden() -> None:
    """Other numbers here would change every published result."""
    digests = {}
    for algorithm in ("depth_first", "wilson", "kruskal", "prim"):
        puzzles = Mazes(algorithm=algorithm, openings=0.1).sample(13, 20, seed=1)
        digests[algorithm] = hashlib.sha256(puzzles.x.numpy().tobytes() + puzzles.y.numpy().tobytes()).hexdigest()[:16]
    assert digests == {
        "depth_first": "e8138d663c291a76",
        "wilson": "97a31ae0fa7f7e37",
        "kruskal": "afa5062d7fa75486",
        "prim": "e98ab52825cd664c",
    }
