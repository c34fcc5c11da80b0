"""The only iteration loop. Whoever iterates a net does it through `think`, and reads where it wants."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import (
    Inputs,
    Puzzles,
    State,
    Stop,
    Stops,
    Thinker,
    Thought,
    Thoughts,
    each_tensor,
    first_tensor,
)

LARGE = 32**2
"""Positions of a grid from which on thinking locally is worth its overhead."""
TOLERANCE = 0.1
"""What counts as no movement of a large grid's state, see `local.think_locally`."""
Intervention = Callable[[int, State], State]
"""What may be done to the state after an iteration: (iteration, state) -> state."""


def think(
    model: Thinker,
    x: Inputs | Puzzles,
    limit: int,
    stop: Stop | None = None,
    *,
    state: State = None,
    intervene: Intervention | None = None,
    tolerance: float | None = None,
    retire: bool = False,
) -> Thoughts:
    """Iterate a net and yield every Thought, from iteration 1 on. Nothing is kept, unless gradients are on.

    Args:
        model: the net.
        x: what it looks at, (B, C, *P) or what else it takes; or puzzles, which some stop rules want to know.
        limit: the most iterations.
        stop: a rule that says, after each iteration, for which puzzles it is enough. Those leave the batch: no more of
            them is computed. The stream ends when all have stopped; `Thought.stops` says which, since when, and why.
            What a rule remembers is of this stream alone: the same rule may be given to several at once.
        state: to start from (progressive loss); by default the net's own start.
        intervene: what to do to the state after each iteration, with a stop rule that of the puzzles that go on.
        tolerance: for large grids, compute only what still moves by more than this, see `local.think_locally`.
        retire: thoughts are about the puzzles alone that went on until then, and say `which` those are. Otherwise they
            are about all of them, and the state of one that has stopped is kept as it was.

    Returns:
        A stream of thoughts.

    Raises:
        UserError: a limit below 0 or beyond the net's own; a tolerance with a net that is not local.

    >>> import torch, longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=4, count=1)
    >>> for thought in think(net, puzzles, limit=500, stop=lt.stop("settled")):
    ...     answer = thought.read().argmax(1)
    >>> thought.stops.why, torch.equal(answer, puzzles.y)
    (('settled',), True)
    """
    model.check_limit(limit)
    stop = None if stop is None else stop.begin()
    puzzles, inputs = (x, x.x) if isinstance(x, Puzzles) else (None, x)
    if tolerance is None:
        thoughts = _thoughts(model, inputs, puzzles, limit, stop, state, intervene)
        return thoughts if stop is None or retire else _whole(thoughts, puzzles)
    from longthink.thinking.local import think_locally

    if intervene is not None or (stop is not None and len(first_tensor(inputs)) > 1):
        raise UserError("Local thinking takes no interventions, and with a stop rule one puzzle at a time.")
    local = (replace(thought, puzzles=puzzles) for thought in think_locally(model, inputs, limit, state, tolerance))
    return local if stop is None else _until_stopped(local, stop, limit)


def _thoughts(
    model: Thinker,
    inputs: Inputs,
    puzzles: Puzzles | None,
    limit: int,
    stop: Stop | None,
    state: State,
    intervene: Intervention | None,
) -> Thoughts:
    """Thoughts about the puzzles that went on until then; without a rule, about all."""
    seen = model.see(inputs)
    if state is None:
        state = model.start(seen)
    which = torch.arange(len(first_tensor(inputs)), device=first_tensor(inputs).device)
    stops = _none_yet(which)
    for iteration in range(1, limit + 1):
        previous, state = state, model.step(state, seen)
        if intervene is not None:
            state = intervene(iteration, state)
        if stop is None:
            yield Thought(model, iteration, state, previous, puzzles)
            continue
        thought = Thought(model, iteration, state, previous, puzzles, which=which, stops=stops)
        if iteration % stop.every and iteration < limit:
            yield thought
            continue
        stops = _after(thought, stop, stop.reached(thought), stops, limit)
        yield replace(thought, stops=stops)
        stay = (~stops.stopped[which]).nonzero().flatten()
        if len(stay) == 0:
            return
        if len(stay) < len(which):
            which, puzzles = which[stay], None if puzzles is None else puzzles[stay]
            inputs, state = (each_tensor(tree, lambda tensor, stay=stay: tensor[stay]) for tree in (inputs, state))
            seen = model.see(inputs)


def _whole(thoughts: Thoughts, puzzles: Puzzles | None) -> Thoughts:
    """Thoughts that some puzzles have left, with the last states of those."""
    whole: State = None
    for thought in thoughts:
        which = cast(Tensor, thought.which)
        if whole is None or len(which) == len(first_tensor(whole)):
            previous, whole = thought.previous, thought.state
        else:
            previous, whole = whole, each_tensor(thought.state, partial(_put, which), whole)
        yield replace(thought, state=whole, previous=previous, puzzles=puzzles, which=None)


def _put(which: Tensor, part: Tensor, whole: Tensor) -> Tensor:
    """A tensor with some of its rows replaced."""
    whole = whole.clone()
    whole[which] = part
    return whole


def _until_stopped(thoughts: Thoughts, stop: Stop, limit: int) -> Thoughts:
    """A stream of thoughts about one puzzle, up to the first that is enough."""
    goes_on = torch.zeros(1, dtype=torch.bool)
    for thought in thoughts:
        enough = stop.reached(thought)
        if not enough[0] and thought.iteration < limit:
            yield replace(thought, stops=Stops(goes_on, torch.tensor([thought.iteration]), (None,)))
            continue
        yield replace(thought, stops=_after(thought, stop, enough, None, limit))
        return


def _none_yet(which: Tensor) -> Stops:
    return Stops(torch.zeros_like(which, dtype=torch.bool), torch.zeros_like(which), (None,) * len(which))


def _after(thought: Thought, stop: Stop, enough: Tensor, before: Stops | None, limit: int) -> Stops:
    """What is to be said after a thought, from what was said before it, and for which of its puzzles it is enough."""
    which = torch.arange(len(enough), device=enough.device) if thought.which is None else thought.which
    before = _none_yet(which) if before is None else before
    steps, stopped, reasons = before.steps.clone(), before.stopped.clone(), list(before.why)
    stopped[which] = enough | (thought.iteration == limit)
    steps[which] = thought.iteration
    for place in stopped[which].nonzero().flatten().tolist():
        reasons[int(which[place])] = stop.why(thought, place) if bool(enough[place]) else "limit"
    return Stops(stopped, steps, tuple(reasons))


def leaving(thought: Thought) -> Thought | None:
    """The same about the puzzles alone that have stopped with it, where they leave the batch; None if none have."""
    if thought.stops is None or thought.which is None:
        return None if thought.stops is None or not thought.stops.stopped.any() else thought
    left = thought.stops.stopped[thought.which]
    if not left.any():
        return None
    state, previous = (each_tensor(tree, lambda tensor: tensor[left]) for tree in (thought.state, thought.previous))
    puzzles = None if thought.puzzles is None else thought.puzzles[left]
    moved = None if thought.moved is None else (thought.moved[0][left], thought.moved[1][left])
    which = thought.which[left]
    return replace(thought, state=state, previous=previous, puzzles=puzzles, moved=moved, which=which)


def last_state(model: Thinker, x: Inputs, iterations: int, state: State = None) -> State:
    """The state after so many more iterations; after none, the state that was given or the net's own start."""
    if state is None:
        state = model.start(model.see(x))
    for thought in think(model, x, iterations, state=state):
        state = thought.state
    return state
