"""A recipe says everything a training run needs; a run is rebuilt from it alone. One unit of time throughout: steps."""

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, cast

import torch
from pydantic import Field, SerializationInfo, ValidationError, model_serializer, model_validator

from longthink import registry
from longthink.base.errors import UserError
from longthink.base.frozen import Frozen, validated
from longthink.base.seeds import digest
from longthink.base.tensors import check_room
from longthink.contracts import Objective, Optimiser, Problem, Spec, Thinker
from longthink.plugin_options import Tree, as_choice, chosen, named
from longthink.training.optimisers import Adam, NotNegative, Positive, Schedule
from longthink.training.options import CHOICES, RENAMED, dotted, edited
from longthink.training.supervised import Curriculum, Supervised
from longthink.training.task import Task


class ModelChoice(Frozen):
    """A net's class and its options, complete with the defaults; written as {"name": "dt_net", "width": 32, ...}."""

    cls: type[Thinker]
    options: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, Thinker):
            raise ValueError(f"give the class, {type(value).__name__}, since a training makes the net anew")
        found = as_choice("models", value)
        if found is None:
            return value
        net, chosen_options = found
        if next(iter(inspect.signature(net).parameters), None) != "spec":
            raise ValueError(f"the constructor of {net.__name__} must take spec first, and then its options")
        inner = chosen_options.pop("options", {})
        options = registry.options(net).model_validate({**chosen_options, **inner})
        return {"cls": net, "options": {name: getattr(options, name) for name in type(options).model_fields}}

    @model_serializer
    def _write(self, info: SerializationInfo) -> Tree:
        return {**named(self.cls, info.mode == "json"), **self.options}

    @property
    def name(self) -> str:
        return registry.name_of(self.cls)

    def build(self, spec: Spec, seed: int) -> Thinker:
        """The net, for a spec, with fresh weights that depend on the seed alone.

        Raises UserError for one that does not fit the memory.
        """
        check_room(lambda: cast(Any, self.cls)(spec, **self.options))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(digest("weights", self.name, seed))
            return cast(Any, self.cls)(spec, **self.options)  # type: ignore[no-any-return]


def net(name: str, **options: Any) -> ModelChoice:
    """A net by its name, with some of its options."""
    return ModelChoice.model_validate({"name": name, **options})


