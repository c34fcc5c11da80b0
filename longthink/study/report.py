"""One page for an experiment, as Markdown and HTML: the dissertation's numbers beside ours, and every seed."""

import base64
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import markdown
import pandas as pd
import torch

from longthink.base.files import atomic
from longthink.measuring.rows import save_rows
from longthink.study.claims import Claim, Source
from longthink.study.evaluators import Evaluator, percent
from longthink.study.experiment import Experiment, Scale, Variant
from longthink.study.reproduce import FRESH, Outcome, summaries, summarised

STYLE = (
    '<!doctype html><meta charset="utf-8"><style>body{font-family:sans-serif;max-width:70em;margin:2em auto}'
    "td,th{padding:.2em .8em;text-align:left}img{max-width:100%}</style>"
)
UNTOLD = ("name", "seed")
HEADINGS: Mapping[Source, str] = {
    "dissertation": "What the dissertation found",
    "article": "What arXiv 2602.03655 found",
    "own": "What we expected",
}
"""Of claims, by who makes them."""
VERDICTS: Mapping[bool | None, str] = {
    True: "It holds here.",
    False: "**It does not hold** here.",
    None: "It cannot be told here: too little is solved.",
}
CLAIMS: Mapping[str, Sequence[Source]] = {"published claims that hold": ["dissertation", "article"], "our own": ["own"]}
"""Columns of the list of pages."""


def report(experiment: Experiment, outcome: Outcome, name: str, scale: Scale, folder: Path) -> Path:
    """Write the page of an experiment (.md and .html), its figure and the rows of all evaluators.

    Args:
        experiment: what was carried out.
        outcome: what `carry_out` returned.
        name: the experiment's, for the command on the page.
        scale: laptop or thesis, for the same.
        folder: where the files go.

    Returns:
        The Markdown page.

    >>> import tempfile
    >>> from longthink.recipes.laptop import prefix_sums_laptop
    >>> from longthink.study.evaluators import Sweep
    >>> experiment = Experiment("Tiny", (Variant("tiny", prefix_sums_laptop()),), (Sweep(level=8, iterations=3),))
    >>> measured = {"series": "tiny", "seed": 0, "evaluator": "level 8", "level": 8, "iteration": [1, 2, 3]}
    >>> rows = pd.DataFrame({**measured, "accuracy": [0.1, 0.5, 0.9], "regime": 2})
    >>> page = report(experiment, Outcome(rows, [], [60.0]), "tiny", "laptop", Path(tempfile.mkdtemp()))
    >>> page.read_text().splitlines()[0]
    '# Tiny'
    """
    save_rows(outcome.rows, folder / "rows.csv")
    picture = experiment.figure(outcome.rows, folder / "figure.png")
    text = "\n".join(_page(experiment, outcome, name, scale, picture.name))
    embedded = f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
    html = _html(text.replace(f"({picture.name})", f"({embedded})"))
    for path, content in ((folder / "report.md", text), (folder / "report.html", f"{STYLE}\n{html}\n")):
        with atomic(path) as partial:
            partial.write_text(content)
    return folder / "report.md"


def _html(text: str) -> str:
    """Markdown as HTML, in which nothing of the text is a tag: names are users' own."""
    reader = markdown.Markdown(extensions=["tables"])
    reader.preprocessors.deregister("html_block")
    reader.inlinePatterns.deregister("html")
    html: str = reader.convert(text)
    return html


