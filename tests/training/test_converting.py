"""Nets of the field's code bases: the same outputs here; other files are refused, and nothing in them is run."""

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from longthink.base.errors import UserError
from longthink.cli import main
from longthink.study.compare import compare
from longthink.thinking.loop import think
from longthink.training.converting import NOT_KNOWN, convert
from longthink.training.runs import open_run

Weights = dict[str, Tensor]
WIDTH = 8
INPUTS = {"prefix_sums": 1, "mazes": 3, "chess_puzzles": 12}


def drawn(shapes: dict[str, tuple[int, int]], problem: str) -> Weights:
    """Weights by name for (out, in) channels, three wide along each axis."""
    rng = torch.Generator().manual_seed(0)
    along = (3,) if problem == "prefix_sums" else (3, 3)
    return {f"{name}.weight": torch.randn(*shape, *along, generator=rng) / 4 for name, shape in shapes.items()}


def pairs(block: str) -> dict[str, tuple[int, int]]:
    return {f"{block}.{pair}.conv{which}": (WIDTH, WIDTH) for pair in (0, 1) for which in (1, 2)}


def head(names: tuple[str, str, str], problem: str) -> dict[str, tuple[int, int]]:
    first, second = (WIDTH, WIDTH // 2) if problem == "prefix_sums" else (32, 8)
    return dict(zip(names, ((first, WIDTH), (second, first), (2, second)), strict=True))


def dt_net(problem: str, recall: bool) -> Weights:
    """deep-thinking's: in its nets for strings an activation, which is counted too, follows the recall."""
    inputs = INPUTS[problem]
    step: dict[str, tuple[int, int]] = {"recur_block.0": (WIDTH, WIDTH + inputs)} if recall else {}
    number = 0 if not recall else 2 if problem == "prefix_sums" else 1
    head_of = head(("head.0", "head.2", "head.4"), problem)
    return drawn({"projection.0": (WIDTH, inputs), **step, **pairs(f"recur_block.{number}"), **head_of}, problem)


def feedforward(problem: str, recall: bool, blocks: int = 5) -> Weights:
    inputs = INPUTS[problem]
    shapes: dict[str, tuple[int, int]] = {"recall_layer": (WIDTH, WIDTH + inputs)} if recall else {}
    for number in range(blocks):
        shapes |= pairs(f"feedforward_layers.{number}.0")
    head_of = head(("head.0", "head.2", "head.4"), problem)
    return drawn({"projection.0": (WIDTH, inputs), **shapes, **head_of}, problem)


def easy_to_hard(problem: str, blocks: int) -> Weights:
    shapes = {"conv1": (WIDTH, INPUTS[problem])}
    for number in range(blocks):
        shapes |= pairs(f"recur_block.{number}")
    return drawn({**shapes, **head(("conv2", "conv3", "conv4"), problem)}, problem)


def thoughts(weights: Weights, x: Tensor, steps: int, norm: bool) -> list[Tensor]:
    """What such a net says after each step, by the papers: h(r(... r(p(x)))), with recall before each r or without."""
    line = x.ndim == 3
    conv = F.conv1d if line else F.conv2d

    def layer(name: str, features: Tensor) -> Tensor:
        return conv(features, weights[f"{name}.weight"], padding=1)

    def normed(features: Tensor) -> Tensor:
        return F.group_norm(features, 4) if norm else features

    def read(features: Tensor) -> Tensor:
        names = [
            name for name in ("head.0", "head.2", "head.4", "conv2", "conv3", "conv4") if f"{name}.weight" in weights
        ]
        return layer(names[2], layer(names[1], layer(names[0], features).relu()).relu())

    blocks = sorted({name.rsplit(".", 3)[0] for name in weights if name.endswith(".0.conv1.weight")})
    features = layer("projection.0" if "projection.0.weight" in weights else "conv1", x).relu()
    said = []
    for step in range(steps):
        for recall in ("recur_block.0", "recall_layer"):
            if f"{recall}.weight" in weights:
                features = layer(recall, torch.cat([features, x], 1))
                features = features.relu() if line else features
        block = blocks[min(step, len(blocks) - 1)]
        for pair in (0, 1):
            inner = normed(layer(f"{block}.{pair}.conv1", features)).relu()
            features = (normed(layer(f"{block}.{pair}.conv2", inner)) + features).relu()
        said.append(read(features))
    return said


def save(weights: Weights, path: Path, **others: Any) -> Path:
    """As the field's training does, in parallel."""
    net = {f"module.{name}": weight for name, weight in weights.items()}
    torch.save({"net": net, "epoch": 49, "optimizer": {"state": {}, "param_groups": [{"lr": 1e-3}]}, **others}, path)
    return path


NETS: dict[str, tuple[Callable[[str], Weights], str, dict[str, Any], list[str]]] = {
    "DT": (
        lambda problem: dt_net(problem, False),
        "dt_net",
        {"recall": False},
        ["prefix_sums", "mazes", "chess_puzzles"],
    ),
    "DT-Recall": (
        lambda problem: dt_net(problem, True),
        "dt_net",
        {"recall": True},
        ["prefix_sums", "mazes", "chess_puzzles"],
    ),
    "feed-forward": (
        lambda problem: feedforward(problem, False),
        "feedforward",
        {"limit": 5},
        ["prefix_sums", "mazes"],
    ),
    "feed-forward with recall": (
        lambda problem: feedforward(problem, True),
        "feedforward",
        {"recall": True},
        ["mazes"],
    ),
    "easy-to-hard": (
        lambda problem: easy_to_hard(problem, 1),
        "dt_net",
        {"recall": False},
        ["prefix_sums", "chess_puzzles"],
    ),
    "easy-to-hard, feed-forward": (lambda problem: easy_to_hard(problem, 5), "feedforward", {"limit": 5}, ["mazes"]),
}


@pytest.mark.parametrize("norm", [False, True], ids=["", "group norm"])
@pytest.mark.parametrize(
    ("kind", "problem"), [(kind, problem) for kind, (*_, problems) in NETS.items() for problem in problems]
)
def test_a_net_says_the_same_after_each_iteration(tmp_path: Path, kind: str, problem: str, norm: bool) -> None:
    make, model, options, _ = NETS[kind]
    weights = make(problem)
    changes = {"model.norm": "inside"} if norm else {}
    run = convert(save(weights, tmp_path / "model_best.pth"), tmp_path / "run", changes=changes)
    recipe = run.recipe()
    assert recipe.options()["problem.name"] == problem
    assert recipe.model.name == model
    assert {name: recipe.model.options[name] for name in options} == options
    x = recipe.problem.sample(recipe.problem.easy, 3).x.double()
    exact = {name: weight.double() for name, weight in weights.items()}
    with torch.no_grad():
        for thought, said in zip(think(run.model().double(), x, 5), thoughts(exact, x, 5, norm), strict=True):
            assert said.abs().max() > 1e-3
            torch.testing.assert_close(thought.read(), said, atol=1e-5, rtol=1e-9)


@pytest.mark.parametrize("wrapped", ["net", "state_dict", ""])
def test_weights_may_be_held_otherwise_and_of_fewer_bits(tmp_path: Path, wrapped: str) -> None:
    weights = {name: weight.half() for name, weight in dt_net("mazes", True).items()}
    torch.save({wrapped: weights} if wrapped else weights, tmp_path / "model.pt")
    net = convert(tmp_path / "model.pt", tmp_path / "run").model()
    assert torch.equal(net.get_parameter("projection.0.weight"), weights["projection.0.weight"].float())


def test_what_is_known_and_what_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(dt_net("mazes", True), tmp_path / "model_best.pth")
    out = str(tmp_path / "run")
    assert main(["convert", str(path), "--problem", "mazes", "--out", out, "--problem.openings", "0.5"]) == 0
    told = capsys.readouterr().out
    assert "dt_net of 8,064 parameters (width 8, head (32, 8), recall True, norm none)" in told
    assert "how it was trained is not known" in told
    task = json.loads((tmp_path / "run" / "recipe.json").read_text())["task"]
    assert (task["file"], task["epoch"], task["note"]) == ("model_best.pth", 49, NOT_KNOWN)
    assert len(task["sha256"]) == 64
    assert task["problem"]["openings"] == 0.5
    rows = compare([open_run(out)], [9], iterations=3, count=2, progress=False)
    assert rows["iteration"].tolist() == [1, 2, 3]
    assert "regime" not in rows
    assert main(["test", out, "--level", "9", "--iterations", "3", "--count", "2"]) == 0
    assert (tmp_path / "run" / "test-9.png").stat().st_size > 1000
    assert main(["train", out, "--out", str(tmp_path / "again")]) == 2
    assert "converted from model_best.pth, and how it was trained is not known" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()
    assert main(["convert", str(path), "--out", out]) == 2
    assert "exists already" in capsys.readouterr().err


class _Runs:
    """What a pickle of it would do when it is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("it-was-run"),)


def changed(**changes: Any) -> dict[str, Any]:
    """A good net's weights, some changed; None takes them away."""
    weights: dict[str, Any] = {
        **dt_net("mazes", True),
        **{name.replace("__", "."): one for name, one in changes.items()},
    }
    return {"net": {name: weight for name, weight in weights.items() if weight is not None}}


NAN = torch.full((WIDTH, 3, 3, 3), torch.nan)
FILES: dict[str, tuple[Any, str]] = {
    "runs something": ({"net": dt_net("mazes", True), "log": _Runs()}, "more than tensors and plain values"),
    "nan": (changed(projection__0__weight=NAN), "projection.0.weight in .* no finite numbers"),
    "infinite": (changed(projection__0__weight=NAN.nan_to_num(torch.inf)), "no finite numbers"),
    "whole numbers": (changed(projection__0__weight=NAN.nan_to_num().int()), "no plain tensor of fractions"),
    "meta": (changed(projection__0__weight=torch.empty(8, 3, 3, 3, device="meta")), "no plain tensor of fractions"),
    "sparse": (changed(projection__0__weight=torch.zeros(8, 3, 3, 3).to_sparse()), "no plain tensor of fractions"),
    "endless": (changed(projection__0__weight=torch.zeros(1).expand(10**6, 10**6, 3, 3)), "larger than the file"),
    "wide": (changed(projection__0__weight=torch.zeros(50_000, 3, 3, 3)), "would be .*50000"),
    "lacks a layer": (
        changed(recur_block__1__1__conv2__weight=None),
        "lacks what is block.pairs.1.second.0.weight here",
    ),
    "lacks a head": (changed(head__2__weight=None), "it lacks a head"),
    "lacks a first layer": (changed(projection__0__weight=None), "it lacks a first layer"),
    "three pairs": (
        changed(recur_block__1__2__conv1__weight=torch.zeros(8, 8, 3, 3)),
        "block.pairs.2.* would not be there",
    ),
    "five wide": (changed(head__0__weight=torch.zeros(32, 8, 5, 5)), r"head.0.weight here would be \[32, 8, 3, 3\]"),
    "a bias": (changed(head__0__bias=torch.zeros(32)), "it has 'head.0.bias'"),
    "another net": ({"net": {"layer1.0.conv1.weight": torch.zeros(4, 4, 3, 3)}}, "it has 'layer1.0.conv1.weight'"),
    "both kinds": (changed(conv1__weight=torch.zeros(8, 3, 3, 3)), "it has layers of both"),
    "twice": (changed(module__head__0__weight=torch.zeros(32, 8, 3, 3)), "head.0.weight twice"),
    "lines and grids": (changed(head__0__weight=torch.zeros(32, 8, 3)), "some of its layers are for strings"),
    "no tensor": (changed(head__0__weight=[1.0]), "'head.0.weight' among its weights, which is no tensor"),
    "no name": ({"net": {7: torch.zeros(3)}}, "'7' among its weights"),
    "empty": ({"net": {}}, "holds no weights"),
    "a list": ([torch.zeros(3)], "no weights by name"),
    "recall on a line": ({"net": feedforward("prefix_sums", True)}, "recall has no activation"),
    "two channels": (
        {
            name: weight[:, :2] if name == "projection.0.weight" else weight
            for name, weight in dt_net("mazes", False).items()
        },
        "takes 2 channels on a grid, as no problem of .* --problem",
    ),
}


@pytest.mark.parametrize("file", FILES)
def test_files_that_are_refused(tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content, message = FILES[file]
    torch.save(content, "model.pth")
    with pytest.raises(UserError, match=message):
        convert(Path("model.pth"), Path("run"))
    assert [path.name for path in tmp_path.iterdir()] == ["model.pth"]


def _squeezed(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content + bytes(10**6))


def _cut_storages(path: Path) -> None:
    """The pickle says of each storage that it is longer than it is."""
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content[:8] if name.split("/")[1] == "data" else content)


def _plain_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(_Runs()))


