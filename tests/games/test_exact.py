"""Exact play against brute force, theory, and what is known of small Hex boards."""

from functools import cache
from typing import ClassVar

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

import longthink as lt
from longthink.base.errors import UserError
from longthink.figures.scene import Scene
from longthink.games.contract import Game, Positions
from longthink.games.engine import AGAIN, DRAWN, GOES_ON, LEGAL, PLAY, WON, Rules
from longthink.games.exact import NO_MOVE, best_moves, optimal_rate, values
from longthink.games.hex import Hex

AROUND = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, -1), (-1, 1))


class Plain(Hex):
    """Hex without what is known of bridges."""

    rules: ClassVar[Rules] = Rules(Hex.rules.legal, Hex.rules.play)


class Invented(Game):
    """What games of these tests have in common."""

    easy: ClassVar[int] = 3
    hard: ClassVar[tuple[int, ...]] = ()

    def turned(self, board: NDArray[np.int8]) -> NDArray[np.int8]:
        return -board

    def scene(self, positions: Positions, which: int = 0, values: NDArray[np.floating] | None = None) -> Scene:
        raise NotImplementedError


LINES = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]])


@numba.njit(LEGAL)
def empty_cells(board, rows, columns, variant, ply, moves):
    count = 0
    for place in range(rows * columns):
        if board[place] == 0:
            moves[count] = place
            count += 1
    return count


@numba.njit(PLAY)
def place_cross(board, rows, columns, variant, ply, move):
    board[move] = 1
    led_to = DRAWN
    for place in range(9):
        if board[place] == 0:
            led_to = GOES_ON
    for line in LINES:
        if board[line[0]] == board[line[1]] == board[line[2]] == 1:
            led_to = WON
    for place in range(9):
        board[place] = -board[place]
    return led_to


class TicTacToe(Invented):
    """Three in a row."""

    rules: ClassVar[Rules] = Rules(empty_cells, place_cross)


@numba.njit(LEGAL)
def one_or_two(board, rows, columns, variant, ply, moves):
    moves[0], moves[1] = 0, 1
    return 2 if board[0] > 1 else 1


@numba.njit(PLAY)
def take(board, rows, columns, variant, ply, move):
    board[0] -= move + 1
    if board[0] == 0:
        return WON
    return AGAIN if board[0] % variant == 0 else GOES_ON


class Heap(Invented):
    """Take one or two; who takes the last has won; who leaves a multiple of `again` moves again."""

    again: int = 5

    rules: ClassVar[Rules] = Rules(one_or_two, take)

    @property
    def variant(self) -> int:
        return self.again

    def shape(self, level: int) -> tuple[int, int]:
        return 1, 2

    def of(self, heaps: list[int]) -> Positions:
        return self.positions(2, np.array([[[heap, 0]] for heap in heaps], np.int8))


def joins(cells: set[tuple[int, int]], size: int) -> bool:
    """Whether cells join the first row and the last, written another way than the kernel."""
    reached, pending = set(), [cell for cell in cells if cell[0] == 0]
    while pending:
        cell = pending.pop()
        if cell not in reached:
            reached.add(cell)
            pending += [(cell[0] + r, cell[1] + c) for r, c in AROUND if (cell[0] + r, cell[1] + c) in cells]
    return any(row == size - 1 for row, _ in reached)


def hex_by_brute_force(size: int) -> dict[tuple[int, ...], dict[int, int]]:
    """Of each board on which a game may go on, as who moves sees it, what each of its moves leads to."""
    found: dict[tuple[int, ...], dict[int, int]] = {}

    def look(board: tuple[int, ...]) -> int:
        if board not in found:
            found[board] = {}
            for move in range(size**2):
                if board[move] == 0:
                    after = list(board)
                    after[move] = 1
                    own = {divmod(place, size) for place, value in enumerate(after) if value == 1}
                    turned = tuple(-after[column * size + row] for row in range(size) for column in range(size))
                    found[board][move] = 1 if joins(own, size) else -look(turned)
        return max(found[board].values())

    look((0,) * size**2)
    return found


def as_array(known: list[dict[int, int]], moves: int) -> NDArray[np.int8]:
    return np.array([[one.get(move, NO_MOVE) for move in range(moves)] for one in known], np.int8)


def after_random_moves(game: Game, level: int, plies: int, count: int, seed: int = 0) -> Positions:
    rng, positions = np.random.default_rng(seed), game.start(level, count)
    for _ in range(plies):
        moves = (game.legal(positions) * rng.random((count, game.moves(level)))).argmax(1)
        positions = game.played(positions, moves)
    return positions[~positions.over]


