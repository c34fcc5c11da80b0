"""START HERE: what a game is, apart from who plays it.

A `Game` has rules for two, as two kernels that know one board; `Positions` are many boards on which it is played.
A board is always as the player who moves next sees it: 1 is its own, -1 the other's, 0 is empty. So rules are written
for one side only, nets need not learn a game twice, and a kernel that makes a move turns the board to the other player.

Moves are numbers: of K moves at each position, move k at position p is k * P + p, as the logits (K, *P) of a net lie.

Shapes: B games, (R, C) rows and columns of a board, P = R * C positions, M = K * P moves.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.frozen import Frozen
from longthink.base.memory import require
from longthink.base.seeds import digest
from longthink.contracts import Spec
from longthink.figures.scene import Scene
from longthink.games import engine
from longthink.games.engine import GOES_ON, Rules
from longthink.registry import name_of

Moves = NDArray[np.int64]
"""(B,)"""
SIDES = ("x", "o")
"""The first player and the second, in texts."""
LARGEST = 702
"""As many columns have letters, a to zz."""
BYTES_OF_MOVE = 16
"""Of a board, for each of its moves, while all are looked at."""


@dataclass(frozen=True)
class Positions:
    """B boards of one size, in games that go on or are over.

    >>> import longthink as lt
    >>> positions = lt.game("hex").start(level=5, count=3)
    >>> len(positions[:2]), positions.board.shape
    (2, (3, 5, 5))
    """

    game: "Game"
    level: int
    board: NDArray[np.int8]
    """(B, R, C), as the player who moves next sees it."""
    player: NDArray[np.int8]
    """(B,), who moves next: 0 is the first player, 1 the second."""
    ply: NDArray[np.int64]
    """(B,), the moves made."""
    score: NDArray[np.int8]
    """(B,), of the first player: 1 has won, 0 drawn, -1 lost; GOES_ON (2) where it goes on."""

    def __len__(self) -> int:
        return len(self.board)

    def __getitem__(self, which: slice | NDArray[Any]) -> "Positions":
        chosen: dict[str, Any] = {name: np.ascontiguousarray(array[which]) for name, array in self._arrays().items()}
        return replace(self, **chosen)

    @property
    def over(self) -> NDArray[np.bool_]:
        """(B,)"""
        over: NDArray[np.bool_] = self.score != GOES_ON
        return over

    def board_of_first(self, which: int) -> NDArray[np.int8]:
        """One board (R, C) as the first player sees it: 1 is the first player's, -1 the second's."""
        board = self.board[which]
        return board if self.player[which] == 0 else self.game.turned(board)

    @classmethod
    def of(cls, parts: Sequence["Positions"]) -> "Positions":
        """Those of several of one size together."""
        arrays = [part._arrays() for part in parts]
        joined: dict[str, Any] = {name: np.concatenate([each[name] for each in arrays]) for name in arrays[0]}
        return replace(parts[0], **joined)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


class Game(Frozen, ABC):
    """A game for two with nothing hidden and nothing left to chance, on boards of any size. The fields are its options.

    The level is the size of the board, in a way that the game says (`shape`). Its rules are two kernels, as
    `engine.rule` makes them:

        legal(board, rows, columns, variant, ply, moves) -> how many moves there are; they are written into `moves`
        play(board, rows, columns, variant, ply, move) -> LOST, DRAWN, WON for who made it, GOES_ON or AGAIN

    `board` is flat, (P,), and `play` changes it: it makes the move, and turns the board to the other player, unless
    the same one moves AGAIN. `legal` is asked of games that go on alone, and there is always a move.
    """

    easy: ClassVar[int]
    """The level that is trained on."""
    hard: ClassVar[tuple[int, ...]]
    """Those that are tested on."""
    lowest: ClassVar[int] = 2
    solvable: ClassVar[tuple[int, ...]] = ()
    """Levels of which any position is solved in a second or less, see `exact`; at the highest, in most cases."""
    opening_moves: ClassVar[int] = 1
    """How many moves there are in an opening: `openings`."""
    rules: ClassVar[Rules]
    planes: ClassVar[int] = 3
    """What a net sees of a position: `seen`."""
    moves_at_each: ClassVar[int] = 1
    """K"""
    cyclic: ClassVar[bool] = False
    """Whether a position may come twice in a game."""
    counts_from_below: ClassVar[bool] = False
    """Whether row 1 is the last one, as on a chess board."""

    @property
    def variant(self) -> int:
        """Its options as the one number that the kernels get."""
        return 0

    @property
    def spec(self) -> Spec:
        """What a net must take and give: K logits at each position, and what its value is the mean of."""
        return Spec(inputs=self.planes, outputs=self.moves_at_each + 1, positions="grid")

    def shape(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level's board."""
        return level, level

    def moves(self, level: int) -> int:
        """M, the numbers that a move may have."""
        rows, columns = self.shape(level)
        return self.moves_at_each * rows * columns

    def says(self, level: int) -> str:
        """A level's name for people."""
        rows, columns = self.shape(level)
        return f"{rows}x{columns}"

    def check_level(self, level: int) -> None:
        """Raises UserError for a board that there is not."""
        if level < self.lowest:
            raise UserError(f"The smallest level of {name_of(type(self))} is {self.lowest}, not {level}.")
        if max(self.shape(level)) > LARGEST:
            raise UserError(f"Boards have {LARGEST} rows and columns at most, so level {level} is too large.")

    # -------------------------------------------------------------------------------------------- playing

    def start(self, level: int, count: int = 1, seed: int = 0) -> Positions:
        """The first position, `count` times. Raises UserError for a board that there is not, or for too many.

        `seed` is for games that may begin in different ways.
        """
        self.check_level(level)
        if count < 1:
            raise UserError(f"Ask for at least 1 game, not {count}.")
        require(count * self.moves(level) * BYTES_OF_MOVE, f"{count} games of {name_of(type(self))}")
        return self.positions(level, self.boards(level, count, seed))

    def boards(self, level: int, count: int, seed: int) -> NDArray[np.int8]:  # noqa: ARG002
        """Boards (B, R, C) that games begin from: `first_board`, unless they are drawn."""
        return np.repeat(self.first_board(level)[None], count, 0)

    def first_board(self, level: int) -> NDArray[np.int8]:
        """(R, C), empty unless the game says."""
        return np.zeros(self.shape(level), np.int8)

    def positions(self, level: int, board: NDArray[np.int8]) -> Positions:
        """Boards (B, R, C) from which games begin, as the first player sees them."""
        count = len(board)
        return Positions(
            self,
            level,
            np.ascontiguousarray(board, np.int8),
            np.zeros(count, np.int8),
            np.zeros(count, np.int64),
            np.full(count, GOES_ON, np.int8),
        )

    def legal(self, positions: Positions) -> NDArray[np.bool_]:
        """Which moves there are, (B, M); none where the game is over."""
        found = np.zeros((len(positions), self.moves(positions.level)), np.bool_)
        boards, rows, columns = self._flat(positions)
        engine.legal_moves(self.rules.legal, boards, rows, columns, self.variant, positions.ply, positions.score, found)
        return found

    def play(self, positions: Positions, moves: Moves) -> Positions:
        """The positions after a move (B,) in each; games that are over stay as they are.

        Raises UserError for a move that there is not.
        """
        moves = np.ascontiguousarray(moves, np.int64)
        allowed = self.legal(positions)
        wrong = ~positions.over & ~np.take_along_axis(allowed, moves[:, None] % allowed.shape[1], 1)[:, 0]
        wrong |= ~positions.over & ((moves < 0) | (moves >= allowed.shape[1]))
        if wrong.any():
            which = int(wrong.argmax())
            raise UserError(f"{self._move_said(positions, which, int(moves[which]))} cannot be played here.")
        return self.played(positions, moves)

    def played(self, positions: Positions, moves: Moves) -> Positions:
        """The same as `play`, for moves that are known to be legal, which are not looked at again."""
        boards, rows, columns = self._flat(positions)
        boards, player, ply, score = (
            boards.copy(),
            positions.player.copy(),
            positions.ply.copy(),
            positions.score.copy(),
        )
        chosen = np.ascontiguousarray(moves, np.int64)
        engine.play_moves(self.rules.play, boards, rows, columns, self.variant, player, ply, score, chosen)
        return replace(positions, board=boards.reshape(positions.board.shape), player=player, ply=ply, score=score)

    def at_random(self, positions: Positions, seed: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """Each game played to its end at random: the result for who moves next, and how many moves it took, (B,)."""
        boards, rows, columns = self._flat(positions)
        results, lengths = np.zeros(len(positions), np.int8), np.zeros(len(positions), np.int64)
        engine.random_games(
            self.rules.legal,
            self.rules.play,
            boards,
            rows,
            columns,
            self.variant,
            positions.ply,
            positions.score,
            self.moves(positions.level),
            digest("games", seed),
            results,
            lengths,
        )
        return results, lengths

    def exact(self, positions: Positions) -> NDArray[np.int8] | None:  # noqa: ARG002
        """What each move leads to by theory, as `exact.values` has it; None where it must be looked for."""
        return None

    def rule_moves(self, positions: Positions) -> Moves | None:  # noqa: ARG002
        """What the strongest simple rule of the game plays, (B,); None if the game names none."""
        return None

    def openings(self, level: int) -> Positions:
        """What matches begin from: all positions after the first `opening_moves` moves, each once, that go on."""
        positions = self.start(level)
        for _ in range(self.opening_moves):
            which, moves = self.legal(positions).nonzero()
            positions = self.played(positions[which], moves)
        flat = np.concatenate([positions.board.reshape(len(positions), -1), positions.player[:, None]], 1)
        first = np.sort(np.unique(flat, axis=0, return_index=True)[1])
        return positions[first[~positions.over[first]]]

    def _flat(self, positions: Positions) -> tuple[NDArray[np.int8], int, int]:
        rows, columns = self.shape(positions.level)
        return positions.board.reshape(len(positions), rows * columns), rows, columns

    # -------------------------------------------------------------------------------------------- seeing

    def seen(self, positions: Positions) -> NDArray[np.float32]:
        """What a net looks at, (B, C, R, C'): by default its own, the other's, and where it may move."""
        rows, columns = self.shape(positions.level)
        legal = self.legal(positions).reshape(len(positions), -1, rows, columns).any(1)
        return np.stack([positions.board == 1, positions.board == -1, legal], 1).astype(np.float32)

    def turn(self, rows: int, columns: int) -> NDArray[np.int64]:
        """Where on the other player's board each position is, (P,); to turn twice is not to turn. By default there."""
        return np.arange(rows * columns)

    def turned(self, board: NDArray[np.int8]) -> NDArray[np.int8]:
        """A board (R, C) as the other player sees it."""
        return -board.reshape(-1)[self.turn(*board.shape)].reshape(board.shape)

    def turned_move(self, move: int, level: int) -> int:
        """A move of one player, with the number that its position has on the other's board."""
        rows, columns = self.shape(level)
        kind, place = divmod(move, rows * columns)
        return kind * rows * columns + int(self.turn(rows, columns)[place])

    def symmetries(self, level: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Other ways to see a board from the same side, the plain one first: positions (P,) and moves (M,).

        In a way (p, m), board[p] is the board that is seen, and move i there is move m[i] of the board as it was.
        """
        rows, columns = self.shape(level)
        return [(np.arange(rows * columns), np.arange(self.moves(level)))]

    # -------------------------------------------------------------------------------------------- telling

    def place_name(self, place: int, level: int) -> str:
        """A position of the first player's board as text: column and row, as a1."""
        rows, columns = self.shape(level)
        row, column = divmod(place, columns)
        return f"{column_name(column)}{self._row_number(row, rows)}"

    def move_name(self, move: int, level: int, player: int = 0) -> str:
        """A move of a player as text: by default its place on the first player's board."""
        return self.place_name(self.turned_move(move, level) if player else move, level)

    def name_in(self, positions: Positions, which: int, move: int) -> str:
        """The same for whoever moves in a position."""
        return self.move_name(move, positions.level, int(positions.player[which]))

    def read(self, text: str, level: int) -> Positions:
        """The position after moves that are written one after the other, as "b2 c1 a3".

        Raises UserError for a word that is no move, and for a move that there is not.

        >>> import longthink as lt
        >>> lt.game("hex").read("b2 a1", level=3).board[0].tolist()
        [[-1, 0, 0], [0, 1, 0], [0, 0, 0]]
        """
        positions, words = self.begun(text, level)
        for number, word in enumerate(words, 1):
            if positions.over[0]:
                raise UserError(f"The game is over after {number - 1} moves, so {word:.40} cannot be played.")
            names = {self.name_in(positions, 0, int(move)): move for move in self.legal(positions)[0].nonzero()[0]}
            word = word if word in names else word.lower()
            if word not in names:
                some = ", ".join(list(names)[:8])
                more = ", ..." if len(names) > 8 else ""
                raise UserError(f"Move {number}, {word:.40}, cannot be played; the moves there are: {some}{more}.")
            positions = self.played(positions, np.array([names[word]]))
        return positions

    def begun(self, text: str, level: int) -> tuple[Positions, list[str]]:
        """What a text of moves begins from, and its moves."""
        return self.start(level), text.split()

    def write(self, positions: Positions, which: int = 0) -> str:
        """A board as text: x the first player's, o the second's, and who moves."""
        signs = np.array([".", *SIDES])
        board = positions.board_of_first(which)
        letters = [" ".join(signs[value] for value in row) for row in board]
        width = len(str(len(board)))
        numbers = [self._row_number(row, len(board)) for row in range(len(board))]
        lines = [f"{numbers[row]:>{width}} {self.indent(row)}{line}" for row, line in enumerate(letters)]
        columns = " ".join(column_name(column) for column in range(board.shape[1]))
        return "\n".join([f"{'':{width}} {columns}", *lines, self.state_of(positions, which)])

    def indent(self, row: int) -> str:  # noqa: ARG002
        """What a row begins with, in a text; boards of other than square cells are set off."""
        return ""

    def state_of(self, positions: Positions, which: int = 0) -> str:
        """Who moves, or who has won, in words."""
        score = int(positions.score[which])
        if score == GOES_ON:
            return f"{SIDES[positions.player[which]]} moves"
        return {1: "x has won", 0: "drawn", -1: "o has won"}[score]

    @abstractmethod
    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        """A board drawn; with `values`, one for each move (M,), as the player who moves has them, shaded by them."""

    def shares(self, positions: Positions, which: int, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values (M,) of moves, as who moves has them, added up at each position (R, C) as the first player sees it."""
        rows, columns = self.shape(positions.level)
        each = values.reshape(-1, rows * columns).sum(0, dtype=np.float64)
        of_first: NDArray[np.float64] = each[self.turn(rows, columns)] if positions.player[which] else each
        return of_first.reshape(rows, columns)

    def _row_number(self, row: int, rows: int) -> int:
        return rows - row if self.counts_from_below else row + 1

    def _move_said(self, positions: Positions, which: int, move: int) -> str:
        if not 0 <= move < self.moves(positions.level):
            return f"Move {move}"
        return f"{SIDES[positions.player[which]]} to {self.name_in(positions, which, move)}"


def column_name(column: int) -> str:
    """a, b, ..., z, aa, ab, ...

    >>> [column_name(number) for number in (0, 25, 26, 701)]
    ['a', 'z', 'aa', 'zz']
    """
    return chr(97 + column) if column < 26 else chr(96 + column // 26) + chr(97 + column % 26)
