"""Mazes as people type and post them: every way of writing one is read as the same cells, or refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._text import as_rows, mazes_in, read_csv, read_maze, read_solved
from longthink.problems.mazes.problem import Mazes

CELLS = [[3, 1, 1, 0, 1], [0, 0, 1, 0, 1], [1, 1, 1, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 2]]
HASHES = """\
#######
#S  # #
### # #
#   # #
# ### #
#    E#
#######"""
MATRIX = [[int(one == "#") for one in row] for row in HASHES.split("\n")]
"""Without ends."""
OPENINGS = HASHES.replace("#S", "  ").replace("E#", "  ")
WITH_NUMBERS = HASHES.replace("#", "1").replace(" ", "0")


def words(text: str) -> str:
    return "\n".join(" ".join(row) for row in text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        HASHES,
        HASHES.replace(" ", "."),
        HASHES.replace("E", "G"),
        HASHES.replace("S", "A").replace("E", "B"),
        HASHES.replace("S", "R").replace("E", "G"),
        HASHES.replace("S", "s").replace("E", "f"),
        HASHES.replace("#", "█").replace(" ", "░"),
        HASHES.replace("#", "X"),
        HASHES.replace("#", "⬛").replace(" ", "⬜").replace("S", "🟥").replace("E", "🟩"),
        HASHES.replace("\n", "\r\n"),
        f"\n\n```\n{HASHES}\n```\n",
        "\n".join(f"    {row}" for row in HASHES.split("\n")),
        "\n".join(f"\t{row}" for row in HASHES.split("\n")),
        HASHES.replace("\n", ""),
        HASHES.replace("\n", "\\n"),
        "\n".join("".join(one + (" " if one in "SE" else one) for one in row) for row in HASHES.split("\n")),
        WITH_NUMBERS.replace("\n", ""),
        words(HASHES.replace(" ", ".")),
        WITH_NUMBERS,
        WITH_NUMBERS.replace("S", "2").replace("E", "3"),
        WITH_NUMBERS.replace("1", "x").replace("0", "1").replace("x", "0"),
        words(WITH_NUMBERS),
        words(WITH_NUMBERS).replace(" ", ","),
        words(WITH_NUMBERS).replace(" ", "\t"),
        str([[*row] for row in HASHES.split("\n")]),
        str(HASHES.split("\n")),
        "maze = [\n" + ",\n".join(f'    "{row}"' for row in HASHES.split("\n")) + ",\n]",
        "+--+--+--+\n|S    |  |\n+--+  +  +\n|     |  |\n+  +--+  +\n|       E|\n+--+--+--+",
        "+---+---+---+\n| S     |   |\n+---+   +   +\n|       |   |\n+   +---+   +\n|         E |\n+---+---+---+",
        "+---+-+\n|S  | |\n+-- | |\n|   | |\n| --+ |\n|    E|\n+-----+",
        "┌─────┬──┐\n│S    │  │\n├──╴  │  │\n│     │  │\n│  ╶──┘  │\n│       E│\n└────────┘",
        "╔═══╦═╗\n║S  ║ ║\n╠══ ║ ║\n║   ║ ║\n║ ══╝ ║\n║    E║\n╚═════╝",
        "-------\n|S  | |\n|-- | |\n|   | |\n| --- |\n|    E|\n-------",
    ],
)  # fmt: skip
def test_a_maze_is_read_however_it_is_written(text: str) -> None:
    assert read_maze(text).tolist() == CELLS


@pytest.mark.parametrize(
    "text",
    [
        OPENINGS,
        "\n".join(row.rstrip() for row in OPENINGS.split("\n")),
        "+--+--+--+\n      |  |\n+--+  +  +\n|     |  |\n+  +--+  +\n|         \n+--+--+--+",
        OPENINGS.replace("#", "1").replace(" ", "0"),
        OPENINGS.replace("#", "0").replace(" ", "1"),
        " _____\n _  | |\n|  _| |\n|______",
        " _ _ _\n _  | |\n|  _| |\n|_ _ _ ",
    ],
)
def test_two_openings_in_the_outer_wall_are_the_ends(text: str) -> None:
    cells = read_maze(text)
    ends = {tuple(np.argwhere(cells == colour)[0].tolist()) for colour in (kernels.RED, kernels.GREEN)}
    assert ends == {(1, 0), (5, 6)}


