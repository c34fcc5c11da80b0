"""Lines and CSVs of sudoku puzzles: read, refused, packed into a store that a problem draws from."""

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.contracts import Puzzles
from longthink.problems._drawing import OF_FOUR
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku import _symmetry
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku._store import SudokuStore
from longthink.problems.sudoku.problem import Sudoku, boards_of
from longthink.problems.sudoku.sudoku_csv import SudokuCsv
from longthink.problems.sudoku.sudoku_lines import SudokuLines
from longthink.recipes.laptop import sudoku_extreme_laptop

EASY = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """90 puzzles in three files, of three levels."""
    for level in (30, 41, 50):
        puzzles = Sudoku().sample(level, 30, split="train")
        SudokuLines().write([puzzles], 30, tmp_path)
    return tmp_path


def test_a_store_knows_the_blanks_and_the_splits(lines: Path, tmp_path: Path) -> None:
    files = sorted(lines.glob("*.txt"), reverse=True)
    assert SudokuLines().import_files(files, tmp_path / "store") == (90, 0)
    store = SudokuStore(tmp_path / "store")
    assert store.blanks.tolist() == [50] * 30 + [41] * 30 + [30] * 30
    assert set(store.shares.tolist()) == {2, 3}  # those of training, which they were drawn from
    problem = Sudoku(source=str(tmp_path / "store"), augment=False)
    assert problem.levels(20, 45) == [30, 41]
    drawn = problem.sample(41, 30, split="train")
    known = {tuple(board) for board in boards_of(Sudoku().sample(41, 30, split="train")).tolist()}
    assert {tuple(board) for board in boards_of(drawn).tolist()} == known
    assert problem.correct(drawn.y, drawn).all()
    mixed = problem.model_copy(update={"also": ((2, 2),)})
    batches = [mixed.sample(41, 2, split="train", index=index) for index in range(20)]
    assert {batch.x.shape[1] for batch in batches} == {5, 10}  # boards of 4 x 4 are made
    with pytest.raises(UserError, match="has 0 test puzzles with 41 blank cells"):
        problem.sample(41, 1)
    with pytest.raises(UserError, match="no training puzzles with 42 to 49"):
        problem.levels(42, 49)
    with pytest.raises(UserError, match="boxes of"):
        Sudoku(box=(2, 2), source=str(tmp_path / "store")).sample(8, 1)


def test_augmented_puzzles_are_others_of_the_same_kinds(lines: Path, tmp_path: Path) -> None:
    SudokuLines().import_files([lines / "train_41.txt"], tmp_path / "store")
    problem = Sudoku(source=str(tmp_path / "store"))
    plain = problem.model_copy(update={"augment": False})
    moved, still = (one.sample(41, 30, split="train") for one in (problem, plain))
    assert not torch.equal(moved.x, still.x)
    assert problem.correct(moved.y, moved).all()
    assert (problem.guesses(moved) == plain.guesses(still)).all()
    everywhere = np.ones(81, np.int64)
    kinds = [
        [_sudoku_boards.kind_of(solution, everywhere, houses((3, 3))) for solution in some.y.flatten(1).numpy() + 1]
        for some in (moved, still)
    ]
    assert kinds[0] == kinds[1]


def test_a_csv_may_have_other_columns_too(tmp_path: Path) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_text(f"source,rating,question,answer\npuzzles0,7,{EASY.replace('0', '.')},{SOLVED}\n")
    assert SudokuCsv().import_files([path], tmp_path / "store") == (1, 0)
    store = SudokuStore(tmp_path / "store")
    assert store.ratings.tolist() == [7]
    share = int(store.shares[0])
    split = {0: "validation", 1: "test"}.get(share, "train")
    puzzles = Sudoku(source=str(tmp_path / "store"), augment=False).sample(51, 1, split=split)  # type: ignore[arg-type]
    assert puzzles.extras["rating"].tolist() == [7]
    assert Sudoku().view.write(puzzles.y, puzzles) == SOLVED
    SudokuCsv().write([puzzles], 1, tmp_path)
    again = SudokuCsv().read(Sudoku(), 51, tmp_path, split)  # type: ignore[arg-type]
    assert again.extras["rating"].tolist() == [7]


