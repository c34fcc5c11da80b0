"""What each evaluator finds, on curves known on paper and on nets that train in a second."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest
import torch

from longthink import registry
from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Thinker
from longthink.measuring.inside.feature_pictures import feature_pictures
from longthink.measuring.sweep import accuracy, sweep
from longthink.problems.prefix_sums.bit_flip import BitFlip
from longthink.recipes.laptop import images_laptop, staircase
from longthink.study.evaluators import (
    Attempted,
    BestMoves,
    Changed,
    Compared,
    Decided,
    Disturbed,
    Evaluator,
    Flipped,
    InDistribution,
    Learned,
    Parts,
    Pictured,
    Probed,
    ReceptiveField,
    Reused,
    Stepped,
    Stopped,
    Strength,
    Sweep,
    Timed,
    percent,
)
from longthink.study.experiment import Experiment, Variant
from longthink.study.reproduce import Outcome, carry_out, summarised
from longthink.thinking.breadth import Breadth
from longthink.training.loop import train
from longthink.training.recipe import Recipe


def measured(tmp_path: Path, *evaluators: Evaluator, seeds: int = 1, **recipes: Recipe) -> Outcome:
    variants = tuple(Variant(name.replace("_", " "), recipe) for name, recipe in recipes.items())
    experiment = Experiment("Table 0", variants, evaluators)
    outcome = carry_out(experiment, range(seeds), tmp_path / "trials", accelerator="cpu", progress=False)
    assert outcome.failures == []
    return outcome


def small_images(**changes: object) -> Recipe:
    small = {"steps": 3, "batch": 8, "model.width": 8, "model.first": 4, "model.after": 8, "validation.count": 10}
    return images_laptop().revised({**small, "curriculum.iterations": 2, **changes})


APART = {"model.limit": 2, "model.shared": False}


def curves(series: str, *accuracies: list[float]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "series": series,
                "evaluator": "level 9",
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
    sweep = Sweep(level=9, iterations=30, fixed=25)
    table = summarised(rows, [sweep])
    first = table.iloc[0]
    assert first["every_seed"] == [1.0, 0.99]
    assert (first["seeds"], first["successes"]) == (2, 2)
    assert first["fixed"] == pytest.approx(0.995)
    assert first["median"] == pytest.approx(0.995)
    assert first["spread"] == pytest.approx(0.005)
    assert (first["peak"], first["peak_at"]) == (pytest.approx(0.995), 20)
    assert first["final"] == pytest.approx(0.695)
    assert first["overthinking"] == pytest.approx(0.6)
    in_training = summarised(rows, [sweep.revised({"fixed": None})])
    assert in_training["fixed"].tolist() == [0.4, 0.1]  # before the first iteration that was measured: that
    assert sweep.columns(sweep.summary(rows[rows["series"] == "a"]), "97 ± 1") == {
        "dissertation": "97 ± 1",
        "peak of the mean": "99.5 at 20",
        "at the fixed iteration ± standard error": "99.5 ± 0.5",
        "median": "99.5",
        "every seed": "100, 99",
        "sure": "2 of 2",
        "at the end": "69.5",
    }
    of_a_seed = sweep.revised({"spread": "standard deviation"})
    cells = of_a_seed.columns(of_a_seed.summary(rows[rows["series"] == "a"]), "97 ± 1")
    assert cells["at the fixed iteration ± standard deviation"] == "99.5 ± 0.71"  # of a sample: sqrt(2 * 0.005^2)
    single = sweep.summary(rows[(rows["series"] == "a") & (rows["seed"] == 0)])
    assert sweep.columns(single, "")["at the fixed iteration ± standard error"] == "100"
    assert (
        sweep.note
        == "Per cent of puzzles solved. The fixed iteration is 25. Sure: seeds that solve at least 99% there."
    )


EVERY = (
    Attempted(level=9, iterations=3, stop="settled", choice="majority", breadth=Breadth(attempts=2)),
    BestMoves(level=4),
    Changed(level=9, iterations=3, perturbation="random_input"),
    Compared(level=1, other="a net"),
    Decided(level=9, algorithm="scan"),
    Disturbed(level=9, iterations=3, perturbation="noise"),
    Flipped(level=9, at=3, iterations=6),
    InDistribution(),
    Learned(),
    Parts(),
    Pictured(level=1),
    Probed(level=1, at=1),
    ReceptiveField(),
    Reused(level=1),
    Stepped(),
    Stopped(level=9, iterations=3, fixed=3, stop="settled"),
    Strength(level=7),
    Sweep(level=9, iterations=3),
    Timed(nth=1),
)


def test_only_plain_nets_without_recall_are_read_where_they_are_most_confident(
    tiny_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def told(model: Thinker, puzzles: Puzzles, iterations: Iterable[int], exit_rule: str) -> pd.DataFrame:
        read.append(exit_rule)
        return sweep(model, puzzles, iterations)

    monkeypatch.setattr("longthink.study.evaluators.thinking.sweep", told)
    near = Sweep(level=6, count=3, iterations=2, exit_rule="dt_max_confidence")
    for recall in (False, True):
        for objective in ("final", "progressive"):
            recipe = tiny_recipe.revised({"steps": 1, "model.recall": recall, "objective": objective})
            near.run(train(recipe, tmp_path / f"{recall}-{objective}", accelerator="cpu", progress=False))
    assert read == ["max_confidence", "default", "default", "default"]
    assert near.title == "level 6"
    assert near.note.endswith("DT with the plain loss is read at its most confident iteration so far.")


def test_training_puzzles_are_those_that_the_net_was_trained_on(tiny_recipe: Recipe) -> None:
    """Where that was a fixed set: every one of the first epoch's batches is among them, and none is new."""
    recipe = tiny_recipe.revised(
        {"train_size": 20, "batch": 4, "curriculum.lowest": 12, "curriculum.start": None, "curriculum.highest": 12}
    )
    known = Sweep(level=12, count=99, iterations=3, split="train")
    lessons = recipe.task.begin(recipe)
    seen = torch.cat([lessons.batch(step).puzzles.x for step in range(4)])
    assert sorted(seen.tolist()) == sorted(known.puzzles(recipe).x.tolist())
    assert "trained on" in known.note
    fresh = known.revised({"count": 5}).puzzles(recipe.revised({"train_size": None}))
    assert torch.equal(fresh.x, recipe.problem.sample(12, 5, split="train").x)


