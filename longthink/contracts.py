"""START HERE: the few ideas that everything else is made of.

A `Problem` makes `Puzzles` of any level and scores answers. A `Thinker` is a net that repeats one step.
`thinking.think` runs it and yields `Thought`s. An `Objective` turns thoughts into a training loss. A `Perturbation`
meddles with a thinking net. A `Format` reads and writes other people's files.

Shapes: B batch, C input channels, K classes, *P positions (S for strings; H, W for grids).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast

import numpy as np
import torch
from huggingface_hub import PyTorchModelHubMixin
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from longthink.errors import UserError
from longthink.seeds import digest

Split = Literal["train", "validation", "test"]
SETTLED = 1e-5
"""A relative change of the state from one iteration to the next that counts as none."""
State = Any
"""What a Thinker carries from one iteration to the next: a tensor (B, width, ...) or a tuple around one."""


class Frozen(BaseModel):
    """Immutable options: values are checked on construction, and a misspelt one is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def plugin_name(cls: type) -> str:
    """The name a plugin goes by: that of the file it is written in."""
    return cls.__module__.rpartition(".")[2]


# ------------------------------------------------------------------------------------------------ puzzles


class Problem(Frozen, ABC):
    """A family of puzzles whose difficulty is one number, the level. It owns its loss, its mask and its scoring.

    The fields of a subclass are its options. By default a problem is a classification of every position;
    a regression overrides `loss`, `answer` and `correct`.
    """

    channels: ClassVar[int]
    """C, the channels of an input."""
    classes: ClassVar[int]
    """K, the channels of an output; a property where the options decide it."""
    ndim: ClassVar[int]
    """Number of position axes: 0 one label for an example, 1 strings, 2 grids."""
    easy: ClassVar[int]
    """The level that the dissertation trains on."""
    hard: ClassVar[tuple[int, ...]]
    """The levels that the dissertation tests on."""
    unanswered: ClassVar[float] = 0
    """The value that `render` draws as no answer."""
    by_rules: ClassVar[bool] = False
    """Whether `correct` goes by the puzzle's rules alone, so that it can tell where y is not known."""

    def sample(
        self,
        level: int,
        count: int,
        seed: int = 0,
        split: Split = "test",
        index: int = 0,
        repeats: bool = False,
    ) -> "Puzzles":
        """Draw `count` puzzles of one level; the same arguments always give the same puzzles.

        No puzzle is ever in two splits. `index` numbers the batches of an endless stream. Puzzles of one call
        differ from each other where the level holds few of them, unless `repeats` allows it.
        Raises UserError where the level, or a split of it, does not exist or holds fewer puzzles than asked for.
        """
        if count < 1:
            raise UserError(f"Ask for at least 1 puzzle, not {count}.")
        key = digest("puzzles", plugin_name(type(self)), level, split, seed, index)
        return self.draw(level, count, split, key, repeats)

    @abstractmethod
    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> "Puzzles":
        """What `sample` promises, for a count of 1 or more. All that is drawn comes from `key`."""

    @abstractmethod
    def parse(self, text: str) -> "Puzzles":
        """One puzzle, with its solution, from what a user types. Raises UserError if it is not one."""

    @abstractmethod
    def write(self, answers: Tensor, puzzles: "Puzzles") -> str:
        """The answer (B, *P) to the first puzzle as text."""

    @abstractmethod
    def render(self, puzzles: "Puzzles", values: Tensor | None = None) -> NDArray[np.uint8]:
        """A picture (height, width, 3) of the first puzzle, with `values` (*P) as `answer` or `shown` gives them."""

    def shown(self, logits: Tensor, puzzles: "Puzzles") -> Tensor:  # noqa: ARG002
        """What a picture of the first puzzle shows of an output (B, K, *P): the probability (*P) of the last class."""
        return logits.softmax(1)[0, -1]

    def say(self, logits: Tensor, puzzles: "Puzzles") -> str:
        """The answer to the first puzzle that an output (B, K, *P) stands for, as text."""
        return self.write(self.answer(logits, puzzles), puzzles)

    def levels(self, lowest: int, highest: int) -> Sequence[int]:
        """The levels there are between two, both included."""
        return range(lowest, highest + 1)

    def algorithms(self, puzzles: "Puzzles") -> dict[str, Tensor]:  # noqa: ARG002
        """Known algorithms by name: the round (B, *P), from 1, in which each decides a position; 0 where none."""
        return {}

    def baselines(self, puzzles: "Puzzles") -> dict[str, Tensor]:  # noqa: ARG002
        """Ways to answer without a net, by name: the probability (B,) that each solves a puzzle."""
        return {}

    def measures(self, logits: Tensor, puzzles: "Puzzles") -> dict[str, float]:  # noqa: ARG002
        """What else is worth a column in the history of a training, from a batch's output (B, K, *P)."""
        return {}

    def loss(self, logits: Tensor, puzzles: "Puzzles", label_smoothing: float = 0.0) -> Tensor:
        """Mean cross-entropy (B, K, *P) -> scalar over the positions that count (dissertation, eq. 5.3 and 5.4)."""
        if puzzles.mask is None:
            return F.cross_entropy(logits, puzzles.y, label_smoothing=label_smoothing)
        losses = F.cross_entropy(logits, puzzles.y, label_smoothing=label_smoothing, reduction="none")
        return losses[puzzles.mask].mean()

    def answer(self, logits: Tensor, puzzles: "Puzzles") -> Tensor:  # noqa: ARG002
        """The answer that an output stands for: (B, K, *P) -> (B, *P)."""
        return logits.argmax(1)

    def correct(self, answers: Tensor, puzzles: "Puzzles") -> Tensor:
        """Which puzzles are solved: (B, *P) -> bool (B,). A puzzle counts only if every position is right."""
        return self.position_accuracy(answers, puzzles) == 1

    def position_accuracy(self, answers: Tensor, puzzles: "Puzzles") -> Tensor:
        """The share of right positions among those that count: (B, *P) -> (B,)."""
        return _mean_over_positions((answers == puzzles.y).double(), puzzles.mask)

    def confidence(self, logits: Tensor, puzzles: "Puzzles") -> Tensor:
        """Probability of the most likely class, averaged over the positions that count: (B, K, *P) -> (B,)."""
        return _mean_over_positions(logits.softmax(1).amax(1), puzzles.mask)


