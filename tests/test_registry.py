"""Plugins from files and from other packages."""

import subprocess
import sys
from pathlib import Path

import pytest

from longthink import registry
from longthink.errors import UserError

OUTSIDE = '''
from typing import ClassVar
import torch
from longthink.problems.prefix_sums import PrefixSums
from longthink.contracts import Problem, Puzzles

class CountDown(Problem):
    """Counts down."""
    channels: ClassVar[int] = 1
    classes: ClassVar[int] = 2
    ndim: ClassVar[int] = 1
    easy: ClassVar[int] = 4
    hard: ClassVar[tuple[int, ...]] = (8,)
    steps: int = 1

    def draw(self, level, count, split, key, repeats):
        return Puzzles(self, level, torch.zeros(count, 1, level), torch.zeros(count, level, dtype=torch.long))

    def parse(self, text): ...
    def write(self, answer): ...
    def render(self, puzzles, values=None): ...
'''


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no problem 'prefix_sum' \(did you mean 'prefix_sums'\?\); known are: "):
        registry.find("problems", "prefix_sum")


def test_dashes_are_as_good_as_underscores() -> None:
    assert registry.find("formats", "easy-to-hard") is registry.find("formats", "easy_to_hard")


def test_recipes_are_functions_of_the_recipe_modules_only() -> None:
    assert {"prefix_sums_laptop", "prefix_sums_thesis"} <= set(registry.names("recipes"))
    assert "Recipe" not in registry.names("recipes")


def test_another_package_adds_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "countdown_pack.py").write_text(OUTSIDE)
    info = tmp_path / "countdown_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: countdown-pack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[longthink.problems]\ncount_down = countdown_pack\n")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import longthink as lt\nfrom longthink import registry\n"
        "print(registry.names('problems'), len(lt.problem('count_down', steps=2).sample(3, 5)))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "'count_down'" in out
    assert out.endswith(" 5\n")
