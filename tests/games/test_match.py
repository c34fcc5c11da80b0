"""Matches: known results, intervals, Elo."""

from dataclasses import asdict
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import longthink as lt
from longthink.base.errors import UserError
from longthink.games.contract import Moves, Positions
from longthink.games.exact import values
from longthink.games.match import elo, interval, match, matrix, ratings, rounds
from longthink.games.players import Exact, Keys, MonteCarlo, Player, Random, Rule

GAME = lt.game("hex")


class Recording(Random):
    """Plays at random, and keeps what it was asked."""

    def __init__(self) -> None:
        object.__setattr__(self, "asked", [])

    def choose(self, positions: Positions, keys: Keys) -> Moves:
        self.asked.append(positions)  # type: ignore[attr-defined]
        return super().choose(positions, keys)


def ended(first: Player, second: Player, positions: Positions, numbers: np.ndarray, seed: int = 0) -> Positions:
    *_, (last, _) = rounds(first, second, positions, numbers, seed)
    return last


@pytest.mark.parametrize("other", [Random(), Rule(), MonteCarlo(20)], ids=lambda player: player.name)
def test_exact_play_never_loses_what_is_won(other: Player) -> None:
    openings = GAME.openings(3)
    won = openings[values(openings).max(1) == 1]
    assert 0 < len(won) < 9
    many = won[np.tile(np.arange(len(won)), 20)]
    assert (ended(other, Exact(), many, np.arange(len(many))).score == -1).all()
    start = GAME.start(3, 40)
    assert (ended(Exact(), other, start, np.arange(40)).score == 1).all()


def test_search_and_rule_beat_chance() -> None:
    for player in (MonteCarlo(50), Rule()):
        assert match(player, Random(), GAME, level=5, games=40).score > 0.9


def test_a_match_of_the_others_is_the_same_games() -> None:
    one = match(MonteCarlo(10), Random(), GAME, 3, games=60, seed=3)
    other = match(Random(), MonteCarlo(10), GAME, 3, games=60, seed=3)
    assert (one.wins, one.draws, one.losses) == (other.losses, other.draws, other.wins)
    assert 0 < one.losses < one.wins
    assert (one.different, one.moves) == (other.different, other.moves)
    assert one.score == pytest.approx(1 - other.score)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))
    assert one.elo == pytest.approx(-other.elo)


def test_the_same_seed_is_the_same_match() -> None:
    found = [match(Random(), MonteCarlo(3), GAME, 4, games=80, seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_a_game_is_the_same_alone_and_among_others() -> None:
    openings, numbers = GAME.openings(4), np.arange(16) + 5
    together = ended(MonteCarlo(10), Random(), openings, numbers)
    for which in range(0, 16, 5):
        alone = ended(MonteCarlo(10), Random(), openings[[which]], numbers[[which]])
        assert np.array_equal(alone.board[0], together.board[which])
        assert alone.score[0] == together.score[which]


def test_pairs_go_round_all_openings_with_both_colours() -> None:
    one, other = Recording(), Recording()
    result = match(one, other, GAME, 3, games=36)
    assert result.games == result.wins + result.losses == 36
    for player in (one, other):  # who is second moves first after an opening, in each half of the match
        begun = player.asked[[positions.ply[0] for positions in player.asked].index(1)]
        assert len(begun) == 18
        _, counts = np.unique(begun.board.reshape(18, 9), axis=0, return_counts=True)
        assert counts.tolist() == [2] * 9
    few = Recording()
    match(few, Random(), GAME, 3, games=8)
    assert len(np.unique(few.asked[0].board.reshape(-1, 9), axis=0)) == 4


def test_without_openings_games_begin_at_the_start() -> None:
    one = Recording()
    match(one, Random(), GAME, 3, games=8, openings="start")
    assert (one.asked[0].ply == 0).all()
    assert len(one.asked[0]) == 4


def test_repeated_games_count_once() -> None:
    result = match(Rule(), Rule(), GAME, 3, games=90)
    assert (result.different, result.score) == (9, 0.5)
    once = match(Rule(), Rule(), GAME, 3, games=18)
    assert (once.low, once.high) == (result.low, result.high)
    assert match(Random(), Rule(), GAME, 5, games=90).different == 45


def test_the_moves_of_a_game_are_counted_with_its_opening() -> None:
    assert match(Rule(), Rule(), GAME, 2, games=8).moves == 3.5  # a1 and b2 lose in 4, b1 and a2 win in 3


def test_games_come_in_pairs() -> None:
    for games in (0, 1, 7, -2):
        with pytest.raises(UserError, match=f"ask for 2, 4, ... games, not {games}"):
            match(Random(), Random(), GAME, 3, games)


@given(st.floats(-1500, 1500))
def test_elo_is_the_inverse_of_the_logistic_curve(difference: float) -> None:
    assert elo(1 / (1 + 10 ** (-difference / 400))) == pytest.approx(difference, abs=1e-3)


def test_known_elo() -> None:
    assert elo(0.5) == 0
    assert elo(0.75) == pytest.approx(190.848501888)  # 400 log10 3
    assert elo(1.0) == np.inf
    assert elo(0.0) == -np.inf


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=200))
def test_an_interval_contains_the_score_and_turns_with_it(means: list[float]) -> None:
    pairs = np.array(means)
    low, high = interval(pairs, len(pairs))
    assert 0 <= low < high <= 1
    assert low <= pairs.mean() <= high
    turned = interval(1 - pairs, len(pairs))
    assert turned == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("won", "count"), [(0, 10), (7, 20), (50, 60)])