def test_the_untrained_net_stands_beside(tiny_recipe: Recipe) -> None:
    """It is the one that training begins with, and guesses one blank cell of nine symbols."""
    recipe = tiny_recipe.revised({"problem": "sudoku"})
    found = Sweep(level=1, count=60, iterations=9, fixed=5).baselines(recipe)
    assert found["the first net untrained"] == accuracy(recipe.build(), recipe.problem.sample(1, 60), 5)
    assert 0.02 < found["the first net untrained"] < 0.3
    assert found["singles"] == 1


def test_evaluators_are_plugins() -> None:
    assert [registry.name_of(type(one)) for one in EVERY] == registry.names("evaluators")
    assert registry.find("evaluators", "sweep") is Sweep
    assert registry.build("evaluators", "disturbed", {"level": 9, "iterations": 3, "perturbation": "noise"}) == EVERY[5]


@pytest.mark.parametrize("evaluator", EVERY, ids=lambda one: type(one).__name__)
def test_options_of_an_evaluator_cannot_be_misspelt(evaluator: Evaluator) -> None:
    with pytest.raises(UserError, match="has no option 'publishd' \\(did you mean 'published'\\?\\)"):
        evaluator.revised({"publishd": {}})
    with pytest.raises(ValueError, match="publishd"):
        type(evaluator)(**dict(evaluator), publishd={})


def test_an_evaluator_may_change_the_problem(tiny_recipe: Recipe) -> None:
    mazes = tiny_recipe.revised({"problem": "mazes"})
    sweep = Sweep(level=9, iterations=3, count=5, options={"openings": 0.5})
    assert sweep.title == "level 9, 0.5"
    assert sweep.puzzles(mazes).problem.openings == 0.5
    for options in ({"opening": 0.5}, {"openings": 2.0}):
        wrong = sweep.revised({"options": options})
        with pytest.raises(UserError, match="opening"):
            wrong.puzzles(mazes)
        with pytest.raises(UserError, match="opening"):
            wrong.check(mazes)


def test_titles_say_what_is_not_as_usual() -> None:
    sweep = Sweep(level=9, iterations=3, split="validation", exit_rule="max_confidence", options={"a": "b_c", "d": 0})
    assert sweep.title == "level 9, validation split, b c, most confident so far"
    assert sweep.heading == "Level 9, validation split, b c, most confident so far: 1000 puzzles, 3 iterations"
    assert Probed(level=1, at=2, pool=1).title == "level 1, features after iteration 2, one mean for each filter"
    assert Compared(level=1, other="ResNet-18").heading == "Level 1, compared with ResNet-18: 1000 puzzles"


