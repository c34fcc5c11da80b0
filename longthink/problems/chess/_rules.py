"""The rules of chess, compiled: positions from FEN, legal moves, what a move makes of a position, mates.

A position is an array of 67 small numbers: 64 squares, who moves (1 white, -1 black), castling rights (a bit each, in
the order of RIGHTS), and the square behind a pawn that has just moved two squares (-1 for none). Square 0 is a1, 1 is
b1, 63 is h8; a piece is KING to PAWN, and negative if black. A move is three numbers: from, to, and the piece that
a pawn becomes (0 for none). Chess960 castling is not known.
"""

import numpy as np
from numpy.typing import NDArray

from longthink.base.compiled import compiled
from longthink.base.errors import UserError

Position = NDArray[np.int8]
"""(67,), or (N, 67)."""
Moves = NDArray[np.uint8]
"""(N, 3): from, to, promotion."""

KING, QUEEN, BISHOP, KNIGHT, ROOK, PAWN = 1, 2, 3, 4, 5, 6
LETTERS = ".KQBNRP"
SQUARES, TURN, CASTLING, EN_PASSANT = 64, 64, 65, 66
SIZE = 67
RIGHTS = "KQkq"
PIECES = np.zeros(256, np.int8)
"""The piece of an ASCII letter; 0 if it is none."""
for _kind, _letter in enumerate(LETTERS[1:], start=1):
    PIECES[ord(_letter)], PIECES[ord(_letter.lower())] = _kind, -_kind
RIGHT_OF = np.zeros(256, np.int8)
"""The castling right of an ASCII letter; 0 if it is none."""
KEPT = np.full(64, 15, np.int8)
"""The castling rights that are left when something moves from a square, or to it."""
for _bit, (_letter, _king, _rook) in enumerate(zip(RIGHTS, (4, 4, 60, 60), (7, 0, 63, 56), strict=True)):
    RIGHT_OF[ord(_letter)] = 1 << _bit
    KEPT[_king] &= ~(1 << _bit)
    KEPT[_rook] &= ~(1 << _bit)
MOST_OF_ONE = 27
"""Moves of a piece: those of a queen in the middle. A pawn has at most 12, one step and two captures times four."""
MOST_MOVES = 64 * MOST_OF_ONE
"""Moves of a position, however many queens it has. In games there are never more than 218; in a FEN there may be."""

FILES, RANKS = "abcdefgh", "12345678"
KNIGHT_STEPS = np.array([[1, 2], [2, 1], [2, -1], [1, -2], [-1, -2], [-2, -1], [-2, 1], [-1, 2]])
LINES = np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1], [-1, 1], [-1, -1]])
"""Rank and file steps: the first four of rooks, the others of bishops."""

BAD_FEN = {
    1: "it does not have eight ranks of eight squares",
    2: "it has a letter on the board that is no piece",
    3: "it does not say who moves (w or b)",
    4: "its castling rights are not made of K, Q, k and q",
    5: "its en-passant square is none that a pawn of the side that has just moved can have passed",
    6: "each side must have one king",
    7: "a pawn stands on the first or last rank",
    8: "the side that has just moved is in check",
    9: "it holds numbers that stand for nothing",
}
"""What is wrong with a position, by the code that `read_fen` or `wrong_with` returns."""


@compiled
def wrong_with(position):  # type: ignore[no-untyped-def]
    """A code of BAD_FEN for a position (67,) of any numbers, or 0: then all that is in this file may be done with it.

    What the kernels index their arrays with is bounded by this: pieces, the side, and pawns that have a rank ahead.
    """
    side, passed = position[TURN], position[EN_PASSANT]
    if abs(side) != 1 or not 0 <= position[CASTLING] <= 15:
        return 9
    if passed != -1 and (passed < 0 or passed >> 3 != (5 if side > 0 else 2)):
        return 5
    white, black, theirs = 0, 0, 0
    for square in range(64):
        piece = position[square]
        if not -PAWN <= piece <= PAWN:
            return 9
        white += piece == KING
        black += piece == -KING
        if piece == -side * KING:
            theirs = square
        if abs(piece) == PAWN and (square < 8 or square >= 56):
            return 7
    if white != 1 or black != 1:
        return 6
    return 8 if _attacked(position, theirs, side) else 0


