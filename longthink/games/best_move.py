"""Positions of a game as puzzles: what is asked for is a good move, and who will win.

So all that is done with puzzles is done with games: objectives train on them, sweeps tell how often a move is the best
one after each iteration, stop rules and breadth apply.

x is (B, C, *P): `Game.seen`. y is (B, *P): 0, but k + 1 where move k of that position is the best one, or one of them.
Extras, of M moves: `legal` bool (B, M); `policy` (B, M), what the logarithms of the moves' probabilities are weighed by
in the loss; `value` (B,), what the game will come to for who moves.
"""

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from longthink.base.draws import MOST_ROUNDS, in_split
from longthink.base.errors import UserError
from longthink.base.seeds import generator_of
from longthink.contracts import Problem, Puzzles, Spec, Split, View
from longthink.figures.scene import Scene
from longthink.games.contract import Game, Positions
from longthink.games.exact import NO_MOVE, values
from longthink.games.hex import Hex
from longthink.games.outputs import judged
from longthink.plugin_options import chosen
from longthink.registry import name_of, register

CLIP = 0.2
"""By how much the probability of a move that was played may change before there is nothing more to gain."""
OF_POSITIONS = ("board", "player", "ply", "score")
"""What of positions is among the extras, so that it is cut and moved with them."""
AT_A_TIME = 256
"""Positions that are drawn at a time, of which some are of another split, or such that every move is as good."""


