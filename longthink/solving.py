"""Solve one puzzle that a user brings: think until the state settles, check the answer against the rules."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from longthink.contracts import Puzzles, Thinker, Thought, Thoughts
from longthink.errors import UserError
from longthink.frontier import think_locally
from longthink.memory import keep_freed_memory
from longthink.runs import Run
from longthink.step_layers import NotLocal
from longthink.thinking import think, until_settled

PATIENCE = 20
"""A net may think this many times as long as it did in training for a puzzle of the same level."""
AT_LEAST = 100
TOLERANCE = 0.1
"""What counts as no movement of a grid's state, see `frontier.think_locally`."""
LARGE = 32**2
"""Positions from which on thinking locally is worth its overhead."""
FRAMES = 120
"""Frames of a film, at least half as many and at most."""


@dataclass(frozen=True)
class Solution:
    """What a net made of a puzzle: the answer (1, *P), as text too, and whether it is right by the problem's rules."""

    puzzles: Puzzles
    answers: Tensor
    text: str
    solved: bool | None
    """None where that cannot be told, since the solution is not known."""
    iterations: int
    settled: bool
    confidence: float
    seconds: float


def solve(
    run: Run,
    text: str,
    limit: int | None = None,
    watch: Callable[[Thought, Puzzles], None] | None = None,
    tell: Callable[[int, str, float], None] | None = None,
    every: int = 1,
) -> Solution:
    """Think about one puzzle, given as text, until the state settles or `limit` iterations are done.

    Every thought is shown to `watch`; every so many iterations, `tell` is told the iteration, the answer as text and
    the confidence.
    Large grids are thought about locally where the net can, see `frontier`.
    Raises UserError if the text is no puzzle, or for a limit below 1 or beyond the net's own.
    """
    recipe, model = run.recipe(), run.model()
    puzzles = recipe.problem.parse(text)
    problem = puzzles.problem
    if limit is None:
        limit = model.limit or max(AT_LEAST, PATIENCE * recipe.curriculum.iterations_at(puzzles.level))
    if every < 1:
        raise UserError(f"Answers are told every 1 or more iterations, not every {every}.")
    if limit < 1:
        raise UserError(f"A net needs at least 1 iteration to answer, not {limit}.")
    keep_freed_memory()
    begun = time.monotonic()
    with torch.inference_mode():
        for thought in until_settled(_thoughts(model, puzzles, limit)):
            if watch is not None:
                watch(thought, puzzles)
            if tell is not None and thought.iteration % every == 0:
                tell(thought.iteration, *_said(thought.read(), puzzles))
        logits = thought.read()
    answers = problem.answer(logits, puzzles)
    return Solution(
        puzzles=puzzles,
        answers=answers,
        text=problem.say(logits, puzzles),
        solved=bool(problem.correct(answers, puzzles)[0]) if puzzles.known or problem.by_rules else None,
        iterations=thought.iteration,
        settled=thought.settled,
        confidence=float(problem.confidence(logits, puzzles)[0]),
        seconds=time.monotonic() - begun,
    )


def _said(logits: Tensor, puzzles: Puzzles) -> tuple[str, float]:
    problem = puzzles.problem
    return problem.say(logits, puzzles), float(problem.confidence(logits, puzzles)[0])


def _thoughts(model: Thinker, puzzles: Puzzles, limit: int) -> Thoughts:
    if puzzles.y[0].numel() >= LARGE:
        try:
            return think_locally(model, puzzles.x, limit, tolerance=TOLERANCE)
        except NotLocal:
            pass
    return think(model, puzzles.x, limit)


class Film:
    """Shown every thought, keeps what its problem shows of it after some iterations.

    After those of `at`, or else after evenly spaced ones: at most FRAMES of them.
    """

    def __init__(self, at: Sequence[int] = ()) -> None:
        self.at = set(at)
        self.every = 1
        self.frames: dict[int, Tensor] = {}
        """Bytes: probabilities as 255ths, or else answers as signed numbers."""

    def __call__(self, thought: Thought, puzzles: Puzzles) -> None:
        wanted = thought.iteration in self.at if self.at else (thought.iteration - 1) % self.every == 0
        if not wanted:
            return
        shown = puzzles.problem.shown(thought.read(), puzzles)
        small = (shown * 255).round().to(torch.uint8) if shown.is_floating_point() else shown.to(torch.int8)
        self.frames[thought.iteration] = small.cpu()
        if not self.at and len(self.frames) > FRAMES:
            self.every *= 2
            self.frames = {at: frame for at, frame in self.frames.items() if (at - 1) % self.every == 0}

    def pictures(self, puzzles: Puzzles) -> dict[int, NDArray[np.uint8]]:
        """The RGB picture (height, width, 3) of each iteration that was kept."""
        render = puzzles.problem.render
        return {
            at: render(puzzles, frame / 255 if frame.dtype == torch.uint8 else frame)
            for at, frame in self.frames.items()
        }

    def strip(self, puzzles: Puzzles) -> dict[str, NDArray[np.uint8]]:
        """The same between the puzzle and its target, each with its title (figure 4.4)."""
        problem = puzzles.problem
        return {
            "puzzle": problem.render(puzzles, torch.full_like(puzzles.y[0], problem.unanswered)),
            **{f"iteration {at}": pixels for at, pixels in self.pictures(puzzles).items()},
            "target": problem.render(puzzles),
        }
