"""An experiment carried out: what came through, what was refused, and what an interruption leaves."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from longthink.base.errors import UserError
from longthink.study.evaluators import Compared, Disturbed, Evaluator, Peers, Sweep, alone
from longthink.study.experiment import Experiment, Variant
from longthink.study.reproduce import carry_out, summaries, summarised
from longthink.training.runs import Run
from longthink.training.trials import folder_of

calls: list[tuple[str, int]] = []


class Impatient(Evaluator):
    """Counts itself, and is interrupted the first time that it is run for the `nth` time."""

    nth: int

    @property
    def title(self) -> str:
        return f"interrupted at {self.nth}"

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:
        calls.append((run.recipe().model.name, run.recipe().seed))
        if len(calls) == self.nth:
            raise KeyboardInterrupt
        return pd.DataFrame({"iteration": [1, 2], "accuracy": [0.1, 1 / 3], "depth": None, "word": "NA"})


@pytest.fixture
def no_calls() -> Iterator[None]:
    calls.clear()
    yield
    calls.clear()


def damage(experiment: Experiment, which: int, seed: int, below: Path) -> Path:
    """A trial that cannot be trained."""
    folder = folder_of(experiment.variants[which].recipe.revised({"seed": seed}), below)
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text("{")
    return folder


def test_every_variant_is_trained_with_every_seed_and_measured(experiment: Experiment, tmp_path: Path) -> None:
    outcome = carry_out(experiment, range(2), tmp_path, accelerator="cpu", progress=False)
    assert outcome.failures == []
    assert len(outcome.seconds) == 4
    assert min(outcome.seconds) > 0
    assert outcome.rows.columns[:4].tolist() == ["series", "seed", "evaluator", "regime"]
    measured = outcome.rows.groupby(["series", "level"])["iteration"].unique().map(list).to_dict()
    assert measured[("recurrent", 6)] == [4, 5, 8, 12]
    assert measured[("feed-forward", 6)] == [4]  # a net takes the steps it has
    assert outcome.rows.groupby("series")["seed"].nunique().to_dict() == {"recurrent": 2, "feed-forward": 2}
    table = summarised(outcome.rows, experiment.evaluators)
    assert table[["evaluator", "series"]].to_numpy().tolist() == [
        [f"level {level}", series] for level in (6, 9) for series in ("recurrent", "feed-forward")
    ]
    again = carry_out(experiment, range(2), tmp_path, accelerator="cpu", progress=False)
    pd.testing.assert_frame_equal(again.rows, outcome.rows)
    assert not list(tmp_path.glob("unfinished-*"))


def test_a_failing_trial_is_told_and_the_rest_is_measured(experiment: Experiment, tmp_path: Path) -> None:
    damaged = damage(experiment, 0, 1, tmp_path)
    likeness = Compared(level=12, count=20, other="recurrent")
    outcome = carry_out(
        replace(experiment, evaluators=(likeness,)), range(2), tmp_path, accelerator="cpu", progress=False
    )
    assert outcome.rows.groupby("series")["seed"].unique().map(list).to_dict() == {
        "recurrent": [0],
        "feed-forward": [0, 1],
    }
    assert len(outcome.failures) == 1
    assert outcome.failures[0].startswith(f"recurrent, seed 1 ({damaged.name}): The recipe is not valid JSON")


def test_nets_without_a_peer_are_told(experiment: Experiment, tmp_path: Path) -> None:
    near = experiment.evaluators[0]
    to_none = replace(experiment, evaluators=(near, Compared(level=12, count=20, other="another net")))
    outcome = carry_out(to_none, [0], tmp_path, accelerator="cpu", progress=False)
    assert outcome.rows["evaluator"].unique().tolist() == [near.title]
    assert len(outcome.failures) == 2
    assert outcome.failures[0].endswith("No trial of 'another net' came through to compare with.")
    with pytest.raises(UserError, match="no 'recurrent' to compare with"):
        alone("recurrent")


def test_nothing_that_comes_through_is_an_error(experiment: Experiment, tmp_path: Path) -> None:
    for which in range(2):
        damage(experiment, which, 0, tmp_path)
    with pytest.raises(UserError, match="Nothing came through; the first failure: recurrent, seed 0"):
        carry_out(experiment, [0], tmp_path, accelerator="cpu", progress=False)
    with pytest.raises(UserError, match="at least 1 seed"):
        carry_out(experiment, [], tmp_path, accelerator="cpu", progress=False)


@pytest.mark.parametrize(
    ("evaluator", "sentence"),
    [
        (Sweep(level=6, iterations=8, options={"opennings": 0.2}), "no option 'opennings'"),
        (Sweep(level=0, iterations=8), "level 0"),
        (Sweep(level=6, iterations=8, count=100), "only 7 different"),
        (Compared(level=6, count=100, other="recurrent"), "only 7 different"),
        (Disturbed(level=6, iterations=8, perturbation={"name": "bit_flip", "index": 7}), "There is no bit 7"),
        (Disturbed(level=6, iterations=8, perturbation="move_end"), "move_end is for mazes"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(
    experiment: Experiment, evaluator: Evaluator, sentence: str, tmp_path: Path
) -> None:
    wrong = replace(experiment, evaluators=(experiment.evaluators[1], evaluator))
    with pytest.raises(UserError, match=sentence):
        carry_out(wrong, [0], tmp_path / "trials", accelerator="cpu", progress=False)
    assert not (tmp_path / "trials").exists()


def test_interrupted_while_it_measures_it_goes_on_where_it_was(
    experiment: Experiment, no_calls: None, tmp_path: Path
) -> None:
    impatient = replace(experiment, evaluators=(Impatient(nth=3),))
    options = {"workers": 1, "accelerator": "cpu", "progress": False}
    with pytest.raises(KeyboardInterrupt):
        carry_out(impatient, range(2), tmp_path, **options)
    assert calls == [("dt_net", 0), ("dt_net", 1), ("feedforward", 0)]
    outcome = carry_out(impatient, range(2), tmp_path, **options)
    assert calls[3:] == [("feedforward", 0), ("feedforward", 1)]
    assert outcome.failures == []
    assert not list(tmp_path.glob("unfinished-*"))
    whole = carry_out(impatient, range(2), tmp_path, **options)
    assert len(calls) == 9  # what is finished is measured anew
    pd.testing.assert_frame_equal(outcome.rows, whole.rows)
    assert outcome.rows["word"].unique().tolist() == ["NA"]


def test_what_was_measured_otherwise_is_not_taken_for_it(
    experiment: Experiment, no_calls: None, tmp_path: Path
) -> None:
    options = {"workers": 1, "accelerator": "cpu", "progress": False}
    with pytest.raises(KeyboardInterrupt):
        carry_out(replace(experiment, evaluators=(Impatient(nth=3),)), range(2), tmp_path, **options)
    carry_out(replace(experiment, evaluators=(Impatient(nth=100),)), range(2), tmp_path, **options)
    assert len(calls) == 7


def test_options_of_every_recipe_can_be_changed(experiment: Experiment) -> None:
    changed = experiment.revised({"steps": 7, "problem.name": "mazes"})
    assert {variant.recipe.steps for variant in changed.variants} == {7}
    with pytest.raises(UserError, match="no option 'step'"):
        experiment.revised({"step": 7})


def test_names_that_tell_nothing_apart_are_refused(experiment: Experiment) -> None:
    with pytest.raises(UserError, match="has 'recurrent' twice"):
        replace(experiment, variants=experiment.variants[:1] * 2)
    with pytest.raises(UserError, match="has 'level 6' twice"):
        replace(experiment, evaluators=(Sweep(level=6, iterations=8), Sweep(level=6, iterations=9)))


def test_an_evaluator_has_only_its_own_numbers_in_the_summary(experiment: Experiment, tmp_path: Path) -> None:
    flipped = Disturbed(level=9, iterations=10, fixed=10, count=5, at=4, perturbation="bit_flip")
    both = replace(experiment, variants=experiment.variants[:1], evaluators=(experiment.evaluators[0], flipped))
    outcome = carry_out(both, [0], tmp_path, accelerator="cpu", progress=False)
    of_sweep, of_disturbed = summaries(outcome.rows, both.evaluators)
    assert "reached" not in of_sweep
    assert "reached" in of_disturbed
    assert isinstance(of_sweep["peak_at"], int)


@pytest.mark.slow
def test_killed_three_times_and_started_again_the_table_is_the_same(experiment: Experiment, tmp_path: Path) -> None:
    longer = replace(
        experiment,
        variants=tuple(Variant(one.name, one.recipe.revised({"steps": 300})) for one in experiment.variants),
    )
    whole = carry_out(longer, range(3), tmp_path / "whole", workers=2, accelerator="cpu", progress=False)
    (tmp_path / "experiment.pickle").write_bytes(pickle.dumps(replace(longer, claims=())))
    program = (
        "import pathlib, pickle\n"
        "from longthink.study.reproduce import carry_out\n"
        "experiment = pickle.loads(pathlib.Path('experiment.pickle').read_bytes())\n"
        "carry_out(experiment, range(3), pathlib.Path('killed'), workers=2, accelerator='cpu', progress=False)\n"
    )
    for done in (1, 2, 4):
        process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, start_new_session=True)
        while len(list(tmp_path.glob("killed/*/model.safetensors"))) < done and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    killed = carry_out(longer, range(3), tmp_path / "killed", workers=2, accelerator="cpu", progress=False)
    assert killed.failures == []
    pd.testing.assert_frame_equal(killed.rows, whole.rows)


@pytest.mark.slow
def test_a_cluster_of_two_nodes_gives_the_same_rows(experiment: Experiment, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    here = carry_out(experiment, range(2), tmp_path / "here", workers=2, accelerator="cpu", progress=False)
    ray = [str(Path(sys.executable).with_name("ray"))]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    port = "6397"
    for node in (["--head", "--port", port, "--include-dashboard=false"], ["--address", f"127.0.0.1:{port}"]):
        subprocess.run([*ray, "start", *node, "--num-cpus", "1"], check=True, env=environment, timeout=120)
    try:
        there = carry_out(experiment, range(2), tmp_path / "there", on="ray", accelerator="cpu", progress=False)
    finally:
        subprocess.run([*ray, "stop"], check=True, env=environment, timeout=120)
    assert there.failures == []
    pd.testing.assert_frame_equal(there.rows, here.rows)
    with pytest.raises(UserError, match="There is no Ray cluster here"):
        carry_out(experiment, range(2), tmp_path / "nowhere", on="ray", accelerator="cpu", progress=False)
