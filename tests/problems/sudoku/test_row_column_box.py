"""The net for boards: it treats symbols alike, rows within a band too, and takes boards of any size."""

import pytest
import torch

from longthink.base import linear
from longthink.base.errors import UserError
from longthink.contracts import Spec
from longthink.problems.mazes.problem import Mazes
from longthink.problems.sudoku.problem import Sudoku
from longthink.problems.sudoku.row_column_box import RowColumnBox
from longthink.thinking.loop import last_state

BOARD = Spec(inputs=10, outputs=9, positions="grid")


@pytest.fixture
def net() -> RowColumnBox:
    torch.manual_seed(0)
    return RowColumnBox(BOARD, width=8, messages=3, hidden=12).eval()


def answered(net: RowColumnBox, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return net.read(last_state(net, x, 4))


@pytest.mark.parametrize("box", [(2, 2), (2, 3), (3, 3), (4, 4)])
def test_renaming_symbols_and_moving_rows_renames_and_moves_the_answer(net: RowColumnBox, box: tuple[int, int]) -> None:
    x = Sudoku(box=box).sample(8, 2).x
    symbols = box[0] * box[1]
    names, rows = torch.randperm(symbols), torch.arange(symbols)
    rows[: box[0]] = rows[: box[0]].flip(0)  # within the first band
    columns = torch.arange(symbols).roll(box[1])  # stacks move on
    changed = torch.cat([x[:, :1], x[:, 1:][:, names]], 1)[:, :, rows][:, :, :, columns]
    expected = answered(net, x)[:, names][:, :, rows][:, :, :, columns]
    torch.testing.assert_close(answered(net, changed), expected)


def test_what_is_heard_of_one_candidate(net: RowColumnBox) -> None:
    """One that speaks once in each way is heard in its houses, and not in the part that is left out."""
    said = torch.zeros(1, 9, 9, 9, 4)
    said[0, 4, 0, 0] = 1
    along_row, along_column, in_cell = (heard[0] for heard in net._heard(said))
    assert in_cell[0, :, :, 0].nonzero().tolist() == [[0, 0]]
    assert {tuple(one) for one in along_row[..., 0].nonzero().tolist()} == {(4, 0, 0), (4, 0, 1), (4, 0, 2)}
    assert {tuple(one) for one in along_row[..., 1].nonzero().tolist()} == {(4, 0, 1), (4, 0, 2)}  # outside the box
    assert {tuple(one) for one in along_row[..., 2].nonzero().tolist()} == {(4, 0, 0), (4, 1, 0), (4, 2, 0)}
    assert {tuple(one) for one in along_row[..., 3].nonzero().tolist()} == {(4, 1, 0), (4, 2, 0)}  # outside the row
    assert {tuple(one) for one in along_column[..., 0].nonzero().tolist()} == {(4, 0, 0), (4, 1, 0), (4, 2, 0)}
    assert {tuple(one) for one in along_column[..., 1].nonzero().tolist()} == {(4, 1, 0), (4, 2, 0)}
    assert {tuple(one) for one in along_column[..., 2].nonzero().tolist()} == {(4, 0, 1), (4, 0, 2)}
    assert set(along_row.unique().tolist()) == {0, 0.5}


def test_latin_squares_are_boards_with_boxes_of_one_row() -> None:
    net = RowColumnBox(Spec(6, 5, positions="grid"), width=8, box=(1, 5))
    assert answered(net, torch.rand(1, 6, 5, 5)).shape == (1, 5, 5, 5)


def test_what_does_not_fit_is_refused(net: RowColumnBox) -> None:
    with pytest.raises(UserError, match="for positions 'grid', and this problem has 'line'"):
        RowColumnBox(Spec(2, 2, positions="line"))
    with pytest.raises(UserError, match="1 or more"):
        RowColumnBox(BOARD, messages=0)
    with pytest.raises(UserError, match="takes boards"):
        net.see(Mazes().sample(5, 1).x)
    with pytest.raises(UserError, match="no boxes of 2 x 2"):
        RowColumnBox(BOARD, box=(2, 2)).see(torch.zeros(1, 10, 9, 9))


def test_the_answer_is_the_same_with_gradient_and_convolved(net: RowColumnBox, monkeypatch: pytest.MonkeyPatch) -> None:
    x = Sudoku(box=(2, 2)).sample(8, 8).x
    plain = answered(net, x)
    torch.testing.assert_close(net.read(last_state(net, x, 4)), plain)
    monkeypatch.setattr(linear, "QUICKER", True)
    monkeypatch.setattr(linear, "LEAST", 1)
    torch.testing.assert_close(answered(net, x), plain)
    torch.testing.assert_close(net.read(last_state(net, x, 4)), plain)
