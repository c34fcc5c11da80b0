"""The check of everything on a GPU, tried on the CPU and on a device that is pretended."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

from longthink import registry
from longthink.testing.elsewhere import ELSEWHERE, Elsewhere

FOLDER = Path(__file__).parent.parent.parent / "benchmarks" / "gpu"
CPU = torch.device("cpu")


@pytest.fixture
def smoke(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module("smoke")
    sys.modules.pop("smoke")


def test_everything_agrees_on_another_device(smoke: ModuleType) -> None:
    with Elsewhere() as device:
        rows = smoke.agree(ELSEWHERE)
        assert device.waited
    assert {row["what"]: row["outcome"] for row in rows if row["outcome"] != "agrees"} == {}
    assert {row["difference"] for row in rows} == {0}
    tried = " ".join(row["what"] for row in rows)
    names = [name for kind in ("perturbations", "objectives", "stops") for name in registry.names(kind)]
    assert [name for name in names if name not in tried] == []


def test_what_differs_and_what_fails_is_told(
    smoke: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = torch.nn.Linear(1, 1)

    def fails(_: object) -> None:
        if asked.pop():
            raise RuntimeError("no kernel image is available\nand more")

    asked = [True, False]
    numbers = iter([torch.zeros(2), torch.ones(2)])
    found = {"a": (lambda: net, lambda _: next(numbers), 0.5), "b": (lambda: net, fails, 0.5)}
    monkeypatch.setattr(smoke, "checks", lambda: found)
    monkeypatch.setattr(sys, "argv", ["smoke.py", "--accelerator", "cpu", "--part", "agree"])
    assert smoke.main() == 1
    told = capsys.readouterr().out.splitlines()
    assert "DIFFERS difference 1" in told[1]
    assert told[2].split(maxsplit=2)[2].strip() == "FAILED: RuntimeError: no kernel image is available"
    assert told[3].startswith("0 of 2 as they should be")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1.0, 1.0005, 5e-4),
        (1000.0, 1001.0, 1e-3),
        (torch.tensor([0.0, np.nan]), torch.tensor([0.25, np.nan]), 0.25),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), np.inf),
        (torch.zeros(2), torch.zeros(3), np.inf),
        ("settled", "limit", np.inf),
        (("settled", 0.5), ("settled", 0.25), 0.25),
        ({"a": True}, {"a": True}, 0.0),
        (pd.DataFrame({"why": ["a"], "x": [1.0]}), pd.DataFrame({"why": ["a"], "x": [1.5]}), 0.5),
        (pd.DataFrame({"why": ["a"], "x": [1.0]}), pd.DataFrame({"why": ["b"], "x": [1.0]}), np.inf),
        (pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0, 1.0]}), np.inf),
    ],
)
def test_differences_are_relative_to_the_size_or_to_one(
    one: object, other: object, expected: float, smoke: ModuleType
) -> None:
    assert smoke.difference(one, other) == pytest.approx(expected, rel=1e-3)


def test_the_commands_work(smoke: ModuleType) -> None:
    before = Path.cwd()
    assert {row["outcome"] for row in smoke.commands(CPU)} == {"works"}
    assert Path.cwd() == before


def test_rates_and_variants_are_told(smoke: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(smoke, "STEPS", 40)
    monkeypatch.setattr(smoke, "UNROLLED", 2)
    out = tmp_path / "smoke.csv"
    parts = ["--part", "speed", "--part", "variants"]
    monkeypatch.setattr(sys, "argv", ["smoke.py", "--accelerator", "cpu", *parts, "--out", str(out)])
    assert smoke.main() == 0
    rows = pd.read_csv(out)
    speed = rows[rows["part"] == "speed"]
    assert speed["what"].tolist() == [
        "prefix_sums_thesis",
        "mazes_thesis",
        "mazes_thesis, precision bf16-mixed",
    ]
    assert (speed[["steps_a_second", "plain_steps_a_second"]] > 0).all(axis=None)
    assert rows[rows["part"] == "variants"]["what"].tolist() == [
        "batch 4, tf32, step by step",
        "batch 4, bf16, step by step",
    ]


@pytest.mark.parametrize("name", ["prefix_sums_thesis", "mazes_thesis"])
def test_the_plain_loop_computes_what_our_net_does(name: str, smoke: ModuleType) -> None:
    """So that both are as much work."""
    recipe = smoke.lt.recipe(name).revised({**smoke.TINY, "curriculum.lowest": 5, "curriculum.highest": 5})
    plain, ours, x = smoke.Plain(recipe), recipe.build(), recipe.problem.sample(5, 2).x
    with torch.no_grad():
        for weight, given in zip(plain.parameters(), ours.parameters(), strict=True):
            weight.copy_(given.reshape(weight.shape))
        outputs, state = plain(x, 2)
        *_, thought = smoke.lt.think(ours, x, 2)
        torch.testing.assert_close(outputs[-1], thought.read(), rtol=1e-4, atol=1e-5)
    assert state.shape == (2, 8, *x.shape[2:])
