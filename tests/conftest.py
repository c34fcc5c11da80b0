"""What several tests need: a hand-made net whose every iteration is known, and a recipe that trains in a second."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
import torch

from longthink.models.dt_net import DTNet
from longthink.recipe import Recipe
from longthink.recipes.laptop import prefix_sums_laptop

BIT, PREVIOUS, PARITY, NOT_BIT = range(4)
LEFT, CENTRE = 0, 1
X = 4
"""The channel of the input behind the four of the state."""


@pytest.fixture
def parity_net() -> DTNet:
    """A DT-Recall net of width 4 with weights written by hand: each iteration does parity[i] = bit[i] xor parity[i-1].

    After t iterations it says, at every position, the parity of the last t bits.
    """
    net = DTNet(channels=1, classes=2, ndim=1, width=4, head=(2, 2), recall=True)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()

        def connect(convolution: torch.nn.Module, target: int, source: int, tap: int, weight: float) -> None:
            convolution.weight[target, source, 0, tap] = weight

        recall = net.block.recall
        connect(recall, BIT, X, CENTRE, 2.0)  # relu(2 (bit - 1/2)) is the bit
        connect(recall, NOT_BIT, X, CENTRE, -2.0)
        connect(recall, PREVIOUS, PARITY, LEFT, 1.0)
        difference, total = net.block.pairs[0].first[0], net.block.pairs[0].second[0]
        connect(difference, 0, BIT, CENTRE, 1.0)  # a xor b = relu(a - b) + relu(b - a)
        connect(difference, 0, PREVIOUS, CENTRE, -1.0)
        connect(difference, 1, PREVIOUS, CENTRE, 1.0)
        connect(difference, 1, BIT, CENTRE, -1.0)
        connect(total, PARITY, 0, CENTRE, 1.0)
        connect(total, PARITY, 1, CENTRE, 1.0)
        connect(net.head[0], 0, BIT, CENTRE, 0.5)  # logits: 1/2 against the parity
        connect(net.head[0], 0, NOT_BIT, CENTRE, 0.5)
        connect(net.head[0], 1, PARITY, CENTRE, 1.0)
        for layer in (net.head[2], net.head[4]):
            connect(layer, 0, 0, CENTRE, 1.0)
            connect(layer, 1, 1, CENTRE, 1.0)
    return net.eval()


@pytest.fixture
def tiny_recipe() -> Recipe:
    """Prefix sums of up to 6 bits, width 8, 60 steps; every stabiliser on, so that every random draw is in play."""
    return prefix_sums_laptop().revised(
        {
            "name": "tiny",
            "steps": 60,
            "batch": 16,
            "model.width": 8,
            "model.head": [8, 4],
            "curriculum.highest": 6,
            "curriculum.start": 3,
            "validation.every": 20,
            "validation.count": 4,
            "stabilisers.start_noise": 0.1,
        }
    )
