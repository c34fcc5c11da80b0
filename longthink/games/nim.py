"""Nim (Bouton 1901): take as many objects as you like of one row; who takes the last one has won.

A position is lost for who moves exactly if the numbers of objects, written in binary, have an even number of ones in
every place. That is parity over all rows, which nets that look at a few rows at a time cannot see at once.
"""

import re
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Spec
from longthink.figures.scene import Cells, Line, Scene, Text
from longthink.games._drawing import EMPTY, INK, SIDE, shaded
from longthink.games.contract import Game, Positions
from longthink.games.engine import GOES_ON, LEGAL, NO_MOVE, PLAY, WON, Rules, rule
from longthink.registry import register

OPENINGS = 100
"""Positions that are drawn for matches."""


@rule(LEGAL)
def _legal(board, rows, columns, variant, ply, moves):  # type: ignore[no-untyped-def]
    count = 0
    for row in range(rows):
        for left in range(board[row]):
            moves[count] = left * rows + row
            count += 1
    return count


@rule(PLAY)
def _play(board, rows, columns, variant, ply, move):  # type: ignore[no-untyped-def]
    board[move % rows] = move // rows
    for row in range(rows):
        if board[row] > 0:
            return GOES_ON
    return WON


@register
class Nim(Game):
    """Take objects from rows; who takes the last has won. The level is the number of rows, which a net sees as a line.

    `most`: objects of a row, at most; the seed of a start draws each row's, 1 or more.
    Both players see the same board (rows, 1), the numbers of objects; a net sees their bits, the lowest first.
    A move is a row and how many objects it is left with: 2:0 takes all of row 2. In a text the rows that a game begins
    with may come first.

    >>> game = Nim()
    >>> print(game.write(game.read("3,5,1 2:4", level=3)))
    1 |||
    2 ||||
    3 |
    o moves
    """

    most: Annotated[int, Field(ge=2, le=127)] = 7

    easy: ClassVar[int] = 5
    hard: ClassVar[tuple[int, ...]] = (8, 12)
    solvable: ClassVar[tuple[int, ...]] = (3, 5, 12)
    lowest: ClassVar[int] = 1
    rules: ClassVar[Rules] = Rules(_legal, _play)

    @property
    def moves_at_each(self) -> int:  # type: ignore[override]  # here it depends on an option
        return self.most

    @property
    def planes(self) -> int:  # type: ignore[override]
        return self.most.bit_length()

    @property
    def spec(self) -> Spec:
        return Spec(inputs=self.planes, outputs=self.most + 1, positions="line")

    def shape(self, level: int) -> tuple[int, int]:
        return level, 1

    def says(self, level: int) -> str:
        return f"{level} row{'s' if level > 1 else ''}"

    def boards(self, level: int, count: int, seed: int) -> NDArray[np.int8]:
        rng = generator("nim", level, self.most, seed)
        return rng.integers(1, self.most, (count, level, 1), np.int8, endpoint=True)

    def openings(self, level: int) -> Positions:
        """Positions that are drawn, each once."""
        drawn = self.start(level, OPENINGS).board
        first = np.sort(np.unique(drawn, axis=0, return_index=True)[1])
        return self.positions(level, drawn[first])

    def seen(self, positions: Positions) -> NDArray[np.float32]:
        """The bits of each row's number, (B, C, rows)."""
        numbers = positions.board[:, None, :, 0]
        return (numbers >> np.arange(self.planes)[:, None] & 1).astype(np.float32)

    def turned(self, board: NDArray[np.int8]) -> NDArray[np.int8]:
        """The same."""
        return board

    def symmetries(self, level: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The rows as they are, and from the last to the first."""
        rows, moves = np.arange(level), np.arange(self.moves(level))
        return [(rows, moves), (rows[::-1], moves.reshape(-1, level)[:, ::-1].reshape(-1))]

    def exact(self, positions: Positions) -> NDArray[np.int8]:
        """A move wins exactly if what it leaves has an even number of ones at each binary place (Bouton 1901)."""
        numbers = positions.board[:, None, :, 0]
        left = np.arange(self.most)[:, None]
        others = np.bitwise_xor.reduce(numbers, 2, keepdims=True) ^ numbers
        worth = np.where(others == left, 1, -1)
        worth[np.broadcast_to(left >= numbers, worth.shape) | positions.over[:, None, None]] = NO_MOVE
        return worth.reshape(len(positions), -1).astype(np.int8)

    def move_name(self, move: int, level: int, player: int = 0) -> str:  # noqa: ARG002
        """A row and what is left of it, as 2:0."""
        return f"{move % level + 1}:{move // level}"

    def begun(self, text: str, level: int) -> tuple[Positions, list[str]]:
        first, *words = text.split() or [""]
        if not first or ":" in first:
            return super().begun(text, level)
        self.check_level(level)
        numbers = [int(number) if re.fullmatch("[0-9]{1,3}", number) else -1 for number in first.split(",")]
        if len(numbers) != level or not 0 <= min(numbers) <= max(numbers) <= self.most or not any(numbers):
            raise UserError(
                f"{first:.40} are not {self.says(level)} of 0 to {self.most} objects:"
                " write a number for each, as 3,5,1."
            )
        return self.positions(level, np.array(numbers, np.int8)[None, :, None]), words

    def write(self, positions: Positions, which: int = 0) -> str:
        numbers = positions.board[which, :, 0]
        width = len(str(len(numbers)))
        lines = [f"{row:>{width}} {'|' * int(number)}".rstrip() for row, number in enumerate(numbers, 1)]
        return "\n".join([*lines, self.state_of(positions, which)])

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        """Each row with its objects from the left; the first that a move takes is shaded."""
        numbers, rows = positions.board[which, :, 0], positions.level
        shares = None if values is None else values.reshape(self.most, rows).T
        colours = np.tile(EMPTY, (rows, self.most, 1)) if shares is None else shaded(shares)
        texts = tuple(
            Text(SIDE * (place + 0.5), SIDE * (row + 0.5), "\u25cf", SIDE * 0.9, INK)
            for row in range(rows)
            for place in range(numbers[row])
        )
        width = SIDE * self.most
        lines = tuple(Line(0, SIDE * row, width, SIDE * row, INK) for row in range(rows + 1))
        return Scene(width, SIDE * rows, (Cells.squares(colours, SIDE),), lines, texts)
