"""Linear layers at many positions at once, on some CPUs as convolutions; sums, products and relu written in place.

Of 32-bit numbers torch multiplies matrices with MKL, which leaves AVX-512 unused on AMD's CPUs, but convolves with oneDNN.
A linear layer is a convolution of kernels of one position.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

QUICKER = (
    torch.backends.mkl.is_available()
    and torch.backends.mkldnn.is_available()
    and torch.backends.cpu.get_cpu_capability() == "AVX512"
)
"""Whether convolutions may be quicker here: nowhere but where MKL may leave something unused."""
PICTURES = range(16, 65)
"""Into one of so many the positions are cut: with one thread torch leaves fewer than 16 to a kernel of its own."""
LEAST = 3_000_000
"""Multiplications from which on a convolution takes less time: it lays the weights out anew in each call."""


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """What a layer makes of x (..., C): (..., K), the same up to rounding.

    >>> layer, x = nn.Linear(32, 64), torch.randn(24, 9, 9, 32)
    >>> bool((linear(layer, x) - layer(x)).abs().max() < 1e-5)
    True
    """
    positions = x.numel() // layer.in_features
    pictures = next((number for number in PICTURES if positions % number == 0), None)
    if pictures is None or positions * layer.weight.numel() < LEAST or not _is_plain(x):
        made: Tensor = layer(x)
        return made
    seen = x.reshape(pictures, -1, 1, layer.in_features).permute(0, 3, 1, 2)
    made = F.conv2d(seen, layer.weight[:, :, None, None], layer.bias)
    return made.permute(0, 2, 3, 1).reshape(*x.shape[:-1], layer.out_features)


def _is_plain(x: Tensor) -> bool:
    """Whether it is multiplied on a CPU, in 32 bits."""
    on_cpu = QUICKER and x.device.type == "cpu"
    return on_cpu and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")


def plus(some: Tensor, more: Tensor) -> Tensor:
    """The sum, written over `some` where no gradient is asked for."""
    return some + more if some.requires_grad else some.add_(more)


def times(some: Tensor, more: Tensor) -> Tensor:
    """The product, written over `some` where no gradient is asked for."""
    return some * more if some.requires_grad else some.mul_(more)


def relu(some: Tensor) -> Tensor:
    """The positive part, written over `some` where no gradient is asked for."""
    return F.relu(some, inplace=not some.requires_grad)
