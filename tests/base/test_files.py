"""Files are written whole or not at all, durably, by one process at a time, and a refusal is a sentence."""

import errno
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from longthink.base.errors import UserError
from longthink.base.files import atomic, atomic_folder, check_writable, locked, remove_folder


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may have more than 100 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


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

    def refuse(dir: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(dir))

    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "TemporaryFile", refuse)  # root, which a test may run as, may write everywhere
        with pytest.raises(UserError, match="deep/run: .*locked may not be changed .Permission denied.; choose"):
            check_writable(tmp_path / "locked" / "deep" / "run")


HOLDER = """
import sys
from pathlib import Path
from longthink.base.files import atomic_folder
with atomic_folder(Path(sys.argv[1])) as partial:
    (partial / "half").write_text("half")
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_written_by_one_process_and_what_a_killed_one_left_is_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "begun\n"
        with pytest.raises(UserError, match="folder is being written by another process"), atomic_folder(folder):
            pass
        assert (tmp_path / ".partial.folder" / "half").exists()
        holder.kill()
    with atomic_folder(folder) as partial:
        (partial / "whole").touch()
    assert [path.name for path in folder.iterdir()] == ["whole"]
    assert list(tmp_path.iterdir()) == [folder]


def test_who_writes_to_the_same_file_waits(tmp_path: Path) -> None:
    seen = []

    def write() -> None:
        with atomic(tmp_path / "file.txt") as partial:
            seen.append("second begins")
            partial.write_text("second")

    second = threading.Thread(target=write)
    with atomic(tmp_path / "file.txt") as partial:
        second.start()
        time.sleep(0.1)
        partial.write_text("first")
        seen.append("first ends")
    second.join()
    assert seen == ["first ends", "second begins"]
    assert [path.read_text() for path in tmp_path.iterdir()] == ["second"]


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file, taken = tmp_path / "file", "It is taken."
    with locked(file, taken=taken), pytest.raises(UserError, match=taken), locked(file, taken=taken):
        pass
    with locked(file, taken=taken):
        pass
    with pytest.raises(FileNotFoundError), locked(tmp_path / "nothing"):
        pass


def test_what_is_in_place_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contents before they have their name, and the name then."""
    events = []
    fsync, replace, rename = os.fsync, os.replace, os.rename

    def synced(file: int) -> None:
        events.append(f"sync {Path(os.readlink(f'/proc/self/fd/{file}')).relative_to(tmp_path)}")
        fsync(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", synced)
        patched.setattr(os, "replace", lambda old, new: (events.append("move"), replace(old, new)))
        patched.setattr(os, "rename", lambda old, new: (events.append("move"), rename(old, new)))
        with atomic(tmp_path / "file") as partial:
            partial.write_text("text")
        assert events == ["sync .partial.file", "move", "sync ."]
        events.clear()
        for _ in range(2):
            with atomic_folder(tmp_path / "folder") as partial:
                (partial / "one").touch()
    first = ["sync .partial.folder/one", "sync .partial.folder", "move", "sync ."]
    assert events == [*first, *first[:3], "sync folder", "sync ."]


def test_files_have_the_rights_that_any_new_file_has(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic(tmp_path / "file") as partial:
            partial.touch()
        with atomic_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("file", "folder")] == [0o640, 0o750]


def test_a_folder_in_the_place_of_a_file_stays(tmp_path: Path) -> None:
    (tmp_path / "folder" / "class").mkdir(parents=True)
    (tmp_path / "folder" / "file").write_text("old")
    with pytest.raises(UserError, match="folder/class is there already"), atomic_folder(tmp_path / "folder") as partial:
        (partial / "class").mkdir()
        (partial / "file").write_text("new")
    assert (tmp_path / "folder" / "file").read_text() == "old"
    with pytest.raises(UserError, match="folder cannot be written .Is a directory"), atomic(tmp_path / "folder"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_is_removed_with_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "file").touch()
    (tmp_path / ".partial.folder").mkdir()
    (tmp_path / ".partial.folder" / "litter").touch()
    remove_folder(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(tmp_path: Path) -> None:
    with atomic(tmp_path / "file") as partial:
        partial.write_text("short")
    with pytest.raises(UserError) as error, atomic(tmp_path / "file") as partial:
        partial.write_text("long" * 100)
    told = f"{tmp_path / 'file'} cannot be written (File too large); put that right, or choose another place."
    assert str(error.value) == told
    assert [path.read_text() for path in tmp_path.iterdir()] == ["short"]
    with pytest.raises(UserError, match="folder cannot be written"), atomic_folder(tmp_path / "folder") as partial:
        (partial / "one").write_text("long" * 100)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_only_what_the_disk_refuses_to_write_is_taken_for_a_refusal(tmp_path: Path) -> None:
    for error in (
        OSError(errno.ECONNRESET, "of the network"),
        PermissionError(errno.EACCES, "of what is read", "input.png"),
        OSError("of a library"),
    ):
        with pytest.raises(OSError, match="of ") as raised, atomic(tmp_path / "file"):
            raise error
        assert raised.value is error
    assert list(tmp_path.iterdir()) == []


def test_a_file_above_is_named_where_one_writes_below_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for writer in (atomic, atomic_folder):
        with pytest.raises(UserError, match="since .*file is a file"), writer(tmp_path / "file" / "below" / "one"):
            pass
