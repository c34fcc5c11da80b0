"""Chess puzzles (dissertation, section 2.2.3): the one best move of a position. The level is a place among ratings.

x is (B, 12, 8, 8): planes of 0 and 1 for K Q B N R P of the side to move, then for the same of the other side. Row 0 is
rank 1 and column 0 the file a, whoever moves. y is (B, 8, 8): 1 on the squares that the move leads from and to.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from longthink.base.compiled import compiled
from longthink.base.errors import UserError
from longthink.base.seeds import generator_of
from longthink.contracts import Problem, Puzzles, Spec, Split
from longthink.problems.chess import _rules as rules
from longthink.problems.chess._store import Rows, Store, open_store, unpack
from longthink.problems.chess.view import ChessView
from longthink.registry import PACKAGE, register

SHIPPED = PACKAGE / "puzzles" / "chess_puzzles"
"""The store that comes with the package."""
TENTHS = 10
NO_MOVE = 255
"""A square that is none."""
WORTH = np.array([0, 0, 9, 3, 3, 5, 1])
"""Of nothing, and of king to pawn, in pawns."""


@register
class ChessPuzzles(Problem):
    """Find the best move.

    `source` is a folder that `longthink import` has written from chess puzzles; without one, puzzles that come with the
    package are taken. With `unit` tenth, level 1 holds the easiest tenth of them by rating, level 10 the hardest; with
    up_to_tenth, level L holds the tenths 1 to L. With index, level L holds those from L - `width` to L - 1 in the order
    of their ratings, as the dissertation counts them (with width 600,000, level 600,000 is what it trains on, and with
    100,000, level 700,000 is what comes next); with rating, those rated so.

    `reading`: the two squares of highest confidence are the answer (section 4.3.3), or the legal move whose two squares
    are the most probable together. `scoring`: by the rules, the move that the squares stand for is to be the answer, or
    to mate if the answer does; pawns become queens, so an answer that makes another piece is never met. Or the squares
    are to be those of the answer, as in the dissertation. With `perspective` mover the board is turned for Black, so
    that pawns of the side to move always go up. With `mirror`, half of the training puzzles are mirrored, a-file to
    h-file.

    Splits are shares of all positions, the same for mirrored boards and exchanged colours, so they are disjoint in
    every source. With `whole` a level is not split, and has all of its puzzles whichever split is asked for: so the
    dissertation tests on levels that nothing was trained on.

    >>> puzzles = ChessPuzzles().sample(level=ChessPuzzles.easy, count=2)
    >>> puzzles.x.shape, puzzles.y.sum((1, 2)).tolist()
    (torch.Size([2, 12, 8, 8]), [2, 2])
    """

    spec: ClassVar[Spec] = Spec(inputs=12, outputs=2, positions="grid", size=8)
    easy: ClassVar[int] = 6
    hard: ClassVar[tuple[int, ...]] = (7, 10)

    source: str = ""
    unit: Literal["tenth", "up_to_tenth", "index", "rating"] = "tenth"
    width: Annotated[int, Field(ge=1)] = 100
    reading: Literal["two_squares", "legal_move"] = "two_squares"
    scoring: Literal["rules", "squares"] = "rules"
    perspective: Literal["white", "mover"] = "white"
    mirror: bool = False
    whole: bool = False

    @property
    def view(self) -> ChessView:
        return ChessView(self)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        store, among = self.store(), self.range_of(level)
        rows = np.arange(among.start, among.stop) if self.whole else store.of_split(among, split)
        if len(rows) == 0 or (count > len(rows) and not repeats):
            low, high = store.ratings
            which = "" if self.whole else f"{split} "
            raise UserError(
                f"There are only {len(rows)} {which}puzzles of level {level} ({self.says(level)}) in"
                f" {store.folder.name}, which has {len(store)} rated {low} to {high}, and {count} are asked for."
            )
        raw = generator_of(key).bit_generator.random_raw
        if repeats:
            chosen = rows[raw(count) % np.uint64(len(rows))]
        else:
            chosen = rows[np.argsort(raw(len(rows)), kind="stable")[:count]]
        mirrored = raw(count) % np.uint64(2) == 1 if self.mirror and split == "train" else None
        return self.from_rows(store.rows[chosen], level, split, mirrored)

    def levels(self, lowest: int, highest: int) -> Sequence[int]:
        return range(lowest, highest + 1, self.width if self.unit in ("index", "rating") else 1)

    def answer(self, logits: Tensor, puzzles: Puzzles) -> Tensor:
        marked = (logits[:, 1] - logits[:, 0]).flatten(1)
        answers = torch.zeros_like(marked, dtype=torch.long)
        if self.reading == "two_squares":
            return answers.scatter_(1, marked.topk(2, dim=1).indices, 1).view(-1, 8, 8)
        who_moves = puzzles.extras["who_moves"]
        probable = torch.nn.functional.logsigmoid(marked).view(-1, 8, 8)
        scores = self.turned(probable, who_moves).flatten(1).double().cpu().numpy()
        squares = _most_probable(positions_of(puzzles), scores)
        answers.scatter_(1, torch.from_numpy(squares).to(answers.device), 1)
        return self.turned(answers.view(-1, 8, 8), who_moves)

    def correct(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        """bool (B,): the marked squares stand for a move that is right, as `scoring` says."""
        moves, right = self._moves(answers, puzzles), np.zeros(len(puzzles), np.bool_)
        _are_right(positions_of(puzzles), moves, self._best(puzzles), self.scoring == "rules", right)
        return torch.from_numpy(right).to(answers.device)

    def _best(self, puzzles: Puzzles) -> rules.Moves:
        """The moves (B, M, 3) of which each is an answer; files of others do not say what a pawn becomes."""
        best = puzzles.extras.get("best")
        if best is None:
            return self._moves(puzzles.y, puzzles)[:, None]
        found: rules.Moves = np.ascontiguousarray(best.cpu().numpy())
        if found.dtype != np.uint8 or found.ndim != 3 or found.shape[::2] != (len(puzzles), 3) or not found.shape[1]:
            raise UserError("The best moves of these chess puzzles are none; make the puzzles again.")
        return found

    def _moves(self, marks: Tensor, puzzles: Puzzles) -> rules.Moves:
        """What marked squares (B, 8, 8) stand for, (B, 3), pawns becoming queens; NO_MOVE where it is none."""
        positions, moves = positions_of(puzzles), np.full((len(puzzles), 3), NO_MOVE, np.uint8)
        squares = self.turned(marks, puzzles.extras["who_moves"]).reshape(len(puzzles), 64).cpu().numpy()
        _marked(positions, squares, moves)
        return moves

    def confidence(self, logits: Tensor, puzzles: Puzzles) -> Tensor:
        """The mean probability of being part of the move over the two squares of the answer."""
        probability = (logits[:, 1] - logits[:, 0]).sigmoid()
        return (probability * self.answer(logits, puzzles)).flatten(1).sum(1) / 2

    def baselines(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """A legal move by chance; or one that wins the most material at once, by chance among equals."""
        chance, greedy = np.zeros((2, len(puzzles)))
        _without_thought(positions_of(puzzles), self._best(puzzles), self.scoring == "rules", chance, greedy)
        return {"chance": torch.from_numpy(chance), "most material": torch.from_numpy(greedy)}

    def store(self) -> Store:
        return open_store(Path(self.source) if self.source else SHIPPED)

    def range_of(self, level: int) -> range:
        """The rows of the store that a level holds."""
        store = self.store()
        if self.unit == "rating":
            return store.of_rating(level - self.width, level)
        if self.unit == "index":
            return range(max(0, level - self.width), min(level, len(store)))
        first = 1 if self.unit == "up_to_tenth" else level
        return range((first - 1) * len(store) // TENTHS, level * len(store) // TENTHS if level <= TENTHS else 0)

    def says(self, level: int) -> str:
        """What a level holds, for people."""
        if self.unit == "tenth":
            return f"tenth {level} of {TENTHS} by rating"
        if self.unit == "up_to_tenth":
            return f"tenths 1 to {level} of {TENTHS} by rating"
        return f"{self.unit} {level - self.width} to {level - 1}"

    def from_rows(self, rows: Rows, level: int, split: Split, mirrored: NDArray[np.bool_] | None = None) -> Puzzles:
        """Puzzles from rows of a store.

        Args:
            rows: N of them.
            level: that they are of.
            split: that they are of.
            mirrored: which are mirrored, a-file to h-file, (N,); None: none is.

        Returns:
            Puzzles with further extras beside those of `from_positions`: `rating` (N,), and where none is mirrored
            `row` (N, 52), the bytes of the row.

        >>> problem = ChessPuzzles()
        >>> problem.from_rows(problem.store().rows[:2], level=1, split="test").extras["row"].shape
        torch.Size([2, 52])
        """
        before, answers = unpack(rows), rows["answer"].copy()
        positions = np.empty_like(before)
        if not _made(before, np.ascontiguousarray(rows["first"]), positions) or _wrong_with(positions, answers):
            raise UserError(
                f"The puzzles in {self.store().folder} are damaged; bring them in again, or get them again."
            )
        if mirrored is not None:
            _mirror(positions, answers, mirrored)
        puzzles = self.from_positions(positions, answers, level, split)
        extras = {**puzzles.extras, "rating": torch.from_numpy(rows["rating"].astype(np.int64))}
        if mirrored is None:
            extras["row"] = torch.from_numpy(rows.view(np.uint8).reshape(len(rows), -1).copy())
        return replace(puzzles, extras=extras)

    def from_boards(
        self, boards: Tensor, targets: Tensor, who_moves: Tensor, rating: Tensor, level: int, split: Split
    ) -> Puzzles:
        """Puzzles from the tensors of `easy-to-hard-data`, which do not say who may castle.

        Args:
            boards: (N, 12, 8, 8), rank 1 in row 0, from White's side.
            targets: (N, 8, 8), the same way up.
            who_moves: true where Black does, bool (N,).
            rating: (N,).
            level: that they are of.
            split: that they are of.

        Returns:
            Puzzles with the extras `position`, `who_moves` and `rating`.

        Raises:
            UserError: these are no positions of chess.

        >>> problem = ChessPuzzles()
        >>> one = problem.sample(level=1, count=1)
        >>> who_moves, rating = one.extras["who_moves"], one.extras["rating"]
        >>> torch.equal(problem.from_boards(one.x, one.y, who_moves, rating, 1, "test").x, one.x)
        True
        """
        kinds = torch.arange(1, 7).view(6, 1, 1)
        pieces = (boards[:, :6] * kinds - boards[:, 6:] * kinds).sum(1).flatten(1).to(torch.int8)
        side = torch.where(who_moves, -1, 1).to(torch.int8)[:, None]
        state = torch.cat([side, torch.zeros_like(side), torch.full_like(side, -1)], dim=1)
        positions = torch.cat([pieces * side, state], dim=1)
        _check(positions.numpy())
        extras = {"position": positions, "who_moves": who_moves, "rating": rating}
        x, y = self.turned(boards, who_moves), self.turned(targets, who_moves)
        return Puzzles(self, level, x, y, split=split, extras=extras)

    def from_positions(
        self, positions: rules.Position, answers: rules.Moves, level: int, split: Split, known: bool = True
    ) -> Puzzles:
        """Puzzles from positions and the moves that are best in them.

        Args:
            positions: (N, 67), as `_rules` has them.
            answers: (N, 3), squares from and to, and what a pawn becomes.
            level: that they are of.
            split: that they are of.
            known: whether these are the best moves, and their squares are marked in y.

        Returns:
            Puzzles with the extras `position`, `who_moves` (N,), true where Black does, and `best` (N, 1, 3), the
            answers.

        Raises:
            UserError: these are no positions of chess, or the moves none of the side that moves.

        >>> position, move = rules.parse_fen("6k1/5ppp/8/8/8/8/8/K3R3 w - - 0 1"), rules.parse_move("e1e8")
        >>> puzzles = ChessPuzzles().from_positions(position[None], move[None], level=1, split="test")
        >>> puzzles.y[0].nonzero().tolist()
        [[0, 4], [7, 4]]
        """
        _check(positions, answers if known else None)
        x, y = np.zeros((len(positions), 12, 64), np.float32), np.zeros((len(positions), 64), np.int64)
        _paint(positions, answers, known, self.perspective == "mover", x, y)
        extras = {
            "position": torch.from_numpy(positions),
            "who_moves": torch.from_numpy(positions[:, rules.TURN] < 0),
            "best": torch.from_numpy(answers[:, None]),
        }
        boards, marked = torch.from_numpy(x).view(-1, 12, 8, 8), torch.from_numpy(y).view(-1, 8, 8)
        return Puzzles(self, level, boards, marked, split=split, extras=extras, known=known)

    def turned(self, values: Tensor, who_moves: Tensor) -> Tensor:
        """Boards (B, ..., 8, 8) as they are to how the net sees them, and back."""
        if self.perspective == "white":
            return values
        return torch.where(who_moves.view(-1, *[1] * (values.ndim - 1)), values.flip(-2), values)


def positions_of(puzzles: Puzzles) -> rules.Position:
    """The positions (B, 67) of puzzles from wherever. Raises UserError where there are none, or others than such."""
    positions = puzzles.extras.get("position")
    if positions is None or puzzles.y.shape[1:] != (8, 8):
        raise UserError("These chess puzzles have no positions, or no boards of 8 x 8; make them again.")
    found: rules.Position = np.ascontiguousarray(positions.cpu().numpy())
    _check(found)
    return found


def _check(positions: rules.Position, moves: rules.Moves | None = None) -> None:
    """Raises UserError for what is no positions (N, 67), or no moves (N, 3) there: kernels are not to see such."""
    moves = np.empty((0, 3), np.uint8) if moves is None else moves
    if positions.dtype != np.int8 or positions.shape[1:] != (rules.SIZE,) or len(moves) not in (0, len(positions)):
        raise UserError(f"Positions of chess are {rules.SIZE} signed bytes each, with a move for each.")
    code = _wrong_with(positions, moves)
    if code:
        reason = rules.BAD_FEN.get(code, "its move is none of the side that moves")
        raise UserError(f"One of these positions is none of chess: {reason}.")


@compiled
def _wrong_with(positions, moves):  # type: ignore[no-untyped-def]
    """A code of BAD_FEN for positions (N, 67), or -1 for moves (N, 3) or (0, 3), of any numbers; 0 if all are good."""
    for index in range(len(positions)):
        code = rules.wrong_with(positions[index])
        if code:
            return code
    for index in range(len(moves)):
        if not rules.can_make(positions[index], moves[index]):
            return -1
    return 0


@compiled
def _made(positions, moves, after):  # type: ignore[no-untyped-def]
    """Fill `after` with what each move (N, 3) makes of each position (N, 67); False if one can make nothing."""
    for index in range(len(positions)):
        if rules.wrong_with(positions[index]) or not rules.can_make(positions[index], moves[index]):
            return False
        rules.make(positions[index], moves[index], after[index])
    return True


@compiled
def _marked(positions, squares, moves):  # type: ignore[no-untyped-def]
    """Fill moves (N, 3) with what two marked squares of (N, 64) stand for: a pawn that comes to the end is a queen.

    Others than two squares, one of them with a piece of the side that moves, are passed over.
    """
    for index in range(len(positions)):
        position, count, origin, goal = positions[index], 0, -1, -1
        for square in range(64):
            if squares[index, square] != 0:
                count += 1
                if position[rules.TURN] * position[square] > 0:
                    origin = square
                else:
                    goal = square
        if count == 2 and origin >= 0 and goal >= 0:
            at_end = abs(position[origin]) == rules.PAWN and (goal < 8 or goal >= 56)
            moves[index, 0], moves[index, 1], moves[index, 2] = origin, goal, rules.QUEEN if at_end else 0


@compiled
def _is_right(position, move, best, by_rules, mate):  # type: ignore[no-untyped-def]
    """Whether a move (3,) is one of the best (M, 3), with the promotion if `by_rules`; or mates, where a `mate` is."""
    for one in best:
        if move[0] == one[0] and move[1] == one[1] and (move[2] == one[2] or not by_rules):
            return True
    return mate and rules.mates(position, move)


@compiled
def _are_right(positions, moves, best, by_rules, right):  # type: ignore[no-untyped-def]
    """Fill right (N,) for moves (N, 3), where best (N, M, 3) are."""
    for index in range(len(positions)):
        mate = by_rules and rules.mates(positions[index], best[index, 0])
        any_move = moves[index, 0] != NO_MOVE
        right[index] = any_move and _is_right(positions[index], moves[index], best[index], by_rules, mate)


@compiled
def _mirror(positions, moves, which):  # type: ignore[no-untyped-def]
    """Mirror some positions (N, 67) and moves (N, 3) in place, a-file to h-file. Castling rights are lost."""
    for index in range(len(positions)):
        if not which[index]:
            continue
        position = positions[index]
        for row in range(0, 64, 8):
            for file in range(4):
                left, right = position[row + file], position[row + 7 - file]
                position[row + file], position[row + 7 - file] = right, left
        position[rules.CASTLING] = 0
        if position[rules.EN_PASSANT] >= 0:
            position[rules.EN_PASSANT] ^= 7
        moves[index, 0] ^= 7
        moves[index, 1] ^= 7


@compiled
def _paint(positions, moves, known, mover, x, y):  # type: ignore[no-untyped-def]
    """Fill planes x (N, 12, 64) and, if the moves are known, targets y (N, 64), both zeros before."""
    for index in range(len(positions)):
        side = positions[index, rules.TURN]
        turned = 56 if mover and side < 0 else 0
        for square in range(64):
            piece = side * positions[index, square]
            if piece != 0:
                x[index, piece - 1 if piece > 0 else 5 - piece, square ^ turned] = 1
        if known:
            y[index, moves[index, 0] ^ turned] = 1
            y[index, moves[index, 1] ^ turned] = 1


@compiled
def _most_probable(positions, scores):  # type: ignore[no-untyped-def]
    """Origin and goal (N, 2) of the legal move with the highest sum of scores (N, 64); a1, b1 where there is none."""
    found = np.zeros((len(positions), 2), np.int64)
    moves = np.empty((rules.MOST_MOVES, 3), np.uint8)
    for index in range(len(positions)):
        found[index, 1] = 1
        best = -np.inf
        for which in range(rules.legal_moves(positions[index], moves)):
            origin, goal = np.int64(moves[which, 0]), np.int64(moves[which, 1])
            score = scores[index, origin] + scores[index, goal]
            if score > best:
                best = score
                found[index, 0], found[index, 1] = origin, goal
    return found


@compiled
def _without_thought(positions, best_moves, by_rules, chance, greedy):  # type: ignore[no-untyped-def]
    """Fill the probabilities that a move by chance, and one that wins most material, is right; best are (N, M, 3)."""
    moves = np.empty((rules.MOST_MOVES, 3), np.uint8)
    for index in range(len(positions)):
        position, most, best, right, right_best, count = positions[index], -1, 0, 0, 0, 0
        mate = by_rules and rules.mates(position, best_moves[index, 0])
        for which in range(rules.legal_moves(position, moves)):
            promotion = moves[which, 2]
            if promotion not in (0, rules.QUEEN):
                continue
            won = WORTH[abs(position[moves[which, 1]])] + (WORTH[promotion] - 1 if promotion else 0)
            is_right = _is_right(position, moves[which], best_moves[index], by_rules, mate)
            count, right = count + 1, right + is_right
            if won > most:
                most, best, right_best = won, 0, 0
            if won == most:
                best, right_best = best + 1, right_best + is_right
        if count > 0:
            chance[index], greedy[index] = right / count, right_best / best