def test_a_sweep_may_also_count_positions(tmp_path: Path, tiny_recipe: Recipe) -> None:
    sweep = Sweep(level=6, iterations=12, fixed=5, count=7, every=4, positions=True)
    outcome = measured(tmp_path, sweep, net=tiny_recipe.revised({"steps": 20}))
    line = summarised(outcome.rows, [sweep]).iloc[0]
    at_fixed = outcome.rows[outcome.rows["iteration"] == 5]["position_accuracy"]
    assert line["positions"] == at_fixed.item()
    assert line["positions"] > line["fixed"]
    assert [*sweep.columns(line, "")][-2:] == ["at the end", "positions right"]


def test_a_disturbed_net_recovers_or_does_not(tmp_path: Path, tiny_recipe: Recipe) -> None:
    flips = tuple(
        Disturbed(level=9, iterations=10, fixed=10, count=5, at=4, perturbation=BitFlip(index=index))
        for index in (0, 3)
    )
    clean = Disturbed(level=9, iterations=10, fixed=10, count=5, perturbation=None)
    assert clean.title == "level 9, undisturbed"
    assert flips[1].title == "level 9, bit flip index 3 after iteration 4"
    outcome = measured(tmp_path, *flips, clean, net=tiny_recipe.revised({"steps": 20}))
    assert sorted(outcome.rows["index"].dropna().unique()) == [0, 3]
    assert outcome.rows["iteration"].max() == 10
    table = summarised(outcome.rows, flips)
    assert table["peak_at"].min() > 4  # what was before the disturbance does not count
    known = {"seeds": 1, "successes": 0, "peak_at": 5, "every_seed": [0.0]}
    shares = dict.fromkeys(("fixed", "spread", "median", "peak", "final"), 0.0)
    assert flips[0].columns({**known, **shares, "reached": float("nan")}, "")["until solved"] == "-"
    assert flips[0].columns({**known, **shares, "reached": 2.25}, "")["until solved"] == "2.25 iterations"
    assert [*flips[0].columns({**known, **shares, "reached": 2.25}, "27.68 (87 %)")][:3] == [
        "dissertation",
        "until solved",
        "peak of the mean",
    ]
    assert "counted from the disturbance after iteration 4" in flips[0].note
    assert "counted from" not in clean.note


def test_probes_are_of_nets_of_images(tmp_path: Path) -> None:
    probed = tuple(Probed(level=1, at=at, count=30, train_size=60) for at in (1, 2))
    outcome = measured(tmp_path, *probed, recurrent=small_images(), apart=small_images(**APART))
    table = summarised(outcome.rows, probed)
    assert table["fixed"].between(0, 1).all()
    assert (table["train"] > table["fixed"]).all()
    assert table["fixed_at"].tolist() == [1, 1, 2, 2]
    assert [*probed[0].columns(table.iloc[0], "9 / 8")] == [
        "dissertation",
        "at the fixed iteration ± standard error",
        "every seed",
        "on what the probe was trained on",
    ]
    with pytest.raises(UserError, match="train images"):
        Probed(level=1, at=1, count=30, train_size=60_000).check(small_images())


def test_nets_are_compared_with_others_of_another_seed(tmp_path: Path) -> None:
    compared = tuple(Compared(level=1, count=40, other=name) for name in ("recurrent", "apart"))
    nets = {"recurrent": small_images(), "apart": small_images(**APART)}
    rows = measured(tmp_path, *compared, **nets).rows
    own = rows[rows["series"] == rows["other"]]
    assert own["cka"].tolist() == pytest.approx([1, 1])
    rows = measured(tmp_path, *compared, seeds=2, **nets).rows
    own = rows[rows["series"] == rows["other"]]
    assert len(own) == 4  # each with the net of the other seed
    assert own["cka"].max() < 0.999
    line = summarised(rows, compared).iloc[0]
    cells = compared[0].columns(line, "0.843")
    assert cells["dissertation"] == "0.843"
    assert cells["linear CKA"] == f"{line['fixed']:.3f} ± {line['spread']:.3f}"


