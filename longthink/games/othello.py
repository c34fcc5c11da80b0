"""Othello: a disc is placed so that it and another of its colour enclose discs of the other, which change colour.

Who cannot move is passed over; when nobody can, who has more discs has won. x, who has the dark discs, moves first.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.base.errors import UserError
from longthink.figures.scene import Scene
from longthink.games._drawing import DISCS, square_board
from longthink.games.contract import Game, Positions
from longthink.games.engine import AGAIN, DRAWN, GOES_ON, LEGAL, LOST, PLAY, WON, Rules, rule
from longthink.registry import register


@compiled
def _enclosed(board, rows, columns, place, down, right, own):  # type: ignore[no-untyped-def]
    """How many discs a disc `own` on a place would enclose in one direction."""
    row, column, count = place // columns + down, place % columns + right, 0
    while 0 <= row < rows and 0 <= column < columns and board[row * columns + column] == -own:
        row, column, count = row + down, column + right, count + 1
    if 0 <= row < rows and 0 <= column < columns and board[row * columns + column] == own:
        return count
    return 0


@compiled
def _may(board, rows, columns, place, own):  # type: ignore[no-untyped-def]
    if board[place] != 0:
        return False
    for down in range(-1, 2):
        for right in range(-1, 2):
            if (down != 0 or right != 0) and _enclosed(board, rows, columns, place, down, right, own) > 0:
                return True
    return False


@compiled
def _can_move(board, rows, columns, own):  # type: ignore[no-untyped-def]
    for place in range(rows * columns):  # noqa: SIM110  # since numba compiles no generator
        if _may(board, rows, columns, place, own):
            return True
    return False


@rule(LEGAL)
def _legal(board, rows, columns, variant, ply, moves):  # type: ignore[no-untyped-def]
    count = 0
    for place in range(rows * columns):
        if _may(board, rows, columns, place, 1):
            moves[count] = place
            count += 1
    return count


@rule(PLAY)
def _play(board, rows, columns, variant, ply, move):  # type: ignore[no-untyped-def]
    for down in range(-1, 2):
        for right in range(-1, 2):
            if down != 0 or right != 0:
                for step in range(1, _enclosed(board, rows, columns, move, down, right, 1) + 1):
                    board[move + step * (down * columns + right)] = 1
    board[move] = 1
    if not _can_move(board, rows, columns, -1):
        if _can_move(board, rows, columns, 1):
            return AGAIN
        more = 0
        for place in range(rows * columns):
            more += board[place]
            board[place] = -board[place]
        return WON if more > 0 else LOST if more < 0 else DRAWN
    for place in range(rows * columns):
        board[place] = -board[place]
    return GOES_ON


@register
class Othello(Game):
    """Enclose discs to turn them; who has more at the end has won. The level is the side of the board, even, 4 or more.

    Whoever cannot move is passed over, so there are no moves that pass.

    >>> game = Othello()
    >>> print(game.write(game.read("d5", level=6)))
      a b c d e f
    1 . . . . . .
    2 . . . . . .
    3 . . o x . .
    4 . . x x . .
    5 . . . x . .
    6 . . . . . .
    o moves
    """

    easy: ClassVar[int] = 6
    hard: ClassVar[tuple[int, ...]] = (8, 10)
    solvable: ClassVar[tuple[int, ...]] = (4,)
    lowest: ClassVar[int] = 4
    opening_moves: ClassVar[int] = 3
    rules: ClassVar[Rules] = Rules(_legal, _play)

    def check_level(self, level: int) -> None:
        super().check_level(level)
        if level % 2:
            raise UserError(f"Boards of Othello have an even side, so there is no level {level}.")

    def first_board(self, level: int) -> NDArray[np.int8]:
        board, half = np.zeros((level, level), np.int8), level // 2
        board[half - 1 : half + 1, half - 1 : half + 1] = [[-1, 1], [1, -1]]
        return board

    def symmetries(self, level: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The board as it is, turned and mirrored."""
        plain = np.arange(level * level).reshape(level, level)
        seen = [np.rot90(board, turns).reshape(-1) for board in (plain, plain.T) for turns in range(4)]
        return [(each, each) for each in seen]

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        shares = None if values is None else self.shares(positions, which, values)
        return square_board(positions.board_of_first(which), shares, DISCS)
