"""Hex (Hein 1942, Nash 1948): who joins the two sides of the board that are its own has won. Draws cannot be.

The player who moves sees its sides at the top and at the bottom: the other one's board is mirrored at the diagonal.
Cell (r, c) touches (r, c - 1), (r, c + 1), (r - 1, c), (r - 1, c + 1), (r + 1, c - 1) and (r + 1, c).
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.figures.scene import Cells, Line, Scene, Text
from longthink.games import _hex_distances
from longthink.games._drawing import EMPTY, INK, SIDE, STONES, shaded
from longthink.games._hex_bridges import narrow
from longthink.games._hex_distances import lowest, turn
from longthink.games.contract import Game, Moves, Positions
from longthink.games.engine import GOES_ON, LEGAL, PLAY, WON, Rules, rule
from longthink.registry import register

AROUND = tuple((int(down), int(right)) for down, right in _hex_distances.AROUND)
"""Rows down and columns to the right to the cells that a cell touches, in a circle; loops over it are unrolled."""
SWAP = 1
"""The variant in which the second player may take over the first stone."""


@rule(LEGAL)
def _legal(board, rows, columns, variant, ply, moves):  # type: ignore[no-untyped-def]
    count, swap = 0, ply == 1 and variant == SWAP
    for place in range(rows * columns):
        moves[count] = place  # and kept if it is one: whether it is cannot be foreseen, and a branch would cost more
        count += board[place] == 0 or swap
    return count


@compiled
def _is_own(board, rows, columns, row, column):  # type: ignore[no-untyped-def]
    """Whether a cell has a stone of the player, or is beyond a side that is its own."""
    if not 0 <= row < rows:
        return True
    return 0 <= column < columns and board[row * columns + column] == 1


@compiled
def _joins(board, rows, columns, stone):  # type: ignore[no-untyped-def]
    """Whether the stones that hang together with this one reach from the first row to the last."""
    row, column, apart = stone // columns, stone % columns, 0
    before = _is_own(board, rows, columns, row + AROUND[5][0], column + AROUND[5][1])
    for down, right in AROUND:
        own = _is_own(board, rows, columns, row + down, column + right)
        apart += own and not before
        before = own
    if apart < 2:  # what is side by side around it hung together before
        return False
    waiting, found = np.empty(rows * columns, np.int64), np.zeros(rows * columns, np.bool_)
    waiting[0], found[stone], count = stone, True, 1
    top = bottom = False
    while count > 0 and not (top and bottom):
        count -= 1
        row, column = waiting[count] // columns, waiting[count] % columns
        top |= row == 0
        bottom |= row == rows - 1
        for down, right in AROUND:
            r, c = row + down, column + right
            if 0 <= r < rows and 0 <= c < columns:
                place = r * columns + c
                if board[place] == 1 and not found[place]:
                    found[place] = True
                    waiting[count] = place
                    count += 1
    return top and bottom


@rule(PLAY)
def _play(board, rows, columns, variant, ply, move):  # type: ignore[no-untyped-def]
    """A stone on the other's, which is the first one, takes it over: mirrored at the diagonal, as the sides are."""
    if board[move] != 0:
        board[move] = 0
        move = move % columns * columns + move // columns
    board[move] = 1
    joined = _joins(board, rows, columns, move)
    turn(board, rows)
    return WON if joined else GOES_ON


@register
class Hex(Game):
    """Join the sides that are yours. The level is the side of the board, 2 or more; x joins top and bottom.

    `swap`: whether the second player may, as its first move, take over the stone of the first, by placing its own
    on it: it is mirrored at the diagonal then.
    A net sees its own stones, the other's, where it may move, its own sides, and the other's.

    >>> game = Hex()
    >>> print(game.write(game.read("b2 a1 b1", level=3)))
      a b c
    1 o x .
    2  . x .
    3   . . .
    o moves
    """

    swap: bool = False

    easy: ClassVar[int] = 5
    hard: ClassVar[tuple[int, ...]] = (7, 9, 11)
    solvable: ClassVar[tuple[int, ...]] = (3, 4, 5)
    rules: ClassVar[Rules] = Rules(_legal, _play, narrow)
    planes: ClassVar[int] = 5

    @property
    def variant(self) -> int:
        return SWAP if self.swap else 0

    def seen(self, positions: Positions) -> NDArray[np.float32]:
        sides = np.zeros((len(positions), 2, *self.shape(positions.level)), np.float32)
        sides[:, 0, [0, -1]] = 1
        sides[:, 1, :, [0, -1]] = 1
        return np.concatenate([super().seen(positions), sides], 1)

    def turn(self, rows: int, columns: int) -> NDArray[np.int64]:
        """Mirrored at the diagonal."""
        return np.arange(rows * columns).reshape(rows, columns).T.reshape(-1)

    def symmetries(self, level: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The board as it is, and turned by half a circle."""
        plain = np.arange(level * level)
        return [(plain, plain), (plain[::-1].copy(), plain[::-1].copy())]

    def rule_moves(self, positions: Positions) -> Moves:
        """The cell of the lowest potential: the sum of its two-distances from all sides (van Rijswijck 2000)."""
        moves: Moves = lowest(*self._flat(positions)[:2])
        return moves

    def indent(self, row: int) -> str:
        return " " * row

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        """Each row half a cell further to the right than the one above; the sides in their players' colours."""
        board, level = positions.board_of_first(which), positions.level
        shares = None if values is None else self.shares(positions, which, values)
        cells, lines, texts = [], [], []
        for row in range(level):
            left, top = SIDE * (1 + row / 2), SIDE * (1 + row)
            colours = np.tile(EMPTY, (1, level, 1)) if shares is None else shaded(shares[row : row + 1])
            cells.append(Cells.squares(colours, SIDE, left, top))
            for column in range(level):
                x = left + SIDE * column
                lines += [Line(x, top, x + SIDE, top, INK), Line(x, top, x, top + SIDE, INK)]
                if board[row, column]:
                    texts.append(Text(x + SIDE / 2, top + SIDE / 2, "\u25cf", SIDE, STONES[board[row, column]], INK))
            right = left + SIDE * level
            lines += [
                Line(left, top, left, top + SIDE, STONES[-1], 4),
                Line(right, top, right, top + SIDE, STONES[-1], 4),
            ]
            if row == 0:
                lines.append(Line(left, top, right, top, STONES[1], 4))
            if row == level - 1:
                lines.append(Line(left, top + SIDE, right, top + SIDE, STONES[1], 4))
        return Scene(SIDE * (2 + 1.5 * level), SIDE * (2 + level), tuple(cells), tuple(lines), tuple(texts))
