"""Files are written whole or not at all."""

import errno
import tempfile
from pathlib import Path

import pytest

from longthink.base.errors import UserError
from longthink.base.files import atomic, atomic_folder, check_writable


def test_a_file_is_there_as_a_whole_or_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    with atomic(target) as partial:
        partial.write_text("before")
        assert not target.exists()
    with pytest.raises(KeyboardInterrupt), atomic(target) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "before"
    assert list(target.parent.iterdir()) == [target]
    with atomic(target) as partial:
        partial.write_text("after")
    assert target.read_text() == "after"
    assert list(target.parent.iterdir()) == [target]


def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    with atomic(tmp_path / "file.txt") as partial:
        pass_by = partial
        partial.write_text("first")
    pass_by.write_text("litter of a killed process")
    with atomic(tmp_path / "file.txt") as partial:
        partial.write_text("second")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["second"]


def test_a_folder_is_there_as_a_whole_or_not(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "deep" / "folder") as partial:
        (partial / "one").touch()
        raise KeyboardInterrupt
    assert list((tmp_path / "deep").iterdir()) == []
    with atomic_folder(tmp_path / "deep" / "folder") as partial:
        (partial / "one").touch()
    assert [path.name for path in (tmp_path / "deep" / "folder").iterdir()] == ["one"]
    assert list((tmp_path / "deep").iterdir()) == [tmp_path / "deep" / "folder"]


def test_a_folder_has_the_rights_that_any_new_folder_has(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "made"):
        pass
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "made").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_files_move_into_a_folder_that_is_there_over_their_namesakes(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("kept", "changed"):
        (folder / name).write_text("before")
    with atomic_folder(folder) as partial:
        for name in ("changed", "new"):
            (partial / name).write_text("after")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "kept": "before",
        "changed": "after",
        "new": "after",
    }
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("below", ["file", "file/run", "file/deep/run"])
def test_a_file_in_the_way_is_named(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"Nothing can be written to .*{below}, since .*file is a file"):
        check_writable(tmp_path / below)


def test_a_folder_that_may_not_be_changed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "locked").mkdir()
    check_writable(tmp_path / "locked" / "deep" / "run")
    assert list((tmp_path / "locked").iterdir()) == []

    def refuse(dir: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(dir))

    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "mkdtemp", refuse)  # root, which a test may run as, may write everywhere
        with pytest.raises(UserError, match="deep/run: .*locked may not be changed .Permission denied.; choose"):
            check_writable(tmp_path / "locked" / "deep" / "run")
