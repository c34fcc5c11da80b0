"""`make fuzz`, a few inputs of it: good input is read, damage is the same every time, faults are told apart."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from longthink.base.errors import UserError


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    """What is read, and how it is run."""
    monkeypatch.syspath_prepend(Path(__file__).with_name("fuzz"))
    return importlib.import_module("targets"), importlib.import_module("running")


def test_texts_are_read_as_they_are_and_refused_where_they_are_damaged(
    modules: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    targets, running = modules
    for target in targets.texts():
        good = tmp_path / target.name
        good.mkdir()
        target.make(good)
        target.read(good, tmp_path / "out")
        rows = []
        for number in range(15):
            folder, out = running.damaged(target, good, number, 1, tmp_path / f"scratch {target.name}")
            rows.append(running.attempt(target, number, folder, out))
        assert {row.outcome for row in rows} <= {"read", "refused"}, [row for row in rows if row.told]


def test_damage_is_the_same_for_the_same_seed_and_number(
    modules: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    targets, running = modules
    target = next(iter(targets.texts()))
    (tmp_path / "good").mkdir()
    target.make(tmp_path / "good")
    found = []
    for seed, place in ((1, "a"), (1, "b"), (2, "c")):
        folder, _ = running.damaged(target, tmp_path / "good", 3, seed, tmp_path / place)
        found.append([path.read_bytes() for path in sorted(folder.iterdir())])
    assert found[0] == found[1] != found[2]


def test_what_is_a_fault_is_told_with_its_place(modules: tuple[ModuleType, ModuleType], tmp_path: Path) -> None:
    targets, running = modules

    def read(folder: Path, out: Path) -> None:
        raise (UserError("no") if folder.name == "refused" else KeyError("lost"))

    target = targets.Target("some", lambda folder: None, read)
    assert running.attempt(target, 0, Path("refused"), tmp_path).outcome == "refused"
    assert running.attempt(target, 0, Path("other"), tmp_path)[2:4] == ("exception", "KeyError at nowhere: \"'lost'\"")
