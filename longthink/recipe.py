"""A recipe says everything a training run needs; a run is rebuilt from it alone. One unit of time throughout: steps."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationError,
    model_serializer,
    model_validator,
)

from longthink import registry
from longthink.contracts import Frozen, Objective, Problem, Thinker, plugin_name
from longthink.errors import UserError
from longthink.gradient_flow import NeuronFlow
from longthink.seeds import digest

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]


def _chosen(kind: str) -> Any:
    """Reads a plugin from its name, or from {"name": ..., option: value}; writes it as the latter."""

    def read(value: Any) -> Any:
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, Mapping) or "name" not in value:
            return value
        chosen = dict(value)
        return registry.find(kind, chosen.pop("name")).model_validate(chosen)

    def write(plugin: BaseModel) -> dict[str, Any]:
        return {"name": plugin_name(type(plugin)), **plugin.model_dump()}

    return BeforeValidator(read), PlainSerializer(write)


class ModelChoice(BaseModel):
    """A net by its name and its options, complete with the defaults: {"name": "dt_net", "width": 32, ...}."""

    model_config = {"frozen": True, "extra": "forbid"}
    name: str
    options: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, Mapping) or "name" not in value:
            return value
        chosen = dict(value)
        name = chosen.pop("name")
        chosen |= chosen.pop("options", {})
        options = registry.options(registry.find("models", name)).model_validate(chosen)
        return {"name": name.replace("-", "_"), "options": options.model_dump()}

    @model_serializer
    def _write(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}

    def build(self, problem: Problem, seed: int) -> Thinker:
        """The net, for a problem, with fresh weights that depend on the seed alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(digest("weights", self.name, seed))
            net: Thinker = registry.find("models", self.name)(
                channels=problem.channels, classes=problem.classes, ndim=problem.ndim, **self.options
            )
        return net


class Curriculum(Frozen):
    """Which level a batch is of, and for how many iterations it is unrolled (the training regime m).

    Levels are drawn evenly from `lowest` up to a limit that grows from `start` to `highest` over the share `grow` of
    the steps. Iterations are `iterations + iterations_per_level * level + iterations_per_doubling * log2(level)`,
    rounded up.
    """

    lowest: Positive
    highest: Positive
    start: Positive | None = None
    grow: Share = 0.0
    iterations: NotNegative = 0.0
    iterations_per_level: NotNegative = 0.0
    iterations_per_doubling: NotNegative = 0.0

    @model_validator(mode="after")
    def _check(self) -> "Curriculum":
        if not self.lowest <= (self.start or self.highest) <= self.highest:
            raise ValueError("lowest, start and highest must be in this order")
        if self.iterations_at(self.lowest) < 1:
            raise ValueError("iterations, iterations_per_level and iterations_per_doubling leave no iteration at first")
        return self

    def limit_at(self, progress: float) -> int:
        """The highest level drawn when a share `progress` of the steps is done.

        >>> Curriculum(lowest=2, start=4, highest=32, grow=0.5, iterations=1).limit_at(0.25)
        18
        """
        if self.start is None or progress >= self.grow:
            return self.highest
        return self.start + int((self.highest - self.start) * progress / self.grow)

    def iterations_at(self, level: int) -> int:
        """The training regime m at a level.

        >>> Curriculum(lowest=2, highest=32, iterations_per_level=0.3).iterations_at(32)
        10
        >>> Curriculum(lowest=2, highest=32, iterations_per_doubling=1).iterations_at(17)
        5
        """
        longer = self.iterations_per_level * level + self.iterations_per_doubling * math.log2(level)
        return math.ceil(round(self.iterations + longer, 6))


class Optimiser(Frozen):
    """Adam, AdamW, SGD with momentum, or "flow", the gradient flow of two-layer nets.

    `recurrent_lr_factor` scales the learning rate of the repeated block. `clip` bounds the norm of the
    gradient; None does not.
    """

    name: Literal["adam", "adamw", "sgd", "flow"] = "adam"
    lr: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: NotNegative = 0.0
    momentum: Share = 0.9
    recurrent_lr_factor: NotNegative = 1.0
    clip: Annotated[float, Field(gt=0)] | None = None

    def build(self, model: Thinker) -> torch.optim.Optimizer:
        if self.name == "flow":
            return NeuronFlow(model, self.lr)
        recurrent = model.recurrent_parameters()
        inside = {id(parameter) for parameter in recurrent}
        others = [parameter for parameter in model.parameters() if id(parameter) not in inside]
        groups: list[dict[str, Any]] = [
            {"params": others, "base_lr": self.lr},
            {"params": recurrent, "base_lr": self.lr * self.recurrent_lr_factor},
        ]
        if self.name == "sgd":
            return torch.optim.SGD(groups, lr=self.lr, weight_decay=self.weight_decay, momentum=self.momentum)
        kind = torch.optim.Adam if self.name == "adam" else torch.optim.AdamW
        return kind(groups, lr=self.lr, weight_decay=self.weight_decay)


