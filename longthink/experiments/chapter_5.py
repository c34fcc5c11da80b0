"""Chapter 5, logical extrapolation without overthinking: recall and progressive loss."""

from dataclasses import replace

from longthink.experiment import Claim, Experiment, Row, Scale, at_least, more, no_overthinking
from longthink.experiments import _nets
from longthink.readings import Reading
from longthink.recipe import Recipe


def table_5_2(scale: Scale) -> Experiment:
    """DT, DT-Recall and feed-forward, plain and progressive, on 48 and 512 bits (table 5.2, figures 5.3, 5.7 left).

    Command: longthink reproduce table-5.2
    Expected: 97.12 +- 1.88 % of 512-bit strings for DT-Recall with progressive loss, 0 to 11 % without recall.
    """
    near = Reading(
        level=48,
        iterations=200,
        fixed=100,
        every=2,
        published={
            "DT": "94.61 ± 1.19 at 42",
            "DT, progressive": "97.73 ± 1.80 at 27",
            "DT-Recall": "99.97 ± 0.01 at 46",
            "DT-Recall, progressive": "99.96 ± 0.02 at 26",
            "feed-forward": "27.15 ± 2.56 at 30",
        },
    )
    far = Reading(
        level=512,
        iterations=600,
        fixed=400,
        count=100,
        every=10,
        published={
            "DT": "0.00 ± 0.00",
            "DT, progressive": "11.26 ± 6.90 at 171",
            "DT-Recall": "96.19 ± 3.73 at 466",
            "DT-Recall, progressive": "97.12 ± 1.88 at 237",
            "feed-forward": "0.00 ± 0.00",
        },
    )
    return Experiment(
        title="Table 5.2, figures 5.3 and 5.7 (left): prefix sums",
        rows=_nets.five("prefix_sums", scale),
        readings=(near, far),
        claims=_ordering(near, far),
    )


def table_5_3(scale: Scale) -> Experiment:
    """DT, DT-Recall and feed-forward, plain and progressive, on 13x13 and 59x59 (table 5.3, figures 5.4, 5.7 right).

    Command: longthink reproduce table-5.3
    Expected: 97.30 +- 0.68 % of 59x59 mazes for DT-Recall with progressive loss, none without recall.
    """
    near = Reading(
        level=13,
        iterations=200,
        fixed=100,
        every=4,
        count=300,
        published={
            "DT": "85.59 ± 2.81 at 40",
            "DT, progressive": "86.08 ± 3.96 at 38",
            "DT-Recall": "99.94 ± 0.03 at 94",
            "DT-Recall, progressive": "99.88 ± 0.05 at 70",
            "feed-forward": "38.22 ± 5.28",
        },
    )
    far = Reading(
        level=59,
        iterations=600,
        fixed=500,
        every=20,
        count=20 if scale == "laptop" else 1000,
        published={
            "DT": "0.00 ± 0.00",
            "DT, progressive": "0.00 ± 0.00",
            "DT-Recall": "82.72 ± 15.14 at 999",
            "DT-Recall, progressive": "97.30 ± 0.68 at 984",
            "feed-forward": "0.00 ± 0.00",
        },
    )
    return Experiment(
        title="Table 5.3, figures 5.4 and 5.7 (right): mazes",
        rows=_nets.five("mazes", scale),
        readings=(near, far),
        claims=_ordering(near, far),
    )


def table_5_4(scale: Scale) -> Experiment:
    """DT, DT-Recall and feed-forward, plain and progressive, on harder chess puzzles (table 5.4, figures 5.5 and 5.6).

    Command: longthink reproduce table-5.4
    Thesis: with the Lichess database, --change problem.source=DIR.
    Expected: 82.69 +- 0.27 % of puzzles 600,000 to 700,000 with recall and progressive loss, feed-forward 61.17.
    Laptop: trained on the easiest six tenths of what comes with the package, tested on the seventh and the last.
    """
    published = {
        "DT": "78.81 ± 1.04 at 32",
        "DT, progressive": "82.32 ± 0.10 at 43",
        "DT-Recall": "82.12 ± 0.69 at 29",
        "DT-Recall, progressive": "82.69 ± 0.27 at 57",
        "feed-forward": "61.17 ± 1.76 at 30",
    }
    levels, fixed, longest, count = (7, 10), 20, 60, 200
    if scale == "thesis":
        levels, fixed, longest, count = (700_000, 1_100_000), 50, 100, 1000
    near, far = (
        Reading(
            level=level, iterations=longest, fixed=fixed, count=count, published=published if level == levels[0] else {}
        )
        for level in levels
    )
    legal = replace(near, options={"reading": "legal_move"}, published={})
    return Experiment(
        title="Table 5.4, figures 5.5 and 5.6: chess puzzles",
        rows=_nets.five("chess", scale),
        readings=(near, far, legal),
        claims=(
            more("DT-Recall", "DT", near),
            more("DT-Recall, progressive", "DT", near),
            more("DT-Recall, progressive", "DT-Recall", near, or_equal=True),
            more("DT", "feed-forward", near, value="peak"),
            more("DT-Recall", "feed-forward", near),
            no_overthinking("DT-Recall, progressive", near, tolerated=0.02),
        ),
    )


