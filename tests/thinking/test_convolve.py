"""Convolutions at chosen positions against torch's."""

import numpy as np
import pytest
import torch

from longthink.base.compiled import _sources
from longthink.thinking._vectors import GROUP
from longthink.thinking.convolve import arranged, convolve, grouped, groups_of


@pytest.mark.parametrize("inputs", [1, 8, 20])
@pytest.mark.parametrize("outputs", [3, 16, 24, 32, 41, 75])
@pytest.mark.parametrize("count", [1, 8, 21])
def test_every_position_is_what_torch_makes_of_it(inputs: int, outputs: int, count: int) -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(1, inputs, 7, 9, generator=rng)
    weight, bias = torch.randn(outputs, inputs, 3, 5, generator=rng), torch.randn(outputs, generator=rng)
    expected = torch.nn.functional.conv2d(x.double(), weight.double(), bias.double(), padding=(1, 2))[0].flatten(1).T
    padded = torch.nn.functional.pad(x, (2, 2, 1, 1))[0]
    numbers = np.arange(9 * 13).reshape(9, 13)[1:-1, 2:-2].ravel()
    chosen = np.random.default_rng(0).permutation(len(numbers))[:count]
    taps = np.array([13 * down + across for down in (-1, 0, 1) for across in (-2, -1, 0, 1, 2)])
    sums = np.full((count, groups_of(outputs), GROUP), np.nan, np.float32)
    convolve(
        grouped(padded.flatten(1).T.numpy()).reshape(-1, GROUP),
        groups_of(inputs),
        numbers[chosen].astype(np.int32),
        taps,
        arranged(weight.permute(2, 3, 1, 0).flatten(0, 1).numpy(), bias.numpy()),
        sums,
    )
    sums = sums.reshape(count, -1)
    assert sums[:, :outputs] == pytest.approx(expected.numpy()[chosen], rel=1e-4, abs=1e-4)
    assert not sums[:, outputs:].any()


def test_what_is_kept_compiled_goes_by_the_vector_code_too() -> None:
    for module in ("positions", "convolve"):
        assert "longthink.thinking._vectors" in _sources(f"longthink.thinking.{module}", {})