def _plain(text: str) -> str:
    """A user's words in Markdown, where nothing of them is a link, a cell's border or a tag."""
    return re.sub(r"([\\`*\[\]|])", r"\\\1", escape(" ".join(text.split()), quote=False))


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def contents(done: Mapping[str, tuple[Experiment, Outcome]], scale: Scale, folder: Path) -> Path:
    """Write a README.md that lists pages of experiments, and how many of their claims held.

    Args:
        done: experiments with their outcomes, by name; the page of each is NAME/report.md.
        scale: laptop or thesis, for the commands.
        folder: that of the pages.

    Returns:
        The README.md.

    >>> import tempfile
    >>> contents({}, "laptop", Path(tempfile.mkdtemp())).read_text().splitlines()[0]
    '# Tables and figures'
    """
    columns = ("page", "command", *CLAIMS, "trainings", "their minutes taken together")
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    for name, (experiment, outcome) in done.items():
        table = summarised(outcome.rows, experiment.evaluators)
        cells = (
            f"[{_plain(experiment.title)}]({name}/report.md)",
            f"`{_command(experiment, outcome, name, scale)}`",
            *(_held(_claims_of(experiment, source), table) for source in CLAIMS.values()),
            str(len(outcome.seconds)),
            f"{sum(outcome.seconds) / 60:.1f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    page = folder / "README.md"
    with atomic(page) as partial:
        partial.write_text("\n".join(["# Tables and figures\n", *lines, ""]))
    return page


def _page(experiment: Experiment, outcome: Outcome, name: str, scale: Scale, picture: str) -> Iterable[str]:
    lines = summaries(outcome.rows, experiment.evaluators)
    seeds = sorted(outcome.rows["seed"].unique().tolist())
    yield f"# {_plain(experiment.title)}\n"
    yield f"    {_command(experiment, outcome, name, scale)}\n"
    minutes = [one / 60 for one in outcome.seconds]
    yield (
        f"Seeds {', '.join(map(str, seeds))}, all of them; {_machine()}. "
        f"{len(minutes)} trainings took {sum(minutes):.1f} minutes taken together; the longest {max(minutes):.1f}."
        f"{_threads(outcome.threads)}\n"
    )
    for evaluator in experiment.evaluators:
        yield f"## {_plain(evaluator.heading)}\n"
        yield f"{evaluator.note}\n"
        yield from _table(evaluator, [line for line in lines if line["evaluator"] == evaluator.title])
        without = [f"{name} {percent(share)}" for name, share in outcome.baselines.get(evaluator.title, {}).items()]
        if without:
            yield f"For comparison: {', '.join(without)}.\n"
    yield f"![{(experiment.figure.__doc__ or '').partition(chr(10))[0]}]({picture})\n"
    table = summarised(outcome.rows, experiment.evaluators)
    for source, heading in HEADINGS.items():
        claims = _claims_of(experiment, [source])
        if claims:
            yield f"## {heading}\n"
            yield from (_verdict(claim, table) for claim in claims)
            yield ""
    if outcome.failures:
        yield "## Trials that failed\n"
        yield from (f"- {_plain(failure)}" for failure in outcome.failures)
        yield ""
    yield "## Recipes\n"
    yield from _recipes(experiment.variants)
    yield ""


def _command(experiment: Experiment, outcome: Outcome, name: str, scale: Scale) -> str:
    seeds = outcome.rows["seed"].unique()
    first = "" if seeds.min() == FRESH else f" --first-seed {seeds.min()}"
    changes = "".join(f" --change {option}={value}" for option, value in experiment.changes.items())
    return f"longthink reproduce {as_typed(name)} --scale {scale} --seeds {len(seeds)}{first}{changes}"


def _claims_of(experiment: Experiment, sources: Sequence[Source]) -> list[Claim]:
    return [claim for claim in experiment.claims if (claim.source or experiment.source) in sources]


def _held(claims: Sequence[Claim], table: pd.DataFrame) -> str:
    """How many of them do, if there are any."""
    return f"{sum(_holds(claim, table) is True for claim in claims)} of {len(claims)}" if claims else ""


def _threads(numbers: Sequence[int]) -> str:
    """Said where trainings of one number of threads stand beside those of another."""
    if len(numbers) < 2:
        return ""
    told = " or ".join(map(str, numbers))
    return f" They had {told} CPU threads, on which the last bits of weights depend."


def _table(evaluator: Evaluator, lines: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """A line for each net, of the columns that the evaluator gives and that are not empty."""
    cells = [
        {"net": _plain(line["series"]), **evaluator.columns(line, evaluator.published.get(line["series"], ""))}
        for line in lines
    ]
    names = list(dict.fromkeys(name for line in cells for name, cell in line.items() if cell))
    if not names:
        yield "No trial came through.\n"
        return
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for line in cells:
        yield f"| {' | '.join(line.get(name, '') for name in names)} |"
    yield ""


def as_typed(name: str) -> str:
    """`table_5_2` as table-5.2."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", "-")


def _verdict(claim: Claim, table: pd.DataFrame) -> str:
    holds = _holds(claim, table)
    if isinstance(holds, str):
        return f"- {claim.sentence} It cannot be told: no trial of {_plain(holds)} came through."
    return f"- {claim.sentence} {VERDICTS[holds]}"


def _holds(claim: Claim, table: pd.DataFrame) -> bool | str | None:
    """Whether it does, as far as that can be told, or the series whose trials all failed."""
    try:
        return claim.holds(table)
    except KeyError as missing:
        return str(missing)


def _recipes(variants: Sequence[Variant]) -> Iterable[str]:
    """What each net was trained with, as far as it differs from the first."""
    first = variants[0].recipe.options()
    told = ", ".join(_code(f"{key} {value}") for key, value in first.items() if key not in UNTOLD)
    yield f"- {_plain(variants[0].name)}: {told}"
    for variant in variants[1:]:
        options = variant.recipe.options()
        changed = [
            _code(f"{key} {value}") for key, value in options.items() if first.get(key) != value and key not in UNTOLD
        ]
        gone = [f"no `{key}`" for key in first if key not in options]
        yield f"- {_plain(variant.name)}: the same but {', '.join(changed + gone)}"


def _machine() -> str:
    processor = f"{platform.processor() or platform.machine()} with {os.cpu_count()} CPUs"
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{processor}, {gpu}, Python {platform.python_version()}, torch {torch.__version__}"
