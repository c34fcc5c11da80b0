"""Commands run in a folder of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from longthink.cli import main
from longthink.recipes.laptop import images_laptop
from longthink.training.recipe import Recipe


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def trained() -> Callable[..., int]:
    """Trains a recipe, with options: the exit code."""

    def train(recipe: Recipe, *options: str) -> int:
        Path("recipe.json").write_text(recipe.to_json())
        return main(["train", "recipe.json", "--accelerator", "cpu", *options])

    return train


@pytest.fixture
def image_run(trained: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> str:
    recipe = images_laptop().revised(
        {"steps": 4, "batch": 8, "model.width": 8, "model.first": 4, "model.after": 8, "validation.count": 10}
    )
    assert trained(recipe, "--name", "small") == 0
    capsys.readouterr()
    return "small-0"