class Regularisation(Frozen):
    """What keeps long thoughts on the rails. Each is off at 0 (EMA and spectral norm: at None).

    `label_smoothing`: share of each target that is spread evenly over all classes.
    `state_noise`: standard deviation of Gaussian noise added to the state after every training iteration.
    `start_noise`: the same for the state before the first (a random initial state).
    `flips`: probability with which, after every training iteration, a feature is replaced by one of its other values,
    in nets whose states are rounded (`model.rounding`).
    `ema`: decay of the moving average of the weights; the average is what is tested and saved.
    `spectral_norm`: the most that a convolution of the repeated block may amplify; None does not bound it.
    """

    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    state_noise: NotNegative = 0.0
    start_noise: NotNegative = 0.0
    flips: Annotated[float, Field(ge=0, le=1)] = 0.0
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
    """Everything about a training run.

    What is trained on is its `task`. Options of the task may be given beside those of the recipe: `problem` is
    `task.problem`, and a recipe that names no task is `Supervised`.
    """

    name: Annotated[str, Field(min_length=1)]
    task: Annotated[Task, *chosen("tasks")]
    model: ModelChoice
    batch: Positive = 64
    steps: Positive
    optimiser: Annotated[Optimiser, *chosen("optimisers")] = Adam()
    schedule: Schedule = Schedule()
    regularisation: Regularisation = Regularisation()
    validation: Validation = Validation()
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compile: bool = False
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        """Options of the task that stand beside those of the recipe go where they belong; old names become new ones."""
        if not isinstance(value, Mapping):
            return value
        tree = {RENAMED.get(name, name): option for name, option in value.items()}
        if "task" not in tree:
            task = {name: tree.pop(name) for name in Supervised.model_fields if name in tree}
            tree["task"] = {"name": Supervised, **task}
        optimiser = tree.get("optimiser")
        if isinstance(optimiser, Mapping) and optimiser.get("name") != "sgd" and optimiser.get("momentum") == 0.9:
            tree["optimiser"] = {name: option for name, option in optimiser.items() if name != "momentum"}
        return tree

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        if isinstance(self.task, Supervised) and self.task.train_size is not None:
            size = self.task.train_size
            if size < self.batch:
                raise ValueError(f"train_size ({size}) must be at least batch ({self.batch})")
        return self

    @property
    def regime(self) -> int:
        """The training regime m: the iterations of the highest level in training."""
        return self.task.regime

    @property
    def supervised(self) -> Supervised:
        """The task, of a recipe that trains on puzzles. Raises UserError for another."""
        if not isinstance(self.task, Supervised):
            raise UserError(f"The recipe {self.name} is not about puzzles, but {registry.name_of(type(self.task))}.")
        return self.task

    @property
    def problem(self) -> Problem:
        """That of the task; of one that learns a game, to find best moves. Raises UserError for a task without."""
        problem = getattr(self.task, "problem", None)
        return problem if isinstance(problem, Problem) else self.supervised.problem

    @property
    def objective(self) -> Objective:
        """That of the task. Raises as `problem` does."""
        return self.supervised.objective

    @property
    def curriculum(self) -> Curriculum:
        """That of the task. Raises as `problem` does."""
        curriculum = getattr(self.task, "curriculum", None)
        return curriculum if isinstance(curriculum, Curriculum) else self.supervised.curriculum

    def build(self) -> Thinker:
        """The net with fresh weights. Raises UserError for a net that is not for the task."""
        return self.model.build(self.task.spec, self.seed)

    def revised(self, changes: Mapping[str, Any]) -> "Recipe":
        """The same recipe with some options changed, given by dotted names, in any order.

        A plugin is chosen by its name, its class, or as it is. Raises UserError for what does not fit.

        >>> from longthink.recipes.laptop import prefix_sums_laptop
        >>> prefix_sums_laptop().revised({"model.width": 16, "optimiser.lr": "1e-2"}).model.options["width"]
        16
        """
        fields = self._fields_of_task(changes)
        full = {self._full_name(name, fields): value for name, value in changes.items()}
        return _parsed(edited(self.model_dump(mode="python"), full, CHOICES, _names_in))

    def options(self) -> Tree:
        """All options by their dotted names, as they are typed: those of a supervised task without `task.`."""
        flat = dotted(self.model_dump(mode="json"))
        return {name.removeprefix("task.") if name != "task.name" else name: value for name, value in flat.items()}

    def check_loadable(self) -> None:
        """Raises UserError if a run of this recipe could not be loaded again from what is written of it."""
        plugins: list[type] = [self.model.cls, *(type(one) for one in (self.task, self.optimiser))]
        if isinstance(self.task, Supervised):
            plugins += [type(self.task.problem), type(self.task.objective)]
        for plugin in plugins:
            registry.check_known(plugin)
        try:
            again = Recipe.model_validate(json.loads(self.to_json()))
        except (ValidationError, TypeError, ValueError) as error:
            raise UserError(f"This recipe cannot be read again once it is written: {error}.") from error
        if again != self:
            changed = [name for name, value in again.options().items() if self.options().get(name) != value]
            raise UserError(f"Some options of this recipe would be lost when it is written: {', '.join(changed)}.")

    def to_json(self) -> str:
        return self.model_dump_json(indent=2) + "\n"

    def _full_name(self, name: str, fields_of_task: Iterable[str]) -> str:
        """`problem.source` is task.problem.source."""
        first = name.replace("-", "_").partition(".")[0]
        ours = first in type(self).model_fields or first not in fields_of_task
        return name if ours else f"task.{name}"

    def _fields_of_task(self, changes: Mapping[str, Any]) -> Iterable[str]:
        """Those of the task that is chosen, if another one is."""
        task = as_choice("tasks", changes.get("task.name", changes.get("task", self.task)))
        return (type(self.task) if task is None else task[0]).model_fields


def parse_recipe(tree: Any) -> Recipe:
    """A recipe from its JSON text or tree. Raises UserError in one sentence for the first thing that does not fit."""
    try:
        if isinstance(tree, str):
            tree = json.loads(tree)
    except (ValueError, RecursionError) as error:
        raise UserError(f"The recipe is not valid JSON: {error}.") from error
    return _parsed(tree)


def _parsed(tree: Any) -> Recipe:
    known = _names_in(tree) if isinstance(tree, dict) else []
    return validated(Recipe, tree, "the recipe", known, inside="task.")


def _names_in(tree: Tree) -> list[str]:
    """The dotted names that a tree of options has, or may have: for 'did you mean'."""
    names = [*Recipe.model_fields, *dotted(tree)]
    for option, kind in CHOICES.items():
        branch: Any = tree
        for part in option.split("."):
            branch = branch.get(part) if isinstance(branch, dict) else None
        cls = branch.get("name") if isinstance(branch, dict) else None
        if isinstance(cls, str) and cls in registry.names(kind):
            cls = registry.find(kind, cls)
        if isinstance(cls, type):
            names += [f"{option}.{name}" for name in registry.options(cls).model_fields]
    return [name.removeprefix("task.") for name in names]