def _ordering(near: Reading, far: Reading) -> tuple[Claim, ...]:
    return (
        more("DT-Recall", "DT", far),
        more("DT-Recall, progressive", "DT, progressive", far),
        more("DT-Recall, progressive", "DT-Recall", far, or_equal=True),
        more("DT", "feed-forward", near, value="peak"),
        more("DT-Recall", "feed-forward", near),
        no_overthinking("DT-Recall", near),
        no_overthinking("DT-Recall, progressive", near),
    )


def ablation_n_0(scale: Scale) -> Experiment:
    """Progressive loss whose partial solutions always begin at iteration 0 (section 5.4).

    Command: longthink reproduce ablation-n-0
    Expected: 90.27 % of 512-bit strings with n = 0, 97.12 % with n at random.
    """
    at_random = _nets.progressive(_nets.prefix_sums(scale), _nets.alpha("prefix_sums", scale))
    published = {"n at random": "97.12", "n = 0": "90.27"}
    far = Reading(level=512, iterations=600, fixed=400, count=100, every=10, published=published)
    return Experiment(
        title="Section 5.4: the ablation n = 0 of progressive loss",
        rows=(Row("n at random", at_random), Row("n = 0", at_random.revised({"objective.start": "zero"}))),
        readings=(far,),
        claims=(more("n at random", "n = 0", far),),
    )


def table_5_6_prefix_sums(scale: Scale) -> Experiment:
    """How the nets of table 5.2 do on what they were trained on (table 5.6, figure 5.3's nets).

    Command: longthink reproduce table-5.6-prefix-sums
    Expected: 97.73 to 100 % of the validation set, all nets. Laptop: training strings are fresh ones of that split.
    """
    validation = {
        "DT": "100.00 ± 0.00",
        "DT, progressive": "97.73 ± 1.80",
        "DT-Recall": "100.00 ± 0.00",
        "DT-Recall, progressive": "100.00 ± 0.00",
        "feed-forward": "99.76 ± 0.14",
    }
    train = {
        "DT": "99.98 ± 0.01",
        "DT, progressive": "99.57 ± 0.38",
        "DT-Recall": "99.95 ± 0.02",
        "DT-Recall, progressive": "99.98 ± 0.01",
        "feed-forward": "99.76 ± 0.14",
    }
    return _in_distribution("prefix sums", _nets.five("prefix_sums", scale), 32, 1000, train, validation)


def table_5_6_mazes(scale: Scale) -> Experiment:
    """How the nets of table 5.3 do on what they were trained on (table 5.6).

    Command: longthink reproduce table-5.6-mazes
    Expected: 99.74 to 100 % of the validation set, all nets. Laptop: training mazes are fresh ones of that split.
    """
    validation = {
        "DT": "100.00 ± 0.00",
        "DT, progressive": "99.98 ± 0.01",
        "DT-Recall": "99.92 ± 0.06",
        "DT-Recall, progressive": "99.74 ± 0.17",
        "feed-forward": "99.93 ± 0.05",
    }
    train = {
        "DT": "100.00 ± 0.00",
        "DT, progressive": "99.98 ± 0.01",
        "DT-Recall": "99.91 ± 0.07",
        "DT-Recall, progressive": "99.77 ± 0.15",
        "feed-forward": "99.94 ± 0.01",
    }
    return _in_distribution("mazes", _nets.five("mazes", scale), 9, 500, train, validation)


def table_5_6_chess(scale: Scale) -> Experiment:
    """How the nets of table 5.4 do on what they were trained on (table 5.6).

    Command: longthink reproduce table-5.6-chess
    Expected: 83 to 94 % of the validation set, 97 to 100 % of the training set; feed-forward the least of both.
    Laptop: with your own puzzles too, --change problem.source=DIR.
    """
    validation = {
        "DT": "92.94 ± 0.34",
        "DT, progressive": "94.16 ± 0.02",
        "DT-Recall": "94.16 ± 0.03",
        "DT-Recall, progressive": "94.18 ± 0.07",
        "feed-forward": "83.24 ± 1.22",
    }
    train = {
        "DT": "99.98 ± 0.02",
        "DT, progressive": "99.90 ± 0.01",
        "DT-Recall": "99.77 ± 0.02",
        "DT-Recall, progressive": "99.34 ± 0.02",
        "feed-forward": "96.89 ± 0.58",
    }
    level, count = (6, 200) if scale == "laptop" else (600_000, 1000)
    experiment = _in_distribution("chess", _nets.five("chess", scale), level, count, train, validation)
    recurrent = _nets.recurrent(experiment.rows)
    claims = tuple(
        more(row.name, "feed-forward", reading) for reading in reversed(experiment.readings) for row in recurrent
    )
    return replace(experiment, claims=claims)


