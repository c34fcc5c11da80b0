"""Any number of puzzles, a part at a time."""

from collections.abc import Iterator

from longthink.contracts import Problem, Puzzles, Split, tensors_of

BATCH_BYTES = 2**28
"""Of puzzles that are held in memory at once when any number of them is wanted."""


def batches(problem: Problem, level: int, count: int, seed: int = 0, split: Split = "test") -> Iterator[Puzzles]:
    """Puzzles in batches that fit the memory. Those of one batch differ; those of different batches are independent.

    Args:
        problem: what they are of.
        level: one of its levels.
        count: how many in all.
        seed: another one gives other puzzles.
        split: which they are of.

    Returns:
        A stream of batches; if it is one only, it is what `sample` gives.

    Raises:
        UserError: as `sample` does.

    >>> import longthink as lt
    >>> [len(batch) for batch in batches(lt.problem("mazes"), level=9, count=3)]
    [3]
    """
    one = problem.sample(level, 1, seed, split)
    parts = (*tensors_of(one.x), one.y)
    size = sum(tensor.numel() * tensor.element_size() for tensor in parts)
    at_once = max(1, BATCH_BYTES // size)
    for index, first in enumerate(range(0, count, at_once)):
        yield problem.sample(level, min(at_once, count - first), seed, split, index)
