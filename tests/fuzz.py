"""Damaged files and odd texts for everything that reads what people bring: `make fuzz MINUTES=10`.

Every reader is given good input that was damaged at random, in a process of its own. It may read it, or refuse it with
a UserError; any other exception, the death of the process, more than SECONDS and more than MEMORY are faults. What is a
fault is kept below --out, and `--seed S --only TARGET --index I` reads the same input again.
"""

import argparse
import contextlib
import gzip
import io
import json
import mmap
import os
import random
import re
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import longthink as lt
from longthink import registry
from longthink.base.download import download_archive
from longthink.base.errors import UserError
from longthink.base.pictures import SUFFIXES
from longthink.cli._app import changes_from
from longthink.figures import scene
from longthink.training.converting import convert
from longthink.training.loop import train
from longthink.training.runs import SHIPPED, open_run

SECONDS = 10.0
"""That one input may take."""
MEMORY = 2**30
"""Bytes that one input may take."""
OUTCOMES = ("read", "refused", "exception", "death", "hang", "flood")
FAULTS = OUTCOMES[2:]
ODD_NUMBERS = ("0", "-1", "1", "2", "255", "256", "65536", "2147483648", "1000000000000", "9" * 30, "9" * 5000, "1.5")
ODD_TEXTS = (
    "\0", "\ufeff", "²", "٣", "é", "\r\n", "\n\n", '"', ",", ";", "\t", " ", "#", "-", "|", "null", "nan", "1e400",
    "..", "/", "x" * 300, "0" * 200_000,
)  # fmt: skip
ODD_VALUES = (None, True, -1, 0, 1, 2**31, 10**12, 10**400, 0.5, 1e308, float("nan"), "", "x" * 300, "²", [], {}, [[]])
ODD_BYTES = (b"\0", b"\xff", b"\x80", b"\x7f", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff" * 8)


@dataclass(frozen=True)
class Target:
    """A reader: what good input it has, below a folder, and how such a folder is read; `out` is for what it makes."""

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path, Path], object]


# ------------------------------------------------------------------------------------------------ what is read


def targets() -> list[Target]:
    """All readers: of texts, of files of every format, of stores, runs, recipes and archives."""
    return [*texts(), *pictures(), *files(), *stores(), *others()]


TEXTS: dict[str, tuple[str, ...]] = {
    "prefix_sums": ("1011001", "1 0 1 1"),
    "mazes": (
        "###\n#S#\n# #\n#G#\n###",
        "#####\nS   #\n### #\n#   G\n#####",
        "+--+--+\n|S    |\n+--+  +\n|    E|\n+--+--+",
    ),
    "chess_puzzles": (
        "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1 a1a8",
        "6k1/5ppp/8/8/8/8/8/R3K3 w - - bm Ra8#; id \"x\";",
        "r3k2r/pppppppp/8/8/8/8/PPPPPPPP/R3K2R b KQkq - 0 1 O-O",
    ),
    "group_composition": ("3 1",),
    "group_products": ("3 1",),
    "sudoku": (
        "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79",
        "+---+---+\n|1 .|3 4|\n|3 4|. 2|\n+---+---+\n|2 1|4 .|\n|. 3|2 1|\n+---+---+",
    ),
}  # fmt: skip


def texts() -> Iterator[Target]:
    for name, known in TEXTS.items():
        problem = lt.problem(name)

        def make(folder: Path, known: tuple[str, ...] = known) -> None:
            for number, text in enumerate(known):
                (folder / f"{number}.txt").write_text(text)

        def read(folder: Path, out: Path, problem: lt.Problem = problem) -> None:
            _each(folder, lambda path: _parse(problem, path.read_bytes().decode(errors="surrogateescape")))

        yield Target(f"text {name}", make, read)


def pictures() -> Iterator[Target]:
    for name, size, step in (("mazes", 7, 8), ("images", 1, 4)):
        problem = lt.problem(name)
        pixels = scene.pixels(problem.view.scene(problem.sample(size, 1)))[::step, ::step]

        def make(folder: Path, pixels: NDArray[np.uint8] = pixels) -> None:
            for suffix in {*SUFFIXES} - {".pgm", ".pbm"}:  # which have no colours
                Image.fromarray(pixels).save(folder / f"some{suffix}")

        def read(folder: Path, out: Path, problem: lt.Problem = problem) -> None:
            _each(folder, lambda path: _parse(problem, str(path)))

        yield Target(f"picture {name}", make, read)


