"""The only iteration loop. Whoever iterates a net does it through `think`, and reads where it wants."""

from collections.abc import Callable

from torch import Tensor

from longthink.contracts import State, Thinker, Thought, Thoughts
from longthink.errors import UserError

Intervention = Callable[[int, State], State]
"""What may be done to the state after an iteration: (iteration, state) -> state."""


def think(
    model: Thinker, x: Tensor, limit: int, state: State = None, intervene: Intervention | None = None
) -> Thoughts:
    """Iterate `model` on inputs x (B, C, *P) and yield every Thought, from iteration 1 to `limit`.

    Starts from `state` where one is given (progressive loss), else from `model.start(x)`. Nothing is kept: memory does
    not grow with the iterations, unless gradients are on. Raises ValueError for a limit below 0 or beyond the
    net's own.

    >>> import torch, longthink as lt
    >>> net = lt.load("prefix_sums")
    >>> for thought in think(net, lt.problem("prefix_sums").parse("1011").x, limit=10):
    ...     answer = thought.read().argmax(1)
    >>> thought.iteration, answer.tolist()
    (10, [[1, 1, 0, 1]])
    """
    check_limit(model, limit)
    return _thoughts(model, x, limit, state, intervene)


def check_limit(model: Thinker, limit: int) -> None:
    """Raises UserError for a number of iterations below 0 or beyond the net's own."""
    if limit < 0:
        raise UserError(f"The number of iterations must be 0 or more, not {limit}.")
    if model.limit is not None and limit > model.limit:
        raise UserError(f"This net has {model.limit} steps and cannot take {limit}; ask for {model.limit} at most.")


def _thoughts(model: Thinker, x: Tensor, limit: int, state: State, intervene: Intervention | None) -> Thoughts:
    seen = model.see(x)
    if state is None:
        state = model.start(seen)
    for iteration in range(1, limit + 1):
        previous, state = state, model.step(state, seen)
        if intervene is not None:
            state = intervene(iteration, state)
        yield Thought(model, iteration, state, previous)


def last_state(model: Thinker, x: Tensor, limit: int, state: State = None) -> State:
    """The state after `limit` more iterations; with none, the state that was given or the net's own start."""
    if state is None:
        state = model.start(model.see(x))
    for thought in think(model, x, limit, state):
        state = thought.state
    return state


def until_settled(thoughts: Thoughts) -> Thoughts:
    """The same stream, ended by the first thought that has settled. Whether one has shows in the last one."""
    for thought in thoughts:
        yield thought
        if thought.settled:
            return
