"""A net for sudoku of any size: a vector for each symbol in each cell, which listens along rows, columns and boxes.

Every candidate, a symbol in a cell, is in four houses of which one candidate is true: its cell, and its symbol's row,
column and box (sudoku as an exact cover). A step tells each candidate what is said in its houses, and in those parts of
its row, column and box that lie outside the other ones; then all candidates take the same step. Weights know neither
symbols nor places nor how many of them there are, so the same ones work on boards of any size, and renaming symbols,
or moving rows within a band, renames and moves the answer.

Shapes: B batch, n symbols, n x n cells in boxes of r x c, F features, M messages of each of four kinds.
"""

from functools import reduce
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.base.linear import Linear, plus, relu
from longthink.contracts import Size, Spec, Thinker
from longthink.problems.sudoku._houses import most_square
from longthink.registry import register
from longthink.thinking.halt_head import HaltHead
from longthink.thinking.updates import Damping, Rounding, Update

KINDS = 4
"""Messages for rows, for boxes, for columns and for cells."""
SEEN = 2
"""What is known of a candidate: whether its symbol is given in its cell, and whether the cell is blank."""
SMALL = 1e-6


@register
class RowColumnBox(Thinker):
    """h' = norm(h + MLP(h, input, what is heard)), from the same vector for every candidate; an answer is linear in h.

    Of a set of candidates is heard s / (1 + s), where s is the sum of what they say, never negative: so one that speaks
    is told from none, and many are not from many more. `width` is F, `messages` M, `hidden` that of the MLP. `box` is
    None for the most nearly square boxes; with (1, n), boxes are rows again, as in Latin squares. `damping` is the
    share of the old h in the new one, `rounding` the number of values that each feature of h is rounded to.
    `halts`: it can learn when to stop.

    >>> net = RowColumnBox(Spec(inputs=10, outputs=9, positions="grid"))
    >>> [net.read(net.start(net.see(torch.zeros(1, 1 + n, n, n)))).shape[1] for n in (4, 16)]
    [4, 16]
    """

    takes: ClassVar[tuple[str, ...]] = ("grid",)

    def __init__(
        self,
        spec: Spec,  # a board brings its own number of symbols
        width: Size = 32,
        messages: Size = 16,
        hidden: Size = 64,
        box: tuple[int, int] | None = None,
        damping: Damping = 0.0,
        rounding: Rounding = None,
        halts: bool = False,
    ):
        super().__init__()
        self.check_takes(spec)
        if min(width, messages, hidden) < 1:
            raise UserError("The width, the messages and the hidden width must be 1 or more.")
        self.box = box
        self.update, self.rounding = Update(damping, rounding), rounding
        # As randn(width) * 0.1, for which torch imports its compiler where a net is made without memory.
        self.first = nn.Parameter(torch.normal(0.0, 1.0, (width,)).mul_(0.1))
        self.speak = Linear(width, KINDS * messages)
        self.hear = Linear(width + SEEN, hidden)
        self.hear_row = Linear(4 * messages, hidden, bias=False)
        self.hear_column = Linear(3 * messages, hidden, bias=False)
        self.hear_cell = Linear(messages, hidden, bias=False)
        self.move = Linear(hidden, width)
        self.last = nn.Linear(width, 1)
        self.halts = halts
        if halts:
            self.halting = HaltHead(width)

    @classmethod
    def specs(cls) -> tuple[Spec, ...]:
        return (Spec(inputs=5, outputs=4, positions="grid", size=4),)

    def see(self, x: Tensor) -> Tensor:
        """(B, 1 + n, n, n) -> (B, n, n, n, 2): of each symbol, row and column, whether it is given, or may be put in.

        Raises UserError for an input that is no board, or has no such boxes.
        """
        symbols = x.shape[1] - 1
        if x.ndim != 4 or x.shape[2:] != (symbols, symbols):
            raise UserError(f"This net takes boards (B, 1 + n, n, n), not inputs of shape {list(x.shape)}.")
        rows, columns = self._box(symbols)
        if rows * columns != symbols:
            raise UserError(f"A board of {symbols} symbols has no boxes of {rows} x {columns}.")
        return torch.stack([x[:, 1:], x[:, :1].expand(-1, symbols, -1, -1)], -1)

    def start(self, seen: Tensor) -> Tensor:
        """(B, n, n, n, 2) -> (B, n, n, n, F)."""
        return self.first.expand(*seen.shape[:-1], -1).contiguous()

    def step(self, state: Tensor, seen: Tensor) -> Tensor:
        rows, columns = self._box(state.shape[1])
        along_row, along_column, in_cell = self._heard(relu(self.speak(state)))
        heard = self.hear(torch.cat([state, seen], -1))
        of_rows = self.hear_row(along_row)[..., None, :]
        heard = plus(torch.unflatten(heard, 3, (-1, columns)), of_rows).flatten(3, 4)
        of_columns = self.hear_column(along_column)[:, :, :, None]
        heard = plus(torch.unflatten(heard, 2, (-1, rows)), of_columns).flatten(2, 3)
        heard = plus(heard, self.hear_cell(in_cell))
        moved = plus(self.move(relu(heard)), state)
        return self.update(state, F.rms_norm(moved, state.shape[-1:], eps=SMALL))

    def read(self, state: Tensor) -> Tensor:
        logits: Tensor = self.last(state)
        return logits.squeeze(-1)

    def halt(self, state: Tensor) -> Tensor:
        return self.halting(self.features(state)) if self.halts else super().halt(state)

    def features(self, state: Tensor) -> Tensor:
        """(B, F, n, n, n)."""
        return state.movedim(-1, 1)

    def with_features(self, state: Tensor, features: Tensor) -> Tensor:  # noqa: ARG002
        return features.movedim(1, -1)

    def recurrent_parameters(self) -> list[nn.Parameter]:
        hearing = self.hear, self.hear_row, self.hear_column, self.hear_cell
        return [parameter for part in (self.speak, *hearing, self.move) for parameter in part.parameters()]

    def _box(self, symbols: int) -> tuple[int, int]:
        return most_square(symbols) if self.box is None else self.box

    def _heard(self, said: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is heard of messages (B, n, n, n, 4 M), between 0 and 1.

        By a row within a box, (B, n, n, n / c, 4 M): of its row, of the row outside the box, of the box, and of the box
        outside the row. By a column within a box, (B, n, n / r, n, 3 M): of the column and the like. By a cell, of all
        its symbols: (B, 1, n, n, M).
        """
        symbols = said.shape[1]
        rows, columns = self._box(symbols)
        stacks, bands = symbols // columns, symbols // rows
        for_row, for_box, for_column, for_cell = said.chunk(KINDS, -1)

        def in_rows(values: Tensor) -> Tensor:
            """Sums over the columns of each box, (B, n, n, n / c, M)."""
            return reduce(torch.add, torch.unflatten(values, 3, (stacks, columns)).unbind(4))

        def in_columns(values: Tensor) -> Tensor:
            """Sums over the rows of each box, (B, n, n / r, n, M)."""
            return reduce(torch.add, torch.unflatten(values, 2, (bands, rows)).unbind(3))

        of_row, of_box = in_rows(for_row), in_rows(for_box)
        whole_row = of_row.sum(3, keepdim=True)
        by_band = torch.unflatten(of_box, 2, (bands, rows))
        whole_box = by_band.sum(3, keepdim=True)
        in_row = [
            whole_row.expand_as(of_row),
            whole_row - of_row,
            whole_box.expand_as(by_band).flatten(2, 3),
            (whole_box - by_band).flatten(2, 3),
        ]
        of_column, of_box = in_columns(for_column), in_columns(for_box)
        whole_column = of_column.sum(2, keepdim=True)
        by_stack = torch.unflatten(of_box, 3, (stacks, columns))
        in_column = [
            whole_column.expand_as(of_column),
            whole_column - of_column,
            (by_stack.sum(4, keepdim=True) - by_stack).flatten(3, 4),
        ]
        sums = torch.cat(in_row, -1), torch.cat(in_column, -1), for_cell.sum(1, keepdim=True)
        along_row, along_column, in_cell = (sum / (1 + sum) for sum in sums)
        return along_row, along_column, in_cell
