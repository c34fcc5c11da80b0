"""Chess rules against numbers that everybody agrees on, and against python-chess on real games."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longthink.base.errors import UserError
from longthink.problems.chess import _rules as rules

chess = pytest.importorskip("chess")
SAMPLE = Path(__file__).parent / "lichess_500.csv"

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


@pytest.mark.parametrize(
    ("fen", "counts"),
    [
        (START, [20, 400, 8902, 197281]),
        ("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq -", [48, 2039, 97862]),
        ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - -", [14, 191, 2812, 43238]),
        ("r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", [6, 264, 9467]),
        ("rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", [44, 1486, 62379]),
    ],
)
def test_the_numbers_of_move_sequences_are_the_known_ones(fen: str, counts: list[int]) -> None:
    position = rules.parse_fen(fen)
    assert [rules.count_positions(position, depth + 1) for depth in range(len(counts))] == counts


def test_real_games_go_as_python_chess_says() -> None:
    for row in csv.DictReader(SAMPLE.read_text().splitlines()):
        board, position = chess.Board(row["FEN"]), rules.parse_fen(row["FEN"])
        for uci in row["Moves"].split():
            assert sorted(map(rules.to_uci, rules.moves_of(position))) == sorted(
                move.uci() for move in board.legal_moves
            )
            move = rules.parse_move(uci)
            assert rules.to_san(position, move) == board.san(chess.Move.from_uci(uci))
            assert rules.is_legal(position, move)
            board.push_uci(uci)
            position = rules.after(position, move)
            assert rules.to_fen(position).split()[:3] == board.fen().split()[:3]
            assert rules.in_check(position) == board.is_check()
            assert rules.is_mate(position) == board.is_checkmate()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_random_games_and_their_fens_go_round(seed: int) -> None:
    rng, position = np.random.default_rng(seed), rules.parse_fen(START)
    for _ in range(80):
        moves = rules.moves_of(position)
        board = chess.Board(rules.to_fen(position) + " 0 1")
        assert len(moves) == board.legal_moves.count()
        if len(moves) == 0:
            return
        position = rules.after(position, moves[rng.integers(len(moves))])
        assert np.array_equal(rules.parse_fen(rules.to_fen(position)), position)


@pytest.mark.parametrize(
    ("fen", "count"),
    [
        ("QQQQQQnk/Q4Q1P/Q5QQ/Q6Q/Q6Q/Q6Q/Q6Q/KQQQQQQQ w - - 0 1", 266),
        ("R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1", 218),  # the most that a game can lead to
        ("1n1n1n2/PPPPPPP1/7k/8/8/8/8/K7 w - - 0 1", 3 + 4 * 4 + 6 * 4),
    ],
)
def test_more_moves_than_any_game_has_are_counted_right(fen: str, count: int) -> None:
    position = rules.parse_fen(fen)
    assert len(rules.moves_of(position)) == count == chess.Board(fen).legal_moves.count()
    assert all(rules.is_legal(position, move) for move in rules.moves_of(position))


@st.composite
def placements(draw: st.DrawFn) -> str:
    """Pieces anywhere, most of the time a king of each side, in FEN."""
    piece = st.one_of(st.just("."), st.sampled_from("QQQqRrBbNnPpKk"))
    squares = draw(st.lists(piece, min_size=64, max_size=64))
    if draw(st.integers(0, 9)):
        squares = ["." if square in "Kk" else square for square in squares]
        first, second = draw(st.lists(st.integers(0, 63), min_size=2, max_size=2, unique=True))
        squares[first], squares[second] = "K", "k"
    if draw(st.integers(0, 9)):
        squares = ["Q" if square in "Pp" and not 8 <= at < 56 else square for at, square in enumerate(squares)]
    board = "/".join("".join(squares[row : row + 8]) for row in range(0, 64, 8))
    for empty in range(8, 0, -1):
        board = board.replace("." * empty, str(empty))
    return f"{board} {draw(st.sampled_from('wb'))} {draw(st.sampled_from(['-', 'KQkq', 'Kq', 'Q', 'k']))} - 0 1"


REFUSED = (
    chess.STATUS_NO_WHITE_KING
    | chess.STATUS_NO_BLACK_KING
    | chess.STATUS_TOO_MANY_KINGS
    | chess.STATUS_PAWNS_ON_BACKRANK
    | chess.STATUS_OPPOSITE_CHECK
)
"""Of what python-chess finds wrong with positions; whether their pieces can come from a game is not asked here."""


@settings(deadline=None, max_examples=200)
@given(fen=placements())
def test_any_placement_has_the_moves_that_python_chess_finds_or_is_refused_by_both(fen: str) -> None:
    board = chess.Board(fen)
    try:
        position = rules.parse_fen(fen)
    except UserError:
        assert board.status() & REFUSED
        return
    assert not board.status() & REFUSED
    assert sorted(map(rules.to_uci, rules.moves_of(position))) == sorted(move.uci() for move in board.legal_moves)
    assert rules.is_mate(position) == board.is_checkmate()


@settings(deadline=None)
@given(text=st.text(alphabet="KQBNRPkqbnrp12345678/ wb-acefh36", max_size=80))
def test_anything_is_a_position_or_refused_in_a_sentence(text: str) -> None:
    try:
        position = rules.parse_fen(text)
    except UserError:
        return
    assert chess.Board(rules.to_fen(position) + " 0 1").king(chess.WHITE) is not None


@pytest.mark.parametrize(
    ("fen", "sentence"),
    [
        ("", "eight ranks"),
        ("8/8/8/8/8/8/8 w - -", "eight ranks"),
        ("9/8/8/8/8/8/8/8 w - -", "no piece"),
        ("kK7/8/8/8/8/8/8/8 w - -", "eight ranks"),
        ("xK6/8/8/8/8/8/8/8 w - -", "no piece"),
        ("kK6/8/8/8/8/8/8/8 x - -", "who moves"),
        ("k7/8/K7/8/8/8/8/8 w X -", "castling"),
        ("k7/8/K7/8/8/8/8/8 w - z9", "en-passant"),
        ("k7/8/K7/8/8/8/8/8 w - e4", "en-passant"),
        ("k7/8/K7/8/8/8/8/8 b - e6", "en-passant"),
        ("k7/8/K7/8/8/8/8/8 b - e3", None),
        ("8/8/K7/8/8/8/8/8 w - -", "one king"),
        ("k6P/8/K7/8/8/8/8/8 w - -", "pawn"),
        ("k7/8/K7/8/8/8/8/R7 w - -", None),
        ("k7/R7/K7/8/8/8/8/8 w - -", "in check"),
        ("♔", "no piece"),
    ],
)
def test_what_is_no_position_is_refused_and_says_why(fen: str, sentence: str | None) -> None:
    if sentence is None:
        rules.parse_fen(fen)
        return
    with pytest.raises(UserError, match=sentence):
        rules.parse_fen(fen)


@pytest.mark.parametrize("text", ["", "e2", "e2e9", "i2e4", "e7e8x", "e7e8k", "e7e8K", "e2e4e5", "ë2e4"])
def test_what_is_no_move_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is no move"):
        rules.parse_move(text)


@pytest.mark.parametrize(
    ("fen", "within", "moves"),
    [
        ("6k1/5ppp/8/8/8/8/8/R3K3 w - -", 1, ["a1a8"]),
        ("7k/8/5K2/8/8/8/8/6Q1 w - -", 1, ["g1g7"]),
        ("k7/8/1K6/8/8/8/8/7R w - -", 1, ["h1h8"]),
        ("8/8/8/8/8/2K5/1R6/k7 w - -", 1, []),
        ("kbK5/pp6/1P6/8/8/8/8/R7 w - -", 2, ["a1a6"]),
    ],
)
def test_forced_mates_are_found(fen: str, within: int, moves: list[str]) -> None:
    position, found = rules.parse_fen(fen), np.empty((rules.MOST_MOVES, 3), np.uint8)
    count = rules.mating_moves(position, within, found)
    assert [rules.to_uci(move) for move in found[:count]] == moves
    assert rules.mating_moves(position, within, found[:1]) == len(moves[:1])
