"""A net as ONNX graphs that others can run, in a browser or anywhere: what it sees, its start, its step, its answer.

    see.onnx     inputs -> what the net sees of them, computed once
    start.onnx   seen -> state
    step.onnx    state, seen -> state
    read.onnx    state -> output

A net with its own number of steps, which differ, has a graph for each: step-1.onnx, step-2.onnx, ... The batch and the
positions are free. `manifest.json` says what is what. A state, or what is seen, may be of several tensors, which are
numbered: state_0, state_1, ...
"""

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from longthink.base.errors import UserError
from longthink.base.files import atomic_folder, check_writable
from longthink.contracts import Inputs, Thinker, each_tensor, tensors_of
from longthink.plugin_options import named
from longthink.registry import name_of
from longthink.thinking.loop import last_state
from longthink.thinking.stops import Settled
from longthink.training.runs import Run

MANIFEST = "manifest.json"
FORMAT = 1
"""Of the manifest; another one is for another reader."""
OPSET = 20
BATCH, FREE = torch.export.Dim.DYNAMIC, torch.export.Dim.AUTO
"""An axis that has to be free, and one that is unless the net is for one size."""
SIZES = 3
COUNT = 2
"""How many levels are checked, and with how many puzzles each."""
LOOKED_AT = 3
"""Steps of a net that counts them: the last two of them have to be the same graph."""
ITERATIONS = 50
"""That the graphs and torch are compared after."""
AGREE = 1e-3
"""The largest difference of two outputs, relative to the largest number in them, that counts as the same."""
LICENCE = "Apache-2.0"
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Exported:
    """A folder of graphs, and how far they are from torch."""

    folder: Path
    differences: Mapping[int, float]
    """For each level that was checked, the largest difference of the outputs, relative to the largest of them."""


class _Part(nn.Module):
    """One method of a net as a function of tensors alone."""

    def __init__(self, net: Thinker, method: str, *trees: Any):
        super().__init__()
        self.net, self.method, self.trees = net, method, trees

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        left = iter(tensors)
        given = [each_tensor(tree, lambda _: next(left)) for tree in self.trees]
        return tensors_of(getattr(self.net, self.method)(*given))


def export(run: Run, folder: Path, levels: Sequence[int] | None = None) -> Exported:
    """Write the graphs of a run's net into a new folder, and run them beside torch on puzzles of several levels.

    Args:
        run: with a net for puzzles.
        folder: that must not be there yet.
        levels: those that are checked; by default the highest of training, and two that the problem is tested on.

    Returns:
        The folder, and how far the graphs are from torch.

    Raises:
        UserError: the folder is there already; ONNX is not installed; a net that is no graph, with what is in the way;
            graphs that do not say what torch says.

    >>> import tempfile
    >>> from longthink.training.runs import open_run
    >>> exported = export(open_run("prefix_sums"), Path(tempfile.mkdtemp()) / "net")
    >>> sorted(path.name for path in exported.folder.iterdir())
    ['manifest.json', 'read.onnx', 'see.onnx', 'start.onnx', 'step.onnx']
    >>> max(exported.differences.values()) < 1e-4
    True
    """
    _check_installed()
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another folder.")
    check_writable(folder.parent)
    recipe, net = run.recipe(), run.model().eval()
    problem = recipe.problem
    levels = levels or list(dict.fromkeys([recipe.curriculum.highest, *problem.hard]))[:SIZES]
    puzzles = [problem.sample(level, COUNT) for level in levels]
    iterations = min(ITERATIONS, net.limit or ITERATIONS)
    with atomic_folder(folder) as partial, torch.no_grad():
        parts = write_graphs(net, puzzles[0].x, partial)
        graphs = Graphs(partial, parts)
        differences = {one.level: difference(graphs, net, one.x, iterations) for one in puzzles}
        wrong = [level for level, difference in differences.items() if not difference <= AGREE]
        if wrong:
            raise UserError(
                f"The graphs are not the net: at level {wrong[0]} outputs differ by {differences[wrong[0]]:.2g} of the"
                " largest; nothing was written."
            )
        manifest = {
            "format": FORMAT,
            "made_by": f"longthink {version('longthink')}",
            "name": run.name,
            "licence": LICENCE,
            "problem": {**named(type(problem), True), **problem.model_dump(mode="json")},
            "model": {"name": name_of(type(net)), "parameters": sum(one.numel() for one in net.parameters())},
            "spec": asdict(problem.spec),
            "trained": {
                "lowest": recipe.curriculum.lowest,
                "highest": recipe.curriculum.highest,
                "iterations": recipe.regime,
            },
            "stop": Settled().model_dump() | {"name": name_of(Settled)},
            "inputs": graphs.shapes(),
            "graphs": parts,
            "differences": {str(level): difference for level, difference in differences.items()},
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return Exported(folder, differences)


def _check_installed() -> None:
    try:
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UserError("Graphs need ONNX: pip install 'longthink[export]'.") from error


def write_graphs(net: Thinker, x: Inputs, folder: Path) -> dict[str, Any]:
    """Write all graphs of a net; for each of them its files, and the names of what goes in and comes out.

    `x` are inputs as it takes them, of any size. Raises as `export` does.
    """
    seen = net.see(x)
    state = net.start(seen)
    states = [state]
    for _ in range(net.limit or LOOKED_AT):
        states.append(net.step(states[-1], seen))
    of_x, of_seen, of_state = _names("x", x), _names("seen", seen), _names("state", state)
    of_output = _names("output", net.read(state))
    graphs: dict[str, Any] = {}

    def one(name: str, method: str, trees: Sequence[Any], given: Sequence[str], gives: Sequence[str]) -> str:
        _graph(_Part(net, method, *trees), tensors_of(tuple(trees)), given, gives, folder / f"{name}.onnx")
        return f"{name}.onnx"

    def described(files: Sequence[str], given: Sequence[str], gives: Sequence[str]) -> dict[str, Any]:
        return {"files": list(files), "inputs": list(given), "outputs": list(gives)}

    graphs["see"] = described([one("see", "see", [x], of_x, of_seen)], of_x, of_seen)
    graphs["start"] = described([one("start", "start", [seen], of_seen, of_state)], of_seen, of_state)
    both = [*of_state, *of_seen]
    after = [f"next_{name}" for name in of_state]
    counts = _plain(states[0]) != _plain(states[1])
    steps = [
        one(f"step-{number}" if counts else "step", "step", [before, seen], both, after)
        for number, before in enumerate(states[:-1] if counts else states[:1], 1)
    ]
    if counts and net.limit is None:
        steps = _until_the_same(steps, folder, net)
    graphs["step"] = described(steps, both, after)
    graphs["read"] = described([one("read", "read", [states[-1]], of_state, of_output)], of_state, of_output)
    return graphs


def _until_the_same(steps: Sequence[str], folder: Path, net: Thinker) -> list[str]:
    """The first steps of a net that counts them, up to that from which on it does the same for ever."""
    graphs = [(folder / step).read_bytes() for step in steps]
    if graphs[-1] != graphs[-2]:
        raise UserError(
            f"A {name_of(type(net))} counts its iterations, and does something else in each of them, which one graph"
            " cannot say; nets that repeat the same step can be exported, and those that have a limit."
        )
    needed = graphs.index(graphs[-1]) + 1
    for step in steps[needed:]:
        (folder / step).unlink()
    return list(steps[:needed])


def _plain(tree: Any) -> Any:
    """What in a state is no tensor."""
    if isinstance(tree, Tensor):
        return None
    return tuple(map(_plain, tree)) if isinstance(tree, tuple) else tree


def _names(name: str, tree: Any) -> list[str]:
    tensors = tensors_of(tree)
    return [name] if len(tensors) == 1 else [f"{name}_{number}" for number in range(len(tensors))]


def _graph(
    part: nn.Module, tensors: Sequence[Tensor], inputs: Sequence[str], outputs: Sequence[str], path: Path
) -> None:
    """Write one graph, whose batch and positions are free. Raises UserError with the operation that is in the way."""
    free = tuple({axis: FREE for axis in range(2, one.ndim) if one.shape[axis] > 1} | {0: BATCH} for one in tensors)
    try:
        with _quietly():
            program = torch.onnx.export(
                part.eval(),
                tuple(tensors),
                dynamo=True,
                dynamic_shapes=(free,),
                input_names=list(inputs),
                output_names=list(outputs),
                opset_version=OPSET,
                verbose=False,
            )
            assert program is not None
            program.save(path)
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        raise UserError(f"This net cannot be exported: {_reason(error)}.") from error


def _reason(error: BaseException) -> str:
    """The sentence of the innermost error, of which the others say that there was one."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".:")


@contextmanager
def _quietly() -> Iterator[None]:
    """The exporter tells of packages that are not needed, and of what will change in torch itself."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


class Graphs:
    """The graphs of a folder, to be run by ONNX Runtime on the CPU: how others run them, in Python."""

    def __init__(self, folder: Path, graphs: Mapping[str, Any] | None = None):
        from onnxruntime import InferenceSession

        self.graphs = graphs or json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["graphs"]
        self.sessions = {
            name: [InferenceSession(folder / file, providers=["CPUExecutionProvider"]) for file in graph["files"]]
            for name, graph in self.graphs.items()
        }

    def think(self, x: Sequence[Tensor], iterations: int) -> list[NDArray[Any]]:
        """The outputs after so many iterations."""
        given = dict(zip(self.graphs["see"]["inputs"], (one.numpy() for one in x), strict=True))
        seen = self._run("see", given)
        state = self._run("start", seen)
        for number in range(iterations):
            state = self._run("step", {**state, **seen}, number)
            state = {name.removeprefix("next_"): value for name, value in state.items()}
        return list(self._run("read", state).values())

    def shapes(self) -> dict[str, list[int | None]]:
        """Of each input, how long its axes are; None: as long as one likes."""
        return {
            one.name: [size if isinstance(size, int) else None for size in one.shape]
            for one in self.sessions["see"][0].get_inputs()
        }

    def _run(self, name: str, given: Arrays, number: int = 0) -> Arrays:
        session = self.sessions[name][min(number, len(self.sessions[name]) - 1)]
        wanted = {one.name for one in session.get_inputs()}
        outputs = self.graphs[name]["outputs"]
        found = session.run(outputs, {key: value for key, value in given.items() if key in wanted})
        return dict(zip(outputs, found, strict=True))


def difference(graphs: Graphs, net: Thinker, x: Inputs, iterations: int) -> float:
    """The largest difference of outputs of graphs and of torch, relative to the largest number of torch's."""
    outputs = graphs.think(tensors_of(x), iterations)
    expected = [one.numpy() for one in tensors_of(net.read(last_state(net, x, iterations)))]
    largest = max(float(np.abs(one).max()) for one in expected)
    return max(float(np.abs(one - other).max()) for one, other in zip(outputs, expected, strict=True)) / largest
