"""Writes docs/gallery.md and its pictures from the registry: python docs/make_gallery.py"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from longthink import figures, registry
from longthink.cli._listing import facts_of_nets, figures_of
from longthink.contracts import Problem, Spec
from longthink.figures.scene import Scene
from longthink.games.contract import Game
from longthink.training.supervised import Supervised

MOVES = 5
"""In the positions that are drawn."""
DOCS = Path(__file__).parent
PICTURES = Path("images/gallery")
TABLES = {
    "models": "Nets",
    "objectives": "Objectives",
    "stops": "Stop rules",
    "choices": "Choices between attempts",
    "perturbations": "Perturbations",
    "optimisers": "Optimisers",
    "tasks": "Tasks",
    "formats": "Formats",
    "miners": "Searches for new puzzles",
    "recipes": "Recipes",
    "experiments": "Experiments",
    "evaluators": "Evaluators",
}
COLUMNS = {"models": ("positions", "answers"), "recipes": ("expected",)}
"""Further ones, beside the name and the first line."""


def own(kind: str) -> list[str]:
    """The names of the library's own plugins, whatever else is registered."""
    return sorted(registry._written()[kind])


def page() -> str:
    lines = [
        "# Gallery\n",
        "All problems, each with a puzzle of its easy level and the solution; all games, each with a position that was",
        "played at random; then all other plugins by name.",
        "`longthink show NAME` gives the options of a problem, a net, a recipe and so on.\n",
        "`python docs/make_gallery.py` writes this page.",
    ]
    for name in own("problems"):
        lines += _problem(name, registry.find("problems", name)())
    for name in own("games"):
        lines += _game(name, registry.find("games", name)())
    for kind, title in TABLES.items():
        lines += [f"\n## {title}\n", *_table(kind)]
    return "\n".join([*lines, ""])


def draw(folder: Path) -> None:
    """A picture of a puzzle of each problem, and of a position of each game."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in own("problems"):
        problem = registry.find("problems", name)()
        puzzles = problem.sample(problem.easy, 1)
        figures.picture(problem.view.scene(puzzles, puzzles.y[0]), folder / f"{name}.png")
    for name in own("games"):
        figures.picture(_position(registry.find("games", name)()), folder / f"{name}.png")


def _position(game: Game) -> Scene:
    """After some moves at random."""
    positions, rng = game.start(game.easy), np.random.default_rng(0)
    for _ in range(MOVES):
        after = game.played(positions, rng.choice(game.legal(positions)[0].nonzero()[0], 1))
        positions = positions if after.over[0] else after
    return game.scene(positions)


def _problem(name: str, problem: Problem) -> Iterator[str]:
    facts = {net: said[0].partition(": ") for net, said in facts_of_nets().items()}
    nets = [f"`{net}` ({what})" for net, (its, _, what) in facts.items() if its == name]
    recipes = [f"`{recipe}`" for recipe in own("recipes") if _problem_of(recipe) == name]
    options = [f"`{option} {json.dumps(value)}`" for option, value in problem.model_dump(mode="json").items()]
    yield f"\n## {name}\n\n{registry.summary('problems', name)}\n\n![A puzzle of {name}]({PICTURES / name}.png)\n"
    yield f"- {_spec(problem.spec)}"
    yield f"- Levels: easy {problem.easy}; hard {', '.join(map(str, problem.hard))}."
    yield f"- Options with their defaults: {', '.join(options) or 'none'}."
    yield f"- Nets that ship: {', '.join(nets) or 'none'}."
    yield f"- Recipes: {', '.join(recipes) or 'none'}."


def _game(name: str, game: Game) -> Iterator[str]:
    options = [f"`{option} {json.dumps(value)}`" for option, value in game.model_dump(mode="json").items()]
    yield f"\n## {name}\n\n{registry.summary('games', name)}\n\n![A position of {name}]({PICTURES / name}.png)\n"
    yield f"- {_spec(game.spec)}"
    yield f"- Levels: easy {game.easy}; hard {', '.join(map(str, game.hard))}."
    yield f"- Options with their defaults: {', '.join(options) or 'none'}."


def _problem_of(recipe: str) -> str:
    task = registry.find("recipes", recipe)().task
    return registry.name_of(type(task.problem)) if isinstance(task, Supervised) else ""


def _spec(spec: Spec) -> str:
    numbers = "1 number" if spec.inputs == 1 else f"{spec.inputs} numbers"
    fed = numbers if spec.vocabulary is None else f"one of {spec.vocabulary} tokens"
    size = f", {spec.size} along each axis" if spec.size else ""
    given = "at each position" if spec.answers == "each" else "for the whole"
    return f"Inputs: {fed} at each position ({spec.positions}{size}). Outputs: {spec.outputs} {given}."


def _table(kind: str) -> Iterator[str]:
    columns = ("name", "what it is", *COLUMNS.get(kind, ()))
    yield f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
    for name in own(kind):
        cells = [f"`{name}`", registry.summary(kind, name)]
        if kind == "models":
            net = registry.find(kind, name)
            cells += [", ".join(net.takes), ", ".join(net.gives)]
        if kind == "recipes":
            cells.append(" ".join(figures_of(kind, name)).removeprefix("Expected: "))
        yield f"| {' | '.join(cell.replace('|', '&#124;').replace('<', '&lt;') for cell in cells)} |"


if __name__ == "__main__":
    draw(DOCS / PICTURES)
    (DOCS / "gallery.md").write_text(page(), encoding="utf-8")