def test_an_opening_may_be_wider_than_a_character() -> None:
    cells = read_maze("###   ####\n#        #\n#        #\n###### ###")
    assert np.argwhere(cells == kernels.RED).tolist() == [[0, 4]]
    assert np.argwhere(cells == kernels.GREEN).tolist() == [[3, 6]]


def test_rows_whose_spaces_were_cut_off_are_filled_up() -> None:
    assert read_maze("#####\n#S\n#\n#  E#\n#####").tolist() == [
        [0, 0, 0, 0, 0],
        [0, 3, 1, 1, 1],
        [0, 1, 1, 1, 1],
        [0, 1, 1, 2, 0],
        [0, 0, 0, 0, 0],
    ]


def test_in_a_drawing_with_floors_a_cell_is_two_characters() -> None:
    """_ is its floor, | the wall on its right; an end stands where its floor would be."""
    assert read_maze(" ___\n|S| |\n|__E|").tolist() == [[3, 0, 1], [1, 0, 1], [1, 1, 2]]


def test_even_mazes_keep_their_walls_and_odd_ones_do_not() -> None:
    """So both are of the size that they are known by: 9 x 9 of this library, 30 x 30 of the field."""
    even = ["#" * 30, "#S" + " " * 26 + "E#", *["#" + " " * 28 + "#"] * 27, "#" * 30]
    assert read_maze("\n".join(even)).shape == read_maze("".join(even)).shape == (30, 30)
    odd = ["#" * 11, "#S" + " " * 7 + "E#", *["#" + " " * 9 + "#"] * 8, "#" * 11]
    assert read_maze("\n".join(odd)).shape == (9, 9)


def test_ends_may_be_pointed_out_by_column_and_row() -> None:
    bare = HASHES.replace("S", " ").replace("E", " ")
    drawn = "+--+--+--+\n|     |  |\n+--+  +  +\n|     |  |\n+  +--+  +\n|        |\n+--+--+--+"
    assert read_maze(bare, ((1, 1), (5, 5))).tolist() == CELLS
    assert read_maze(drawn, ((1, 1), (8, 5))).tolist() == CELLS
    assert read_maze(drawn, ((2, 1), (7, 5))).tolist() == CELLS
    assert read_maze(str(MATRIX), ((1, 1), (5, 5))).tolist() == CELLS
    for ends, message in {
        ((0, 1), (5, 5)): "The start 0,1 is on a wall",
        ((1, 1), (5, 7)): "The end 5,7 is outside of the maze, which has 7 rows of 7",
    }.items():
        with pytest.raises(UserError, match=message):
            read_maze(bare, ends)
    with pytest.raises(UserError, match="2 starts"):
        read_maze(HASHES.replace("E", " "), ((1, 5), (5, 5)))


