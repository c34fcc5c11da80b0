"""What a game promises."""

import inspect
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from longthink.base.seeds import generator
from longthink.figures.scene import as_json, pixels, svg
from longthink.games.contract import Game, Moves, Positions
from longthink.games.engine import DRAWN, LOST, WON
from longthink.testing._run import Check, all_of, refused

GAMES = 6
PLIES = 10
"""For each number that a move may have: no game takes more moves."""


def check_game(game: Game) -> dict[str, str]:
    """All that a game promises. What is not tested, with the reason.

    >>> import longthink as lt
    >>> check_game(lt.game("hex"))
    {}
    """
    return all_of(GAME, game)


def _says_what_it_is(game: Game) -> None:
    assert inspect.getdoc(type(game)), "a game has a docstring, whose first line is listed"
    assert game.hard, "a game has levels that are tested on"


def _games_begin_as_stated(game: Game) -> None:
    for level in _levels(game):
        start = game.start(level, 3)
        assert len(start) == 3
        assert start.game == game
        assert start.level == level
        assert start.board.shape == (3, *game.shape(level))
        assert start.board.dtype == start.player.dtype == start.score.dtype == np.int8
        assert start.ply.dtype == np.int64
        assert not start.over.any()
        assert not start.player.any(), "the first player begins"
        assert not start.ply.any()
        assert game.legal(start).any(1).all(), "someone can move"
        assert game.says(level)


def _nets_see_and_say_the_same_on_every_level(game: Game) -> None:
    spec = game.spec
    for level in _levels(game):
        positions, (rows, columns) = _walk(game, level)[2][0], game.shape(level)
        seen = game.seen(positions)
        where = (rows,) if spec.positions == "line" else (rows, columns)
        assert seen.dtype == np.float32
        assert seen.shape == (GAMES, spec.inputs, *where), "a net sees as many planes as the spec says"
        assert rows * columns == np.prod(where), "a line has one column"
        assert game.moves(level) == (spec.outputs - 1) * rows * columns, "a logit is a move, and one output the value"


def _what_is_legal_can_be_played_and_nothing_else(game: Game) -> None:
    level = game.easy
    for positions, _ in _walk(game, level):
        legal = game.legal(positions)
        assert legal.shape == (GAMES, game.moves(level))
        assert legal.dtype == np.bool_
        assert (legal.any(1) == ~positions.over).all(), "there are moves until the game is over"
        which = int((~positions.over).argmax())
        if positions.over[which]:
            continue
        one = positions[which : which + 1]
        for move in range(-1, game.moves(level) + 1):
            if 0 <= move < game.moves(level) and legal[which, move]:
                after = game.play(one, np.array([move]))
                assert _same(after, game.played(one, np.array([move])))
                assert after.ply[0] == one.ply[0] + 1
            else:
                refused(lambda one=one, move=move: game.play(one, np.array([move])), f"move {move}")  # type: ignore[misc]


def _games_end_and_stay_as_they_are(game: Game) -> None:
    for level in _levels(game):
        last, _ = _walk(game, level)[-1]
        assert last.over.all(), f"games end within {PLIES} times as many moves as there are"
        assert set(last.score.tolist()) <= {LOST, DRAWN, WON}
        assert not game.legal(last).any(), "who is through has no moves"
        assert _same(game.play(last, np.zeros(GAMES, np.int64)), last)
        results, lengths = game.at_random(last, seed=0)
        assert not results.any()
        assert not lengths.any()


def _positions_are_values(game: Game) -> None:
    (before, moves), *_ = _walk(game, game.easy)[1:]
    kept = pickle.loads(pickle.dumps(before))
    after = game.played(before, moves)
    assert _same(before, kept), "to play changes no position, and pickling neither"
    assert _same(game.played(kept, moves), after), "what was pickled can be played on"
    assert _same(Positions.of([before[:2], before[2:]]), before)
    for which in (slice(None, None, 2), slice(None, None, -1), np.array([4, 1])):
        assert _same(game.play(before[which], moves[which]), after[which]), "games do not depend on each other"


def _what_is_random_depends_on_the_seed(game: Game) -> None:
    start = game.start(game.easy, 50, seed=1)
    assert _same(start, game.start(game.easy, 50, seed=1))
    one, again, other = (np.stack(game.at_random(start, seed)) for seed in (3, 3, 4))
    assert (one == again).all()
    assert (one != other).any(), "another seed plays other games"
    assert set(one[0].tolist()) <= {LOST, DRAWN, WON}
    assert (one[1] > 0).all()


def _a_board_turned_twice_is_as_it_was(game: Game) -> None:
    for level in _levels(game):
        turn = game.turn(*game.shape(level))
        assert np.array_equal(turn[turn], np.arange(len(turn)))
        for move in range(game.moves(level)):
            assert game.turned_move(game.turned_move(move, level), level) == move
        for positions, _ in _walk(game, level)[:5]:
            for board in positions.board:
                assert game.turned(board).shape == board.shape
                assert np.array_equal(game.turned(game.turned(board)), board)


