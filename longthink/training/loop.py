"""One plain training loop, on lightning-fabric: a CPU, a GPU, several processes or machines, unchanged.

Nothing random is kept between steps: every draw of a step is seeded by (recipe's seed, step). So a run that was killed
and resumed from a checkpoint takes the same steps, and a CPU run ends with the same weights to the last bit.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from longthink.base.errors import UserError
from longthink.base.files import remove_folder
from longthink.base.seeds import digest, generator
from longthink.base.tensors import NOT_MADE
from longthink.contracts import Loss, Thinker
from longthink.training import runs
from longthink.training.recipe import Recipe
from longthink.training.regularisation import Compiled, NoisyThinker, bound_gains, check_flips
from longthink.training.task import Lessons

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LOG_EVERY = 20
"""Steps between rows of the history; the loss is checked there, and always before a checkpoint."""


class Diverged(UserError):
    """A training whose loss stopped being finite: to go on with it is to no avail."""


class Learner(nn.Module):
    """The net in one module with all that is done to it in training, so that several processes meet in its forward.

    A forward pass computes the next of a batch's losses, or gives None where there are no more.
    """

    def __init__(self, recipe: Recipe, model: Thinker):
        super().__init__()
        self.recipe = recipe
        self.model = model
        self.stepped = [Compiled(model) if recipe.compile else model]  # in a list, so that it is no module of this one

    def around(self, step: int, rank: int, device: torch.device) -> Thinker:
        """The net as it is trained in a step, in one of the processes."""
        noise = torch.Generator(device).manual_seed(digest("noise", self.recipe.seed, step, rank))
        options = self.recipe.regularisation
        return NoisyThinker(self.stepped[0], options.start_noise, options.state_noise, options.flips, noise)

    def forward(self, losses: Iterator[Loss]) -> Loss | None:
        return next(losses, None)


@dataclass
class TrainingState:
    """All that changes from step to step, and so all that a checkpoint holds."""

    model: Thinker
    optimiser: torch.optim.Optimizer
    averaged: AveragedModel | None
    lessons: Lessons
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
            "lessons": self.lessons.state(),
        }

    def restore(self, checkpoint: dict[str, Any]) -> None:
        if checkpoint["best_weights"]:
            self.model.load_state_dict(checkpoint["best_weights"])  # whether they fit, which is needed in the end
        self.model.load_state_dict(checkpoint["model"])
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        if self.averaged is not None:
            self.averaged.load_state_dict(checkpoint["averaged"])
        self.step, self.seconds = checkpoint["step"], checkpoint["seconds"]
        self.best_accuracy, self.best_weights = checkpoint["best_accuracy"], checkpoint["best_weights"]
        self.lessons.restore(checkpoint.get("lessons", {}))

    def keep(self, accuracy: float) -> None:
        """Remember the tested net's weights as the ones to save."""
        self.best_accuracy = accuracy
        self.best_weights = {name: value.clone() for name, value in self.tested.state_dict().items()}


