"""What commands import: what takes seconds only where it is needed. A test is one process, in which modules add up."""

import json
import subprocess
import sys
from pathlib import Path

HEAVY = ("torch", "numba", "pandas", "matplotlib", "lightning_fabric", "scipy", "sympy", "torch._dynamo")
PROGRAM = f"""
import contextlib, io, json, sys
from longthink.cli import main
for command in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main(command)
        except SystemExit as end:
            code = end.code
    imported = [name for name in {HEAVY} if name in sys.modules]
    print(json.dumps([code, said.getvalue().splitlines()[-1], imported]))
"""
KINDS = (
    *("problems", "models", "objectives", "perturbations", "stops", "optimisers", "formats", "recipes"),
    *("experiments", "evaluators", "tasks", "miners", "nets"),
)
HELPED = (
    *("train", "test", "solve", "make", "import", "mine", "convert", "list", "show", "reproduce", "quickstart"),
    *("decisions", "perturb", "dynamics", "probe", "similarity", "reuse", "features"),
)
TOLD = [["--help"], ["list"], *(["list", kind] for kind in KINDS), *([command, "--help"] for command in HELPED)]
TRAIN, SOLVE = ["train", "prefix_sums_laptop"], ["solve", "prefix_sums", "1011"]
MAKE = ["make", "--out", "x", "--level"]
WRONG = {
    "Unknown command": ["sovle"],
    "no list of 'colours'": ["list", "colours"],
    "There is no run 'nobody'": ["solve", "nobody", "1011"],
    "There is no stop 'nope'": [*SOLVE, "--stop", "nope"],
    "Settled has no option 'foo'": [*SOLVE, "--stop", "settled", "--stop.foo", "3"],
    "not as '.foo'": [*SOLVE, "-o", "a.foo"],
    "There is no run 'nothing'": ["test", "nothing"],
    "There is no option --nonsense": ["test", "prefix_sums", "--nonsense", "3"],
    "no option 'problem.foo'": ["test", "prefix_sums", "--change", "problem.foo=3"],
    "There is no recipe 'nope'": ["train", "nope"],
    "no option 'width' (did you mean 'model.width'?)": [*TRAIN, "--width", "3"],
    "no option 'model.widht' (did you mean 'model.width'?)": [*TRAIN, "--model.widht", "3"],
    "no option 'schedule.foo'": [*TRAIN, "--schedule.foo", "3"],
    "There is no model 'nope'": [*TRAIN, "--model", "nope"],
    "There is no problem 'nope'": [*MAKE, "9", "nope"],
    "Mazes has no option 'opening' (did you mean 'openings'?)": [*MAKE, "9", "mazes", "--opening", "3"],
    "There is no format 'nope'": [*MAKE, "9", "mazes", "--format", "nope"],
    "There is no format 'nones'": ["import", "file", "--format", "nones", "--out", "x"],
    "There is no miner 'nope'": ["mine", "nope", "--out", "x"],
    "Chess_puzzles has no option 'foo'": ["mine", "chess_puzzles", "--out", "x", "--foo", "3"],
    "There is no file nofile": ["convert", "nofile", "--out", "x"],
    "no recipe, run or plugin 'nope'": ["show", "nope"],
    "There is no experiment 'nope'": ["reproduce", "nope"],
    "There is no perturbation 'nope'": ["perturb", "prefix_sums", "--with", "nope"],
    **{f"There is no run '{one}'": [one, one] for one in ("decisions", "dynamics", "probe", "reuse", "features")},
    "There is no run 'other'": ["similarity", "prefix_sums", "other"],
}


def run(commands: list[list[str]], folder: Path) -> list[tuple[int, str, list[str]]]:
    """Of each command, one after the other: its exit code, its last line, and what is imported by then."""
    arguments = [sys.executable, "-c", PROGRAM, json.dumps(commands)]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=folder, check=True)
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_help_and_lists_import_nothing_heavy(tmp_path: Path) -> None:
    found = run(TOLD, tmp_path)
    assert {" ".join(command): told for command, (code, _, told) in zip(TOLD, found, strict=True) if code or told} == {}


def test_what_is_wrong_is_told_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    found = run([*WRONG.values()], tmp_path)
    for sentence, (code, said, imported) in zip(WRONG, found, strict=True):
        assert (code, imported) == (2, []), sentence
        assert sentence in said
    assert not any(tmp_path.iterdir())


def test_to_solve_imports_no_tables_no_figures_no_compilers_but_what_a_problem_needs(tmp_path: Path) -> None:
    board = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
    maze = "#######\n#S#   #\n# # # #\n#   #E#\n#######"
    commands = [["solve", "prefix_sums", "1011"], ["solve", "sudoku", board], ["solve", "mazes", maze, "-o", "a.png"]]
    bits, cells, ways = run(commands, tmp_path)
    assert bits[2] == ["torch"]
    assert "right" in bits[1]
    for code, said, imported in (cells, ways):
        assert (code, set(imported) - {"scipy"}) == (0, {"torch", "numba"}), said
