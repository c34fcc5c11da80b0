"""Mining: mates without an engine are checked by the rules; with Stockfish, where it is installed, that seeds count."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from longthink import registry
from longthink.base.errors import UserError
from longthink.problems.chess import _rules as rules
from longthink.problems.chess import mining as miner
from longthink.problems.chess.lichess import Lichess


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture
def one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miner, "side_by_side", lambda work, arguments, *_, **__: [work(*one) for one in arguments])
    monkeypatch.setattr(miner, "GAMES_AT_ONCE", 2)
    monkeypatch.setattr(miner, "FILES_AT_ONCE", 1)


@pytest.mark.usefixtures("one_after_the_other")
def test_mates_are_single_and_go_on_where_they_were(tmp_path: Path) -> None:
    path = miner.chess_puzzles(tmp_path / "mined", count=5, engine="none", progress=False).file
    found = lines(path)
    assert len(found) >= 5
    for line in found:
        opponent, answer = map(rules.parse_move, line["Moves"].split())
        position = rules.after(rules.parse_fen(line["FEN"]), opponent)
        within = int(line["Themes"][-1])
        mates = np.empty((9, 3), np.uint8)
        assert rules.mating_moves(position, within, mates) == 1
        assert rules.to_uci(mates[0]) == rules.to_uci(answer)
        assert within == 2 or rules.is_mate(rules.after(position, answer))
    made = {file: file.stat().st_mtime_ns for file in (tmp_path / "mined" / "games").iterdir()}
    more = lines(miner.chess_puzzles(tmp_path / "mined", count=len(found) + 1, engine="none", progress=False).file)
    assert more[: len(found)] == found
    assert len(more) > len(found)
    assert all(file.stat().st_mtime_ns == when for file, when in made.items())
    again = miner.chess_puzzles(tmp_path / "again", count=5, engine="none", progress=False).file
    assert lines(again) == found
    assert Lichess().import_files([path], tmp_path / "store") == (len(more), 0)


def test_what_cannot_be_mined_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no miner 'mazes'; known are: chess_puzzles"):
        registry.call("miners", "mazes", {}, folder=tmp_path, count=1, seed=0)
    with pytest.raises(UserError, match=r"no option 'engin' \(did you mean 'engine'"):
        registry.call("miners", "chess_puzzles", {"engin": "none"}, folder=tmp_path, count=1, seed=0)
    with pytest.raises(UserError, match="at least 1 puzzle"):
        miner.chess_puzzles(tmp_path, count=0, engine="none")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(miner, "PLACES", ())
    with pytest.raises(UserError, match="needs the engine stockfish"):
        miner.chess_puzzles(tmp_path, count=1)


@pytest.mark.usefixtures("one_after_the_other")
def test_an_engine_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "fish"
    fake.write_text("#!/bin/sh\nread line\nexit 1\n")
    fake.chmod(0o755)
    for path, sentence in ((str(fake), "The engine has ended"), (str(tmp_path / "nothing"), "cannot be started")):
        monkeypatch.setattr(miner, "find_engine", lambda path=path: path)
        with pytest.raises(UserError, match=sentence):
            miner.chess_puzzles(tmp_path / "mined", count=1, progress=False)


def test_an_engine_that_ends_without_reading_is_refused(tmp_path: Path) -> None:
    fake = tmp_path / "fish"
    fake.write_text("#!/bin/sh\nwhile read line; do case $line in *MultiPV*) exit 1; esac; done\n")
    fake.chmod(0o755)
    with pytest.raises(UserError, match="The engine has ended"), miner.Stockfish(str(fake)) as engine:
        engine.process.wait()  # so that what is said now is never read
        engine.new_game()


def test_an_engine_that_plays_what_is_not_legal_is_refused() -> None:
    position = rules.parse_fen("8/P6k/8/8/8/8/8/K7 w - -")
    assert miner._played(position, "a7a8q").tolist() == [48, 56, rules.QUEEN]
    for text in ("a7a8", "h7h8", "a1a1"):
        with pytest.raises(UserError, match=f"The engine plays {text} in .*no legal move"):
            miner._played(position, text)


def test_a_search_that_took_longer_is_rated_higher() -> None:
    ratings = [miner.rating_of(nodes) for nodes in (1, 10, 100, 1000, 50_000)]
    assert ratings == sorted(set(ratings))


@pytest.mark.parametrize(
    ("chances", "second", "mate", "puzzle"),
    [
        (0.8, 0.1, None, True),
        (0.8, 0.4, None, False),
        (0.4, -0.9, None, False),
        (1.0, 0.5, 2, True),
        (1.0, 1.0, 2, False),
        (-1.0, -1.0, -2, False),
    ],
)
def test_a_puzzle_has_one_move_that_wins(chances: float, second: float, mate: int | None, puzzle: bool) -> None:
    assert miner.Judgement("e2e4", None, (), chances, second, mate, 1).is_puzzle == puzzle


@pytest.mark.usefixtures("one_after_the_other")
def test_an_engine_finds_the_same_puzzles_again(tmp_path: Path) -> None:
    if shutil.which("stockfish") is None and not any(place.exists() for place in miner.PLACES):
        pytest.skip("stockfish is not installed")
    first, again = (miner.chess_puzzles(tmp_path / name, count=2, progress=False) for name in ("first", "again"))
    assert first.read_text() == again.read_text()
    assert len(lines(first)) >= 2
    assert Lichess().import_files([first], tmp_path / "store") == (len(lines(first)), 0)
    with miner.Stockfish(miner.find_engine()) as engine:
        judged = engine.judge(rules.parse_fen("6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1"), 1000)
    assert judged.answer == "a1a8"
    assert judged.mate == 1
