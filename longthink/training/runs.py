"""A run's folder, which is all there is to a run:

    recipe.json        what was asked for
    history.jsonl      one row every so many steps
    checkpoint.pt      to go on from after an interruption
    config.json, model.safetensors    the net to use; `from_pretrained` reads the folder

A file is written under another name and then moved into place, so that none is ever half there; the folder itself comes
with its recipe. So it can be gone on with wherever it was broken off, by one process at a time.
"""

import errno
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from longthink import registry
from longthink.base.errors import UserError
from longthink.base.files import atomic, atomic_folder, check_writable, locked
from longthink.registry import PACKAGE
from longthink.training.saved import CONFIG, load_net, read_file
from longthink.training.saved import WEIGHTS as WEIGHTS

if TYPE_CHECKING:
    from longthink.contracts import Thinker
    from longthink.training.recipe import Recipe

SHIPPED = PACKAGE / "weights"
RUNS = Path("runs")
RECIPE = "recipe.json"
HISTORY = "history.jsonl"


@dataclass(frozen=True)
class Run:
    """A folder with a recipe and, once training has ended, a net, which is put on the `device`."""

    folder: Path
    device: str = "cpu"

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def results(self) -> Path:
        """Where results about the run go: its own folder, or runs/NAME for a shipped net."""
        return RUNS / self.name if self.shipped else self.folder

    @property
    def shipped(self) -> bool:
        return self.folder.parent == SHIPPED

    def recipe(self) -> "Recipe":
        """Raises UserError if recipe.json is missing or does not fit."""
        from longthink.training.recipe import parse_recipe

        return parse_recipe(read_file(self.folder / RECIPE))

    def model(self) -> "Thinker":
        """The net, in evaluation mode. Raises UserError if its files are missing, damaged or of another net."""
        return load_net(self.folder).to(self.device)

    @property
    def begun(self) -> bool:
        """Whether there is something to go on with."""
        return (self.folder / RECIPE).is_file()

    @property
    def finished(self) -> bool:
        """Whether all steps are taken, and there is a net."""
        return (self.folder / WEIGHTS).is_file()

    @contextmanager
    def held(self) -> Iterator[None]:
        """The run is this process's alone. Raises UserError while another one trains it."""
        with locked(
            self.folder / RECIPE, taken=f"{self.folder} is being trained by another process; let that one end."
        ):
            yield

    def history(self) -> list[dict[str, Any]]:
        """Raises UserError if the file is damaged."""
        path = self.folder / HISTORY
        if not path.exists():
            return []
        try:
            rows = [json.loads(line) for line in read_file(path).splitlines()]
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path} is damaged ({error}); it holds the curve alone, so it can be removed.") from error
        if not all(isinstance(row, dict) and "step" in row and _are_numbers(row.values()) for row in rows):
            raise UserError(f"{path} is damaged (not all is numbers); it holds the curve alone, so it can be removed.")
        return rows

    def seconds(self) -> float:
        """How long training took, as far as it is on record."""
        return float(max((row["seconds"] for row in self.history() if "seconds" in row), default=0.0))

    def threads(self) -> list[int]:
        """With how many CPU threads it was trained, as far as is on record: the last bits of weights depend on it."""
        return sorted({row["threads"] for row in self.history() if "threads" in row})

    def write_history(self, rows: list[dict[str, Any]]) -> None:
        with atomic(self.folder / HISTORY) as path:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def save_model(self, model: "Thinker") -> None:
        with atomic_folder(self.folder) as partial:
            try:
                model.save_pretrained(partial)
            except SafetensorError as error:
                number = re.search(r"os error (\d+)", str(error))
                raise OSError(int(number[1]) if number else errno.EIO, str(error)) from error
            for path in partial.iterdir():
                if path.name not in (CONFIG, WEIGHTS):
                    path.unlink()  # the hub's card, which would say nothing of the net
            (partial / WEIGHTS).chmod((partial / CONFIG).stat().st_mode)  # safetensors' own is for nobody else to read

    def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        from longthink.base.tensors import save_tensors

        with atomic(self.folder / "checkpoint.pt") as path:
            save_tensors(checkpoint, path)

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The last checkpoint, on the CPU, or None where training did not come so far. Never runs pickled code.

        Raises UserError if it is damaged.
        """
        from longthink.base.tensors import load_tensors

        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return None
        checkpoint = load_tensors(path)
        if not isinstance(checkpoint, dict):
            raise UserError(f"{path} is no checkpoint; without it, --resume begins anew.")
        return checkpoint


def check_free(folder: Path) -> None:
    """Raises UserError if a folder already holds something, or cannot be made where it shall be."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists already; go on with --resume, or choose another --name.")
    check_writable(folder)


def create(folder: Path, recipe: "Recipe") -> Run:
    """A new run, its folder and recipe there together or not at all. Raises UserError as `check_free` does."""
    with atomic_folder(folder) as partial:
        check_free(folder)
        (partial / RECIPE).write_text(recipe.to_json(), encoding="utf-8")
    return Run(folder)


def open_run(name: str | Path) -> Run:
    """A run by its folder, its name below runs/, a shipped net's name, or a hub id; else raises UserError."""
    folders = [Path(name), RUNS / name, SHIPPED / str(name).replace("-", "_")]
    # What was measured of a shipped net is below runs/ too, in a folder that is no run.
    for folder in sorted(folders, key=lambda folder: not (folder / CONFIG).is_file()):
        if folder.is_dir():
            return Run(folder)
    if str(name).count("/") == 1 and not str(name).startswith((".", "/", f"{RUNS}/")):
        return Run(_from_hub(str(name)))
    raise UserError(
        f"There is no run '{name}': it is neither a folder nor a shipped net ({', '.join(shipped())})"
        " nor a hub id (user/name)."
    )


def recipe_of(name: str | Path) -> "Recipe":
    """A recipe by its own name, from a recipe.json, or of a run by any name that `open_run` takes.

    Raises UserError for a name that nothing goes by, and for a file that is no recipe.
    """
    path = Path(name)
    if path.is_file():
        from longthink.training.recipe import parse_recipe

        return parse_recipe(read_file(path))
    if path.is_dir() or str(name) in shipped():
        return open_run(name).recipe()
    made: Recipe = registry.find("recipes", str(name))()
    return made


def load(name: str | Path) -> "Thinker":
    """The net of a run, by any name that `open_run` takes.

    >>> sum(parameter.numel() for parameter in load("prefix_sums").parameters())
    11448
    """
    return open_run(name).model()


def shipped() -> list[str]:
    """The names of the nets that come with the package."""
    return sorted(folder.name for folder in SHIPPED.iterdir() if (folder / CONFIG).is_file())


def _are_numbers(values: Iterable[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", WEIGHTS]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise UserError(
            f"There is no folder '{name}' here, and the hub has no net of this name that can be reached."
        ) from error
    except (OSError, RuntimeError) as error:  # the latter where the user has no home
        raise UserError(
            f"There is no folder '{name}' here, and nothing of the hub can be kept ({error}); set HF_HOME to a folder"
            " that can be written to."
        ) from error
