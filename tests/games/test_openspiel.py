"""OpenSpiel as the oracle of the rules here, and its own games by name."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import longthink as lt
from longthink.base.errors import UserError
from longthink.games.contract import Positions
from longthink.games.openspiel import OpenSpiel, loaded

pytest.importorskip("pyspiel")
oracle = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("oracle.py"))))


@pytest.mark.parametrize(
    ("name", "level", "count", "options"),
    [
        ("hex", 2, 60, {}),
        ("hex", 5, 150, {}),
        ("hex", 8, 30, {}),
        ("hex", 3, 200, {"swap": True}),
        ("connect_four", 3, 60, {}),
        ("connect_four", 6, 150, {}),
        ("connect_four", 4, 150, {"in_row": 3}),
        ("breakthrough", 4, 200, {}),
        ("breakthrough", 6, 60, {}),
        ("breakthrough", 8, 30, {}),
        ("othello", 8, 60, {}),
        ("nim", 3, 200, {}),
        ("nim", 8, 80, {"most": 15}),
    ],
    ids=str,
)
def test_random_games_go_as_openspiel_says(name: str, level: int, count: int, options: dict[str, int]) -> None:
    """10,000 games of each went so, by `python tests/games/oracle.py`."""
    agreed, scores = oracle.compare(name, level, count, **options)
    assert agreed > 3 * count
    assert set(scores.tolist()) >= {-1, 1}


@pytest.mark.parametrize(
    "name", ["clobber(rows=2,columns={level})", "dots_and_boxes", "connect_four(rows=4,columns=5)"]
)
def test_promises_hold_of_other_games(name: str) -> None:
    assert lt.testing.check_game(OpenSpiel(called=name)) == {}


def test_tic_tac_toe_has_as_many_games_as_are_known(after_all_moves: Callable[[Positions], Positions]) -> None:
    """9 moves, then 8, and so on; x has won 1,440 of the 15,120 sequences of five moves."""
    positions, counts = OpenSpiel().start(1), []
    for _ in range(5):
        positions = after_all_moves(positions)
        counts.append(len(positions))
    assert counts == [9, 72, 504, 3024, 15120]
    assert (positions.score == 1).sum() == 1440
    assert positions.over.sum() == 1440


def test_a_move_is_of_the_place_that_its_action_is_of() -> None:
    """OpenSpiel's breakthrough numbers place by place, a net's logits are plane by plane."""
    game = OpenSpiel(called="breakthrough(rows=6,columns=6)")
    positions = game.start(1)
    names = {game.name_in(positions, 0, int(move)): move for move in game.legal(positions)[0].nonzero()[0]}
    assert game.moves_at_each == 12
    assert {name: divmod(int(names[name]), 36)[1] for name in ("a5a4", "a5b4", "f5e4")} == {
        "a5a4": 6,
        "a5b4": 6,
        "f5e4": 11,
    }


def test_what_is_left_over_are_moves_of_further_planes() -> None:
    """Seven actions on 42 cells; 64 cells and a pass."""
    four, othello = OpenSpiel(called="connect_four"), OpenSpiel(called="othello")
    assert four.legal(four.start(1))[0].nonzero()[0].tolist() == list(range(7))
    assert four.moves(1) == 42
    assert othello.legal(othello.start(1))[0].nonzero()[0].tolist() == [19, 26, 37, 44]
    assert (othello.spec.inputs, othello.spec.outputs, othello.moves(1)) == (4, 3, 128)


def test_a_net_sees_planes_and_whose_move_it_is() -> None:
    game = OpenSpiel(called="tic_tac_toe")
    positions = game.play(game.start(1), np.array([1]))
    empty, second, first, player = game.seen(positions)[0].astype(int).tolist()
    assert first == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert second == [[0, 0, 0]] * 3
    assert empty == [[1, 0, 1], [1, 1, 1], [1, 1, 1]]
    assert player == [[1, 1, 1]] * 3


def test_who_closes_a_box_moves_again() -> None:
    game = OpenSpiel(called="dots_and_boxes(num_rows=1,num_cols=2)")
    positions = game.start(1)
    movers = []
    for name in ("P1(h,0,0)", "P2(h,1,0)", "P1(v,0,0)", "P2(v,0,1)"):
        names = {game.name_in(positions, 0, int(move)): move for move in game.legal(positions)[0].nonzero()[0]}
        positions = game.play(positions, np.array([names[name]]))
        movers.append(int(positions.player[0]))
    assert movers == [1, 0, 1, 1]


def test_results_at_random_are_for_who_moves() -> None:
    """In a row of three, who moves has taken the last: there is one move."""
    game = OpenSpiel(called="nim(is_misere=False,pile_sizes=1;1;1)")
    start = game.start(1)
    after = game.play(start, game.legal(start)[0].nonzero()[0][:1])
    assert [game.at_random(some, seed=0)[0].tolist() for some in (start, after)] == [[1], [-1]]
    assert game.at_random(after, seed=0)[1].tolist() == [2]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hxe", r"there is no game 'hxe' in OpenSpiel \(did you mean 'hex'\?\)"),
        ("", "there is no game '' in OpenSpiel"),
        ("backgammon", "no chance, and what one wins the other loses: backgammon is not"),
        ("kuhn_poker", "kuhn_poker is not"),
        ("goofspiel", "goofspiel is not"),
    ],
)
def test_games_of_other_kinds_are_refused_when_they_are_chosen(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        lt.game("openspiel", called=name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hex(side=5)", r"OpenSpiel cannot play hex\(side=5\): Unknown parameter 'side'. Available parameters are: "),
        ("breakthrough(rows=1)", r"OpenSpiel cannot play breakthrough\(rows=1\): rows_ > 1\."),
        ("hex(board_size=0)", "it has no moves"),
        ("hex(board_size=", "Missing closing bracket"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_before_a_game_begins(name: str, message: str) -> None:
    game = OpenSpiel(called=name)
    with pytest.raises(UserError, match=message):
        game.start(1)
    with pytest.raises(UserError, match=message):
        _ = game.spec


def test_what_is_not_for_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match="OpenSpiel shows 16 numbers of mancala: it is for no net."):
        _ = OpenSpiel(called="mancala").spec
    with pytest.raises(UserError, match="tic_tac_toe has one level, 1: write {level}"):
        OpenSpiel().start(2)
    with pytest.raises(UserError, match="what is compiled here, as search is, is not for it"):
        _ = OpenSpiel().rules
    with pytest.raises(UserError, match=r"twixt\(board_size=8\) has 2 moves .* has 1: one net cannot play both"):
        OpenSpiel(called="twixt(board_size={level})").start(8)


def test_without_openspiel_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.cache_clear()
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    with pytest.raises(UserError, match=r"Games of OpenSpiel need it: pip install 'longthink\[games\]'\."):
        OpenSpiel().start(1)
    with pytest.raises(UserError, match=r"games of OpenSpiel need it: pip install 'longthink\[games\]'\."):
        lt.game("openspiel", called="go")
