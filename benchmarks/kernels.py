"""Convolutions as the nets have them, in several ways: what a CPU gains by 16 bits, by 8, by fewer instructions.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/kernels.py
    ONEDNN_MAX_CPU_ISA=AVX2 OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/kernels.py

Milliseconds (medians) and, in brackets, GFLOP/s. The second command is without AVX-512.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from longthink.base.memory import keep_freed_memory

SHAPES = ((24, 1, 205, 205), (24, 5, 63, 63), (32, 5, 63, 63), (24, 40, 1, 512), (32, 40, 1, 512), (24, 100, 1, 32))
"""W channels in and out, and B, H, Y: a maze of 201x201, five of 59x59, strings of 512 bits and a batch of training."""


def milliseconds(function: Callable[[], object], repeats: int = 9, times: int = 20) -> float:
    """The median of some runs, after two that do not count."""
    function(), function()
    found = []
    for _ in range(repeats):
        begun = time.perf_counter()
        for _ in range(times):
            function()
        found.append((time.perf_counter() - begun) / times * 1000)
    return statistics.median(found)


def ways(x: Tensor, weight: Tensor, padding: tuple[int, int]) -> dict[str, Callable[[], object]]:
    """A convolution, that and what follows it, and its gradients, by name."""
    fused = torch.ops.mkldnn._convolution_pointwise.binary
    how = None, padding, (1, 1), (1, 1), 1, "add", 1.0, "relu", [], ""
    packed = torch.ops.mkldnn._reorder_convolution_weight(weight, padding, (1, 1), (1, 1), 1, list(x.shape))
    small, small_weight = x.bfloat16(), weight.bfloat16()
    gradient = torch.ops.aten.convolution_backward
    backwards = (1, 1), padding, (1, 1), False, (0, 0), 1, (True, True, False)
    torch.backends.quantized.engine = "onednn"
    eight = torch.quantize_per_tensor(x, 0.05, 128, torch.quint8).contiguous(memory_format=torch.channels_last)
    eight_weight = torch.quantize_per_tensor(weight, 0.001, 0, torch.qint8)
    prepacked = torch.ops.quantized.conv2d_prepack(eight_weight, None, [1, 1], list(padding), [1, 1], 1)
    return {
        "fp32": lambda: F.conv2d(x, weight, None, 1, padding),
        "fp32, sum and relu": lambda: F.conv2d(x, weight, None, 1, padding).add_(x).relu_(),
        "the same as one operation": lambda: fused(x, x, weight, *how),
        "the same, weights prepacked": lambda: fused(x, x, packed, *how),
        "fp32, gradients": lambda: gradient(x, x, weight, None, *backwards),
        "bf16": lambda: F.conv2d(small, small_weight, None, 1, padding),
        "bf16, sum and relu": lambda: F.conv2d(small, small_weight, None, 1, padding).add_(small).relu_(),
        "bf16 as one operation": lambda: fused(small, small, small_weight, *how),
        "bf16, gradients": lambda: gradient(small, small, small_weight, None, *backwards),
        "int8": lambda: torch.ops.quantized.conv2d(eight, prepacked, 0.05, 128),
    }


@torch.no_grad()
def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    for width, *rest in SHAPES:
        kernel = (1, 3) if rest[1] == 1 else (3, 3)
        x = torch.randn(rest[0], width, *rest[1:]).contiguous(memory_format=torch.channels_last)
        weight = (torch.randn(width, width, *kernel) / width).contiguous(memory_format=torch.channels_last)
        work = 2 * weight.numel() * rest[0] * rest[1] * rest[2]
        print(f"{width} channels, {rest[0]} x {rest[1]} x {rest[2]}")
        for name, function in ways(x, weight, (kernel[0] // 2, 1)).items():
            taken = milliseconds(function)
            operations = work * (2 if "gradients" in name else 1)
            print(f"    {name:30} {taken:8.3f} ({operations / taken / 1e6:.0f})", flush=True)


if __name__ == "__main__":
    main()
