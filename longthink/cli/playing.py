"""The command that lets nets, rules, searches and people play games."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from longthink.base.errors import UserError, suggest
from longthink.cli._app import Options, Out, Seed, app, changes_from

if TYPE_CHECKING:
    from longthink.games.contract import Game
    from longthink.games.match import Result
    from longthink.games.players import Player

PLAYERS = ("person", "random", "rule", "exact", "monte_carlo:PLAYOUTS")
PlayerName = Annotated[
    str | None,
    Parameter(
        help="Who plays: a net by its run (a shipped net, a folder, a hub id), random, rule (the strongest simple"
        " rule of the game), exact, or monte_carlo:1000, a search with so many playouts."
    ),
]


@app.command
def play(
    game: str,
    /,
    *options: Options,
    net: PlayerName = None,
    against: PlayerName = None,
    iterations: list[int] | None = None,
    level: int | None = None,
    games: int | None = None,
    openings: Literal["all", "start"] | None = None,
    side: Literal["x", "o"] | None = None,
    seed: Seed = 0,
    out: Out = None,
) -> None:
    """Play against a net, or let players meet in a match with an interval: hex, connect_four, nim, ...

    Parameters
    ----------
    game
        One of `longthink list games`, with its options as --game.swap true; openspiel:clobber for a game of OpenSpiel.
    iterations
        How long a net thinks at every move; by default as in training. Given twice, the second is for the other side.
        With --games and nobody else to play against, a net meets itself: each number of iterations each other one.
    level
        The board; by default that which nets are trained on.
    games
        A match of so many games, in pairs with the colours exchanged. Without, it is you whom the net plays.
    openings
        A match begins after each of the first moves in turn, all, which is the default, or at the start.
    side
        What the net plays against you: x begins, and o is the default.
    out
        Folder for the rows of a match, games.csv.
    """
    if net is None:
        raise UserError(f"Say who plays: --net with a run, or one of {', '.join(PLAYERS[1:])}.")
    rules = _game(game, options)
    level = rules.easy if level is None else level
    rules.check_level(level)
    nets = [name for name in (net, against) if name is not None and not _is_other(name)]
    if iterations and not nets:
        raise UserError("Only nets think for a number of iterations, and no net plays here; leave --iterations out.")
    if iterations and len(iterations) > 1 and len(nets) == 1 and against is not None:
        raise UserError("Only one of the two is a net, so give one number of iterations.")
    budgets: list[int | None] = [*iterations] if iterations else [None]
    if games is None:
        if out is not None or openings is not None:
            raise UserError("Rows and openings are those of a match; say how many games with --games 100.")
        if against is not None:
            raise UserError("Who plays against somebody else plays a match; say how many games with --games 100.")
        if len(budgets) > 1:
            raise UserError("Against you a net thinks for one number of iterations; several want --games.")
        _against_a_person(_player(net, rules, budgets[0]), rules, level, side or "o", seed)
        return
    if side is not None:
        raise UserError("In a match everybody plays both sides; leave --side out.")
    openings = openings or "all"
    from longthink.base.files import check_writable
    from longthink.games.match import match, matrix, ratings

    if out is not None:
        check_writable(out)
    if against is None:
        if len(budgets) < 2:
            raise UserError("A match is of two: say --against whom, or give several --iterations to a net.")
        rows = matrix([_player(net, rules, budget) for budget in budgets], rules, level, games, seed, openings)
        print(_table(rows))
        print(ratings(rows).round(1).to_string(index=False))
    else:
        if len(budgets) > 2:
            raise UserError("A match is of two, so it takes two numbers of iterations at most.")
        players = _player(net, rules, budgets[0]), _player(against, rules, budgets[-1])
        result = match(*players, rules, level, games, seed, openings)
        print(_told(result))
        import pandas as pd

        rows = pd.DataFrame([vars(result)])
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        rows.to_csv(out / "games.csv", index=False)
        print(out / "games.csv")


def _game(name: str, options: Sequence[str]) -> "Game":
    """The game, with what was given as --game.swap true. Raises UserError for a name or an option that there is not."""
    from longthink import registry

    chosen: dict[str, Any] = {}
    for option, value in changes_from(options).items():
        of, _, inner = option.partition(".")
        if of != "game" or not inner:
            raise UserError(f"There is no option --{option}{suggest(option, ['game.swap', 'iterations', 'against'])}.")
        chosen[inner] = value
    kind, colon, inside = name.partition(":")
    if colon:
        chosen["called"] = inside
    made: Game = registry.build("games", kind.replace("-", "_"), chosen)
    return made


def _player(name: str, game: "Game", iterations: int | None) -> "Player":
    """Who is called so. Raises UserError for a net that has not learned the game."""
    from longthink.games.players import Exact, MonteCarlo, Random, Rule

    kind, number = _kind_of(name)
    others: dict[str, Any] = {"random": Random, "rule": Rule, "exact": Exact}
    if kind in others and not number:
        return others[kind]()  # type: ignore[no-any-return]
    if kind == "monte_carlo":
        if not number.isdecimal():
            raise UserError("Say with how many playouts the search plays, as in monte_carlo:1000.")
        return MonteCarlo(int(number))
    return _net(name, game, iterations)


def _kind_of(name: str) -> tuple[str, str]:
    """`monte_carlo` and `1000`, of monte-carlo:1000."""
    kind, _, number = name.replace("-", "_").partition(":")
    return kind, number


def _is_other(name: str) -> bool:
    """Whether it is no net that is called so."""
    return _kind_of(name)[0] in [one.partition(":")[0] for one in PLAYERS]


def _net(name: str, game: "Game", iterations: int | None) -> "Player":
    from longthink.games.best_move import BestMove
    from longthink.games.players import NetPlayer
    from longthink.registry import name_of
    from longthink.training.runs import open_run
    from longthink.training.selfplay import SelfPlay

    run = open_run(name)
    recipe = run.recipe()
    task: Any = recipe.task
    learned = task if isinstance(task, SelfPlay) else getattr(task, "problem", None)
    if not isinstance(learned, SelfPlay | BestMove):
        raise UserError(f"{name} has learned no game; choose a net that has, or one of {', '.join(PLAYERS[1:])}.")
    if type(learned.game) is not type(game) or learned.game.spec != game.spec:
        raise UserError(f"{name} has learned {name_of(type(learned.game))}, and not {name_of(type(game))}.")
    return NetPlayer(run.model(), recipe.regime if iterations is None else iterations, called=run.name)


def _against_a_person(player: "Player", game: "Game", level: int, side: str, seed: int) -> None:
    import numpy as np

    from longthink.games.match import rounds
    from longthink.games.players import Person

    person = Person(sys.stdin, sys.stdout)
    first, second = (player, person) if side == "x" else (person, player)
    positions = game.start(level, 1, seed)
    for after, moves in rounds(first, second, positions, np.zeros(1, np.int64), seed):
        if (positions.player[0] == 0) == (side == "x"):
            print(f"{player.name}: {game.name_in(positions, 0, int(moves[0]))}")
        positions = after
    print(game.write(positions))


def _told(result: "Result") -> str:
    """A match in two lines."""
    return (
        f"{result.one} against {result.other}, {result.game}, level {result.level}: {result.games} games,"
        f" {result.wins} won, {result.draws} drawn, {result.losses} lost\n"
        f"{result.score:.1%} of the points ({result.low:.1%} to {result.high:.1%} with 95 % confidence),"
        f" Elo {result.elo:+.0f} ({result.elo_low:+.0f} to {result.elo_high:+.0f})"
    )


def _table(rows: Any) -> str:
    shown = rows[["one", "other", "games", "wins", "draws", "losses", "score", "low", "high", "elo"]]
    return str(shown.round(3).to_string(index=False))