def _script(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/code/__torch__.py", "def forward(self): ...")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-500]), "no checkpoint of torch 1.6"),
        (lambda path: path.write_bytes(b""), "no checkpoint of torch 1.6"),
        (lambda path: path.unlink(), "There is no file"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read: Is a directory"),
        (_plain_pickle, "no checkpoint of torch 1.6"),
        (_script, "TorchScript program"),
        (_squeezed, "packed, which torch.save never does"),
        (_cut_storages, "damaged or cannot be read"),
    ],
)
def test_damaged_files_are_told(
    tmp_path: Path, damage: Callable[[Path], object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = save(dt_net("mazes", True), Path("model.pth"))
    damage(path)
    with pytest.raises(UserError, match=message):
        convert(path, Path("run"))
    assert not Path("run").exists()
    assert not Path("it-was-run").exists()


def test_flipped_bytes_end_in_a_sentence_or_a_net(tmp_path: Path) -> None:
    whole = save(dt_net("mazes", True), tmp_path / "model.pth").read_bytes()
    damaged = tmp_path / "damaged.pth"
    ends = {"net": 0, "told": 0}
    for number, place in enumerate(range(0, len(whole), len(whole) // 60)):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << number % 8)]) + whole[place + 1 :])
        try:
            convert(damaged, tmp_path / f"run-{number}")
            ends["net"] += 1
        except UserError:
            ends["told"] += 1
    assert min(ends.values()) > 0


def test_another_problem_may_be_named_if_it_has_such_an_input(tmp_path: Path) -> None:
    path = save(dt_net("mazes", True), tmp_path / "model.pth")
    with pytest.raises(UserError, match="takes 3 channels on a grid, and prefix_sums has 1 on a line"):
        convert(path, tmp_path / "run", problem="prefix_sums")
    with pytest.raises(UserError, match="no option 'model.nrom'"):
        convert(path, tmp_path / "run", changes={"model.nrom": "inside"})
    assert not (tmp_path / "run").exists()
