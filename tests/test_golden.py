"""What is drawn, and what the shipped nets make of it, against what it was when this was written: tests/golden.json.

Where that is to change, and it is known why, it is made anew by

    .venv/bin/python tests/test_golden.py
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import longthink as lt
from longthink import registry
from longthink.training import runs

GOLDEN = Path(__file__).parent / "golden.json"
STILL = 1e-5
"""A change of the state that counts as none, which is all that rounding leaves where a net has come to rest."""


@dataclass(frozen=True)
class Case:
    """Puzzles that a shipped net is measured on, and after which iterations."""

    problem: str
    level: int
    count: int
    iterations: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def rows(self, net: str) -> list[dict[str, float]]:
        puzzles = lt.problem(self.problem, **self.options).sample(self.level, self.count)
        rows = lt.sweep(lt.load(net), puzzles, self.iterations)
        found: list[dict[str, float]] = rows[["iteration", *MEASURES]].to_dict("records")
        return found


PROBLEMS = registry.names("problems")
MEASURES = ("accuracy", "confidence", "change")
CASES = {
    "chess": Case("chess_puzzles", 7, 20, (1, 5, 20), {"perspective": "mover"}),
    "hex": Case("best_move", 4, 20, (1, 4, 16), {"game": "hex"}),
    "mazes": Case("mazes", 13, 6, (1, 10, 40)),
    "prefix_sums": Case("prefix_sums", 64, 20, (1, 20, 60)),
    "sudoku": Case("sudoku", 40, 8, (1, 8, 24)),
}


def drawn(name: str) -> dict[str, str]:
    """A digest of the solutions of some puzzles of each split, and of which of their positions count."""
    problem, found = lt.problem(name), {}
    for split in ("train", "validation", "test"):
        puzzles = problem.sample(problem.easy, 20, seed=5, split=split, repeats=True)
        whole = puzzles.y.numpy().tobytes() + (b"" if puzzles.mask is None else puzzles.mask.numpy().tobytes())
        found[split] = hashlib.sha256(whole).hexdigest()[:16]
    return found


def golden(what: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(GOLDEN.read_text())[what]
    return read


def test_every_problem_and_every_shipped_net_is_known() -> None:
    assert list(golden("puzzles")) == PROBLEMS
    assert list(CASES) == runs.shipped() == list(golden("nets"))


@pytest.mark.parametrize("name", PROBLEMS)
def test_puzzles_do_not_move(name: str) -> None:
    """Published results name a seed, and it must mean the same puzzles for ever."""
    assert drawn(name) == golden("puzzles")[name]


@pytest.mark.parametrize("net", CASES)
def test_a_shipped_net_does_what_it_did(net: str) -> None:
    """Answers are the same; numbers may be rounded otherwise by another processor."""
    before, now = golden("nets")[net], CASES[net].rows(net)
    for measure in ("iteration", "accuracy"):
        assert [row[measure] for row in now] == [row[measure] for row in before]
    for measure in ("confidence", "change"):
        expected = [row[measure] for row in before]
        assert [row[measure] for row in now] == pytest.approx(expected, rel=1e-3, abs=STILL)


if __name__ == "__main__":
    anew = {
        "puzzles": {name: drawn(name) for name in PROBLEMS},
        "nets": {net: case.rows(net) for net, case in CASES.items()},
    }
    GOLDEN.write_text(json.dumps(anew, indent=2) + "\n")
