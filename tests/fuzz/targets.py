"""Everything that reads what people bring, and good input for it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import longthink as lt
from longthink import registry
from longthink.base.download import download_archive
from longthink.base.errors import UserError
from longthink.base.pictures import SUFFIXES
from longthink.base.splits import Split
from longthink.cli._app import changes_from
from longthink.figures import scene
from longthink.training.converting import convert
from longthink.training.loop import train
from longthink.training.runs import SHIPPED, open_run


@dataclass(frozen=True)
class Target:
    """A reader: what good input it has, below a folder, and how such a folder is read; `out` is for what it makes."""

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path, Path], object]


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
    "chess_puzzles": (lt.problem("chess_puzzles", unit="rating", width=3000), 3000),
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


SPLITS: tuple[Split, ...] = get_args(Split)


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
            refused = list[UserError]()
            for split in SPLITS:
                try:
                    puzzles = sourced.sample(level, 2, split=split, repeats=True)
                    sourced.correct(puzzles.y, puzzles)
                    sourced.view.scene(puzzles[:1], puzzles.y[0])
                except UserError as error:  # good ones have puzzles of one split alone
                    refused.append(error)
            if len(refused) == len(SPLITS):
                raise refused[0]

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
