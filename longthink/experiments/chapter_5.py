"""Chapter 5, logical extrapolation without overthinking: prefix sums."""

from longthink.experiment import Experiment, Reading, Row, Scale, more, no_overthinking
from longthink.recipe import Recipe
from longthink.recipes.laptop import prefix_sums_laptop
from longthink.recipes.thesis import prefix_sums_thesis

PLAIN = {"objective": "final"}
PROGRESSIVE = {"objective": "progressive", "objective.alpha": 1.0}
NO_RECALL = {"model.recall": False}


def _base(scale: Scale) -> Recipe:
    return prefix_sums_laptop() if scale == "laptop" else prefix_sums_thesis()


def _feedforward(base: Recipe) -> Recipe:
    """The twin: as many blocks as the net repeats its own for in training, nothing else changed."""
    limit = base.curriculum.iterations_at(base.curriculum.highest)
    same = {f"model.{name}": base.model.options[name] for name in ("width", "head")}
    return base.revised({"model": "feedforward", "model.limit": limit, **same, **PLAIN})


def table_5_2(scale: Scale) -> Experiment:
    """DT, DT-Recall and feed-forward on prefix sums, with and without progressive loss (table 5.2, figures 5.3, 5.7).

    Command: longthink reproduce table-5.2
    Time: laptop scale with 3 seeds, about 6 minutes of 2 cores.
    Expected: 97.12 +- 1.88 % of 512-bit strings for DT-Recall with alpha 1, 0 to 11 % without recall.
    """
    base = _base(scale)
    rows = (
        Row("DT, alpha 0", base.revised({**NO_RECALL, **PLAIN}), {48: "94.61 ± 1.19 at 42", 512: "0.00 ± 0.00"}),
        Row(
            "DT, alpha 1",
            base.revised({**NO_RECALL, **PROGRESSIVE}),
            {48: "97.73 ± 1.80 at 27", 512: "11.26 ± 6.90 at 171"},
        ),
        Row("DT-Recall, alpha 0", base.revised(PLAIN), {48: "99.97 ± 0.01 at 46", 512: "96.19 ± 3.73 at 466"}),
        Row("DT-Recall, alpha 1", base.revised(PROGRESSIVE), {48: "99.96 ± 0.02 at 26", 512: "97.12 ± 1.88 at 237"}),
        Row("feed-forward", _feedforward(base), {48: "27.15 ± 2.56 at 30", 512: "0.00 ± 0.00"}),
    )
    return Experiment(
        title="Table 5.2 and figures 5.3 and 5.7: prefix sums",
        rows=rows,
        readings=(
            Reading(48, iterations=200, fixed=100, every=2),
            Reading(512, iterations=600, fixed=400, count=100, every=10),
        ),
        claims=(
            more("DT-Recall, alpha 0", "DT, alpha 0", 512),
            more("DT-Recall, alpha 1", "DT, alpha 1", 512),
            more("DT-Recall, alpha 1", "DT-Recall, alpha 0", 512, or_equal=True),
            more("DT, alpha 0", "feed-forward", 48, reading="peak"),
            more("DT-Recall, alpha 0", "feed-forward", 48),
            no_overthinking("DT-Recall, alpha 0", 48),
            no_overthinking("DT-Recall, alpha 1", 48),
        ),
    )


def ablation_n_0(scale: Scale) -> Experiment:
    """Progressive loss whose partial solutions always begin at iteration 0 (section 5.4).

    Command: longthink reproduce ablation-n-0
    Time: not measured yet; 6 trainings of the 15 of table 5.2 at laptop scale with 3 seeds.
    Expected: 90.27 % of 512-bit strings with n = 0, 97.12 % with n at random.
    """
    base = _base(scale)
    zero = {**PROGRESSIVE, "objective.start": "zero"}
    return Experiment(
        title="Section 5.4: the ablation n = 0 of progressive loss",
        rows=(
            Row("n at random", base.revised(PROGRESSIVE), {512: "97.12"}),
            Row("n = 0", base.revised(zero), {512: "90.27"}),
        ),
        readings=(Reading(512, iterations=600, fixed=400, count=100, every=10),),
        claims=(more("n at random", "n = 0", 512),),
    )


def alpha_grid(scale: Scale) -> Experiment:
    """The weight of the progressive loss on prefix sums (section 5.6.3).

    Command: longthink reproduce alpha-grid
    Time: not measured yet; 15 trainings like those of table 5.2 at laptop scale with 3 seeds.
    Expected: alpha 1 was chosen from 0, 0.25, 0.5, 0.75 and 1; no numbers are published.
    """
    base = _base(scale)
    return Experiment(
        title="Section 5.6.3: the weight of the progressive loss",
        rows=tuple(
            Row(f"alpha {alpha:g}", base.revised({**PROGRESSIVE, "objective.alpha": alpha}))
            for alpha in (0, 0.25, 0.5, 0.75, 1)
        ),
        readings=(Reading(512, iterations=600, fixed=400, count=100, every=10),),
    )


def figure_5_16(scale: Scale) -> Experiment:
    """From harder strings of up to 32 bits to easier ones of 24 (section 5.6.2, figure 5.16).

    Command: longthink reproduce figure-5.16
    Time: not measured yet; the nets are those of table 5.2.
    Expected: all recurrent nets reach about 100 % in fewer iterations than in training; those without recall lose it.
    """
    return Experiment(
        title="Figure 5.16: from hard to easy",
        rows=tuple(Row(row.name, row.recipe) for row in table_5_2(scale).rows if row.name != "feed-forward"),
        readings=(Reading(24, iterations=200, fixed=100, every=2),),
        claims=(
            no_overthinking("DT-Recall, alpha 0", 24),
            no_overthinking("DT-Recall, alpha 1", 24),
            more("DT-Recall, alpha 0", "DT, alpha 0", 24),
        ),
    )
