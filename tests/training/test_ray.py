"""Trials on a Ray cluster of two nodes, both on this machine, each with one CPU. Skipped where Ray is not installed."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from longthink.base.errors import UserError
from longthink.training.loop import train
from longthink.training.recipe import Recipe
from longthink.training.trials import folder_of, run_trials

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="pip install 'longthink[ray]'"),
]
SEEDS = range(3)
SEARCH = """
import json, pathlib, sys, time
from longthink.base.parallel import side_by_side
from longthink.training.recipe import parse_recipe
from longthink.training.trials import run_trials

def meet(own, others):
    import ray
    pathlib.Path(own).touch()
    deadline = time.monotonic() + 60
    while not pathlib.Path(others).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pathlib.Path(others).exists(), "nobody came"
    return ray.get_runtime_context().get_node_id()

here = pathlib.Path.cwd()
recipe = parse_recipe(pathlib.Path("recipe.json").read_text())
recipes = [recipe.revised({"seed": int(seed)}) for seed in sys.argv[1:]]
trials = run_trials(recipes, here / "trials", on="ray", accelerator="cpu", progress=False)
ends = [(str(here / "one"), str(here / "other")), (str(here / "other"), str(here / "one"))]
nodes = side_by_side(meet, ends, on="ray", progress=False)
print(json.dumps([[trial.error for trial in trials], [trial.run.threads() for trial in trials], nodes]))
"""


def node(environment: dict[str, str], *options: str) -> subprocess.Popen[bytes]:
    """A node of one CPU, for as long as the process lives."""
    command = [
        sys.executable,
        "-m",
        "ray.scripts.scripts",
        "start",
        "--block",
        "--num-cpus=1",
        "--num-gpus=0",
        *options,
    ]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_nodes(count: int, environment: dict[str, str]) -> None:
    program = "import ray, sys; ray.init(log_to_driver=False); print(sum(one['Alive'] for one in ray.nodes()))"
    deadline = time.monotonic() + 120
    found = ""
    while found != str(count) and time.monotonic() < deadline:
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
        )
        found = done.stdout.strip()
    assert found == str(count), f"a cluster of {count} nodes did not come up"


@pytest.fixture
def cluster() -> Iterator[dict[str, str]]:
    """A head and another node: the environment of whoever works there. Both are ended after the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # sockets are in it, whose names must be short
    environment = {
        **os.environ,
        "RAY_ADDRESS": address,
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    first = {name: value for name, value in environment.items() if name != "RAY_ADDRESS"}
    port, dashboard = f"--port={address.partition(':')[2]}", "--include-dashboard=false"
    nodes = [node(first, "--head", "--node-ip-address=127.0.0.1", port, dashboard, f"--temp-dir={folder}")]
    try:
        wait_for_nodes(1, environment)
        nodes.append(node(first, f"--address={address}"))
        wait_for_nodes(2, environment)
        yield environment
    finally:
        for one in reversed(nodes):
            one.terminate()
            one.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def test_trials_on_two_nodes_are_the_trainings_one_would_have_run_here(
    cluster: dict[str, str], tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = tiny_recipe.revised({"steps": 30})
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    (tmp_path / "search.py").write_text(SEARCH)
    done = subprocess.run(
        [sys.executable, "search.py", *map(str, SEEDS)],
        cwd=tmp_path,
        env=cluster,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    errors, threads, nodes = json.loads(done.stdout.splitlines()[-1])
    assert errors == [None] * len(SEEDS)
    assert threads == [[1]] * len(SEEDS)
    assert len(set(nodes)) == 2, nodes
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    alone = train(recipe.revised({"seed": 2}), tmp_path / "alone", accelerator="cpu", progress=False)
    torch.set_num_threads(before)
    there = folder_of(recipe.revised({"seed": 2}), tmp_path / "trials")
    assert (there / "model.safetensors").read_bytes() == (alone.folder / "model.safetensors").read_bytes()


def test_without_a_cluster_it_is_said_how_to_start_one(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    with pytest.raises(UserError, match="There is no Ray cluster here; start one with `ray start --head`"):
        run_trials([tiny_recipe], tmp_path / "trials", on="ray", accelerator="cpu", progress=False)
