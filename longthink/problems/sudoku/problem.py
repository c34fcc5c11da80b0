"""Sudoku of any size (dissertation, section 6.1). The level is the number of blank cells: 41 of 81 leave 40 givens.

x is (B, 1 + n, n, n) for n symbols: channel 0 is 1 where a cell is blank, channel s where symbol s is given. y is
(B, n, n), the symbols less 1. The mask is what is blank, unless all cells count.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AfterValidator, Field
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.seeds import generator, generator_of
from longthink.contracts import Problem, Puzzles, Spec, Split
from longthink.problems._drawing import OF_FOUR
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku import _deduction, _rating, _symmetry
from longthink.problems.sudoku import _solver as _sudoku_solver
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku._seventeen import SEVENTEEN, seventeen
from longthink.problems.sudoku._store import SudokuStore, open_store
from longthink.problems.sudoku._text import GUESSES, MOST_SYMBOLS, Board
from longthink.problems.sudoku.view import SudokuView
from longthink.registry import register

FEWEST_GIVENS = {4: 4, 6: 8, 8: 14, 9: 17}
"""That any board with one solution has, by the number of symbols, where that is known."""
TRIES = 400
"""Boards that a puzzle is looked for on."""
PATIENCE = 150_000_000
"""Steps of the first walk to boards with fewer givens, times the cube of the number of cells."""
MOST_DEAD_ENDS = 100_000
"""That ratings tell apart."""
HARD_SHARES = (45 / 81, 49 / 81, 53 / 81, 57 / 81)
"""Of blank cells: 36, 32, 28 and 24 givens of 81."""


def _box(box: tuple[int, int]) -> tuple[int, int]:
    if not 4 <= box[0] * box[1] <= MOST_SYMBOLS or min(box) < 2:
        raise ValueError(f"a box has 2 rows and 2 columns or more, and {MOST_SYMBOLS} cells at the most")
    return box


Box = Annotated[tuple[int, int], AfterValidator(_box)]
"""Rows and columns of a box."""
ALGORITHMS = {
    "naked_singles": (_deduction.NAKED_SINGLES, False),
    "hidden_singles": (_deduction.HIDDEN_SINGLES, False),
    "locked_candidates": (_deduction.LOCKED_CANDIDATES, False),
    "pairs": (_deduction.PAIRS, False),
    "guess_and_check": (_deduction.HIDDEN_SINGLES, True),
}
"""What each knows, and whether it guesses where that stalls."""


@register
class Sudoku(Problem):
    """Fill the blank cells so that each row, column and box has every symbol once; there is one way to do it.

    `box` is the size of a box, (3, 3) for boards of 9 x 9. A split is a function of the full board, the same for all
    boards that the symmetries make of it; of boards smaller than 9 x 9, which are of a few kinds only, a function of
    the puzzle.
    `scoring`: with "all_cells", givens count in losses, answers and scores like other cells, as in the dissertation
    (section 6.1, figure 6.1), and a net must repeat them; with "blanks" they stay as they are.

    What training batches are made of: `also`, boxes of further boards that batches have in turn, with as large a share
    of their cells blank. `stalled`, the share of the other batches whose boards are dug as far as goes and then filled
    again with all that singles give, and with some cells more, until no more than the level are blank: such boards ask
    for more than singles. `stalled_by` says what gives nothing on them, one of `algorithms`, singles or more or less.
    `lowest_rating`: boards that are not stalled are made to rate so much (`rating`), or more. Boards with 17 givens are
    moved ones of a list, since few are found by searching.
    With `source`, a folder that `longthink import` has written from sudoku files, puzzles are those of others, and a
    file for testing is the test split; `augment` then moves each in training by a random symmetry, another one whenever
    it is drawn; further boards are still made. `source_size`: training puzzles are so many of them, chosen at random
    once. `up_to`: a level has all puzzles with no more blank cells. `lowest_rating` goes by the rating that they have.

    >>> puzzles = Sudoku().sample(level=41, count=2)
    >>> puzzles.x.shape, puzzles.y.shape, int(puzzles.mask[0].sum())
    (torch.Size([2, 10, 9, 9]), torch.Size([2, 9, 9]), 41)
    """

    symmetric: ClassVar[bool] = True
    verifiable: ClassVar[bool] = True

    box: Box = (3, 3)
    scoring: Literal["blanks", "all_cells"] = "blanks"
    also: tuple[Box, ...] = ()
    stalled: Annotated[float, Field(ge=0, le=1)] = 0.0
    stalled_by: Literal["naked_singles", "hidden_singles", "locked_candidates", "pairs"] = "hidden_singles"
    lowest_rating: Annotated[int, Field(ge=0, le=MOST_DEAD_ENDS)] = 0
    source: str = ""
    source_size: Annotated[int, Field(ge=1)] | None = None
    up_to: bool = False
    augment: bool = True

    @property
    def spec(self) -> Spec:  # type: ignore[override]  # here it depends on the box
        return Spec(1 + self.symbols, self.symbols, positions="grid", size=self.symbols)

    @property
    def view(self) -> SudokuView:
        return SudokuView(self)

    @property
    def symbols(self) -> int:
        """Different ones, as many as cells of a box."""
        return self.box[0] * self.box[1]

    @property
    def cells(self) -> int:
        return self.symbols**2

    @property
    def easy(self) -> int:  # type: ignore[override]
        """With 40 givens of 81."""
        return self.cells // 2 + 1

    @property
    def hard(self) -> tuple[int, ...]:  # type: ignore[override]
        return tuple(round(share * self.cells) for share in HARD_SHARES)

    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        self._check_source()
        boards = (self.box, *self.also) if split == "train" else (self.box,)
        box = boards[key % len(boards)]
        if box != self.box:
            other = self.sized(box)
            return other.draw(max(1, round(level / self.cells * other.cells)), count, split, key, repeats)
        if self.source:
            return self._choose(level, count, split, key, repeats)
        fewest = FEWEST_GIVENS.get(self.symbols, 1)
        if not 1 <= level <= self.cells - fewest:
            raise UserError(
                f"The level of a sudoku is its number of blank cells, from 1 to {self.cells - fewest} on a board of"
                f" {self._size}; level {level} does not exist."
            )
        stalled = split == "train" and generator_of(key).random() < self.stalled
        if self.box == (3, 3) and level == SEVENTEEN and not stalled:
            return self._of_list(count, split, key)
        found = self._generate(key, 0, level, count, split, stalled)
        if not repeats:
            found = self._without_repeats(found, key, level, split, stalled)
        return replace(self.from_boards(*found), split=split)

    def levels(self, lowest: int, highest: int) -> Sequence[int]:
        """With a source, those that it has training puzzles of."""
        every = range(lowest, highest + 1)
        self._check_source()
        if not self.source:
            return every
        levels = [level for level in every if len(self._rows(level, "train"))]
        if not levels:
            raise UserError(f"{self.source} has no training puzzles with {lowest} to {highest} blank cells.")
        return levels

    def answer(self, logits: Tensor, puzzles: Puzzles) -> Tensor:
        """Givens stay as they are, unless all cells count."""
        answers = super().answer(logits, puzzles)
        return answers if self.scoring == "all_cells" else torch.where(_blank(puzzles), answers, puzzles.y)

    def moved(self, puzzles: Puzzles, number: int) -> tuple[Puzzles, Callable[[Tensor], Tensor]]:
        """Rows, columns, bands and stacks exchanged, symbols renamed, and transposed, all puzzles in the same way."""
        one = _symmetry.draw(self.box, 1, generator("symmetry", number))
        symmetry = _symmetry.Symmetry(*(part.to(puzzles.y.device).expand(len(puzzles), -1) for part in one))
        return _symmetry.apply(symmetry, puzzles), partial(_symmetry.back, symmetry)

    def correct(self, answers: Tensor, puzzles: Puzzles) -> Tensor:
        """bool (B,): the answers keep the givens, and every house has every symbol once."""
        kept = ((answers == puzzles.y) | _blank(puzzles)).flatten(1).all(1)
        inside = torch.from_numpy(houses(_box_of(puzzles))).to(answers.device)
        each = answers.flatten(1)[:, inside].sort(-1).values
        whole = (each == torch.arange(inside.shape[1], device=answers.device)).flatten(1).all(1)
        return kept & whole

    def algorithms(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """In rounds, each of which draws all conclusions over the board at once; none decides a given.

        Each of the first four knows what those before it know: naked singles, cells with one candidate; hidden singles,
        symbols with one cell in a house; locked candidates, pointing and claiming; pairs, naked and hidden. They draw
        conclusions about cells and about candidates in the same rounds. `guess_and_check` knows both kinds of singles
        and, where they stall, tries all candidates of a cell side by side, and keeps the one that is not refuted
        (`_deduction`): it decides all cells of a puzzle, if that takes no more than `_deduction.MOST_GUESSES`.
        """
        boards, inside = boards_of(puzzles), houses(_box_of(puzzles))
        found = {}
        for name, (known, guessing) in ALGORITHMS.items():
            rounds, left = np.empty((2, *boards.shape), np.int64)
            _deduction.decide(boards, inside, known, guessing, rounds, left)
            found[name] = torch.from_numpy(rounds).view(puzzles.y.shape)
        return found

    def baselines(self, puzzles: Puzzles) -> dict[str, Tensor]:
        """What naked and hidden singles, filled in one after the other, solve."""
        boards = boards_of(puzzles)
        _sudoku_solver.fill_singles(boards, houses(_box_of(puzzles)))
        return {"singles": torch.from_numpy((boards > 0).all(1)).double()}

    def rating(self, puzzles: Puzzles) -> Tensor:
        """How hard each puzzle is, (B,): the contradictions met in a search of all its branches.

        The search knows singles and locked candidates; where they stall, it tries each candidate of the first cell that
        has fewest. So 0 is what they solve, and MOST_DEAD_ENDS is that or more. It is of the same kind as the ratings
        of Sudoku-Extreme, the guesses of the solver tdoku, and no more than that: tdoku tries where in a band of three
        lines a symbol is, concludes a little more, and goes by one order to one solution. Solvers that know what is
        known here take 1.2 to 1.4 times as many guesses as tdoku, by its own benchmarks.
        """
        ratings = np.empty(len(puzzles), np.int64)
        _rating.rate(boards_of(puzzles), houses(_box_of(puzzles)), MOST_DEAD_ENDS, ratings)
        return torch.from_numpy(ratings)

    def guesses(self, puzzles: Puzzles) -> NDArray[np.int64]:
        """How many guesses each puzzle takes, one after the other, where singles are filled in before each.

        -1 where it takes more than a million.
        """
        rated: NDArray[np.int64] = _sudoku_solver.rate(boards_of(puzzles), houses(_box_of(puzzles)), GUESSES)
        return rated

    def sized(self, box: tuple[int, int]) -> "Sudoku":
        """The same for boards of another size, which are drawn here, and all alike."""
        others = {"also": (), "stalled": 0.0, "lowest_rating": 0, "source": "", "source_size": None, "up_to": False}
        return self.model_copy(update={"box": box, **others})

    def from_boards(self, boards: Board, solutions: Board) -> Puzzles:
        """Puzzles from boards (N, cells), 0 for blank, and their solutions."""
        shape = (len(boards), self.symbols, self.symbols)
        given = torch.from_numpy(boards).view(shape)
        x = torch.nn.functional.one_hot(given, 1 + self.symbols).movedim(-1, 1).float().contiguous()
        level = int((boards == 0).sum(1).max())
        counted = given == 0 if self.scoring == "blanks" else None
        return Puzzles(self, level, x, torch.from_numpy(solutions - 1).view(shape), counted)

    def _generate(
        self, key: int, first: int, level: int, count: int, split: Split, stalled: bool
    ) -> tuple[Board, Board]:
        boards, solutions = np.empty((2, count, self.cells), np.int64)
        few, steps = self.symbols < _sudoku_boards.FEW_KINDS, PATIENCE // self.cells**3
        found = _sudoku_boards.draw(
            key,
            first,
            level,
            stalled,
            ALGORITHMS[self.stalled_by][0],
            self.lowest_rating,
            houses(self.box),
            *OF_FOUR[split],
            few,
            TRIES,
            steps,
            boards,
            solutions,
        )
        if not found:
            rated = f" rated {self.lowest_rating} or more" if self.lowest_rating else ""
            raise UserError(
                f"No {split} sudoku of {self._size} with {self.cells - level} givens{rated} was found in {TRIES} tries"
                f" and {_sudoku_boards.WALKS} walks; take another level."
            )
        return boards, solutions

    def _without_repeats(
        self, found: tuple[Board, Board], key: int, level: int, split: Split, stalled: bool
    ) -> tuple[Board, Board]:
        """The same number of puzzles, all different: repeated ones are replaced by later ones of the stream."""
        (boards, solutions), count = found, len(found[0])
        drawn = count
        while True:
            kept = np.sort(np.unique(boards, axis=0, return_index=True)[1])[:count]
            boards, solutions = boards[kept], solutions[kept]
            if len(boards) == count:
                return boards, solutions
            if drawn > 50 * count + 2000:
                raise UserError(
                    f"Only {len(boards)} different {split} boards of {self._size} with {self.cells - level} givens were"
                    f" found, and {count} are asked for; ask for fewer."
                )
            extra = max(count - len(boards), 200)  # repeats only ever occur on small boards
            more, their_solutions = self._generate(key, drawn, level, extra, split, stalled)
            boards, solutions = np.concatenate([boards, more]), np.concatenate([solutions, their_solutions])
            drawn += extra

    def _store(self) -> SudokuStore:
        store = open_store(self.source)
        if store.box != self.box:
            raise UserError(f"{self.source} has boxes of {store.box}, not {self.box}; set problem.box to them.")
        return store

    def _check_source(self) -> None:
        if not self.source and (self.up_to or self.source_size):
            raise UserError("Puzzles of others are asked for by up_to or source_size; set problem.source to a folder.")

    def _rows(self, level: int, split: Split) -> NDArray[np.int64]:
        """Those of the source."""
        size = self.source_size if split == "train" else None
        return self._store().rows(level, *OF_FOUR[split], self.up_to, self.lowest_rating, size)

    def _choose(self, level: int, count: int, split: Split, key: int, repeats: bool) -> Puzzles:
        """From the source."""
        store, rng, rows = self._store(), generator_of(key), self._rows(level, split)
        if len(rows) == 0 or (count > len(rows) and not repeats):
            blank = f"{level} blank cells{' or fewer' if self.up_to else ''}"
            rated = f" rated {self.lowest_rating} or more" if self.lowest_rating else ""
            raise UserError(
                f"{self.source} has {len(rows)} {split} puzzles with {blank}{rated}, and {count} are asked for."
            )
        chosen = rng.choice(rows, count, replace=repeats)
        boards, solutions = store.boards[chosen].astype(np.int64), store.solutions[chosen].astype(np.int64)
        if self.augment and split == "train":
            boards, solutions = _symmetry.move(key, self.box, boards, solutions)
        extras = {"rating": torch.from_numpy(store.ratings[chosen])}
        return replace(self.from_boards(boards, solutions), level=level, split=split, extras=extras)

    def _of_list(self, count: int, split: Split, key: int) -> Puzzles:
        """Boards with 17 givens, each as often as the others, moved."""
        boards, solutions = seventeen(*OF_FOUR[split], self.lowest_rating)
        if len(boards) == 0:
            raise UserError(
                f"None of the {split} boards with 17 givens rates {self.lowest_rating} or more; take a lower rating."
            )
        order = generator_of(key).permutation(len(boards))
        chosen = np.resize(order, count)
        moved = _symmetry.move(key, self.box, boards[chosen], solutions[chosen])
        return replace(self.from_boards(*moved), split=split)

    @property
    def _size(self) -> str:
        return f"{self.symbols} x {self.symbols}"


def boards_of(puzzles: Puzzles) -> Board:
    """The boards (B, cells), 0 for blank. Raises UserError for some that are not of their problem's size."""
    symbols = _box_of(puzzles)[0] * _box_of(puzzles)[1]
    if puzzles.x.shape[1:] != (1 + symbols, symbols, symbols):
        raise UserError(f"These are no boards of {symbols} x {symbols}; set problem.box to their boxes.")
    boards: Board = puzzles.x.argmax(1).flatten(1).cpu().numpy()
    return boards


def _blank(puzzles: Puzzles) -> Tensor:
    """Which cells are to be filled, bool (B, n, n)."""
    blank: Tensor = puzzles.x[:, 0] > 0 if puzzles.mask is None else puzzles.mask
    return blank


def _box_of(puzzles: Puzzles) -> tuple[int, int]:
    assert isinstance(puzzles.problem, Sudoku)
    return puzzles.problem.box