def boards_of(game: Game, level: int, boards: list[tuple[int, ...]]) -> Positions:
    array = np.array(boards, np.int8).reshape(len(boards), *game.shape(level))
    positions = game.positions(level, array)
    positions.ply[:] = (array != 0).sum((1, 2))
    return positions


def test_every_position_of_3x3_hex_is_as_brute_force_has_it() -> None:
    known = hex_by_brute_force(3)
    assert len(known) > 3000
    found = values(boards_of(lt.game("hex"), 3, list(known)))
    assert np.array_equal(found, as_array(list(known.values()), 9))


def test_the_winning_openings_of_4x4_are_the_short_diagonal() -> None:
    assert np.array_equal(values(lt.game("hex").start(4))[0].reshape(4, 4) == 1, np.eye(4)[::-1])


def test_the_middle_of_5x5_wins() -> None:
    positions = lt.game("hex").read("c3", level=5)
    assert values(positions).max() == -1


@pytest.mark.parametrize(("level", "plies", "count"), [(4, 3, 30), (4, 5, 100), (5, 14, 60), (6, 24, 40)])
def test_bridges_change_no_value(level: int, plies: int, count: int) -> None:
    positions = after_random_moves(Hex(), level, plies, count)
    assert len(positions) > count / 2
    plain = Plain()
    found = values(plain.positions(level, positions.board))
    assert np.array_equal(values(positions), found)
    assert {-1, 1} <= set(found.flat)


def test_whoever_may_swap_wins() -> None:
    for level in (2, 3):
        assert set(values(Hex(swap=True).start(level)).flat) == {-1}


def test_draws_are_known() -> None:
    game, known = TicTacToe(), {}

    def look(board: tuple[int, ...]) -> int:
        if board not in known:
            known[board] = {}
            for move in range(9):
                if board[move] == 0:
                    after = np.array(board)
                    after[move] = 1
                    won = bool((after[LINES] == 1).all(1).any())
                    known[board][move] = 1 if won else 0 if after.all() else -look(tuple(-after))
        return max(known[board].values())

    assert look((0,) * 9) == 0
    assert len(known) == 4520  # 5,478 that can arise, of which 958 are over
    assert np.array_equal(values(boards_of(game, 3, list(known))), as_array(list(known.values()), 9))


@pytest.mark.parametrize("again", [2, 3, 5, 7])
def test_who_moves_again_is_known(again: int) -> None:
    @cache
    def look(heap: int, move: int) -> int:
        left = heap - move - 1
        if left == 0:
            return 1
        best = max(look(left, other) for other in range(min(2, left)))
        return best if left % again == 0 else -best

    heaps = list(range(1, 60))
    found = values(Heap(again=again).of(heaps))
    for heap, row in zip(heaps, found, strict=True):
        expected = [look(heap, move) if move < min(2, heap) else NO_MOVE for move in range(2)]
        assert row.tolist() == expected


def test_what_is_over_has_no_moves() -> None:
    positions = lt.game("hex").read("a1 b1 a2", level=2)
    assert positions.over[0]
    assert (values(positions) == NO_MOVE).all()
    assert not best_moves(positions).any()


def test_what_is_too_large_is_said() -> None:
    with pytest.raises(UserError, match=r"hex at 9x9, after 0 moves, takes more than 50 boards to solve"):
        values(lt.game("hex").start(9), most_nodes=50)


def test_games_that_may_go_round_are_not_solved() -> None:
    class Round(TicTacToe):
        cyclic: ClassVar[bool] = True

    with pytest.raises(UserError, match="may come twice"):
        values(Round().start(3))


def test_a_game_may_know_by_theory() -> None:
    class Known(TicTacToe):
        def exact(self, positions: Positions) -> NDArray[np.int8]:
            return np.ones((len(positions), 9), np.int8)

    assert values(Known().start(3)).tolist() == [[1] * 9]


def test_the_optimal_rate_is_of_positions_where_the_move_matters() -> None:
    game = lt.game("hex")
    lost = game.read("b2", level=3)  # whatever o does
    start = game.start(3)
    positions = Positions.of([start, start, start, lost])
    assert optimal_rate(positions, np.array([0, 4, 2, 0])) == pytest.approx(2 / 3)
    assert np.isnan(optimal_rate(lost, np.array([0])))
