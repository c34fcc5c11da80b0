"""Chess puzzles from games that an engine plays against itself, told to be puzzles by the engine, as Lichess does it.

A puzzle is a position in which one move wins and no other does, after a move that gave it away. Stockfish plays, looks
and measures; python-chess talks to it. Everything is limited by nodes and not by time, one thread each, so that the
same seed gives the same puzzles with the same engine. Without an engine there are mates, found by exhaustive search
among the positions of random games.

A puzzle's difficulty is what it takes to find the move: the nodes of the search after which it was the best one and
stayed so. `RATING` turns it into a number on the scale of Lichess's ratings.
"""

import contextlib
import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from tqdm import tqdm

from longthink.errors import UserError
from longthink.files import atomic
from longthink.problems import _chess_rules as rules
from longthink.seeds import generator
from longthink.trials import side_by_side

if TYPE_CHECKING:
    import chess
    import chess.engine

HEADER = "PuzzleId,FEN,Moves,Rating,RatingDeviation,Popularity,NbPlays,Themes,GameUrl,OpeningTags"
GLANCE, LOOK, JUDGE = 300, 5_000, 50_000
"""Nodes of the searches that find candidates, make sure of them, and measure their difficulty."""
MARGIN = 0.5
"""By how much the best move's winning chances, in -1..1, are above the second's (Lichess wants 0.7)."""
WINNING = 0.5
"""The least winning chances of the best move, if it does not mate."""
NO_MATE = 0.85
"""The most winning chances of the second move, if the best mates and it does not."""
NOT_LOST = -0.5
"""The least winning chances of the opponent before the move that gave it away, if that does not allow a mate."""
RATING = (720.0, 112.0)
"""Rating = first + second * log2(nodes): fitted to real puzzles (docs/results)."""
CARELESS = (0.1, 0.4)
"""The least and the greatest share of a side's moves that are made at random."""
LONGEST_GAME = 160
DECIDED, AGREED = 0.9, 6
"""A game ends when winning chances were further than this from 0 for so many moves."""
TRIED, TRIES = 0.3, 8
"""The share of positions at which moves are tried that may give the game away, and how many at most."""
GAMES_AT_ONCE = 8
"""Games of a file, which is done as a whole or not at all."""
FILES_AT_ONCE = 8
"""Files that workers share out among themselves before the puzzles are counted again."""
MATES_IN_TWO = 0.02
"""The share of random positions that are searched for a mate in two."""
PLACES = (Path("/usr/games/stockfish"), Path("/usr/local/bin/stockfish"))
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Engine = Literal["stockfish", "none"]


@dataclass(frozen=True)
class Judgement:
    """What a search says of a position: the best move, and after how many nodes it was found.

    `chances` and `second` are the winning chances of the best and of the second move, -1 to 1; `line` is how it would
    go on; `mate` is in how many moves the best one mates, or is mated if below 0.
    """

    answer: str
    line: tuple[str, ...]
    chances: float
    second: float
    mate: int | None
    nodes: int

    @property
    def is_puzzle(self) -> bool:
        if self.mate is not None:
            return self.mate > 0 and self.second <= NO_MATE
        return self.chances >= WINNING and self.chances - self.second >= MARGIN

    def was_given_away(self, before: "Judgement") -> bool:
        """Whether the opponent had a better move, going by what a search said before: no mate, or not yet lost."""
        if self.mate is not None:
            return before.mate is None or before.mate > 0
        return before.chances >= NOT_LOST


