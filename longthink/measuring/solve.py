"""Solve one puzzle that a user brings: think until it is enough, check the answer against the rules."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from longthink.base.errors import UserError
from longthink.contracts import Choice, Either, Puzzles, Stop, Thinker, Thought, Thoughts, each_tensor
from longthink.figures.scene import Scene
from longthink.measuring.sweep import device_of
from longthink.registry import name_of
from longthink.thinking.breadth import Breadth, attempt
from longthink.thinking.choices import best_for
from longthink.thinking.loop import LARGE, TOLERANCE, think
from longthink.thinking.precision import in_bfloat16
from longthink.thinking.step_layers import NotLocal
from longthink.thinking.stops import AtRest, Settled

LIMIT = 2000
"""Iterations at most, unless it is said otherwise."""
FRAMES = 120
"""Frames of a film, at least half as many and at most."""


@dataclass(frozen=True)
class Solution:
    """What a net made of a puzzle."""

    puzzles: Puzzles
    answers: Tensor
    """(1, *P)"""
    text: str
    """The answer, as the problem's view writes it."""
    solved: bool | None
    """Whether it is right by the problem's rules; None where that cannot be told, since the solution is not known."""
    iterations: int
    why: str
    """The rule that ended the thinking (of several attempts, all of the joined ones), or `limit`, or `time`."""
    confidence: float
    seconds: float
    attempts: int = 1
    """That were made; `iterations` are those of all."""


def solve(
    net: Thinker,
    puzzles: Puzzles,
    limit: int | None = None,
    stop: Stop | None = None,
    watch: Callable[[Thought], None] | None = None,
    seconds: float | None = None,
    precision: Literal["fp32", "bf16"] = "fp32",
    breadth: Breadth | None = None,
    choice: Choice | None = None,
) -> Solution:
    """Think about one puzzle until it is enough, once or several times.

    Large grids are thought about locally where the net can, and then settled means that nothing moves at all.

    Args:
        net: the net.
        puzzles: one puzzle, sampled, or read by the `view` of its problem.
        limit: the most iterations; by default LIMIT, or the net's own.
        stop: when it is enough; by default when the state has settled.
        watch: is shown every thought.
        seconds: the longest that it may take; the iteration that is then under way is the last.
        precision: "bf16" for numbers of 16 bits, of a whole grid at once; then it is enough when the state is at rest.
        breadth: how many attempts, and how they differ; by default one. Grids are then thought about as a whole.
        choice: which of the attempts counts, by default `choices.best_for` the problem.

    Returns:
        The answer, and whether it is right.

    Raises:
        UserError: more than one puzzle; a limit below 1 or beyond the net's own; no time at all; another precision,
            or one that the net does not think in; breadth with something to watch, with a time or in bf16; as `attempt`
            does.

    >>> import longthink as lt
    >>> solution = solve(lt.load("prefix_sums"), lt.problem("prefix_sums").view.parse("110100111"))
    >>> solution.text, solution.solved, solution.why
    ('100111010', True, 'settled')
    """
    if len(puzzles) != 1:
        raise UserError(f"One puzzle is solved at a time, and these are {len(puzzles)}; take puzzles[:1].")
    limit = (net.limit or LIMIT) if limit is None else limit
    if limit < 1:
        raise UserError(f"A net needs at least 1 iteration to answer, not {limit}.")
    if seconds is not None and not seconds > 0:
        raise UserError(f"A net needs some time to answer, more than {seconds:g} seconds.")
    if precision not in ("fp32", "bf16"):
        raise UserError(f"One puzzle is solved in fp32 or bf16, not '{precision}'.")
    puzzles, problem, begun = puzzles.to("cpu"), puzzles.problem, time.monotonic()
    if breadth is not None:
        if watch is not None or seconds is not None or precision != "fp32":
            raise UserError("Several attempts at a puzzle take no time limit and no bf16, and are not watched.")
        return _broadly(net, puzzles, limit, stop, breadth, choice or best_for(problem), begun)
    with torch.inference_mode():
        for thought in _thoughts(net, puzzles.to(device_of(net)), limit, stop, precision):
            if watch is not None:
                watch(thought)
            if seconds is not None and time.monotonic() - begun >= seconds:
                break
        output = each_tensor(thought.read(), lambda tensor: tensor.cpu())
    answers = problem.answer(output, puzzles)
    assert thought.stops is not None
    return Solution(
        puzzles=puzzles,
        answers=answers,
        text=problem.view.describe(output, puzzles),
        solved=bool(problem.correct(answers, puzzles)[0]) if puzzles.known or problem.verifiable else None,
        iterations=thought.iteration,
        why=thought.stops.why[0] or "time",
        confidence=float(problem.confidence(output, puzzles)[0]),
        seconds=time.monotonic() - begun,
    )


