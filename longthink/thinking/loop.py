"""The only iteration loop. Whoever iterates a net does it through `think`, and reads where it wants."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Inputs, Puzzles, State, Stop, Stops, Thinker, Thought, Thoughts, first_tensor

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
) -> Thoughts:
    """Iterate a net and yield every Thought, from iteration 1 on. Nothing is kept, unless gradients are on.

    Args:
        model: the net.
        x: what it looks at, (B, C, *P) or what else it takes; or puzzles, which some stop rules want to know.
        limit: the most iterations.
        stop: a rule that says, after each iteration, for which puzzles it is enough. Their state is kept as it is from
            then on, and the stream ends when all have stopped; `Thought.stops` says which, since when, and why.
        state: to start from (progressive loss); by default the net's own start.
        intervene: what to do to the state after each iteration.
        tolerance: for large grids, compute only what still moves by more than this, see `local.think_locally`.

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
    puzzles, inputs = (x, x.x) if isinstance(x, Puzzles) else (None, x)
    if tolerance is None:
        return _thoughts(model, inputs, puzzles, limit, stop, state, intervene)
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
    seen = model.see(inputs)
    if state is None:
        state = model.start(seen)
    stops: Stops | None = None
    for iteration in range(1, limit + 1):
        previous, state = state, model.step(state, seen)
        if intervene is not None:
            state = intervene(iteration, state)
        if stops is not None and stops.stopped.any():
            state = _kept(model, stops.stopped, previous, state)
        thought = Thought(model, iteration, state, previous, puzzles)
        if stop is not None:
            stops = _after(thought, stop, stops, limit)
            thought = replace(thought, stops=stops)
        yield thought
        if stops is not None and bool(stops.stopped.all()):
            return


def _until_stopped(thoughts: Thoughts, stop: Stop, limit: int) -> Thoughts:
    """A stream of thoughts about one puzzle, up to the first that is enough."""
    for thought in thoughts:
        stops = _after(thought, stop, None, limit)
        yield replace(thought, stops=stops)
        if bool(stops.stopped.all()):
            return


def _after(thought: Thought, stop: Stop, before: Stops | None, limit: int) -> Stops:
    """What is to be said after a thought, from what was said before it."""
    enough = stop.reached(thought)
    last = thought.iteration == limit
    stopped = torch.zeros_like(enough) if before is None else before.stopped
    steps = torch.where(stopped, thought.iteration if before is None else before.steps, thought.iteration)
    reasons: list[str | None] = [None] * len(enough) if before is None else list(before.why)
    for which in (~stopped & (enough | last)).nonzero().flatten().tolist():
        reasons[which] = stop.why(thought, which) if bool(enough[which]) else "limit"
    return Stops(stopped | enough | last, steps, tuple(reasons))


def _kept(model: Thinker, stopped: Tensor, previous: State, state: State) -> State:
    """The state, as it was before where a puzzle has stopped."""
    before, after = model.features(previous), model.features(state)
    return model.with_features(state, torch.where(stopped.view(-1, *[1] * (after.ndim - 1)), before, after))


def last_state(model: Thinker, x: Inputs, iterations: int, state: State = None) -> State:
    """The state after so many more iterations; after none, the state that was given or the net's own start."""
    if state is None:
        state = model.start(model.see(x))
    for thought in think(model, x, iterations, state=state):
        state = thought.state
    return state