def chess_puzzles(
    folder: Path,
    count: int = 20_000,
    seed: int = 0,
    engine: Engine = "stockfish",
    workers: int | None = None,
    progress: bool = True,
) -> Path:
    """Mine at least `count` chess puzzles into folder/puzzles.csv, in Lichess's columns; the file.

    Games are played in order, a few to a file of folder/games, and files that are there are not made again: so it goes
    on after an interruption, or to a higher count. Raises UserError without python-chess, or without the engine.
    """
    if count < 1:
        raise UserError(f"Mine at least 1 puzzle, not {count}.")
    path = _engine() if engine == "stockfish" else None
    parts = folder / "games"
    parts.mkdir(parents=True, exist_ok=True)
    bar = tqdm(total=count, unit="puzzle", disable=None if progress else True)
    done, files = 0, list[Path]()
    while done < count:
        wanted = [parts / f"{engine}-{seed}-{len(files) + extra:05}.csv" for extra in range(FILES_AT_ONCE)]
        missing = [(file, len(files) + place, seed, path) for place, file in enumerate(wanted) if not file.exists()]
        for failure in filter(None, side_by_side(_mine, missing, workers, progress=False)):
            raise UserError(f"Mining broke off; what was mined is kept in {parts}. {failure}")
        for file in wanted:
            files.append(file)
            done += file.read_text().count("\n")
        bar.update(min(count, done) - bar.n)
    bar.close()
    target = folder / "puzzles.csv"
    lines = [line for file in files for line in file.read_text().splitlines()]
    unique: dict[str, str] = {}
    for line in lines:
        _, fen, moves, _ = line.split(",", 3)
        unique.setdefault(f"{fen} {moves.split()[0]}", line)
    with atomic(target) as partial:
        partial.write_text("\n".join([HEADER, *unique.values(), ""]))
    return target


def difficulty(fen: str, path: str | None = None) -> tuple[Judgement, float]:
    """What the engine needs to find the best move of a position, and how many seconds that took."""
    import chess

    with _started(path or _engine()) as engine:
        begun = time.monotonic()
        judged = _judge(engine, chess.Board(fen), JUDGE)
        return judged, time.monotonic() - begun


def rating_of(nodes: int) -> int:
    """On the scale of Lichess's ratings, see `RATING`.

    >>> rating_of(64) < rating_of(4096)
    True
    """
    first, slope = RATING
    return round(first + slope * math.log2(max(1, nodes)))


def winning_chances(centipawns: float) -> float:
    """-1 (lost) to 1 (won) from an evaluation in centipawns, as Lichess reckons it.

    >>> round(winning_chances(200), 2)
    0.35
    """
    return 2 / (1 + math.exp(-0.00368208 * centipawns)) - 1


def _mine(file: Path, number: int, seed: int, path: str | None) -> None:
    """Play the games of a file and write their puzzles."""
    games = range(number * GAMES_AT_ONCE, (number + 1) * GAMES_AT_ONCE)
    if path is None:
        lines = [line for game in games for line in _mates(game, seed)]
    else:
        with _started(path) as engine:
            lines = [line for game in games for line in _game(engine, game, seed)]
    with atomic(file) as partial:
        partial.write_text("".join(line + "\n" for line in lines))


def _game(engine: "chess.engine.SimpleEngine", game: int, seed: int) -> Iterator[str]:
    """The puzzles of one game. After some random moves, each side plays what it finds, or anything, as often as chance
    has made it careless. On the way, at some positions, moves are tried that would give the game away.
    """
    import chess

    rng = generator("mining", "chess_puzzles", seed, game)
    board = chess.Board()
    for _ in range(int(rng.integers(2, 13))):
        _push_any(board, rng)
    careless, decided = rng.uniform(*CARELESS, size=2), 0
    while not board.is_game_over() and board.ply() < LONGEST_GAME and decided < AGREED:
        now = _judge(engine, board, GLANCE, game)
        if rng.random() < TRIED:
            for move in _shuffled(board, rng)[:TRIES]:
                board.push(move)
                sure = None if board.is_game_over() else _judged_thrice(engine, board, now, game)
                if sure is not None:
                    yield _line(board, sure, _name(game, board.ply()))
                board.pop()
                if sure is not None:
                    break
        decided = decided + 1 if abs(now.chances) > DECIDED else 0
        if rng.random() < careless[board.ply() % 2]:
            _push_any(board, rng)
        else:
            board.push_uci(now.answer)


def _judged_thrice(
    engine: "chess.engine.SimpleEngine", board: "chess.Board", before: Judgement, game: int
) -> Judgement | None:
    """The last of ever longer searches, if all of them find a puzzle."""
    for nodes in (GLANCE, LOOK, JUDGE):
        judged = _judge(engine, board, nodes, game)
        if not (judged.is_puzzle and judged.was_given_away(before)):
            return None
    return judged


def _shuffled(board: "chess.Board", rng: np.random.Generator) -> list["chess.Move"]:
    moves = sorted(board.legal_moves, key=str)
    return [moves[index] for index in rng.permutation(len(moves))]