@register
class BestMove(Problem):
    """Positions of a game after moves at random, in which it matters which move is made, solved exactly.

    The level is that of the game. `game`: hex, unless it is said.
    `entropy`: what is taken off the loss for each nat by which the moves' probabilities are undecided.
    `value_weight`: of the squared error of the value, beside the loss of the moves.

    >>> puzzles = BestMove().sample(level=3, count=2)
    >>> puzzles.x.shape, puzzles.problem.view.write(puzzles.y, puzzles)
    (torch.Size([2, 5, 3, 3]), 'c1')
    """

    game: Annotated[Game, *chosen("games")] = Field(default_factory=Hex)
    entropy: Annotated[float, Field(ge=0)] = 0.0
    value_weight: Annotated[float, Field(ge=0)] = 1.0

    @property
    def spec(self) -> Spec:  # type: ignore[override]
        return self.game.spec

    @property
    def easy(self) -> int:  # type: ignore[override]
        return self.game.solvable[0] if self.game.solvable else self.game.easy

    @property
    def hard(self) -> tuple[int, ...]:  # type: ignore[override]
        return self.game.solvable[1:] if self.game.solvable else self.game.hard

    @property
    def view(self) -> View:
        return BestMoveView(self)

    def says(self, level: int) -> str:
        return self.game.says(level)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        self.game.check_level(level)
        rng, found = generator_of(key), None
        for _ in range(MOST_ROUNDS):
            some = after_random_moves(self.game.start(level, AT_A_TIME, int(rng.integers(2**62))), rng)
            some = some[in_split(_rows(some), split)]
            worth = values(some)
            matter = _matters(worth)
            some, worth = some[matter], worth[matter]
            if found is not None:
                some, worth = Positions.of([found[0], some]), np.concatenate([found[1], worth])
            found = some, worth
            if not repeats:
                first = np.sort(np.unique(_rows(found[0]), axis=0, return_index=True)[1])
                found = found[0][first], found[1][first]
            if len(found[1]) >= count:
                return self.solved(found[0][:count], found[1][:count], split)
        raise UserError(
            f"There are not {count} different {split} positions of {name_of(type(self.game))} at {self.says(level)} in"
            " which it matters how one goes on; ask for fewer, or a higher level."
        )

    def solved(self, positions: Positions, worth: NDArray[np.int8], split: Split = "test") -> Puzzles:
        """Puzzles from positions and what each of their moves leads to, as `exact.values` has it."""
        best = worth == worth.max(1, keepdims=True)
        policy = best / best.sum(1, keepdims=True)
        puzzles = self.of(positions, policy, worth.max(1).astype(np.float64), best=torch.from_numpy(best))
        return replace(puzzles, split=split)

    def baselines(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """Any move at random, and the strongest simple rule of the game, if it names one."""
        legal, best = puzzles.extras["legal"].cpu(), puzzles.extras["best"].cpu()
        ways = {"any move": best.sum(1) / legal.sum(1)}
        moves = self.game.rule_moves(self.positions(puzzles))
        if moves is not None:
            ways["the game's rule"] = best.gather(1, torch.from_numpy(moves)[:, None])[:, 0].double()
        return ways

    def of(
        self, positions: Positions, policy: NDArray[np.floating], value: NDArray[np.floating], **extras: Tensor
    ) -> Puzzles:
        """Puzzles from positions, the weights (B, M) of their moves, and what they will come to (B,).

        The move with the greatest weight counts as the best.
        """
        game = self.game
        seen = torch.from_numpy(game.seen(positions))
        best = torch.from_numpy(policy).argmax(1)
        return Puzzles(
            self,
            positions.level,
            seen,
            _marked(best, seen.shape[2:]),
            extras={
                **{name: torch.from_numpy(getattr(positions, name)) for name in OF_POSITIONS},
                "legal": torch.from_numpy(game.legal(positions)),
                "policy": torch.from_numpy(policy).float(),
                "value": torch.from_numpy(value).float(),
                **extras,
            },
        )

    def positions(self, puzzles: Puzzles) -> Positions:
        """What puzzles are made from."""
        arrays = [puzzles.extras[name].cpu().numpy() for name in OF_POSITIONS]
        return Positions(self.game, puzzles.level, *arrays)

    def loss(self, output: Any, puzzles: Puzzles) -> Tensor:
        """What is lost by the moves, and the squared error of the value.

        By the moves, the cross-entropy with `policy`, less its own entropy, so that nothing is left where the moves are
        as they ought to be. Where `before` (B, M) among the extras has the logarithms of the probabilities with which
        moves were played, `policy` has their advantages, and it is the clipped objective of Schulman et al. (2017,
        equation 7).
        """
        legal, policy = puzzles.extras["legal"], puzzles.extras["policy"]
        judgement = judged(output, legal)
        logs = judgement.logs.masked_fill(~legal, 0)
        smoothing = puzzles.label_smoothing
        if smoothing > 0:
            policy = (1 - smoothing) * policy + smoothing * policy.sum(1, keepdim=True) * legal / legal.sum(1, True)
        loss = self.value_weight * (judgement.value - puzzles.extras["value"]).square()
        before = puzzles.extras.get("before")
        if before is None:
            loss = loss + (torch.xlogy(policy, policy) - policy * logs).sum(1)
        else:
            ratio = (logs - before).exp()
            loss = loss - torch.minimum(policy * ratio, policy * ratio.clamp(1 - CLIP, 1 + CLIP)).sum(1)
        if self.entropy > 0:
            loss = loss + self.entropy * (logs.exp() * logs * legal).sum(1)
        return loss / len(puzzles)

    def answer(self, output: Any, puzzles: Puzzles) -> Tensor:
        return _marked(judged(output, puzzles.extras["legal"]).logs.argmax(1), puzzles.y.shape[1:])

    def position_accuracy(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        """1 where the move is the best one, or one of them where `best` bool (B, M) among the extras says which are."""
        best = puzzles.extras.get("best")
        if best is None:
            return (answers == puzzles.y).flatten(1).all(1).double()
        return best.gather(1, _moves(answers)[:, None])[:, 0].double()

    def confidence(self, output: Any, puzzles: Puzzles) -> Tensor:
        """Probability of the most likely move."""
        return judged(output, puzzles.extras["legal"]).logs.amax(1).exp()

    def perfect(self, puzzles: Puzzles) -> Tensor:
        policy = puzzles.extras["policy"]
        best = torch.where(policy > 0, 30 + (policy / policy.amax(1, keepdim=True)).log(), 0)
        value = puzzles.extras["value"].clamp(-0.9999, 0.9999).atanh()
        of_value = value.view(-1, *[1] * (puzzles.y.ndim)).expand(-1, 1, *puzzles.y.shape[1:])
        return torch.cat([best.view(len(puzzles), -1, *puzzles.y.shape[1:]), of_value], 1)


def _marked(moves: Tensor, shape: Any) -> Tensor:
    """Moves (B,) as answers (B, *P)."""
    positions = int(np.prod(shape))
    answers = torch.zeros(len(moves), positions, dtype=torch.int64, device=moves.device)
    answers.scatter_(1, (moves % positions)[:, None], (moves // positions + 1)[:, None])
    return answers.view(-1, *shape)


def _moves(answers: Tensor) -> Tensor:
    """The moves (B,) of answers (B, *P)."""
    flat = answers.flatten(1)
    kind, place = flat.max(1)
    return (kind - 1).clamp_min(0) * flat.shape[1] + place


def after_random_moves(start: Positions, rng: np.random.Generator, most: int | None = None) -> Positions:
    """Games that go on after 0 to `most` moves at random each, by default as many as there are places."""
    game, parts = start.game, []
    most = start.board[0].size if most is None else most
    now, left = start, rng.integers(0, most + 1, len(start))
    while len(now):
        parts.append(now[left == 0])
        now, left = now[left > 0], left[left > 0] - 1
        legal = game.legal(now)
        now = game.played(now, (rng.random(legal.shape) * legal).argmax(1)) if len(now) else now
        now, left = now[~now.over], left[~now.over]
    return Positions.of(parts)


def _rows(positions: Positions) -> NDArray[np.int64]:
    """What tells positions apart, (B, P + 2)."""
    flat = positions.board.reshape(len(positions), -1).astype(np.int64)
    return np.concatenate([flat, positions.player[:, None], positions.ply[:, None]], 1)


def _matters(worth: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether some move is worse than another, (B,)."""
    there = np.where(worth == NO_MOVE, worth.max(1, keepdims=True), worth)
    matters: NDArray[np.bool_] = there.min(1) < worth.max(1)
    return matters


class BestMoveView(View):
    """Positions as the moves that led to them, after the level: `5: b2 c1`; answers by the name of the move."""

    problem: BestMove

    def parse(self, text: str) -> Puzzles:
        """The position after some moves, solved if the board is not too large for that."""
        level, colon, moves = text.partition(":")
        if not colon or not level.strip().isdecimal():
            raise UserError(f"A position is its level and its moves, like '5: a1 b2', and not '{text.strip():.40}'.")
        positions = self.problem.game.read(moves, int(level))
        if positions.over[0]:
            raise UserError(f"The game is over after these moves: {self.problem.game.state_of(positions)}.")
        if int(level) in self.problem.game.solvable:
            return self.problem.solved(positions, values(positions))
        legal = self.problem.game.legal(positions)
        return replace(self.problem.of(positions, legal / legal.sum(1, keepdims=True), np.zeros(1)), known=False)

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:
        positions = self.problem.positions(puzzles[:1])
        return self.problem.game.name_in(positions, 0, int(_moves(answers[:1].cpu())[0]))

    def shown(self, output: Any, puzzles: Puzzles) -> Tensor:
        """The probabilities of the moves at each position."""
        logs = judged(output[:1], puzzles.extras["legal"][:1]).logs
        return logs.exp().view(-1, *puzzles.y.shape[1:]).sum(0)

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The board of the first player, shaded by how likely a move at each position is, or marked by the answer."""
        game, positions = self.problem.game, self.problem.positions(puzzles[:1])
        if values is None:
            return game.scene(positions)
        shares = (values > 0).double() if not values.is_floating_point() else values.double()
        of_first = np.zeros((game.moves_at_each, shares.numel()))
        of_first[0] = shares.cpu().numpy().ravel()
        return game.scene(positions, 0, of_first.ravel())
