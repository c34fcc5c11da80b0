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
from longthink.games.contract import Game, Moves, Positions
from longthink.games.engine import AGAIN, DRAWN, GOES_ON, LEGAL, LOST, PLAY, WON, Rules, rule
from longthink.registry import register

BORDER = 2
"""What is in the cells around a board."""


@compiled
def _with_border(board, rows, columns):  # type: ignore[no-untyped-def]
    """A board with cells around it that are nobody's, so that a walk ends there."""
    bordered = np.full((rows + 2) * (columns + 2), BORDER, np.int8)
    for row in range(rows):
        for column in range(columns):
            bordered[(row + 1) * (columns + 2) + column + 1] = board[row * columns + column]
    return bordered


@compiled
def _enclosed(bordered, cell, step, own):  # type: ignore[no-untyped-def]
    """How many discs a disc `own` in a cell would enclose in one direction."""
    count = 0
    while bordered[cell + (count + 1) * step] == -own:
        count += 1
    return count if bordered[cell + (count + 1) * step] == own else 0


@compiled
def _find(bordered, rows, columns, own, most, moves):  # type: ignore[no-untyped-def]
    """Where a disc `own` may be placed, up to so many places: how many there are."""
    count, down = 0, columns + 2
    for row in range(rows):
        for column in range(columns):
            cell, able = (row + 1) * down + column + 1, False
            if bordered[cell] == 0:
                for step in (1, down - 1, down, down + 1):
                    able = able or _enclosed(bordered, cell, step, own) > 0 or _enclosed(bordered, cell, -step, own) > 0
            if able:
                moves[count] = row * columns + column
                count += 1
                if count == most:
                    return count
    return count


@rule(LEGAL)
def _legal(board, rows, columns, variant, ply, moves):  # type: ignore[no-untyped-def]
    return _find(_with_border(board, rows, columns), rows, columns, 1, rows * columns, moves)


@rule(PLAY)
def _play(board, rows, columns, variant, ply, move):  # type: ignore[no-untyped-def]
    row, down = move // columns, columns + 2
    cell = (row + 1) * down + move - row * columns + 1
    bordered, found = _with_border(board, rows, columns), np.empty(1, np.int64)
    for step in (1, down - 1, down, down + 1):
        for count in range(1, _enclosed(bordered, cell, step, 1) + 1):
            bordered[cell + count * step] = 1
        for count in range(1, _enclosed(bordered, cell, -step, 1) + 1):
            bordered[cell - count * step] = 1
    bordered[cell] = 1
    led_to, sign, more = GOES_ON, -1, 0
    if _find(bordered, rows, columns, -1, 1, found) == 0:
        led_to, sign = AGAIN, 1
        if _find(bordered, rows, columns, 1, 1, found) == 0:
            led_to, sign = DRAWN, -1
    for row in range(rows):
        for column in range(columns):
            value = bordered[(row + 1) * down + column + 1]
            more += value
            board[row * columns + column] = sign * value
    if led_to == DRAWN:
        return WON if more > 0 else LOST if more < 0 else DRAWN
    return led_to


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

    def rule_moves(self, positions: Positions) -> Moves:
        """A corner, if there is one; else what leaves the other the fewest moves."""
        legal, level = self.legal(positions), positions.level
        which, moves = legal.nonzero()
        after = self.played(positions[which], moves)
        other = after.player != positions.player[which]
        replies = np.where(other, self.legal(after).sum(1), 0)
        corners = np.isin(moves, [0, level - 1, level * (level - 1), level * level - 1])
        worth = np.full(legal.shape, -np.inf)
        worth[which, moves] = np.where(corners, 1, -replies)
        found: Moves = worth.argmax(1)
        return found

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        shares = None if values is None else self.shares(positions, which, values)
        return square_board(positions.board_of_first(which), shares, DISCS)
