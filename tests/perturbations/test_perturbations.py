"""Each perturbation does what it says, as strongly as it says; what holds for all of them is in test_contracts."""

import numpy as np
import pytest
import torch

import longthink as lt
from longthink.base.errors import UserError
from longthink.base.seeds import generator
from longthink.contracts import Puzzles
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes.problem import Mazes
from longthink.problems.prefix_sums.problem import PrefixSums


def test_noise_has_the_stated_scale_and_is_repeatable() -> None:
    features = torch.zeros(4, 8, 50, 50)
    disturbed = lt.perturbation("noise", strength=0.5).to_features(features, generator("a"))
    assert float(disturbed.std()) == pytest.approx(0.5, rel=0.02)
    assert torch.equal(disturbed, lt.perturbation("noise", strength=0.5).to_features(features, generator("a")))


def test_zeros_and_swap() -> None:
    features = torch.rand(3, 4, 5)
    assert not lt.perturbation("zeros").to_features(features, generator("a")).any()
    swapped = lt.perturbation("swap").to_features(features, generator("a"))
    assert torch.equal(swapped, features[[2, 0, 1]])
    with pytest.raises(UserError, match="at least 2"):
        lt.perturbation("swap").to_features(features[:1], generator("a"))


def test_random_input_keeps_the_range() -> None:
    puzzles = PrefixSums().sample(64, 20)
    disturbed = lt.perturbation("random_input").to_puzzles(puzzles, generator("a"))
    assert disturbed.x.shape == puzzles.x.shape
    assert -0.5 <= float(disturbed.x.min()) < -0.4
    assert 0.4 < float(disturbed.x.max()) <= 0.5


def test_noise_alone_has_no_answer_and_a_noisy_puzzle_keeps_its_own() -> None:
    puzzles = PrefixSums().sample(8, 3)
    for strength, known in ((0.0, True), (0.5, True), (1.0, False)):
        disturbed = lt.perturbation("random_input", strength=strength).to_puzzles(puzzles, generator("a"))
        assert disturbed.known is known


@pytest.mark.parametrize("index", [0, 5, -1])
def test_a_flipped_bit_flips_every_later_parity(index: int) -> None:
    puzzles = PrefixSums().sample(12, 9)
    flipped = lt.perturbation("bit_flip", index=index).to_puzzles(puzzles, generator("a"))
    differ = (flipped.x != puzzles.x)[:, 0]
    assert differ.sum(1).tolist() == [1] * 9
    assert differ[:, index].all()
    assert torch.equal(flipped.y != puzzles.y, differ.cumsum(1) > 0)


def test_any_bit_is_another_one_for_each_string_and_a_share_of_strings_is_flipped() -> None:
    puzzles = PrefixSums().sample(64, 400)
    flipped = lt.perturbation("bit_flip", strength=0.25).to_puzzles(puzzles, generator("a"))
    differ = (flipped.x != puzzles.x)[:, 0]
    assert 70 <= int(differ.any(1).sum()) <= 130
    assert int((differ.sum(0) > 0).sum()) > 40


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_moved_end_lies_so_many_cells_nearer_on_the_path(steps: int) -> None:
    puzzles = Mazes(openings=0.2).sample(21, 20)
    moved = lt.perturbation("move_end", steps=steps).to_puzzles(puzzles, generator("a"))
    for before, after, path, new_path in zip(puzzles.x, moved.x, puzzles.y, moved.y, strict=True):
        old, new = to_cells(before), to_cells(after)
        length, new_length = int(path.sum()) // 4, int(new_path.sum()) // 4
        assert new_length == (length - steps if length > steps + 1 else length)
        assert ((old == kernels.WALL) == (new == kernels.WALL)).all()
        assert ((old == kernels.GREEN) == (new == kernels.GREEN)).all()
        assert (new == kernels.RED).sum() == 1
        assert not (new_path.bool() & ~path.bool()).any() or length != new_length + steps
        found = np.empty_like(new)
        assert kernels.shortest_path(new, found) == new_length


@pytest.mark.parametrize(
    ("name", "puzzles", "options", "sentence"),
    [
        ("bit_flip", Mazes().sample(9, 1), {}, "mazes has no bits to flip"),
        ("bit_flip", PrefixSums().sample(9, 1), {"index": 9}, "There is no bit 9 in strings of 9 bits"),
        ("move_end", PrefixSums().sample(9, 1), {}, "prefix_sums has no ends to move"),
    ],
)
def test_puzzles_that_do_not_fit(name: str, puzzles: Puzzles, options: dict[str, int], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        lt.perturbation(name, **options).to_puzzles(puzzles, generator("a"))
