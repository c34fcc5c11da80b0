"""Nets in folders: config.json and model.safetensors, compared with each other before memory is taken."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longthink import registry
from longthink.base.errors import UserError

if TYPE_CHECKING:
    from longthink.contracts import Spec, Thinker

WEIGHTS = "model.safetensors"
CONFIG = "config.json"


def load_net(folder: Path) -> "Thinker":
    """The net of a folder, in evaluation mode. Raises UserError if its files are missing, damaged or of another net."""
    import torch
    from safetensors.torch import load_model

    from longthink.base.frozen import validated
    from longthink.base.tensors import NOT_MADE, check_fits, unlike

    config, weights = _tree(folder / CONFIG), folder / WEIGHTS
    if not weights.is_file():
        raise UserError(
            f"{folder} has no {WEIGHTS}: its training has not ended; go on with `longthink train {folder} --resume`."
        )
    cls = registry.find("models", str(config.pop("model", None)), config.pop("from", None))
    try:
        spec = _spec(cls, config)
        known = validated(registry.options(cls), config, f"the {CONFIG} in {folder}")
        options = {name: getattr(known, name) for name in type(known).model_fields}
        check_fits(lambda: cls(spec, **options), weights)
        with torch.random.fork_rng(devices=[]):  # fresh weights are drawn, and then those of the file put in
            net: Thinker = cls(spec, **options)
        load_model(net, weights)
    except UserError:
        raise
    except NOT_MADE as error:
        raise unlike(weights, error) from error
    if any(parameter.isnan().any() for parameter in net.parameters()):
        raise unlike(weights, "some are not numbers")
    return net.eval()


def read_file(path: Path) -> str:
    """The text of a file of a run. Raises UserError if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise UserError(f"{path} is damaged: it is not text.") from error
        raise UserError(f"{path.parent} is not a run: it has no readable {path.name}.") from error


def _tree(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(read_file(path))
    except UserError:
        raise
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {error}.") from error
    if not isinstance(tree, dict):
        raise UserError(f"{path} is damaged: it holds no options.")
    return tree


def _spec(cls: "type[Thinker]", config: dict[str, Any]) -> "Spec":
    """Takes the spec out of a config; version 0.1.0 wrote channels, classes and the axes of an answer's positions."""
    from longthink.contracts import Spec

    if "spec" in config:
        return Spec(**config.pop("spec"))
    inputs, outputs, ndim = (config.pop(name) for name in ("channels", "classes", "ndim"))
    if ndim == 0:
        return Spec(inputs, outputs, "line" if "line" in cls.takes else "grid", answers="one")
    return Spec(inputs, outputs, "line" if ndim == 1 else "grid")
