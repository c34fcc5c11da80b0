"""The comparison with the field's code runs, against a stand-in that this test writes."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
STOOD_IN = ("icecream", "einops", "easy_to_hard_data", "svglib")
NETS = """
import torch
from icecream import ic
from torch import nn

class Net(nn.Module):
    def __init__(self, conv, width, channels, head, activation):
        super().__init__()
        sizes = [(channels, width), (width + channels, width), *[(width, width)] * 4]
        sizes += [(width, head[0]), (head[0], head[1]), (head[1], 2)]
        self.layers = nn.ModuleList(conv(a, b, 3, padding=1, bias=False) for a, b in sizes)
        self.activation = activation

    def forward(self, x, iters_to_do, interim_thought=None, **_):
        project, recall, *pairs, first, second, third = self.layers
        state = project(x).relu() if interim_thought is None else interim_thought
        outputs = []
        for _ in range(iters_to_do):
            state = self.activation(recall(torch.cat([state, x], 1)))
            for one, two in (pairs[:2], pairs[2:]):
                state = (two(one(state).relu()) + state).relu()
            outputs.append(third(second(first(state).relu()).relu()) * FACTOR)
        return (outputs[-1], state) if self.training else torch.stack(outputs, 1)

def dt_net_recall_1d(width, **_):
    return Net(nn.Conv1d, width, 1, (width, width // 2), torch.relu)

def dt_net_recall_2d(width, in_channels, **_):
    return Net(nn.Conv2d, width, in_channels, (32, 8), nn.Identity())
"""
TRAINING = """
from dataclasses import dataclass
from random import randrange
from typing import Any
import torch
from easy_to_hard_data import MazeDataset
from torch.nn import functional as F

class Mine(MazeDataset):
    pass

@dataclass
class TrainingSetup:
    optimizer: Any
    scheduler: Any
    warmup: Any
    clip: Any
    alpha: Any
    max_iters: Any
    problem: Any

def train_progressive(net, loaders, setup, device):
    net.train()
    ((x, y),) = loaders["train"]
    setup.optimizer.zero_grad()
    n = randrange(0, setup.max_iters)
    k = randrange(1, setup.max_iters - n + 1)
    state = net(x, iters_to_do=n)[1].detach() if n else None
    counts = x.amax(1) > 0 if setup.problem == "mazes" else torch.ones_like(y, dtype=torch.bool)
    losses = [
        F.cross_entropy(net(x, iters_to_do=steps, interim_thought=start)[0], y, reduction="none")[counts].mean()
        for steps, start in ((k, state), (setup.max_iters, None))
    ]
    loss = setup.alpha * losses[0] + (1 - setup.alpha) * losses[1]
    loss.backward()
    setup.optimizer.step()
    setup.scheduler.step()
    setup.warmup.dampen()
    return loss.item(), 0.0
"""
TESTING = """
import torch

def test_default(net, loader, iters, problem, device):
    net.eval()
    solved, total = torch.zeros(max(iters)), 0
    with torch.no_grad():
        for x, y in loader:
            answers = net(x, iters_to_do=max(iters)).argmax(2)
            counts = x.amax(1) > 0 if problem == "mazes" else torch.ones_like(y, dtype=torch.bool)
            solved += ((answers == y[:, None]) | ~counts[:, None]).flatten(2).all(2).sum(0)
            total += len(x)
    return {iteration: 100.0 * solved[iteration - 1].item() / total for iteration in iters}
"""


def checkout(folder: Path, factor: float = 1.0) -> Path:
    """A small `deepthinking` that is called as the field's is; with another factor its outputs are wrong."""
    files = {
        "deepthinking/__init__.py": "",
        "deepthinking/models.py": NETS.replace("FACTOR", str(factor)),
        "deepthinking/utils/__init__.py": "",
        "deepthinking/utils/training.py": TRAINING,
        "deepthinking/utils/testing.py": TESTING,
        **{f"config/problem/hyp/{name}_default.yaml": "test_batch_size: 3\n" for name in ("prefix_sums", "mazes")},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def field(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The program, at tiny sizes; what it imported is gone afterwards."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    import field
    import field_scaling

    sizes = {
        "training_prefix_sums": [field.Training("prefix_sums", 8, 4, 6, 5, None, 1.0, draws=3)],
        "training_mazes": [field.Training("mazes", 5, 3, 4, 4, None, 0.5, draws=2)],
    }
    monkeypatch.setattr(field.gc, "collect", lambda: None)  # of all that the tests have imported takes half a second
    monkeypatch.setattr(field, "TRAININGS", sizes)
    monkeypatch.setattr(field, "TESTS", {"test_prefix_sums": field.Test("prefix_sums", 16, 4, 20)})
    monkeypatch.setattr(field, "USERS", {"user_mazes": field.Test("mazes", 5, 2, 50)})
    monkeypatch.setitem(field.SCALINGS, "scaling_prefix_sums", field_scaling.Scaling("prefix_sums", {8: 2, 32: 1}, 8))
    yield field
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in (
            "deepthinking",
            *STOOD_IN,
            *(p.stem for p in BENCHMARKS.glob("*.py")),
        ):
            del sys.modules[name]


def test_both_sides_give_the_same_and_are_timed(
    field: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = ["training_prefix_sums", "training_mazes", "test_prefix_sums", "user_mazes", "scaling_prefix_sums"]
    out = tmp_path / "rows.csv"
    common = [str(checkout(tmp_path / "theirs")), "--pairs", "2", "--markdown", "--out", str(out)]
    field.main([*common, *(word for part in parts[1:] for word in ("--part", part))])
    capsys.readouterr()
    field.main([*common, "--part", parts[0]])  # the rows of the other parts stay
    rows = pd.read_csv(out)
    assert list(rows["part"].unique()) == parts[:4]
    assert (rows["lowest"] <= rows["ratio"]).all()
    assert (rows["ratio"] <= rows["highest"]).all()
    of = {part: list(answers) for part, answers in rows[rows["precision"] == "fp32"].groupby("part")["answers"]}
    for part in parts[:2]:
        assert float(of[part][0].split()[5]) < 1e-12
    assert of["test_prefix_sums"] == ["100% solved; of 20 readings all equal"]
    assert rows["answers"].iloc[-1].endswith("100% solved; of 50 readings all equal")
    printed = capsys.readouterr().out
    assert printed.count("| training step, ") == 4  # in two precisions
    assert printed.count("| prefix_sums | field | ") == 1
    scaled = pd.read_csv(tmp_path / "rows-scaling.csv")
    assert scaled["solved"].all()
    assert list(scaled.groupby("series")["positions"].sum()) == [16, 48, 48]
    assert (tmp_path / "rows-scaling.png").stat().st_size > 0


def test_nets_that_are_not_the_same_are_not_timed(field: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Outputs of the two nets differ"):
        field.main([str(checkout(tmp_path, factor=1.01)), "--part", "test_prefix_sums"])


def test_without_a_checkout_it_says_so(field: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no checkout of aks2203/deep-thinking"):
        field.main([str(tmp_path), "--part", "memory"])


@pytest.mark.parametrize("side", ["field", "longthink"])
def test_memory_of_a_test_is_a_number_of_megabytes(
    field: ModuleType, tmp_path: Path, side: str, capsys: pytest.CaptureFixture[str]
) -> None:
    field.main([str(checkout(tmp_path)), "--one-test", side, "64", "4", "300"])
    assert 0 <= float(capsys.readouterr().out) < 1000


@pytest.mark.parametrize(("m", "count"), [(20, 8), (30, 2), (10, 5)])
def test_draws_have_the_means_of_their_distribution(field: ModuleType, m: int, count: int) -> None:
    draws = [*field.spread_draws(m, count)]
    assert all(0 <= n < m and 1 <= k <= m - n for n, k in draws)
    assert abs(sum(n for n, _ in draws) / count - (m - 1) / 2) <= 0.5
    assert abs(sum(k - (m - n + 1) / 2 for n, k in draws) / count) <= 0.25


def test_differing_answers_are_told(field: ModuleType) -> None:
    ours = {1: 0.5, 2: 1.0, 4: 0.25}
    told = field.agreement({1: 0.5, 2: 0.5, 3: 0.0, 4: 0.0}, ours, 4)
    assert told == "25% solved; of 3 readings other at 2, by 2 of 4 puzzles at most"
