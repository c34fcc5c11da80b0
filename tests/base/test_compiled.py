"""Compiled kernels are kept on disk, below a folder whose name changes with all that is compiled into them."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import pytest

from longthink.base import compiled as kernels

MODULE = "longthink.base.splitmix"
CALLED = "from longthink.base.compiled import compiled\n\n\n@compiled\ndef one():\n    return 1\n"
CALLER = (
    "from longthink.base.compiled import compiled\nfrom longthink.called import one\nfrom longthink.plain import TWO\n"
)


@pytest.fixture(autouse=True)
def found_anew() -> Iterator[None]:
    caches = kernels._folder, kernels.digest_of, kernels._has_kernels
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in place of the library: a module with a kernel, one that calls it, and one without any."""
    for name, text in (("called", CALLED), ("caller", CALLER), ("plain", "n = 2\n")):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(kernels, "PACKAGE", tmp_path)
    monkeypatch.setattr(
        kernels, "find_spec", lambda name: SimpleNamespace(origin=tmp_path / f"{name.removeprefix('longthink.')}.py")
    )
    return tmp_path


def digests() -> dict[str, str]:
    kernels.digest_of.cache_clear()
    return {name: kernels.digest_of(f"longthink.{name}") for name in ("called", "caller")}


def test_a_kernel_that_changes_changes_the_digest_of_those_that_call_it(package: Path) -> None:
    before = digests()
    (package / "called.py").write_text(CALLED.replace("return 1", "return 2"))
    after = digests()
    assert before["called"] != after["called"]
    assert before["caller"] != after["caller"]
    (package / "caller.py").write_text(CALLER + "\n")
    last = digests()
    assert last["called"] == after["called"]
    assert last["caller"] != after["caller"]
    (package / "plain.py").write_text("n = 3\n")
    assert digests() == last


@pytest.mark.parametrize(
    ("module", "called"),
    [
        ("problems.mazes._kernels", {"base.splitmix"}),
        ("problems.sudoku._boards", {"base.splitmix", "problems.sudoku._solver"}),
        ("problems.chess._store", {"problems.chess._rules"}),
    ],
)
def test_the_digest_covers_the_kernels_that_are_called_from_other_files(module: str, called: set[str]) -> None:
    covered = set(kernels._sources(f"longthink.{module}", {}))
    assert covered >= {f"longthink.{name}" for name in (module, *called)}
    assert "longthink.base.errors" not in covered


def test_kernels_are_kept_where_the_user_says_and_other_kernels_stay_in_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))

    def triple(number: int) -> int:
        return 3 * number

    triple.__module__ = MODULE
    assert kernels.compiled(triple)(5) == 15
    assert str(tmp_path) == numba.core.config.CACHE_DIR
    (folder,) = tmp_path.iterdir()
    assert folder.name == f"{MODULE}-{kernels.digest_of(MODULE)}"
    assert [path.name.partition("-")[0] for path in folder.rglob("*.nbi")] == [
        "test_compiled.test_kernels_are_kept_where_the_user_says_and_other_kernels_stay_in_their_place.locals.triple"
    ]


def test_what_is_stale_is_removed_and_nothing_else(tmp_path: Path) -> None:
    others = [f"{MODULE}s-0123456789abcdef", "longthink.problems-0123456789abcdef", "mine"]
    for name in (f"{MODULE}-0123456789abcdef", f"{MODULE}-fedcba9876543210", *others):
        (tmp_path / name / "deep").mkdir(parents=True)
    folder = Path(kernels._folder(MODULE, str(tmp_path)))
    assert folder.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, folder.name])


def test_where_the_package_cannot_be_written_the_users_cache_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels.digest_of(MODULE)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__pycache__").touch()
    monkeypatch.setattr(kernels, "PACKAGE", tmp_path / "package")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = Path(kernels._folder(MODULE, ""))
    assert folder.parent == tmp_path / "cache" / "longthink"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("options", [{}, {"fastmath": True}])
def test_where_nothing_can_be_written_kernels_are_compiled_all_the_same(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path / "file"))

    def double(number: float) -> float:
        return 2 * number

    double.__module__ = MODULE
    kernel = kernels.compiled(double, **options)
    assert kernel(2.5) == 5
    assert kernel.targetoptions.get("fastmath", False) == options.get("fastmath", False)
    assert kernel.stats.cache_path is None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_user_without_a_home_gets_no_folder_named_after_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.digest_of(MODULE)
    (tmp_path / "__pycache__").touch()
    monkeypatch.setattr(kernels, "PACKAGE", tmp_path)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as it does for a number that is no user's
    monkeypatch.chdir(tmp_path)
    assert kernels._folder(MODULE, "") == ""
    assert [path.name for path in tmp_path.iterdir()] == ["__pycache__"]


def test_neither_a_full_disk_nor_a_damaged_file_keeps_a_kernel_from_being_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))

    def half(number: float) -> float:
        return number / 2

    half.__module__ = MODULE

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(numba.core.caching.IndexDataCacheFile, "_save_index", full)
        assert kernels.compiled(half)(5.0) == 2.5
    assert list(tmp_path.rglob("*.nbi")) == []

    assert kernels.compiled(half)(5.0) == 2.5
    (index,) = tmp_path.rglob("*.nbi")
    index.write_bytes(b"")
    assert kernels.compiled(half)(5.0) == 2.5