def _push_any(board: "chess.Board", rng: np.random.Generator) -> None:
    for move in _shuffled(board, rng)[:1]:
        board.push(move)


def _judge(engine: "chess.engine.SimpleEngine", board: "chess.Board", nodes: int, game: object = None) -> Judgement:
    """Search so many nodes for the best two moves, and see when the best one was found."""
    import chess.engine

    wanted = chess.engine.INFO_BASIC | chess.engine.INFO_SCORE | chess.engine.INFO_PV
    found, at, lines = "", 0, dict[int, Any]()
    limit = chess.engine.Limit(nodes=nodes)
    with engine.analysis(board, limit, multipv=2, game=game, info=wanted) as analysis:
        for info in analysis:
            if "pv" not in info or "score" not in info or info.get("lowerbound") or info.get("upperbound"):
                continue
            lines[info.get("multipv", 1)] = info
            if info.get("multipv", 1) == 1 and info["pv"][0].uci() != found:
                found, at = info["pv"][0].uci(), info.get("nodes", 0)
    best = lines[1]["score"].relative
    return Judgement(
        answer=found,
        line=tuple(move.uci() for move in lines[1]["pv"][:5]),
        chances=_chances(best),
        second=_chances(lines[2]["score"].relative) if 2 in lines else -1.0,
        mate=best.mate(),
        nodes=at,
    )


def _chances(score: "chess.engine.Score") -> float:
    mate = score.mate()
    if mate is not None:
        return 1.0 if mate > 0 else -1.0
    return winning_chances(float(score.score() or 0))


def _line(board: "chess.Board", judged: Judgement, name: str) -> str:
    """A line of the CSV: the position before the last move, that move and the answer."""
    last = board.pop()
    fen = board.fen()
    board.push(last)
    themes = ["mined", f"nodes{judged.nodes}", *([f"mateIn{judged.mate}"] if judged.mate else [])]
    moves = " ".join((last.uci(), *judged.line))
    return f"{name},{fen},{moves},{rating_of(judged.nodes)},,,,{' '.join(themes)},,"


def _mates(game: int, seed: int) -> Iterator[str]:
    """Single mates in one or, now and then, in two moves from a random game, found without an engine.

    Their nodes are the positions that a search tries on the average before it meets the move, which is half of all.
    """
    rng = generator("mining", "mates", seed, game)
    position, found = (
        rules.parse_fen("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"),
        np.empty((2, 3), np.uint8),
    )
    for ply in range(LONGEST_GAME):
        moves = rules.moves_of(position)
        if len(moves) == 0:
            return
        last, move = position, moves[int(rng.integers(len(moves)))]
        position = rules.after(position, move)
        for within in (1, 2) if rng.random() < MATES_IN_TWO else (1,):
            if rules.mating_moves(position, within, found) == 1:
                nodes = max(1, rules.count_positions(position, 2 * within - 1) // 2)
                moves_text = f"{rules.to_uci(move)} {rules.to_uci(found[0])}"
                themes = f"mined nodes{nodes} mateIn{within}"
                yield f"{_name(game, ply)},{rules.to_fen(last)} 0 1,{moves_text},{rating_of(nodes)},,,,{themes},,"
                break


def _name(game: int, ply: int) -> str:
    """At most eight letters: m, and the game and the ply in base 36."""
    number, name = game * 256 + ply, ""
    while number:
        number, digit = divmod(number, 36)
        name = DIGITS[digit] + name
    return "m" + name


def _engine() -> str:
    """Where the engine is. Raises UserError if it, or python-chess, is missing."""
    try:
        import chess.engine  # noqa: F401
    except ImportError as error:
        raise UserError("Mining needs python-chess: pip install 'longthink[chess]'.") from error
    path = shutil.which("stockfish") or next((str(place) for place in PLACES if place.exists()), None)
    if path is None:
        raise UserError(
            "Mining needs the engine stockfish (apt-get install stockfish); without one, mine mates: --engine none."
        )
    return path


@contextlib.contextmanager
def _started(path: str) -> Iterator["chess.engine.SimpleEngine"]:
    import chess.engine

    with chess.engine.SimpleEngine.popen_uci(path) as engine:
        engine.configure({"Threads": 1, "Hash": 16})
        yield engine
