"""Who plays: legal moves, the same in any batch, from the key alone; what each player is known for."""

import io
import pickle

import numpy as np
import pytest
import torch

import longthink as lt
from longthink.base.errors import UserError
from longthink.contracts import Spec
from longthink.games._hex_distances import FAR, potentials
from longthink.games.contract import Positions
from longthink.games.exact import best_moves
from longthink.games.outputs import judged
from longthink.games.players import Exact, MonteCarlo, NetPlayer, Person, Player, Random, Rule, keys_of
from longthink.models.convolutional.dt_net import DTNet
from longthink.thinking.loop import think

GAME = lt.game("hex")
AROUND = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, -1), (-1, 1))


def small_net(spec: Spec = GAME.spec) -> DTNet:
    torch.manual_seed(0)
    return DTNet(spec, width=8, head=(4, 4), recall=True)


def players() -> list[Player]:
    net = small_net()
    return [Random(), Rule(), Exact(), MonteCarlo(30), NetPlayer(net, 3), NetPlayer(net, 3, temperature=1.0)]


def some_positions(level: int = 4, plies: int = 5, count: int = 40) -> Positions:
    positions = GAME.start(level, count)
    for ply in range(plies):
        positions = GAME.play(positions, Random().choose(positions, keys_of(7, np.arange(count), positions.ply + ply)))
    return positions[~positions.over]


def keys(count: int, seed: int = 0) -> np.ndarray:
    return keys_of(seed, np.arange(count), np.zeros(count, np.int64))


@pytest.mark.parametrize("player", players(), ids=lambda player: player.name)
def test_moves_are_legal_the_same_alone_again_and_when_pickled(player: Player) -> None:
    positions = some_positions()
    numbers = keys(len(positions))
    moves = player.choose(positions, numbers)
    assert GAME.legal(positions)[np.arange(len(moves)), moves].all()
    alone = [player.choose(positions[[which]], numbers[[which]])[0] for which in range(len(moves))]
    assert moves.tolist() == alone
    assert np.array_equal(moves, pickle.loads(pickle.dumps(player)).choose(positions, numbers))


@pytest.mark.parametrize("player", [Random(), MonteCarlo(5), NetPlayer(small_net(), 1, temperature=3.0)])
def test_another_key_may_be_another_move(player: Player) -> None:
    start = GAME.start(5, 50)
    assert len(set(player.choose(start, keys(50)).tolist())) > 5


def test_keys_differ_by_seed_game_and_ply() -> None:
    found = {
        int(key)
        for seed in range(5)
        for ply in range(50)
        for key in keys_of(seed, np.arange(40), np.full(40, ply, np.int64))
    }
    assert len(found) == 5 * 50 * 40


def test_random_moves_are_all_as_likely() -> None:
    positions = GAME.read("b2 a1 c3", level=3)[np.zeros(6000, np.int64)]
    counts = np.bincount(Random().choose(positions, keys(6000)), minlength=9)
    legal = GAME.legal(positions[:1])[0]
    assert (counts[~legal] == 0).all()
    assert np.abs(counts[legal] - 1000).max() < 5 * np.sqrt(1000 * 5 / 6)


def test_exact_play_draws_among_the_best_moves() -> None:
    positions = GAME.start(3, 300)
    moves = Exact().choose(positions, keys(300))
    assert set(moves.tolist()) == set(best_moves(positions[:1])[0].nonzero()[0].tolist())


def test_search_takes_a_win_and_prevents_one() -> None:
    win = GAME.read("b1 a1 b2 a2 b3 a3", level=4)  # x joins b1 b2 b3, and b4 or a4 wins
    assert set(MonteCarlo(100).choose(win[np.zeros(5, np.int64)], keys(5)).tolist()) <= {12, 13}
    threatened = GAME.read("a1 b4 d1 b3 d4 b2", level=4)
    best = best_moves(threatened)[0]
    if best.sum() < GAME.legal(threatened).sum():
        assert best[MonteCarlo(2000).choose(threatened, keys(1))[0]]


def test_what_has_no_playout_or_iteration_is_no_player() -> None:
    with pytest.raises(UserError, match="1 playout or more, not 0"):
        MonteCarlo(0)
    with pytest.raises(UserError, match="1 iteration or more, not 0"):
        NetPlayer(small_net(), 0)
    with pytest.raises(UserError, match="0 or more, not -1"):
        NetPlayer(small_net(), 1, temperature=-1)


