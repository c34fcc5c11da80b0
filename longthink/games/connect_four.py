"""Connect Four: pieces fall to the lowest empty cell of a column; four in a row, in any direction, have won.

Who moves first wins on 6x7 (Allen 1988, Allis 1988). A full board without a row is a draw.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from longthink.base.compiled import compiled
from longthink.base.errors import UserError
from longthink.figures.scene import Scene
from longthink.games._drawing import DISCS, square_board
from longthink.games.contract import Game, Moves, Positions
from longthink.games.engine import DRAWN, GOES_ON, LEGAL, PLAY, WON, Rules, rule
from longthink.registry import register


@rule(LEGAL)
def _legal(board, rows, columns, variant, ply, moves):  # type: ignore[no-untyped-def]
    count = 0
    for column in range(columns):
        if board[column] == 0:
            place = column
            while place + columns < rows * columns and board[place + columns] == 0:
                place += columns
            moves[count] = place
            count += 1
    return count


@compiled
def _reach(board, rows, columns, row, column, down, right):  # type: ignore[no-untyped-def]
    """How many pieces of the player follow a cell in one direction."""
    row, column, count = row + down, column + right, 0
    while 0 <= row < rows and 0 <= column < columns and board[row * columns + column] == 1:
        row, column, count = row + down, column + right, count + 1
    return count


@rule(PLAY)
def _play(board, rows, columns, variant, ply, move):  # type: ignore[no-untyped-def]
    """The variant is how many in a row have won."""
    board[move] = 1
    row, column, won = move // columns, move % columns, False
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        ahead = _reach(board, rows, columns, row, column, down, right)
        won |= ahead + 1 + _reach(board, rows, columns, row, column, -down, -right) >= variant
    full = True
    for column in range(columns):
        full &= board[column] != 0
    for place in range(rows * columns):
        board[place] = -board[place]
    if won:
        return WON
    return DRAWN if full else GOES_ON


@register
class ConnectFour(Game):
    """Drop pieces into columns; four in a row have won. Level n has n rows and n + 1 columns: 6 is the usual board.

    `in_row`: how many in a row have won.
    A move is the cell where the piece lands, so that a net has a logit for each cell; rows count from below.

    >>> game = ConnectFour()
    >>> print(game.write(game.read("b1 c1 b2", level=3)))
      a b c d
    3 . . . .
    2 . x . .
    1 . x o .
    o moves
    """

    in_row: Annotated[int, Field(ge=2, le=100)] = 4

    easy: ClassVar[int] = 4
    hard: ClassVar[tuple[int, ...]] = (5, 6, 8)
    solvable: ClassVar[tuple[int, ...]] = (4,)
    lowest: ClassVar[int] = 1
    opening_moves: ClassVar[int] = 2
    rules: ClassVar[Rules] = Rules(_legal, _play)
    counts_from_below: ClassVar[bool] = True

    @property
    def variant(self) -> int:
        return self.in_row

    def shape(self, level: int) -> tuple[int, int]:
        return level, level + 1

    def check_level(self, level: int) -> None:
        super().check_level(level)
        if level + 1 < self.in_row:
            raise UserError(
                f"A board of {self.says(level)} has no room for {self.in_row} in a row: take a larger level."
            )

    def symmetries(self, level: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The board as it is, and mirrored."""
        plain = np.arange(self.moves(level))
        mirrored = plain.reshape(self.shape(level))[:, ::-1].reshape(-1)
        return [(plain, plain), (mirrored, mirrored)]

    def rule_moves(self, positions: Positions) -> Moves:
        """The cell where the other would win next, if there is one; else the one nearest to the middle column."""
        legal, columns = self.legal(positions), self.shape(positions.level)[1]
        which, moves = legal.nonzero()
        turned = replace(positions, board=-positions.board, player=1 - positions.player)[which]
        wins = self.played(turned, moves).over & ~self._is_full(turned)
        away = np.abs(moves % columns - (columns - 1) / 2)
        worth = np.full(legal.shape, -np.inf)
        worth[which, moves] = np.where(wins, 1.0, -away)
        found: Moves = worth.argmax(1)
        return found

    def _is_full(self, positions: Positions) -> NDArray[np.bool_]:
        """Whether the next piece is the last one, (B,)."""
        full: NDArray[np.bool_] = (positions.board == 0).sum((1, 2)) == 1
        return full

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        shares = None if values is None else self.shares(positions, which, values)
        return square_board(positions.board_of_first(which), shares, DISCS)