def _each(folder: Path, read: Callable[[Path], object]) -> None:
    """Read each file; a refusal is told after all."""
    refused = None
    for path in sorted(folder.iterdir()):
        try:
            read(path)
        except UserError as error:
            refused = error
    if refused is not None:
        raise refused


def _parse(problem: lt.Problem, text: str) -> None:
    problem.view.scene(problem.view.parse(text))


SAMPLES: dict[str, tuple[lt.Problem, int]] = {
    "prefix_sums": (lt.problem("prefix_sums"), 8),
    "mazes": (lt.problem("mazes"), 5),
    "chess_puzzles": (lt.problem("chess_puzzles"), 1),
    "sudoku": (lt.problem("sudoku"), 40),
    "images": (lt.problem("images"), 1),
}


def files() -> Iterator[Target]:
    """Of each format: what it writes is read again, and brought in, as far as it does that."""
    for name in registry.names("formats"):
        made = registry.build("formats", name, {})
        for problem, level in SAMPLES.values():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    _write(made, problem, level, Path(folder))
                except UserError:
                    continue
                called = f"{name} {registry.name_of(type(problem))}"

                def make(
                    folder: Path, made: lt.Format = made, problem: lt.Problem = problem, level: int = level
                ) -> None:
                    _write(made, problem, level, folder)

                def read(
                    folder: Path, out: Path, made: lt.Format = made, problem: lt.Problem = problem, level: int = level
                ) -> None:
                    made.read(problem, level, folder)

                def bring(folder: Path, out: Path, made: lt.Format = made) -> None:
                    first = [path for path in folder.rglob("*") if path.is_file()]
                    made.import_files([folder] if len(first) > 1 else first, out, skip=bool(out.name[-1] in "02468"))

                yield Target(f"read {called}", make, read)
                try:
                    bring(Path(folder), Path(folder) / "out0")
                except UserError:
                    continue
                yield Target(f"import {called}", make, bring)


def stores() -> Iterator[Target]:
    """Folders that were brought in, and are drawn from."""
    for name, (problem, level) in SAMPLES.items():
        if "source" not in type(problem).model_fields:
            continue
        made = next(
            target for target in files() if target.name.startswith("import ") and target.name.endswith(f" {name}")
        )

        def make(folder: Path, made: Target = made) -> None:
            with tempfile.TemporaryDirectory() as scratch:
                made.make(Path(scratch))
                made.read(Path(scratch), folder / "store0")

        def read(folder: Path, out: Path, problem: lt.Problem = problem, level: int = level) -> None:
            sourced = problem.revised({"source": str(folder / "store0")})
            for split in ("train", "validation", "test"):
                with contextlib.suppress(UserError):
                    puzzles = sourced.sample(level, 2, split=split, repeats=True)
                    sourced.correct(puzzles.y, puzzles)
                    sourced.view.scene(puzzles[:1])

        yield Target(f"store {name}", make, read)


