"""Work side by side, here in this process; `training/test_trials.py` does it in several."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from longthink.base import parallel
from longthink.base.errors import UserError
from longthink.base.parallel import side_by_side


def halved(number: int) -> int:
    if number % 2:
        raise UserError(f"{number} is odd; take an even number.")
    if number > 8:
        raise ZeroDivisionError("a bug")
    return number // 2


def threads() -> int:
    return torch.get_num_threads()


def test_results_are_in_order_and_failures_are_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    found = side_by_side(halved, [(4,), (3,), (10,), (2,)], workers=1, progress=False)
    assert found == [2, "3 is odd; take an even number.", "ZeroDivisionError: a bug", 1]
    told = capsys.readouterr().err
    assert "in halved" in told, "a bug is shown where it happened"
    assert "take an even number" not in told, "what a user can put right is no bug"


def test_without_work_nothing_is_started() -> None:
    assert side_by_side(halved, [], progress=False) == []


def test_workers_share_out_the_threads_and_give_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(3)), raising=False)
    before = torch.get_num_threads()
    assert side_by_side(threads, [()] * 2, workers=1, progress=False) == [3, 3]
    assert torch.get_num_threads() == before


def test_the_memory_of_this_process_is_left_alone_and_that_of_a_worker_is_tuned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tuned = []
    monkeypatch.setattr(parallel, "keep_freed_memory", lambda: tuned.append(os.getpid()))
    assert side_by_side(halved, [(4,)], workers=1, progress=False) == [2]
    assert tuned == []
    assert parallel._attempt(halved, torch.get_num_threads(), os.getpid() + 1, (4,)) == 2
    assert tuned == [os.getpid()]


def test_progress_is_not_shown_where_it_is_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    side_by_side(halved, [(4,)], workers=1, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"workers": 0}, "at least 1 worker, not 0"), ({"on": "moon"}, "one of local, ray, not on 'moon'")],
)
def test_what_cannot_be_is_refused_even_without_work(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        side_by_side(halved, [], **options)  # type: ignore[arg-type]


PATIENT = """
import os, sys, time
from pathlib import Path

def wait(seconds):
    (Path(sys.path[0]) / f"{os.getpid()}.pid").touch()
    time.sleep(seconds)

if __name__ == "__main__":
    import patient
    from longthink.base.parallel import side_by_side
    os.sched_getaffinity = lambda _: {0, 1}
    try:
        side_by_side(patient.wait, [(100,)] * 4, workers=2, progress=False)
    except KeyboardInterrupt:
        print("interrupted")
"""


def is_alive(process: int) -> bool:
    """A zombie, which waits for its parent to ask after it, is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("number", "said"), [(signal.SIGKILL, ""), (signal.SIGINT, "interrupted\n")])
def test_workers_end_with_their_parent_without_a_word(number: signal.Signals, said: str, tmp_path: Path) -> None:
    """A kill is the parent's alone; an interruption from the keyboard reaches all processes of a terminal."""
    (tmp_path / "patient.py").write_text(PATIENT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    errors = (tmp_path / "errors").open("w")
    with (
        errors,
        subprocess.Popen(
            [sys.executable, "patient.py"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as parent,
    ):
        while len(list(tmp_path.glob("*.pid"))) < 2 and parent.poll() is None:
            time.sleep(0.01)
        if number == signal.SIGKILL:
            parent.kill()
        else:
            os.killpg(parent.pid, number)
        assert parent.stdout is not None
        assert parent.stdout.read() == said
    workers = [int(path.stem) for path in tmp_path.glob("*.pid")]
    deadline = time.monotonic() + 60
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [worker for worker in workers if is_alive(worker)] == []
    if number == signal.SIGINT:
        assert (tmp_path / "errors").read_text() == ""
