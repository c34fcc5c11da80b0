"""Pictures that a filter is looking for: made by maximising its activation (dissertation, section 3.5.2).

Yosinski et al. (2015), "Understanding neural networks through deep visualization"; the prior on the statistics of the
first layer is that of Yin et al. (2020), "Dreaming to distill".
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from tqdm import tqdm

from longthink.base.errors import UserError
from longthink.base.seeds import digest
from longthink.contracts import Puzzles, Thinker
from longthink.measuring.sweep import device_of
from longthink.thinking.loop import last_state

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Of total variation: horizontal, vertical, and both diagonals."""
STEPS, JITTER = 300, 4
"""Fewer than the dissertation's 1,000, and less than its 32 pixels."""


def feature_pictures(
    net: Thinker,
    examples: Puzzles,
    filters: Sequence[int],
    iteration: int,
    steps: int = STEPS,
    rate: float = 0.1,
    jitter: int = JITTER,
    variation: float = 0.02,
    prior: float = 1.0,
    seed: int = 0,
    progress: bool = True,
) -> Tensor:
    """A picture for each of some filters, which makes its features after an iteration as active as it can.

    It begins as noise, and goes up the gradient of the filter's mean activation. Two things hold it back: its total
    variation in four directions, and the distance of mean and variance of the first layer's features from what they
    are on the examples. Pixels stay in the range of the examples, and grey if all of these are. A filter that noise
    does not make active at all has no gradient, and its picture stays as it was.

    Args:
        net: one of convolutions.
        examples: real pictures, x (B, C, H, W).
        filters: their numbers, F of them.
        iteration: after which their features are looked at.
        steps: of Adam.
        rate: its learning rate.
        jitter: each time the picture is moved by up to so many pixels along both axes, around the edges.
        variation: weight of the total variation.
        prior: weight of the distance from the statistics of the examples.
        seed: of the noise.
        progress: show a bar, on a terminal.

    Returns:
        (F, C, H, W), normalised as the examples are, on the CPU.

    Raises:
        UserError: a filter that is not there, a net without convolutions, iterations that the net cannot take.

    >>> import longthink as lt
    >>> images, net = lt.problem("images").sample(level=1, count=8), lt.recipe("images_laptop").build()
    >>> feature_pictures(net, images, filters=[5, 0], iteration=2, steps=2, progress=False).shape
    torch.Size([2, 3, 32, 32])
    """
    x = examples.to(device_of(net)).x
    generator = torch.Generator().manual_seed(digest("feature pictures", seed))
    first = _first_layer(net)
    with torch.no_grad():
        wanted = _moments(first(net.see(x)))
        width = net.features(last_state(net, x[:1], iteration)).shape[1]
    wrong = [unit for unit in filters if not 0 <= unit < width]
    if wrong:
        raise UserError(f"There is no filter {wrong[0]}; this net has {width} there, 0 to {width - 1}.")
    low, high = x.amin((0, 2, 3), keepdim=True), x.amax((0, 2, 3), keepdim=True)
    channels = 1 if torch.equal(x, x[:, :1].expand_as(x)) else x.shape[1]
    noise = torch.randn(len(filters), channels, *x.shape[2:], generator=generator).to(x)
    pixels = (0.1 * noise + x.mean((0, 2, 3), keepdim=True)[:, :channels]).requires_grad_()
    optimiser = torch.optim.Adam([pixels], lr=rate)
    places, chosen = torch.arange(len(filters), device=x.device), torch.tensor(filters).to(x.device)
    for _ in tqdm(range(steps), unit="step", disable=None if progress else True):
        down, across = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
        moved = pixels.roll((down, across), (2, 3)).expand(-1, x.shape[1], -1, -1)
        activations = net.features(last_state(net, moved, iteration))
        activity = activations[places, chosen].flatten(1).mean(1)
        held = prior * (_moments(first(net.see(moved))) - wanted).square().mean()
        loss = -activity.sum() + variation * total_variation(moved).sum() + len(filters) * held
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        with torch.no_grad():
            pixels.clamp_(low[:, :channels], high[:, :channels])
    made: Tensor = pixels.detach().cpu().expand(-1, x.shape[1], -1, -1)
    return made


def total_variation(pictures: Tensor) -> Tensor:
    """The norms of the differences between neighbours, summed over four directions: (B, C, H, W) -> (B,).

    >>> total_variation(torch.ones(1, 3, 4, 4)).round(decimals=3).item()
    0.0
    """
    norms = []
    for down, across in DIRECTIONS:
        rolled = pictures.roll((down, across), (2, 3))
        differences = (pictures - rolled)[:, :, down:, max(across, 0) : pictures.shape[3] + min(across, 0)]
        norms.append(differences.flatten(1).square().sum(1).clamp_min(1e-12).sqrt())
    return torch.stack(norms).sum(0)


def _first_layer(net: Thinker) -> nn.Module:
    """The first convolution that a picture meets."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            return layer
    raise UserError("Feature pictures are made for nets of convolutions, and this one has none.")


def _moments(features: Tensor) -> Tensor:
    """Mean and variance of each channel over inputs and positions: (B, W, H, Y) -> (2, W)."""
    return torch.stack([features.mean((0, 2, 3)), features.var((0, 2, 3))])