def others() -> Iterator[Target]:
    def run(folder: Path) -> None:
        shutil.copytree(SHIPPED / "prefix_sums", folder, dirs_exist_ok=True)
        (folder / "history.jsonl").write_text('{"step": 1, "loss": 0.5, "seconds": 1.0}\n' * 3)

    def use(folder: Path, out: Path) -> None:
        opened = open_run(folder)
        opened.history()
        opened.recipe()
        net = opened.model()
        lt.solve(net, lt.problem("prefix_sums").view.parse("1011"), limit=3)

    tiny = lt.recipe("prefix_sums_laptop").revised(
        {
            "model.width": 4,
            "steps": 3,
            "curriculum.lowest": 8,
            "curriculum.start": 8,
            "curriculum.highest": 8,
            "batch": 4,
            "validation.count": 4,
        }
    )

    def begun(folder: Path) -> None:
        train(tiny, folder / "run", checkpoint_seconds=0)

    def resume(folder: Path, out: Path) -> None:
        train(open_run(folder / "run").recipe(), folder / "run", resume=True)

    def tokens(folder: Path) -> None:
        (folder / "options.txt").write_text("--model.width 32 --optimiser sgd --optimiser.lr 1e-2 --steps 10 --seed=3")

    def revise(folder: Path, out: Path) -> None:
        text = (folder / "options.txt").read_bytes().decode(errors="surrogateescape")
        lt.recipe("prefix_sums_laptop").revised(changes_from(text.split(" ")))

    def archive(folder: Path) -> None:
        import tarfile

        (folder / "bits").mkdir()
        (folder / "bits" / "one.txt").write_text("1011")
        with tarfile.open(folder / "bits.tar.gz", "w:gz") as tar:
            tar.add(folder / "bits", "bits")
        shutil.rmtree(folder / "bits")

    def unpack(folder: Path, out: Path) -> None:
        download_archive((folder / "bits.tar.gz").as_uri(), out, "bits", verify=lambda _: None)

    def checkpoint(folder: Path) -> None:
        shapes = {
            "projection.0": (4, 3),
            "recur_block.0": (4, 7),
            "head.0": (32, 4),
            "head.2": (8, 32),
            "head.4": (2, 8),
        }
        shapes |= {f"recur_block.1.{pair}.conv{half}": (4, 4) for pair in (0, 1) for half in (1, 2)}
        weights = {f"module.{name}.weight": torch.zeros(*shape, 3, 3) for name, shape in shapes.items()}
        torch.save({"net": weights, "epoch": 3}, folder / "model_best.pth")

    yield Target("run", run, use)
    yield Target("checkpoint of others", checkpoint, lambda folder, out: convert(folder / "model_best.pth", out))
    yield Target("run that is resumed", begun, resume)
    yield Target("options", tokens, revise)
    yield Target("archive", archive, unpack)


def _write(made: lt.Format, problem: lt.Problem, level: int, folder: Path) -> None:
    made.write([problem.sample(level, 4, split="train", repeats=True)], 4, folder)


# ------------------------------------------------------------------------------------------------ damage


def damage(data: bytes, path: Path, rng: random.Random) -> bytes:
    """A file's bytes with a few faults; half of the time inside what the file packs, so that it still unpacks."""
    if rng.random() < 0.5:
        with contextlib.suppress(Exception):  # then it is not packed so
            return _inside(data, path, rng)
    return _bytes_of(data, rng)


def _inside(data: bytes, path: Path, rng: random.Random) -> bytes:
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(damage(gzip.decompress(data), path.with_suffix(""), rng))
    if data.startswith(b"\x89PNG"):
        return _png(data, rng)
    if zipfile.is_zipfile(io.BytesIO(data)):
        return _zip(data, rng)
    if path.suffix in (".json", ".jsonl"):
        lines = data.decode().splitlines() if path.suffix == ".jsonl" else [data.decode()]
        chosen = rng.randrange(len(lines))
        lines[chosen] = json.dumps(_tree(json.loads(lines[chosen]), rng))
        return "\n".join(lines).encode()
    if path.suffix == ".safetensors":
        length = struct.unpack("<Q", data[:8])[0]
        header = json.dumps(_tree(json.loads(data[8 : 8 + length]), rng)).encode()
        return struct.pack("<Q", len(header)) + header + data[8 + length :]
    return _text_of(data.decode(), rng).encode(errors="surrogateescape")


def _png(data: bytes, rng: random.Random) -> bytes:
    """One chunk of a PNG damaged, with a checksum that fits."""
    chunks, at = [], 8
    while at < len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    chosen = rng.randrange(len(chunks))
    kind, inside = chunks[chosen]
    if kind == b"IDAT" and rng.random() < 0.5:
        inside = zlib.compress(_bytes_of(zlib.decompress(inside), rng))
    else:
        inside = _bytes_of(inside, rng)
    chunks[chosen] = kind, inside
    packed = (
        struct.pack(">I", len(one)) + kind + one + struct.pack(">I", zlib.crc32(kind + one)) for kind, one in chunks
    )
    return data[:8] + b"".join(packed)


