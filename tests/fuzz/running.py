"""Reading damaged input in processes of their own, with limits of time and memory, and counting what became of it."""

import contextlib
import json
import mmap
import os
import random
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, takewhile
from pathlib import Path
from typing import NamedTuple

from damage import damage
from targets import Target

from longthink.base.errors import UserError

SECONDS = 10.0
"""That one input may take."""
MEMORY = 2**30
"""Bytes that one input may take."""
OUTCOMES = ("read", "refused", "exception", "death", "hang", "flood")
FAULTS = OUTCOMES[2:]


class Row(NamedTuple):
    """What became of one input."""

    target: str
    number: int
    outcome: str
    told: str = ""
    seconds: float = 0.0
    memory: int = 0

    def __str__(self) -> str:
        return f"{self.target} --index {self.number}: {self.outcome} {self.told}"


def damaged(target: Target, good: Path, number: int, seed: int, scratch: Path) -> tuple[Path, Path]:
    """The folder of input `number`, and a place for what is made of it."""
    rng = random.Random(f"{seed} {target.name} {number}")
    folder, out = scratch / f"{number}", scratch / f"out-{number}"
    shutil.copytree(good, folder)
    path = rng.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    path.write_bytes(damage(path.read_bytes(), path, rng))
    return folder, out


def attempt(target: Target, number: int, folder: Path, out: Path) -> Row:
    """Read one input."""
    begun, before = time.monotonic(), _peak(reset=True)
    outcome, told = "read", ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target.read(folder, out)
    except UserError:
        outcome = "refused"
    except Exception as error:  # this is what is looked for
        own = [at for at in traceback.extract_tb(error.__traceback__) if "/longthink/" in at.filename]
        place = f"{own[-1].filename.rpartition('/longthink/')[2]}:{own[-1].lineno}" if own else "nowhere"
        outcome, told = "exception", f"{type(error).__name__} at {place}: {str(error)[:120]!r}"
    seconds, memory = time.monotonic() - begun, _peak() - before
    if memory > MEMORY:
        outcome, told = "flood", f"of {memory / 1e9:.1f} GB"
    elif seconds > SECONDS:
        outcome, told = "hang", f"of {seconds:.0f} s"
    return Row(target.name, number, outcome, told, seconds, memory)


def _attempt_all(target: Target, good: Path, scratch: Path, seed: int, numbers: Iterator[int], log: Path) -> None:
    """In a child: read one input after the other; a line in the log before each, and one after it."""
    with log.open("w", buffering=1) as lines, open(os.devnull, "w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        for number in numbers:
            lines.write(f"{number}\n")
            folder, out = damaged(target, good, number, seed, scratch)
            lines.write(json.dumps(attempt(target, number, folder, out)) + "\n")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(out, ignore_errors=True)


def fuzz(target: Target, good: Path, seed: int, numbers: Iterable[int], end: float, scratch: Path) -> list[Row]:
    """Read damaged input in children until a time: the next one goes on behind the input that killed the last."""
    rows: list[Row] = []
    rest = iter(numbers)
    log = scratch / "log.txt"
    while (number := next(rest, None)) is not None and time.monotonic() < end:
        log.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            _attempt_all(
                target, good, scratch, seed, takewhile(lambda _: time.monotonic() < end, chain([number], rest)), log
            )
            os._exit(0)
        ended = _watch(child, log)
        lines = log.read_text().splitlines()
        rows += [Row(*json.loads(line)) for line in lines[1::2]]
        if len(lines) % 2:
            rows.append(Row(target.name, int(lines[-1]), *ended))
        rest = (other for other in numbers if other > rows[-1].number)
    return rows


def _watch(child: int, log: Path) -> tuple[str, str]:
    """Wait for a child, and kill it where one input takes too long, or far too much; how it ended."""
    size, since = 0, time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "death", f"by signal {os.WTERMSIG(status)}"
        now = log.stat().st_size if log.exists() else 0
        if now != size:
            size, since = now, time.monotonic()
        ended = "flood" if _resident(child) > 4 * MEMORY else "hang" if time.monotonic() - since > 2 * SECONDS else ""
        if ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return ended, "(it was killed)"
        time.sleep(0.02)


def _peak(reset: bool = False) -> int:
    """The most memory that this process has had, in bytes; from now on, if it is reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _resident(process: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * mmap.PAGESIZE
    return 0


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Outcomes of each target, as Markdown."""
    yield f"| target | inputs | {' | '.join(OUTCOMES)} | slowest (s) | most memory (MB) |"
    yield f"|{' --- |' * (len(OUTCOMES) + 4)}"
    by_target = {
        name: [row for row in rows if row.target == name] for name in dict.fromkeys(row.target for row in rows)
    }
    for name, some in {**by_target, "all": rows}.items():
        counts = Counter(row.outcome for row in some)
        cells = [f"{len(some):,}", *(f"{counts[outcome]:,}" for outcome in OUTCOMES)]
        cells += [f"{max(row.seconds for row in some):.1f}", f"{max(row.memory for row in some) / 1e6:.0f}"]
        yield f"| {name} | {' | '.join(cells)} |"
