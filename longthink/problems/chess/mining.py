"""Chess puzzles from games that an engine plays against itself, told to be puzzles by the engine, as Lichess does it.

A puzzle is a position in which one move wins and no other does, after a move that gave it away. Stockfish plays, looks
and measures, asked in UCI, the protocol of chess engines. Everything is limited by nodes and not by time, one thread
each, so that the same seed gives the same puzzles with the same engine. Without an engine there are mates, found by
exhaustive search among the positions of random games.

A puzzle's difficulty is what it takes to find the move: the nodes of the search after which it was the best one and
stayed so. `RATING` turns it into a number on the scale of Lichess's ratings.
"""

import math
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Literal

import numpy as np
from tqdm import tqdm

from longthink.base.errors import UserError
from longthink.base.files import atomic, check_writable
from longthink.base.parallel import side_by_side
from longthink.base.seeds import generator
from longthink.contracts import Mined
from longthink.problems.chess import _rules as rules
from longthink.problems.chess.lichess import HEADER
from longthink.registry import register

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
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
RATING = (825.0, 98.6)
"""Rating = first + second * log2(nodes): fitted to real puzzles (docs/results)."""
CARELESS = (0.05, 0.3)
"""The least and the greatest share of a side's moves that are made at random."""
LONGEST_GAME = 160
DECIDED, GIVEN_UP = 0.9, 0.2
"""When winning chances are further than this from 0, a game ends with this probability at each move."""
TRIED, TRIES = 0.4, 10
"""The share of positions at which other moves are tried that may give the game away, and how many at most."""
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

    `chances` and `second` are the winning chances of the best and of the second move, -1 to 1; `other` is that second
    move, if there is one; `line` is how it would go on; `mate` is in how many moves the best one mates, or is mated if
    below 0.
    """

    answer: str
    other: str | None
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

    def is_given_away(self, before: "Judgement") -> bool:
        """Whether it is a puzzle, and the opponent had a better move: was not to be mated, or was not yet lost."""
        if not self.is_puzzle:
            return False
        if self.mate is not None:
            return before.mate is None or before.mate > 0
        return before.chances >= NOT_LOST


@register
def chess_puzzles(
    folder: Path,
    count: int = 20_000,
    seed: int = 0,
    engine: Engine = "stockfish",
    workers: int | None = None,
    progress: bool = True,
) -> Mined:
    """Mine `count` chess puzzles or some more into folder/puzzles.csv, in Lichess's columns; the file.

    Equal ones are then left out. Games are played in order, a few to a file of folder/games, and files that are there
    are not made again: so it goes on after an interruption, or to a higher count. Raises UserError without the engine.
    """
    if count < 1:
        raise UserError(f"Mine at least 1 puzzle, not {count}.")
    path = find_engine() if engine == "stockfish" else None
    parts = folder / "games"
    check_writable(parts)
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
    return Mined(target)


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
        with Stockfish(path) as engine:
            lines = [line for game in games for line in _game(engine, game, seed)]
    with atomic(file) as partial:
        partial.write_text("".join(line + "\n" for line in lines))


class Stockfish:
    """The engine as a process of its own. Raises UserError where it ends or cannot be started."""

    def __init__(self, path: str):
        try:
            self.process = subprocess.Popen([path], stdin=PIPE, stdout=PIPE, text=True, bufsize=1)
        except OSError as error:
            raise UserError(f"The engine {path} cannot be started: {error.strerror}.") from error
        self._say("uci", "setoption name Threads value 1", "setoption name Hash value 4")
        self._say("setoption name MultiPV value 2")

    def __enter__(self) -> "Stockfish":
        return self

    def __exit__(self, *_: object) -> None:
        # Closing the pipes flushes what an engine that has ended never read.
        with suppress(BrokenPipeError), self.process:
            self.process.kill()

    def new_game(self) -> None:
        """Forget what was seen."""
        self._say("ucinewgame", "isready")
        self._until("readyok")

    def judge(self, position: rules.Position, nodes: int) -> Judgement:
        """Search so many nodes for the best two moves, and see when the best one was found."""
        self._say(f"position fen {rules.to_fen(position)} 0 1", f"go nodes {nodes}")
        answer, found, best, second = "", 0, list[str](), list[str]()
        for line in self._until("bestmove"):
            words = line.split()
            if "pv" not in words or "lowerbound" in words or "upperbound" in words:
                continue
            if words[words.index("multipv") + 1] == "2":
                second = words
                continue
            best = words
            move = words[words.index("pv") + 1]
            if move != answer:
                answer, found = move, int(words[words.index("nodes") + 1])
        kind, score = _score(best)
        return Judgement(
            answer=answer,
            other=second[second.index("pv") + 1] if second else None,
            line=tuple(best[best.index("pv") + 1 :][:5]),
            chances=_chances(kind, score),
            second=_chances(*_score(second)) if second else -1.0,
            mate=score if kind == "mate" else None,
            nodes=found,
        )

    def _say(self, *lines: str) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # an engine that has ended is noticed when its answer is read
            self.process.stdin.writelines(line + "\n" for line in lines)

    def _until(self, word: str) -> list[str]:
        """What it says before a line that begins with this word. Raises UserError if it ends before."""
        assert self.process.stdout is not None
        said: list[str] = []
        for line in self.process.stdout:
            if line.startswith(word):
                return said
            said.append(line)
        raise UserError("The engine has ended; is it a chess engine?")


def _score(words: list[str]) -> tuple[str, int]:
    """cp or mate, and how many."""
    place = words.index("score")
    return words[place + 1], int(words[place + 2])


def _chances(kind: str, score: int) -> float:
    if kind == "mate":
        return 1.0 if score > 0 else -1.0
    return winning_chances(score)


def _game(engine: Stockfish, game: int, seed: int) -> Iterator[str]:
    """The puzzles of one game.

    After some random moves, each side plays what it finds at a glance, or, as often as chance has made it careless,
    anything. At some positions other moves are tried that may give the game away: the one that looked second best,
    whose mistake is hard to see, and some at random, whose mistake is easy to see.
    """
    rng = generator("mining", "chess_puzzles", seed, game)
    position = rules.parse_fen(START)
    opening, careless = int(rng.integers(2, 13)), rng.uniform(*CARELESS, size=2)
    engine.new_game()
    for ply in range(LONGEST_GAME):
        moves = rng.permutation(rules.moves_of(position))
        if len(moves) == 0:
            return
        if ply < opening:
            position = rules.after(position, moves[0])
            continue
        now = engine.judge(position, GLANCE)
        if abs(now.chances) > DECIDED and rng.random() < GIVEN_UP:
            return
        if rng.random() < TRIED:
            names = (_name("m", game, 2 * ply + which) for which in range(2))
            if now.other is not None and now.second > NOT_LOST:
                other = _played(position, now.other)[None]
                yield from _given_away(engine, position, other, now, (LOOK,), next(names))
            yield from _given_away(engine, position, moves[1 : 1 + TRIES], now, (GLANCE, LOOK), next(names))
        careful = rng.random() >= careless[ply % 2]
        position = rules.after(position, _played(position, now.answer) if careful else moves[0])


def _played(position: rules.Position, text: str) -> rules.Moves:
    """An engine's move. Raises UserError for one that is not legal."""
    move = rules.parse_move(text)
    if not rules.is_legal(position, move):
        raise UserError(
            f"The engine plays {text} in '{rules.to_fen(position)}', which is no legal move; is it a chess engine?"
        )
    return move