def _zip(data: bytes, rng: random.Random) -> bytes:
    """One member of an archive damaged, such as the pickle of a checkpoint."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        members = old.namelist()
        chosen = rng.choice(members)
        for name in members:
            inside = old.read(name)
            new.writestr(name, _bytes_of(inside, rng) if name == chosen else inside)
    return out.getvalue()


def _tree(tree: object, rng: random.Random) -> object:
    """JSON with one value changed, a key lost or another one there."""
    if isinstance(tree, dict) and tree and rng.random() < 0.9:
        key = rng.choice(sorted(tree))
        what = rng.random()
        if what < 0.1:
            return {name: value for name, value in tree.items() if name != key}
        if what < 0.2:
            return {**tree, rng.choice(ODD_TEXTS)[:50]: rng.choice(ODD_VALUES)}
        return {**tree, key: _tree(tree[key], rng)}
    if isinstance(tree, list) and tree and rng.random() < 0.8:
        place = rng.randrange(len(tree))
        return [*tree[:place], _tree(tree[place], rng), *tree[place + 1 :]]
    return rng.choice(ODD_VALUES)


def _text_of(text: str, rng: random.Random) -> str:
    """A text with a number, a line or a few letters changed."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(text) + 1)
        kind = rng.randrange(6)
        if kind == 0 and (numbers := [*re.finditer(r"\d+", text)]):
            found = rng.choice(numbers)
            text = text[: found.start()] + rng.choice(ODD_NUMBERS) + text[found.end() :]
        elif kind == 1:
            text = text[:place] + rng.choice(ODD_TEXTS) + text[place:]
        elif kind == 2:
            lines = text.splitlines(keepends=True) or [""]
            line = rng.choice(lines)
            text = "".join(lines) + line * rng.choice((1, 1, 1 + 100_000 // max(1, len(line))))
        elif kind == 3:
            text = text[:place] + text[place + rng.choice((1, 1, 5, 100)) :]
        elif kind == 4 and text:
            other = rng.randrange(len(text))
            text = text[:place] + text[other : other + rng.choice((1, 3, 20))] + text[place + 1 :]
        else:
            letter = rng.choice("0123456789abcdefghxyzKQRBNPSGEO#. -+|/,;:=")
            text = text[:place] + letter + text[place + 1 :]
    return text


def _bytes_of(data: bytes, rng: random.Random) -> bytes:
    """Bytes flipped, lost, doubled, put in or cut off."""
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        # Headers are at the beginning, and there most faults count.
        place = rng.randrange(min(len(data), 200) + 1) if rng.random() < 0.6 else rng.randrange(len(data) + 1)
        length = rng.choice((1, 1, 2, 4, 8, 100, 5000))
        kind = rng.randrange(6)
        if kind == 0 and place < len(data):
            data = data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
        elif kind == 1:
            odd = rng.choice(ODD_BYTES)
            data = data[:place] + odd + data[place + len(odd) :]
        elif kind == 2:
            data = data[:place] + data[place + length :]
        elif kind == 3:
            data = data[:place] + data[place : place + length] * 2 + data[place + length :]
        elif kind == 4:
            data = data[:place] + rng.randbytes(length) + data[place:]
        else:
            data = data[:place]
    return data


# ------------------------------------------------------------------------------------------------ running


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


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=10.0, help="for all targets together")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", default="", help="targets whose names hold this")
    options.add_argument("--index", type=int, help="only this input of the first of them; its error is raised")
    options.add_argument("--out", type=Path, default=Path("runs/fuzz"), help="where inputs that are faults are kept")
    asked = options.parse_args()
    torch.set_num_threads(1)
    rows: list[Row] = []
    chosen = [target for target in targets() if asked.only in target.name]
    shutil.rmtree(asked.out, ignore_errors=True)
    for target in chosen:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            scratch, good = Path(folder), Path(folder) / "good"
            good.mkdir()
            target.make(good)
            target.read(good, scratch / "out-0")  # which compiles kernels, and refuses nothing
            if asked.index is not None:
                target.read(*damaged(target, good, asked.index, asked.seed, scratch))
                return 0
            end = time.monotonic() + 60 * asked.minutes / len(chosen)
            found = fuzz(target, good, asked.seed, range(10**9), end, scratch)
            for row in [row for row in found if row.outcome in FAULTS][:5]:
                place = asked.out / f"{row.target.replace(' ', '-')}-{row.number}"
                shutil.copytree(damaged(target, good, row.number, asked.seed, scratch / "kept")[0], place)
        rows += found
        faults = Counter(row.outcome for row in found if row.outcome in FAULTS)
        print(f"{target.name}: {len(found)} inputs, faults: {dict(faults) or 'none'}", file=sys.stderr, flush=True)
    print(*table(rows), sep="\n")
    faults = [row for row in rows if row.outcome in FAULTS]
    for row in list({f"{row.target} {row.outcome} {row.told}": row for row in faults}.values())[:100]:
        print(f"- {row}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
