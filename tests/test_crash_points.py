"""Killed at each event of the file system, and started again: it ends as if nothing had been, with nothing left over.

A process that has done it once forks for each event in turn; the child does the work and dies at that event.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "fcntl.flock"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
KILLED = 9

Work = Callable[[], None]


def die_at(nth: int, below: Path) -> None:
    """End this process at the nth event that changes what is below a folder, just before it happens.

    What is made durable has two: one with half of the file on the disk, and one with all of it.
    """
    seen = 0

    def tick() -> bool:
        nonlocal seen
        seen += 1
        return seen == nth

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES and not (event == "open" and arguments[2] & WRITING):
            return
        path = arguments[0]
        inside = isinstance(path, int) or not os.path.isabs(path) or Path(os.fsdecode(path)).is_relative_to(below)
        if inside and tick():
            os._exit(KILLED)

    def halve_or_leave(file: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{file}"))
        if path.is_file() and tick():
            with path.open("rb") as half:
                kept = half.read(path.stat().st_size // 2)
            path.write_bytes(kept)
            os._exit(KILLED)
        if tick():
            os._exit(KILLED)

    os.fsync = halve_or_leave
    sys.addaudithook(hear)


def is_killed(work: Work, nth: int, below: Path) -> bool:
    """Do some work in a child that dies at an event: whether there was such an event."""
    child = os.fork()
    if child == 0:
        die_at(nth, below)
        work()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return code == KILLED


def try_each(folder: Path, prepare: Work, work: Work, check: Work, found: Callable[[], Any]) -> dict[str, Any]:
    """At how many events the work was broken off, and after which of them it did not end as it does in one go."""
    folder.mkdir()
    prepare()
    work()
    whole, wrong = found(), {}
    gc.freeze()  # children copy less
    for nth in count(1):
        shutil.rmtree(folder)
        folder.mkdir()
        prepare()
        if not is_killed(work, nth, folder):
            return {"points": nth - 1, "wrong": wrong}
        try:
            check()
            work()
            assert found() == whole
        except Exception:
            wrong[nth] = traceback.format_exc()
    raise AssertionError


def files_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All there is below a folder: its rights, and what is in it, without times."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = b"" if path.is_dir() or path.suffix == ".pt" else path.read_bytes()
        if path.name == "history.jsonl":
            rows = [json.loads(line) for line in content.decode().splitlines()]
            content = json.dumps([{**row, "seconds": 0} for row in rows]).encode()
        found[str(path.relative_to(folder))] = path.stat().st_mode, content
    return found


def trainings(folder: Path) -> dict[str, Any]:
    from longthink.recipes.laptop import prefix_sums_laptop
    from longthink.training.loop import train
    from longthink.training.runs import Run

    small = {"steps": 2, "batch": 4, "model.width": 4, "model.head": [4, 4], "curriculum.highest": 6}
    recipe = prefix_sums_laptop().revised({**small, "validation.every": 1, "validation.count": 4})
    run = folder / "runs" / "one"

    def work() -> None:
        train(recipe, run, resume=run.exists(), accelerator="cpu", checkpoint_seconds=0, progress=False)

    def found() -> Any:
        checkpoint = Run(run).load_checkpoint() or {}
        return files_of(folder), checkpoint.get("step"), str(checkpoint.get("model"))

    return try_each(folder, lambda: None, work, lambda: None, found)


def puzzles(folder: Path) -> dict[str, Any]:
    """Over other puzzles of the same name, so that never some of both are there."""
    import torch

    from longthink.base.errors import UserError
    from longthink.formats.arrays import Arrays
    from longthink.problems.prefix_sums.problem import PrefixSums

    old, new = (PrefixSums().sample(40, 5, seed, "train") for seed in (0, 1))

    def write(some: Any) -> None:
        Arrays().write([some], 5, folder)

    def check() -> None:
        try:
            got = Arrays().read(PrefixSums(), 40, folder)
        except UserError:
            return
        assert any(torch.equal(got.x, one.x) and torch.equal(got.y, one.y) for one in (old, new))

    return try_each(folder, lambda: write(old), lambda: write(new), check, lambda: files_of(folder))


@pytest.mark.parametrize(("what", "least"), [(trainings, 60), (puzzles, 20)])
def test_whatever_is_killed_wherever_goes_on(what: Callable[[Path], Any], least: int, tmp_path: Path) -> None:
    command = [sys.executable, __file__, what.__name__, str(tmp_path / "all")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["wrong"] == {}
    assert told["points"] >= least


if __name__ == "__main__":
    os.fsync = lambda file: None  # what it is for is a loss of power

    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
