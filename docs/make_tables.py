"""Tables of several reproductions beside each other, from the rows that `longthink reproduce` left.

Command: python docs/make_tables.py laptop=FOLDER bare=FOLDER > FOLDER/beside.md
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from longthink import registry
from longthink.study.experiment import Experiment
from longthink.study.reproduce import summaries

HEAD = "| net | dissertation | {} |"


def main(arguments: list[str]) -> None:
    folders = {scale: Path(folder) for scale, folder in (argument.split("=") for argument in arguments)}
    names = [path.parent.name for path in sorted(next(iter(folders.values())).glob("*/rows.csv"))]
    print("\n".join(line for name in names for line in _tables(name, folders)))


def _tables(name: str, folders: Mapping[str, Path]) -> Iterator[str]:
    """Those of one experiment: one for each evaluator, a column for each scale."""
    experiments = {scale: registry.find("experiments", name)(scale) for scale in folders}
    found = {
        scale: _summaries(experiments[scale], folder / name / "rows.csv")
        for scale, folder in folders.items()
        if (folder / name / "rows.csv").is_file()
    }
    first: Experiment = next(iter(experiments.values()))
    yield f"## {first.title}\n"
    for place, evaluator in enumerate(first.evaluators):
        published = {
            net: value for one in experiments.values() for net, value in one.evaluators[place].published.items()
        }
        columns = [f"{scale}: {evaluator.column} | every seed" for scale in found]
        yield f"{evaluator.heading}. {evaluator.note}\n"
        yield HEAD.format(" | ".join(columns))
        yield f"|{' --- |' * (2 + 2 * len(found))}"
        series = dict.fromkeys(name for some in found.values() for title, name in some if title == evaluator.title)
        for net in series:
            cells = [published.get(net, "")]
            for some in found.values():
                summary = some.get((evaluator.title, net))
                line = {} if summary is None else evaluator.columns(summary, "")
                cells += [line.get(evaluator.column, ""), line.get("every seed", "")]
            yield f"| {net} | {' | '.join(cells)} |"
        yield ""


def _summaries(experiment: Experiment, rows: Path) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(one["evaluator"], one["series"]): one for one in summaries(pd.read_csv(rows), experiment.evaluators)}


if __name__ == "__main__":
    main(sys.argv[1:])
