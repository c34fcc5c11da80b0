"""Kinds of mazes: ends on any cell, rectangles in training, paths of a length, scattered walls."""

from collections import Counter, deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import longthink as lt
from longthink import registry
from longthink.base.errors import UserError
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes._kernels import Cells
from longthink.problems.mazes.problem import Mazes
from longthink.training.recipe import parse_recipe

SPLITS = st.sampled_from(["train", "validation", "test"])
TREES = st.sampled_from(["depth_first", "wilson", "kruskal", "prim"])


def steps_between(cells: Cells) -> int:
    """From green to red, by a search of its own; -1 where no way leads."""
    start, goal = (tuple(np.argwhere(cells == colour)[0].tolist()) for colour in (kernels.GREEN, kernels.RED))
    found, queue = {start: 0}, deque([start])
    while queue:
        row, column = queue.popleft()
        for there in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
            inside = 0 <= there[0] < cells.shape[0] and 0 <= there[1] < cells.shape[1]
            if inside and cells[there] != kernels.WALL and there not in found:
                found[there] = found[row, column] + 1
                queue.append(there)
    return found.get(goal, -1)


def check_solved(problem: Mazes, puzzles: lt.Puzzles) -> list[int]:
    """That y is a path from end to end, as short as any; the numbers of its steps."""
    assert problem.correct(puzzles.y, puzzles).all()
    lengths = []
    for x, y in zip(puzzles.x, puzzles.y, strict=True):
        cells = to_cells(x)
        assert sorted(np.unique(cells, return_counts=True)[1][-2:]) == [1, 1]
        lengths.append(int(y.sum()) // 4 - 1)
        assert lengths[-1] == steps_between(cells)
    return lengths


def parities(puzzles: lt.Puzzles) -> Counter[tuple[int, int]]:
    """In which rows and columns both ends are: even or odd ones."""
    cells = [to_cells(x) for x in puzzles.x]
    return Counter(tuple((place % 2).tolist()) for one in cells for place in np.argwhere(one >= kernels.GREEN))


def edges_of(tall: int, wide: int) -> int:
    return tall * (wide - 1) + wide * (tall - 1)


KINDS = [Mazes(ends="cells", aspect=0.5), Mazes(algorithm="scattered"), Mazes(path=(4, 12), openings=0.2)]


@pytest.mark.parametrize("problem", KINDS, ids=["cells", "scattered", "path"])
@pytest.mark.parametrize("check", lt.testing.PROBLEM, ids=lt.testing.name_of_check)
def test_each_kind_keeps_what_problems_promise(check: lt.testing.Check, problem: Mazes) -> None:
    assert lt.testing.run(check, problem) is None


# ------------------------------------------------------------------------------------------------ ends


@settings(deadline=None, max_examples=30)
@given(level=st.integers(3, 12).map(lambda half: 2 * half + 1), seed=st.integers(0, 10**6), algorithm=TREES)
def test_ends_on_any_cell_are_two_open_cells(level: int, seed: int, algorithm: str) -> None:
    problem = Mazes(ends="cells", algorithm=algorithm, openings=0.1)
    check_solved(problem, problem.sample(level, 3, seed))


def test_ends_are_in_passages_as_often_as_there_are_such_cells() -> None:
    """Of a tree of 25 nodes, 24 of 49 cells are between two nodes."""
    count = 2000
    found = parities(Mazes(ends="cells").sample(9, count))
    assert found[1, 1] == 0
    assert found[0, 1] + found[1, 0] == pytest.approx(2 * count * 24 / 49, abs=5 * (2 * count / 4) ** 0.5)
    assert set(parities(Mazes().sample(9, 200))) == {(0, 0)}


def test_walls_are_of_one_split_wherever_ends_are() -> None:
    seen: dict[bytes, str] = {}
    for ends in ("nodes", "dead_ends", "cells"):
        for split in ("train", "validation", "test"):
            for x in Mazes(ends=ends).sample(5, 200, split=split, repeats=True).x:
                walls = to_cells(x) == kernels.WALL
                for form in (np.rot90(one, turns) for one in (walls, walls.T) for turns in range(4)):
                    assert seen.setdefault(form.tobytes(), split) == split


def test_mazes_with_ends_on_any_cell_do_not_repeat() -> None:
    puzzles = Mazes(ends="cells").sample(5, 2000, split="train")
    assert len({x.numpy().tobytes() for x in puzzles.x}) == 2000


def test_what_files_call_anywhere_is_read_as_nodes() -> None:
    old = Mazes.model_validate({"ends": "anywhere"})
    assert old == Mazes()
    assert old.model_dump(mode="json")["ends"] == "nodes"
    recipe = lt.recipe("mazes_laptop")
    text = recipe.model_dump_json()
    assert '"ends":"nodes"' in text
    assert parse_recipe(text.replace('"ends":"nodes"', '"ends":"anywhere"')) == recipe
    assert registry.build("problems", "mazes", {"ends": "anywhere"}) == Mazes()
    with pytest.raises(UserError, match="'nodes', 'dead_ends' or 'cells'"):
        registry.build("problems", "mazes", {"ends": "everywhere"})


# ------------------------------------------------------------------------------------------------ rectangles


@settings(deadline=None, max_examples=40)
@given(level=st.sampled_from([3, 5, 7, 9, 13]), aspect=st.floats(0.2, 1), seed=st.integers(0, 1000), algorithm=TREES)
def test_training_batches_are_rectangles_of_trees(level: int, aspect: float, seed: int, algorithm: str) -> None:
    problem = Mazes(aspect=aspect, algorithm=algorithm, ends="cells")
    puzzles = problem.sample(level, 4, seed, "train", repeats=True)
    assert puzzles.level == level
    check_solved(problem, puzzles)
    for x in puzzles.x:
        cells = to_cells(x)
        rows, columns = cells.shape
        assert max(rows, columns) == level
        assert rows % 2 == columns % 2 == 1
        assert min(rows, columns) >= max(3, aspect * level)
        nodes = ((rows + 1) // 2) * ((columns + 1) // 2)
        assert (cells != kernels.WALL).sum() == 2 * nodes - 1
        assert (cells[::2, ::2] != kernels.WALL).all()
        assert (cells[1::2, 1::2] == kernels.WALL).all()
        assert kernels.count_loops(cells) == 0


def test_shapes_are_as_likely_as_each_other_in_both_orientations() -> None:
    problem, draws = Mazes(aspect=0.5), 600
    batches = (problem.sample(9, 1, 0, "train", index, repeats=True) for index in range(draws))
    shapes = Counter(tuple((side - 6) // 2 for side in batch.y.shape[1:]) for batch in batches)
    assert set(shapes) == {(9, 9), (9, 7), (7, 9), (9, 5), (5, 9)}
    for shape, count in shapes.items():
        share = 1 / 3 if shape == (9, 9) else 1 / 6
        assert count == pytest.approx(share * draws, abs=5 * (share * (1 - share) * draws) ** 0.5)


@pytest.mark.parametrize(("split", "repeats"), [("train", False), ("validation", True), ("test", False)])
def test_all_other_mazes_are_the_squares_that_they_were(split: str, repeats: bool) -> None:
    """Files and fixed sets among them, which hold mazes of one shape."""
    one, other = (problem.sample(9, 5, 0, split, 0, repeats) for problem in (Mazes(), Mazes(aspect=0.3)))
    assert torch.equal(one.x, other.x)
    assert torch.equal(one.y, other.y)


def test_a_rectangle_and_its_mirrored_and_turned_forms_are_of_one_share() -> None:
    for index in range(10):
        cells = to_cells(Mazes(aspect=0.3).sample(13, 1, 0, "train", index, True).x[0])
        forms = [np.rot90(one, turns) for one in (cells, cells.T) for turns in range(4)]
        assert len({kernels.share(np.ascontiguousarray(one)) for one in forms}) == 1


def test_wilson_draws_every_spanning_tree_of_a_rectangle_equally_often() -> None:
    """The 15 spanning trees of the 2 x 3 grid graph, over both shares that training has."""
    cells = np.empty((6000, 3, 5), np.uint8)
    assert kernels.draw(1, 0, kernels.WILSON, 0.0, kernels.NODES, 0, 3, 0, 0, 99, cells, np.empty_like(cells))
    counts = Counter((one != kernels.WALL).tobytes() for one in cells)
    assert len(counts) == 15
    assert max(abs(count - 400) for count in counts.values()) < 5 * 400**0.5


def test_openings_of_rectangles() -> None:
    cells = np.empty((50, 5, 9), np.uint8)
    assert kernels.draw(1, 0, kernels.PRIM, 1.0, kernels.NODES, 0, 3, 0, 0, 99, cells, np.empty_like(cells))
    assert ((cells != kernels.WALL).sum((1, 2)) == 3 * 5 + edges_of(3, 5)).all()


# ------------------------------------------------------------------------------------------------ paths of a length


@settings(deadline=None, max_examples=25)
@given(
    algorithm=st.sampled_from(["depth_first", "wilson", "kruskal", "prim", "scattered"]),
    ends=st.sampled_from(["nodes", "cells", "dead_ends"]),
    shortest=st.integers(8, 16),
    more=st.integers(1, 10),
    seed=st.integers(0, 1000),
    split=SPLITS,
)
def test_paths_have_as_many_steps_as_asked_for(
    algorithm: str, ends: str, shortest: int, more: int, seed: int, split: str
) -> None:
    problem = Mazes(algorithm=algorithm, ends=ends, path=(shortest, shortest + more))
    lengths = check_solved(problem, problem.sample(15, 4, seed, split))
    assert all(shortest <= length <= shortest + more for length in lengths)


@pytest.mark.parametrize(("ends", "numbers"), [("cells", range(11, 18)), ("nodes", range(12, 18, 2))])
def test_each_number_of_steps_is_as_likely(ends: str, numbers: range) -> None:
    puzzles = Mazes(ends=ends, path=(11, 17)).sample(9, 1400)
    found = Counter((puzzles.y.flatten(1).sum(1) // 4 - 1).tolist())
    assert set(found) == set(numbers)
    expected = 1400 / len(numbers)
    assert max(abs(count - expected) for count in found.values()) < 5 * expected**0.5


def test_the_protocol_of_maze_unique() -> None:
    """29 x 29 pixels with the border, ends on any open pixel, 100 to 140 steps; one path, since there are no loops."""
    problem = Mazes(ends="cells", path=(100, 140))
    puzzles = problem.sample(27, 60)
    lengths = check_solved(problem, puzzles)
    assert min(lengths) >= 100
    assert max(lengths) <= 140
    assert len({length % 2 for length in lengths}) == 2
    assert sum(parities(puzzles)[odd] for odd in ((0, 1), (1, 0))) > 0
    assert all(kernels.count_loops(to_cells(x)) == 0 for x in puzzles.x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": [0, 3]}, "a path has 1 step or more, and the fewest come first"),
        ({"path": [5, 4]}, "a path has 1 step or more, and the fewest come first"),
        ({"path": [7, 7]}, "between two nodes a path has an even number of steps"),
        ({"algorithm": "scattered", "openings": 0.1}, "scattered walls have ways enough"),
        ({"aspect": 0}, "greater than 0"),
    ],
)
def test_what_no_maze_can_have_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        registry.build("problems", "mazes", options)


def test_paths_that_are_not_found_are_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest path in a tree of 3 x 3 nodes has 16 steps."""
    assert check_solved(Mazes(ends="cells"), Mazes(ends="cells", path=(16, 16)).sample(5, 2, split="train")) == [16, 16]
    cells = np.empty((1, 5, 5), np.uint8)
    assert not kernels.draw(1, 0, kernels.PRIM, 0.0, kernels.CELLS, 0, 3, 17, 17, 10, cells, cells)
    monkeypatch.setattr("longthink.problems.mazes.problem.WORK", 0)
    with pytest.raises(UserError, match=r"No test maze of level 5 with a path of 17 to 19 steps was found in 1,000;"):
        Mazes(ends="cells", path=(17, 19)).sample(5, 1)


# ------------------------------------------------------------------------------------------------ scattered walls


def test_walls_are_scattered_on_30_to_50_percent_of_the_cells() -> None:
    problem = Mazes(algorithm="scattered")
    for level, around in ((30, 1), (29, 0)):
        puzzles = problem.sample(level, 300)
        cells = np.stack([to_cells(x) for x in puzzles.x])
        assert cells.shape == (300, level, level)
        inside = cells[:, around : level - around, around : level - around]
        if around:
            assert (cells != kernels.WALL).sum() == (inside != kernels.WALL).sum()
        share = (inside == kernels.WALL).mean((1, 2))
        assert 0.29 < share.min() < 0.32
        assert 0.48 < share.max() <= 0.5
        check_solved(problem, puzzles)
        for parity in ((0, 0), (0, 1), (1, 0), (1, 1)):
            assert (inside[:, parity[0] :: 2, parity[1] :: 2] == kernels.WALL).mean() == pytest.approx(0.4, abs=0.03)


def test_paths_among_scattered_walls_may_be_long() -> None:
    problem = Mazes(algorithm="scattered", path=(60, 900))
    lengths = check_solved(problem, problem.sample(30, 10))
    assert min(lengths) >= 60


@pytest.mark.parametrize("level", [12, 13])
def test_splits_of_scattered_walls_go_by_the_eight_symmetries(level: int) -> None:
    for split, shares in (("train", {2, 3}), ("validation", {0}), ("test", {1})):
        for x in Mazes(algorithm="scattered").sample(level, 20, split=split).x:
            cells = to_cells(x)
            forms = [np.rot90(one, turns) for one in (cells, cells.T) for turns in range(4)]
            (found,) = {kernels.share(np.ascontiguousarray(one)) for one in forms}
            assert found in shares


@pytest.mark.parametrize("level", [10, 11])
@pytest.mark.parametrize("name", ["maze_csv", "maze_text", "maze_image"])
def test_scattered_walls_are_written_and_brought_in_at_their_level(name: str, level: int, tmp_path: Path) -> None:
    problem, files = Mazes(algorithm="scattered"), registry.find("formats", name)()
    puzzles = problem.sample(level, 6)
    files.write([puzzles], 6, tmp_path)
    if name != "maze_image":
        again = files.read(problem, level, tmp_path, "test")
        assert torch.equal(again.x, puzzles.x)
        assert files.import_files([tmp_path], tmp_path / "store") == (6, 0)
        assert Mazes(source=str(tmp_path / "store")).hard == (level,)


def test_levels_of_scattered_walls_may_be_even() -> None:
    assert list(Mazes(algorithm="scattered").levels(4, 7)) == [4, 5, 6, 7]
    for level in (1, 2):
        with pytest.raises(UserError, match="3 cells along a side or more"):
            Mazes(algorithm="scattered").sample(level, 1)
    with pytest.raises(UserError, match="maze of nodes is an odd number of cells"):
        Mazes(ends="cells").sample(10, 1)


def test_rectangles_of_scattered_walls() -> None:
    problem, shapes = Mazes(algorithm="scattered", aspect=0.8), set()
    for index in range(40):
        puzzles = problem.sample(10, 2, 0, "train", index, True)
        check_solved(problem, puzzles)
        shapes.add(tuple((side - 6) // 2 for side in puzzles.y.shape[1:]))
    assert shapes == {(10, 10), (10, 9), (9, 10), (10, 8), (8, 10)}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), flips=st.integers(0, 3), ends=st.sampled_from(["nodes", "cells"]))
def test_a_path_in_a_tree_is_verified_without_the_solution(seed: int, flips: int, ends: str) -> None:
    """Against what is known of the solution, where cells of it, or beside it, are said otherwise."""
    problem = Mazes(ends=ends)
    puzzles = problem.sample(7, 3, seed, "train", repeats=True)
    assert puzzles.mask is not None
    answers, rng = puzzles.y.clone(), np.random.default_rng(seed)
    for answer, mask in zip(answers, puzzles.mask, strict=True):
        cells = mask[3::2, 3::2].nonzero()
        for row, column in cells[torch.from_numpy(rng.integers(0, len(cells), flips))].tolist():
            answer[3 + 2 * row : 5 + 2 * row, 3 + 2 * column : 5 + 2 * column] ^= 1
    unknown = replace(puzzles, y=torch.zeros_like(puzzles.y), known=False)
    assert torch.equal(problem.verify(answers, unknown), problem.correct(answers, puzzles))
    walls = torch.where(puzzles.mask, answers, 1)
    assert torch.equal(problem.verify(walls, unknown), problem.correct(answers, puzzles)), "walls do not count"
    assert not problem.verify(torch.zeros_like(answers), unknown).any()


def test_where_there_are_several_ways_nothing_is_verified() -> None:
    assert Mazes().verifiable
    loops = Mazes(openings=0.5).sample(9, 2)
    assert not Mazes().verify(loops.y, loops).any(), "a user's maze with loops, and a net for trees"
    for other in (Mazes(openings=0.1), Mazes(algorithm="scattered")):
        assert not other.verifiable
