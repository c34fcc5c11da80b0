"""Linear layers at many positions at once, on some CPUs as convolutions; sums, products and relu written in place.

MKL multiplies matrices of 32-bit numbers, and leaves AVX-512 unused on the CPUs of AMD; convolutions are by oneDNN.
A linear layer is a convolution of kernels of one position.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

QUICKER = (
    torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    and torch.backends.cpu.get_cpu_capability() == "AVX512"
)
"""Whether convolutions may be quicker here: nowhere but where MKL may leave something unused."""
PICTURES = range(16, 65)
"""Into one of so many the positions are cut: with one thread torch leaves fewer than 16 to a kernel of its own."""
LEAST = 3_000_000
"""Multiplications from which on a convolution takes less time: it lays the weights out anew in each call."""


class Linear(nn.Linear):
    """As torch's, and the same up to rounding.

    >>> layer, x = Linear(32, 64), torch.randn(24, 9, 9, 32)
    >>> bool((layer(x) - F.linear(x, layer.weight, layer.bias)).abs().max() < 1e-5)
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., K)."""
        positions = x.numel() // self.in_features
        if positions * self.weight.numel() < LEAST or not _is_plain(x):
            return super().forward(x)
        pictures = next((number for number in PICTURES if positions % number == 0), None)
        if pictures is None:
            return super().forward(x)
        seen = x.reshape(pictures, -1, 1, self.in_features).permute(0, 3, 1, 2)
        made = F.conv2d(seen, self.weight[:, :, None, None], self.bias)
        return made.permute(0, 2, 3, 1).reshape(*x.shape[:-1], self.out_features)


def _is_plain(x: Tensor) -> bool:
    """Whether it is multiplied on a CPU, in 32 bits, and not compiled, which would take minutes."""
    on_cpu = QUICKER and x.device.type == "cpu" and not torch.compiler.is_compiling()
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