def test_filters_are_used_again(tmp_path: Path) -> None:
    reused = Reused(level=1, count=10)
    outcome = measured(tmp_path, reused, recurrent=small_images())
    assert outcome.rows["iteration"].tolist() == [1, 2]
    assert summarised(outcome.rows, [reused])["fixed"].between(0, 1).all()
    assert outcome.rows["decile_1"].le(outcome.rows["decile_9"]).all()


def test_filters_of_a_layer_inside_the_block_are_looked_at_once_an_iteration(tmp_path: Path) -> None:
    recipe = images_laptop().revised(
        {"model": "residual_net", "model.width": 4, "steps": 2, "batch": 8, "validation.count": 10}
    )
    layers = [Reused(level=1, count=10, layer=f"inner.0.activations.{number}") for number in range(4)]
    outcome = measured(tmp_path, *layers, Reused(level=1, count=10), recurrent=recipe)
    by_layer = dict(iter(outcome.rows.groupby("evaluator")))
    assert layers[0].title == "level 1, behind inner.0.activations.0"
    block, last = by_layer["level 1"], by_layer[layers[3].title]
    assert last["iteration"].tolist() == [1, 2, 3, 4]
    shared = ["reused", "again", "used", "decile_1", "decile_9"]
    assert last[shared].to_numpy() == pytest.approx(block[shared].to_numpy())  # what the block puts out is the state
    assert by_layer[layers[0].title]["decile_1"].tolist() != last["decile_1"].tolist()


def test_each_net_is_measured_on_the_level_that_it_was_trained_on(tmp_path: Path, tiny_recipe: Recipe) -> None:
    mazes = tiny_recipe.revised(
        {
            "problem": "mazes",
            "model.recall": False,
            "curriculum.lowest": 5,
            "curriculum.start": None,
            "curriculum.iterations": 1,
            "curriculum.iterations_per_level": 0,
            "steps": 30,
        }
    )
    nets = {f"of_{level}": mazes.revised({"curriculum.highest": level}) for level in (5, 9)}
    solved, field = InDistribution(count=20), ReceptiveField()
    outcome = measured(tmp_path, solved, field, **nets)
    sweeps = [Sweep(level=level, iterations=1, count=20) for level in (5, 9)]
    both = measured(tmp_path, *sweeps, **nets).rows.set_index(["series", "level"])["position_accuracy"]
    rows = outcome.rows[outcome.rows["evaluator"] == solved.title].set_index("series")
    assert rows["level"].to_dict() == {"of 5": 5, "of 9": 9}
    assert rows["position_accuracy"].to_dict() == {f"of {level}": both[f"of {level}", level] for level in (5, 9)}
    assert rows["depth"].tolist() == [8, 8]


@pytest.mark.parametrize(
    ("size", "iterations", "cells", "pixels"), [(9, 1, 9, 17), (11, 1, 9, 17), (13, 1, 9, 17), (13, 2, 13, 25)]
)
def test_the_receptive_field_covers_small_mazes_after_8_convolutions_and_large_ones_after_12(
    tmp_path: Path, tiny_recipe: Recipe, size: int, iterations: int, cells: int, pixels: int
) -> None:
    recipe = tiny_recipe.revised(
        {
            "problem": "mazes",
            "model.recall": False,
            "curriculum.start": None,
            "curriculum.lowest": size,
            "curriculum.highest": size,
            "curriculum.iterations": iterations,
            "curriculum.iterations_per_level": 0,
            "steps": 1,
        }
    )
    field = ReceptiveField()
    outcome = measured(tmp_path, field, net=recipe)
    assert outcome.rows["cells"].tolist() == [cells / size]
    (line,) = summarised(outcome.rows, [field]).to_dict("records")
    assert field.columns(line, "")["pixels along an axis"] == str(pixels)
    with pytest.raises(UserError, match="in cells of mazes"):
        field.check(tiny_recipe)


