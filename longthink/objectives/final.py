"""The plain loss: unroll all m iterations, compare the last output (eq. 5.3; alpha = 0 of Algorithm 1)."""

import numpy as np
from torch import Tensor

from longthink.contracts import Criterion, Objective, Thinker
from longthink.thinking import last_state


class Final(Objective):
    """L_max_iters of Algorithm 1."""

    def loss(
        self,
        model: Thinker,
        x: Tensor,
        iterations: int,
        criterion: Criterion,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor]:
        logits = model.read(last_state(model, x, iterations))
        return criterion(logits), logits
