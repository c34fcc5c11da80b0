"""What several tests need: a hand-made net whose every iteration is known, and a recipe that trains in a second."""

import os
from collections.abc import Iterator

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["ONEDNN_MAX_CPU_ISA"] = "DEFAULT"  # what a command decides is not left behind for other tests

import pytest
import torch

from longthink import registry
from longthink.contracts import Spec
from longthink.models.convolutional.dt_net import DTNet
from longthink.recipes.laptop import prefix_sums_laptop
from longthink.training.recipe import Recipe

collect_ignore = ["outside/longthink_paths", "fuzz"]
"""A package of somebody else's, whose plugins other tests must not know, and a program: to look for doctests would
import them."""
BIT, PREVIOUS, PARITY, NOT_BIT = range(4)
LEFT, CENTRE = 0, 1
X = 4
"""The channel of the input behind the four of the state."""


@pytest.fixture(autouse=True)
def registered_as_before() -> Iterator[None]:
    """What a test registers of its own is gone after it."""
    before = {kind: set(named) for kind, named in registry._registered.items()}
    yield
    for kind, named in registry._registered.items():
        for name in [name for name in named if name not in before[kind]]:
            if not named[name].__module__.startswith("longthink."):
                del named[name]


@pytest.fixture
def parity_net() -> DTNet:
    """A DT-Recall net of width 4 with weights written by hand: each iteration does parity[i] = bit[i] xor parity[i-1].

    After t iterations it says, at every position, the parity of the last t bits.
    """
    net = DTNet(Spec(1, 2, "line"), width=4, head=(2, 2), recall=True)
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
def dead_end_net() -> DTNet:
    """A DT-Recall net of width 6 with weights written by hand: each iteration fills a maze's dead ends by one cell.

    Channel 0 is 1 on cells that are still in play. A white cell stays if two neighbours or more are, an end always.
    All numbers are small integers, so the net comes to rest exactly when nothing but the path is left.
    """
    net = DTNet(Spec(3, 2, "grid"), width=6, head=(2, 2), recall=True, pooling=2)
    kept, less_one, less_two, is_red, is_green, is_open = 0, 0, 1, 2, 3, 5
    red, green, blue = 6, 7, 8  # of the input, behind the six of the state
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()

        def connect(
            convolution: torch.nn.Module, target: int, source: int, weight: float, around: bool = False
        ) -> None:
            taps = ((0, 1), (2, 1), (1, 0), (1, 2)) if around else ((1, 1),)
            for tap in taps:
                convolution.weight[target, source][tap] = weight

        for colour, weight in ((0, 1.0), (1, 1.0), (2, -1.0)):
            connect(net.projection[0], kept, colour, weight)  # 1 on white, red and green
        recall = net.block.recall
        connect(recall, less_one, kept, 1.0, around=True)  # neighbours in play, less one or two on white
        connect(recall, less_one, blue, -1.0)
        connect(recall, less_two, kept, 1.0, around=True)
        connect(recall, less_two, blue, -2.0)
        for target, colour in ((is_red, red), (is_green, green)):
            connect(recall, target, colour, 1.0)
            connect(recall, target, blue, -1.0)
        for colour in (red, green, blue):
            connect(recall, is_open, colour, 1.0)
        first, second = net.block.pairs[0].first[0], net.block.pairs[0].second[0]
        for channel in (less_one, less_two, is_red, is_green):
            connect(first, channel, channel, 1.0)
        connect(first, 4, less_one, -1.0)
        # relu(n - 1) - relu(n - 2) on white, 1 on ends; the skip adds n - 1 = relu(n - 1) - relu(1 - n)
        for source, weight in ((less_two, -1.0), (is_red, 1.0), (is_green, 1.0), (4, 1.0)):
            connect(second, kept, source, weight)
        for source, weight in ((is_red, -1.0), (is_green, -1.0)):
            connect(second, source, source, weight)
        connect(net.head[0], 0, is_open, 0.2)  # logits: at most 0.6 against being in play
        connect(net.head[0], 1, kept, 1.0)
        for layer in (net.head[2], net.head[4]):
            connect(layer, 0, 0, 1.0)
            connect(layer, 1, 1, 1.0)
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
            "regularisation.start_noise": 0.1,
        }
    )