@compiled
def read_fen(text, begin, end, position):  # type: ignore[no-untyped-def]
    """Fill a position from the ASCII bytes text[begin:end]; 0, or a code of BAD_FEN. Counters are passed over."""
    position[:64] = 0
    position[TURN], position[CASTLING], position[EN_PASSANT] = 0, 0, -1
    at, rank, file = begin, 7, 0
    while at < end and text[at] != 32:
        letter = text[at]
        if letter == 47:  # /
            if file != 8:
                return 1
            rank, file = rank - 1, 0
            if rank < 0:
                return 1
        elif 49 <= letter <= 56:
            file += letter - 48
            if file > 8:
                return 1
        else:
            piece = PIECES[letter]
            if piece == 0:
                return 2
            if file > 7:
                return 1
            position[8 * rank + file] = piece
            file += 1
        at += 1
    if rank != 0 or file != 8:
        return 1
    at += 1
    if at >= end or (text[at] != 119 and text[at] != 98) or (at + 1 < end and text[at + 1] != 32):
        return 3
    position[TURN] = 1 if text[at] == 119 else -1
    at += 2
    while at < end and text[at] != 32:
        if RIGHT_OF[text[at]] == 0 and text[at] != 45:
            return 4
        position[CASTLING] |= RIGHT_OF[text[at]]
        at += 1
    at += 1
    if at < end and text[at] != 45:
        if at + 1 >= end or not 97 <= text[at] <= 104 or not 49 <= text[at + 1] <= 56:
            return 5
        position[EN_PASSANT] = 8 * (text[at + 1] - 49) + text[at] - 97
    return wrong_with(position)


@compiled
def read_move(text, begin, end, move):  # type: ignore[no-untyped-def]
    """Fill a move (3,) from ASCII bytes like e2e4, e7e8q or e7e8Q; whether it is one."""
    length = end - begin
    if length != 4 and length != 5:
        return False
    for half in range(2):
        file, rank = text[begin + 2 * half], text[begin + 2 * half + 1]
        if not 97 <= file <= 104 or not 49 <= rank <= 56:
            return False
        move[half] = 8 * (rank - 49) + file - 97
    move[2] = 0
    if length == 5:
        piece = abs(PIECES[text[begin + 4]])
        if not QUEEN <= piece <= ROOK:
            return False
        move[2] = piece
    return True


@compiled
def _attacked(position, square, by):  # type: ignore[no-untyped-def]
    """Whether side `by` attacks a square."""
    rank, file = square >> 3, square & 7
    for step in KNIGHT_STEPS:
        y, x = rank + step[0], file + step[1]
        if 0 <= y < 8 and 0 <= x < 8 and position[8 * y + x] == by * KNIGHT:
            return True
    for x in (file - 1, file + 1):
        y = rank - by
        if 0 <= y < 8 and 0 <= x < 8 and position[8 * y + x] == by * PAWN:
            return True
    for line in range(8):
        straight = line < 4
        y, x, far = rank + LINES[line, 0], file + LINES[line, 1], 1
        while 0 <= y < 8 and 0 <= x < 8:
            piece = by * position[8 * y + x]
            if piece != 0:
                if piece == QUEEN or piece == (ROOK if straight else BISHOP) or (piece == KING and far == 1):
                    return True
                break
            y, x, far = y + LINES[line, 0], x + LINES[line, 1], far + 1
    return False


@compiled
def can_make(position, move):  # type: ignore[no-untyped-def]
    """Whether a move (3,), of any numbers, is one of a piece of the side that moves, if not by the rules."""
    return move[0] < 64 and move[1] < 64 and move[2] <= PAWN and position[TURN] * position[move[0]] > 0


