"""Matches: two players, both colours, all openings, thousands of games side by side; and how strong each is.

A match is of pairs: the same opening twice, with the colours exchanged. Elo is 400 log10(s / (1 - s)) for a score s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.games.contract import Game, Positions
from longthink.games.players import Player, keys_of
from longthink.registry import name_of

if TYPE_CHECKING:
    import pandas as pd

Openings = Literal["all", "start"]
NORMAL = 1.96
"""Standard errors on each side of an interval of 95 %."""
PRIOR = 2
"""Pairs won, and pairs lost, that an interval adds to those played, as Agresti and Coull (1998) do."""
ROUNDS = 10_000
"""Of the fixed-point iteration for Elo, at most."""


@dataclass(frozen=True)
class Result:
    """What a match came to, for the first of the two players named."""

    game: str
    level: int
    one: str
    other: str
    games: int
    different: int
    """Pairs of games of which no two went alike, move by move."""
    wins: int
    draws: int
    losses: int
    score: float
    """Share of the points: 1 for a game won, 1/2 drawn."""
    low: float
    """Of the score, with 95 % confidence: see `interval`."""
    high: float
    elo: float
    """How much stronger; infinite where all games were won, or lost."""
    elo_low: float
    elo_high: float
    moves: float
    """Of a game, on average, with those of its opening."""


def match(
    one: Player, other: Player, game: Game, level: int, games: int, seed: int = 0, openings: Openings = "all"
) -> Result:
    """Let two players play each other.

    Each opening is played in pairs, once with `one` as the first player and once with `other`. Pairs go round all
    openings in an order that the seed draws: of 25 openings, 100 games are 2 pairs of each, and 20 games 1 pair of 10.
    What is random in a pair is seeded by the seed and its number alone, so `match(other, one, ...)` is the same games.

    Args:
        one: of whom the result tells.
        other: the other one.
        game: what is played.
        level: the board.
        games: an even number.
        seed: of all that is random.
        openings: "all" begins after each first move (`Game.openings`); "start" from the first position (`Game.start`).

    Raises:
        UserError: an odd number of games or none, a level that there is not, or what a player raises.

    >>> import longthink as lt
    >>> from longthink.games.players import Exact, Random
    >>> result = match(Exact(), Random(), lt.game("hex"), level=3, games=18)
    >>> result.wins, result.losses
    (16, 2)
    """
    if games < 2 or games % 2:
        raise UserError(f"A match is of pairs of games, with colours exchanged: ask for 2, 4, ... games, not {games}.")
    pairs = np.arange(games // 2)
    begun = _openings(game, level, len(pairs), seed, openings)
    straight, record = _played(one, other, begun, pairs, seed)
    exchanged, exchanged_record = _played(other, one, begun, pairs, seed)
    points = np.stack([straight.score, -exchanged.score], 1).astype(np.float64)
    different = len(np.unique(np.concatenate([record, exchanged_record], 1), axis=0))
    means = (points.mean(1) + 1) / 2
    score, (low, high) = float(means.mean()), interval(means, different)
    return Result(
        name_of(type(game)),
        level,
        one.name,
        other.name,
        games,
        different,
        int((points > 0).sum()),
        int((points == 0).sum()),
        int((points < 0).sum()),
        score,
        low,
        high,
        elo(score),
        elo(low),
        elo(high),
        float(np.concatenate([straight.ply, exchanged.ply]).mean()),
    )


def rounds(
    first: Player, second: Player, positions: Positions, pairs: NDArray[np.int64], seed: int
) -> Iterator[tuple[Positions, NDArray[np.int64]]]:
    """Play on from positions until all games are over: the moves of each round, and the positions that they led to.

    In games that are over the move is -1. `pairs` (B,) number the games for what is random.
    """
    game, players = positions.game, (first, second)
    while not positions.over.all():
        moves = np.full(len(positions), -1)
        keys = keys_of(seed, pairs, positions.ply)
        for side, player in enumerate(players):
            mine = (~positions.over & (positions.player == side)).nonzero()[0]
            if len(mine):
                moves[mine] = player.choose(positions[mine], keys[mine])
        positions = game.play(positions, moves)
        yield positions, moves


def matrix(
    players: Sequence[Player], game: Game, level: int, games: int, seed: int = 0, openings: Openings = "all"
) -> "pd.DataFrame":
    """A match of each player with each other: a row for each pair, with the fields of `Result`.

    Raises UserError as `match` does, and for two players of one name.
    """
    import pandas as pd  # here, since a match needs none

    names = [player.name for player in players]
    if len(set(names)) < len(names) or len(names) < 2:
        raise UserError(f"A matrix is of 2 or more players with different names, not of {', '.join(names) or 'none'}.")
    results = [match(one, other, game, level, games, seed, openings) for one, other in combinations(players, 2)]
    return pd.DataFrame([asdict(result) for result in results])


def ratings(rows: "pd.DataFrame", anchor: str | None = None) -> "pd.DataFrame":
    """Elo of all players of a matrix, the strongest first: those under which the results are likeliest (Bradley-Terry).

    A draw counts as half a win of each. To what was played one drawn game is added for each two that met, without which
    who wins all games would be infinitely strong. `anchor` is the player whose Elo is 0, by default the first.

    Raises UserError for an anchor that did not play.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"one": ["a"], "other": ["b"], "games": [10_000], "score": [10 / 11]})
    >>> ratings(rows, anchor="b").round().values.tolist()
    [['a', 400.0], ['b', 0.0]]
    """
    import pandas as pd

    names = list(dict.fromkeys([*rows["one"], *rows["other"]]))
    anchor = names[0] if anchor is None else anchor
    if anchor not in names:
        raise UserError(f"{anchor} is no player of this matrix: choose one of {', '.join(names)}.")
    place = {name: index for index, name in enumerate(names)}
    points, met = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for row in rows.itertuples():
        one, other, games = place[str(row.one)], place[str(row.other)], float(row.games)  # type: ignore[arg-type]
        won = float(row.score) * games  # type: ignore[arg-type]
        points[one] += won + 0.5
        points[other] += games - won + 0.5
        met[one, other] += games + 1
        met[other, one] += games + 1
    strength = np.ones(len(names))
    for _ in range(ROUNDS):  # Zermelo 1929; Hunter 2004, equation 3
        before = strength
        strength = points / (met / (strength[:, None] + strength)).sum(1)
        strength = strength / strength[place[anchor]]
        if np.allclose(strength, before, rtol=1e-10, atol=0):
            break
    table = pd.DataFrame({"player": names, "elo": 400 * np.log10(strength) + 0.0})
    return table.sort_values("elo", ascending=False, kind="stable", ignore_index=True)


def interval(means: NDArray[np.floating], different: int) -> tuple[float, float]:
    """Where a score lies with 95 % confidence, from the means (N,) of pairs of games.

    Mean and variance of the pairs, to which 2 that were won and 2 that were lost are added, so that an interval has a
    width where all pairs came to the same (Agresti and Coull 1998). Two games with one opening are not independent,
    so that pairs are counted and not games; and those that are another's repetition, as games of players in whom
    nothing is random are, count once: `different` is the number of the others.

    >>> [round(end, 3) for end in interval(np.ones(100), different=100)]
    [0.954, 1.0]
    """
    count = different + 2 * PRIOR
    mean = (means.mean() * different + PRIOR) / count
    square = (np.square(means).mean() * different + PRIOR) / count
    error = NORMAL * np.sqrt((square - mean**2) / count)
    return max(0.0, float(mean - error)), min(1.0, float(mean + error))


def elo(score: float) -> float:
    """How much stronger who scores so much is; infinite for 0 and 1.

    >>> elo(0.5), elo(10 / 11), elo(1.0)
    (0.0, 400.0, inf)
    """
    if score in (0.0, 1.0):
        return float("inf") if score else float("-inf")
    return round(400 * float(np.log10(score / (1 - score))), 9) + 0.0


def _openings(game: Game, level: int, pairs: int, seed: int, openings: Openings) -> Positions:
    """A position for each pair."""
    if openings == "start":
        return game.start(level, pairs, seed)
    found = game.openings(level)
    order = generator("openings", seed).permutation(len(found))
    return found[np.resize(order, pairs)]


def _played(
    first: Player, second: Player, begun: Positions, pairs: NDArray[np.int64], seed: int
) -> tuple[Positions, NDArray[np.int64]]:
    """The ends of games, and what each of them was, (B, ...): the board it began from and its moves."""
    ended, record = begun, [begun.board.reshape(len(begun), -1).astype(np.int64)]
    for ended, moves in rounds(first, second, begun, pairs, seed):  # noqa: B007
        record.append(moves[:, None])
    return ended, np.concatenate(record, 1)