def _mean_over_positions(values: Tensor, mask: Tensor | None) -> Tensor:
    values = values.reshape(len(values), -1)
    if mask is None:
        return values.mean(1)
    weights = mask.flatten(1).to(values.dtype)
    return (values * weights).sum(1) / weights.sum(1)


@dataclass(frozen=True)
class Puzzles:
    """B puzzles of one level: x (B, C, *P) float, y (B, *P) long, mask (B, *P) bool, or None if all positions count.

    `split` says which they were drawn from; a user's own count as test. `details` are further tensors (B, ...) that
    their problem has use for. `known`: whether y is the solution; of a user's puzzle it need not be.
    """

    problem: Problem
    level: int
    x: Tensor
    y: Tensor
    mask: Tensor | None = None
    split: Split = "test"
    source: Any = None
    """What a user's puzzle was read from, for `render` to draw on; None for those that were sampled."""
    details: Mapping[str, Tensor] = field(default_factory=dict)
    known: bool = True

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, which: slice | Tensor) -> "Puzzles":
        return self._each(lambda tensor: tensor[which])

    def to(self, device: torch.device | str) -> "Puzzles":
        return self._each(lambda tensor: tensor.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Puzzles":
        """The same with every tensor changed."""
        return replace(
            self,
            x=change(self.x),
            y=change(self.y),
            mask=None if self.mask is None else change(self.mask),
            details={name: change(tensor) for name, tensor in self.details.items()},
        )

    def dataset(self) -> torch.utils.data.TensorDataset:
        """The same puzzles as a torch Dataset of (x, y) or (x, y, mask), for a DataLoader."""
        tensors = (self.x, self.y) if self.mask is None else (self.x, self.y, self.mask)
        return torch.utils.data.TensorDataset(*tensors)


class Format(ABC):
    """Files that hold puzzles."""

    @abstractmethod
    def write(self, batches: Iterable[Puzzles], count: int, folder: Path) -> list[Path]:
        """Write `count` puzzles below a folder, whole or not at all; the files written.

        They come in batches of one problem, level and split, so that there may be more than fit the memory.
        Raises UserError if the format is not for their problem.
        """

    @abstractmethod
    def read(self, problem: Problem, level: int, folder: Path, split: Split = "train") -> Puzzles:
        """Read what `write` wrote. Raises UserError for files that are missing, damaged or of another problem."""

    def import_files(
        self,
        files: Sequence[Path],  # noqa: ARG002
        folder: Path,  # noqa: ARG002
        skip: bool = False,  # noqa: ARG002
    ) -> tuple[int, int]:
        """Make files of this kind, as others publish them, into a folder that a problem takes as its `source`.

        Returns how many puzzles there are, and how many lines were none, which are left out with `skip`. Raises
        UserError for such a line otherwise, if the folder exists, and where the format has no such folders.
        """
        raise UserError(f"Files of the format {plugin_name(type(self))} are read where they are, not brought in.")


# ------------------------------------------------------------------------------------------------ thinking


class Thinker(nn.Module, PyTorchModelHubMixin, ABC, library_name="longthink"):
    """A net that thinks in steps: `start` makes a state, `step` improves it, `read` turns it into an answer.

    What `start` and `step` get of an input is `see(x)`, computed once for all iterations: it has no parameters.

    The arguments of a subclass's constructor are the problem's `channels`, `classes` and `ndim`, then its options.
    Methods return the same things in training and in evaluation, but for what batch norm makes of them.
    """

    ndims: ClassVar[tuple[int, ...]] = (1, 2)
    """Of which problems it is for: their number of position axes."""
    limit: int | None = None
    """The number of steps there are, or None for a net that may repeat its step for ever."""

    def see(self, x: Tensor) -> Tensor:
        """Inputs (B, C, *P) as `start` and `step` want them: unchanged, unless a net rearranges them."""
        return x

    @abstractmethod
    def start(self, seen: Tensor) -> State:
        """The state before the first iteration."""

    @abstractmethod
    def step(self, state: State, seen: Tensor) -> State:
        """One iteration. Raises ValueError beyond `limit`."""

    @abstractmethod
    def read(self, state: State) -> Tensor:
        """Logits (B, K, *P)."""

    def recurrent_parameters(self) -> list[nn.Parameter]:
        """The parameters of `step`, which may have a learning rate of their own; none unless a net names them."""
        return []

    def effective_depth(self, iterations: int) -> int | None:  # noqa: ARG002
        """Layers with weights between input and output (dissertation, section 3.2); None unless a net says."""
        return None

    def features(self, state: State) -> Tensor:
        """The tensor (B, ...) inside a state."""
        assert isinstance(state, Tensor)
        return state

    def with_features(self, state: State, features: Tensor) -> State:  # noqa: ARG002
        """The same state around another tensor."""
        return features

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> str | None:
        """Save config.json and model.safetensors; the config also says which model it is."""
        config = {"model": plugin_name(type(self)), **cast(dict[str, Any], self._hub_mixin_config)}
        return super().save_pretrained(save_directory, config=config, **options)


@dataclass(frozen=True)
class Thought:
    """What `think` yields: the state after an iteration, counted from 1."""

    model: Thinker
    iteration: int
    state: State
    previous: State

    @cached_property
    def change(self) -> Tensor:
        """How far the iteration moved the state of each puzzle, relative to its size: |s' - s| / |s|, (B,).

        NaN where the step gave the state another shape.
        """
        before, after = self.model.features(self.previous), self.model.features(self.state)
        if before.shape != after.shape:
            return torch.full((len(after),), torch.nan, device=after.device)
        axes = tuple(range(1, before.ndim))  # not flattened, which would copy channels-last features
        size = torch.linalg.vector_norm(before, dim=axes).clamp_min(torch.finfo(before.dtype).tiny)
        change: Tensor = torch.linalg.vector_norm(after - before, dim=axes) / size
        return change

    @property
    def settled(self) -> bool:
        """Whether the iteration changed the state of no puzzle (by more than SETTLED, relative)."""
        return bool((self.change <= SETTLED).all())

    def read(self) -> Tensor:
        """Logits (B, K, *P) of this thought."""
        return self.model.read(self.state)


Thoughts = Iterator[Thought]
Criterion = Callable[[Tensor], Tensor]
"""Logits (B, K, *P) to a scalar loss: the problem's, with the puzzles and the label smoothing filled in."""


class Objective(Frozen, ABC):
    """What training minimises. The fields of a subclass are its options."""

    def longest(self, iterations: int) -> int:
        """The most iterations that a batch of training regime m runs for, with and without gradient."""
        return iterations

    @abstractmethod
    def loss(
        self, model: Thinker, x: Tensor, iterations: int, criterion: Criterion, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """The loss of one batch, and the logits (B, K, *P) it was last computed from.

        `iterations` is the training regime m; `longest(m)` is the most that any batch runs for. Whatever is drawn
        comes from `rng`, which is the same in every process.
        """


class Perturbation(Frozen, ABC):
    """Something that is done once to a net while it thinks: to its state, or to the puzzles it looks at.

    The fields of a subclass are its options. With `strength` 0 nothing is done. What is drawn comes from `rng` alone.
    """

    strength: Annotated[float, Field(ge=0)] = 1.0

    def to_features(self, features: Tensor, rng: np.random.Generator) -> Tensor:  # noqa: ARG002
        """What becomes of the features (B, ...) of the state."""
        return features

    def to_puzzles(self, puzzles: Puzzles, rng: np.random.Generator) -> Puzzles:  # noqa: ARG002
        """What becomes of the puzzles, with their new answers. Raises UserError for puzzles of another problem."""
        return puzzles