@compiled
def in_check(position):  # type: ignore[no-untyped-def]
    """Whether the side that moves is in check."""
    side = position[TURN]
    for square in range(64):
        if position[square] == side * KING:
            return _attacked(position, square, -side)
    return False


@compiled
def make(position, move, after):  # type: ignore[no-untyped-def]
    """Fill the position `after` a move."""
    after[:] = position
    origin, goal, promotion = np.int64(move[0]), np.int64(move[1]), np.int64(move[2])
    side = position[TURN]
    piece = position[origin]
    kind = abs(piece)
    after[origin] = 0
    after[goal] = side * promotion if promotion else piece
    after[EN_PASSANT] = -1
    after[TURN] = -side
    if kind == PAWN:
        if goal == position[EN_PASSANT]:
            after[goal - 8 * side] = 0
        if abs(goal - origin) == 16:
            after[EN_PASSANT] = (origin + goal) // 2
    if kind == KING and abs(goal - origin) == 2:
        rook_from, rook_to = (goal + 1, goal - 1) if goal > origin else (goal - 2, goal + 1)
        after[rook_to] = after[rook_from]
        after[rook_from] = 0
    after[CASTLING] = position[CASTLING] & KEPT[origin] & KEPT[goal]


@compiled
def _add(position, origin, goal, promotion, moves, count, scratch):  # type: ignore[no-untyped-def]
    """Append a move unless it leaves the king in check; the number of moves."""
    moves[count, 0], moves[count, 1], moves[count, 2] = origin, goal, promotion
    make(position, moves[count], scratch)
    scratch[TURN] = position[TURN]
    return count if in_check(scratch) else count + 1


@compiled
def _add_pawn(position, origin, goal, moves, count, scratch):  # type: ignore[no-untyped-def]
    if goal < 8 or goal >= 56:
        for promotion in (QUEEN, ROOK, BISHOP, KNIGHT):
            count = _add(position, origin, goal, promotion, moves, count, scratch)
        return count
    return _add(position, origin, goal, 0, moves, count, scratch)


@compiled
def _add_all(position, origin, moves, count, scratch):  # type: ignore[no-untyped-def]
    """Append the legal moves of the piece on a square; the number of moves."""
    side = position[TURN]
    piece = side * position[origin]
    rank, file = origin >> 3, origin & 7
    if piece == PAWN:
        ahead = origin + 8 * side
        if position[ahead] == 0:
            count = _add_pawn(position, origin, ahead, moves, count, scratch)
            if rank == (1 if side > 0 else 6) and position[ahead + 8 * side] == 0:
                count = _add(position, origin, ahead + 8 * side, 0, moves, count, scratch)
        for x in (file - 1, file + 1):
            if 0 <= x < 8:
                goal = 8 * (rank + side) + x
                beside = goal == position[EN_PASSANT] and position[goal - 8 * side] == -side * PAWN
                if side * position[goal] < 0 or (beside and position[goal] == 0):
                    count = _add_pawn(position, origin, goal, moves, count, scratch)
    elif piece == KNIGHT:
        for step in KNIGHT_STEPS:
            y, x = rank + step[0], file + step[1]
            if 0 <= y < 8 and 0 <= x < 8 and side * position[8 * y + x] <= 0:
                count = _add(position, origin, 8 * y + x, 0, moves, count, scratch)
    elif piece > 0:
        for line in range(4 if piece == BISHOP else 0, 4 if piece == ROOK else 8):
            y, x = rank + LINES[line, 0], file + LINES[line, 1]
            while 0 <= y < 8 and 0 <= x < 8:
                there = side * position[8 * y + x]
                if there > 0:
                    break
                count = _add(position, origin, 8 * y + x, 0, moves, count, scratch)
                if there < 0 or piece == KING:
                    break
                y, x = y + LINES[line, 0], x + LINES[line, 1]
        if piece == KING:
            count = _add_castling(position, origin, moves, count, scratch)
    return count


