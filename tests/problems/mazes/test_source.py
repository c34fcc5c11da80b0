"""Mazes of others, brought in from tables, texts, pictures and the official files, as a source to draw from."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import longthink as lt
from longthink import registry
from longthink.base.errors import UserError
from longthink.contracts import Puzzles, Split
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes._store import MazeSource, build, open_store
from longthink.problems.mazes._text import read_maze
from longthink.problems.mazes.problem import Mazes

FORMATS = ("maze_csv", "maze_text", "maze_image", "easy_to_hard")
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
SMALL = "#####\n#S  #\n# # #\n#  E#\n#####"
EVEN = "######\n#S   #\n# ## #\n# ## #\n#  #E#\n######"


def written(name: str, folder: Path, level: int = 9, count: int = 12) -> dict[Split, Puzzles]:
    """Drawn mazes in files of a format, a split each."""
    puzzles = {split: Mazes().sample(level, count, split=split) for split in SPLITS}
    for some in puzzles.values():
        registry.find("formats", name)().write([some], count, folder)
    return puzzles


def brought_in(name: str, *files: Path, folder: Path, skip: bool = False) -> tuple[int, int]:
    counts: tuple[int, int] = registry.find("formats", name)().import_files(files, folder, skip)
    return counts


def bytes_of(puzzles: Puzzles) -> set[bytes]:
    return {to_cells(x).tobytes() for x in puzzles.x}


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_written_is_drawn_again_in_the_split_that_it_is_of(name: str, tmp_path: Path) -> None:
    puzzles = written(name, tmp_path / "files")
    assert brought_in(name, tmp_path / "files", folder=tmp_path / "store") == (36, 0)
    problem = Mazes(source=str(tmp_path / "store"))
    for split in SPLITS:
        again = problem.sample(9, 12, seed=5, split=split)
        assert again.split == split
        assert bytes_of(again) == bytes_of(puzzles[split])
        assert problem.correct(again.y, again).all()


@pytest.mark.parametrize("check", lt.testing.PROBLEM, ids=lt.testing.name_of_check)
def test_a_source_keeps_what_problems_promise(
    check: lt.testing.Check, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "store of 9 and 13"
    if not folder.exists():
        mazes = [maze for level in (9, 13) for split in SPLITS for maze in Mazes().sample(level, 40, split=split).x]
        build([MazeSource("", None, lambda x=x: to_cells(x)) for x in mazes], folder, [], False)  # type: ignore[misc]
    problem = Mazes(source=str(folder))
    assert (problem.easy, problem.hard) == (9, (9, 13))
    assert lt.testing.run(check, problem) is None


def test_without_a_test_split_walls_decide_as_for_mazes_that_are_drawn(tmp_path: Path) -> None:
    puzzles = {split: Mazes().sample(9, 20, split=split) for split in SPLITS}
    mazes = [MazeSource("", None, lambda x=x: to_cells(x)) for some in puzzles.values() for x in some.x]  # type: ignore[misc]
    assert build(mazes, tmp_path / "store", [], False) == (60, 0)
    problem = Mazes(source=str(tmp_path / "store"))
    for split in SPLITS:
        assert bytes_of(problem.sample(9, 20, split=split)) == bytes_of(puzzles[split])


def test_training_mazes_that_the_test_split_has_too_are_left_out(tmp_path: Path) -> None:
    train, test = (Mazes().sample(9, 8, seed, "train").x for seed in (0, 1))
    moved = to_cells(test[0]).copy()
    moved[moved == kernels.RED] = kernels.OPEN
    free = np.argwhere(moved == kernels.OPEN)[-1]
    moved[(*free,)] = kernels.RED
    cells = [("train", to_cells(x)) for x in train] + [("test", to_cells(x)) for x in test]
    cells += [("train", moved), ("train", to_cells(train[0]))]
    mazes = [MazeSource("", split, lambda one=one: one) for split, one in cells]  # type: ignore[arg-type, misc]
    assert build(mazes, tmp_path / "store", ["some"], False) == (16, 2)
    header = json.loads((tmp_path / "store" / "store.json").read_text())
    assert header["left out"] == {"there already": 1, "walls of a test maze": 1}
    assert header["mazes"] == {"9": 16}


def test_mazes_of_all_shapes_are_filled_up_to_squares(tmp_path: Path) -> None:
    (tmp_path / "mazes.txt").write_text(f"{SMALL}\n\n{EVEN}\n\n#######\n#S   E#\n#######\n")
    assert brought_in("maze_text", tmp_path / "mazes.txt", folder=tmp_path / "store") == (3, 0)
    store = open_store(str(tmp_path / "store"))
    assert store.levels.tolist() == [3, 6, 5]
    assert store.mazes(np.array([1]), 6)[0].tolist() == read_maze(EVEN).tolist()
    assert store.mazes(np.array([2]), 5)[0].tolist() == [[3, 1, 1, 1, 2], *[[0] * 5] * 4]


def test_tables_of_the_field_with_their_splits(tmp_path: Path) -> None:
    folder = tmp_path / "maze-30x30"
    folder.mkdir()
    (folder / "README.md").write_text("Mazes.")
    for split, mazes in {"train": ["S  E", "S E ", "SE  "], "test": ["ES  ", "E S "]}.items():
        with (folder / f"{split}.csv").open("w") as out:
            rows = csv.writer(out)
            rows.writerow(["source", "question", "answer", "rating"])
            for row in mazes:
                question = "######" + f"#{row}#" + "#    #" * 3 + "######"
                cells = read_maze(question)
                path = np.empty_like(cells)
                kernels.shortest_path(cells, path)
                marked = zip(question, (path == 1).ravel(), strict=True)
                answer = "".join("o" if one == " " and on_path else one for one, on_path in marked)
                rows.writerow(["made", question, answer, 1])
    assert brought_in("maze_csv", folder, folder=tmp_path / "store") == (2, 3)
    problem = Mazes(source=str(tmp_path / "store"))
    assert (problem.hard, len(problem.sample(6, 2))) == ((6,), 2)


def test_a_data_set_of_the_hub_is_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "test.csv").write_text("question\n" + EVEN.replace("\n", "") + "\n")

    def snapshot_download(name: str, repo_type: str, allow_patterns: list[str]) -> str:
        if name != "somebody/mazes-6x6":
            raise OSError("no such\ndata set")
        assert repo_type == "dataset"
        assert "*.csv" in allow_patterns
        return str(tmp_path / "copy")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert brought_in("maze_csv", Path("somebody/mazes-6x6"), folder=tmp_path / "store") == (1, 0)
    assert Mazes(source=str(tmp_path / "store")).hard == (6,)
    with pytest.raises(UserError, match="the hub gave no data set of this name: no such data set"):
        brought_in("maze_csv", Path("somebody/else"), folder=tmp_path / "other")
    with pytest.raises(UserError, match="There is no file somebody/mazes.csv"):
        brought_in("maze_csv", Path("somebody/mazes.csv"), folder=tmp_path / "other")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("#####S##,", "here are 8"),
        ("#########################,", "This maze has no ends"),
        ("######S  ## # ##  E######,######S  ## # ##ooE######", "The answer is no shortest path"),
        (",", "empty text"),
    ],
)
def test_bad_lines_are_named_or_left_out(bad: str, message: str, tmp_path: Path) -> None:
    path, good = tmp_path / "mazes.csv", "######S  ## # ##  E######,######ooo## #o##  o######"
    path.write_text(f"question,answer\n{good}\n{bad}\n")
    with pytest.raises(UserError, match=rf"mazes.csv, line 3: .*{message}.*Leave such mazes out with --skip"):
        brought_in("maze_csv", path, folder=tmp_path / "store")
    assert not (tmp_path / "store").exists()
    assert brought_in("maze_csv", path, folder=tmp_path / "store", skip=True) == (1, 1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("maze_csv", "has no column 'question'"),
        ("maze_text", "line 1: This text shows no maze"),
        ("maze_image", "is damaged|not a picture"),
        ("easy_to_hard", "holds no mazes, or damaged ones"),
    ],
)
def test_files_that_hold_no_mazes_are_refused_and_nothing_is_left(name: str, message: str, tmp_path: Path) -> None:
    kind = {"maze_csv": "a.csv", "maze_text": "a.txt", "maze_image": "a.png", "easy_to_hard": "inputs.npy"}[name]
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / kind).write_text("no, nothing\n")
    with pytest.raises(UserError, match=message):
        brought_in(name, tmp_path / "files", folder=tmp_path / "store")
    with pytest.raises(UserError, match="There is no file"):
        brought_in(name, tmp_path / "nowhere", folder=tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["files"]


def test_official_files_are_checked(tmp_path: Path) -> None:
    folder = tmp_path / "maze_data_train_9"
    written("easy_to_hard", tmp_path)
    inputs, solutions = (np.load(folder / f"{name}.npy") for name in ("inputs", "solutions"))
    solutions[3] = solutions[4]
    np.save(folder / "solutions.npy", solutions)
    with pytest.raises(UserError, match="maze_data_train_9, maze 3: The solution is no shortest path"):
        brought_in("easy_to_hard", folder, folder=tmp_path / "store")
    inputs[3, :, 0, 0] = 1
    inputs[5] = 1
    np.save(folder / "inputs.npy", inputs)
    assert brought_in("easy_to_hard", folder, folder=tmp_path / "store", skip=True) == (10, 2)


def test_too_few_are_refused_with_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text(f"{EVEN}\n\n{SMALL}\n")
    brought_in("maze_text", tmp_path / "test.txt", folder=tmp_path / "store")
    problem = Mazes(source=str(tmp_path / "store"))
    levels = r"its levels are none \(train\), none \(validation\), 3, 6 \(test\)"
    with pytest.raises(UserError, match=rf"has 1 test mazes of level 6, and 2 are asked for; {levels}"):
        problem.sample(6, 2)
    with pytest.raises(UserError, match=rf"has 0 test mazes of level 9, and 1 are asked for; {levels}"):
        problem.sample(9, 1, repeats=True)
    with pytest.raises(UserError, match=rf"has no training mazes of level 5 or more; {levels}"):
        problem.levels(5, 9)
    with pytest.raises(UserError, match="exists already"):
        brought_in("maze_text", tmp_path / "test.txt", folder=tmp_path / "store")


def test_levels_are_those_that_there_are_or_the_next_larger_one(tmp_path: Path) -> None:
    mazes = [maze for level in (9, 13) for maze in Mazes().sample(level, 2, split="train").x]
    build([MazeSource("", None, lambda x=x: to_cells(x)) for x in mazes], tmp_path / "store", [], False)  # type: ignore[misc]
    problem = Mazes(source=str(tmp_path / "store"))
    assert [problem.levels(*some) for some in ((5, 5), (5, 12), (5, 20), (10, 11))] == [[9], [9], [9, 13], [13]]


@pytest.mark.parametrize("damage", ["missing", "levels", "splits", "cells", "values", "header"])
def test_a_damaged_store_is_refused(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    build([MazeSource("", "test", lambda: read_maze(SMALL))], folder, [], False)
    if damage == "missing":
        (folder / "cells.bin").unlink()
    elif damage == "values":
        (folder / "cells.bin").write_bytes(bytes([9]) * 9)
    elif damage == "header":
        (folder / "levels.npy").write_bytes((folder / "levels.npy").read_bytes()[:90])
    elif damage == "cells":
        (folder / "cells.bin").write_bytes(bytes(8))
    else:
        np.save(folder / f"{damage}.npy", np.array([3, 3]))
    with pytest.raises(UserError, match=r"bring the(m| mazes) in"):
        Mazes(source=str(folder)).sample(3, 1)


def test_problems_that_are_drawn_are_as_they_were() -> None:
    assert (Mazes().easy, Mazes().hard, list(Mazes().levels(4, 9))) == (9, (13, 59), [5, 7, 9])
    assert torch.equal(Mazes(source="").sample(9, 2).x, Mazes().sample(9, 2).x)
