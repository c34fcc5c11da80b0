"""Progressive loss (section 5.3.2, Algorithm 1): from a partial solution, solve the puzzle in k iterations."""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from longthink.contracts import Criterion, Objective, Thinker
from longthink.thinking import last_state


class Progressive(Objective):
    """(1 - alpha) * L_max_iters + alpha * L_progressive, with n ~ U{0, m-1} and k ~ U{1, m-n}.

    With `start="zero"`, n is always 0 (the ablation of section 5.4). A term of weight 0 is not computed.
    """

    alpha: Annotated[float, Field(ge=0, le=1)] = 1.0
    start: Literal["random", "zero"] = "random"

    def loss(
        self, model: Thinker, x: Tensor, iterations: int, criterion: Criterion, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        loss, logits = torch.zeros((), device=x.device), None
        if self.alpha > 0:
            n = 0 if self.start == "zero" else int(rng.integers(0, iterations))
            k = int(rng.integers(1, iterations - n + 1))
            partial = None
            if n > 0:
                with torch.no_grad():
                    partial = last_state(model, x, n)
            logits = model.read(last_state(model, x, k, partial))
            loss = loss + self.alpha * criterion(logits)
        if self.alpha < 1:
            logits = model.read(last_state(model, x, iterations))
            loss = loss + (1 - self.alpha) * criterion(logits)
        assert logits is not None
        return loss, logits