def test_pictures_are_made_together_and_the_first_are_kept(tmp_path: Path) -> None:
    net = small_images()
    options = {"level": 1, "count": 20, "filters": 2, "steps": 3, "jitter": 2}
    few, many = Pictured(**options, pictures=2), Pictured(**options, pictures=5)
    run = train(net, tmp_path / "run", accelerator="cpu", progress=False)
    rows = {which: evaluator.run(run) for which, evaluator in (("few", few), ("many", many))}
    assert rows["few"]["filter"].unique().tolist() == rows["many"]["filter"].unique().tolist()
    puzzles, chosen = few.puzzles(net), rows["few"]["filter"].unique().tolist()
    made = feature_pictures(run.model(), puzzles, chosen, 2, steps=3, jitter=2, progress=False)
    low, high = puzzles.x.amin((0, 2, 3)).view(-1, 1, 1), puzzles.x.amax((0, 2, 3)).view(-1, 1, 1)
    red = ((made - low) / (high - low) * 255).round()[:, 0].flatten()
    kept = rows["few"][rows["few"]["iteration"] == 2]
    assert kept["red"].tolist() == red.tolist()
    assert not rows["many"]["red"].equals(rows["few"]["red"])  # the statistics of the first layer are those of all
    everything = many.revised({"pictures": 64}).run(run)  # as many as there are
    assert everything["filter"].nunique() == 2


def test_only_nets_of_images_have_pictures_of_features(tiny_recipe: Recipe) -> None:
    with pytest.raises(UserError, match="nets that classify pictures"):
        Pictured(level=6).check(tiny_recipe)
    Pictured(level=1, count=5).check(small_images())


def test_a_net_learns_a_group_step_by_step(tmp_path: Path) -> None:
    base, stepped = staircase(), Stepped()
    outcome = measured(tmp_path, stepped, seeds=2, D5=base.revised({"steps": 300}), dormant=base.revised({"steps": 40}))
    table = summarised(outcome.rows, [stepped]).set_index("series")
    assert table["fixed"].to_dict() == pytest.approx({"D5": 2 / 3, "dormant": 0})
    assert table["heights"]["dormant"] > 0.5 > table["heights"]["D5"]
    cells = stepped.columns(table.loc["D5"], "")
    assert (cells[stepped.column], cells["every seed"]) == ("66.67 ± 0", "66.67, 66.67")
    assert "plateaus off by" in cells


def test_a_wide_net_learns_a_group_and_a_narrow_one_does_not(tmp_path: Path) -> None:
    base = staircase().revised(
        {"problem.group": "C3", "problem.power": None, "optimiser": "adam", "optimiser.lr": 0.02, "steps": 300}
    )
    base = base.revised({"batch": 9, "model.scale": 0.1, "validation.count": 9})
    learned = Learned()
    assert len(learned.puzzles(base.revised({"problem.exhaustive": False}))) == 1000  # of the 81 there are
    assert learned.heading == "The length of training: 1000 sequences, up to 2 iterations more than in training"
    outcome = measured(
        tmp_path, learned, **{f"width_{width}": base.revised({"model.width": width}) for width in (1, 24)}
    )
    by_width = outcome.rows.set_index("width")
    assert by_width["learned"][1] < 0.6
    assert by_width["learned"][24] > 0.999
    assert by_width["accuracy"][24] == 1
    assert by_width[["level", "order", "iteration"]].drop_duplicates().to_numpy().tolist() == [[2, 3, 1]]


def test_the_part_that_multiplies_all_elements_is_the_one_that_solves(tmp_path: Path) -> None:
    base = staircase().revised({"problem.group": "C5", "problem.power": None, "batch": 25, "validation.count": 25})
    base = base.revised({"optimiser": "adam", "optimiser.lr": 0.02, "model.scale": 0.1, "steps": 300})
    linear = base.revised({"model": "deep_linear", "model.depth": 3, "curriculum.iterations": 2})
    parts = Parts()
    outcome = measured(tmp_path, parts, two_layer=base.revised({"model.width": 40}), linear=linear)
    two_layer, deep = (outcome.rows.set_index("series").loc[name] for name in ("two layer", "linear"))
    assert two_layer["accuracy"] == two_layer["accuracy_together"] == 1
    assert two_layer["accuracy_rest"] < 0.6
    assert two_layer["learned_together"] > 0.999
    assert two_layer["learned_rest"] <= 0
    for row in (two_layer, deep):
        assert row["power"] == pytest.approx(row["power_together"] + row["power_rest"], abs=3e-6)
        assert row["learned"] == pytest.approx(row["learned_together"] - row["power_rest"], abs=3e-6)
    assert deep["power_together"] == deep["single_together"] == 0
    run = train(base.revised({"steps": 5}), tmp_path / "run", accelerator="cpu", progress=False)
    net, puzzles = run.model(), base.problem.sample(2, 1)
    with torch.no_grad():
        one, other = torch.einsum("bnk,hnk->kbh", puzzles.x, net.inside)
        powers = [
            (part.square().mean(0) * net.outside.square().sum(1)).sum()
            for part in (2 * one * other, (one + other) ** 2)
        ]
    assert parts.run(run)["single_together"][0] == pytest.approx(float(powers[0] / powers[1]), abs=1e-5)
    assert -0.01 < deep["learned"] <= 0
    assert outcome.baselines[parts.title] == {"the best function that misses an element": 0}
    cells = parts.columns(summarised(outcome.rows, [parts]).set_index("series").loc["two layer"], "")
    assert (cells["accuracy"], cells["its accuracy"]) == ("100", "100")


