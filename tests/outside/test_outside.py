"""A package of somebody else's with a problem, a net, an evaluator and a recipe that longthink knows nothing of.

It is found by its entry points, as an installed package is: the folder of this file is put on the path.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def python(program: str, cwd: Path, installed: bool = True) -> str:
    """What a program prints in a process that has the package, or has not."""
    environment = {**os.environ, "PYTHONPATH": str(HERE) if installed else "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_library_does_not_know_it() -> None:
    package = HERE.parent.parent / "longthink"
    assert not [path for path in package.rglob("*.py") if "longthink_paths" in path.read_text()]


def test_its_plugins_are_listed_and_pass_the_contract_tests(tmp_path: Path) -> None:
    said = python(
        """
import longthink as lt
from longthink import registry
assert "reach" in registry.names("problems") and "messages" in registry.names("models")
problem = lt.problem("reach")
print(lt.testing.check_problem(problem))
untested = lt.testing.check_model(registry.find("models", "messages"), width=4)
print(sorted(untested))
print(lt.testing.check_recipe(lt.recipe("reach_small")))
print(lt.testing.check_format(registry.find("formats", "arrays")(), [problem]))
net = registry.find("models", "messages")(problem.spec, width=4)
for name in registry.names("objectives"):
    reasons = lt.testing.check_objective(lt.objective(name), net, problem.sample(6, 4))
    print(name, *sorted(reasons.values()))
""",
        tmp_path,
    ).splitlines()
    assert said[:4] == ["{}", "['beyond the limit is refused']", "{}", "{}"]
    reasons = dict(line.split(maxsplit=1) for line in said[4:])
    for name in ("halting", "ponder"):
        assert "is for nets that learn when to stop" in reasons.pop(name)
    assert set(reasons.values()) == {"only a net that counts its steps tells"}
    assert {"deep_supervision", "final", "head_start", "progressive"} <= reasons.keys()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder below which a run of its recipe is, in `run`, trained and swept."""
    folder = tmp_path_factory.mktemp("outside")
    python(
        """
import longthink as lt
run = lt.train(lt.recipe("reach_small", steps=250), "run", accelerator="cpu", progress=False)
rows = lt.sweep(run.model(), lt.problem("reach").sample(8, 100), [2, 9])
assert rows["accuracy"].iloc[1] > 0.8 > rows["accuracy"].iloc[0], rows
""",
        folder,
    )
    return folder


def test_what_it_trained_is_loaded_in_another_process(trained: Path) -> None:
    said = python(
        """
import longthink as lt
solution = lt.solve(lt.load("run"), lt.problem("reach").view.parse("0-1 1-2 3-4"))
print(solution.text, solution.solved)
""",
        trained,
    )
    assert said == "0 1 2 True\n"


def test_its_net_is_used_from_the_command_line(trained: Path) -> None:
    said = python(
        """
from longthink.cli import main
assert main(["test", "run", "--level", "8", "--count", "10", "--iterations", "4"]) == 0
assert main(["solve", "run", "0-1 1-2 3-4", "-o", "graph.svg"]) == 0
assert main(["make", "reach", "--level", "6", "--count", "5", "--out", "data", "--degree", "2"]) == 0
assert main(["list", "problems"]) == 0
""",
        trained,
    )
    assert "Say which nodes can be reached from the marked one." in said
    assert (trained / "graph.svg").read_text().count("<line") == 3
    assert {path.name for path in (trained / "data" / "train_6").iterdir()} == {
        "puzzles.json",
        "x.edges.npy",
        "x.nodes.npy",
        "y.npy",
    }


def test_its_evaluator_has_a_page_with_a_column_of_its_own(trained: Path) -> None:
    python(
        """
from pathlib import Path
import longthink as lt
from longthink import registry
from longthink.study.experiment import Experiment, Variant
from longthink.study.report import report
from longthink.study.reproduce import carry_out
from longthink.training.runs import open_run
small = lt.recipe("reach_small", steps=20)
overlooked = registry.find("evaluators", "overlooked")(level=8)
experiment = Experiment(title="Graphs", variants=(Variant("messages", small),), evaluators=(overlooked,),
                        figure=lambda rows, path: (path.write_bytes(b"a figure"), path)[1])
untested = lt.testing.check_evaluator(overlooked, open_run("run"))
assert untested == {}, untested
outcome = carry_out(experiment, [0], Path("trials").absolute(), workers=1, accelerator="cpu", progress=False)
assert outcome.failures == [], outcome.failures
print(report(experiment, outcome, "graphs", "laptop", Path("page")))
""",
        trained,
    )
    page = (trained / "page" / "report.md").read_text()
    assert "| net | nodes overlooked |" in page
    assert "Per cent of nodes that can be reached." in page


def test_what_cannot_be_loaded_without_the_package_says_what_to_import(trained: Path) -> None:
    said = python(
        """
import longthink as lt
try:
    lt.load("run")
except lt.UserError as error:
    print(error)
""",
        trained,
        installed=False,
    )
    assert said == "There is no model 'messages' yet; import longthink_paths.net first, which registers it.\n"
