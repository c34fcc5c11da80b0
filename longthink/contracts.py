"""START HERE: the few ideas that everything else is made of.

A `Problem` makes `Puzzles` of any level and scores answers; its `View` reads, writes and draws them. A `Thinker` is a
net that repeats one step; `Spec` is what it must take and give. `thinking.think` runs it and yields `Thought`s, until a
`Stop` rule says that it is enough. An `Objective` turns thoughts into a training loss. A `Perturbation` meddles with a
thinking net. A `Format` reads and writes other people's files.

Shapes: B batch, C input channels, K classes, W width, *P positions (S for lines; H, W for grids; N nodes for graphs).
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import chain, product
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, cast

import numpy as np
import torch
from huggingface_hub import PyTorchModelHubMixin
from pydantic import Field, PrivateAttr
from torch import Tensor, nn
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.base.frozen import Frozen
from longthink.base.memory import require
from longthink.base.seeds import digest
from longthink.base.splits import Split as Split
from longthink.base.tensors import check_fits
from longthink.figures.scene import Scene
from longthink.registry import name_of

Inputs = Any
"""What a net looks at: a tensor (B, C, *P), tokens (B, *P), or a NamedTuple of tensors (B, ...) like `Graph`."""
ENDLESS = 10**18
"""More than there is memory for, of anything."""
BYTES_OF_TARGET = 8
Size = Annotated[int, Field(ge=1, lt=ENDLESS)]
"""Of something that a net has."""
State = Any
"""What a Thinker carries from one iteration to the next: a tensor (B, ...), or a tuple of such and of plain values."""


class Graph(NamedTuple):
    """Inputs that are graphs, as many nodes in each: N nodes with C numbers, and weights of the edges between them."""

    nodes: Tensor
    """(B, N, C)"""
    edges: Tensor
    """(B, N, N)"""


def each_tensor(tree: Any, change: Callable[..., Tensor], *others: Any) -> Any:
    """Inputs, or a state, with every tensor changed: moved, cut, or put together with that of others in its place.

    >>> each_tensor(Graph(torch.zeros(3, 5, 2), torch.zeros(3, 5, 5)), lambda tensor: tensor[:1]).edges.shape
    torch.Size([1, 5, 5])
    """
    if isinstance(tree, Tensor):
        return change(tree, *others)
    if not isinstance(tree, tuple):
        return tree
    changed = [each_tensor(part, change, *beside) for part, *beside in zip(tree, *others, strict=True)]
    return type(tree)(*changed) if hasattr(tree, "_fields") else tuple(changed)


def tensors_of(tree: Any) -> tuple[Tensor, ...]:
    """All tensors of inputs, or of a state."""
    if isinstance(tree, Tensor):
        return (tree,)
    return tuple(chain.from_iterable(map(tensors_of, tree))) if isinstance(tree, tuple) else ()


def first_tensor(tree: Any) -> Tensor:
    """The one that tells the batch and the device."""
    return tensors_of(tree)[0]


# ------------------------------------------------------------------------------------------------ what nets are for


@dataclass(frozen=True)
class Spec:
    """What a net must take and give, to be for a problem.

    >>> Spec(inputs=3, outputs=2, positions="grid").example(count=5, size=24).shape
    torch.Size([5, 3, 24, 24])
    """

    inputs: int
    """C, the numbers at each position of an input; 1 for tokens."""
    outputs: int
    """K, the numbers of an output at each position."""
    positions: Literal["none", "line", "grid", "graph"] = "line"
    """How the positions of an input lie to each other."""
    answers: Literal["each", "one"] = "each"
    """Whether each position has an answer, or the input has one as a whole."""
    vocabulary: int | None = None
    """Inputs are tokens, whole numbers (B, *P) below this; None: they are numbers (B, C, *P)."""
    size: int | None = None
    """Positions along an axis, where it is always the same number."""

    @property
    def ndim(self) -> int:
        """Axes of an answer's positions: 0 where an input has one answer."""
        return 0 if self.answers == "one" else {"none": 0, "line": 1, "grid": 2, "graph": 1}[self.positions]

    @property
    def positions_of_each(self) -> int:
        """Of an input, at least: 1 where it is not always the same number."""
        size = self.size or 1
        return {"none": 1, "line": size, "grid": size * size, "graph": size}[self.positions]

    def example(self, count: int, size: int | None = None, seed: int = 0) -> Inputs:
        """Inputs of noise, as this spec has them: for tests, for tracing, to find out what fits the memory."""
        rng = torch.Generator().manual_seed(digest("example", seed))
        along = size or self.size or {"none": 1, "line": 8, "grid": 6, "graph": 5}[self.positions]
        if self.positions == "graph":
            edges = (torch.rand(count, along, along, generator=rng) < 0.5).float()
            return Graph(torch.randn(count, along, self.inputs, generator=rng), edges)
        axes = (along,) * {"none": 0, "line": 1, "grid": 2}[self.positions]
        if self.vocabulary is not None:
            return torch.randint(0, self.vocabulary, (count, *axes), generator=rng)
        return torch.randn(count, self.inputs, *axes, generator=rng)

    def output_shape(self, inputs: Inputs) -> tuple[int, ...]:
        """The shape of an output for some inputs: (B, K, *P), or (B, K) where an input has one answer."""
        first = first_tensor(inputs)
        if self.ndim == 0:
            return len(first), self.outputs
        if self.positions == "graph":
            return len(first), self.outputs, first.shape[1]
        return len(first), self.outputs, *first.shape[first.ndim - self.ndim :]