class Journal:
    """The history of a run, in memory until a checkpoint writes it; and TensorBoard, if asked for."""

    def __init__(self, run: runs.Run, since: int, writer: Any):
        self.run = run
        self.rows = [row for row in run.history() if row["step"] <= since]
        self.board = None if writer is None else writer(str(run.folder))

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
    folder: Path | str,
    *,
    resume: bool = False,
    devices: int = 1,
    accelerator: str = "auto",
    nodes: int = 1,
    checkpoint_seconds: float = 30.0,
    seconds: float | None = None,
    tensorboard: bool = False,
    progress: bool = True,
) -> runs.Run:
    """Train a recipe into a folder. What can be refused is, before the folder is made.

    Args:
        recipe: what to train.
        folder: of the run, which must not be there yet.
        resume: go on from the last checkpoint of the run that is there.
        devices: processes on this machine.
        accelerator: cpu, cuda, or auto.
        nodes: machines.
        checkpoint_seconds: between checkpoints.
        seconds: the longest that this call may take; the step that is then under way is the last, and `resume` goes on
            from it. By default until all steps are taken.
        tensorboard: write its files, too.
        progress: show a bar, on a terminal.

    Returns:
        The run; it has a net once all steps are taken (`Run.finished`).

    Raises:
        UserError: the folder is in use, cannot be written, holds another recipe or no run to resume; another process
            trains there; a net or a problem that could not be loaded again; a batch that does not divide among the
            processes; a loss that stops being finite (the last good checkpoint is kept).

    >>> import tempfile
    >>> from longthink.recipes.laptop import prefix_sums_laptop
    >>> small = prefix_sums_laptop().revised({"steps": 2, "model.width": 4, "model.head": [4, 4]})
    >>> run = train(small, Path(tempfile.mkdtemp()) / "small", accelerator="cpu", progress=False)
    >>> type(run.model()).__name__
    'DTNet'
    """
    entered = time.monotonic()
    if not checkpoint_seconds >= 0:
        raise UserError(f"The time between checkpoints is 0 seconds or more, not {checkpoint_seconds:g}.")
    if seconds is not None and not seconds > 0:
        raise UserError(f"A training takes some time, more than {seconds:g} seconds.")
    recipe.check_loadable()
    board = _summary_writer() if tensorboard else None
    fabric = _launch(recipe, devices, accelerator, nodes)
    first = fabric.is_global_zero
    run = runs.Run(Path(folder))
    _check_folder(run, recipe, resume)
    lessons, model = recipe.task.begin(recipe), _model(recipe).to(fabric.device)
    averaged = _averaged(recipe, model)
    learner, optimiser = fabric.setup(Learner(recipe, model), recipe.optimiser.build(model))
    now = TrainingState(model, optimiser, averaged, lessons)
    if first and not resume:
        runs.create(run.folder, recipe)
    with run.held() if first else nullcontext(), _compiling(recipe):  # the others of its processes are with it
        fabric.barrier()
        checkpoint = run.load_checkpoint() if resume else None
        if checkpoint is not None:
            _restore(now, checkpoint, run, recipe)

        journal = Journal(run, now.step, board if first else None)
        begun, saved = time.monotonic() - now.seconds, time.monotonic()
        bar = tqdm(
            total=recipe.steps,
            initial=now.step,
            desc=recipe.name,
            unit="step",
            disable=None if progress and first else True,  # None: shown on a terminal only
            file=sys.stderr,
        )

        def drawn(step: int) -> Any:
            return lessons.batch(step).part(fabric.global_rank, fabric.world_size).to(fabric.device)

        for mine in _batches(drawn, range(now.step, recipe.steps), _draws_ahead(fabric.device, lessons)):
            rate = _set_rates(optimiser, recipe.schedule.factor_at(now.step, recipe.steps))
            net = learner.around(now.step, fabric.global_rank, fabric.device)
            losses = lessons.losses(net, mine, generator("objective", recipe.seed, now.step))
            loss = _learn(fabric, recipe, learner, now, losses)
            now.step += 1
            bar.update()

            last = now.step == recipe.steps
            validate = last or now.step % recipe.validation.every == 0
            logged = validate or now.step % LOG_EVERY == 0
            over = seconds is not None and fabric.broadcast(time.monotonic() - entered >= seconds)
            if not (logged or over):
                continue
            mean_loss = float(cast(Tensor, fabric.all_reduce(loss.value.detach())))
            if not math.isfinite(mean_loss):
                raise _diverged(run, now.step, resume)
            now.seconds = time.monotonic() - begun
            if logged:
                with torch.no_grad():
                    measured = lessons.measures(mine, loss)
                accuracy, level = measured["accuracy"], measured["level"]
                bar.set_postfix(loss=f"{mean_loss:.4f}", accuracy=f"{accuracy:.2f}", level=level)
                row = {"step": now.step, "loss": mean_loss, "lr": rate, "seconds": round(now.seconds, 3)}
                row["threads"] = torch.get_num_threads()
                journal.record({**row, **measured})
            if validate and first:
                now.tested.eval()
                score = lessons.evaluate(now.tested)
                now.tested.train()
                journal.record({"step": now.step, **score})
                best = next(iter(score.values()))
                if recipe.validation.select == "last" or best > now.best_accuracy:
                    now.keep(best)
            if first and (last or over or time.monotonic() - saved >= checkpoint_seconds):
                journal.save()
                run.save_checkpoint(now.checkpoint())
                saved = time.monotonic()
            if over:
                break
        bar.close()
        if first and now.step == recipe.steps:
            model.load_state_dict(now.best_weights)
            run.save_model(model)
    fabric.barrier()
    return run


def _learn(fabric: "Fabric", recipe: Recipe, learner: nn.Module, now: TrainingState, losses: Iterator[Loss]) -> Loss:
    """A step of the optimiser for each of a batch's losses; the last of them. Nothing waits for the device."""
    while (found := learner(losses)) is not None:
        loss: Loss = found
        now.optimiser.zero_grad()
        fabric.backward(loss.value)
        if recipe.optimiser.clip is not None:
            nn.utils.clip_grad_norm_(now.model.parameters(), recipe.optimiser.clip)
        now.optimiser.step()
        if recipe.regularisation.spectral_norm is not None:
            bound_gains(now.model, recipe.regularisation.spectral_norm)
        if now.averaged is not None:
            now.averaged.update_parameters(now.model)
    return loss


def _compiling(recipe: Recipe) -> AbstractContextManager[None]:
    """Compiled steps keep what their backward needs: a loss may go back through some of them twice."""
    if not recipe.compile:
        return nullcontext()
    from torch._functorch import config

    kept: AbstractContextManager[None] = config.patch(donated_buffer=False)
    return kept


