"""Which nodes of a graph can be reached from the first one. The level is the number of nodes."""

import hashlib
from typing import ClassVar

import numpy as np
import torch

import longthink as lt
from longthink.figures.scene import Line, Scene, Text

OF_SPLIT = {"train": range(8), "validation": range(8, 9), "test": range(9, 10)}


@lt.register
class Reach(lt.Problem):
    """Say which nodes can be reached from the marked one.

    An input is a tuple of nodes (B, N, 1), 1 at the marked one, and edges (B, N, N). Each node has `degree` edges on
    the average.
    """

    spec: ClassVar[lt.Spec] = lt.Spec(inputs=1, outputs=2, positions="graph")
    easy: ClassVar[int] = 8
    hard: ClassVar[tuple[int, ...]] = (12, 24)
    verifiable: ClassVar[bool] = True

    degree: float = 1.5

    def draw(self, level: int, count: int, split: str, key: int, repeats: bool) -> lt.Puzzles:
        if level < 2:
            raise lt.UserError(f"A graph has at least 2 nodes here, not {level}.")
        rng, found = np.random.Generator(np.random.PCG64(key)), dict[bytes, np.ndarray]()
        tries = 0
        while len(found) < count:
            upper = np.triu(rng.random((level, level)) < self.degree / level, 1)
            edges = (upper | upper.T).astype(np.float32)
            tries += 1
            if tries > 1000 * count:
                raise lt.UserError(f"There are not {count} different {split} graphs of {level} nodes; ask for fewer.")
            share = hashlib.sha256(edges.tobytes()).digest()[0] % 10
            if share in OF_SPLIT[split]:
                found[edges.tobytes() + (len(found).to_bytes(4, "big") if repeats else b"")] = edges
        return self.from_edges(np.stack(list(found.values())), split)

    def from_edges(self, edges: np.ndarray, split: str = "test") -> lt.Puzzles:
        """Puzzles from edges (B, N, N): what a breadth-first search from node 0 reaches."""
        reached = np.zeros(edges.shape[:2], bool)
        reached[:, 0] = True
        for _ in range(edges.shape[1]):
            reached |= np.einsum("bij,bj->bi", edges, reached.astype(np.float32)) > 0
        nodes = torch.zeros(len(edges), edges.shape[1], 1)
        nodes[:, 0] = 1
        x = lt.Graph(nodes, torch.from_numpy(edges))
        return lt.Puzzles(self, edges.shape[1], x, torch.from_numpy(reached).long(), split=split)

    @property
    def view(self) -> lt.View:
        return ReachView(self)


class ReachView(lt.View):
    """Pairs of nodes with a dash between: 0-1 1-4. Drawn as dots on a circle, dark where they are reached."""

    def parse(self, text: str) -> lt.Puzzles:
        try:
            pairs = [tuple(map(int, pair.split("-"))) for pair in text.split()]
            size = 1 + max(max(pair) for pair in pairs)
            edges = np.zeros((1, size, size), np.float32)
            for one, other in pairs:
                edges[0, one, other] = edges[0, other, one] = 1
        except (ValueError, IndexError) as error:
            raise lt.UserError("A graph is typed as pairs of nodes, like 0-1 1-4.") from error
        return self.problem.from_edges(edges)

    def write(self, answers: torch.Tensor, puzzles: lt.Puzzles) -> str:
        return " ".join(str(node) for node in answers[0].nonzero().flatten().tolist())

    def scene(self, puzzles: lt.Puzzles, values: torch.Tensor | None = None) -> Scene:
        shown = (self.blank(puzzles) if values is None else values).double().clamp(0, 1)
        around = np.linspace(0, 2 * np.pi, puzzles.level, endpoint=False)
        x, y = 100 + 80 * np.cos(around), 100 + 80 * np.sin(around)
        lines = tuple(
            Line(x[one], y[one], x[other], y[other]) for one, other in np.argwhere(np.triu(puzzles.x.edges[0].numpy()))
        )
        names = tuple(
            Text(x[node], y[node], str(node), 12 + 6 * float(shown[node]), (180 - int(150 * shown[node]), 60, 60))
            for node in range(puzzles.level)
        )
        return Scene(200, 200, lines=lines, texts=names)
