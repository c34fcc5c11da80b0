"""What a feature can depend on, measured (dissertation, section 3.4.2); nets compute it as `receptive_field`."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from longthink.contracts import Thinker
from longthink.measuring.sweep import device_of
from longthink.thinking.loop import last_state

SMALL = 0.01


def seen(net: Thinker, size: int, iterations: int, output: bool = False) -> NDArray[np.bool_]:
    """Which pixels along an axis the middle feature depends on, or the middle position of the output.

    All weights of a copy of the net are made positive, so that no path cancels another, and the gradient of the feature
    shows which pixels matter. A field that fills the picture may be cut off by its border.

    Args:
        net: one of convolutions.
        size: pixels along an axis of the picture.
        iterations: after which the feature is looked at.
        output: look at what is read in the place of the state's feature; of a net that answers at each position.

    Returns:
        bool (size,).

    >>> from longthink.contracts import Spec
    >>> from longthink.models.convolutional.dt_net import DTNet
    >>> net = DTNet(Spec(3, 2, "grid"), width=4, head=(4, 4), recall=False)
    >>> seen(net, 24, iterations=1, output=True).nonzero()[0][[0, -1]].tolist(), net.effective_depth(1)
    ([4, 20], 8)
    """
    positive = copy.deepcopy(net).eval().double()  # products of many small weights
    with torch.no_grad():
        for parameter in positive.parameters():
            parameter.fill_(SMALL)
    channels = next(layer.in_channels for layer in positive.modules() if isinstance(layer, nn.Conv2d))
    x = torch.ones(1, channels, size, size, dtype=torch.double, device=device_of(net), requires_grad=True)
    state = last_state(positive, x, iterations)
    features = positive.read(state) if output else positive.features(state)
    middle = features.shape[-1] // 2
    (gradient,) = torch.autograd.grad(features[0, :, middle, middle].sum(), x)
    found: NDArray[np.bool_] = (gradient.abs().sum((0, 1, 2)) > 0).cpu().numpy()
    return found


def measured(net: Thinker, size: int, iterations: int) -> int:
    """Pixels along an axis that the middle feature depends on: how many are `seen`.

    >>> from longthink.contracts import Spec
    >>> from longthink.models.images.conv_net import ConvNet
    >>> net = ConvNet(Spec(3, 10, "grid", "one"))
    >>> measured(net, size=32, iterations=2), net.receptive_field(2)
    (9, 9)
    """
    return int(seen(net, size, iterations).sum())