def _draws_ahead(device: torch.device, lessons: Lessons) -> bool:
    """Whether a thread may draw the next batch while a device computes: it may not depend on what is learned from this.

    On a CPU there would be nothing to gain.
    """
    return device.type != "cpu" and type(lessons).state is Lessons.state


def _batches(draw: Callable[[int], Any], steps: range, ahead: bool) -> Iterator[Any]:
    """What is drawn for each step, in their order; with `ahead`, in a thread, while the one before is in use."""
    if not ahead:
        yield from map(draw, steps)
        return
    with ThreadPoolExecutor(1, "batches") as thread:
        following = [thread.submit(draw, step) for step in steps[:1]]
        for step in steps:
            batch = following.pop().result()
            following = [thread.submit(draw, later) for later in steps[step - steps.start + 1 :][:1]]
            yield batch


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
            accelerator=accelerator,
            devices=devices,
            num_nodes=nodes,
            strategy=strategy,
            precision=recipe.precision,
            plugins=_plugins(devices, nodes),
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


def _plugins(devices: int, nodes: int) -> list[Any] | None:
    """What keeps Fabric from taking an allocation of SLURM for its tasks: for one process, or where srun is not."""
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    if "SLURM_NTASKS" not in os.environ or "LOCAL_WORLD_SIZE" in os.environ:
        return None
    tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))
    return [LightningEnvironment()] if nodes == 1 and (devices == 1 or tasks == 1) else None


def _check_folder(run: runs.Run, recipe: Recipe, resume: bool) -> None:
    """Raises UserError for a folder that is in use; or, to resume, holds no run, or one of another recipe."""
    if not resume:
        runs.check_free(run.folder)
        return
    if not run.folder.exists():
        raise UserError(f"There is no run in {run.folder} to go on with; leave out --resume to begin one.")
    other = run.recipe()
    if other != recipe:
        before, wanted = other.options(), recipe.options()
        differing = [name for name in {**before, **wanted} if before.get(name) != wanted.get(name)]
        told = ", ".join(f"{name} {before.get(name)} and not {wanted.get(name)}" for name in differing)
        raise UserError(
            f"{run.folder} holds a run of another recipe ({told}); resume it with its own, or choose another --name."
        )


def _model(recipe: Recipe) -> Thinker:
    model, longest = recipe.build(), recipe.task.longest
    check_flips(model, recipe.regularisation.flips)
    if model.limit is not None and longest > model.limit:
        raise UserError(
            f"This net has {model.limit} steps, and the recipe takes up to {longest}; raise model.limit to that, if the"
            " net has that option, or lower curriculum.iterations and curriculum.iterations_per_level."
        )
    recipe.task.check(model)
    return model


def _restore(now: TrainingState, checkpoint: dict[str, Any], run: runs.Run, recipe: Recipe) -> None:
    """Raises UserError for a checkpoint that lacks something, or is not of such a training."""
    try:
        now.restore(checkpoint)
        whole = now.step in range(recipe.steps + 1) and math.isfinite(now.seconds + now.best_accuracy)
    except NOT_MADE as error:
        whole, told = False, (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(":.")
    else:
        told = f"step {now.step}"
    if not whole:
        raise UserError(
            f"The checkpoint in {run.folder} is damaged or of another training ({told}); without checkpoint.pt,"
            " --resume begins anew."
        )


def _averaged(recipe: Recipe, model: Thinker) -> AveragedModel | None:
    if recipe.regularisation.ema is None:
        return None
    average = get_ema_multi_avg_fn(recipe.regularisation.ema)  # type: ignore[no-untyped-call]
    return AveragedModel(model, multi_avg_fn=average)


def _set_rates(optimiser: torch.optim.Optimizer, factor: float) -> float:
    for group in optimiser.param_groups:
        group["lr"] = group["base_lr"] * factor
    rate: float = optimiser.param_groups[0]["lr"]
    return rate


def _diverged(run: runs.Run, step: int, resumed: bool) -> Diverged:
    checkpoint = run.load_checkpoint()
    if checkpoint is None and not resumed:
        remove_folder(run.folder)  # made by this training, and there is nothing in it but the recipe
    kept = "nothing is kept" if checkpoint is None else f"the checkpoint of step {checkpoint['step']} is kept"
    return Diverged(
        f"The loss is no longer finite at step {step}; {kept} in {run.folder}."
        " Train with a lower optimiser.lr or with optimiser.clip."
    )


def _summary_writer() -> Any:
    """TensorBoard's, for a folder. Raises UserError if it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError("TensorBoard is not installed: pip install 'longthink[tensorboard]'.") from error
    return SummaryWriter