@pytest.mark.parametrize("iterations", [1, 4])
def test_a_net_plays_the_likeliest_move_after_its_iterations(iterations: int) -> None:
    net, positions = small_net(), some_positions()
    with torch.inference_mode():
        for thought in think(net, torch.from_numpy(GAME.seen(positions)), iterations):
            output = thought.read()
    likeliest = judged(output, torch.from_numpy(GAME.legal(positions))).logs.argmax(1)
    moves = NetPlayer(net, iterations).choose(positions, keys(len(positions)))
    assert moves.tolist() == likeliest.tolist()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_a_net_draws_moves_by_their_probabilities(temperature: float) -> None:
    net, start = small_net(), GAME.start(2, 4000)
    with torch.inference_mode():
        for thought in think(net, torch.from_numpy(GAME.seen(start[:1])), 2):
            output = 300 * thought.read()  # far from even
    net.head[-1].weight.data *= 300
    logs = judged(output, torch.ones(1, 4, dtype=torch.bool)).logs[0].double()
    expected = (logs / temperature).softmax(0).numpy()
    assert expected.max() > 0.32
    moves = NetPlayer(net, 2, temperature).choose(start, keys(4000))
    shares = np.bincount(moves, minlength=4) / 4000
    assert np.abs(shares - expected).max() < 5 * 0.5 / np.sqrt(4000)


def test_a_net_of_another_game_does_not_play() -> None:
    spec = Spec(inputs=3, outputs=2, positions="grid")
    player = NetPlayer(small_net(spec), 1, called="toads", spec=spec)
    with pytest.raises(UserError, match="The net toads is not for hex"):
        player.choose(GAME.start(3), keys(1))


def distances(board: np.ndarray, side: int) -> np.ndarray:
    """Two-distances from a row, by their definition: repeated until nothing changes."""
    size = len(board)
    cells = [(r, c) for r in range(size) for c in range(size)]

    def neighbours(cell: tuple[int, int]) -> tuple[set[tuple[int, int]], bool]:
        """Empty cells beside it, or beside own stones that it touches, and whether the row is."""
        seen, pending, empty, touches = {cell}, [cell], set(), cell[0] == side
        while pending:
            row, column = pending.pop()
            for r, c in ((row + down, column + right) for down, right in AROUND):
                if (r, c) not in seen and 0 <= r < size and 0 <= c < size:
                    seen.add((r, c))
                    if board[r, c] == 1:
                        pending.append((r, c))
                        touches |= r == side
                    elif board[r, c] == 0:
                        empty.add((r, c))
        return empty, touches

    found = np.full((size, size), FAR)
    around = {cell: neighbours(cell) for cell in cells if board[cell] == 0}
    for _ in range(size**2):
        for cell, (empty, touches) in around.items():
            nearest = sorted(found[other] for other in empty)
            second = nearest[1] if len(nearest) > 1 else FAR
            found[cell] = 1 if touches else min(FAR, second + 1)
    return found


@pytest.mark.parametrize("level", [2, 3, 5])
def test_potentials_are_sums_of_two_distances(level: int) -> None:
    rng = np.random.default_rng(level)
    for _ in range(20):
        board = rng.choice(np.array([0, 0, 0, 1, -1], np.int8), (level, level))
        own = distances(board, 0) + distances(board, level - 1)
        other = distances(-board.T, 0) + distances(-board.T, level - 1)
        found = potentials(board.reshape(-1).copy(), level).reshape(level, level)
        assert np.array_equal(found[board == 0], (own + other.T)[board == 0])


def test_the_rule_begins_in_the_middle_and_takes_a_win() -> None:
    assert Rule().choose(GAME.start(5), keys(1)).tolist() == [12]
    win = GAME.read("b1 c1 b2 c2 b3 c3", level=4)
    assert Rule().choose(win, keys(1))[0] in (12, 13)
    theirs = GAME.read("a1 b1 a2 b2 d4 b3 c4", level=4)  # o joins no sides yet
    assert GAME.legal(theirs)[0, Rule().choose(theirs, keys(1))[0]]


def test_a_game_without_a_rule_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(GAME), "rule_moves", lambda self, positions: None)
    with pytest.raises(UserError, match="hex names no simple rule"):
        Rule().choose(GAME.start(3), keys(1))


def test_a_person_is_asked_until_there_is_a_move() -> None:
    told = io.StringIO()
    person = Person(io.StringIO("z9\nB2\n c1 \n"), told)
    positions = Positions.of([GAME.start(3), GAME.read("a1", level=3)])
    assert person.choose(positions, keys(2)).tolist() == [4, 6]  # o sees c1 as a3
    assert "'z9' cannot be played; the moves there are: a1, b1," in told.getvalue()
    assert told.getvalue().count("x: ") == 2
    assert "x moves" in told.getvalue()
    with pytest.raises(UserError, match="nobody to ask"):
        person.choose(positions[:1], keys(1))
