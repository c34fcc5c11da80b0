"""Any number of puzzles, a part at a time."""

from collections.abc import Iterator

from longthink.contracts import Problem, Puzzles, Split

BATCH_BYTES = 2**28
"""Of puzzles that are held in memory at once when any number of them is wanted."""


def batches(problem: Problem, level: int, count: int, seed: int = 0, split: Split = "test") -> Iterator[Puzzles]:
    """`count` puzzles in batches that fit the memory; one batch is what `sample` gives without an index.

    Puzzles of one batch differ from each other; those of different batches are independent.
    """
    one = problem.sample(level, 1, seed, split)
    size = sum(tensor.numel() * tensor.element_size() for tensor in (one.x, one.y))
    at_once = max(1, BATCH_BYTES // size)
    for index, first in enumerate(range(0, count, at_once)):
        yield problem.sample(level, min(at_once, count - first), seed, split, index)