@compiled
def _add_castling(position, king, moves, count, scratch):  # type: ignore[no-untyped-def]
    side = position[TURN]
    home, rights = (4, position[CASTLING] & 3) if side > 0 else (60, position[CASTLING] >> 2)
    if king != home or rights == 0 or _attacked(position, king, -side):
        return count
    if rights & 1 and position[king + 3] == side * ROOK:
        empty = position[king + 1] == 0 and position[king + 2] == 0
        if empty and not _attacked(position, king + 1, -side):
            count = _add(position, king, king + 2, 0, moves, count, scratch)
    if rights & 2 and position[king - 4] == side * ROOK:
        empty = position[king - 1] == 0 and position[king - 2] == 0 and position[king - 3] == 0
        if empty and not _attacked(position, king - 1, -side):
            count = _add(position, king, king - 2, 0, moves, count, scratch)
    return count


@compiled
def legal_moves(position, moves):  # type: ignore[no-untyped-def]
    """Fill moves (MOST_MOVES, 3); how many there are."""
    count, scratch = 0, np.empty(SIZE, np.int8)
    for origin in range(64):
        if position[origin] != 0:
            count = _add_all(position, origin, moves, count, scratch)
    return count


@compiled
def is_legal(position, move):  # type: ignore[no-untyped-def]
    """Whether a move (3,), of any numbers, is legal."""
    moves = np.empty((MOST_OF_ONE, 3), np.uint8)
    if move[0] > 63:
        return False
    for index in range(_add_all(position, np.int64(move[0]), moves, 0, np.empty(SIZE, np.int8))):
        if moves[index, 1] == move[1] and moves[index, 2] == move[2]:
            return True
    return False


@compiled
def mates(position, move):  # type: ignore[no-untyped-def]
    """Whether a move (3,), of any numbers, is legal and mates."""
    if not is_legal(position, move):
        return False
    then = np.empty(SIZE, np.int8)
    make(position, move, then)
    return is_mate(then)


@compiled
def is_mate(position):  # type: ignore[no-untyped-def]
    """Whether the side that moves is in check and has no legal move."""
    return in_check(position) and legal_moves(position, np.empty((MOST_MOVES, 3), np.uint8)) == 0


@compiled
def count_positions(position, depth):  # type: ignore[no-untyped-def]
    """How many sequences of `depth` legal moves there are, which tells move generators apart (perft)."""
    moves, after = np.empty((MOST_MOVES, 3), np.uint8), np.empty(SIZE, np.int8)
    count = legal_moves(position, moves)
    if depth == 1:
        return count
    total = 0
    for index in range(count):
        make(position, moves[index], after)
        total += count_positions(after, depth - 1)
    return total


@compiled
def mating_moves(position, within, found):  # type: ignore[no-untyped-def]
    """Fill `found` (N, 3) with at most N moves that mate within so many own moves, whatever comes; the number."""
    moves, replies = np.empty((MOST_MOVES, 3), np.uint8), np.empty((MOST_MOVES, 3), np.uint8)
    then, later, one = np.empty(SIZE, np.int8), np.empty(SIZE, np.int8), np.empty((1, 3), np.uint8)
    count = 0
    for index in range(legal_moves(position, moves)):
        make(position, moves[index], then)
        left = legal_moves(then, replies)
        mates = in_check(then) if left == 0 else within > 1
        for reply in range(left):
            if not mates:
                break
            make(then, replies[reply], later)
            mates = mating_moves(later, within - 1, one) > 0
        if mates:
            found[count] = moves[index]
            count += 1
            if count == len(found):
                break
    return count


