"""Products in groups read, written and drawn."""

import re
from colorsys import hsv_to_rgb
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Puzzles, View
from longthink.figures.scene import Cells, Scene, greys

if TYPE_CHECKING:
    from longthink.problems.groups.composition import GroupComposition
    from longthink.problems.groups.products import GroupProducts

SAID_AT_ONCE = 20
"""Elements that a message names."""
CELL = 8
"""Along the side of one element, or of one number of its encoding."""


def _words(text: str) -> list[str]:
    return re.sub(r"[,;\[\]()]", " ", text).split()


class ProductsView(View):
    """Numbers of elements; two rows of cells, a colour for each element."""

    problem: "GroupProducts"

    def parse(self, text: str) -> Puzzles:
        """Numbers of elements, with spaces between, or commas in brackets: 3 1 4 1 5."""
        words, elements, symbols = _words(text), list[int](), self.problem.symbols
        known = dict(zip(map(str, symbols), range(len(symbols)), strict=True))
        for word in words:
            if word not in known:
                some = ", ".join([*known][:SAID_AT_ONCE]) + (", ..." if len(known) > SAID_AT_ONCE else "")
                raise UserError(f"'{word:.40}' is no symbol of {self.problem.group}; those that are fed are {some}.")
            elements.append(known[word])
        if not elements:
            raise UserError("A product has at least 1 element; give their numbers, like 3 1 4.")
        return self.problem.from_symbols(np.array([elements]), "test")

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return " ".join(map(str, answers[0].tolist()))

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """Elements in their colours, and below them an answer in the same, or what is likely, black to white."""
        order = self.problem.order
        colours = (np.array([hsv_to_rgb(element / order, 0.8, 0.9) for element in range(order)]) * 255).astype(np.uint8)
        above = colours[np.array(self.problem.symbols)[puzzles.x[0].argmax(0).cpu().numpy()]]
        rows = [above]
        if values is not None and values.is_floating_point():
            rows += [*greys(values.double().clamp(0, 1)[None].cpu().numpy())]
        elif values is not None:
            rows.append(colours[values.cpu().numpy()])
        cells = Cells.squares(np.stack(rows), CELL)
        return Scene(float(cells.columns[-1]), float(cells.rows[-1]), (cells,))


class CompositionView(View):
    """Numbers of elements; encodings as rows of grey."""

    problem: "GroupComposition"

    def parse(self, text: str) -> Puzzles:
        """Numbers of elements, with spaces between: 3 1."""
        words, problem = _words(text), self.problem
        if len(words) < 2 or not {*words} <= {*map(str, range(problem.order))}:
            raise UserError(
                f"A composition is 2 numbers or more of elements of {problem.group}, 0 to {problem.order - 1},"
                " like 3 1."
            )
        return problem.from_elements(np.array([[int(word) for word in words]]), "test")

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return str(int(answers[0]))

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The encodings of the elements, and below them that of an answer."""
        rows = puzzles.x[0].T.double().cpu()
        if values is not None and not values.is_floating_point():
            rows = torch.cat([rows, self.problem.encoding[values.cpu()][None].double()])
        shares = (rows - rows.min()) / (rows.max() - rows.min()).clamp_min(1e-9)
        return Scene.of_shares(shares.numpy(), CELL)