def _called(stop: Stop) -> str:
    """The name of a rule; of several that are joined, all names, since attempts do not say which one it was."""
    return " or ".join(map(_called, stop.rules)) if isinstance(stop, Either) else name_of(type(stop))


def _broadly(
    net: Thinker, puzzles: Puzzles, limit: int, stop: Stop | None, breadth: Breadth, choice: Choice, begun: float
) -> Solution:
    found = attempt(net, puzzles.to(device_of(net)), limit, stop, breadth, choice)
    best, problem = int(found.chosen(choice)[0]), puzzles.problem
    answers = found.answers[best].cpu()
    return Solution(
        puzzles=puzzles,
        answers=answers,
        text=problem.view.write(answers, puzzles),
        solved=bool(problem.correct(answers, puzzles)[0]) if puzzles.known or problem.verifiable else None,
        iterations=int(found.steps.sum()),
        why=_called(stop or Settled()) if found.stopped[best, 0] else "limit",
        confidence=float(found.confidence[best, 0]),
        seconds=time.monotonic() - begun,
        attempts=int((found.steps > 0).sum()),
    )


def _thoughts(net: Thinker, puzzles: Puzzles, limit: int, stop: Stop | None, precision: str) -> Thoughts:
    if precision == "bf16":
        return think(in_bfloat16(net, puzzles), puzzles, limit, stop or AtRest())
    if puzzles.y[0].numel() >= LARGE:
        try:
            return think(net, puzzles, limit, stop or Settled(tolerance=0), tolerance=TOLERANCE)
        except NotLocal:
            pass
    return think(net, puzzles, limit, stop or Settled())


class Film:
    """Shown every thought, keeps what its problem shows of it after some iterations.

    After those of `at`, or else after evenly spaced ones: at most FRAMES of them.
    """

    def __init__(self, puzzles: Puzzles, at: Sequence[int] = ()) -> None:
        self.puzzles = puzzles
        self.at = set(at)
        self.every = 1
        self.frames: dict[int, Tensor] = {}
        """Bytes: probabilities as 255ths, or else answers as signed numbers."""

    def __call__(self, thought: Thought) -> None:
        wanted = thought.iteration in self.at if self.at else (thought.iteration - 1) % self.every == 0
        if not wanted:
            return
        shown = self.puzzles.problem.view.shown(thought.read(), self.puzzles)
        small = (shown * 255).round().to(torch.uint8) if shown.is_floating_point() else shown.to(torch.int8)
        self.frames[thought.iteration] = small.cpu()
        if not self.at and len(self.frames) > FRAMES:
            self.every *= 2
            self.frames = {at: frame for at, frame in self.frames.items() if (at - 1) % self.every == 0}

    def scenes(self) -> dict[int, Scene]:
        """What was shown after each iteration that was kept."""
        scene = self.puzzles.problem.view.scene
        return {
            at: scene(self.puzzles, frame / 255 if frame.dtype == torch.uint8 else frame)
            for at, frame in self.frames.items()
        }

    def strip(self, answer: Tensor | None = None) -> dict[str, Scene]:
        """The same between the puzzle and its target, or else an answer (*P), each with its title (figure 4.4)."""
        view = self.puzzles.problem.view
        last = {"answer": answer} if answer is not None else {"target": self.puzzles.y[0]}
        return {
            "puzzle": view.scene(self.puzzles),
            **{f"iteration {at}": scene for at, scene in self.scenes().items()},
            **{title: view.scene(self.puzzles, values) for title, values in last.items()},
        }
