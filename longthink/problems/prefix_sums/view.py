"""Bit strings read, written and drawn."""

import re
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, View
from longthink.figures.scene import Cells, Scene, greys

if TYPE_CHECKING:
    from longthink.problems.prefix_sums.problem import PrefixSums

CELL = 12
"""Along the side of one bit."""
FRAME, GREY = 1, (128, 128, 128)
"""How thick the frame is, and its colour."""


class PrefixSumsView(View):
    """Strings of 0 and 1; two rows of cells, white for 1 and black for 0."""

    problem: "PrefixSums"

    def parse(self, text: str) -> Puzzles:
        """Bits, with or without spaces, commas and brackets between: 1011, 1 0 1 1, [1, 0, 1, 1]."""
        bits = re.sub(r"[\s,;\[\]()]+", "", text)
        if not bits or set(bits) - set("01"):
            raise UserError(f"A bit string is made of 0 and 1 only, like 10110; got '{_shorten(bits)}'.")
        return self.problem.from_bits(np.frombuffer(bits.encode(), np.uint8)[None] - ord("0"))

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return "".join(str(int(bit)) for bit in answers[0])

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The input, and below it an answer."""
        rows = torch.stack([puzzles.x[0, 0] + 0.5, *([] if values is None else [values])])
        bits = Cells.squares(greys(rows.double().clamp(0, 1).cpu().numpy()), CELL, FRAME, FRAME)
        width, height = bits.columns[-1] + FRAME, bits.rows[-1] + FRAME
        frame = Cells(np.array([0, height]), np.array([0, width]), np.array([[[*GREY, 255]]], np.uint8))
        return Scene(float(width), float(height), (frame, bits))


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
