"""A doubling net by hand is the parallel prefix sum: log2 n iterations for n bits."""

import pytest
import torch

from longthink.contracts import Spec
from longthink.models.convolutional.doubling import Doubling
from longthink.problems.prefix_sums.problem import PrefixSums
from longthink.thinking.loop import think

S, LEFT, RIGHT = 0, 0, 1
"""Channels: the sum so far; then, inside the block, |s - s'| in two halves."""


@pytest.fixture
def net() -> Doubling:
    net = Doubling(Spec(1, 2, "line"), width=2, head=(2, 2))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        centre, before = 1, 0
        net.projection[0].weight[S, 0, 0, centre] = 2.0  # relu(2 (bit - 1/2)) is the bit
        net.block.recall.weight[LEFT, S, 0, centre] = 1.0
        net.block.recall.weight[LEFT, S, 0, before] = -1.0
        net.block.recall.weight[RIGHT, S, 0, centre] = -1.0
        net.block.recall.weight[RIGHT, S, 0, before] = 1.0
        pair = net.block.pairs[0]
        pair.first[0].weight[RIGHT, RIGHT] = 1.0
        pair.second[0].weight[S, RIGHT] = 1.0  # the two halves together: exclusive or
        pair.second[0].weight[RIGHT, RIGHT] = -1.0
        for layer in (0, 2):
            net.head[layer].weight[S, S, 0, centre] = 1.0
        net.head[4].weight[1, S, 0, centre] = 1.0
    return net


@pytest.mark.parametrize(("bits", "iterations"), [(2, 1), (3, 2), (32, 5), (33, 6), (512, 9), (4096, 12)])
def test_a_parallel_prefix_sum(net: Doubling, bits: int, iterations: int) -> None:
    puzzles = PrefixSums().sample(bits, 3 if bits > 2 else 1, split="test" if bits > 9 else "train", repeats=True)
    with torch.no_grad():
        solved = [
            puzzles.problem.correct(thought.read().argmax(1), puzzles).all().item()
            for thought in think(net, puzzles.x, iterations + 3)
        ]
    assert all(solved[iterations - 1 :])  # and it stays solved
    if bits > 9:
        assert not any(solved[: iterations - 1])
    assert net.receptive_field(iterations) > 2 * bits


def test_the_reach_ends_beyond_the_puzzle(net: Doubling) -> None:
    seen = net.see(torch.zeros(1, 1, 8))
    state = net.start(seen)
    reaches = []
    for _ in range(6):
        reaches.append(state.steps)
        state = net.step(state, seen)
    assert reaches == [0, 1, 2, 3, 3, 3]
