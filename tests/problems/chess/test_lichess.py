"""Lichess's CSV: packed, sorted, bad lines, compression, the hub's copy; and what is left behind."""

from pathlib import Path

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.problems.chess import _store as stores
from longthink.problems.chess.lichess import COLUMNS, Lichess
from longthink.problems.chess.problem import ChessPuzzles

SAMPLE = Path(__file__).parent / "lichess_500.csv"
HEAD, *LINES = SAMPLE.read_text().splitlines()


def written(path: Path, lines: list[str], end: str = "\n") -> Path:
    path.write_text("\n".join(lines) + end)
    return path


def test_a_store_is_sorted_by_rating_and_stable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "ROWS_AT_ONCE", 37)
    shuffled = [LINES[index] for index in np.random.default_rng(0).permutation(len(LINES))]
    files = [written(tmp_path / "a.csv", [HEAD, *shuffled]), written(tmp_path / "b.csv", shuffled, end="")]
    assert Lichess().import_files(files, tmp_path / "store") == (1000, 0)
    rows = stores.Store(tmp_path / "store").rows
    wanted = sorted([line.split(",") for line in shuffled] * 2, key=lambda fields: int(fields[3]))
    assert [row.decode() for row in rows["name"]] == [fields[0] for fields in wanted]
    assert rows["rating"].tolist() == [int(fields[3]) for fields in wanted]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv", "store"]


def test_every_share_is_that_of_the_position_and_splits_are_a_tenth_or_so(tmp_path: Path) -> None:
    Lichess().import_files([SAMPLE], tmp_path / "store")
    store = stores.Store(tmp_path / "store")
    puzzles = ChessPuzzles().from_rows(store.rows[:], 1, "test")
    assert [stores.share_of(position) for position in puzzles.extras["position"].numpy()] == store.shares.tolist()
    sizes = [len(store.of_split(range(len(store)), split)) for split in stores.OF_TEN]
    assert sum(sizes) == 500
    assert 350 < sizes[0] < 450


@pytest.mark.parametrize("windows", [False, True])
def test_lines_may_come_in_pieces_of_any_size(windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SAMPLE.read_bytes().replace(b"\n", b"\r\n") if windows else SAMPLE.read_bytes()
    whole = np.concatenate([*stores.read_csv([text], "x")])
    for size in (1000, 70_001):
        pieces = (text[begin : begin + size] for begin in range(0, len(text), size))
        assert (np.concatenate([*stores.read_csv(pieces, "x")]) == whole).all()
    assert len(whole) == 500


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("abc", "fewer than the four columns"),
        ("a,8/8/8/8/8/8/8/8 w - -,e2e4 e7e5,1000", "in its FEN, each side must have one king"),
        ("a,6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1a8,1000", "opponent's move and the answer"),
        ("a,6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1b2 g8f8,1000", "opponent's move is not legal"),
        ("a,6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1a7 g8g3,1000", "answer is no legal move"),
        ("a,6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1a7 g8f8,10.5", "rating is no whole number"),
        ("a,6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1a7 g8f8,", "rating is no whole number"),
        ("a,6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1a7 g8f8,70000", "rating is no whole number"),
    ],
)
def test_a_line_that_is_no_puzzle_is_named_or_left_out(line: str, reason: str, tmp_path: Path) -> None:
    path = written(tmp_path / "bad.csv", [HEAD, *LINES[:5], line, *LINES[5:9]])
    with pytest.raises(UserError, match=rf"Line 7 of .*bad.csv is no puzzle: .*{reason}.*--skip"):
        Lichess().import_files([path], tmp_path / "store")
    assert [child.name for child in tmp_path.iterdir()] == ["bad.csv"]
    assert Lichess().import_files([path], tmp_path / "store", skip=True) == (9, 1)


def test_nothing_to_bring_in_and_a_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not one puzzle"):
        Lichess().import_files([written(tmp_path / "empty.csv", [HEAD])], tmp_path / "store")
    with pytest.raises(UserError, match="cannot be read"):
        Lichess().import_files([tmp_path / "nowhere.csv"], tmp_path / "store")
    (tmp_path / "store").mkdir()
    with pytest.raises(UserError, match="exists already"):
        Lichess().import_files([SAMPLE], tmp_path / "store")


def test_compressed_files_are_read_and_cut_ones_refused(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    first, second = (
        zstandard.ZstdCompressor().compress(text.encode()) for text in ("\n".join([HEAD, *LINES, ""]), "\n".join(LINES))
    )
    (tmp_path / "a.csv.zst").write_bytes(first + second)  # two frames
    assert Lichess().import_files([tmp_path / "a.csv.zst"], tmp_path / "store") == (1000, 0)
    (tmp_path / "cut.csv.zst").write_bytes(first[:-1000])
    with pytest.raises(UserError, match="cut short"):
        Lichess().import_files([tmp_path / "cut.csv.zst"], tmp_path / "other")
    (tmp_path / "none.csv.zst").write_bytes(b"nothing of the kind")
    with pytest.raises(UserError, match="no .zst file"):
        Lichess().import_files([tmp_path / "none.csv.zst"], tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_the_hubs_copy_is_brought_in_from_parquet(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    import pandas as pd

    fields = [dict(zip(COLUMNS, line.split(","), strict=False)) for line in LINES]
    copy = tmp_path / "copy"
    copy.mkdir()
    table = pd.DataFrame(fields).astype({"Rating": int})
    table["GameId"] = "x"
    table.to_parquet(copy / "train-00000.parquet")
    Lichess().import_files([copy], tmp_path / "store")
    Lichess().import_files([SAMPLE], tmp_path / "same")
    assert (stores.Store(tmp_path / "store").rows == stores.Store(tmp_path / "same").rows).all()
    with pytest.raises(UserError, match="no data set"):
        Lichess().import_files([tmp_path / "nothing"], tmp_path / "other")