def test_where_the_source_has_no_rating_ours_is_written(lines: Path, tmp_path: Path) -> None:
    unrated = SudokuLines().read(Sudoku(), 50, lines)
    SudokuCsv().write([unrated], 30, tmp_path / "rated")
    rated = SudokuCsv().read(Sudoku(), 50, tmp_path / "rated")
    assert unrated.extras["rating"].isnan().all()
    assert rated.extras["rating"].tolist() == Sudoku().rating(unrated).tolist()


def test_ratings_are_written(tmp_path: Path) -> None:
    puzzles = Sudoku().sample(55, 20, split="train")
    SudokuCsv().write([puzzles], 20, tmp_path)
    rows = (tmp_path / "train_55.csv").read_text().splitlines()
    assert rows[0] == "question,answer,rating"
    assert [int(row.rsplit(",", 1)[1]) for row in rows[1:]] == Sudoku().rating(puzzles).tolist()


def test_the_hubs_data_set_is_brought_in_from_a_copy(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    copy = tmp_path / "copy"
    copy.mkdir()
    rows = {"source": ["puzzles0"], "question": [EASY.replace("0", ".")], "answer": [SOLVED], "rating": [3]}
    pd.DataFrame(rows).to_parquet(copy / "train-00000.parquet")
    assert SudokuCsv().import_files([copy], tmp_path / "store") == (1, 0)
    assert SudokuStore(tmp_path / "store").ratings.tolist() == [3]
    with pytest.raises(UserError, match="There is no file"):
        SudokuCsv().import_files([tmp_path / "nothing"], tmp_path / "other")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{EASY[:-1]},{SOLVED},1", "line 3: A sudoku has 16, 36, 81"),
        (f"{EASY},{SOLVED[::-1]},1", "line 3: The answer is not the solution"),
        (f"{EASY},3142423124131324,1", "line 3: The answer is not the solution"),
        (f"{'0' * 81},,1", "line 3: This sudoku has several solutions"),
        (f"{EASY},{EASY},1", "line 3: The answer has blank cells"),
        (f"{EASY},none,1", "line 3: The answer is no board: 'n' is no cell"),
        (f"{EASY[:-1]}²,,1", "line 3: '²' is no cell"),
        ("9" * 5000 + ",,1", "line 3: A sudoku has 16, .* this has 5000"),
        (f"{SOLVED},,1", "line 3: There is nothing to solve"),
        ("55" + EASY[2:] + ",,1", "line 3: 5 is given twice in row 1"),
        (".....23..4..1.24,,", "line 3: This board has 16 cells, and others have 81"),
    ],
)
def test_a_line_that_is_no_puzzle_is_named(row: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_text(f"question,answer,rating\n{EASY},{SOLVED},1\n{row}\n{EASY},,\n")
    with pytest.raises(UserError, match=message):
        SudokuCsv().import_files([path], tmp_path / "store")
    assert not (tmp_path / "store").exists()
    assert SudokuCsv().import_files([path], tmp_path / "store", skip=True) == (2, 1)


def test_what_is_no_store_or_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no sudoku.*`longthink import FILE --format sudoku-csv --out FOLDER`"):
        Sudoku(source=str(tmp_path)).sample(41, 1)
    (tmp_path / "a.csv").write_text("riddle,rating\n")
    with pytest.raises(UserError, match="no column 'question'"):
        SudokuCsv().import_files([tmp_path / "a.csv"], tmp_path / "store")
    (tmp_path / "a.txt").write_text("# nothing\n")
    with pytest.raises(UserError, match="no puzzles"):
        SudokuLines().import_files([tmp_path / "a.txt"], tmp_path / "store")
    SudokuLines().write([Sudoku().sample(30, 2, split="train")], 2, tmp_path)
    (tmp_path / "train_30.txt").rename(tmp_path / "train_31.txt")
    with pytest.raises(UserError, match="31 blank cells"):
        SudokuLines().read(Sudoku(), 31, tmp_path)


def test_larger_boards_are_numbers(tmp_path: Path) -> None:
    puzzles = Sudoku(box=(4, 4)).sample(100, 3, split="train")
    SudokuLines().write([puzzles], 3, tmp_path)
    assert len((tmp_path / "train_100.txt").read_text().splitlines()[0].split()) == 256
    assert SudokuLines().import_files([tmp_path / "train_100.txt"], tmp_path / "store") == (3, 0)
    assert SudokuStore(tmp_path / "store").box == (4, 4)


def rows_of(folder: Path) -> list[tuple[str, str, float]]:
    """Boards, solutions and ratings of a store; NaN as -1."""
    store = SudokuStore(folder)
    texts = [["".join(map(str, row)) for row in some.tolist()] for some in (store.boards, store.solutions)]
    return list(zip(*texts, np.nan_to_num(store.ratings, nan=-1).tolist(), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        f"quizzes,solutions\n{EASY},{SOLVED}\n",
        f"solutions,quizzes\r\n{SOLVED},{EASY}\r\n",
        f"\ufeffQuestion,Answer,Rating\r\n{EASY},{SOLVED},-1\r\n",
        f"id,puzzle,solution,clues,difficulty\n1,{EASY.replace('0', '.')},{SOLVED},30,easy\n",
        f'"puzzle";"solution"\n"{EASY}";"{SOLVED}"\n',
        f",sudoku\n0,{EASY.replace('0', '-')}\n",
        f"puzzles\n{EASY}\n",
        f"{EASY},{SOLVED}\n",
        f"{EASY}\n",
        f"1,{EASY},{SOLVED}\n",
        "\n".join(",".join(EASY[first : first + 9]) for first in range(0, 81, 9)),
    ],
)
@pytest.mark.parametrize("reader", [SudokuCsv(), SudokuLines()])
def test_tables_have_columns_of_many_names_or_none(text: str, reader: SudokuCsv | SudokuLines, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert reader.import_files([tmp_path / "a.csv"], tmp_path / "store") == (1, 0)
    assert rows_of(tmp_path / "store") == [(EASY, SOLVED, -1)]


def test_files_are_read_packed_too(tmp_path: Path) -> None:
    table = f"question,answer,rating\n{EASY},{SOLVED},4\n".encode()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(table))
    (tmp_path / "b.csv.bz2").write_bytes(bz2.compress(table))
    (tmp_path / "c.sdm.xz").write_bytes(lzma.compress(f"{EASY}\n".encode()))
    files = sorted(tmp_path.iterdir())
    assert SudokuCsv().import_files(files, tmp_path / "store") == (3, 0)
    assert rows_of(tmp_path / "store") == [(EASY, SOLVED, 4), (EASY, SOLVED, 4), (EASY, SOLVED, -1)]


def test_boards_in_rows_and_on_lines_are_brought_in_from_one_file(tmp_path: Path) -> None:
    rows = "\n".join(EASY[first : first + 9] for first in range(0, 81, 9))
    text = f"# two of them\n[Puzzle]\n{rows}\n[State]\n{rows.replace('0', '1')}\n"
    text += f"[Puzzle]\n{EASY} {SOLVED} # easy\nGrid 02\n{rows}\n"
    (tmp_path / "a.sdk").write_text(text)
    assert SudokuLines().import_files([tmp_path / "a.sdk"], tmp_path / "store") == (3, 0)
    assert rows_of(tmp_path / "store") == [(EASY, SOLVED, -1)] * 3
    (tmp_path / "b.sdk").write_text(text.replace(SOLVED, SOLVED[::-1]))
    with pytest.raises(UserError, match="line 23: The answer is not the solution"):
        SudokuLines().import_files([tmp_path / "b.sdk"], tmp_path / "other")
    assert SudokuLines().import_files([tmp_path / "b.sdk"], tmp_path / "other", skip=True) == (2, 1)


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A folder as the hub has it: 60 puzzles to train on, of which 20 are some of the 40 for testing, moved."""
    folder, order = tmp_path / "official", np.random.default_rng(0).permutation(80)
    drawn = [
        Sudoku().sample(50, count, split=split) for split, count in (("train", 40), ("validation", 20), ("test", 20))
    ]
    boards = np.concatenate([boards_of(puzzles) for puzzles in drawn])[order]
    solutions = np.concatenate([puzzles.y.flatten(1).numpy() + 1 for puzzles in drawn])[order]
    trained = _symmetry.move(7, (3, 3), boards[:60], solutions[:60])
    (folder / ".cache").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / ".cache" / "other.csv").write_text("nothing\n")
    for name, (some, solved) in {"train": trained, "test": (boards[40:], solutions[40:])}.items():
        rows = [
            ",".join(["made", *("".join(map(str, one)) for one in pair), "0"])
            for pair in zip(some, solved, strict=True)
        ]
        (folder / f"{name}.csv").write_text("\n".join(["source,question,answer,rating", *rows]) + "\n")
    return folder


@pytest.mark.parametrize("as_folder", [True, False])
def test_what_has_been_set_apart_for_testing_is_the_test_split(official: Path, as_folder: bool, tmp_path: Path) -> None:
    files = [official] if as_folder else [official / "train.csv", official / "test.csv"]
    assert SudokuCsv().import_files(files, tmp_path / "store") == (80, 20)
    problem = Sudoku(source=str(tmp_path / "store"), augment=False)
    drawn = {}
    for split, count in (("test", 40), ("validation", None), ("train", None)):
        rows = SudokuStore(tmp_path / "store").rows(50, *OF_FOUR[split])  # type: ignore[index]
        puzzles = problem.sample(50, count or len(rows), split=split)  # type: ignore[arg-type]
        drawn[split] = {"".join(map(str, board)) for board in boards_of(puzzles).tolist()}
    columns = [
        {row.split(",")[1] for row in (official / f"{name}.csv").read_text().splitlines()[1:]}
        for name in ("test", "train")
    ]
    assert drawn["test"] == columns[0]
    assert len(drawn["train"]) + len(drawn["validation"]) == 40
    assert drawn["train"] | drawn["validation"] < columns[1]
    assert len(drawn["train"]) > len(drawn["validation"]) > 0
    with pytest.raises(UserError, match="40 test puzzles with 50 blank cells, and 41"):
        problem.sample(50, 41)
    header = json.loads((tmp_path / "store" / "store.json").read_text())
    assert header["left out, since a part held out has the same"] == 20


def test_so_many_puzzles_are_taken_of_each_part(official: Path, tmp_path: Path) -> None:
    assert SudokuCsv(count=5).import_files([official], tmp_path / "store") == (10, 0)
    assert (SudokuStore(tmp_path / "store").shares == 1).sum() == 5


def test_a_part_for_validation_is_the_validation_split(official: Path, tmp_path: Path) -> None:
    (official / "test.csv").rename(official / "valid.csv")
    assert SudokuCsv().import_files([official], tmp_path / "store") == (80, 20)
    shares = SudokuStore(tmp_path / "store").shares
    assert (shares == 0).sum() == 40
    assert set(shares.tolist()) == {0, 1, 2, 3, 255}


def test_a_data_set_of_the_hub_is_read_as_the_files_that_it_is(
    official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def snapshot_download(name: str, **options: object) -> str:
        asked.append((name, options["repo_type"]))
        return str(official)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    monkeypatch.chdir(tmp_path)
    assert SudokuCsv().import_files([Path("somebody/sudoku")], tmp_path / "store") == (80, 20)
    assert asked == [("somebody/sudoku", "dataset")]
    with pytest.raises(UserError, match="There is no file"):
        SudokuCsv().import_files([Path("somebody/sudoku.csv")], tmp_path / "other")
    assert len(asked) == 1


def test_a_data_set_that_cannot_be_got_is_said_not_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="the hub gave no data set of this name"):
        SudokuCsv().import_files([Path("somebody/nothing")], tmp_path / "store")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "There are no puzzles"),
        (b"\x00\x01\x02" * 50, "no text"),
        (b"<?xml version='1.0'?>\n<opensudoku/>", "markup language"),
        (b"question,answer\n" + b"5" * 200_000 + b",\n", "no row of a table"),
        (EASY.encode("utf-16"), ""),
    ],
)
def test_odd_files_are_read_or_refused_in_a_sentence(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    if not message:
        assert SudokuCsv().import_files([tmp_path / "a.csv"], tmp_path / "store") == (1, 0)
        return
    with pytest.raises(UserError, match=message):
        SudokuCsv().import_files([tmp_path / "a.csv"], tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def _flip_box(store: Path) -> None:
    (store / "store.json").write_text('{"box": [2, 2]}')


def _write(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda store: np.save(store / f"{name}.npy", change(np.load(store / f"{name}.npy")))


@pytest.mark.parametrize(
    "damage",
    [
        _flip_box,
        lambda store: (store / "store.json").write_text("[3, 3]"),
        lambda store: (store / "store.json").write_text('{"box": [3, "3"]}'),
        lambda store: (store / "store.json").write_text('{"box": [9, 9]}'),
        lambda store: (store / "store.json").write_text("[" * 100_000),
        lambda store: os.truncate(store / "boards.npy", 500),
        lambda store: os.truncate(store / "solutions.npy", 0),
        lambda store: (store / "boards.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', \x80(" + b" " * 200),
        _write("boards", lambda boards: np.where(boards == 5, 255, boards).astype(np.uint8)),
        _write("solutions", lambda solutions: np.where(solutions == 5, 10, solutions).astype(np.uint8)),
        _write("solutions", lambda solutions: np.zeros_like(solutions)),
        _write("boards", lambda boards: boards.astype(np.int64)),
        _write("boards", lambda boards: boards[:, :80]),
        _write("shares", lambda shares: shares[1:]),
        _write("ratings", lambda ratings: ratings.astype(object).astype("U9")),
    ],
)
def test_a_damaged_store_is_refused_before_a_kernel_sees_it(
    damage: Callable[[Path], object], lines: Path, tmp_path: Path
) -> None:
    SudokuLines().import_files([lines / "train_41.txt"], tmp_path / "store")
    damage(tmp_path / "store")
    with pytest.raises(UserError, match="damaged|not of one store"):
        Sudoku(source=str(tmp_path / "store")).sample(41, 1, split="train")


@pytest.mark.parametrize("name", ["long.csv", "long.txt"])
def test_a_first_line_that_is_longer_than_names_are_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("question" + "0" * 200_000 + ",answer\n1234,4321\n")
    with pytest.raises(UserError):
        SudokuLines().import_files([tmp_path / name], tmp_path / "store")


@pytest.fixture
def extreme(tmp_path: Path) -> Path:
    """A store of files laid out as Sudoku-Extreme: 60 boards of three levels in train.csv, 12 in test.csv."""
    folder = tmp_path / "sudoku-extreme"
    folder.mkdir()
    for name, split, each in (("train", "train", 20), ("test", "test", 4)):
        rows = ["source,question,answer,rating"]
        for rating, level in enumerate((50, 53, 56)):
            puzzles = Sudoku().sample(level, each, split=split)  # type: ignore[arg-type]
            for board, solution in zip(boards_of(puzzles), puzzles.y.flatten(1).numpy() + 1, strict=True):
                texts = ["".join(map(str, cells.tolist())) for cells in (board, solution)]
                rows.append(f"made,{texts[0].replace('0', '.')},{texts[1]},{rating}")
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    assert SudokuCsv().import_files([folder], tmp_path / "store") == (72, 0)
    return tmp_path / "store"


def _kinds(puzzles: Puzzles) -> list[int]:
    solutions = puzzles.y.flatten(1).numpy() + 1
    kinds: list[int] = _sudoku_boards.kinds(solutions, np.ones_like(solutions), houses((3, 3))).tolist()
    return kinds


def test_the_protocol_of_sudoku_extreme(extreme: Path) -> None:
    """So many training boards, each moved anew whenever it is drawn, and all of test.csv as it is."""
    changes = {"problem.source": str(extreme), "problem.source_size": 20, "batch": 10, "validation.count": 1}
    task = sudoku_extreme_laptop().revised(changes).supervised
    problem = task.problem
    assert problem.levels(64, 64) == [64]
    drawn = [problem.sample(64, 10, split="train", index=index, repeats=True) for index in range(30)]
    kinds = [kind for puzzles in drawn for kind in _kinds(puzzles)]
    assert len(set(kinds)) == 20
    boards = np.concatenate([boards_of(puzzles) for puzzles in drawn])
    assert len(np.unique(boards, axis=0)) == 300
    assert {puzzles.level for puzzles in drawn} == {64}
    assert {50, 53, 56} == {int(blank) for blank in (boards == 0).sum(1)}
    store = SudokuStore(extreme)
    test = problem.sample(64, 12)
    expected = store.boards[store.shares == OF_FOUR["test"][0]]
    assert {tuple(board) for board in boards_of(test).tolist()} == {tuple(board) for board in expected.tolist()}
    assert not set(_kinds(test)) & set(kinds)
    with pytest.raises(UserError, match="has 12 test puzzles with 64 blank cells or fewer, and 13"):
        problem.sample(64, 13)
    with pytest.raises(UserError, match="set problem.source to a folder"):
        sudoku_extreme_laptop().task.begin(sudoku_extreme_laptop())


def test_a_part_of_the_source_is_the_same_for_all_levels_and_by_rating(extreme: Path) -> None:
    part = Sudoku(source=str(extreme), source_size=20)
    by_level = [len(part._rows(level, "train")) for level in (50, 53, 56)]
    assert sum(by_level) == 20
    assert np.array_equal(
        part.model_copy(update={"up_to": True})._rows(53, "train"),
        np.sort(np.concatenate([part._rows(level, "train") for level in (50, 53)])),
    )
    rated = Sudoku(source=str(extreme), up_to=True, lowest_rating=2)
    assert set(rated.sample(64, 4).extras["rating"].tolist()) == {2}
    with pytest.raises(UserError, match="rated 2 or more, and 5 are asked for"):
        rated.sample(64, 5)


def test_augmentation_is_another_one_whenever_a_puzzle_is_drawn(lines: Path, tmp_path: Path) -> None:
    only = tmp_path / "one.txt"
    only.write_text((lines / "train_41.txt").read_text().splitlines()[0] + "\n")
    SudokuLines().import_files([only], tmp_path / "store")
    problem = Sudoku(source=str(tmp_path / "store"))
    drawn = [problem.sample(41, 5, split="train", index=index, repeats=True) for index in range(4)]
    assert len(np.unique(np.concatenate([boards_of(puzzles) for puzzles in drawn]), axis=0)) == 20
    assert len({kind for puzzles in drawn for kind in _kinds(puzzles)}) == 1


@pytest.mark.parametrize("option", [{"up_to": True}, {"source_size": 5}])
def test_boards_of_another_size_have_no_part_of_a_source(option: dict[str, int]) -> None:
    with pytest.raises(UserError, match=r"set problem\.source"):
        Sudoku(**option).levels(30, 41)
    with pytest.raises(UserError, match=r"set problem\.source"):
        Sudoku(**option).sample(30, 2)
    assert list(Sudoku(**option).sized((2, 2)).levels(7, 8)) == [7, 8]
