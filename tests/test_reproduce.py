"""An experiment of nets that train in a second, from trainings to the page; and tables known on paper."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from longthink import figures
from longthink.errors import UserError
from longthink.experiment import Claim, Experiment, Row, alike, at_least, at_most, more, no_overthinking, rises
from longthink.perturbations.bit_flip import BitFlip
from longthink.readings import ByPosition, Compared, Disturbed, Learned, Probed, Reading, Reused, Stepped
from longthink.recipe import Recipe
from longthink.recipes.laptop import images_laptop, staircase
from longthink.report import contents, report
from longthink.reproduce import carry_out, summarised
from longthink.train import train
from longthink.trials import folder_of


@pytest.fixture
def experiment(tiny_recipe: Recipe) -> Experiment:
    short = tiny_recipe.revised({"steps": 20})
    twin = short.revised({"model": "feedforward", "model.limit": 4, "model.width": 8, "model.head": [8, 4]})
    near = Reading(level=6, iterations=12, fixed=5, count=7, every=4, published={"recurrent": "99.9 ± 0.1 at 7"})
    return Experiment(
        title="Table 0: tiny",
        rows=(Row("recurrent", short), Row("feed-forward", twin)),
        readings=(near, Reading(level=9, iterations=8, count=10, every=2)),
        claims=(
            Claim("Everything is read.", lambda table: len(table) == 4),
            Claim("Nothing is read.", lambda table: len(table) == 0),
            more("recurrent", "another net", near),
        ),
    )


def test_from_trainings_to_the_page(experiment: Experiment, tmp_path: Path) -> None:
    outcome = carry_out(experiment, 2, tmp_path / "trials", accelerator="cpu", progress=False)
    assert outcome.failures == []
    assert len(outcome.seconds) == 4
    assert min(outcome.seconds) > 0
    read = outcome.rows.groupby(["series", "level"])["iteration"].unique().map(list).to_dict()
    assert read[("recurrent", 6)] == [4, 5, 8, 12]
    assert read[("feed-forward", 6)] == [4]  # a net takes the steps it has
    assert outcome.rows.groupby("series")["seed"].nunique().to_dict() == {"recurrent": 2, "feed-forward": 2}
    page = report(experiment, outcome, "section_4_0_1", "laptop", tmp_path / "page")
    text = page.read_text()
    assert "longthink reproduce section-4.0.1 --scale laptop --seeds 2" in text
    assert "4 trainings took 0." in text
    assert "| recurrent | 99.9 ± 0.1 at 7 |" in text
    assert "Everything is read. It holds here." in text
    assert "Nothing is read. **It does not hold** here." in text
    assert "It cannot be told: no trial of 'another net' came through." in text
    assert "feed-forward: the same but `model.name feedforward`" in text
    html = page.with_suffix(".html").read_text()
    assert html.count("<table>") == 2
    assert "data:image/png;base64," in html
    listed = contents({"section_4_0_1": (experiment, outcome)}, "laptop", tmp_path).read_text()
    assert "| [Table 0: tiny](section_4_0_1/report.md) | `longthink reproduce section-4.0.1 " in listed
    assert "| 1 of 3 | 4 | 0." in listed
    again = carry_out(experiment, 2, tmp_path / "trials", accelerator="cpu", progress=False)
    pd.testing.assert_frame_equal(again.rows, outcome.rows)


def test_a_failing_trial_is_on_the_page_and_the_rest_is_read(experiment: Experiment, tmp_path: Path) -> None:
    damaged = folder_of(experiment.rows[0].recipe.revised({"seed": 1}), tmp_path / "trials")
    damaged.mkdir(parents=True)
    (damaged / "recipe.json").write_text("{")
    outcome = carry_out(experiment, 2, tmp_path / "trials", accelerator="cpu", progress=False)
    assert outcome.rows.groupby("series")["seed"].unique().map(list).to_dict() == {
        "recurrent": [0],
        "feed-forward": [0, 1],
    }
    text = report(experiment, outcome, "table_0", "laptop", tmp_path / "page").read_text()
    assert "## Trials that failed" in text
    assert f"- recurrent, seed 1 ({damaged.name}): The recipe is not valid JSON" in text


def test_nothing_that_comes_through_is_an_error(experiment: Experiment, tmp_path: Path) -> None:
    for row in experiment.rows:
        folder_of(row.recipe.revised({"seed": 0}), tmp_path).mkdir(parents=True)
        (folder_of(row.recipe.revised({"seed": 0}), tmp_path) / "recipe.json").write_text("{")
    with pytest.raises(UserError, match="Nothing came through; the first failure: recurrent, seed 0"):
        carry_out(experiment, 1, tmp_path, accelerator="cpu", progress=False)
    with pytest.raises(UserError, match="at least 1 seed"):
        carry_out(experiment, 0, tmp_path, accelerator="cpu", progress=False)


def test_disturbed_nets_have_a_page_of_their_recovery(experiment: Experiment, tmp_path: Path) -> None:
    flips = tuple(
        Disturbed(level=9, iterations=10, fixed=10, count=5, at=4, perturbation=BitFlip(index=index))
        for index in (0, 3)
    )
    clean = Disturbed(level=9, iterations=10, fixed=10, count=5, perturbation=None)
    assert clean.title == "level 9, undisturbed"
    assert flips[1].title == "level 9, bit flip index 3 after iteration 4"
    disturbed = replace(
        experiment, rows=experiment.rows[:1], readings=flips, claims=(), figure=figures.recovery_by_index
    )
    outcome = carry_out(disturbed, 1, tmp_path / "trials", accelerator="cpu", progress=False)
    assert sorted(outcome.rows["index"].unique()) == [0, 3]
    assert outcome.rows["iteration"].max() == 10
    table = summarised(outcome.rows, flips)
    assert table["peak_at"].min() > 4  # what was before the disturbance does not count
    text = report(disturbed, outcome, "table_0", "laptop", tmp_path / "page").read_text()
    assert "## Level 9, bit flip index 0 after iteration 4: 5 puzzles, 10 iterations" in text
    assert "| until solved |" in text
    everything = replace(disturbed, readings=(clean,), figure=figures.change_over_iterations)
    outcome = carry_out(everything, 1, tmp_path / "trials", accelerator="cpu", progress=False)
    assert report(everything, outcome, "table_0", "laptop", tmp_path / "page").with_name("figure.png").is_file()


def curves(series: str, *accuracies: list[float]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "series": series,
                "reading": "level 9",
                "seed": seed,
                "iteration": [10, 20, 30],
                "accuracy": one,
                "regime": 5,
            }
        )
        for seed, one in enumerate(accuracies)
    )


def test_the_summary_of_known_curves() -> None:
    rows = pd.concat([curves("a", [0.2, 1.0, 0.4], [0.6, 0.99, 0.99]), curves("b", [0.1, 0.3, 0.5], [0.1, 0.3, 0.5])])
    reading = Reading(level=9, iterations=30, fixed=25)
    table = summarised(rows, [reading])
    first = table.iloc[0]
    assert first["every_seed"] == [1.0, 0.99]
    assert (first["seeds"], first["successes"]) == (2, 2)
    assert first["fixed"] == pytest.approx(0.995)
    assert first["spread"] == pytest.approx(0.005)
    assert (first["peak"], first["peak_at"]) == (pytest.approx(0.995), 20)
    assert first["final"] == pytest.approx(0.695)
    assert first["overthinking"] == pytest.approx(0.6)
    assert more("a", "b", reading).holds(table)
    assert not more("a", "a", reading).holds(table)
    assert more("a", "a", reading, or_equal=True).holds(table)
    assert no_overthinking("b", reading).holds(table)
    assert not no_overthinking("a", reading).holds(table)
    assert at_least(0.99, "a", reading).holds(table)
    assert not at_most(0.99, "a", reading).holds(table)
    assert summarised(rows, [replace(reading, fixed=None)])["fixed"].tolist() == [0.4, 0.1]  # before the first: that


@pytest.mark.slow
def test_killed_three_times_and_started_again_the_table_is_the_same(experiment: Experiment, tmp_path: Path) -> None:
    longer = replace(
        experiment, rows=tuple(Row(row.name, row.recipe.revised({"steps": 300})) for row in experiment.rows)
    )
    whole = carry_out(longer, 3, tmp_path / "whole", workers=2, accelerator="cpu", progress=False)
    (tmp_path / "experiment.pickle").write_bytes(pickle.dumps(replace(longer, claims=())))
    program = (
        "import pathlib, pickle\n"
        "from longthink.reproduce import carry_out\n"
        "experiment = pickle.loads(pathlib.Path('experiment.pickle').read_bytes())\n"
        "carry_out(experiment, 3, pathlib.Path('killed'), workers=2, accelerator='cpu', progress=False)\n"
    )
    for done in (1, 2, 4):
        process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, start_new_session=True)
        while len(list(tmp_path.glob("killed/*/model.safetensors"))) < done and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    killed = carry_out(longer, 3, tmp_path / "killed", workers=2, accelerator="cpu", progress=False)
    assert killed.failures == []
    pd.testing.assert_frame_equal(killed.rows, whole.rows)


@pytest.mark.slow
def test_a_cluster_of_two_nodes_gives_the_same_rows(experiment: Experiment, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    here = carry_out(experiment, 2, tmp_path / "here", workers=2, accelerator="cpu", progress=False)
    ray = [str(Path(sys.executable).with_name("ray"))]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    port = "6397"
    for node in (["--head", "--port", port, "--include-dashboard=false"], ["--address", f"127.0.0.1:{port}"]):
        subprocess.run([*ray, "start", *node, "--num-cpus", "1"], check=True, env=environment, timeout=120)
    try:
        there = carry_out(experiment, 2, tmp_path / "there", on="ray", accelerator="cpu", progress=False)
    finally:
        subprocess.run([*ray, "stop"], check=True, env=environment, timeout=120)
    assert there.failures == []
    pd.testing.assert_frame_equal(there.rows, here.rows)
    with pytest.raises(UserError, match="There is no Ray cluster here"):
        carry_out(experiment, 2, tmp_path / "nowhere", on="ray", accelerator="cpu", progress=False)


def test_a_reading_may_change_the_problem_and_a_page_says_what_is_solved_without_a_net(
    experiment: Experiment, tmp_path: Path
) -> None:
    reading = Reading(level=9, iterations=3, count=5, options={"openings": 0.5})
    recipe = experiment.rows[0].recipe.revised({"problem": "mazes"})
    assert reading.title == "level 9, 0.5"
    assert reading.puzzles(recipe).problem.openings == 0.5
    outcome = carry_out(experiment, 1, tmp_path / "trials", accelerator="cpu", progress=False)
    assert set(outcome.baselines) == {"level 6", "level 9"}
    told = replace(outcome, baselines={"level 6": {"chance": 0.0123, "greed": 0.5}})
    changed = experiment.revised({"batch": 8})
    text = report(changed, told, "table_0", "laptop", tmp_path / "page").read_text()
    assert "    longthink reproduce table-0 --scale laptop --seeds 1 --change batch=8\n" in text
    assert text.count("Without a net: chance 1.23, greed 50.") == 1


def test_a_reading_may_also_count_positions(experiment: Experiment, tmp_path: Path) -> None:
    reading = ByPosition(level=6, iterations=12, fixed=5, count=7, every=4)
    beyond = replace(experiment, readings=(reading,), beyond=True)
    outcome = carry_out(beyond, 1, tmp_path / "trials", accelerator="cpu", progress=False)
    table = summarised(outcome.rows, (reading,)).set_index("series")
    at_fixed = outcome.rows[outcome.rows["iteration"].isin([4, 5])].set_index("series")["position_accuracy"]
    assert table["positions"].to_dict() == at_fixed[~at_fixed.index.duplicated(keep="last")].to_dict()
    assert (table["positions"] > table["fixed"]).any()
    text = report(beyond, outcome, "table_0", "laptop", tmp_path / "page").read_text()
    assert "| at the end | positions right |" in text
    assert "## What was expected" in text


def test_options_of_every_recipe_can_be_changed(experiment: Experiment) -> None:
    changed = experiment.revised({"steps": 7, "problem.name": "mazes"})
    assert {row.recipe.steps for row in changed.rows} == {7}
    with pytest.raises(UserError, match="no option 'step'"):
        experiment.revised({"step": 7})


def test_features_are_read_of_nets_of_images(tmp_path: Path) -> None:
    small = images_laptop().revised(
        {"steps": 3, "batch": 8, "model.width": 8, "model.first": 4, "model.after": 8, "validation.count": 10}
    )
    rows = (
        Row("recurrent, depth 6", small.revised({"curriculum.iterations": 2})),
        Row(
            "feed-forward, depth 6",
            small.revised({"curriculum.iterations": 2, "model.limit": 2, "model.shared": False}),
        ),
    )
    probed = tuple(
        Probed(level=1, iterations=at, fixed=at, at=at, count=30, examples=60, published={rows[0].name: "9 / 8"})
        for at in (1, 2)
    )
    kinds = (
        (figures.accuracy_over_depth, (Reading(level=1, iterations=1, count=20),)),
        (figures.probes_over_iterations, probed),
        (figures.similarity_of_nets, tuple(Compared(level=1, iterations=1, count=40, other=row.name) for row in rows)),
        (figures.activity_of_filters, (Reused(level=1, iterations=2, count=10),)),
    )
    for figure, some in kinds:
        claims = (alike(rows[0].name, rows[1].name, some[0], 1.0),)
        experiment = Experiment("Table 0", rows, some, claims, figure)
        outcome = carry_out(experiment, 1, tmp_path / "trials", accelerator="cpu", progress=False)
        assert outcome.failures == []
        table = summarised(outcome.rows, some)
        assert table["fixed"].between(0, 1.0001).all()
        text = report(experiment, outcome, "table_0", "laptop", tmp_path / "page").read_text()
        assert f"Per cent of {some[0].measured}" in text
        assert f"| {rows[0].name} | {some[0].published.get(rows[0].name, '')} |" in text
        assert "differ by at most 100 points. It holds here." in text
        if figure is figures.accuracy_over_depth:
            assert outcome.rows.groupby("series")["depth"].max().to_dict() == {row.name: 6 for row in rows}
        if figure is figures.similarity_of_nets:
            own = outcome.rows[outcome.rows["series"] == outcome.rows["other"]]
            assert own["cka"].tolist() == pytest.approx([1, 1])
            two = carry_out(experiment, 2, tmp_path / "trials", accelerator="cpu", progress=False).rows
            own = two[two["series"] == two["other"]]
            assert len(own) == 4  # each with the net of the other seed
            assert own["cka"].max() < 0.999


def test_claims_on_two_nets_and_on_several_readings() -> None:
    readings = [Reading(level=level, iterations=30, fixed=25) for level in (1, 2, 3)]
    table = pd.DataFrame(
        [
            {"reading": reading.title, "series": series, "fixed": value}
            for series, values in (("a", (0.1, 0.2, 0.3)), ("b", (0.1, 0.25, 0.2)))
            for reading, value in zip(readings, values, strict=True)
        ]
    )
    assert rises("a", readings).holds(table)
    assert not rises("b", readings).holds(table)
    assert alike("a", "b", readings[1], 0.051).holds(table)
    assert not alike("a", "b", readings[1], 0.04).holds(table)


def test_a_staircase_becomes_a_page(tmp_path: Path) -> None:
    base = staircase()
    rows = Row("D5", base.revised({"steps": 300})), Row("dormant", base.revised({"steps": 40}))
    reading = Stepped(level=2, iterations=1)
    experiment = Experiment("Table 0", rows, (reading,), (), figures.staircases)
    outcome = carry_out(experiment, 2, tmp_path / "trials", accelerator="cpu", progress=False)
    assert outcome.failures == []
    table = summarised(outcome.rows, (reading,)).set_index("series")
    assert table["fixed"].to_dict() == pytest.approx({"D5": 2 / 3, "dormant": 0})
    assert table["heights"]["dormant"] > 0.5 > table["heights"]["D5"]
    text = report(experiment, outcome, "table_0", "laptop", tmp_path / "page").read_text()
    assert "| plateaus off by |" in text
    assert "| D5 |  | 66.67 ± 0 | 66.67, 66.67 |" in text


def test_a_wide_net_learns_a_group_and_a_narrow_one_does_not(tmp_path: Path) -> None:
    base = staircase().revised(
        {"problem.group": "C3", "problem.power": None, "optimiser": "adam", "optimiser.lr": 0.02, "steps": 300}
    )
    base = base.revised({"batch": 9, "model.scale": 0.1, "validation.count": 9})
    rows = tuple(Row(f"width {width}", base.revised({"model.width": width})) for width in (1, 24))
    sampled = base.revised({"problem.exhaustive": False})
    assert len(Learned(level=2, iterations=1).puzzles(sampled)) == 1000  # of the 81 there are
    reading = Learned(level=2, iterations=1)
    experiment = Experiment("Table 0", rows, (reading,), (), figures.width_to_learn)
    outcome = carry_out(experiment, 1, tmp_path / "trials", accelerator="cpu", progress=False)
    assert outcome.failures == []
    by_width = outcome.rows.set_index("width")
    assert by_width["learned"][1] < 0.6
    assert by_width["learned"][24] > 0.999
    assert by_width["accuracy"][24] == 1
    assert by_width[["level", "order", "iteration"]].drop_duplicates().to_numpy().tolist() == [[2, 3, 1]]
    page = report(experiment, outcome, "table_0", "laptop", tmp_path / "page")
    assert "## The length of training: 1000 sequences" in page.read_text()
    assert page.with_name("figure.png").stat().st_size > 5000


def test_only_nets_that_compose_elements_learn_representations(tmp_path: Path, tiny_recipe: Recipe) -> None:
    run = train(tiny_recipe.revised({"steps": 2}), tmp_path / "run", accelerator="cpu", progress=False)
    for reading in (Stepped(level=2, iterations=1), Learned(level=2, iterations=1)):
        with pytest.raises(UserError, match="compose elements"):
            reading.take(run)
