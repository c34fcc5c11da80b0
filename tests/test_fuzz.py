"""`make fuzz`, a few inputs of it: good input is read, damage is the same every time, faults are told apart."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from longthink.base.errors import UserError


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz", Path(__file__).with_name("fuzz.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["fuzz"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_texts_are_read_as_they_are_and_refused_where_they_are_damaged(fuzz: ModuleType, tmp_path: Path) -> None:
    for target in fuzz.texts():
        good = tmp_path / target.name
        good.mkdir()
        target.make(good)
        target.read(good, tmp_path / "out")
        rows = []
        for number in range(15):
            folder, out = fuzz.damaged(target, good, number, 1, tmp_path / f"scratch {target.name}")
            rows.append(fuzz.attempt(target, number, folder, out))
        assert {row.outcome for row in rows} <= {"read", "refused"}, [row for row in rows if row.told]


def test_damage_is_the_same_for_the_same_seed_and_number(fuzz: ModuleType, tmp_path: Path) -> None:
    target = next(iter(fuzz.texts()))
    (tmp_path / "good").mkdir()
    target.make(tmp_path / "good")
    found = []
    for seed, place in ((1, "a"), (1, "b"), (2, "c")):
        folder, _ = fuzz.damaged(target, tmp_path / "good", 3, seed, tmp_path / place)
        found.append([path.read_bytes() for path in sorted(folder.iterdir())])
    assert found[0] == found[1] != found[2]


def test_what_is_a_fault_is_told_with_its_place(fuzz: ModuleType, tmp_path: Path) -> None:
    def read(folder: Path, out: Path) -> None:
        raise (UserError("no") if folder.name == "refused" else KeyError("lost"))

    target = fuzz.Target("some", lambda folder: None, read)
    assert fuzz.attempt(target, 0, Path("refused"), tmp_path).outcome == "refused"
    assert fuzz.attempt(target, 0, Path("other"), tmp_path)[2:4] == ("exception", "KeyError at nowhere: \"'lost'\"")
