"""Lines and CSVs of sudoku puzzles: read, refused, packed into a store that a problem draws from."""

from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.problems.sudoku import _boards as _sudoku_boards
from longthink.problems.sudoku._houses import houses
from longthink.problems.sudoku._store import SudokuStore
from longthink.problems.sudoku.problem import Sudoku, boards_of
from longthink.problems.sudoku.sudoku_csv import SudokuCsv
from longthink.problems.sudoku.sudoku_lines import SudokuLines

EASY = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """90 puzzles in three files, of three levels."""
    for level in (30, 41, 50):
        puzzles = Sudoku().sample(level, 30, split="train")
        SudokuLines().write([puzzles], 30, tmp_path)
    return tmp_path


def test_a_store_is_sorted_by_blanks_and_knows_the_splits(lines: Path, tmp_path: Path) -> None:
    files = sorted(lines.glob("*.txt"), reverse=True)
    assert SudokuLines().import_files(files, tmp_path / "store") == (90, 0)
    store = SudokuStore(tmp_path / "store")
    assert store.blanks.tolist() == [30] * 30 + [41] * 30 + [50] * 30
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
    assert rated.extras["rating"].tolist() == Sudoku().guesses(unrated).tolist()


def test_ratings_are_written(tmp_path: Path) -> None:
    puzzles = Sudoku().sample(55, 20, split="train")
    SudokuCsv().write([puzzles], 20, tmp_path)
    rows = (tmp_path / "train_55.csv").read_text().splitlines()
    assert rows[0] == "question,answer,rating"
    assert [int(row.rsplit(",", 1)[1]) for row in rows[1:]] == Sudoku().guesses(puzzles).tolist()


def test_the_hubs_data_set_is_brought_in_from_a_copy(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
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
        (f"{EASY},{SOLVED},easy", "line 3: the rating 'easy' is no number"),
        (".....23..4..1.24,,", "line 3: This board has 16 cells, and others have 81"),
    ],
)
def test_a_line_that_is_no_puzzle_is_named(row: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_text(f"question,answer,rating\n{EASY},{SOLVED},1\n{row}\n{EASY},,\n")
    with pytest.raises(UserError, match=message):
        SudokuCsv().import_files([path], tmp_path / "store")
    assert not (tmp_path / "store").exists()
    if "rating" not in message:
        assert SudokuCsv().import_files([path], tmp_path / "store", skip=True) == (2, 1)


def test_what_is_no_store_or_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no sudoku.*`longthink import FILE --format sudoku-csv --out FOLDER`"):
        Sudoku(source=str(tmp_path)).sample(41, 1)
    (tmp_path / "a.csv").write_text("puzzle,solution\n")
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
