"""Learning a game by playing against oneself (dissertation, section 6.2).

At every step of the loop games are played, with the weights of that step, and a number of batches is drawn from the
positions of the last of them. Each batch is trained on as puzzles are, by any objective: positions are puzzles whose
solutions are what was found out about their moves (`games/best_move.py`).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from pydantic import Field, model_validator

from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Loss, Objective, Spec, Thinker
from longthink.games.best_move import BestMove, after_random_moves
from longthink.games.contract import Game, Positions
from longthink.games.match import match
from longthink.games.players import MonteCarlo, NetPlayer
from longthink.games.self_play import Played, self_play
from longthink.plugin_options import chosen
from longthink.registry import register
from longthink.thinking.wrapped import Wrapped
from longthink.training.optimisers import NotNegative, Positive, Share
from longthink.training.supervised import Curriculum
from longthink.training.task import Lessons, Task

if TYPE_CHECKING:
    from longthink.training.recipe import Recipe


@register
class SelfPlay(Task):
    """Games of a net against itself, on boards of the levels of a curriculum.

    `games`: played at each step. `updates`: batches that are drawn from their positions, each a step of the optimiser.
    Each is of one step's games, and no larger than those are. `replay`: of how many steps games are drawn from.
    `random_moves`: each game begins with up to so many at random.
    `longer`: games are thought about for m to so many times m iterations, drawn at each step.
    `simulations`, `trust`, `lengthening`: see `games.self_play.self_play`; without simulations it is actor-critic.
    `entropy`, `value_weight`: of the loss, see `games.best_move`.
    `playouts`: of the Monte-Carlo search that validations play against.
    """

    game: Annotated[Game, *chosen("games")]
    objective: Annotated[Objective, *chosen("objectives")]
    curriculum: Curriculum
    games: Positive = 64
    updates: Positive = 8
    replay: Positive = 1
    random_moves: Annotated[int, Field(ge=0)] = 2
    longer: Annotated[float, Field(ge=1)] = 1.0
    simulations: Annotated[int, Field(ge=0)] = 0
    trust: NotNegative = 8.0
    lengthening: Share = 0.8
    entropy: NotNegative = 0.01
    value_weight: NotNegative = 1.0
    playouts: Positive = 100

    @model_validator(mode="after")
    def _check(self) -> "SelfPlay":
        if self.simulations == 1:
            raise ValueError("simulations are 0, or 2 and more, since one move alone says nothing")
        _ = self.game.rules  # which some games do not have, so that no search can play them in validations
        for level in (self.curriculum.lowest, self.curriculum.highest):
            self.game.check_level(level)
        return self

    @property
    def spec(self) -> Spec:
        return self.game.spec

    @property
    def problem(self) -> BestMove:
        """What the net can be tested on: positions of the game."""
        return BestMove(game=self.game)

    @property
    def regime(self) -> int:
        return self.curriculum.iterations_at(self.curriculum.highest)

    @property
    def longest(self) -> int:
        return max(self.objective.longest(self.regime), int(self.longer * self.regime))

    def check(self, net: Thinker) -> None:
        self.objective.check(net)

    def begin(self, recipe: "Recipe") -> "GameLessons":
        return GameLessons(self, recipe)


@dataclass(frozen=True)
class GameBatch:
    """What a step is about: which games are to be played, and by which of the processes."""

    step: int
    level: int
    iterations: int
    rank: int = 0
    of: int = 1
    device: torch.device | str = "cpu"

    def part(self, rank: int, of: int) -> "GameBatch":
        return replace(self, rank=rank, of=of)

    def to(self, device: torch.device | str) -> "GameBatch":
        return replace(self, device=device)


class GameLessons(Lessons):
    """The games of the last steps, and what is learned from them."""

    def __init__(self, task: SelfPlay, recipe: "Recipe"):
        self.task, self.recipe = task, recipe
        if recipe.regularisation.label_smoothing > 0 and not task.simulations:
            raise UserError(
                "Advantages are no labels to be smoothed; set regularisation.label_smoothing to 0, or"
                " task.simulations to 2 or more."
            )
        self.problem = BestMove(game=task.game, entropy=task.entropy, value_weight=task.value_weight)
        self.kept: deque[Played] = deque(maxlen=task.replay)

    def batch(self, step: int) -> GameBatch:
        curriculum, seed = self.task.curriculum, self.recipe.seed
        highest = curriculum.highest_at(step / self.recipe.steps)
        level = int(generator("level", seed, step).integers(curriculum.lowest, highest + 1))
        return GameBatch(step, level, curriculum.iterations_at(level))

    def losses(self, net: Thinker, batch: GameBatch, rng: np.random.Generator) -> Iterator[Loss]:
        task, recipe = self.task, self.recipe
        drawn = generator("games", recipe.seed, batch.step, batch.rank)
        plain = net.inner if isinstance(net, Wrapped) else net
        longest = max(batch.iterations, int(task.longer * batch.iterations))
        played = self_play(
            plain,
            self._started(batch, drawn),
            int(drawn.integers(batch.iterations, longest + 1)),
            drawn,
            simulations=task.simulations,
            trust=task.trust,
            lengthening=task.lengthening,
            device=batch.device,
        )
        self.kept.append(played)
        wanted = recipe.batch // batch.of
        for _ in range(task.updates):
            source = self.kept[int(drawn.integers(len(self.kept)))]
            some = drawn.choice(len(source.value), min(wanted, len(source.value)), replace=False)
            before = {} if task.simulations else {"before": torch.from_numpy(source.before[some])}
            puzzles = self.problem.of(source.positions[some], source.policy[some], source.value[some], **before)
            puzzles = replace(puzzles, label_smoothing=recipe.regularisation.label_smoothing).to(batch.device)
            iterations = task.curriculum.iterations_at(puzzles.level)
            for loss in task.objective.losses(net, puzzles, iterations, rng):
                right = self.problem.correct(self.problem.answer(loss.output.detach(), puzzles), puzzles)
                yield loss._replace(metrics={**loss.metrics, "accuracy": right.double().mean()})

    def _started(self, batch: GameBatch, rng: np.random.Generator) -> Positions:
        """Where the games of a step begin: after some moves at random."""
        task, game = self.task, self.task.game
        positions = game.start(batch.level, max(1, task.games // batch.of), int(rng.integers(2**62)))
        going = after_random_moves(positions, rng, task.random_moves)
        return going if len(going) else positions

    def measures(self, batch: GameBatch, loss: Loss) -> dict[str, float | int]:
        played = self.kept[-1]
        return {
            "accuracy": float(loss.metrics["accuracy"]),
            "level": batch.level,
            "iterations": batch.iterations,
            "positions": len(played.value),
            **{name: float(value) for name, value in loss.metrics.items() if name != "accuracy"},
        }

    def evaluate(self, net: Thinker) -> dict[str, float]:
        """The share of games that are won against Monte-Carlo search, on the largest boards, from all openings."""
        task, count = self.task, self.recipe.validation.count
        level = task.curriculum.highest
        player = NetPlayer(net, task.curriculum.iterations_at(level))
        result = match(player, MonteCarlo(task.playouts), task.game, level, count + count % 2, self.recipe.seed)
        return {"score": result.score}

    def state(self) -> dict[str, Any]:
        """The games that later steps draw from, too."""
        earlier = list(self.kept)[1 - self.task.replay :] if self.task.replay > 1 else []
        return {"kept": [_as_tensors(played) for played in earlier]}

    def restore(self, state: dict[str, Any]) -> None:
        self.kept.clear()
        self.kept.extend(_from_tensors(self.task.game, tree) for tree in state.get("kept", []))


FIELDS = ("board", "player", "ply", "score")
LEARNED = ("policy", "value", "before")


def _as_tensors(played: Played) -> dict[str, Any]:
    positions = {name: torch.from_numpy(getattr(played.positions, name)) for name in FIELDS}
    learned = {name: torch.from_numpy(getattr(played, name)) for name in LEARNED}
    return {"level": played.positions.level, **positions, **learned}


def _from_tensors(game: Game, tree: dict[str, Any]) -> Played:
    arrays = {name: tree[name].numpy() for name in (*FIELDS, *LEARNED)}
    positions = Positions(game, tree["level"], *(arrays[name] for name in FIELDS))
    return Played(positions, *(arrays[name] for name in LEARNED))