def _given_away(
    engine: Stockfish,
    before: rules.Position,
    moves: rules.Moves,
    expected: Judgement,
    searches: tuple[int, ...],
    name: str,
) -> Iterator[str]:
    """The first puzzle that one of these moves makes of a position, as a line of the CSV, if there is any.

    It must be one by all of the `searches`, and then by one that has seen nothing before.
    """
    for move in moves:
        position = rules.after(before, move)
        if len(rules.moves_of(position)) == 0:
            continue
        if not all(engine.judge(position, nodes).is_given_away(expected) for nodes in searches):
            continue
        engine.new_game()
        judged = engine.judge(position, JUDGE)
        if judged.is_given_away(expected):
            line = " ".join((rules.to_uci(move), *judged.line))
            themes = " ".join(["mined", f"nodes{judged.nodes}", *([f"mateIn{judged.mate}"] if judged.mate else [])])
            yield f"{name},{rules.to_fen(before)} 0 1,{line},{rating_of(judged.nodes)},,,,{themes},,"
            return


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
                yield f"{_name('x', game, ply)},{rules.to_fen(last)} 0 1,{moves_text},{rating_of(nodes)},,,,{themes},,"
                break


def _name(kind: str, game: int, ply: int) -> str:
    """At most eight letters: m for mined or x for mates by exhaustive search, the game and the ply in base 36."""
    number, name = game * 256 + ply, ""
    while number:
        number, digit = divmod(number, 36)
        name = DIGITS[digit] + name
    return kind + name


def find_engine() -> str:
    """Where the engine is. Raises UserError if it is missing."""
    path = shutil.which("stockfish") or next((str(place) for place in PLACES if place.exists()), None)
    if path is None:
        raise UserError(
            "Mining needs the engine stockfish (apt-get install stockfish); without one, mine mates: --engine none."
        )
    return path
