"""Tensors in files, and the sizes of nets before they take memory."""

import math
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from longthink.base.errors import UserError
from longthink.base.memory import free_memory

NOT_MADE = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
"""What constructors of nets raise for options that do not go together, and safetensors for a damaged file."""
DAMAGED = (*NOT_MADE, AssertionError, EOFError, pickle.UnpicklingError, struct.error, zipfile.BadZipFile)
"""What torch raises for a file that it cannot read."""
ON_THE_WAY = 4
"""Times as many weights as it has in the end, that a net may have had before some were tied to others."""


class TooLarge(Exception):
    """A net has more weights than it may have."""


def load_tensors(path: Path, mapped: bool = False) -> Any:
    """What torch.save wrote, tensors and plain values only: pickled code is never run. Raises UserError if damaged.

    With `mapped`, tensors stay in the file until they are used. None may unfold to more than the file has.
    """
    try:
        _check_packed(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's about damaged files
            found = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read, or is damaged ({error.strerror}).") from error
    except DAMAGED as error:
        raise UserError(f"{path} is damaged, cut short, or holds more than tensors; get it again.") from error
    if not all(_is_as_large_as_stored(tensor) for tensor in _tensors_in(found)):
        raise UserError(f"{path} holds tensors that are larger than the file; get it again.")
    return found


def _check_packed(path: Path) -> None:
    """Raises BadZipFile for an archive that is larger than its file, which torch does not write."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > path.stat().st_size:
                raise zipfile.BadZipFile


def _tensors_in(tree: Any) -> Iterator[Tensor]:
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, Mapping | list | tuple):
        for part in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _tensors_in(part)


def _is_as_large_as_stored(tensor: Tensor) -> bool:
    if tensor.layout is not torch.strided:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def check_room(make: Callable[[], nn.Module]) -> None:
    """Raises UserError where the weights of the net that `make` makes, and their gradients, do not fit the memory."""
    free = free_memory()
    if free is not None:
        try:
            _outline(make, free // 8)
        except TooLarge:
            raise UserError(
                f"The weights of this net and their gradients need more than the {free / 1e9:.1f} GB of memory that are"
                " free; make it smaller."
            ) from None


def check_fits(make: Callable[[], nn.Module], path: Path) -> None:
    """Raises UserError where `make` does not make the net whose weights a safetensors file says that it holds.

    Only the header is read, and no memory is taken for weights.
    """
    try:
        with safe_open(path, "pt") as file:
            stored = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        numbers = sum(map(math.prod, stored.values()))
        net = _outline(make, ON_THE_WAY * numbers)
        if net is not None and sum(weight.numel() for weight in net.parameters()) > numbers:
            raise TooLarge
    except (SafetensorError, OSError) as error:
        raise unlike(path, error) from error
    except TooLarge:
        raise unlike(path, "it would have more weights than there are") from None
    if net is not None:
        made = {name: tuple(value.shape) for name, value in net.state_dict().items()}
        for name, shape in stored.items():
            if made.get(name) != shape:
                raise unlike(path, f"{name} is {list(shape)} and not {list(made[name]) if name in made else 'there'}")


def unlike(path: Path, told: object) -> UserError:
    """That the weights at a path are not those of the net that the file beside it says."""
    first_line = (str(told).strip() or type(told).__name__).splitlines()[0].rstrip(":.")
    return UserError(
        f"The weights in {path.parent} are damaged or of another net than its config.json says ({first_line}); copy the"
        " folder again or train anew."
    )


def _outline(make: Callable[[], nn.Module], most: int) -> nn.Module | None:
    """The net without memory for its tensors; None of one that is not to be made so. Raises TooLarge beyond `most`."""
    seen: dict[int, Tensor] = {}  # kept, so that no two have the same id
    numbers = 0

    def count(_module: nn.Module, _name: str, weight: Tensor | None) -> None:
        nonlocal numbers
        if weight is not None and id(weight) not in seen:
            seen[id(weight)] = weight
            numbers += weight.numel()
        if numbers > most:
            raise TooLarge

    hook = register_module_parameter_registration_hook(count)
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            return make()
    except NOT_MADE:
        return None
    finally:
        hook.remove()


def save_tensors(tensors: Any, path: Path) -> None:
    """As torch.save, but that a full disk is an OSError, and not one of torch's own that says nothing of it."""
    with path.open("wb") as file:
        try:
            torch.save(tensors, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise
