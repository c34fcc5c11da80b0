"""Graphs say what nets say, in any size and batch, and what is no graph is refused in a sentence."""

import json
import sys
from pathlib import Path

import pytest
import torch

import longthink as lt
from longthink import registry
from longthink.base.errors import UserError
from longthink.cli import main
from longthink.contracts import Spec, Thinker
from longthink.training.runs import open_run
from longthink.viewer.export import MANIFEST, Graphs, difference, export, write_graphs

SMALL = {"width": 8, "head": (4, 4)}
COUNTING = ("composer", "doubling")
"""Nets whose steps differ without end."""


def small(name: str, spec: Spec | None = None, **options: object) -> Thinker:
    cls = registry.find("models", name)
    known = registry.options(cls).model_fields
    chosen = {option: value for option, value in SMALL.items() if option in known}
    net: Thinker = cls(spec or cls.specs()[0], **{**chosen, **options})
    return net.eval()


@pytest.mark.parametrize(
    ("net", "files"),
    [
        (small("dt_net"), 1),
        (small("dt_net", Spec(3, 2, "grid"), pooling=2, recall=True), 1),
        (small("feedforward", limit=3), 3),
        (small("conv_net"), 1),
        (small("row_column_box"), 1),
    ],
    ids=["line", "pooled grid", "feed-forward", "counted but shared", "houses"],
)
@torch.no_grad()
def test_graphs_are_the_net(net: Thinker, files: int, tmp_path: Path) -> None:
    registered = registry.find("models", registry.name_of(type(net)))
    spec = next(one for one in (Spec(3, 2, "grid"), *registered.specs()) if _takes(net, one))
    graphs = write_graphs(net, spec.example(2), tmp_path)
    assert len(graphs["step"]["files"]) == files
    sessions = Graphs(tmp_path, graphs)
    for count, size in ((2, None), (5, spec.size or 10)):
        x = spec.example(count, size, seed=1)
        assert difference(sessions, net, x, min(7, net.limit or 7)) < 1e-5
    assert difference(sessions, net, spec.example(2), 1) < 1e-5


def _takes(net: Thinker, spec: Spec) -> bool:
    try:
        net.see(spec.example(1))
    except (UserError, RuntimeError):
        return False
    return True


@pytest.mark.parametrize("name", COUNTING)
def test_nets_whose_steps_differ_for_ever_are_refused(name: str, tmp_path: Path) -> None:
    net = small(name)
    with pytest.raises(UserError, match=f"A {name} counts its iterations"):
        write_graphs(net, type(net).specs()[0].example(2), tmp_path)


class Sorting(Thinker):
    """A step that no graph has: it looks at the numbers to decide what to do."""

    def __init__(self, spec: Spec):
        super().__init__()

    def start(self, seen: torch.Tensor) -> torch.Tensor:
        return seen

    def step(self, state: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return state + 1 if float(state.sum()) > 0 else state

    def read(self, state: torch.Tensor) -> torch.Tensor:
        return state


def test_a_net_that_is_no_graph_is_refused_with_what_is_in_the_way(tmp_path: Path) -> None:
    spec = Spec(2, 2)
    with pytest.raises(UserError, match=r"This net cannot be exported: .+\.$") as refused:
        write_graphs(Sorting(spec), spec.example(2), tmp_path)
    assert "\n" not in str(refused.value)


def test_a_run_is_exported_whole_with_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "net"
    assert main(["export", "prefix_sums", "--out", str(out), "--level", "9", "--level", "20"]) == 0
    assert "level 9: outputs differ by at most" in capsys.readouterr().out
    manifest = json.loads((out / MANIFEST).read_text())
    assert manifest["problem"] == {"name": "prefix_sums"}
    assert manifest["inputs"] == {"x": [None, 1, None]}
    assert manifest["trained"] == {"lowest": 2, "highest": 32, "iterations": open_run("prefix_sums").recipe().regime}
    assert manifest["spec"]["outputs"] == 2
    assert all(value < 1e-4 for value in manifest["differences"].values())
    files = {name for graph in manifest["graphs"].values() for name in graph["files"]}
    assert {path.name for path in out.iterdir()} == {MANIFEST, *files}
    puzzles = lt.problem("prefix_sums").sample(level=40, count=3, seed=5)
    (output,) = Graphs(out).think([puzzles.x], 60)
    assert torch.equal(torch.from_numpy(output).argmax(1), puzzles.y)
    assert main(["export", "prefix_sums", "--out", str(out)]) == 2
    assert "exists already; choose another folder" in capsys.readouterr().err


def test_without_onnx_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"pip install 'longthink\[export\]'"):
        export(open_run("prefix_sums"), tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_graphs_that_say_something_else_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longthink.viewer.export.difference", lambda *_: float("nan"))
    with pytest.raises(UserError, match="The graphs are not the net: at level 6"):
        export(open_run("prefix_sums"), tmp_path / "net", [6])
    assert not list(tmp_path.iterdir())
