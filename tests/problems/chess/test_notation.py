"""Moves in SAN and UCI as people write them, EPD, and what is no answer."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.problems.chess import _rules as rules
from longthink.problems.chess._notation import read_move, read_puzzle
from longthink.problems.chess.problem import ChessPuzzles

chess = pytest.importorskip("chess")
SAMPLE = Path(__file__).parent / "lichess_500.csv"
BACK_RANK = "6k1/5ppp/8/8/8/8/8/R3K3 w - -"
MANY_WAYS = "1n2rk2/P2P4/8/4pP2/8/8/8/R3K2R w KQ e6"
TWO_ROOKS = "7k/8/8/8/8/3q4/8/R4RK1 w - -"


@pytest.mark.parametrize(
    ("fen", "text", "uci"),
    [
        (BACK_RANK, "a1a8", "a1a8"),
        (BACK_RANK, "Ra8#", "a1a8"),
        (BACK_RANK, "Ra8", "a1a8"),
        (BACK_RANK, "Ra8++", "a1a8"),
        (BACK_RANK, "Ra8+!?", "a1a8"),
        (BACK_RANK, "1.Ra8#", "a1a8"),
        (BACK_RANK, "1. Ra8 #", "a1a8"),
        (BACK_RANK, "Ra1-a8", "a1a8"),
        (BACK_RANK, "Raa8", "a1a8"),
        (BACK_RANK, "R1a8", "a1a8"),
        (BACK_RANK, "a1-a8", "a1a8"),
        (MANY_WAYS, "O-O", "e1g1"),
        (MANY_WAYS, "0-0-0", "e1c1"),
        (MANY_WAYS, "o-o", "e1g1"),
        (MANY_WAYS, "O\u2013O", "e1g1"),
        (MANY_WAYS, "Ke1-g1", "e1g1"),
        (MANY_WAYS, "fxe6", "f5e6"),
        (MANY_WAYS, "fxe6 e.p.", "f5e6"),
        (MANY_WAYS, "fe6", "f5e6"),
        (MANY_WAYS, "axb8=Q", "a7b8q"),
        (MANY_WAYS, "axb8=n", "a7b8n"),
        (MANY_WAYS, "axb8(N)", "a7b8n"),
        (MANY_WAYS, "a8=R", "a7a8r"),
        (MANY_WAYS, "a8B", "a7a8b"),
        (MANY_WAYS, "a7-a8=Q", "a7a8q"),
        (MANY_WAYS, "a7a8N", "a7a8n"),
        (MANY_WAYS, "dxe8=N+", "d7e8n"),
        (MANY_WAYS, "Rxa7", None),
        (MANY_WAYS, "Kd2", "e1d2"),
        (MANY_WAYS, "d2", None),
        (MANY_WAYS, "e6", None),
        (TWO_ROOKS, "Rad1", "a1d1"),
        (TWO_ROOKS, "Rf8#", "f1f8"),
        ("7k/8/8/8/8/8/2P5/4K3 w - -", "c4", "c2c4"),
        ("6k1/8/8/8/8/1n6/P1P5/B3K3 w - -", "axb3", "a2b3"),
    ],
)
def test_a_move_is_read_however_it_is_written(fen: str, text: str, uci: str | None) -> None:
    if uci is None:
        with pytest.raises(UserError, match="no legal move"):
            read_puzzle(f"{fen} {text}")
        return
    for counters in ("", "3 17 "):
        _, moves, _ = read_puzzle(f"{fen} {counters}{text}")
        assert [rules.to_uci(move) for move in moves] == [uci]


def test_every_move_of_real_games_is_read_in_san_and_uci() -> None:
    for row in list(csv.DictReader(SAMPLE.read_text().splitlines()))[:60]:
        board = chess.Board(row["FEN"])
        position = rules.parse_fen(row["FEN"])
        for move in board.legal_moves:
            for text in (board.san(move), board.lan(move), move.uci()):
                assert rules.to_uci(read_move(position, text)) == move.uci()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{TWO_ROOKS} Rd1", r"'Rd1' may be Rad1 or Rfd1 here; write one of them"),
        ("8/P6k/8/8/8/8/8/K7 w - - a8", r"does not say what the pawn becomes; write a8=Q.* or a8=N"),
        ("8/P6k/8/8/8/8/8/K7 w - - 0 1 a7a8", "does not say what the pawn becomes"),
        (f"{BACK_RANK} Ra9", "'Ra9' is no legal move"),
        (f"{BACK_RANK} 0 1 mate", "'mate' is no legal move"),
        (f"{BACK_RANK} - Ra8", "'- Ra8' is no legal move"),
        (f"{BACK_RANK} xRa8", "'xRa8' is no legal move"),
        (f"{BACK_RANK} a1a8 g8h8", "'a1a8 g8h8' is no legal move"),
        (f"{BACK_RANK} 0 1 2 3", "'2 3' is no legal move"),
        (f"{BACK_RANK} bm Rb9;", "'Rb9' is no legal move"),
        (f"{BACK_RANK} bm ;", "no legal move"),
        (f'{BACK_RANK} id "x"; bm;', "names no move after bm or am"),
        (f"{BACK_RANK} bm Ra8; best Ra8;", "'best Ra8;' is no operation of EPD"),
        (f'{BACK_RANK} bm Ra8; id "x', "is no operation of EPD"),
        (f"{BACK_RANK} dm 3;", "'dm 3' names no move"),
        ("7k/8/8/8/8/8/8/R3K3 w - - dm 1;", "no move mates within so many"),
        (f"{BACK_RANK.replace(' w - -', ' w x -')} Ra8", "'x - Ra8' is no legal move"),
        (f"{BACK_RANK.replace(' w - -', ' w - e3')} Ra8", "en-passant"),
        ("no/such/file.epd", "There is no file no/such/file.epd"),
    ],
)
def test_what_is_not_understood_is_refused_and_never_dropped(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_puzzle(text)


def marks(*squares: str) -> torch.Tensor:
    answer = torch.zeros(1, 8, 8, dtype=torch.long)
    for square in squares:
        answer[0, int(square[1]) - 1, "abcdefgh".index(square[0])] = 1
    return answer


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        (f'{BACK_RANK} bm Ra8#; id "x.001";', ["a1a8"], ["a1a7", "e1e2"]),
        (f"{BACK_RANK} bm Ra8", ["a1a8"], ["a1a7"]),
        (f'{BACK_RANK} 0 1 id "bm; Rb1"; c0 "x"; bm a1a8;', ["a1a8"], ["a1b1"]),
        (f"{BACK_RANK} bm Rb1 Rc1;", ["a1b1", "a1c1"], ["a1d1", "a1a8"]),
        (f"{BACK_RANK} bm Rb1, Rc1; dm 4;", ["a1b1", "a1c1"], ["a1d1"]),
        (f"{BACK_RANK} am Ra7 Kd1;", ["a1a8", "e1e2"], ["a1a7", "e1d1"]),
        (f"{BACK_RANK} dm 1;", ["a1a8"], ["a1a7"]),
        ("kbK5/pp6/1P6/8/8/8/8/R7 w - - dm 2;", ["a1a6"], ["a1a7"]),
    ],
)
def test_each_of_the_answers_of_epd_is_right(text: str, right: list[str], wrong: list[str]) -> None:
    problem = ChessPuzzles()
    puzzles = problem.view.parse(text)
    assert puzzles.known
    for moves, is_right in ((right, True), (wrong, False)):
        for move in moves:
            assert problem.correct(marks(move[:2], move[2:]), puzzles).tolist() == [is_right]


def test_what_is_to_be_avoided_is_no_answer_to_draw() -> None:
    problem = ChessPuzzles()
    assert int(problem.view.parse(f"{BACK_RANK} am Ra7;").y.sum()) == 0
    best = problem.view.parse(f"{BACK_RANK} bm Rb1 Rc1;")
    assert torch.equal(best.y, marks("a1", "b1"))


@pytest.mark.parametrize("remarks", ['id "x";', 'ce 30; pv Ra8; c9 "Ra8";', "c4 10;"])
def test_remarks_alone_leave_the_answer_open(remarks: str) -> None:
    puzzles = ChessPuzzles().view.parse(f"{BACK_RANK} {remarks}")
    assert not puzzles.known
    assert np.array_equal(puzzles.extras["position"][0].numpy(), rules.parse_fen(BACK_RANK))


def test_a_file_with_one_position_is_read(tmp_path: Path) -> None:
    (tmp_path / "one.epd").write_bytes(b"\xef\xbb\xbf" + f"{BACK_RANK} bm Ra8#;\r\n\r\n".encode())
    _, moves, _ = read_puzzle(str(tmp_path / "one.epd"))
    assert [rules.to_uci(move) for move in moves] == ["a1a8"]
    (tmp_path / "two.epd").write_text(f"{BACK_RANK} bm Ra8#;\n" * 2)
    with pytest.raises(UserError, match="two.epd has several lines, and one is taken"):
        read_puzzle(str(tmp_path / "two.epd"))


@pytest.mark.parametrize("letter", ["0", "O", "+", "e.p.", " ", "1 .", "bm ", "-", '"', "a", ";"])
def test_long_texts_are_refused_at_once(letter: str) -> None:
    for length in (5_000, 400_000):
        with pytest.raises(UserError):
            read_puzzle("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 Ra8" + letter * (length // len(letter)) + "x")