# ------------------------------------------------------------------------------------------------ puzzles


class Problem(Frozen, ABC):
    """A family of puzzles whose difficulty is one number, the level. It owns its loss, its mask and its scoring.

    The fields of a subclass are its options. A subclass says its `spec`, as a class attribute, or as a property where
    the options decide it. By default a problem is a classification of every position; a regression overrides `loss`,
    `answer` and `correct`.
    """

    spec: ClassVar[Spec]
    easy: ClassVar[int]
    """The level that is trained on (the dissertation's, where it has the problem)."""
    hard: ClassVar[tuple[int, ...]]
    """The levels that are tested on."""
    symmetric: ClassVar[bool] = False
    """Whether it names symmetries of its puzzles, which `moved` moves them by."""
    verifiable: ClassVar[bool] = False
    """Whether `verify` can tell a right answer by the puzzle's rules alone, where y is not known."""

    @property
    def view(self) -> "View":
        """How its puzzles are read, written and drawn."""
        return PlainView(self)

    def sample(
        self,
        level: int,
        count: int,
        seed: int = 0,
        split: Split = "test",
        index: int = 0,
        repeats: bool = False,
    ) -> "Puzzles":
        """Draw puzzles of one level; the same arguments always give the same puzzles.

        Args:
            level: one of `levels`.
            count: how many, 1 or more.
            seed: another one gives other puzzles.
            split: which they are of; no puzzle is ever in two splits.
            index: numbers the batches of an endless stream.
            repeats: whether a puzzle may come twice. Without, those of one call differ from each other.

        Returns:
            The puzzles, solved.

        Raises:
            UserError: the level, or a split of it, does not exist or holds fewer puzzles than asked for; they do not
                fit the memory.
        """
        if count < 1:
            raise UserError(f"Ask for at least 1 puzzle, not {count}.")
        if level < 1:
            raise UserError(f"Levels are 1 or more; level {level} does not exist.")
        if max(level, count) >= ENDLESS:
            raise UserError(f"Levels and numbers of puzzles are below {ENDLESS:.0e}; ask for less.")
        require(count * self.spec.positions_of_each * BYTES_OF_TARGET, f"{count} puzzles of {name_of(type(self))}")
        key = digest("puzzles", name_of(type(self)), level, split, seed, index)
        return self.draw(level, count, split, key, repeats)

    @abstractmethod
    def draw(self, level: int, count: int, split: Split, key: int, repeats: bool) -> "Puzzles":
        """What `sample` promises, for a count of 1 or more. All that is drawn comes from `key`."""

    def levels(self, lowest: int, highest: int) -> Sequence[int]:
        """The levels there are between two, both included."""
        return range(lowest, highest + 1)

    def says(self, level: int) -> str:
        """A level's name for people."""
        return f"level {level}"

    def algorithms(self, puzzles: "Puzzles") -> dict[str, Tensor]:  # noqa: ARG002
        """Known algorithms by name: the round (B, *P), from 1, in which each decides a position; 0 where none."""
        return {}

    def baselines(self, puzzles: "Puzzles") -> dict[str, Tensor]:  # noqa: ARG002
        """Ways to answer without a net, by name: the probability (B,) that each solves a puzzle."""
        return {}

    def moved(self, puzzles: "Puzzles", number: int) -> tuple["Puzzles", Callable[[Tensor], Tensor]]:  # noqa: ARG002
        """The same puzzles seen in another way, by a symmetry of their rules, for other attempts at them.

        Args:
            puzzles: of the problem.
            number: of the symmetry, 1 or more; those that there are come again after the last.

        Returns:
            The puzzles, of the same shape, and what takes answers (B, *P) to them back to the puzzles as they were.

        Raises:
            UserError: the problem is not `symmetric`.
        """
        raise UserError(f"The problem {name_of(type(self))} names no symmetries; attempts can differ by noise.")

    def measures(self, output: Any, puzzles: "Puzzles") -> dict[str, float]:  # noqa: ARG002
        """What else is worth a column in the history of a training, from a batch's output (B, K, *P)."""
        return {}

    def loss(self, output: Any, puzzles: "Puzzles") -> Tensor:
        """What each puzzle adds to the batch's mean cross-entropy over the positions that count (eq. 5.3 and 5.4).

        Positions weigh the same, whichever puzzle they are in; the sum over puzzles is the loss of the batch. A puzzle
        of which no position counts adds nothing, and is solved.

        Args:
            output: (B, K, *P).
            puzzles: their targets are smoothed as `Puzzles.label_smoothing` says.

        Returns:
            (B,).
        """
        logs = output.log_softmax(1)
        right = F.nll_loss(logs, puzzles.y, reduction="none")
        smoothing = puzzles.label_smoothing
        if puzzles.mask is None:
            loss = right.flatten(1).sum(1) / right.numel() if right.ndim > 1 else right / len(right)
            if smoothing > 0:
                even = -logs.sum(1)
                shared = even.flatten(1).sum(1) / even.numel() if even.ndim > 1 else even / len(even)
                loss = (1 - smoothing) * loss + smoothing / output.shape[1] * shared
            return loss
        if smoothing > 0:
            right = (1 - smoothing) * right - smoothing / output.shape[1] * logs.sum(1)
        return (right * puzzles.mask).flatten(1).sum(1) / puzzles.mask.sum().clamp_min(1)

    def perfect(self, puzzles: "Puzzles") -> Any:
        """An output (B, K, *P) that stands for the solution, and leaves no doubt."""
        return 30 * F.one_hot(puzzles.y, self.spec.outputs).movedim(-1, 1).float()

    def answer(self, output: Any, puzzles: "Puzzles") -> Tensor:  # noqa: ARG002
        """The answer that an output stands for: (B, K, *P) -> (B, *P)."""
        answers: Tensor = output.max(1).indices  # argmax of what does not lie side by side is up to 38 times slower
        return answers

    def correct(self, answers: Tensor, puzzles: "Puzzles") -> Tensor:
        """Which puzzles are solved: (B, *P) -> bool (B,). A puzzle counts only if every position is right."""
        return self.position_accuracy(answers, puzzles) == 1

    def verify(self, answers: Tensor, puzzles: "Puzzles") -> Tensor:
        """Which answers are right by the rules, (B, *P) -> bool (B,), without a look at y, where it is `verifiable`."""
        return self.correct(answers, puzzles)

    def position_accuracy(self, answers: Tensor, puzzles: "Puzzles") -> Tensor:
        """The share of right positions among those that count: (B, *P) -> (B,)."""
        return _mean_over_positions((answers == puzzles.y).double(), puzzles.mask)

    def confidence(self, output: Any, puzzles: "Puzzles") -> Tensor:
        """Probability of the most likely class, averaged over the positions that count: (B, K, *P) -> (B,)."""
        return _mean_over_positions(output.softmax(1).amax(1), puzzles.mask)