def test_the_time_of_a_step_is_that_of_the_flow(tmp_path: Path) -> None:
    """For D5 from 1e-3: slopes 1.2103 and 3.4641, times ln 1000; the turning before makes little of it."""
    first, second, third = (Timed(nth=nth) for nth in (1, 2, 3))
    outcome = measured(tmp_path, first, second, third, D5=staircase().revised({"steps": 300}))
    rows = outcome.rows.set_index("nth")
    assert rows["slope"].to_list() == pytest.approx([1.2103, 3.4641, 7.4536], abs=1e-4)
    for nth in (1, 2):
        assert rows["time"][nth] == pytest.approx(rows["slope"][nth] * 6.9078, rel=0.1)
    assert rows["time"][3] == pytest.approx(300 * 0.1)  # it is not taken, and so all of the training
    cells = first.columns(summarised(outcome.rows, [first]).iloc[0], "")
    assert cells["theory of the flow"] == "8.361"
    plain = summarised(outcome.rows.assign(optimiser="sgd"), [first]).iloc[0]
    assert first.columns(plain, "")["theory of the flow"] == ""
    with pytest.raises(UserError, match="has 3 steps; step 4 is none"):
        Timed(nth=4).check(staircase())
    with pytest.raises(UserError, match="not deep_linear"):
        first.check(staircase().revised({"model": "deep_linear"}))


def test_only_nets_that_compose_elements_learn_representations(tmp_path: Path, tiny_recipe: Recipe) -> None:
    run = train(tiny_recipe.revised({"steps": 2}), tmp_path / "run", accelerator="cpu", progress=False)
    for evaluator in (Stepped(), Learned(), Timed(), Parts()):
        for refused in (lambda of: of.check(run.recipe()), lambda of: of.run(run)):
            with pytest.raises(UserError, match="compose elements"):
                refused(evaluator)


def test_a_net_is_compared_with_known_algorithms(tmp_path: Path, tiny_recipe: Recipe) -> None:
    scan = Decided(level=12, count=8, iterations=15, algorithm="scan")
    beyond = scan.revised({"algorithm": "parallel_scan", "beyond": "scan"})
    assert (scan.title, beyond.title) == ("level 12, scan", "level 12, parallel scan beyond scan")
    outcome = measured(tmp_path, scan, beyond, net=tiny_recipe.revised({"steps": 20}))
    table = summarised(outcome.rows, [scan, beyond])
    rows = outcome.rows[outcome.rows["beyond"] == ""]
    assert table["fixed"][0] == pytest.approx(rows["scan_agreement"].mean())
    assert table["parallel_scan_agreement"][0] == pytest.approx(rows["parallel_scan_agreement"].mean())
    cells = scan.columns(table.iloc[0].to_dict(), "")
    assert [*cells] == ["scan", "parallel scan", "puzzles solved"]
    assert cells["scan"] == percent(table["fixed"][0])
    assert [*beyond.columns(table.iloc[1].to_dict(), "")] == ["parallel scan", "puzzles solved"]
    (between,) = outcome.baselines[scan.title].items()
    positions = pd.Series(range(1, 13))
    levels = (positions - 1).map(lambda place: place.bit_length())  # in a parallel scan, position p waits for log2 p
    assert between[0] == "scan with parallel scan"
    assert between[1] == pytest.approx(positions.corr(levels, method="spearman"))
    assert beyond.title not in outcome.baselines or not outcome.baselines[beyond.title]
    with pytest.raises(UserError, match=r"prefix_sums has no algorithm sorting; it has scan, parallel_scan\."):
        scan.revised({"algorithm": "sorting"}).check(tiny_recipe)
    with pytest.raises(UserError, match=r"no algorithm nothing"):
        scan.revised({"beyond": "nothing"}).check(tiny_recipe)