@pytest.mark.parametrize("level", [9, 30])
def test_rows_are_read_as_they_are_written(level: int) -> None:
    cells = np.zeros((level, level), np.uint8)
    cells[1 : level - 1, 1 : level - 1] = kernels.OPEN
    cells[1, 1], cells[1, 4] = kernels.RED, kernels.GREEN
    assert np.array_equal(read_maze("\n".join(as_rows(cells))), cells)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty text"),
        (" \n \n", "empty text"),
        ("[[]]", "empty list"),
        ("S...E\n.....", "it has no walls"),
        (HASHES.replace("S", "?"), r"'\?' in row 2 stands for nothing in a maze; write # or"),
        (HASHES.replace("S", " ").replace("E", " "), r"nor two openings in its outer wall that could be \(but 0\)"),
        (HASHES.replace("S", "E"), "0 starts .* and 2 ends"),
        (HASHES.replace("S", " "), "0 starts .* and 1 ends"),
        (HASHES.replace("# # #", "#####"), "No path joins the start and the end"),
        (HASHES.replace("\n", "")[:-1], "n times n characters like 900, and here are 48"),
        ("#" * 1025 + "\n#SE", "at most 1024 cells along a side; this has 2 x 1025"),
        ("+--+\n|SE|\n+--+" + " " * 9000 + "+", "at most 1024 cells along a side; this text has 3 rows of 9005"),
        ("#SE#\n" * 2**20, "at most, and this text has more"),
        (" __\n|S#|", "stands for nothing"),
    ],
)  # fmt: skip
def test_what_is_no_maze_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_maze(text)


# ------------------------------------------------------------------------------------------------ tables


SQUARE = "#####" + "#S  #" + "# # #" + "#  E#" + "#####"


@pytest.mark.parametrize(
    "answer", ["", "######Soo## #o##  E######", "######S  ##o# ##ooE######", "######ooo## #o##  o######"]
)
def test_any_shortest_path_is_right(answer: str) -> None:
    assert read_solved(SQUARE, answer).tolist() == [[3, 1, 1], [1, 0, 1], [1, 1, 2]]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("######Soo##o#o##ooE######", "no shortest path, which has 5 cells"),
        ("######So ## #o##  E######", "no shortest path"),
        ("######S  ## # ##  E######", "no shortest path"),
        ("#o####Soo## #o##  E######", "no shortest path"),
        ("###", "the maze again, with the path marked|n times n characters"),
        ("o" * 36, "the maze again, with the path marked"),
    ],
)
def test_an_answer_that_is_wrong_is_refused(answer: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_solved(SQUARE, answer)


def test_tables_are_read_with_the_spaces_that_mazes_begin_and_end_with(tmp_path: Path) -> None:
    unwalled = " S   ### ###    ###    E "
    (tmp_path / "mazes.csv").write_text(f"rating,answer,question\n3,,{unwalled}\n4,,{SQUARE}\n")
    found = [(where, question, answer) for where, question, answer in read_csv(tmp_path / "mazes.csv")]
    assert found == [
        (f"{tmp_path / 'mazes.csv'}, line 2", unwalled, ""),
        (f"{tmp_path / 'mazes.csv'}, line 3", SQUARE, ""),
    ]
    assert read_solved(unwalled, "")[0].tolist() == [1, 3, 1, 1, 1]


def test_mazes_in_a_text_are_apart_by_empty_lines_or_lines_of_their_own() -> None:
    assert list(mazes_in(f"{HASHES}\n\n\n{HASHES}\n".split("\n"))) == [(1, HASHES), (10, HASHES)]
    assert list(mazes_in([SQUARE, SQUARE, "", HASHES])) == [(1, SQUARE), (2, SQUARE), (4, HASHES)]
    wide = ["#" * 49, *["#" + " " * 47 + "#"] * 3, "#" * 49]
    assert list(mazes_in(wide)) == [(1, "\n".join(wide))]


def test_our_own_answers_are_read_again() -> None:
    puzzles = Mazes().sample(13, 1)
    assert torch.equal(Mazes().view.parse(Mazes().view.write(puzzles.y, puzzles)).x, puzzles.x)


def test_a_small_maze_whose_second_column_is_open_is_not_taken_for_spaced_characters() -> None:
    assert read_maze("S #\n# #\n# E").tolist() == [[3, 1, 0], [0, 1, 0], [0, 1, 2]]
    spaced = "# # # # #\n# S . . #\n# . # . #\n# . . E #\n# # # # #"
    assert read_maze(spaced).tolist() == [[3, 1, 1], [1, 0, 1], [1, 1, 2]]
