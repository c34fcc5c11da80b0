"""Sudoku boards: what is typed, what is said of an answer, and what is drawn."""

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.figures.scene import Scene
from longthink.problems.sudoku._reading import read_puzzle
from longthink.problems.sudoku._text import write_board
from longthink.problems.sudoku.problem import Sudoku, boards_of
from longthink.problems.sudoku.view import FAINT, INK, RIGHT, WRONG

EASY = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
"""The example of Wikipedia's article, and its solution."""
SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
VIEW = Sudoku().view


def test_a_board_is_read_as_it_is_usually_written() -> None:
    square = "\n".join(" ".join(EASY[row * 9 : row * 9 + 9]) for row in range(9))
    dots, rows = EASY.replace("0", "."), " ".join(EASY[row * 9 : row * 9 + 9] for row in range(9))
    for text in (EASY, dots, square, rows, ",".join(EASY)):
        puzzles = VIEW.parse(text)
        assert write_board(read_puzzle(text)[0]) == dots
        assert puzzles.known
        assert puzzles.level == 51
        assert VIEW.write(puzzles.y, puzzles) == SOLVED


def test_a_board_of_another_size_brings_its_own_problem() -> None:
    puzzles = VIEW.parse(".....23..4..1.24")
    assert isinstance(puzzles.problem, Sudoku)
    assert puzzles.problem.box == (2, 2)
    assert puzzles.x.shape == (1, 5, 4, 4)
    large = Sudoku(box=(4, 4)).sample(120, 1)
    again = VIEW.parse(" ".join(map(str, large.x.argmax(1).flatten().tolist())))
    assert torch.equal(again.x, large.x)
    assert torch.equal(again.y, large.y)
    assert again.problem.view.write(again.y, again).count(" ") == 255


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (EASY[:-1], "this has 80"),
        ("", "this has 0"),
        (EASY.replace("5", "%"), "'%' is no cell"),
        ("5" + EASY[:1] + EASY[2:], "5 is given twice in row 1"),
        (EASY[:72] + "5" + EASY[73:], "5 is given twice in column 1"),
        ("0" * 81, "several solutions"),
        ("12.." + "...." + "..3." + "....", "several solutions"),
        ("123." + "...4" + "...." + "....", "no solution"),
        (SOLVED, "nothing to solve"),
        ("9" + "." * 15, "symbols 1 to 4"),
        (f"{EASY},{SOLVED[::-1]}", "The answer is not the solution"),
        (f":0000:x:+6{EASY[1:]}::", "The answer is not the solution"),
    ],
)
def test_what_is_no_sudoku_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        VIEW.parse(text)


def test_what_is_certain_is_said_where_the_board_is_not_solved() -> None:
    puzzles = VIEW.parse(EASY)
    logits = 20.0 * torch.nn.functional.one_hot(puzzles.y, 9).movedim(-1, 1)
    assert VIEW.describe(logits, puzzles) == SOLVED
    logits[:, :, 0, 2] = 0  # a blank cell of which nothing is known
    logits[:, :, 0, 3] = 20.0 * torch.eye(9)[4]  # one that is certain to be 5, which the row has already
    said = VIEW.describe(logits, puzzles)
    assert said == f"not solved; certain so far: 53..{SOLVED[4:]}"


def test_a_board_too_hard_for_the_solver_is_checked_by_the_rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    hard = Sudoku().sample(57, 30)
    which = int(Sudoku().guesses(hard).argmax())
    board, solution = boards_of(hard)[which], hard.y[which : which + 1]
    monkeypatch.setattr("longthink.problems.sudoku._text.GUESSES", 0)
    puzzles = VIEW.parse(write_board(board))
    assert not puzzles.known
    answers = Sudoku().answer(30.0 * torch.nn.functional.one_hot(solution, 9).movedim(-1, 1), puzzles)
    assert Sudoku().correct(answers, puzzles).all()
    assert VIEW.write(answers, puzzles) == write_board(solution.flatten().numpy() + 1)
    assert colours(VIEW.scene(puzzles)) == {INK}
    assert colours(VIEW.scene(puzzles, answers[0])) == {INK, RIGHT}
    first = np.argwhere(board.reshape(9, 9) == 0)[0]
    answers[0, *first] = (answers[0, *first] + 1) % 9
    assert WRONG in colours(VIEW.scene(puzzles, answers[0]))
    assert not Sudoku().correct(answers, puzzles).any()


def colours(scene: Scene) -> set[tuple[int, int, int]]:
    return {text.colour for text in scene.texts}


def test_scenes_colour_answers_by_whether_they_are_right() -> None:
    puzzles = VIEW.parse(EASY)
    wrong = VIEW.blank(puzzles)
    wrong[0, 2] = (puzzles.y[0, 0, 2] + 1) % 9
    assert colours(VIEW.scene(puzzles)) == {INK}
    assert colours(VIEW.scene(puzzles, puzzles.y[0])) == {INK, RIGHT}
    assert "".join(text.text for text in VIEW.scene(puzzles, puzzles.y[0]).texts) == SOLVED
    assert colours(VIEW.scene(puzzles, wrong)) == {INK, WRONG}
    assert len(VIEW.scene(puzzles, VIEW.blank(puzzles)).texts) == 30


def test_boxes_have_black_lines_around_them() -> None:
    puzzles = Sudoku(box=(2, 3)).sample(12, 1)
    lines = puzzles.problem.view.scene(puzzles).lines
    down, across = [line for line in lines if line.x == line.to_x], [line for line in lines if line.y == line.to_y]
    assert [line.colour for line in down] == [INK, FAINT, FAINT, INK, FAINT, FAINT, INK]
    assert [line.colour for line in across] == [INK, FAINT, INK, FAINT, INK, FAINT, INK]


def test_givens_that_are_answered_otherwise_are_shown_where_all_cells_count() -> None:
    whole = Sudoku(scoring="all_cells")
    puzzles = whole.view.parse(EASY)
    logits = 20.0 * torch.nn.functional.one_hot(puzzles.y, 9).movedim(-1, 1)
    logits[:, :, 0, 0] = 20.0 * torch.eye(9)[7]  # 8 where 5 is given
    shown = whole.view.shown(logits, puzzles)
    scene = whole.view.scene(puzzles, shown)
    assert [text.text for text in scene.texts if text.colour == WRONG] == ["8"]
    assert "".join(text.text for text in scene.texts) == f"8{SOLVED[1:]}"
    grey = scene.cells[0].colours[:, :, 0] < 255
    assert (grey == (puzzles.x[0, 0].numpy() == 0)).all()
    assert "".join(text.text for text in whole.view.scene(puzzles).texts) == EASY.replace("0", "")
    assert whole.view.describe(logits, puzzles) == f"not solved; givens answered otherwise: 1; certain so far: {SOLVED}"
    usual = VIEW.parse(EASY)
    assert VIEW.describe(logits, usual) == SOLVED
    assert colours(VIEW.scene(usual, shown)) == {INK, RIGHT}
    assert isinstance(whole.view.parse(".....23..4..1.24").problem, Sudoku)
    assert whole.view.parse(".....23..4..1.24").problem == Sudoku(box=(2, 2), scoring="all_cells")
