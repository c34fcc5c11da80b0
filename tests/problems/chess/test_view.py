"""Chess positions as they are typed, moves as they are said, and boards."""

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.figures.scene import pixels
from longthink.problems.chess.problem import ChessPuzzles
from longthink.problems.chess.view import BLACK, DARK, LIGHT, LIT, MARGIN, SIDE, WHITE

BACK_RANK = "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1"


def test_two_squares_that_are_no_move_are_said_to_be_none() -> None:
    problem = ChessPuzzles()
    puzzles = problem.view.parse(BACK_RANK)
    answer = torch.zeros(1, 8, 8, dtype=torch.long)
    answer[0, 0, 0] = answer[0, 5, 5] = 1
    assert problem.view.write(answer, puzzles) == "a1 and f6, which is no legal move"


def test_a_position_with_its_answer_is_a_puzzle_and_one_without_is_not_known() -> None:
    problem = ChessPuzzles()
    known = problem.view.parse(f"{BACK_RANK} a1a8")
    assert known.known
    assert problem.view.write(known.y, known) == "a1a8 (Ra8#)"
    unknown = problem.view.parse(BACK_RANK)
    assert not unknown.known
    assert torch.equal(unknown.x, known.x)
    promotion = problem.view.parse("8/P6k/8/8/8/8/8/K7 w - - 0 1 a7a8n")
    assert problem.view.write(promotion.y, promotion) == "a7a8q (a8=Q)"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("chess", "no position in FEN"),
        (f"{BACK_RANK} a1b2", "no legal move"),
        ("R5k1/5ppp/8/8/8/8/8/4K3 b - - 0 1", "checkmate"),
        ("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", "stalemate"),
    ],
)
def test_what_is_no_puzzle_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        ChessPuzzles().view.parse(text)


@pytest.mark.parametrize("perspective", ["white", "mover"])
def test_the_board_is_seen_from_whites_side_and_the_answer_lit(perspective: str) -> None:
    view = ChessPuzzles(perspective=perspective).view
    puzzles = view.parse("4k3/8/8/8/8/8/p7/4K3 b - - 0 1 a2a1q")
    scene = view.scene(puzzles, puzzles.y[0])
    e, a = MARGIN + 4.5 * SIDE, MARGIN + 0.5 * SIDE
    pieces = {(text.text, text.colour, text.x, text.y) for text in scene.texts if text.edge is not None}
    assert pieces == {
        ("♚", BLACK, e, MARGIN + 0.5 * SIDE),
        ("♚", WHITE, e, MARGIN + 7.5 * SIDE),
        ("♟", BLACK, a, MARGIN + 6.5 * SIDE),
    }
    (board,) = scene.cells
    assert np.argwhere((board.colours[..., :3] == LIT).all(-1)).tolist() == [[6, 0], [7, 0]]


def test_squares_are_as_green_as_their_values() -> None:
    view = ChessPuzzles().view
    puzzles = view.parse(BACK_RANK)
    values = torch.zeros(8, 8)
    values[2, 1], values[3, 1] = 1.5, 0.5  # b3 and b4
    drawn = pixels(view.scene(puzzles, values))
    corners = drawn[MARGIN + 2 :: SIDE, MARGIN + 2 :: SIDE]
    assert corners[7, 1].tolist() == list(LIGHT)  # b1
    assert corners[6, 1].tolist() == list(DARK)
    assert corners[5, 1].tolist() == list(LIT)
    assert corners[4, 1].tolist() == [(dark + lit) // 2 for dark, lit in zip(DARK, LIT, strict=True)]
