"""One plain training loop, on lightning-fabric: a CPU, a GPU, several processes or machines, unchanged.

Nothing random is kept between steps: every draw of a step is seeded by (recipe's seed, step). So a run that was killed
and resumed from a checkpoint takes the same steps, and a CPU run ends with the same weights to the last bit.
"""

import math
import os
import sys
import time
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from longthink import runs
from longthink.contracts import Criterion, Puzzles, Thinker
from longthink.errors import UserError
from longthink.evaluate import accuracy
from longthink.memory import keep_freed_memory
from longthink.recipe import Recipe
from longthink.seeds import digest, generator
from longthink.stabilisers import Noisy, bound_gains

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LOG_EVERY = 20
"""Steps between rows of the history; the loss is checked there, and always before a checkpoint."""


class Examples:
    """The training batches of a recipe: fresh for ever, or passes over a fixed set, each in a new order."""

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self._fixed = cache(self._draw_fixed)

    def batch(self, step: int) -> tuple[Puzzles, int]:
        """The puzzles of a step, and the number of iterations to unroll."""
        recipe = self.recipe
        limit = recipe.curriculum.limit_at(step / recipe.steps)
        levels = recipe.problem.levels(recipe.curriculum.lowest, limit)
        level = levels[int(generator("level", recipe.seed, step).integers(len(levels)))]
        iterations = recipe.curriculum.iterations_at(level)
        if recipe.examples is None:
            puzzles = recipe.problem.sample(level, recipe.batch, recipe.seed, "train", index=step + 1, repeats=True)
            return puzzles, iterations
        fixed = self._fixed(level)
        batches = len(fixed) // recipe.batch
        epoch, which = divmod(step, batches)
        order = generator("order", recipe.seed, level, epoch).permutation(len(fixed))
        chosen = order[which * recipe.batch : (which + 1) * recipe.batch]
        return fixed[torch.from_numpy(chosen)], iterations

    def _draw_fixed(self, level: int) -> Puzzles:
        """80 % of the examples: the other 20 % are for validation (section 5.6.3)."""
        assert self.recipe.examples is not None
        return self.recipe.problem.sample(
            level, max(self.recipe.batch, self.recipe.examples * 4 // 5), self.recipe.seed, "train"
        )


class Learner(nn.Module):
    """The net, its noise and its objective as one module, so that several processes meet in one forward pass."""

    def __init__(self, recipe: Recipe, model: Thinker):
        super().__init__()
        self.recipe = recipe
        self.model = model
        if recipe.compile:
            model.step = torch.compile(model.step, dynamic=False)  # type: ignore[method-assign]

    def forward(self, x: Tensor, iterations: int, criterion: Criterion, step: int, rank: int) -> tuple[Tensor, Tensor]:
        recipe = self.recipe
        noise = torch.Generator(x.device).manual_seed(digest("noise", recipe.seed, step, rank))
        stabilisers = recipe.stabilisers
        noisy = Noisy(self.model, stabilisers.start_noise, stabilisers.state_noise, noise)
        rng = generator("objective", recipe.seed, step)
        return recipe.objective.loss(noisy, x, iterations, criterion, rng)


@dataclass
class TrainingState:
    """All that changes from step to step, and so all that a checkpoint holds."""

    model: Thinker
    optimiser: torch.optim.Optimizer
    averaged: AveragedModel | None
    step: int = 0
    seconds: float = 0.0
    best_accuracy: float = -1.0
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def tested(self) -> Thinker:
        """The net whose accuracy counts: the averaged one, if there is one."""
        return self.model if self.averaged is None else cast(Thinker, self.averaged.module)

    def checkpoint(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "averaged": None if self.averaged is None else self.averaged.state_dict(),
            "best_accuracy": self.best_accuracy,
            "best_weights": self.best_weights,
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        self.model.load_state_dict(checkpoint["model"])
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        if self.averaged is not None:
            self.averaged.load_state_dict(checkpoint["averaged"])
        self.step, self.seconds = checkpoint["step"], checkpoint["seconds"]
        self.best_accuracy, self.best_weights = checkpoint["best_accuracy"], checkpoint["best_weights"]

    def keep(self, accuracy: float) -> None:
        """Remember the tested net's weights as the ones to save."""
        self.best_accuracy = accuracy
        self.best_weights = {name: value.clone() for name, value in self.tested.state_dict().items()}


class Journal:
    """The history of a run, in memory until a checkpoint writes it; and TensorBoard, if asked for."""

    def __init__(self, run: runs.Run, since: int, tensorboard: bool):
        self.run = run
        self.rows = [row for row in run.history() if row["step"] <= since]
        self.board = _summary_writer(run) if tensorboard else None

    def record(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        if self.board is not None:
            for name, value in row.items():
                self.board.add_scalar(name, value, row["step"])

    def save(self) -> None:
        self.run.write_history(self.rows)
        if self.board is not None:
            self.board.flush()


def train(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    devices: int = 1,
    accelerator: str = "auto",
    nodes: int = 1,
    checkpoint_seconds: float = 30.0,
    tensorboard: bool = False,
    progress: bool = True,
) -> runs.Run:
    """Train a recipe into a folder, and return the run. With `resume`, go on from its last checkpoint.

    Raises UserError if the folder is in use or holds another recipe, if the batch does not divide among the processes,
    or if the loss stops being finite (the last good checkpoint is kept).

    >>> import tempfile
    >>> from longthink.recipes.laptop import prefix_sums_laptop
    >>> small = prefix_sums_laptop().revised({"steps": 2, "model.width": 4, "model.head": [4, 4]})
    >>> run = train(small, Path(tempfile.mkdtemp()) / "small", accelerator="cpu", progress=False)
    >>> type(run.model()).__name__
    'DTNet'
    """
    keep_freed_memory()
    fabric = _launch(recipe, devices, accelerator, nodes)
    first = fabric.is_global_zero
    examples, validation, model = Examples(recipe), _validation(recipe), _model(recipe)
    run = _open(recipe, folder, resume, fabric)
    averaged = _averaged(recipe, model)
    learner, optimiser = fabric.setup(Learner(recipe, model), recipe.optimiser.build(model))
    now = TrainingState(model, optimiser, averaged)
    checkpoint = run.load_checkpoint() if resume else None
    if checkpoint is not None:
        now.restore(checkpoint)
    if averaged is not None:
        averaged.to(fabric.device)

    journal = Journal(run, now.step, tensorboard and first)
    begun, saved = time.monotonic() - now.seconds, time.monotonic()
    bar = tqdm(
        total=recipe.steps,
        initial=now.step,
        desc=recipe.name,
        unit="step",
        disable=None if progress and first else True,  # None: shown on a terminal only
        file=sys.stderr,
    )
    while now.step < recipe.steps:
        puzzles, iterations = examples.batch(now.step)
        mine = puzzles[fabric.global_rank :: fabric.world_size].to(fabric.device)
        rate = _set_rates(optimiser, recipe.schedule.factor_at(now.step, recipe.steps))
        criterion = partial(recipe.problem.loss, puzzles=mine, label_smoothing=recipe.stabilisers.label_smoothing)
        loss, logits = learner(mine.x, iterations, criterion, now.step, fabric.global_rank)
        optimiser.zero_grad()
        fabric.backward(loss)
        if recipe.optimiser.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.optimiser.clip)
        optimiser.step()
        if recipe.stabilisers.spectral_norm is not None:
            bound_gains(model, recipe.stabilisers.spectral_norm)
        if averaged is not None:
            averaged.update_parameters(model)
        now.step += 1
        bar.update()

        last = now.step == recipe.steps
        validate = last or now.step % recipe.validation.every == 0
        if not (validate or now.step % LOG_EVERY == 0):
            continue
        mean_loss = float(cast(Tensor, fabric.all_reduce(loss.detach())))
        if not math.isfinite(mean_loss):
            raise _diverged(run, now.step)
        now.seconds = time.monotonic() - begun
        solved = float(recipe.problem.correct(recipe.problem.answer(logits.detach(), mine), mine).double().mean())
        bar.set_postfix(loss=f"{mean_loss:.4f}", accuracy=f"{solved:.2f}", level=puzzles.level)
        journal.record(
            {
                "step": now.step,
                "loss": mean_loss,
                "accuracy": solved,
                "level": puzzles.level,
                "iterations": iterations,
                "lr": rate,
                "seconds": round(now.seconds, 3),
                **recipe.problem.measures(logits.detach(), mine),
            }
        )
        if validate and first:
            now.tested.eval()
            found = accuracy(now.tested, validation, recipe.curriculum.iterations_at(validation.level))
            now.tested.train()
            journal.record({"step": now.step, "validation_accuracy": found})
            if recipe.validation.select == "last" or found > now.best_accuracy:
                now.keep(found)
        if first and (last or time.monotonic() - saved >= checkpoint_seconds):
            journal.save()
            run.save_checkpoint(now.checkpoint())
            saved = time.monotonic()
    bar.close()
    if first:
        model.load_state_dict(now.best_weights)
        run.save_model(model)
    fabric.barrier()
    return run


def _launch(recipe: Recipe, devices: int, accelerator: str, nodes: int) -> "Fabric":
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    if "LOCAL_WORLD_SIZE" in os.environ:  # torchrun has started the processes, and knows how many
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    # Progressive loss leaves the projection without a gradient whenever n > 0.
    strategy: Any = DDPStrategy(find_unused_parameters=True) if devices * nodes > 1 else "auto"
    try:
        fabric = Fabric(
            accelerator=accelerator, devices=devices, num_nodes=nodes, strategy=strategy, precision=recipe.precision
        )
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        asked = f"{devices} x {accelerator} on {nodes} nodes"
        raise UserError(f"There is no {asked} here ({str(error).splitlines()[0]}); try --accelerator cpu.") from error
    fabric.launch()
    if recipe.batch % fabric.world_size:
        raise UserError(
            f"A batch of {recipe.batch} does not divide among {fabric.world_size} processes; choose another --batch."
        )
    return fabric


def _open(recipe: Recipe, folder: Path, resume: bool, fabric: "Fabric") -> runs.Run:
    run = runs.Run(folder)
    if resume and folder.exists():
        if run.recipe() != recipe:
            raise UserError(
                f"{folder} holds a run of another recipe; resume it with its own, or choose another --name."
            )
    elif fabric.is_global_zero:
        run = runs.create(folder, recipe)
    return run


def _model(recipe: Recipe) -> Thinker:
    model = recipe.model.build(recipe.problem, recipe.seed)
    longest = recipe.objective.longest(recipe.regime)
    if model.limit is not None and longest > model.limit:
        raise UserError(
            f"This net has {model.limit} steps, and the recipe takes up to {longest}; raise model.limit to that,"
            " or lower curriculum.iterations_per_level."
        )
    return model


def _averaged(recipe: Recipe, model: Thinker) -> AveragedModel | None:
    if recipe.stabilisers.ema is None:
        return None
    average = get_ema_multi_avg_fn(recipe.stabilisers.ema)  # type: ignore[no-untyped-call]
    return AveragedModel(model, multi_avg_fn=average)


def _validation(recipe: Recipe) -> Puzzles:
    highest, count = recipe.curriculum.highest, recipe.validation.count
    return recipe.problem.sample(highest, count, recipe.seed, "validation", repeats=True)


def _set_rates(optimiser: torch.optim.Optimizer, factor: float) -> float:
    for group in optimiser.param_groups:
        group["lr"] = group["base_lr"] * factor
    rate: float = optimiser.param_groups[0]["lr"]
    return rate


def _diverged(run: runs.Run, step: int) -> UserError:
    checkpoint = run.load_checkpoint()
    kept = (
        "there is no checkpoint yet" if checkpoint is None else f"the checkpoint of step {checkpoint['step']} is kept"
    )
    return UserError(
        f"The loss is no longer finite at step {step}; {kept} in {run.folder}."
        " Train with a lower optimiser.lr or with optimiser.clip."
    )


def _summary_writer(run: runs.Run) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError("TensorBoard is not installed: pip install 'longthink[tensorboard]'.") from error
    return SummaryWriter(str(run.folder))
