"""Breakthrough (Troyka 2000): whose pawn reaches the last row has won, or who has taken all pawns. Draws cannot be.

A pawn moves one row ahead, straight on or to either side; on the way to the side it may take a pawn, straight on it may
not. The player who moves sees its pawns go up: the other one's board is turned by half a circle. Someone can always
move, since nothing of its own is ahead of the foremost pawn.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from longthink.figures.scene import Scene
from longthink.games._drawing import square_board
from longthink.games.contract import Game, Moves, Positions
from longthink.games.engine import GOES_ON, LEGAL, PLAY, WON, Rules, rule
from longthink.registry import register

STRAIGHT = 1
"""The middle one of the three ways that a pawn may go: left, straight on, right."""
PAWNS = {1: "\u265f", -1: "\u265f"}


@rule(LEGAL)
def _legal(board, rows, columns, variant, ply, moves):  # type: ignore[no-untyped-def]
    count, places = 0, rows * columns
    for row in range(1, rows):
        for column in range(columns):
            place = row * columns + column
            if board[place] == 1:
                for way in range(3):
                    if 0 <= column + way - 1 < columns:
                        ahead = board[place - columns + way - 1]
                        if ahead == 0 or (ahead == -1 and way != STRAIGHT):
                            moves[count] = way * places + place
                            count += 1
    return count


@rule(PLAY)
def _play(board, rows, columns, variant, ply, move):  # type: ignore[no-untyped-def]
    places = rows * columns
    way, place = move // places, move % places
    target = place - columns + way - 1
    board[place], board[target] = 0, 1
    others = 0
    for index in range((places + 1) // 2):
        one, other = board[index], board[places - 1 - index]
        board[index], board[places - 1 - index] = -other, -one
        others += (one == -1) + (other == -1)
    return WON if target < columns or others == 0 else GOES_ON


@register
class Breakthrough(Game):
    """Bring a pawn to the other side. The level is the side of the board, 4 or more; each has two rows of pawns.

    A move is a place and one of three ways to go on: ahead to the left, straight ahead, ahead to the right.
    x is below and goes up; rows count from below.

    >>> game = Breakthrough()
    >>> print(game.write(game.read("a2b3 a4b3", level=5)))
      a b c d e
    5 o o o o o
    4 . o o o o
    3 . o . . .
    2 . x x x x
    1 x x x x x
    x moves
    """

    easy: ClassVar[int] = 5
    hard: ClassVar[tuple[int, ...]] = (6, 7, 8)
    solvable: ClassVar[tuple[int, ...]] = (4,)
    lowest: ClassVar[int] = 4
    rules: ClassVar[Rules] = Rules(_legal, _play)
    moves_at_each: ClassVar[int] = 3
    counts_from_below: ClassVar[bool] = True

    def first_board(self, level: int) -> NDArray[np.int8]:
        board = np.zeros((level, level), np.int8)
        board[:2], board[-2:] = -1, 1
        return board

    def turn(self, rows: int, columns: int) -> NDArray[np.int64]:
        """By half a circle."""
        return np.arange(rows * columns)[::-1]

    def move_name(self, move: int, level: int, player: int = 0) -> str:
        """Where a pawn was and where it has gone, as a2b3."""
        way, place = divmod(move, level * level)
        turn = self.turn(level, level) if player else np.arange(level * level)
        ends = place, place - level + way - 1
        return "".join(self.place_name(int(turn[end]), level) for end in ends)

    def symmetries(self, level: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The board as it is, and mirrored, which swaps left and right."""
        places, moves = np.arange(level * level).reshape(level, level), np.arange(3 * level * level)
        ways = moves.reshape(3, level, level)
        return [(places.reshape(-1), moves), (places[:, ::-1].reshape(-1), ways[::-1, :, ::-1].reshape(-1))]

    def rule_moves(self, positions: Positions) -> Moves:
        """What takes a pawn, the one that is nearest to its goal; else the move ahead of the pawn that is furthest."""
        legal, level = self.legal(positions), positions.level
        ways, places = np.divmod(np.arange(legal.shape[1]), level * level)
        flat = positions.board.reshape(len(positions), -1)
        takes = flat[:, np.clip(places - level + ways - 1, 0, None)] == -1
        ahead = level - places // level
        found: Moves = np.where(legal, ahead + level * takes, -1).argmax(1)
        return found

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        """Pawns shaded by all their moves together."""
        shares = None if values is None else self.shares(positions, which, values)
        return square_board(positions.board_of_first(which), shares, PAWNS)