def _in_distribution(
    what: str, rows: tuple[Row, ...], level: int, count: int, train: dict[str, str], validation: dict[str, str]
) -> Experiment:
    longest = max(row.recipe.regime for row in rows)
    on_train = Reading(level=level, iterations=longest, count=count, split="train", published=train)
    held_out = Reading(level=level, iterations=longest, count=count, split="validation", published=validation)
    return Experiment(
        title=f"Table 5.6: in distribution, {what}",
        rows=rows,
        readings=(on_train, held_out),
        claims=tuple(at_least(0.97, row.name, held_out) for row in rows),
    )


def alpha_grid_prefix_sums(scale: Scale) -> Experiment:
    """The weight of the progressive loss on prefix sums (section 5.6.3).

    Command: longthink reproduce alpha-grid-prefix-sums
    Expected: alpha 1 was chosen; no numbers are published.
    """
    far = Reading(level=512, iterations=600, fixed=400, count=100, every=10)
    return _alpha_grid("prefix sums", _nets.prefix_sums(scale), (0, 0.25, 0.5, 0.75, 1), far)


def alpha_grid_mazes(scale: Scale) -> Experiment:
    """The weight of the progressive loss on mazes (section 5.6.3).

    Command: longthink reproduce alpha-grid-mazes
    Expected: alpha 0.01 was chosen; no numbers are published.
    """
    if scale == "laptop":
        far = Reading(level=33, iterations=300, fixed=250, every=10, count=50)
    else:
        far = Reading(level=59, iterations=1000, fixed=1000, every=20)
    return _alpha_grid("mazes", _nets.mazes(scale), (0, 0.01, 0.1, 0.5, 1), far)


def _alpha_grid(what: str, base: Recipe, alphas: tuple[float, ...], reading: Reading) -> Experiment:
    nets = {alpha: base if alpha == 0 else _nets.progressive(base, alpha) for alpha in alphas}
    return Experiment(
        title=f"Section 5.6.3: the weight of the progressive loss, {what}",
        rows=tuple(Row(f"alpha {alpha:g}", net) for alpha, net in nets.items()),
        readings=(reading,),
    )


def figure_5_16(scale: Scale) -> Experiment:
    """From harder strings of up to 32 bits to easier ones of 24 (section 5.6.2, figure 5.16).

    Command: longthink reproduce figure-5.16
    Expected: all recurrent nets reach about 100 % in fewer iterations than in training; those without recall lose it.
    """
    easier = Reading(level=24, iterations=200, fixed=100, every=2)
    return Experiment(
        title="Figure 5.16: from hard to easy",
        rows=_nets.recurrent(_nets.five("prefix_sums", scale)),
        readings=(easier,),
        claims=(
            no_overthinking("DT-Recall", easier),
            no_overthinking("DT-Recall, progressive", easier),
            more("DT-Recall", "DT", easier),
        ),
    )


def figure_5_17_depth(scale: Scale) -> Experiment:
    """The training regime m against accuracy on 512 bits (figure 5.17, left).

    Command: longthink reproduce figure-5.17-depth
    Expected: better with more iterations, and no better beyond m = 30. Laptop: m = 10, 20 and 30.
    """
    base = _nets.progressive(_nets.prefix_sums(scale), _nets.alpha("prefix_sums", scale))
    regimes = (10, 20, 30) if scale == "laptop" else (10, 20, 30, 40, 50)
    return Experiment(
        title="Figure 5.17 (left): iterations in training",
        rows=tuple(Row(f"m {iterations}", _nets.iterating(base, iterations)) for iterations in regimes),
        readings=(Reading(level=512, iterations=600, fixed=400, count=100, every=10),),
    )


def figure_5_17_width(scale: Scale) -> Experiment:
    """The width against accuracy on 512 bits (figure 5.17, right).

    Command: longthink reproduce figure-5.17-width
    Expected: better with more filters, and little better beyond 400. Laptop: 12, 24 and 48.
    """
    base = _nets.progressive(_nets.prefix_sums(scale), _nets.alpha("prefix_sums", scale))
    widths = (12, 24, 48) if scale == "laptop" else (100, 200, 300, 400, 500)
    return Experiment(
        title="Figure 5.17 (right): width",
        rows=tuple(
            Row(f"width {width}", base.revised({"model.width": width, "model.head": [width, width // 2]}))
            for width in widths
        ),
        readings=(Reading(level=512, iterations=600, fixed=400, count=100, every=10),),
    )