class Schedule(Frozen):
    """The learning rate over the steps, as a factor.

    Warm-up is exponential, 1 - exp(-(step + 1) / warmup), for `warmup` steps (the dissertation's). Then it is constant,
    multiplied by `factor` at each of the `milestones` ("step"), or follows half a cosine to 0 over the last share
    `tail` of the steps ("cosine").
    """

    decay: Literal["none", "step", "cosine"] = "none"
    warmup: Annotated[int, Field(ge=0)] = 0
    milestones: tuple[Positive, ...] = ()
    factor: Share = 0.1
    tail: Share = 1.0

    def factor_at(self, step: int, steps: int) -> float:
        """
        >>> Schedule(decay="step", milestones=(60, 100), factor=0.1).factor_at(60, 150)
        0.1
        >>> round(Schedule(warmup=10).factor_at(4, 150), 3)
        0.393
        """
        warm = 1.0 if step + 1 >= self.warmup else 1 - math.exp(-(step + 1) / self.warmup)
        if self.decay == "step":
            return warm * self.factor ** sum(step >= milestone for milestone in self.milestones)
        if self.decay == "cosine" and self.tail > 0:
            into_tail = max(0.0, (step / steps - (1 - self.tail)) / self.tail)
            return warm * 0.5 * (1 + math.cos(math.pi * into_tail))
        return warm


class Stabilisers(Frozen):
    """What keeps long thoughts on the rails. Each is off at 0 (EMA and spectral norm: at None).

    `state_noise`: standard deviation of Gaussian noise added to the state after every training iteration.
    `start_noise`: the same for the state before the first (a random initial state).
    `ema`: decay of the moving average of the weights; the average is what is tested and saved.
    `spectral_norm`: the most that a convolution of the repeated block may amplify; None does not bound it.
    """

    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    state_noise: NotNegative = 0.0
    start_noise: NotNegative = 0.0
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    spectral_norm: Annotated[float, Field(gt=0)] | None = None


class Validation(Frozen):
    """Every so many steps, measure `count` puzzles of the highest level, at the training regime of that level.

    `select`: keep the weights of the best validation accuracy (the dissertation's way, section 5.6.3), or the last.
    """

    every: Positive = 200
    count: Positive = 500
    select: Literal["best", "last"] = "last"


class Recipe(Frozen):
    """Everything about a training run. `examples`: size of a fixed set for each level; None: fresh ones for ever."""

    name: str
    problem: Annotated[Problem, *_chosen("problems")]
    model: ModelChoice
    objective: Annotated[Objective, *_chosen("objectives")]
    curriculum: Curriculum
    examples: Positive | None = None
    batch: Positive = 64
    steps: Positive
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    stabilisers: Stabilisers = Stabilisers()
    validation: Validation = Validation()
    precision: Literal["32-true", "bf16-mixed", "bf16-true"] = "32-true"
    compile: bool = False
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        if self.examples is not None and self.examples < self.batch:
            raise ValueError(f"examples ({self.examples}) must be at least batch ({self.batch})")
        return self

    @property
    def regime(self) -> int:
        """The training regime m: the iterations of the highest level in training."""
        return self.curriculum.iterations_at(self.curriculum.highest)

    def revised(self, changes: Mapping[str, Any]) -> "Recipe":
        """The same recipe with some options changed, given by dotted names. Raises UserError for what does not fit.

        >>> from longthink.recipes.laptop import prefix_sums_laptop
        >>> prefix_sums_laptop().revised({"model.width": 16, "optimiser.lr": "1e-2"}).model.options["width"]
        16
        """
        tree = self.model_dump(mode="json")
        for dotted, value in changes.items():
            *path, last = dotted.replace("-", "_").split(".")
            branch = tree
            for part in path:
                if not isinstance(branch.get(part), dict):
                    raise UserError(f"A recipe has no option '{dotted}'{registry.suggest(dotted, _dotted(tree))}.")
                branch = branch[part]
            if last == "name" and path and branch.get("name") != value:
                branch.clear()  # another plugin: the options of the old one do not apply
            elif isinstance(branch.get(last), dict) and "name" in branch[last]:
                value = {"name": value}  # `--model dt_net` for `--model.name dt_net`
            branch[last] = value
        return parse_recipe(tree)

    def to_json(self) -> str:
        return self.model_dump_json(indent=2) + "\n"


def parse_recipe(tree: Any) -> Recipe:
    """A recipe from its JSON text or tree. Raises UserError in one sentence for the first thing that does not fit."""
    try:
        if isinstance(tree, str):
            tree = json.loads(tree)
        return Recipe.model_validate(tree)
    except json.JSONDecodeError as error:
        raise UserError(f"The recipe is not valid JSON: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        option = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise UserError(f"A recipe has no option '{option}'{registry.suggest(option, _known(tree))}.") from error
        what = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":
            raise UserError(f"The recipe lacks the option '{option}'.") from error
        raise UserError(
            f"The recipe's option '{option or 'recipe'}' does not fit: {what[0].lower()}{what[1:]}"
            f" (got {first['input']!r:.80})."
        ) from error


def _known(tree: Any) -> list[str]:
    """Dotted names that a recipe like this one may have, for 'did you mean'."""
    known = list(Recipe.model_fields)
    for part, options in (
        ("curriculum", Curriculum),
        ("optimiser", Optimiser),
        ("schedule", Schedule),
        ("stabilisers", Stabilisers),
        ("validation", Validation),
    ):
        known += [f"{part}.{option}" for option in options.model_fields]
    for part, kind in (("model", "models"), ("objective", "objectives"), ("problem", "problems")):
        chosen = tree.get(part)
        name = chosen.get("name") if isinstance(chosen, dict) else chosen
        if name in registry.names(kind):
            known += [f"{part}.{option}" for option in registry.options(registry.find(kind, name)).model_fields]
    return known


def _dotted(tree: Mapping[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in tree.items():
        names += _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]
    return names
