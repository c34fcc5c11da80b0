"""Pages: of what came through, of what did not, and of evaluators that nobody here knows."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from longthink import figures
from longthink.recipes.laptop import images_laptop, staircase
from longthink.study.evaluators import (
    Compared,
    Disturbed,
    Evaluator,
    Learned,
    Parts,
    Peers,
    Probed,
    Reused,
    Stepped,
    Sweep,
    Timed,
    alone,
)
from longthink.study.experiment import Experiment, Variant
from longthink.study.report import contents, report
from longthink.study.reproduce import Outcome, carry_out
from longthink.training.recipe import Recipe
from longthink.training.runs import Run


class Sizes(Evaluator):
    """How many weights a net has, of which many programs could tell."""

    measure = "share"
    measured = "a million weights"

    @property
    def title(self) -> str:
        return "size"

    def run(self, run: Run, peers: Peers = alone) -> pd.DataFrame:
        weights = sum(parameter.numel() for parameter in run.model().parameters())
        return pd.DataFrame({"iteration": [1], "share": [weights / 1e6], "weights": [weights]})

    def summary(self, rows: pd.DataFrame) -> dict[str, Any]:
        return super().summary(rows) | {"weights": int(rows["weights"].iloc[0])}

    def columns(self, summary: Mapping[str, Any], published: str) -> dict[str, str]:
        return {"printed": published, "weights": f"{summary['weights']:,}"}


def draw_nothing(rows: pd.DataFrame, path: Path) -> Path:
    """No picture."""
    path.write_bytes(b"")
    return path


def outcome_of(experiment: Experiment, tmp_path: Path, seeds: int = 1) -> Outcome:
    return carry_out(experiment, range(seeds), tmp_path / "trials", accelerator="cpu", progress=False)


def test_the_page_and_the_list_of_pages(experiment: Experiment, tmp_path: Path) -> None:
    outcome = outcome_of(experiment, tmp_path, seeds=2)
    page = report(experiment, outcome, "section_4_0_1", "laptop", tmp_path / "page")
    text = page.read_text()
    assert "longthink reproduce section-4.0.1 --scale laptop --seeds 2 --first-seed 0\n" in text
    assert "4 trainings took 0." in text
    assert "## Level 6: 7 puzzles, 12 iterations" in text
    assert "The fixed iteration is 5. Sure: seeds that solve at least 99% there." in text
    assert (
        "| net | dissertation | peak of the mean | at the fixed iteration ± standard error | median | every seed "
        "| sure | at the end |" in text
    )
    assert "| recurrent | 99.9 ± 0.1 at 7 |" in text
    assert "## What the dissertation found\n\n- Everything is measured. It holds here.\n" in text
    assert "## What we expected\n\n- Nothing is measured. **It does not hold** here.\n" in text
    assert "It cannot be told: no trial of 'another net' came through." in text
    assert "feed-forward: the same but `model.name feedforward`" in text
    html = page.with_suffix(".html").read_text()
    assert html.count("<table>") == 2
    assert "data:image/png;base64," in html
    assert len(pd.read_csv(page.with_name("rows.csv"))) == len(outcome.rows)
    listed = contents({"section_4_0_1": (experiment, outcome)}, "laptop", tmp_path).read_text()
    assert "| [Table 0: tiny](section_4_0_1/report.md) | `longthink reproduce section-4.0.1 " in listed
    assert "--seeds 2 --first-seed 0` | 1 of 2 | 0 of 1 | 4 | 0." in listed


def test_a_page_says_where_trainings_had_different_numbers_of_threads(experiment: Experiment, tmp_path: Path) -> None:
    one = torch.get_num_threads()
    outcome = carry_out(experiment, [0], tmp_path / "trials", 1, accelerator="cpu", progress=False)
    assert len(outcome.threads) == 1
    run = Run(next((tmp_path / "trials").iterdir()))
    run.write_history([{**row, "threads": 64} if "loss" in row else row for row in run.history()])
    again = carry_out(experiment, [0], tmp_path / "trials", 1, accelerator="cpu", progress=False)
    assert again.threads == [*outcome.threads, 64]
    text, mixed = (
        report(experiment, some, "table_0", "laptop", tmp_path / "page").read_text() for some in (outcome, again)
    )
    assert "CPU threads" not in text
    assert f"They had {outcome.threads[0]} or 64 CPU threads, on which the last bits of weights depend." in mixed
    assert torch.get_num_threads() == one


def test_what_failed_is_on_the_page(experiment: Experiment, tmp_path: Path) -> None:
    outcome = outcome_of(experiment, tmp_path)
    some = replace(
        outcome,
        rows=outcome.rows[outcome.rows["evaluator"] == "level 6"],
        failures=["recurrent, seed 1 (abc): The recipe is not valid JSON."],
    )
    text = report(experiment, some, "table_0", "laptop", tmp_path / "page").read_text()
    assert "## Trials that failed\n\n- recurrent, seed 1 (abc): The recipe is not valid JSON.\n" in text
    assert text.count("No trial came through.") == 1


def test_names_of_ones_own_are_text_on_the_page_and_neither_tags_nor_links(
    experiment: Experiment, tmp_path: Path
) -> None:
    evil = "<script>alert(1)</script> | [here](javascript:alert(2)) & `x`"
    names = [replace(variant, name=f"{variant.name} {evil}") for variant in experiment.variants]
    own = replace(experiment, title=f"Table {evil}", variants=tuple(names), claims=())
    outcome = replace(outcome_of(own, tmp_path), failures=[f"\n<b>{evil}</b>"])
    page = report(own, outcome, "table_0", "laptop", tmp_path / "page")
    html = page.with_suffix(".html").read_text()
    assert not {"<script", "<b>", "<a "} & set(re.findall(r"<[a-z]+ ?>?", html))
    shown = "&lt;script&gt;alert(1)&lt;/script&gt; | [here](javascript:alert(2)) &amp; `x`"
    assert f"<h1>Table {shown}</h1>" in html
    assert html.count(f"<td>recurrent {shown}</td>") == 2
    assert f"<li>&lt;b&gt;{shown}&lt;/b&gt;</li>" in html


def test_a_page_says_what_is_solved_without_a_net_and_what_was_changed(experiment: Experiment, tmp_path: Path) -> None:
    outcome = outcome_of(experiment, tmp_path)
    assert set(outcome.baselines) == {"level 6", "level 9"}
    told = replace(outcome, baselines={"level 6": {"chance": 0.0123, "greed": 0.5}})
    changed = experiment.revised({"batch": 8})
    text = report(changed, told, "table_0", "laptop", tmp_path / "page").read_text()
    assert "    longthink reproduce table-0 --scale laptop --seeds 1 --first-seed 0 --change batch=8\n" in text
    assert text.count("For comparison: chance 1.23, greed 50.") == 1


def test_an_evaluator_of_ones_own_has_the_columns_that_it_gives(experiment: Experiment, tmp_path: Path) -> None:
    sizes = Sizes(published={"recurrent": "about 1,000"})
    own = replace(experiment, evaluators=(experiment.evaluators[0], sizes), figure=draw_nothing, claims=())
    outcome = outcome_of(own, tmp_path)
    text = report(own, outcome, "table_0", "laptop", tmp_path / "page").read_text()
    weights = outcome.rows.set_index("series")["weights"].dropna().astype(int)
    assert "## Size\n\nPer cent of a million weights. The fixed iteration is that of" in text
    assert "| net | printed | weights |" in text
    assert f"| recurrent | about 1,000 | {weights['recurrent']:,} |" in text
    assert f"| feed-forward |  | {weights['feed-forward']:,} |" in text


def small_images() -> tuple[Variant, ...]:
    small = images_laptop().revised(
        {"steps": 3, "batch": 8, "model.width": 8, "model.first": 4, "model.after": 8, "validation.count": 10}
    )
    recurrent = small.revised({"curriculum.iterations": 2})
    apart = recurrent.revised({"model.limit": 2, "model.shared": False})
    return Variant("recurrent, depth 6", recurrent), Variant("feed-forward, depth 6", apart)


IMAGES = "recurrent, depth 6"
OF_IMAGES = {
    "accuracy_over_depth": (Sweep(level=1, iterations=1, count=20, published={IMAGES: "9 / 8"}),),
    "probes_over_iterations": tuple(
        Probed(level=1, at=at, count=30, train_size=60, published={IMAGES: "9 / 8"}) for at in (1, 2)
    ),
    "similarity_of_nets": (Compared(level=1, count=40, other=IMAGES, published={IMAGES: "9 / 8"}),),
    "activity_of_filters": (Reused(level=1, count=10, published={IMAGES: "9 / 8"}),),
}


@pytest.mark.parametrize("name", OF_IMAGES)
def test_nets_of_images_have_a_page_and_a_figure(name: str, tmp_path: Path) -> None:
    evaluators = OF_IMAGES[name]
    experiment = Experiment("Table 0", small_images(), evaluators, (), getattr(figures, name))
    outcome = outcome_of(experiment, tmp_path)
    assert outcome.failures == []
    page = report(experiment, outcome, "table_0", "laptop", tmp_path / "page")
    assert evaluators[0].note in page.read_text()
    assert f"| {IMAGES} | 9 / 8 |" in page.read_text()
    assert page.with_name("figure.png").stat().st_size > 5000
    if name == "accuracy_over_depth":
        depths = outcome.rows.groupby("series")["depth"].max()
        assert depths.to_dict() == {variant.name: 6 for variant in experiment.variants}


def test_disturbed_nets_have_a_page_of_their_recovery(experiment: Experiment, tmp_path: Path) -> None:
    flips = tuple(
        Disturbed(level=9, iterations=10, fixed=10, count=5, at=4, perturbation={"name": "bit_flip", "index": index})
        for index in (0, 3)
    )
    undisturbed = Disturbed(level=9, iterations=10, fixed=10, count=5, perturbation=None)
    recurrent = replace(experiment, variants=experiment.variants[:1], claims=())
    for evaluators, figure in ((flips, figures.recovery_by_index), ((undisturbed,), figures.change_over_iterations)):
        one = replace(recurrent, evaluators=evaluators, figure=figure)
        page = report(one, outcome_of(one, tmp_path), "table_0", "laptop", tmp_path / figure.__name__)
        assert page.with_name("figure.png").stat().st_size > 5000
        assert "| until solved |" in page.read_text()
        if evaluators == flips:
            assert "## Level 9, bit flip index 0 after iteration 4: 5 puzzles, 10 iterations" in page.read_text()


def test_groups_have_a_page_and_a_figure(tmp_path: Path) -> None:
    base: Recipe = staircase().revised({"steps": 40})
    for evaluator, figure, printed in (
        (Stepped(), figures.staircases, "| plateaus off by |"),
        (Learned(), figures.width_to_learn, "## The length of training: 1000 sequences"),
        (Timed(), figures.times_of_steps, "| theory of the flow |"),
        (Parts(), figures.parts_of_nets, "For comparison: the best function that misses an element 0."),
    ):
        experiment = Experiment("Table 0", (Variant("D5", base),), (evaluator,), (), figure)
        page = report(experiment, outcome_of(experiment, tmp_path), "t", "laptop", tmp_path / figure.__name__)
        assert printed in page.read_text()
        assert page.with_name("figure.png").stat().st_size > 5000
