"""Positions read, moves written, and boards drawn."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from longthink.contracts import Puzzles, View
from longthink.figures.scene import Cells, Scene, Text
from longthink.problems.chess import _rules as rules
from longthink.problems.chess._notation import read_puzzle

if TYPE_CHECKING:
    from longthink.problems.chess.problem import ChessPuzzles

SIDE = 60
"""Of a square."""
MARGIN = 22
"""Around the board, with the names of files and ranks."""
SIZE = 8 * SIDE + 2 * MARGIN
LIGHT, DARK = (240, 222, 196), (186, 148, 110)
LIT = (70, 190, 90)
WHITE, BLACK, INK = (255, 255, 255), (0, 0, 0), (90, 90, 90)
FIGURES = "♚♛♝♞♜♟"
"""King to pawn."""


class ChessView(View):
    """Positions in FEN, moves in UCI and SAN, the board from White's side."""

    problem: "ChessPuzzles"

    def parse(self, text: str) -> Puzzles:
        """A position in FEN, and after it the answer in UCI or SAN, if it is known; or EPD; or a file with just that.

        6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 a1a8, or Ra8# in its place; 6k1/5ppp/8/8/8/8/8/R3K3 w - - bm Ra8#;
        Each of several best moves (bm) is right, any other move than those to avoid (am), any mate within as many
        moves as it is said to take (dm, 1 or 2).
        """
        position, right, is_answer = read_puzzle(text)
        known = len(right) > 0
        best = right if known else np.zeros((1, 3), np.uint8)
        puzzles = self.problem.from_positions(
            position[None], best[:1], self.problem.easy, "test", known=known and is_answer
        )
        return replace(puzzles, extras={**puzzles.extras, "best": torch.from_numpy(best[None])}, known=known)

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:
        """The move of the answer, as e6e8 (Re8#)."""
        position = puzzles.extras["position"][0].cpu().numpy()
        squares = self.problem.turned(answers, puzzles.extras["who_moves"])[0].flatten().nonzero().flatten().tolist()
        side = position[rules.TURN]
        ends = sorted(squares, key=lambda square: side * position[square] <= 0)  # one's own piece comes first
        if len(ends) == 2:
            for move in rules.moves_of(position):  # queens come first among promotions
                if move[0] == ends[0] and move[1] == ends[1]:
                    return f"{rules.to_uci(move)} ({rules.to_san(position, move)})"
        return f"{' and '.join(map(rules.square_name, ends)) or 'nothing'}, which is no legal move"

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The board, squares of an answer lit up."""
        shown = (self.blank(puzzles) if values is None else values)[None]
        lit = self.problem.turned(shown.double(), puzzles.extras["who_moves"])[0].clamp(0, 1).cpu().numpy()
        ranks, files = np.indices((8, 8))
        plain = np.where(((ranks + files) % 2 == 1)[..., None], LIGHT, DARK)
        colours = ((1 - lit[..., None]) * plain + lit[..., None] * np.array(LIT)).astype(np.uint8)
        board = Cells.squares(colours[::-1], SIDE, MARGIN, MARGIN)
        position = puzzles.extras["position"][0].cpu().numpy()
        return Scene(SIZE, SIZE, (board,), texts=(*_pieces(position), *_names()))


def _pieces(position: rules.Position) -> list[Text]:
    pieces = []
    for square in np.flatnonzero(position[:64]).tolist():
        rank, file = divmod(square, 8)
        x, y = MARGIN + (file + 0.5) * SIDE, MARGIN + (7.5 - rank) * SIDE
        piece = int(position[square])
        colour, edge = (WHITE, BLACK) if piece > 0 else (BLACK, WHITE)
        pieces.append(Text(x, y, FIGURES[abs(piece) - 1], SIDE * 3 // 4, colour, edge))
    return pieces


def _names() -> list[Text]:
    """Of files above and below the board, of ranks to its left and right."""
    names = []
    for index in range(8):
        middle = MARGIN + (index + 0.5) * SIDE
        for place in (MARGIN / 2, SIZE - MARGIN / 2):
            names.append(Text(middle, place, rules.FILES[index], MARGIN * 2 // 3, INK))
            names.append(Text(place, SIZE - middle, rules.RANKS[index], MARGIN * 2 // 3, INK))
    return names
