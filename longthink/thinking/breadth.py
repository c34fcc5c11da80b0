"""Thinking in breadth: several attempts at each puzzle, which start or go on differently, and one of which counts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Literal, cast

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from longthink.base.errors import UserError
from longthink.base.frozen import Frozen
from longthink.contracts import Attempts, Choice, Problem, Puzzles, State, Stop, Stops, Thinker, Thought, each_tensor
from longthink.thinking.best_so_far import best_so_far
from longthink.thinking.loop import leaving, think
from longthink.thinking.noise import Noise, Noisy, numbers_of
from longthink.thinking.stops import Settled

Read = Literal["last", "most_confident"]
ANOTHER = "another"
"""Why an attempt ended that another one has ended."""
NOT_THE_RULE = ("limit", ANOTHER)
RESIDUAL = 3
"""Iterations, the last ones, whose mean change of the state is an attempt's residual (as in equilibrium reasoners)."""


START = Noise(start=0.3)
"""A third as much noise in the initial state as there will be state after a step."""


class Breadth(Frozen):
    """How many attempts there are at each puzzle, and how they differ from the first, which is the plain thought.

    `symmetries`: each attempt sees the puzzle mirrored, turned, renamed, ..., as its problem has it (`Problem.moved`);
    by default where the problem names symmetries.
    `noise`: what is added to the state before the first and after each iteration; by default START, since there are
    nets that are the same for all forms of a puzzle.
    `at_once`: attempts that are made at the same time; what one batch of them leaves open, the next takes on.
    """

    attempts: Annotated[int, Field(ge=1)] = 8
    symmetries: bool | None = None
    noise: Noise = START
    at_once: Annotated[int, Field(ge=1)] = 1

    def of(self, problem: Problem) -> "Breadth":
        """The same with nothing left open. Raises UserError where all attempts would be the same."""
        symmetries = problem.symmetric if self.symmetries is None else self.symmetries
        if self.attempts > 1 and not symmetries and not self.noise.is_on:
            raise UserError(f"{self.attempts} attempts without noise and without symmetries are the same; add noise.")
        return self.revised({"symmetries": symmetries})


PLAIN = Breadth(attempts=1)
"""No breadth: one thought."""


def attempt(
    model: Thinker,
    puzzles: Puzzles,
    limit: int,
    stop: Stop | None = None,
    breadth: Breadth = PLAIN,
    choice: Choice | None = None,
    read: Read = "last",
) -> Attempts:
    """Think about each puzzle several times, each time in another way.

    Args:
        model: the net.
        puzzles: on its device.
        limit: the most iterations of an attempt.
        stop: the rule that ends each, by default that the state has settled.
        breadth: how many, and how they differ.
        choice: which of them counts. Of a puzzle for which it has enough, no further attempt is made.
        read: which answer of an attempt counts: that at its end, or the most confident one until then, where the later
            of two equals counts (section 4.3).

    Returns:
        All attempts. With a choice there may be fewer than asked for.

    Raises:
        UserError: attempts that would all be the same; a choice by what the net or the problem cannot tell; a limit
            below 1 or beyond the net's own; symmetries of a problem that names none.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("sudoku"), lt.problem("sudoku").sample(level=55, count=10, seed=1)
    >>> attempts = attempt(net, puzzles, 60, lt.stop("verified"), Breadth(attempts=3))
    >>> attempts.verified.shape, bool((attempts.verified.any(0) >= attempts.verified[0]).all())
    (torch.Size([3, 10]), True)
    """
    breadth = breadth.of(puzzles.problem)
    if limit < 1:
        raise UserError(f"A net needs at least 1 iteration to answer, not {limit}.")
    stop = Settled() if stop is None else stop
    going = torch.arange(len(puzzles), device=puzzles.y.device)
    made: list[Attempts] = []
    with torch.inference_mode():
        for numbers in _groups(breadth):
            some = _group(model, puzzles[going], numbers, limit, stop, breadth, choice, read)
            made.append(_spread(some, going, len(puzzles)))
            found = made[0] if len(made) == 1 else each_tensor(made[0], lambda *each: torch.cat(each), *made[1:])
            if choice is not None:
                going = (~choice.enough(found)).nonzero().flatten()
            if len(going) == 0:
                break
    return cast(Attempts, found)


def _groups(breadth: Breadth) -> Iterator[range]:
    """The numbers of the attempts that are made at the same time. The plain thought is alone, since it has no noise."""
    yield range(1)
    for number in range(1, breadth.attempts, breadth.at_once):
        yield range(number, min(number + breadth.at_once, breadth.attempts))


