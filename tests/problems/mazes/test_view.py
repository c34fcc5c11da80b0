"""Mazes as they are read, written and drawn."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from longthink.base.errors import UserError
from longthink.contracts import Ends
from longthink.figures.scene import pixels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes.problem import Mazes

VIEW = Mazes().view
ROWS = "#####\n#S  #\n# # #\n#  E#\n#####"
JOINED = ROWS.replace("\n", "")
CELLS = [[3, 1, 1], [1, 0, 1], [1, 1, 2]]


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
    drawn, plain = pixels(VIEW.scene(puzzles, puzzles.y[0])), pixels(VIEW.scene(puzzles))
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


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (ROWS, None),
        (JOINED, None),
        (JOINED + "\r\n", None),
        (f"made,{JOINED},,5\n", None),
        (f"source,question,answer,rating\nmade,{JOINED},,5\n", None),
        (f'made,"{JOINED}",{"######ooo## #o##  o######"},5', None),
        (ROWS.replace("S", " ").replace("E", " "), ((1, 1), (3, 3))),
    ],
)
def test_a_maze_is_read_as_it_is_typed(text: str, ends: Ends | None) -> None:
    puzzles = VIEW.parse(text) if ends is None else VIEW.parse_between(text, ends)
    assert to_cells(puzzles.x[0]).tolist() == CELLS
    assert (puzzles.level, puzzles.source) == (3, None)


@pytest.mark.parametrize("name", ["maze.txt", "maze", "my maze.text"])
def test_a_text_in_a_file_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(ROWS + "\n")
    assert to_cells(VIEW.parse(str(tmp_path / name)).x[0]).tolist() == CELLS
    (tmp_path / name).write_text(f"{ROWS}\n\n{ROWS}\n")
    with pytest.raises(UserError, match="Here are several mazes; give one of them"):
        VIEW.parse(str(tmp_path / name))


@pytest.mark.parametrize("in_file", [True, False])
def test_ends_are_not_pointed_out_where_an_answer_has_them(in_file: bool, tmp_path: Path) -> None:
    text = f"question,answer\n{JOINED},{'######ooo## #o##  o######'}\n"
    (tmp_path / "maze.csv").write_text(text)
    with pytest.raises(UserError, match="comes with its answer, and so with its ends"):
        VIEW.parse_between(str(tmp_path / "maze.csv") if in_file else text, ((1, 1), (3, 3)))


def test_a_table_of_one_maze_packed_is_read_as_a_table(tmp_path: Path) -> None:
    (tmp_path / "maze.csv.gz").write_bytes(gzip.compress(f"rating,question\n5,{JOINED}\n".encode()))
    assert to_cells(VIEW.parse(str(tmp_path / "maze.csv.gz")).x[0]).tolist() == CELLS


def test_a_table_of_one_maze_is_read(tmp_path: Path) -> None:
    path = tmp_path / "maze.csv"
    path.write_text(f"question\n{JOINED}\n")
    assert to_cells(VIEW.parse(str(path)).x[0]).tolist() == CELLS
    path.write_text(f"question\n{JOINED}\n{JOINED}\n")
    with pytest.raises(UserError, match="a table of several mazes; give one of its lines, or bring them all in"):
        VIEW.parse(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none.png", "There is no picture none.png"),
        ("maze of mine.txt", "There is no picture maze of mine.txt"),
        ("4" * 5000, "There is no picture 444"),
        ("", "empty text"),
        (JOINED[:-1], "here are 24"),
        (f"made,{JOINED},{JOINED},5", "The answer is no shortest path"),
    ],
)
def test_what_is_neither_a_file_nor_a_maze_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        VIEW.parse(text)


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder; give one maze of it"):
        VIEW.parse(str(tmp_path))


def test_a_file_that_is_no_text_is_a_picture_whatever_its_name(tmp_path: Path) -> None:
    puzzles = Mazes().sample(9, 1)
    Image.fromarray((puzzles.x[0] * 255).byte().permute(1, 2, 0).numpy()).save(tmp_path / "maze", "PNG")
    assert torch.equal(VIEW.parse(str(tmp_path / "maze")).x, puzzles.x)


@pytest.mark.parametrize(
    ("rows", "loops"),
    [
        ("S...E", 0),
        ("S..\n.#.\n..E", 1),
        ("S..\n...\n..E", 4),
        ("S....\n.#.#.\n....E", 2),
        ("S..#..\n.#.#..\n..E#..", 1 + 2),
    ],
)
def test_loops_are_counted_and_told_to_who_trained_without(rows: str, loops: int) -> None:
    width = max(map(len, rows.split("\n"))) + 2
    walled = "\n".join(["#" * width, *(f"#{row}#" for row in rows.split("\n")), "#" * width])
    puzzles = VIEW.parse(walled)
    said = f"This maze has {loops} loop{'s' if loops > 1 else ''}"
    assert VIEW.remarks(puzzles) == ([f"{said}; this net was trained on mazes without."] if loops else [])
    assert Mazes(openings=0.1).view.remarks(puzzles) == ([f"{said}."] if loops else [])
    assert Mazes(source="some").view.remarks(puzzles) == ([f"{said}."] if loops else [])


def test_mazes_that_are_drawn_without_openings_have_no_loops() -> None:
    assert [VIEW.remarks(Mazes().sample(21, 1, seed)) for seed in range(5)] == [[]] * 5


def test_walls_around_a_maze_are_written_once() -> None:
    even = "######\n#S  E#\n#    #\n#    #\n#    #\n######"
    puzzles = VIEW.parse(even)
    assert VIEW.write(puzzles.y * 0, puzzles) == even.replace("S", "R").replace("E", "G")
