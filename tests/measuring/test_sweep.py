"""Sweeps, on a net whose accuracy at every iteration is known."""

import numpy as np
import pandas as pd
import pytest
import torch

import longthink as lt
from longthink.contracts import Spec
from longthink.models.convolutional._parts import Seen
from longthink.models.convolutional.dt_net import DTNet
from longthink.models.convolutional.feedforward import FeedForward

LEVEL = 16


def known_accuracy(puzzles: lt.Puzzles, iteration: int) -> tuple[float, float]:
    """Puzzles and positions right after an iteration of the hand-made net: it sees the last t bits only."""
    bits = (puzzles.x[:, 0] + 0.5).long()
    before = torch.nn.functional.pad(bits.cumsum(1), (iteration, 0))[:, : puzzles.level]
    right = before % 2 == 0
    return right.all(1).double().mean().item(), right.double().mean().item()


def test_accuracy_is_exact_at_every_iteration(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 300)
    rows = lt.sweep(parity_net, puzzles, range(1, 21))
    assert rows["iteration"].tolist() == list(range(1, 21))
    for row in rows.itertuples():
        expected = known_accuracy(puzzles, row.iteration)
        assert (row.accuracy, row.position_accuracy) == pytest.approx(expected, abs=1e-12)
    assert rows["accuracy"].iloc[LEVEL - 1 :].tolist() == [1.0] * 5
    assert rows["accuracy"].iloc[LEVEL - 4] < 1
    assert rows["change"].iloc[-1] == 0
    # Logits are 1/2 against 0 or 1, so every position is as confident as a softmax of 1/2 makes it.
    assert rows["confidence"].tolist() == pytest.approx([1 / (1 + np.exp(-0.5))] * 20)


@pytest.mark.parametrize("batch", [1, 7, 300, 1000])
def test_batches_do_not_matter(parity_net: DTNet, batch: int) -> None:
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 40)
    whole, cut = (lt.sweep(parity_net, puzzles, [3, 9], batch=size) for size in (40, batch))
    pd.testing.assert_frame_equal(whole, cut)


def test_only_asked_iterations_are_read(parity_net: DTNet) -> None:
    reads = []
    read = parity_net.read
    parity_net.read = lambda state: reads.append(1) or read(state)
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 4)
    lt.sweep(parity_net, puzzles, [5, 50, 5], batch=4)
    assert len(reads) == 2


class Doubtful(DTNet):
    """Says 1 everywhere at iteration 1 (sure), 0 at 2 (unsure), the truth at 3 (as sure as at 1), 0 from 4 on."""

    def __init__(self, truth: torch.Tensor) -> None:
        super().__init__(Spec(1, 2), width=4, head=(4, 4))
        self.truth = truth

    def see(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def start(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(x), 1)

    def step(self, state: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return state + 1

    def read(self, state: torch.Tensor) -> torch.Tensor:
        iteration = int(state[0, 0])
        said = {1: torch.ones_like(self.truth), 3: self.truth}.get(iteration, torch.zeros_like(self.truth))
        size = 5.0 if iteration in (1, 3) else 1.0
        return torch.nn.functional.one_hot(said, 2).movedim(-1, 1) * size


def test_the_maximum_confidence_exit_rule() -> None:
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 8)
    net = Doubtful(puzzles.y)
    default = lt.sweep(net, puzzles, [1, 2, 3, 4, 9], batch=8)
    confident = lt.sweep(net, puzzles, [1, 2, 3, 4, 9], exit_rule="max_confidence", batch=8)
    assert default["accuracy"].tolist() == [0, 0, 1, 0, 0]
    # The later of two equally confident outputs counts, and it is kept.
    assert confident["accuracy"].tolist() == [0, 0, 1, 1, 1]
    assert confident["confidence"].is_monotonic_increasing
    # Every iteration counts, also those that are not asked for.
    assert lt.sweep(net, puzzles, [9], exit_rule="max_confidence", batch=8)["accuracy"].tolist() == [1]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("not enough memory")])
def test_a_batch_that_does_not_fit_is_halved(parity_net: DTNet, error: Exception) -> None:
    sizes = []
    start = parity_net.start

    def limited(seen: Seen) -> torch.Tensor:
        sizes.append(len(seen.x))
        if len(seen.x) > 3:
            raise error
        return start(seen)

    parity_net.start = limited
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 10)
    rows = lt.sweep(parity_net, puzzles, [LEVEL], batch=10)
    assert rows["accuracy"].tolist() == [1]
    assert sizes == [10, 5, 2, 3, 5, 2, 3]