def parse_fen(fen: str) -> Position:
    """The position (67,) of a FEN; its counters of moves may be left out. Raises UserError for what is none.

    >>> position = parse_fen("4k3/8/8/8/8/8/8/R3K3 w Q - 0 1")
    >>> to_fen(position), len(moves_of(position))
    ('4k3/8/8/8/8/8/8/R3K3 w Q -', 16)
    """
    text = np.frombuffer(fen.encode("ascii", "replace"), np.uint8)
    position = np.empty(SIZE, np.int8)
    code = read_fen(text, 0, len(text), position)
    if code:
        raise UserError(f"'{fen:.90}' is no position in FEN: {BAD_FEN[code]}.")
    return position


def to_fen(position: Position) -> str:
    """The FEN of a position (67,), without the counters of moves."""
    ranks = []
    for rank in range(7, -1, -1):
        row = "".join(letter_of(piece) for piece in position[8 * rank : 8 * rank + 8].tolist())
        for empty in range(8, 0, -1):
            row = row.replace("." * empty, str(empty))
        ranks.append(row)
    rights = "".join(letter for bit, letter in enumerate(RIGHTS) if position[CASTLING] >> bit & 1)
    square = int(position[EN_PASSANT])
    behind = "-" if square < 0 else square_name(square)
    return f"{'/'.join(ranks)} {'w' if position[TURN] > 0 else 'b'} {rights or '-'} {behind}"


def letter_of(piece: int) -> str:
    """K for a white king, k for a black one, a dot for none."""
    letter = LETTERS[abs(piece)]
    return letter if piece >= 0 else letter.lower()


def square_name(square: int) -> str:
    """
    >>> square_name(0), square_name(63)
    ('a1', 'h8')
    """
    return FILES[square % 8] + RANKS[square // 8]


def parse_move(text: str) -> Moves:
    """The move (3,) of a text in UCI, like e2e4 or e7e8q. Raises UserError for what is none."""
    move = np.empty(3, np.uint8)
    letters = np.frombuffer(text.encode("ascii", "replace"), np.uint8)
    if not read_move(letters, 0, len(letters), move):
        raise UserError(f"'{text:.40}' is no move; moves look like e2e4, or e7e8q.")
    return move


def to_uci(move: Moves) -> str:
    """e2e4, e7e8q."""
    origin, goal, promotion = (int(part) for part in move)
    return square_name(origin) + square_name(goal) + (LETTERS[promotion].lower() if promotion else "")


def moves_of(position: Position) -> Moves:
    """The legal moves (N, 3) of a position (67,)."""
    moves = np.empty((MOST_MOVES, 3), np.uint8)
    return moves[: legal_moves(position, moves)]


def after(position: Position, move: Moves) -> Position:
    """The position (67,) after a move (3,)."""
    made = np.empty(SIZE, np.int8)
    make(position, move, made)
    return made


def to_san(position: Position, move: Moves) -> str:
    """A legal move as people write it: Nf3, exd5, O-O, e8=Q+.

    >>> to_san(parse_fen("4k3/8/8/8/8/8/8/R3K3 w Q - 0 1"), parse_move("a1a8"))
    'Ra8+'
    """
    origin, goal, promotion = (int(part) for part in move)
    kind = abs(int(position[origin]))
    takes = "x" if position[goal] or (kind == PAWN and origin % 8 != goal % 8) else ""
    if kind == KING and abs(goal - origin) == 2:
        text = "O-O" if goal > origin else "O-O-O"
    elif kind == PAWN:
        text = (FILES[origin % 8] + takes if takes else "") + square_name(goal)
        text += f"={LETTERS[promotion]}" if promotion else ""
    else:
        rivals = [
            other
            for other, there, _ in moves_of(position).tolist()
            if there == goal and other != origin and position[other] == position[origin]
        ]
        which = ""
        if rivals:
            if all(other % 8 != origin % 8 for other in rivals):
                which = FILES[origin % 8]
            elif all(other // 8 != origin // 8 for other in rivals):
                which = RANKS[origin // 8]
            else:
                which = square_name(origin)
        text = LETTERS[kind] + which + takes + square_name(goal)
    then = after(position, move)
    if in_check(then):
        text += "#" if is_mate(then) else "+"
    return text