def _group(
    model: Thinker,
    puzzles: Puzzles,
    numbers: range,
    limit: int,
    stop: Stop,
    breadth: Breadth,
    choice: Choice | None,
    read: Read,
) -> Attempts:
    """Some attempts at some puzzles, in one batch: first each puzzle's first one, then each puzzle's second one, ..."""
    ways = [_way(puzzles, number, breadth) for number in numbers]
    seen, state = _together([seen for seen, _ in ways]), None
    if numbers[0] > 0 and breadth.noise.is_on:
        noisy = Noisy(model, breadth.noise)
        streams = torch.cat([numbers_of(puzzles.x, number) for number in numbers])
        model, state = noisy, noisy.start(noisy.see(seen.x), streams)
    if choice is not None and choice.hurries and len(numbers) > 1:
        stop = _Fastest(rule=stop, puzzles=len(puzzles))
    ends = _ends(model, seen, limit, stop, state, read)
    shape = len(numbers), len(puzzles)
    ends = each_tensor(ends, lambda tensor: tensor.reshape(*shape, *tensor.shape[2:]))
    answers = [back(some) for (_, back), some in zip(ways, ends.answers, strict=True)]
    return cast(Attempts, ends._replace(answers=torch.stack(answers)))


def _way(puzzles: Puzzles, number: int, breadth: Breadth) -> tuple[Puzzles, Callable[[Tensor], Tensor]]:
    """How an attempt sees the puzzles, and what takes its answers back."""
    if breadth.symmetries and number > 0:
        return puzzles.problem.moved(puzzles, number)
    return puzzles, lambda answers: answers


def _together(parts: list[Puzzles]) -> Puzzles:
    """All in one batch, one part after the other."""
    one, *others = ((part.x, part.y, part.mask, *part.extras.values()) for part in parts)
    x, y, mask, *extras = each_tensor(one, lambda *each: torch.cat(each), *others)
    return replace(parts[0], x=x, y=y, mask=mask, extras=dict(zip(parts[0].extras, extras, strict=True)))


def _ends(model: Thinker, puzzles: Puzzles, limit: int, stop: Stop, state: State, read: Read) -> Attempts:
    """One attempt at each of some puzzles."""
    count, device = len(puzzles), puzzles.y.device
    recent = torch.full((RESIDUAL, count), torch.nan, dtype=torch.float64, device=device)
    found: Attempts | None = None
    thoughts = think(model, puzzles, limit, stop, state=state, retire=True)
    for thought in best_so_far(thoughts) if read == "most_confident" else thoughts:
        recent[thought.iteration % RESIDUAL, thought.which] = thought.change.double()
        left = leaving(thought)
        if left is not None:
            found = _spread(_end(left, recent), cast(Tensor, left.which), count, found)
    return cast(Attempts, found)


def _end(thought: Thought, recent: Tensor) -> Attempts:
    """What there is to be said of the puzzles that leave with a thought."""
    puzzles, which, stops = cast(Puzzles, thought.puzzles), cast(Tensor, thought.which), cast(Stops, thought.stops)
    problem, output = puzzles.problem, thought.read()
    answers = problem.answer(output, puzzles)
    by_rule = [stops.why[place] not in NOT_THE_RULE for place in which.tolist()]
    ends = Attempts(
        answers=answers,
        steps=torch.full_like(which, thought.iteration),
        stopped=torch.tensor(by_rule, device=which.device),
        residual=recent[:, which].nanmean(0),
        confidence=problem.confidence(output, puzzles).double(),
        verified=problem.verify(answers, puzzles) if problem.verifiable else None,
        halting=thought.model.halt(thought.state).double() if thought.model.halts else None,
    )
    return cast(Attempts, each_tensor(ends, lambda tensor: tensor[None]))


def _spread(part: Attempts, which: Tensor, count: int, onto: Attempts | None = None) -> Attempts:
    """Attempts at some of `count` puzzles, put beside those at others; of the rest there are none."""
    if onto is None:
        onto = each_tensor(part, lambda tensor: tensor.new_zeros((len(tensor), count, *tensor.shape[2:])))
    return cast(Attempts, each_tensor(part, lambda some, whole: whole.index_copy(1, which, some), onto))


class _Fastest(Stop):
    """Enough for all attempts at a puzzle as soon as it is for one; the batch has each puzzle once, then again, ..."""

    rule: Stop
    puzzles: int
    _said: Tensor | None = PrivateAttr(None)
    """What the rule said of the last thought, bool (B,)."""

    def begin(self) -> "_Fastest":
        return _Fastest(rule=self.rule.begin(), puzzles=self.puzzles)

    def reached(self, thought: Thought) -> Tensor:
        self._said = self.rule.reached(thought)
        of = cast(Tensor, thought.which) % self.puzzles
        return torch.zeros_like(of).index_add(0, of, self._said.long())[of] > 0

    def why(self, thought: Thought, which: int) -> str:
        assert self._said is not None
        return self.rule.why(thought, which) if bool(self._said[which]) else ANOTHER
