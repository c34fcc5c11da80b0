"""Lichess's CSV: packed, sorted, bad lines, compression, the hub's copy; and what is left behind."""

import importlib
import io
import re
import zipfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.formats.arrays import Arrays
from longthink.problems.chess import _store as stores
from longthink.problems.chess.lichess import Lichess
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
    with pytest.raises(UserError, match=r"There is no file .*nowhere.csv"):
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
    with pytest.raises(UserError, match="has no column 'FEN' in its first line; that is 'nothing of the kind'"):
        Lichess().import_files([tmp_path / "none.csv.zst"], tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_the_hubs_copy_is_brought_in_from_parquet(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    import pandas as pd

    fields = [dict(zip(HEAD.split(","), line.split(","), strict=True)) for line in LINES]
    copy = tmp_path / "copy"
    copy.mkdir()
    table = pd.DataFrame(fields).astype({"Rating": int})
    table["GameId"] = "x"
    table.to_parquet(copy / "train-00000.parquet")
    Lichess().import_files([copy], tmp_path / "store")
    Lichess().import_files([SAMPLE], tmp_path / "same")
    assert (stores.Store(tmp_path / "store").rows == stores.Store(tmp_path / "same").rows).all()
    (tmp_path / "empty").mkdir()
    for name, sentence in (("nothing", "There is no file"), ("empty", "empty holds no data set of chess puzzles")):
        with pytest.raises(UserError, match=sentence):
            Lichess().import_files([tmp_path / name], tmp_path / "other")


# ------------------------------------------------------------------------------------------------ as others save it


def table(names: list[str], separator: str = ",", quote: str = "", index: bool = False, rating: str = "") -> str:
    """The first forty puzzles with only these columns, written otherwise."""
    lines = [HEAD, *LINES[:40]]
    rows = [dict(zip(HEAD.split(","), line.split(","), strict=True)) for line in lines]
    for row in rows[1:]:
        row["Rating"] += rating
    texts = [separator.join(f"{quote}{row[name]}{quote}" for name in names) for row in rows]
    numbers = ["", *map(str, range(40))]
    return "\n".join(
        f"{number}{separator}{text}" if index else text for number, text in zip(numbers, texts, strict=True)
    )


def packed_with(module: str) -> Callable[[bytes], bytes]:
    pack: Callable[[bytes], bytes] = importlib.import_module(module).compress
    return pack


def zipped(text: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("inside.csv", text)
    return target.getvalue()


PUBLISHED = HEAD.split(",")
FEW = ["PuzzleId", "FEN", "Moves", "Rating"]
SAVED = {
    "as published": table(PUBLISHED),
    "an index in front": table(PUBLISHED, index=True),
    "everything in quotes": table(PUBLISHED, quote='"'),
    "quotes, but for the names": HEAD + "\n" + table(PUBLISHED, quote='"').split("\n", 1)[1],
    "whole numbers with a point": table(PUBLISHED, rating=".0"),
    "another order": table(PUBLISHED[::-1]),
    "another order, and numbers with a point": table([*FEW[::-1], "Themes"], rating=".00"),
    "few columns": table(FEW),
    "few columns, without names": table(FEW).split("\n", 1)[1],
    "semicolons": table(PUBLISHED, separator=";"),
    "tabs": table(["FEN", "Rating", "Moves", "PuzzleId"], separator="\t"),
    "other letters": table(FEW)
    .replace("PuzzleId", "puzzleid", 1)
    .replace("FEN", "fen", 1)
    .replace("Moves", "MOVES", 1),
}
WRITTEN = {
    "": lambda text: text,
    ".gz": packed_with("gzip"),
    ".bz2": packed_with("bz2"),
    ".xz": packed_with("lzma"),
    ".zip": zipped,
    " with a mark": lambda text: b"\xef\xbb\xbf" + text,
    " of windows": lambda text: text.replace(b"\n", b"\r\n"),
    " in 16 bits": lambda text: text.decode().encode("utf-16"),
}


@pytest.fixture(scope="module")
def forty() -> stores.Rows:
    rows = np.concatenate([*stores.read_csv([("\n".join([HEAD, *LINES[:40]])).encode()], "x")])
    return rows[np.argsort(rows["rating"], kind="stable")]


@pytest.mark.parametrize(
    ("saved_as", "written_as"),
    [*((name, "") for name in SAVED), *product(("as published", "an index in front"), [*WRITTEN][1:])],
)
def test_tables_are_read_however_they_were_saved(
    saved_as: str, written_as: str, forty: stores.Rows, tmp_path: Path
) -> None:
    suffix = written_as if written_as.startswith(".") else ""
    path = tmp_path / f"some.csv{suffix}"
    path.write_bytes(WRITTEN[written_as](SAVED[saved_as].encode()))
    assert Lichess().import_files([path], tmp_path / "store") == (40, 0)
    assert (stores.Store(tmp_path / "store").rows == forty).all()


def test_a_parquet_file_is_read_by_the_names_of_its_columns(forty: stores.Rows, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    table_of = pd.read_csv(io.StringIO(table(["Themes", "Rating", "Moves", "FEN", "PuzzleId"])))
    table_of["Rating"] = table_of["Rating"].astype(float)
    table_of["Themes"] = table_of["Themes"].str.split()
    table_of.to_parquet(tmp_path / "some.parquet")
    assert Lichess().import_files([tmp_path / "some.parquet"], tmp_path / "store") == (40, 0)
    assert (stores.Store(tmp_path / "store").rows == forty).all()
    mates = sum("mateIn1" in line.split(",")[7].split() for line in LINES[:40])
    assert Lichess(themes=("mateIn1",)).import_files([tmp_path / "some.parquet"], tmp_path / "mates") == (mates, 0)
    table_of.loc[3, "Rating"] = 1e12
    table_of.to_parquet(tmp_path / "wrong.parquet")
    with pytest.raises(UserError, match="Line 4 of .*wrong.parquet is no puzzle: its rating is no whole number"):
        Lichess().import_files([tmp_path / "wrong.parquet"], tmp_path / "other")
    assert Lichess().import_files([tmp_path / "wrong.parquet"], tmp_path / "other", skip=True) == (39, 1)


def test_themes_are_found_by_name_and_asked_for_where_there_are_none(tmp_path: Path) -> None:
    mates = sum("mateIn1" in line.split(",")[7].split() for line in LINES[:40])
    for name in ("as published", "an index in front", "everything in quotes"):
        path = written(tmp_path / "some.csv", [SAVED[name]])
        assert Lichess(themes=("mateIn1",)).import_files([path], tmp_path / name) == (mates, 0)
    path = written(tmp_path / "few.csv", [SAVED["few columns"]])
    with pytest.raises(UserError, match="no column 'Themes'"):
        Lichess(themes=("mateIn1",)).import_files([path], tmp_path / "store")


def test_a_bad_line_has_the_number_that_it_has_in_the_file(tmp_path: Path) -> None:
    lines = SAVED["an index in front"].split("\n")
    lines[7] = lines[7].replace(" b ", " w ", 1) if " b " in lines[7] else lines[7].replace(" w ", " b ", 1)
    path = written(tmp_path / "bad.csv", [*lines[:5], "", *lines[5:]])
    with pytest.raises(UserError, match="Line 9 of .*bad.csv is no puzzle"):
        Lichess().import_files([path], tmp_path / "store")
    assert Lichess().import_files([path], tmp_path / "store", skip=True) == (39, 1)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("games.pgn", b'[Event "x"]\n\n1. e4 e5 *\n', r"holds games .*FEN, Moves and Rating"),
        ("games.PGN.zst", b"", "holds games"),
        ("games.pgn.csv", b"", "has no column 'FEN'"),
        ("some.csv", b"PuzzleId,Moves,Rating\n", "has no column 'FEN'"),
        ("some.csv", b"FEN,Moves\n", "has no column 'Rating'"),
        ("some.csv", b"", "has no column 'FEN'"),
        ("some.bin", b"\0\1\2" * 50, "is no text"),
        ("some.csv", HEAD.encode() + b'\nx,"6k1/5ppp/8/8/8/8/8/R3K3 w - -,a1a7 g8f8,10\n', "Line 2 of .* is no puzzle"),
    ],
)
def test_a_file_that_is_none_is_told_what_is_read(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        Lichess().import_files([tmp_path / name], tmp_path / "store")


@pytest.mark.parametrize(
    "name", ["none.csv", "none.csv.bz2", "none.parquet", "none.epd", "a/b/c", "../none", "no ne", "n" * 300]
)
def test_the_hub_is_asked_only_for_names_that_can_be_its(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: pytest.fail("the hub was asked"))
    with pytest.raises(UserError, match=f"There is no file {re.escape(name)}"):
        Lichess().import_files([Path(name)], tmp_path / "store")


@pytest.mark.parametrize(
    ("line", "right", "wrong"),
    [
        ("x,7k/5ppp/8/8/8/8/8/R3R1K1 b - - 0 1,h8g8 e1e8,600,,,,,,", [("e1", "e8"), ("a1", "a8")], [("a1", "a7")]),
        ("x,8/5P1k/7p/6p1/6P1/8/5K2/8 b - - 0 50,h7g7 f7f8N,1500,,,,,,", [], [("f7", "f8")]),
        ("x,8/5P1k/7p/6p1/6P1/8/5K2/8 b - - 0 50,h7g7 f7f8q,1500,,,,,,", [("f7", "f8")], [("f2", "f3")]),
    ],
)
def test_what_is_right_survives_a_store_and_files(
    line: str, right: list[tuple[str, str]], wrong: list[tuple[str, str]], tmp_path: Path
) -> None:
    Lichess().import_files([written(tmp_path / "one.csv", [HEAD, line])], tmp_path / "store")
    problem = ChessPuzzles(source=str(tmp_path / "store"), unit="rating", width=3000)
    split = next(split for split in stores.OF_TEN if len(problem.store().of_split(range(1), split)))
    puzzles = problem.sample(3000, 1, split=split)
    Arrays().write([puzzles], 1, tmp_path)
    for some in (puzzles, Arrays().read(problem, 3000, tmp_path, split)):
        for moves, is_right in ((right, True), (wrong, False)):
            for squares in moves:
                answer = torch.zeros(1, 8, 8, dtype=torch.long)
                for square in squares:
                    answer[0, int(square[1]) - 1, "abcdefgh".index(square[0])] = 1
                assert problem.correct(answer, some).tolist() == [is_right]


def test_a_file_without_a_puzzle_is_none(tmp_path: Path) -> None:
    written(tmp_path / "test_1.csv", [HEAD])
    with pytest.raises(UserError, match=r"not one puzzle in .*test_1.csv"):
        Lichess().read(ChessPuzzles(), 1, tmp_path, "test")