def test_an_interval_of_pairs_won_or_lost_is_that_of_agresti_and_coull(won: int, count: int) -> None:
    share, tries = (won + 2) / (count + 4), count + 4
    half = 1.96 * np.sqrt(share * (1 - share) / tries)
    low, high = interval(np.repeat([1.0, 0.0], [won, count - won]), count)
    assert (low, high) == pytest.approx((max(0, share - half), min(1, share + half)))


@pytest.mark.parametrize("chance", [0.5, 0.8, 0.95])
def test_an_interval_holds_the_true_score_as_often_as_it_says(chance: float) -> None:
    rng = np.random.default_rng(0)
    games = rng.random((2000, 50, 2)) < chance
    inside = [low <= chance <= high for low, high in (interval(pairs.mean(1), 50) for pairs in games)]
    assert 0.93 < np.mean(inside) < 0.985


def test_a_matrix_has_each_pair_once() -> None:
    players = [Random(), MonteCarlo(5), Rule()]
    rows = matrix(players, GAME, 4, games=16)
    names = ["random", "monte_carlo 5", "rule"]
    assert rows[["one", "other"]].values.tolist() == [list(pair) for pair in combinations(names, 2)]
    assert rows.score.tolist() == [match(one, other, GAME, 4, 16).score for one, other in combinations(players, 2)]
    table = ratings(rows, anchor="random")
    assert table.player.tolist() == ["rule", "monte_carlo 5", "random"]
    assert table.elo.iloc[-1] == 0
    assert np.isfinite(table.elo).all()


def test_a_matrix_is_of_players_that_can_be_told_apart() -> None:
    with pytest.raises(UserError, match="different names, not of random, random"):
        matrix([Random(), Random()], GAME, 3, games=2)
    with pytest.raises(UserError, match="different names, not of none"):
        matrix([], GAME, 3, games=2)


def rows_of(strengths: dict[str, float], games: int) -> pd.DataFrame:
    """What is to be expected of players of these Elo."""
    names = list(strengths)
    rows = pd.DataFrame(list(combinations(names, 2)), columns=["one", "other"])
    behind = rows.other.map(strengths) - rows.one.map(strengths)
    return rows.assign(games=games, score=1 / (1 + 10 ** (behind / 400)))


def test_ratings_find_the_strengths_that_results_come_from() -> None:
    strengths = {"a": -310.0, "b": 0.0, "c": 125.0, "d": 480.0}
    found = ratings(rows_of(strengths, games=10_000_000), anchor="b")
    assert found.player.tolist() == ["d", "c", "b", "a"]
    assert found.elo.tolist() == pytest.approx([480.0, 125.0, 0.0, -310.0], abs=0.02)
    moved = ratings(rows_of(strengths, games=10_000_000))
    assert moved.set_index("player").elo["b"] == pytest.approx(310.0, abs=0.02)


def test_ratings_expect_the_points_that_were_made() -> None:
    """Where the likelihood is greatest, each player's points are those expected of it."""
    rows = pd.DataFrame(
        [("a", "b", 20, 0.85), ("b", "c", 40, 0.5), ("a", "c", 10, 0.7), ("c", "d", 6, 0.25)],
        columns=["one", "other", "games", "score"],
    )
    strength = ratings(rows).set_index("player").elo
    for name in "abcd":
        made = expected = 0.0
        for row in rows.itertuples():
            if name in (row.one, row.other):
                against = row.other if name == row.one else row.one
                made += row.games * (row.score if name == row.one else 1 - row.score) + 0.5
                expected += (row.games + 1) / (1 + 10 ** ((strength[against] - strength[name]) / 400))
        assert made == pytest.approx(expected, abs=1e-5)


def test_who_wins_all_is_rated_by_one_drawn_game() -> None:
    rows = pd.DataFrame({"one": ["a"], "other": ["b"], "games": [100], "score": [1.0]})
    assert ratings(rows, anchor="b").elo.iloc[0] == pytest.approx(400 * np.log10(100.5 / 0.5), abs=1e-4)


def test_an_anchor_has_played() -> None:
    with pytest.raises(UserError, match="c is no player of this matrix: choose one of a, b"):
        ratings(rows_of({"a": 0, "b": 10}, 10), anchor="c")


def test_a_player_that_moves_wrongly_is_told() -> None:
    class Wrong(Random):
        def choose(self, positions: Positions, keys: Keys) -> Moves:
            return np.zeros(len(positions), np.int64)

    with pytest.raises(UserError, match="cannot be played here"):
        match(Wrong(), Random(), GAME, 3, games=18)


def test_a_result_is_a_row() -> None:
    row = asdict(match(Random(), Rule(), GAME, 3, games=2))
    assert (row["game"], row["level"], row["one"], row["other"], row["games"]) == ("hex", 3, "random", "rule", 2)
