"""Features: what the state of a Thinker is after an iteration, or what a layer of any module puts out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn

from longthink.base.errors import UserError, suggest
from longthink.contracts import Thinker, each_tensor, first_tensor
from longthink.thinking.loop import last_state, think

Place = int | str
"""Where features are taken: after an iteration of a Thinker (0: before the first), or behind a layer, by its name."""
BATCH = 128


def features_of(
    net: nn.Module,
    x: Tensor,
    places: Sequence[Place],
    iterations: int | None = None,
    pool: int | None = None,
    batch: int = BATCH,
) -> dict[str, Tensor]:
    """The features of inputs at some places: of a Thinker's state, or what layers of any module put out.

    Args:
        net: a Thinker, or any other module.
        x: inputs (N, ...).
        places: iterations of a Thinker, 0 for before the first; names of layers, as `named_modules` has them.
        iterations: how long a Thinker thinks whose layers are asked for; by default its limit.
        pool: average features with positions to a grid of at most so many along each axis.
        batch: inputs at a time.

    Returns:
        Features (N, ...) of each place, by its name, on the CPU. A layer that is used several times in one pass has
        features for each, called NAME, NAME #2, NAME #3.

    Raises:
        UserError: a layer that is not there, iterations that the net cannot take.

    >>> import longthink as lt
    >>> net, puzzles = lt.load("prefix_sums"), lt.problem("prefix_sums").sample(level=16, count=5)
    >>> {place: tuple(features.shape) for place, features in features_of(net, puzzles.x, [0, 8]).items()}
    {'0': (5, 24, 1, 16), '8': (5, 24, 1, 16)}
    """
    parts: dict[str, list[Tensor]] = {}
    for found in batches_of_features(net, x, places, iterations, batch):
        for name, features in found.items():
            parts.setdefault(name, []).append((features if pool is None else pooled(features, pool)).cpu())
    return {name: torch.cat(some) for name, some in parts.items()}


def batches_of_features(
    net: nn.Module, x: Tensor, places: Sequence[Place], iterations: int | None = None, batch: int = BATCH
) -> Iterator[dict[str, Tensor]]:
    """The same as `features_of` gives, `batch` inputs at a time, as they come."""
    asked = [place for place in places if isinstance(place, int)]
    layers = [place for place in places if isinstance(place, str)]
    if asked and not isinstance(net, Thinker):
        raise UserError("Only a Thinker has iterations; say by their names which layers you want to see.")
    known = dict(net.named_modules())
    for name in layers:
        if name not in known or name == "":
            named = ", ".join(filter(None, known))
            raise UserError(f"There is no layer '{name}'{suggest(name, list(known))}; this net has {named}.")
    device = next(net.parameters()).device
    for first in range(0, len(first_tensor(x)), batch):
        some = each_tensor(x, lambda tensor, first=first: tensor[first : first + batch].to(device))
        yield _features(net, some, asked, {name: known[name] for name in layers}, iterations)


@torch.inference_mode()
def _features(
    net: nn.Module, x: Tensor, asked: Sequence[int], layers: Mapping[str, nn.Module], iterations: int | None
) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    if asked:
        assert isinstance(net, Thinker)
        found |= _after_iterations(net, x, asked)
    if layers:
        found |= _behind_layers(net, x, layers, iterations)
    return found


def pooled(features: Tensor, most: int) -> Tensor:
    """Features (N, W, *P) averaged to at most `most` positions along each axis; others unchanged."""
    if features.ndim != 4:
        return features
    down, across = (min(most, size) for size in features.shape[2:])
    return nn.functional.adaptive_avg_pool2d(features, (down, across))


def _after_iterations(net: Thinker, x: Tensor, asked: Sequence[int]) -> dict[str, Tensor]:
    found = {}
    if 0 in asked:
        found[0] = net.features(last_state(net, x, 0))
    for thought in think(net, x, max(asked)):
        if thought.iteration in asked:
            found[thought.iteration] = net.features(thought.state).clone()
    return {str(place): found[place] for place in asked}


def _behind_layers(
    net: nn.Module, x: Tensor, layers: Mapping[str, nn.Module], iterations: int | None
) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}

    def keep(name: str, _module: nn.Module, _inputs: object, output: Tensor) -> None:
        times = sum(other == name or other.startswith(f"{name} #") for other in found)
        found[name if times == 0 else f"{name} #{times + 1}"] = output.clone()

    with ExitStack() as hooks:
        for name, layer in layers.items():
            handle = layer.register_forward_hook(partial(keep, name))
            hooks.callback(handle.remove)
        output_of(net, x, iterations)
    return found


def output_of(net: nn.Module, x: Tensor, iterations: int | None = None) -> Tensor:
    """The output of a net: of a Thinker after so many iterations, by default its limit."""
    if not isinstance(net, Thinker):
        output: Tensor = net(x)
        return output
    steps = iterations or net.limit
    if steps is None:
        raise UserError("This net may think for ever; say for how many iterations.")
    read: Tensor = net.read(last_state(net, x, steps))
    return read
