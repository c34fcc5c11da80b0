"""The 8 symmetries of a rectangle's picture: mirrored, turned, both. Mazes stay mazes, and solutions theirs.

A symmetry is a number from 0, which changes nothing, to 7: 4 exchanges rows and columns, then 1 mirrors the rows and 2
the columns.
"""

from dataclasses import replace

from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles

SYMMETRIES = 8
ROWS, COLUMNS, EXCHANGED = 1, 2, 4


def moved(puzzles: Puzzles, symmetry: int) -> Puzzles:
    """Puzzles with x (B, C, H, W), y and mask (B, H, W), and extras of such positions, moved by a symmetry.

    They are no longer what was read from a user's picture. Raises UserError for a number that is none.
    """
    assert isinstance(puzzles.x, Tensor)
    positions = puzzles.y.shape[1:]
    return replace(
        puzzles,
        x=_moved(puzzles.x, symmetry),
        y=_moved(puzzles.y, symmetry),
        mask=None if puzzles.mask is None else _moved(puzzles.mask, symmetry),
        source=puzzles.source if symmetry == 0 else None,
        extras={
            name: _moved(extra, symmetry) if extra.ndim > 2 and extra.shape[-2:] == positions else extra
            for name, extra in puzzles.extras.items()
        },
    )


def moved_back(answers: Tensor, symmetry: int) -> Tensor:
    """Answers (B, H, W) to puzzles that were `moved` by a symmetry, as they are to the puzzles before that."""
    _check(symmetry)
    axes = _mirrored(symmetry)
    back = answers.flip(axes) if axes else answers
    return (back.transpose(-1, -2) if symmetry & EXCHANGED else back).contiguous()


def _moved(values: Tensor, symmetry: int) -> Tensor:
    _check(symmetry)
    axes = _mirrored(symmetry)
    turned = values.transpose(-1, -2) if symmetry & EXCHANGED else values
    return (turned.flip(axes) if axes else turned).contiguous()


def _mirrored(symmetry: int) -> list[int]:
    return [axis for axis, bit in ((-2, ROWS), (-1, COLUMNS)) if symmetry & bit]


def _check(symmetry: int) -> None:
    if not 0 <= symmetry < SYMMETRIES:
        raise UserError(f"Symmetries are numbers from 0 to {SYMMETRIES - 1}, and {symmetry} is none.")
