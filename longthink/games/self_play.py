"""Games of a net against itself: what it saw, what it played, and what came of it."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from longthink.contracts import Thinker
from longthink.games.contract import Positions
from longthink.games.outputs import Judgement, judge


class Played(NamedTuple):
    """N positions of games that are over, with what is to be learned from them."""

    positions: Positions
    policy: NDArray[np.float32]
    """What the logarithms of moves are to be weighed by, (N, M)."""
    value: NDArray[np.float32]
    """What the game came to, for who moved, (N,)."""
    before: NDArray[np.float32]
    """The logarithms of the moves' probabilities when they were played, (N, M); 0 where there is no such move."""


def self_play(
    net: Thinker,
    start: Positions,
    iterations: int,
    rng: np.random.Generator,
    *,
    simulations: int = 0,
    trust: float = 8.0,
    lengthening: float = 0.8,
    device: torch.device | str = "cpu",
) -> Played:
    """Play games to their end, and tell of each position what its moves and its value ought to have been.

    Without simulations a move is drawn by its probability, and weighed by its advantage: what came of it less what was
    expected (actor-critic). With them it is improved as by Danihelka et al. (2022, "Policy improvement by planning with
    Gumbel"), one move ahead: so many moves, drawn without replacement, are played, what the net says of the positions
    that they lead to is held against what it says of the moves, and the improved probabilities are what is learned.

    Args:
        net: who plays both sides.
        start: positions to begin from.
        iterations: that it thinks for at every move.
        rng: moves are drawn from it.
        simulations: moves that are tried at each position, 0 or 2 and more.
        trust: how much a value of 1 weighs, against logits, in what is improved.
        lengthening: lambda of the returns: 1 is the result of the game alone, 0 what is said of the next position.
        device: that of the net.

    Returns:
        All positions of all games, in the order in which they were played.
    """
    game, device = start.game, torch.device(device)
    now, which = start, np.arange(len(start))
    parts: list[Positions] = []
    games, policies, values, moved, before = [], [], [], [], []
    while True:
        which, now = which[~now.over], now[~now.over]
        if not len(now):
            break
        judgement = judge(net, now, iterations, device)
        gumbel = rng.gumbel(size=judgement.logs.shape)
        logs = judgement.logs.double().numpy()
        if simulations:
            moves, policy = _improved(net, now, iterations, device, judgement, gumbel, simulations, trust)
        else:
            moves = (logs + gumbel).argmax(1)
            policy = np.zeros(logs.shape, np.float32)
            policy[np.arange(len(now)), moves] = 1
        after = game.played(now, moves)
        parts.append(now)
        games.append(which)
        policies.append(policy)
        before.append(np.where(np.isfinite(logs), logs, 0).astype(np.float32))
        values.append(judgement.value.double().numpy())
        moved.append(after)
        now = after
    returns = _returns(parts, games, values, moved, len(start), lengthening)
    positions, policy = Positions.of(parts), np.concatenate(policies)
    value = np.concatenate(returns).astype(np.float32)
    if not simulations:
        advantage = value - np.concatenate(values).astype(np.float32)
        policy = policy * (advantage / max(float(advantage.std()), 1e-3))[:, None]
    return Played(positions, policy, value, np.concatenate(before))


def _returns(
    parts: list[Positions],
    games: list[NDArray[np.int64]],
    values: list[NDArray[np.float64]],
    moved: list[Positions],
    count: int,
    lengthening: float,
) -> list[NDArray[np.float64]]:
    """The lambda-returns of each position for who moves there, from the last move back."""
    result, said, player = np.zeros(count), np.zeros(count), np.zeros(count, np.int8)
    returns = []
    for before, which, value, after in reversed(list(zip(parts, games, values, moved, strict=True))):
        ahead = lengthening * result[which] + (1 - lengthening) * said[which]
        ahead = np.where(before.player == player[which], ahead, -ahead)
        ended = after.over
        ahead[ended] = np.where(before.player == 0, after.score, -after.score)[ended]
        result[which], said[which], player[which] = ahead, value, before.player
        returns.append(ahead)
    return returns[::-1]


def _improved(
    net: Thinker,
    now: Positions,
    iterations: int,
    device: torch.device,
    judgement: Judgement,
    gumbel: NDArray[np.float64],
    simulations: int,
    trust: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The move that is played, (B,), and the improved probabilities, (B, M): equations 11 and 33 of the article."""
    logs, value = judgement.logs.double().numpy(), judgement.value.double().numpy()
    count, most = logs.shape
    tried = np.argsort(-(logs + gumbel), 1)[:, : min(simulations, most)]
    there = np.isfinite(np.take_along_axis(logs, tried, 1))
    row, column = there.nonzero()
    after = now.game.played(now[row], tried[row, column])
    said = np.zeros(len(row))
    if not after.over.all():
        said[~after.over] = judge(net, after[~after.over], iterations, device).value.double().numpy()
    mover = now.player[row]
    ended = np.where(mover == 0, after.score, -after.score)
    gained = np.where(after.over, ended, np.where(after.player == mover, said, -said))
    q, known = np.zeros((count, most)), np.zeros((count, most), np.bool_)
    q[row, tried[row, column]], known[row, tried[row, column]] = gained, True
    shares = np.exp(logs) * known
    expected = (shares * q).sum(1) / shares.sum(1).clip(1e-12)
    visits = known.sum(1)
    mixed = (value + visits * expected) / (1 + visits)
    improved = logs + trust * np.where(known, q, mixed[:, None])
    moves = np.where(known, improved + gumbel, -np.inf).argmax(1)
    improved = np.exp(improved - improved.max(1, keepdims=True))
    return moves, (improved / improved.sum(1, keepdims=True)).astype(np.float32)
