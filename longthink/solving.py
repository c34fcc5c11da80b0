"""Solve one puzzle that a user brings: think until the state settles, check the answer against the rules."""

from dataclasses import dataclass

import torch

from longthink.contracts import Puzzles
from longthink.errors import UserError
from longthink.runs import Run
from longthink.thinking import SETTLED, think, until_settled

PATIENCE = 20
"""A net may think this many times as long as it did in training for a puzzle of the same level."""
AT_LEAST = 100


@dataclass(frozen=True)
class Solution:
    """What a net made of a puzzle: the answer as text, and whether it is right."""

    puzzles: Puzzles
    answer: str
    solved: bool
    iterations: int
    settled: bool
    confidence: float


def solve(run: Run, text: str, limit: int | None = None) -> Solution:
    """Think about one puzzle, given as text, until the state settles or `limit` iterations are done.

    Raises UserError if the text is no puzzle, or for a limit below 1 or beyond the net's own.
    """
    recipe, model = run.recipe(), run.model()
    puzzles = recipe.problem.parse(text)
    if limit is None:
        limit = model.limit or max(AT_LEAST, PATIENCE * recipe.curriculum.iterations_at(puzzles.level))
    if limit < 1:
        raise UserError(f"A net needs at least 1 iteration to answer, not {limit}.")
    with torch.inference_mode():
        for thought in until_settled(think(model, puzzles.x, limit)):  # noqa: B007
            pass
        logits = thought.read()
    answers = recipe.problem.answer(logits)
    return Solution(
        puzzles=puzzles,
        answer=recipe.problem.write(answers, puzzles),
        solved=bool(recipe.problem.correct(answers, puzzles)[0]),
        iterations=thought.iteration,
        settled=float(thought.change) <= SETTLED,
        confidence=float(recipe.problem.confidence(logits, puzzles)[0]),
    )