def _mean_over_positions(values: Tensor, mask: Tensor | None) -> Tensor:
    values = values.reshape(len(values), -1)
    if mask is None:
        return values.mean(1)
    weights = mask.flatten(1).to(values.dtype)
    return torch.where(mask.flatten(1).any(1), (values * weights).sum(1) / weights.sum(1), 1)


@dataclass(frozen=True)
class Puzzles:
    """B puzzles of one level, which know their problem.

    >>> import longthink as lt
    >>> puzzles = lt.problem("prefix_sums").sample(level=8, count=3)
    >>> len(puzzles[1:]), puzzles.x.shape, puzzles.y.shape
    (2, torch.Size([3, 1, 8]), torch.Size([3, 8]))
    """

    problem: Problem
    level: int
    x: Inputs
    """(B, C, *P) float, tokens (B, *P) long, or a tuple of tensors (B, ...)."""
    y: Tensor
    """Targets (B, *P) long."""
    mask: Tensor | None = None
    """Positions that count, (B, *P) bool; None if all do."""
    split: Split = "test"
    """Which they were drawn from; a user's own count as test."""
    source: Any = None
    """What a user's puzzle was read from, for its view to draw on; None for those that were sampled."""
    extras: Mapping[str, Tensor] = field(default_factory=dict)
    """Further tensors (B, ...) that their problem has use for."""
    known: bool = True
    """Whether y is the solution; of a user's puzzle it need not be."""
    label_smoothing: float = 0.0
    """Share of each target that is spread evenly over all classes, in training."""

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, which: slice | Tensor) -> "Puzzles":
        return self._each(lambda tensor: tensor[which])

    def to(self, device: torch.device | str) -> "Puzzles":
        return self._each(lambda tensor: tensor.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Puzzles":
        """The same with every tensor changed."""
        return replace(
            self,
            x=each_tensor(self.x, change),
            y=change(self.y),
            mask=None if self.mask is None else change(self.mask),
            extras={name: change(tensor) for name, tensor in self.extras.items()},
        )

    def dataset(self) -> torch.utils.data.StackDataset[Any]:
        """The same puzzles as a torch Dataset of (x, y) or (x, y, mask), for a DataLoader."""
        parts: list[Any] = [self.x if isinstance(self.x, Tensor) else list(zip(*self.x, strict=True)), self.y]
        return torch.utils.data.StackDataset(*parts, *([] if self.mask is None else [cast(Any, self.mask)]))


Ends = tuple[tuple[int, int], tuple[int, int]]
"""Where what is looked for starts and where it ends, (x, y) each: pixels of a picture, or characters of a text."""


class View(ABC):
    """How the puzzles of a problem are read from what people type, written, and drawn."""

    def __init__(self, problem: Problem):
        self.problem = problem

    @abstractmethod
    def parse(self, text: str) -> Puzzles:
        """One puzzle, with its solution, from what a user types. Raises UserError if it is not one."""

    def parse_between(self, text: str, ends: Ends) -> Puzzles:  # noqa: ARG002
        """The same for a puzzle that does not show its ends. Raises UserError where puzzles have none to point out."""
        raise UserError(f"Puzzles of {name_of(type(self.problem))} have no start and no end to point out.")

    def remarks(self, puzzles: Puzzles) -> list[str]:  # noqa: ARG002
        """What is to be said of the first puzzle to who trained a net on the view's problem: sentences."""
        return []

    @abstractmethod
    def write(self, answers: Tensor, puzzles: Puzzles) -> str:
        """The answer (B, *P) to the first puzzle as text."""

    @abstractmethod
    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """The first puzzle alone, or with `values` (*P): an answer, as `answer` and y have it, or what is `shown`."""

    def describe(self, output: Any, puzzles: Puzzles) -> str:
        """The answer to the first puzzle that an output (B, K, *P) stands for, as text."""
        return self.write(self.problem.answer(output, puzzles), puzzles)

    def shown(self, output: Any, puzzles: Puzzles) -> Tensor:  # noqa: ARG002
        """What a scene of the first puzzle shows of an output (B, K, *P): the probability (*P) of the last class."""
        shown: Tensor = output.softmax(1)[0, -1]
        return shown

    def blank(self, puzzles: Puzzles) -> Tensor:
        """Values (*P) that a scene shows as no answer."""
        return torch.zeros_like(puzzles.y[0])


class PlainView(View):
    """That of a problem that says nothing else: classes as numbers, and as squares from white to black."""

    def parse(self, text: str) -> Puzzles:  # noqa: ARG002
        raise UserError(
            f"The problem {name_of(type(self.problem))} does not say how its puzzles are typed; give it a view with"
            " `parse`, or solve puzzles that are sampled."
        )

    def write(self, answers: Tensor, puzzles: Puzzles) -> str:  # noqa: ARG002
        return " ".join(map(str, answers[0].flatten().tolist()))

    def scene(self, puzzles: Puzzles, values: Tensor | None = None) -> Scene:
        """A row (or, of a grid, as many as there are) of squares, of the values alone: classes or shares of one."""
        values = self.blank(puzzles) if values is None else values
        shares = values if values.is_floating_point() else values / max(1, self.problem.spec.outputs - 1)
        return Scene.of_shares(
            shares.double().clamp(0, 1).reshape(-1, shares.shape[-1] if shares.ndim else 1).cpu().numpy()
        )


class Mined(NamedTuple):
    """What a search for new puzzles leaves: the file that they are in."""

    file: Path


class Format(Frozen, ABC):
    """Files that hold puzzles. The fields of a subclass are its options: which of what others publish is taken in."""

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
        raise UserError(f"Files of the format {name_of(type(self))} are read where they are, not brought in.")


# ------------------------------------------------------------------------------------------------ thinking


class Thinker(
    nn.Module,
    PyTorchModelHubMixin,
    ABC,
    library_name="longthink",
    coders={Spec: (asdict, lambda tree: Spec(**tree))},
):
    """A net that thinks in steps: `start` makes a state, `step` improves it, `read` turns it into an answer.

    What `start` and `step` get of an input is `see(x)`, computed once for all iterations; it may have parameters, as
    embeddings have. A subclass's constructor takes a `spec`, then its options.
    Methods return the same things in training and in evaluation, but for what batch norm makes of them.
    """

    takes: ClassVar[tuple[str, ...]] = ("line", "grid")
    """`Spec.positions` that it is for."""
    gives: ClassVar[tuple[str, ...]] = ("each",)
    """`Spec.answers` that it is for."""
    limit: int | None = None
    """The number of steps there are, or None for a net that may repeat its step for ever."""
    rounding: int | None = None
    """How many values each feature of a state is rounded to, see `thinking.updates`; None: it may be any number."""
    halts: bool = False
    """Whether it has what `halt` asks, so that it can learn when to stop."""

    @classmethod
    def specs(cls) -> tuple[Spec, ...]:
        """Small specs that it is for: what tests make it with."""
        kinds = cast(Any, product(cls.takes, cls.gives))
        return tuple(Spec(inputs=2, outputs=4, positions=positions, answers=answers) for positions, answers in kinds)

    def see(self, x: Inputs) -> Any:
        """Inputs as `start` and `step` want them: unchanged, unless a net rearranges or embeds them."""
        return x

    @abstractmethod
    def start(self, seen: Any) -> State:
        """The state before the first iteration."""

    @abstractmethod
    def step(self, state: State, seen: Any) -> State:
        """One iteration. Raises ValueError beyond `limit`."""

    @abstractmethod
    def read(self, state: State) -> Any:
        """The output: logits (B, K, *P), or a tuple that has them, as the problem or the game wants it."""

    def halt(self, state: State) -> Tensor:  # noqa: ARG002
        """How sure the net is that its answer is right by now, (B,) in 0..1. Raises UserError unless it `halts`."""
        raise UserError(f"This {name_of(type(self))} has not learned when to stop; take another stop rule.")

    def recurrent_parameters(self) -> list[nn.Parameter]:
        """The parameters of `step`, which may have a learning rate of their own; none unless a net names them."""
        return []

    def effective_depth(self, iterations: int) -> int | None:  # noqa: ARG002
        """Layers with weights between input and output (dissertation, section 3.2); None unless a net says."""
        return None

    def features(self, state: State) -> Tensor:
        """The tensor (B, W, *positions) inside a state: a view of it, no copy."""
        assert isinstance(state, Tensor)
        return state

    def with_features(self, state: State, features: Tensor) -> State:  # noqa: ARG002
        """The same state around another tensor."""
        return features

    def check_takes(self, spec: Spec) -> None:
        """Raises UserError for a spec whose positions, or answers, the net is not for."""
        for kind, wanted, known in (
            ("positions", spec.positions, self.takes),
            ("answers", spec.answers, self.gives),
        ):
            if wanted not in known:
                raise UserError(
                    f"A {name_of(type(self))} is for {kind} '{' or '.join(known)}', and this problem has '{wanted}';"
                    " choose another net."
                )

    def check_limit(self, limit: int) -> None:
        """Raises UserError for a number of iterations below 0 or beyond the net's own."""
        if limit < 0:
            raise UserError(f"The number of iterations must be 0 or more, not {limit}.")
        if self.limit is not None and limit > self.limit:
            raise UserError(f"This net has {self.limit} steps and cannot take {limit}; ask for {self.limit} at most.")

    @classmethod
    def _from_pretrained(cls, **options: Any) -> Any:
        """As the hub's, which reads a spec only where a constructor's annotation says that it is one.

        Raises UserError for a folder whose weights are damaged, or not of the net that its config says.
        """
        spec = options.get("spec")
        options = {**options, "spec": Spec(**spec) if isinstance(spec, dict) else spec}
        weights = Path(options["model_id"], "model.safetensors")
        if weights.is_file():
            of_hub = inspect.signature(PyTorchModelHubMixin._from_pretrained).parameters
            own = {name: value for name, value in options.items() if name not in of_hub}
            check_fits(lambda: cls(**own), weights)
        return super()._from_pretrained(**options)

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> str | None:
        """Save config.json and model.safetensors; the config also says which model it is."""
        config = {"model": name_of(type(self)), **cast(dict[str, Any], self._hub_mixin_config)}
        if not type(self).__module__.startswith("longthink."):
            config["from"] = type(self).__module__
        return super().save_pretrained(save_directory, config=config, **options)


@dataclass(frozen=True)
class Stops:
    """Which puzzles of a batch have been thought about enough, since when, and why."""

    stopped: Tensor
    """bool (B,)"""
    steps: Tensor
    """Iterations that each has taken, (B,): until it stopped, or until the rule was last asked."""
    why: tuple[str | None, ...]
    """The name of the rule that stopped each, or `limit`; None while it goes on."""


@dataclass(frozen=True)
class Thought:
    """What `think` yields: the state after an iteration, counted from 1."""

    model: Thinker
    iteration: int
    state: State
    previous: State
    puzzles: Puzzles | None = None
    """What is thought about, where `think` was given puzzles."""
    moved: tuple[Tensor, Tensor] | None = None
    """The change and the distance, where they are known already."""
    stops: Stops | None = None
    """What a stop rule has said so far, of all puzzles; None without one."""
    which: Tensor | None = None
    """The numbers of the puzzles that this is about, where others have left the batch; None: all."""

    @property
    def change(self) -> Tensor:
        """How far the iteration moved the state of each puzzle, relative to its size: |s' - s| / |s|, (B,).

        NaN where the step gave the state another shape.
        """
        return self._movement[0]

    @property
    def distance(self) -> Tensor:
        """How far it moved it, |s' - s|, (B,); NaN where the shape is another."""
        return self._movement[1]

    @cached_property
    def _movement(self) -> tuple[Tensor, Tensor]:
        """The change and the distance."""
        if self.moved is not None:
            return self.moved
        before, after = self.model.features(self.previous), self.model.features(self.state)
        if before.shape != after.shape:
            unknown = torch.full((len(after),), torch.nan, device=after.device)
            return unknown, unknown
        axes = tuple(range(1, before.ndim))  # not flattened, which would copy channels-last features
        size = torch.linalg.vector_norm(before, dim=axes).clamp_min(torch.finfo(before.dtype).tiny)
        moved = torch.linalg.vector_norm(after - before, dim=axes)
        if size.isinf().any():  # states without recall grow for ever, and the squares of 1e20 are no numbers of 32 bits
            wide = torch.float64
            size = torch.linalg.vector_norm(before, dim=axes, dtype=wide).clamp_min(torch.finfo(before.dtype).tiny)
            moved = torch.linalg.vector_norm(after - before, dim=axes, dtype=wide)
        return (moved / size).to(before.dtype), moved

    def read(self) -> Any:
        """The output (B, K, *P) of this thought."""
        return self.model.read(self.state)


Thoughts = Iterator[Thought]


class Stop(Frozen, ABC):
    """When a puzzle has been thought about enough. The fields of a subclass are its options; rules join as `a | b`.

    A rule is a value. What it remembers of a stream of thoughts is in private attributes (pydantic's `PrivateAttr`; of
    each puzzle, in a `thinking.memory.Memory`), and each stream is told by a rule of its own, which `begin` makes.
    """

    every: ClassVar[int] = 1
    """It is asked after every so many iterations."""

    def __eq__(self, other: object) -> bool:
        """By the options alone, and not by what was remembered."""
        return type(other) is type(self) and vars(other) == vars(self)

    def begin(self) -> "Stop":
        """The rule for one stream, which remembers nothing yet: itself, where it has nothing to remember with."""
        return self.revised({}) if self.__private_attributes__ else self

    @abstractmethod
    def reached(self, thought: Thought) -> Tensor:
        """For which puzzles it is enough, bool (B,). Raises UserError where the net or the problem cannot tell.

        It is asked once about each thought of a stream, in their order, or about every so many (`every`).
        """

    def why(self, thought: Thought, which: int) -> str:  # noqa: ARG002
        """What to call the reason for which a puzzle, by its number, was stopped after this thought."""
        return name_of(type(self))

    def __or__(self, other: "Stop") -> "Either":
        return Either(rules=(self, other))


class Either(Stop):
    """Enough as soon as one of several rules says so; the first of them is the reason."""

    rules: tuple[Stop, ...]
    _said: Tensor | None = PrivateAttr(None)
    """What each rule said of the last thought, bool (rules, B): to ask it again would be to tell it of it twice."""

    def begin(self) -> "Either":
        return Either(rules=tuple(rule.begin() for rule in self.rules))

    def reached(self, thought: Thought) -> Tensor:
        self._said = torch.stack([rule.reached(thought) for rule in self.rules])
        return self._said.any(0)

    def why(self, thought: Thought, which: int) -> str:
        assert self._said is not None
        return self.rules[int(self._said[:, which].nonzero()[0])].why(thought, which)


class Attempts(NamedTuple):
    """What K thoughts about each of B puzzles ended with: rows are attempts, the first of which is the plain thought.

    Of one that was not begun `steps` are 0, and the rest means nothing.
    """

    answers: Tensor
    """(K, B, *P)"""
    steps: Tensor
    """Iterations that each took, (K, B)."""
    stopped: Tensor
    """bool (K, B): by the stop rule itself, not by the limit nor by another attempt."""
    residual: Tensor
    """Mean change of the state over the last three iterations, (K, B)."""
    confidence: Tensor
    """Of the problem, (K, B)."""
    verified: Tensor | None = None
    """bool (K, B): right by the problem's rules; None where those do not tell without the solution."""
    halting: Tensor | None = None
    """How sure the net itself is, (K, B); None of a net that has not learned it."""

    def first(self, count: int) -> "Attempts":
        """The same as if there had been no more than so many."""
        return cast(Attempts, each_tensor(self, lambda tensor: tensor[:count]))

    def chosen(self, choice: "Choice") -> Tensor:
        """Which attempt at each puzzle a choice takes, (B,); the first among equals."""
        scores = choice.score(self).double().nan_to_num(-torch.inf, torch.inf, -torch.inf)
        return scores.masked_fill(self.steps == 0, -torch.inf).argmax(0)


class Choice(Frozen, ABC):
    """Which of several attempts at a puzzle counts: that with the best score. The fields of a subclass are its options.

    No choice is given the solution.
    """

    hurries: ClassVar[bool] = False
    """Whether of attempts that are made at the same time the first to stop ends the others."""

    @abstractmethod
    def score(self, attempts: Attempts) -> Tensor:
        """How good each is, (K, B). Raises UserError where the net or the problem cannot tell."""

    def enough(self, attempts: Attempts) -> Tensor:
        """For which puzzles no further attempt could be chosen, bool (B,), so that none is made."""
        return torch.zeros_like(attempts.stopped[0])


# ------------------------------------------------------------------------------------------------ training


class Loss(NamedTuple):
    """What one step of the optimiser is about."""

    value: Tensor
    """A scalar."""
    output: Any
    """What it was last computed from, (B, K, *P)."""
    metrics: Mapping[str, float | Tensor] = {}
    """What else is worth a column in the history, where the task's `measures` puts it there, as Supervised does.

    A scalar on a device is not read before, so that nothing waits for it."""


class Objective(Frozen, ABC):
    """What training minimises. The fields of a subclass are its options."""

    def longest(self, iterations: int) -> int:
        """The most iterations that a batch of training regime m runs for, with and without gradient."""
        return iterations

    def check(self, net: Thinker) -> None:  # an objective for all nets has nothing to refuse
        """Raises UserError for a net that it is not for; it is asked before the training begins."""

    @abstractmethod
    def loss(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Loss:
        """The loss of one batch.

        Args:
            net: with what `think` does, it may be called any number of times.
            puzzles: `puzzles.problem.loss(output, puzzles)` is what each of them adds to a loss.
            iterations: the training regime m; `longest(m)` is the most that any batch runs for.
            rng: whatever is drawn comes from it; it is the same in every process.
        """

    def losses(self, net: Thinker, puzzles: Puzzles, iterations: int, rng: np.random.Generator) -> Iterator[Loss]:
        """One or more losses, computed one after the other; the optimiser takes a step after each."""
        yield self.loss(net, puzzles, iterations, rng)


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


class Optimiser(Frozen, ABC):
    """How weights follow their gradients. The fields of a subclass are its options."""

    lr: Annotated[float, Field(gt=0)] = 1e-3
    clip: Annotated[float, Field(gt=0)] | None = None
    """The most that the norm of the gradient may be; None does not bound it."""

    @abstractmethod
    def build(self, model: Thinker) -> torch.optim.Optimizer:
        """For a net. Each group of parameters has a `base_lr`, which the schedule multiplies.

        Raises UserError for a net that it is not for.
        """
