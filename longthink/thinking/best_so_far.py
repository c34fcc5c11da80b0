"""The answer that counts, where it is that of the most confident thought and not of the last."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Thought, Thoughts, each_tensor
from longthink.thinking.memory import Memory


def best_so_far(thoughts: Thoughts) -> Iterator[Thought]:
    """The same thoughts, each with the states of the most confident ones so far (dissertation, section 4.3).

    Of each puzzle, the later of two equally confident states. The change and what a stop rule has said are those of the
    stream's own states.

    Args:
        thoughts: what `think` returns for puzzles, whose problem says how confident an output is.

    Raises:
        UserError: the thoughts are about inputs alone.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=48, count=20)
    >>> *_, last = best_so_far(lt.think(net, puzzles, limit=60))
    >>> bool(puzzles.problem.correct(puzzles.problem.answer(last.read(), puzzles), puzzles).all())
    True
    """
    memory = Memory()
    for thought in thoughts:
        if thought.puzzles is None:
            raise UserError("To tell the most confident thought, think about puzzles and not about their x alone.")
        confidence = thought.puzzles.problem.confidence(thought.read(), thought.puzzles)
        state, before = thought.state, memory.recall(thought)
        if before is None:
            state = each_tensor(state, torch.clone)  # local thinking writes the next state over this one
        else:
            better = confidence >= before[0]
            state = each_tensor(state, partial(_where, better), before[1])
            confidence = torch.where(better, confidence, before[0])
        memory.keep(thought, (confidence, state))
        yield replace(thought, state=state, moved=(thought.change, thought.distance))


def _where(condition: Tensor, some: Tensor, others: Tensor) -> Tensor:
    """For each puzzle one or the other."""
    return torch.where(condition.view(-1, *[1] * (some.ndim - 1)), some, others)