def test_a_puzzle_that_never_fits_and_other_errors_are_not_hidden(parity_net: DTNet) -> None:
    def failing(message: str):
        def start(x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError(message)

        return start

    puzzles = lt.problem("prefix_sums").sample(LEVEL, 2)
    parity_net.start = failing("not enough memory")
    with pytest.raises(lt.UserError, match="does not fit the memory"):
        lt.sweep(parity_net, puzzles, [1], batch=2)
    parity_net.start = failing("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        lt.sweep(parity_net, puzzles, [1], batch=2)


@pytest.mark.parametrize("iterations", [[], [0], [-1, 5]])
def test_impossible_iterations_are_refused(parity_net: DTNet, iterations: list[int]) -> None:
    with pytest.raises(lt.UserError, match="1 or more"):
        lt.sweep(parity_net, lt.problem("prefix_sums").sample(LEVEL, 2), iterations)


def test_more_iterations_than_a_feed_forward_net_has_are_refused() -> None:
    net = FeedForward(Spec(1, 2), limit=3, width=4, head=(4, 4))
    with pytest.raises(lt.UserError, match="has 3 steps and cannot take 4; ask for 3 at most"):
        lt.sweep(net, lt.problem("prefix_sums").sample(LEVEL, 2), [4])


def test_a_sweep_with_a_tolerance_is_the_same_where_it_is_zero(dead_end_net: DTNet) -> None:
    puzzles = lt.problem("mazes").sample(13, 6)
    dense, local = (lt.sweep(dead_end_net, puzzles, [1, 20, 60], tolerance=tolerance) for tolerance in (None, 0.0))
    assert (dense["tolerance"].isna().all(), local["tolerance"].tolist()) == (True, [0.0] * 3)
    pd.testing.assert_frame_equal(*(rows.drop(columns=["tolerance", "change"]) for rows in (dense, local)))
    assert local["change"].tolist() == pytest.approx(dense["change"].tolist(), abs=1e-5)
    with pytest.raises(lt.UserError, match="tolerance"):
        lt.sweep(dead_end_net, puzzles, [1], tolerance=-1.0)


SHIPPED = {
    "prefix_sums": ("prefix_sums", {}, 64, 20, 120),
    "mazes": ("mazes", {}, 13, 10, 120),
    "chess": ("chess_puzzles", {"perspective": "mover"}, 7, 40, 104),
    "sudoku": ("sudoku", {}, 41, 8, 300),
}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("net", SHIPPED)
def test_what_is_at_rest_would_have_answered_the_same_to_the_end(net: str, precision: str) -> None:
    """Of every net that ships. Steps of a puzzle that goes on are rounded otherwise in a smaller batch."""
    problem, options, level, count, iterations = SHIPPED[net]
    puzzles, steps = lt.problem(problem, **options).sample(level, count), []
    model = lt.load(net)
    asked = [1, *range(7, iterations, 10), iterations]
    whole = lt.sweep(model, puzzles, asked, precision=precision, retire=False)
    step = type(model).step
    try:
        type(model).step = lambda self, state, seen: steps.append(len(self.features(state))) or step(self, state, seen)
        retired = lt.sweep(model, puzzles, asked, precision=precision)
    finally:
        type(model).step = step
    same = ["iteration", "precision", "accuracy"]
    pd.testing.assert_frame_equal(whole[same], retired[same])
    assert whole["confidence"].tolist() == pytest.approx(retired["confidence"].tolist(), abs=3e-3)
    assert sum(steps) < 0.9 * count * iterations


def test_a_puzzle_that_moves_again_after_a_rest_is_not_retired_in_a_net_that_counts() -> None:
    """Of a net whose steps differ, a state that stands still need not be at rest."""
    net = FeedForward(Spec(1, 2), limit=40, width=4, head=(4, 4))
    with torch.no_grad():
        for block in net.blocks[:32]:
            for parameter in block.parameters():
                parameter.zero_()
        net.blocks[39].pairs[1].first[0].weight.fill_(1.0)
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 4)
    rows = lt.sweep(net, puzzles, [8, 16, 32, 40])
    assert rows["change"].iloc[-1] > 0
    pd.testing.assert_frame_equal(rows, lt.sweep(net, puzzles, [8, 16, 32, 40], retire=False))


def test_the_confidence_of_puzzles_that_have_left_still_counts(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 30)
    asked = [5, 18, 60]
    for rule in ("default", "max_confidence"):
        whole, retired = (lt.sweep(parity_net, puzzles, asked, rule, retire=retire) for retire in (False, True))
        pd.testing.assert_frame_equal(whole, retired)
        assert retired["accuracy"].tolist()[1:] == [1, 1]


def test_a_precision_is_told_and_another_refused(parity_net: DTNet) -> None:
    puzzles = lt.problem("prefix_sums").sample(LEVEL, 4)
    with pytest.raises(lt.UserError, match="one of fp32, bf16, auto, not 'fp16'"):
        lt.sweep(parity_net, puzzles, [5], precision="fp16")
    with pytest.raises(lt.UserError, match="fp32 alone"):
        lt.sweep(parity_net, puzzles, [5], precision="bf16", tolerance=0.1)
    told = [lt.sweep(parity_net, puzzles, [5], precision=one)["precision"].item() for one in ("fp32", "bf16")]
    assert told == ["fp32", "bf16"]


@pytest.mark.parametrize(
    ("level", "seconds", "wrong", "expected"),
    [
        (9, (2, 1), "", ("bf16", None)),
        (9, (1, 2), "", ("fp32", None)),
        (9, (2, 1), "bf16", ("fp32", None)),  # other answers
        (13, (3, 2, 1), "", ("fp32", 0.1)),
        (13, (3, 1, 2), "", ("bf16", None)),
        (13, (1, 2, 3), "", ("fp32", None)),
        (13, (3, 2, 1), "bf16", ("fp32", 0.1)),
    ],
)
def test_the_fastest_way_to_the_same_answers_is_chosen(
    level: int,
    seconds: tuple[int, ...],
    wrong: str,
    expected: tuple[str, float | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of mazes too small to think locally, and of those of 32x32 pixels; a clock tells what each way takes."""
    from longthink.thinking import precision as ways

    net, puzzles = lt.load("mazes"), lt.problem("mazes").sample(level, 3)
    clock = iter([time for taken in seconds for time in (0, taken)])
    monkeypatch.setattr(ways.time, "perf_counter", clock.__next__)
    monkeypatch.setattr(ways, "has_bfloat16", lambda: True)
    if wrong:
        read = ways.InBfloat16.read
        monkeypatch.setattr(ways.InBfloat16, "read", lambda self, state: -read(self, state))
    chosen = ways.choose(net, "auto", None, puzzles, 150)
    assert chosen[1:] == expected
    assert isinstance(chosen.net, ways.InBfloat16) == (expected[0] == "bf16")
    monkeypatch.setattr("longthink.measuring.sweep.choose", lambda *_: chosen)
    rows = lt.sweep(net, puzzles, [1, 60, 150], precision="auto")
    assert rows["precision"].tolist() == [expected[0]] * 3
    assert rows["accuracy"].iloc[-1] == 1
    assert rows["tolerance"].isna().all() == (expected[1] is None)


class Mixing(DTNet):
    """Its steps make numbers of 32 bits, which do not go with others."""

    def step(self, state: torch.Tensor, seen: Seen) -> torch.Tensor:
        return super().step(state + torch.zeros_like(state, dtype=torch.float32), seen)


def test_a_net_that_does_not_think_in_sixteen_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    from longthink.thinking import precision as ways

    net, puzzles = Mixing(Spec(1, 2), width=4, head=(4, 4)), lt.problem("prefix_sums").sample(LEVEL, 4)
    monkeypatch.setattr(ways, "has_bfloat16", lambda: True)
    assert lt.sweep(net, puzzles, [5], precision="auto")["precision"].item() == "fp32"
    with pytest.raises(lt.UserError, match="mixing does not think in 16 bits .*; use fp32"):
        lt.sweep(net, puzzles, [5], precision="bf16")
    with pytest.raises(lt.UserError, match="mixing does not think in 16 bits .*; use fp32"):
        lt.solve(net, puzzles[:1], precision="bf16")