def _symmetries_keep_the_rules(game: Game) -> None:
    for level in _levels(game):
        places, numbers = np.arange(np.prod(game.shape(level))), np.arange(game.moves(level))
        symmetries = game.symmetries(level)
        assert np.array_equal(symmetries[0][0], places), "the first way to see a board is the plain one"
        assert np.array_equal(symmetries[0][1], numbers)
        assert len({tuple(seen.tolist()) for seen, _ in symmetries}) == len(symmetries), "each is another one"
        for seen, moved in symmetries:
            assert np.array_equal(np.sort(seen), places)
            assert np.array_equal(np.sort(moved), numbers)
            for positions, moves in _walk(game, level)[::3]:
                mirrored = _seen(positions, seen)
                assert (game.legal(mirrored) == game.legal(positions)[:, moved]).all(), "moves go with the board"
                after = game.played(mirrored, np.argsort(moved)[moves])
                assert _same(after, _seen(game.played(positions, moves), seen)), "and so does what they do"


def _moves_have_names_that_are_read_back(game: Game) -> None:
    level = game.easy
    names: list[str] = []
    for after, moves in _walk(game, level, game.start(level)):
        there = game.legal(after)[0].nonzero()[0]
        words = [game.name_in(after, 0, int(move)) for move in there]
        assert len(set(words)) == len(words), "no two moves have one name"
        assert not any(set(word) & set(" \n\t") for word in words), "a name is one word"
        assert game.write(after)
        assert _same(game.read(" ".join(names), level), after), "a game can be read again"
        if not after.over[0]:
            names.append(game.name_in(after, 0, int(moves[0])))
    for text in ("\x00", f"{names[0]} no:move", " ".join([*names, names[-1]])):
        refused(lambda text=text: game.read(text, level), f"the text {text[:12]!r}")  # type: ignore[misc]


def _openings_go_on_and_differ(game: Game) -> None:
    for level in _levels(game):
        openings = game.openings(level)
        assert len(openings) > 1, "matches begin in different ways"
        assert not openings.over.any()
        written = [game.write(openings, which) for which in range(len(openings))]
        assert len(set(written)) == len(openings), "no opening is there twice"


def _boards_are_drawn(game: Game) -> None:
    for level in _levels(game):
        walk = _walk(game, level)
        for positions, moves in (walk[0], walk[len(walk) // 2], walk[-1]):
            values = np.eye(game.moves(level), dtype=np.float64)[moves[0]]
            for shares in (None, values):
                scene = game.scene(positions, 0, shares)
                drawn = pixels(scene)
                assert drawn.dtype == np.uint8
                assert drawn.ndim == 3
                assert len(np.unique(drawn)) > 1, "there is something in the picture"
                assert svg(scene).startswith("<svg")
                assert json.loads(as_json(scene))


def _levels_that_there_are_not_are_refused(game: Game) -> None:
    for level in (-3, 0, 10**6):
        refused(lambda level=level: game.start(level), f"level {level}")  # type: ignore[misc]
    refused(lambda: game.start(game.easy, 0), "a count of 0")
    refused(lambda: game.start(game.easy, 10**15), "more games than there is memory for")


def _options_are_checked_and_survive_json(game: Game) -> None:
    assert type(game).model_validate(json.loads(game.model_dump_json())) == game
    assert pickle.loads(pickle.dumps(game)) == game
    assert game.revised({}) == game
    refused(lambda: game.revised({"no such option": 1}), "an option that there is not")
    refused(lambda: game.model_copy(update={"no such option": 1}), "an option that there is not, in model_copy")


GAME: tuple[Check, ...] = (
    _says_what_it_is,
    _games_begin_as_stated,
    _nets_see_and_say_the_same_on_every_level,
    _what_is_legal_can_be_played_and_nothing_else,
    _games_end_and_stay_as_they_are,
    _positions_are_values,
    _what_is_random_depends_on_the_seed,
    _a_board_turned_twice_is_as_it_was,
    _symmetries_keep_the_rules,
    _moves_have_names_that_are_read_back,
    _openings_go_on_and_differ,
    _boards_are_drawn,
    _levels_that_there_are_not_are_refused,
    _options_are_checked_and_survive_json,
)
"""Takes a game each."""


def _levels(game: Game) -> Iterator[int]:
    """The level that is trained on, and the next that is tested on."""
    yield from dict.fromkeys((game.easy, game.hard[0]))


def _walk(game: Game, level: int, start: Positions | None = None) -> list[tuple[Positions, Moves]]:
    """Random games from their beginning until all are over, or longer than games may be: positions and moves."""
    positions = game.start(level, GAMES) if start is None else start
    rng, walk = generator("a walk", level), []
    while True:
        legal = game.legal(positions)
        moves = np.where(legal, rng.random(legal.shape), -1).argmax(1)
        walk.append((positions, moves))
        if positions.over.all() or len(walk) > PLIES * game.moves(level):
            return walk
        positions = game.played(positions, moves)


def _seen(positions: Positions, places: NDArray[np.int64]) -> Positions:
    boards = positions.board.reshape(len(positions), -1)[:, places]
    return replace(positions, board=np.ascontiguousarray(boards).reshape(positions.board.shape))


def _same(one: Positions, other: Positions) -> bool:
    """Whether the positions are equal, and those of games that somebody else plays look equal."""
    arrays = [(getattr(one, name), getattr(other, name)) for name in ("board", "player", "ply", "score")]
    texts = [[some.game.write(some, which) for which in range(len(some))] for some in (one, other)]
    return texts[0] == texts[1] and all(np.array_equal(*both) for both in arrays)
