"""How strong a net that plays is, with how many iterations: against itself, against others, against perfection."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import pandas as pd

from longthink.base.errors import UserError
from longthink.games.best_move import BestMove
from longthink.games.contract import Game
from longthink.games.match import elo, match
from longthink.games.players import MonteCarlo, NetPlayer, Player, Rule
from longthink.measuring.sweep import sweep
from longthink.registry import register
from longthink.study.evaluators._evaluator import Evaluator, Peers, alone, percent
from longthink.training.optimisers import Positive
from longthink.training.recipe import Recipe
from longthink.training.runs import Run
from longthink.training.selfplay import SelfPlay

TIMES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""How many times the iterations of training a net is given."""


def task_of(recipe: Recipe) -> SelfPlay:
    """Raises UserError for a recipe that does not learn a game."""
    if not isinstance(recipe.task, SelfPlay):
        raise UserError(f"The recipe {recipe.name} learns no game by playing it.")
    return recipe.task


class PlayingEvaluator(Evaluator):
    """One that gives a net so many `times` the iterations of its training on the largest boards, m, on a board."""

    level: int
    times: tuple[float, ...] = TIMES

    def check(self, recipe: Recipe) -> None:
        task_of(recipe).game.check_level(self.level)

    def budgets(self, recipe: Recipe) -> list[int]:
        """The numbers of iterations, each once. Of a net that has so many steps and no more, that one."""
        limit = recipe.build().limit
        wanted = [max(1, round(times * recipe.regime)) for times in self.times]
        return sorted({min(one, limit) if limit else one for one in wanted})

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        spread = f" ± {percent(summary['spread'])}" if summary["seeds"] > 1 else ""
        return {
            **({"dissertation": published} if published else {}),
            **{f"{budget} iterations": percent(share) for budget, share in summary["by_budget"].items()},
            f"at m, {summary['fixed_at']} ± {self.spread}": f"{percent(summary['fixed'])}{spread}",
            "every seed": ", ".join(map(percent, summary["every_seed"])),
        }

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `by_budget`: the mean over seeds for each number of iterations."""
        return super().summary(rows) | {"by_budget": rows.groupby("iteration")[self.measure].mean().to_dict()}


@register
class Strength(PlayingEvaluator):
    """The points that a net takes in `games` games with so many times its iterations, against an `opponent`.

    `opponent`: itself with m iterations, the strongest simple rule of the game, or Monte-Carlo search with `playouts`.
    Columns: `iteration`, the budget; `accuracy`, the share of the points; `low`, `high`, `elo`, `different` as
    `games.match.Result` has them.
    """

    measured: ClassVar[str] = "the points"
    verb: ClassVar[str] = "takes"

    games: Positive = 400
    opponent: Literal["itself", "rule", "search"] = "itself"
    playouts: Positive = 1000

    @property
    def title(self) -> str:
        against = {"itself": "itself at m", "rule": "the rule", "search": f"search with {self.playouts:,} playouts"}
        return f"level {self.level}, against {against[self.opponent]}"

    @property
    def heading(self) -> str:
        return f"{super().heading}: {self.games} games"

    @property
    def note(self) -> str:
        return (
            "Per cent of the points. Matches are of pairs of games from all openings, with the colours exchanged. m is"
            " the number of iterations in training on the largest boards; against itself with as many a net has 50 %."
        )

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        recipe, net = run.recipe(), run.model()
        game = task_of(recipe).game
        found = []
        for budget in self.budgets(recipe):
            result = match(NetPlayer(net, budget), self._other(recipe, net), game, self.level, self.games)
            told = {name: getattr(result, name) for name in ("low", "high", "elo", "different")}
            found.append({"level": self.level, "iteration": budget, "accuracy": result.score, **told})
        return pd.DataFrame(found)

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Also `elo`: for each number of iterations, that of the mean share of the points."""
        found = super().summary(rows)
        return found | {"elo": {budget: elo(float(share)) for budget, share in found["by_budget"].items()}}

    def _other(self, recipe: Recipe, net: Any) -> Player:
        others: dict[str, Player] = {"rule": Rule(), "search": MonteCarlo(self.playouts)}
        return others.get(self.opponent) or NetPlayer(net, recipe.regime)


@register
class BestMoves(PlayingEvaluator):
    """How often a net's move is one of the best, on `count` positions after random moves in which that matters.

    Columns: those of `sweep`, at each budget.
    """

    measured: ClassVar[str] = "positions in which the move is one of the best"
    verb: ClassVar[str] = "finds"

    count: Positive = 500

    @property
    def title(self) -> str:
        return f"level {self.level}, best moves"

    @property
    def heading(self) -> str:
        return f"{super().heading}: {self.count} positions"

    @property
    def note(self) -> str:
        return (
            "Per cent of positions, after random moves, in which the net's move is one of the best, by exact play; only"
            " positions in which it matters. m is the number of iterations in training on the largest boards."
        )

    def check(self, recipe: Recipe) -> None:
        super().check(recipe)
        solvable: Sequence[int] = task_of(recipe).game.solvable
        if self.level not in solvable:
            raise UserError(
                f"Boards of level {self.level} are not solved; take one of {', '.join(map(str, solvable))}."
            )

    def problem(self, game: Game) -> BestMove:
        return BestMove(game=game)

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:  # noqa: ARG002
        recipe = run.recipe()
        puzzles = self.problem(task_of(recipe).game).sample(self.level, self.count)
        return sweep(run.model(), puzzles, self.budgets(recipe))

    def baselines(self, recipe: Recipe) -> dict[str, float]:
        puzzles = self.problem(task_of(recipe).game).sample(self.level, self.count)
        return {name: float(share.mean()) for name, share in puzzles.problem.baselines(puzzles).items()}
