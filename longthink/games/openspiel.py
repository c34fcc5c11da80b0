"""Games of OpenSpiel (Lanctot et al. 2019), each by its name: those for two, in turns, with nothing hidden, no chance.

They are played state by state in Python, so a thousand times slower than games whose rules are kernels, and what is
compiled for kernels, as search is, is not for them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from longthink.base.errors import UserError, suggest
from longthink.base.seeds import generator
from longthink.contracts import Spec
from longthink.figures.scene import Scene, Text
from longthink.games._drawing import INK, SIDE
from longthink.games.contract import LARGEST, Game, Moves, Positions
from longthink.games.engine import GOES_ON, Rules
from longthink.registry import register

LEVEL = "{level}"
WIDTH = SIDE * 0.6
"""Of a letter."""


@dataclass(frozen=True)
class States(Positions):
    """Positions that OpenSpiel knows; their boards are empty here."""

    states: NDArray[np.object_]
    """(B,), of pyspiel.State; none is ever changed."""


@register(name="openspiel")
class OpenSpiel(Game):
    """A game of OpenSpiel by its name, as clobber or hex(board_size=5); {level} in it stands for the level.

    `called`: as OpenSpiel writes it, with parameters, as in breakthrough(rows={level},columns={level}). Without {level}
    there is one level, 1.
    It is for two, in turns, with nothing hidden, no chance, and what one wins the other loses. A net sees OpenSpiel's
    own planes for who moves, and one more that tells the second player, so games that have no planes are for no net.
    Actions that are of positions, as many of each, are moves of these; those that are left over are moves of further
    ones. Needs the extra `games`.

    >>> game = OpenSpiel(called="clobber(rows=2,columns={level})")
    >>> print(game.write(game.read("a1a2", level=3)))
    2oox
    1.xo
     abc
    player 2 moves
    """

    called: str = "tic_tac_toe"

    lowest: ClassVar[int] = 1
    cyclic: ClassVar[bool] = True

    @field_validator("called")
    @classmethod
    def _is_a_game(cls, name: str) -> str:
        check(name)
        return name

    @property
    def easy(self) -> int:  # type: ignore[override]  # here it depends on the name
        return 6 if LEVEL in self.called else 1

    @property
    def hard(self) -> tuple[int, ...]:  # type: ignore[override]
        return (8,) if LEVEL in self.called else (1,)

    @property
    def rules(self) -> Rules:  # type: ignore[override]
        raise UserError(f"{self.called} is played by OpenSpiel, so what is compiled here, as search is, is not for it.")

    def loaded(self, level: int) -> Any:
        """The pyspiel.Game. Raises UserError for what OpenSpiel does not have or take."""
        return loaded(self.called.replace(LEVEL, str(level)))

    def planes_of(self, level: int) -> tuple[int, ...]:
        """The shape of an observation: (C, R, C') where it is planes."""
        game = self.loaded(level)
        return tuple(game.observation_tensor_shape()) if game.get_type().provides_observation_tensor else ()

    def shape(self, level: int) -> tuple[int, int]:
        """Of its planes; without them, all moves are in one row."""
        planes = self.planes_of(level)
        return (planes[1], planes[2]) if len(planes) == 3 else (1, self.actions(level))

    def actions(self, level: int) -> int:
        """A, the numbers that OpenSpiel gives to actions."""
        return int(self.loaded(level).num_distinct_actions())

    @property
    def moves_at_each(self) -> int:  # type: ignore[override]
        return self.at_each(self.easy)

    def at_each(self, level: int) -> int:
        rows, columns = self.shape(level)
        return -(-self.actions(level) // (rows * columns))

    @property
    def spec(self) -> Spec:
        planes = self.planes_of(self.easy)
        if len(planes) != 3:
            shape = " x ".join(map(str, planes)) or "no"
            raise UserError(
                f"A net sees planes, and OpenSpiel shows {shape} numbers of {self.called}: it is for no net."
            )
        return Spec(inputs=planes[0] + 1, outputs=self.moves_at_each + 1, positions="grid")

    def says(self, level: int) -> str:
        return self.called.replace(LEVEL, str(level))

    def check_level(self, level: int) -> None:
        if LEVEL not in self.called and level != 1:
            raise UserError(f"{self.called} has one level, 1: write {LEVEL} for a number in its name to have more.")
        if level > LARGEST:
            raise UserError(f"Boards have {LARGEST} rows and columns at most, so level {level} is too large.")
        super().check_level(level)
        if self.at_each(level) != self.moves_at_each:
            raise UserError(
                f"{self.says(level)} has {self.at_each(level)} moves at each position, and {self.says(self.easy)} has"
                f" {self.moves_at_each}: one net cannot play both, so they are no levels of one game."
            )

    # -------------------------------------------------------------------------------------------- playing

    def start(self, level: int, count: int = 1, seed: int = 0) -> States:
        board = super().start(level, count, seed).board
        return self._of(level, board, [self.loaded(level).new_initial_state()] * count, np.zeros(count, np.int8), 0)

    def legal(self, positions: Positions) -> NDArray[np.bool_]:
        found = np.zeros((len(positions), self.moves(positions.level)), np.bool_)
        for which, state in enumerate(_states(positions)):
            found[which, self._move_of(positions.level)[state.legal_actions()]] = True
        return found

    def played(self, positions: Positions, moves: Moves) -> States:
        action_of = self._action_of(positions.level)
        after = [
            state if state.is_terminal() else state.child(action_of[move])
            for state, move in zip(_states(positions), moves, strict=True)
        ]
        before = np.where(positions.over, 1 - positions.player, positions.player)
        return self._of(positions.level, positions.board, after, before, positions.ply + ~positions.over)

    def at_random(self, positions: Positions, seed: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        rng = generator("games", seed)
        results, lengths = np.zeros(len(positions), np.int8), np.zeros(len(positions), np.int64)
        for which, state in enumerate(_states(positions)):
            if not state.is_terminal():
                played = state.clone()
                while not played.is_terminal():
                    actions = played.legal_actions()
                    played.apply_action(actions[rng.integers(len(actions))])
                    lengths[which] += 1
                results[which] = np.sign(played.returns()[state.current_player()])
        return results, lengths

    def openings(self, level: int) -> Positions:
        start = self.start(level)
        which, moves = self.legal(start).nonzero()
        return self.played(start[which], moves)

    def _of(
        self, level: int, board: NDArray[np.int8], states: Sequence[Any], before: NDArray[np.int8], ply: Any
    ) -> States:
        """Positions of states; where one is over, the player is the one who did not move last, `before`."""
        array = np.empty(len(states), object)
        array[:] = states
        over = np.array([state.is_terminal() for state in states])
        player = np.array([state.current_player() for state in states])
        score = np.array([np.sign(state.returns()[0]) if state.is_terminal() else GOES_ON for state in states])
        player, plies = np.where(over, 1 - before, player), np.broadcast_to(ply, len(states)).astype(np.int64)
        return States(self, level, board, player.astype(np.int8), plies, score.astype(np.int8), array)

    def _move_of(self, level: int) -> NDArray[np.int64]:
        """The move of each action, (A,)."""
        rows, columns = self.shape(level)
        actions, places = np.arange(self.actions(level)), rows * columns
        each = len(actions) // places
        return np.where(actions < each * places, actions % max(each, 1) * places + actions // max(each, 1), actions)

    def _action_of(self, level: int) -> NDArray[np.int64]:
        """The action of each move, (M,); -1 where there is none."""
        found, move_of = np.full(self.moves(level), -1), self._move_of(level)
        found[move_of] = np.arange(len(move_of))
        return found

    # -------------------------------------------------------------------------------------------- seeing and telling

    def seen(self, positions: Positions) -> NDArray[np.float32]:
        inputs, (rows, columns) = self.spec.inputs, self.shape(positions.level)
        seen = np.empty((len(positions), inputs, rows, columns), np.float32)
        for which, state in enumerate(_states(positions)):
            player = int(positions.player[which])
            seen[which, :-1] = np.array(state.observation_tensor(player)).reshape(-1, rows, columns)
            seen[which, -1] = player
        return seen

    def move_name(self, move: int, level: int, player: int = 0) -> str:  # noqa: ARG002
        """The action's number: what it means may depend on the position."""
        return str(self._action_of(level)[move])

    def name_in(self, positions: Positions, which: int, move: int) -> str:
        """As OpenSpiel says it, without spaces."""
        state, action = _states(positions)[which], int(self._action_of(positions.level)[move])
        if action not in state.legal_actions():
            return self.move_name(move, positions.level)
        return "".join(state.action_to_string(state.current_player(), action).split())

    def write(self, positions: Positions, which: int = 0) -> str:
        """As OpenSpiel writes it, and who moves."""
        return "\n".join([str(_states(positions)[which]).rstrip(), self.state_of(positions, which)])

    def state_of(self, positions: Positions, which: int = 0) -> str:
        """Players by number, since OpenSpiel's texts have letters of their own for them."""
        score = int(positions.score[which])
        if score == GOES_ON:
            return f"player {positions.player[which] + 1} moves"
        return {1: "player 1 has won", 0: "drawn", -1: "player 2 has won"}[score]

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:  # noqa: ARG002
        """The text that OpenSpiel writes."""
        lines = str(_states(positions)[which]).rstrip().splitlines()
        width = max(map(len, lines))
        texts = tuple(
            Text(WIDTH * (column + 0.5), SIDE * (row + 0.5), letter, SIDE * 0.8, INK)
            for row, line in enumerate(lines)
            for column, letter in enumerate(line)
            if not letter.isspace()
        )
        return Scene(WIDTH * width, SIDE * len(lines), texts=texts)


def check(name: str) -> None:
    """Raises UserError for a game that there is not, or that is not for two, open and without chance."""
    pyspiel = _pyspiel()
    word = name.partition("(")[0]
    if word not in pyspiel.registered_names():
        raise UserError(f"There is no game '{word:.40}' in OpenSpiel{suggest(word, pyspiel.registered_names())}.")
    kind = next(one for one in pyspiel.registered_games() if one.short_name == word)
    if not (
        kind.dynamics == kind.Dynamics.SEQUENTIAL
        and kind.chance_mode == kind.ChanceMode.DETERMINISTIC
        and kind.information == kind.Information.PERFECT_INFORMATION
        and kind.utility == kind.Utility.ZERO_SUM
        and kind.min_num_players <= 2 <= kind.max_num_players
    ):
        raise UserError(
            "Games here are for two, in turns, with nothing hidden, no chance, and what one wins the other loses:"
            f" {word} is not."
        )


@cache
def loaded(name: str) -> Any:
    """A pyspiel.Game. Raises UserError for what OpenSpiel does not have or take."""
    check(name)
    pyspiel = _pyspiel()
    try:
        game = pyspiel.load_game(name)
        wrong = "" if game.num_players() == 2 else "it is not for two players"
        wrong = wrong if game.new_initial_state().legal_actions() else "it has no moves"
    except pyspiel.SpielError as error:
        wrong = re.sub(r"^\S+\.cc:\d+ ", "", str(error)).partition("\n")[0].rstrip(". ")
    if wrong:
        raise UserError(f"OpenSpiel cannot play {name}: {wrong}.")
    return game


def _pyspiel() -> Any:
    try:
        import pyspiel
    except ImportError as error:
        raise UserError("Games of OpenSpiel need it: pip install 'longthink[games]'.") from error
    return pyspiel


def _states(positions: Positions) -> NDArray[np.object_]:
    assert isinstance(positions, States)
    return positions.states
