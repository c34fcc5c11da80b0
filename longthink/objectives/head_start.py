"""The final-iteration loss after a head start: some iterations without gradient, then always m with it.

Unlike progressive loss, every batch is unrolled over all m iterations, and a head start may go beyond m: the net must
solve a puzzle from any state on the way, and also keep a solved one. Two options ask for more. `transplant` puts a
piece of another puzzle's state into the head start's, so that the net learns to put right what is wrong: a wrong answer
cannot be a resting place. `settling` rewards standing still once the answer is there.
"""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from longthink.contracts import Loss, Objective, Puzzles, State, Thinker
from longthink.registry import register
from longthink.thinking.loop import last_state, think


@register
class HeadStart(Objective):
    """A `share` of the batches start after n ~ U{0, reach * m} iterations, the others at the net's own start.

    A share `transplant` of the head starts get a box of positions from the state of another puzzle of the batch.
    Where nothing was transplanted and n >= m, `settling` times the squared relative change of one further iteration is
    added to the loss.
    """

    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    reach: Annotated[float, Field(ge=0)] = 1.0
    settling: Annotated[float, Field(ge=0)] = 0.0
    transplant: Annotated[float, Field(ge=0, le=1)] = 0.0

    def longest(self, iterations: int) -> int:
        return iterations + int(self.reach * iterations) + (self.settling > 0)

    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:
        state, transplanted = None, False
        n = int(rng.integers(0, int(self.reach * iterations) + 1)) if rng.random() < self.share else 0
        if n > 0:
            with torch.no_grad():
                state = last_state(net, puzzles.x, n)
                transplanted = rng.random() < self.transplant
                if transplanted:
                    state = _transplanted(net, state, rng)
        *_, thought = think(net, puzzles.x, iterations, state=state)
        output = thought.read()
        loss = puzzles.problem.loss(output, puzzles).sum()
        if self.settling > 0 and n >= iterations and not transplanted:
            *_, after = think(net, puzzles.x, 1, state=thought.state)
            loss = loss + self.settling * after.change.square().mean()
        return Loss(loss, output)


def _transplanted(model: Thinker, state: State, rng: np.random.Generator) -> State:
    """The state with a random box of its positions, anything up to all, taken from the state of another puzzle."""
    features = model.features(state)
    inside = torch.ones(features.shape[2:], dtype=torch.bool, device=features.device)
    for axis, size in enumerate(features.shape[2:]):
        length = int(rng.integers(1, size + 1))
        low = int(rng.integers(0, size - length + 1))
        position = torch.arange(size, device=features.device)
        along = (position >= low) & (position < low + length)
        inside &= along.view([-1 if other == axis else 1 for other in range(inside.ndim)])
    return model.with_features(state, torch.where(inside, features.roll(1, 0), features))
