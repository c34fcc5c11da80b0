"""Boards as people write them: in each of these ways the same one is read, pasted or from a file, or it is refused."""

import string

import numpy as np
import pytest

from longthink.base.errors import UserError
from longthink.problems.sudoku import _reading as reading
from longthink.problems.sudoku._reading import read_answer, read_puzzle, split_boards
from longthink.problems.sudoku.problem import Sudoku, boards_of

EASY = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
DOTS = EASY.replace("0", ".")
ROWS = [DOTS[first : first + 9] for first in range(0, 81, 9)]
HEX = "123456789ABCDEF0"


def boxed(across: str, row: str = "{} | {} | {}", blank: str = ".", spaced: str = " ", around: str = "") -> str:
    """The board with lines drawn; `row` is where its three parts go, `across` is between the boxes."""
    lines = [
        row.format(*(spaced.join(line[first : first + 3]) for first in (0, 3, 6))).replace(".", blank) for line in ROWS
    ]
    bands = f"\n{across}\n".join("\n".join(lines[first : first + 3]) for first in (0, 3, 6))
    return "\n".join(filter(None, (around, bands, around)))


SAME = {
    "zeros": EASY,
    **{f"{mark} for blank": EASY.replace("0", mark) for mark in "._?*-xX·"},
    "rows": "\n".join(ROWS),
    "rows of dashes": "\n".join(ROWS).replace(".", "-"),
    "rows, Windows": "\r\n".join(ROWS),
    "rows on a line": " ".join(ROWS),
    "rows of dashes on a line": " ".join(ROWS).replace(".", "-"),
    "rows in bands": "\n\n".join("\n".join(ROWS[first : first + 3]) for first in (0, 3, 6)),
    "spaced": " ".join(DOTS),
    "spaced, dashes": " ".join(EASY.replace("0", "-")),
    "commas": ",".join(EASY),
    "wrapped after 80": f"{DOTS[:80]}\n{DOTS[80:]}",
    "wrapped after 72": f"{DOTS[:72]}\n{DOTS[72:]}",
    "bands on lines": "\n".join(DOTS[first : first + 27] for first in (0, 27, 54)),
    "quoted": f'"{DOTS}"',
    "drawn with + and -": boxed("+-------+-------+-------+", "| {} | {} | {} |", around="+-------+-------+-------+"),
    "drawn, and pasted on one line": boxed("------+-------+------").replace("\n", " "),
    "drawn, dashes for blank": boxed("------+-------+------", blank="-"),
    "drawn as wide as rows, dashes for blank": boxed("---+---+---", "{}|{}|{}", "-", ""),
    "drawn, dashes, on one line": boxed("------+-------+------", blank="-").replace("\n", " "),
    "drawn with spaced dashes": boxed("- - - + - - - + - - -", blank="-"),
    "drawn with !": boxed("=======================", "! {} ! {} ! {} !"),
    "drawn with *": boxed("*********************", "{} * {} * {}"),
    "drawn with * and _ for blank": boxed("*********************", "{} * {} * {}", "_"),
    "box drawing": boxed("╠═══╬═══╬═══╣", "║{}║{}║{}║", spaced="", around="╔═══╦═══╗"),
    "light box drawing": boxed("──────┼───────┼──────", "{} │ {} │ {}"),
    "Simple Sudoku": boxed("|---+---+---|", "|{}|{}|{}|", spaced="", around="*-----------*"),
    "Simple Sudoku, X": boxed("|---+---+---|", "|{}|{}|{}|", "X", "", "*-----------*"),
    "a forum": boxed(":-------+-------+-------:", "| {} | {} | {} |", around=".-------.-------.-------."),
    "a forum, on one line": boxed(
        ":-------+-------+-------:", "| {} | {} | {} |", around="'-------'-------'-------'"
    ).replace("\n", " "),
    "SudoCue": "#ASomeone\n#DFor a test\n[Puzzle]\n" + "\n".join(ROWS),
    "SadMan": "[Puzzle]\n" + "\n".join(ROWS) + "\n[State]\n" + "\n".join(["534678912", *ROWS[1:]]),
    "HoDoKu": f":0000:x:{DOTS}:::",
    "HoDoKu, a symbol placed": f":0702:9:53+4{DOTS[3:]}:112 918::",
    "Project Euler": "Grid 01\n" + "\n".join(ROWS).replace(".", "0"),
    "a list of lists": "[" + ",\n ".join(f"[{','.join(row.replace('.', '0'))}]" for row in ROWS) + "]",
    "a list of texts": str([list(row) for row in ROWS]),
    "a rating": f"{DOTS}  # 11.9 FNBTHWHP",
    "ratings": f"{DOTS} ED=11.9/1.2/1.2",
    "fields": f"{DOTS};123;ph",
    "a name": f"{DOTS} easter monster",
    "an identifier before": f"0000183b305c {EASY} 1.2",
    "its solution": f"{EASY} {SOLVED}",
    "its solution behind a comma": f"{DOTS},{SOLVED}",
    "its solution and a rating": f"{DOTS}\t{SOLVED}\t3.4",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_a_board_is_read_however_it_is_written(text: str) -> None:
    board, said = read_puzzle(text)
    assert "".join(map(str, board)) == EASY
    solution = np.array([int(symbol) for symbol in SOLVED])
    assert (said[said > 0] == solution[said > 0]).all()
    assert (said > 0).sum() == (81 if SOLVED in text else 1 if "+4" in text else 0)
    ((_, found),) = split_boards(text.splitlines(keepends=True))
    assert "".join(map(str, read_puzzle(found)[0])) == EASY


@pytest.fixture(scope="module")
def large() -> tuple[np.ndarray, np.ndarray]:
    """A board of 16 x 16 and its solution."""
    puzzles = Sudoku(box=(4, 4)).sample(110, 1)
    return boards_of(puzzles)[0], puzzles.y.flatten().numpy() + 1


@pytest.mark.parametrize(
    ("symbols", "blank"),
    [
        ("123456789ABCDEFG", "."),
        ("123456789ABCDEFG", "0"),
        ("123456789abcdefg", "-"),
        (HEX, "."),
        (HEX, "x"),
        (string.ascii_uppercase[:16], "."),
        (string.ascii_uppercase[:16], "0"),
        (string.ascii_lowercase[:16], "x"),
    ],
)
def test_more_symbols_are_letters(symbols: str, blank: str, large: tuple[np.ndarray, np.ndarray]) -> None:
    board, solution = large
    text, answer = ("".join(symbols[one - 1] if one else blank for one in some) for some in (board, solution))
    assert (read_puzzle(text)[0] == board).all()
    assert (read_puzzle(f"{text},{answer}")[1] == solution).all()
    assert (read_answer(answer) == solution).all()
    rows = [text[first : first + 16] for first in range(0, 256, 16)]
    ((_, found),) = split_boards(rows)
    assert (read_puzzle(found)[0] == board).all()
    drawn = ["|".join(row[first : first + 4] for first in range(0, 16, 4)) for row in rows]
    for band in (12, 8, 4):
        drawn.insert(band, "----+----+----+----")
    ((_, found),) = split_boards(drawn)
    assert (read_puzzle(found)[0] == board).all()


@pytest.mark.parametrize("blank", ["0", ".", "-", "_", "x"])
def test_more_symbols_are_numbers(blank: str, large: tuple[np.ndarray, np.ndarray]) -> None:
    board, _ = large
    words = [str(symbol) if symbol else blank for symbol in board]
    rows = [" ".join(f"{word:>2}" for word in words[first : first + 16]) for first in range(0, 256, 16)]
    for text in (" ".join(words), ",".join(words), "\n".join(rows), "  ".join(rows)):
        assert (read_puzzle(text)[0] == board).all()
        ((_, found),) = split_boards(text.splitlines())
        assert (read_puzzle(found)[0] == board).all()
    padded = " ".join(f"{symbol:02}" for symbol in board)
    assert (read_puzzle(padded)[0] == board).all()


@pytest.mark.parametrize(
    ("symbols", "blank"),
    [
        (string.ascii_uppercase[:25], "."),
        (string.ascii_uppercase[:25], "0"),
        ("123456789" + string.ascii_uppercase, "x"),
    ],
)
def test_x_is_a_symbol_of_25_where_another_sign_is_blank(symbols: str, blank: str) -> None:
    board = boards_of(Sudoku(box=(5, 5)).sample(150, 1))[0]
    text = "".join(symbols[symbol - 1] if symbol else blank for symbol in board)
    assert (read_puzzle(text)[0] == board).all()
    ((_, found),) = split_boards([text[first : first + 25] for first in range(0, 625, 25)])
    assert (read_puzzle(found)[0] == board).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this has 0;"),
        ("hello world", "'h' is no cell"),
        (DOTS[:-1], "this has 80;"),
        ("\n".join(ROWS[:8]), "this has 72 in 8 rows of 9;"),
        ("\n".join([ROWS[0] + ".", ROWS[1][:8], *ROWS[2:]]), "this has 81 in 9 rows of 8 or 9 or 10;"),
        (DOTS.replace("5", "²"), "'²' is no cell"),
        (DOTS.replace("5", "٣"), "'٣' is no cell"),
        (DOTS.replace("5", "\0"), r"'\\x00' is no cell"),
        ("9" * 5000, "this has 5000;"),
        ("1 " * 40_000, "more than 65536 characters"),
        (f"{DOTS}\n{DOTS}", "Here are 2 sudokus"),
        ("\n".join(ROWS * 2), "Here are 2 sudokus"),
        ("\n".join(ROWS).replace("9", "Z"), "'Z' is no symbol of a sudoku of 9 x 9"),
        ("Q" + "1" + "." * 254, "'Q' is no symbol of a sudoku of 16 x 16"),
        ("0G1." + "." * 252, "0 is no blank cell here"),
        ("10 A " + ". " * 254, "letters and numbers beyond 9"),
        ("1 2 3 4\n- - - -\n3 4 1 2\n--|--\n2 1 4 3", "may be one of several boards"),
        ("." * 676, "this has 676;"),
    ],
)
def test_what_is_no_board_is_refused_in_a_sentence(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_puzzle(text)
    assert len(str(caught.value)) < 200


def test_files_may_hold_boards_of_all_kinds_one_after_the_other() -> None:
    frame = boxed("|---+---+---|", "|{}|{}|{}|", spaced="", around="*-----------*").splitlines()
    parts = [
        [DOTS],
        ROWS,
        ROWS,
        [""],
        ["Grid 02"],
        ROWS,
        frame,
        frame,
        [""],
        ROWS[:8],
        [""],
        ROWS,
        ["who knows"],
        [DOTS],
    ]
    lines = [line for part in parts for line in part]
    begins = np.cumsum([1, *map(len, parts)])
    read = []
    for number, text in split_boards(lines):
        try:
            read.append((number, "".join(map(str, read_puzzle(text)[0])) == EASY))
        except UserError as error:
            read.append((number, str(error)[:20]))
    one, two, three, four, five, six, short, seven, wrong, eight = (
        begins[i] for i in (0, 1, 2, 5, 6, 7, 9, 11, 12, 13)
    )
    assert read == [
        *((number, True) for number in (one, two, three, four, five + 1, six + 1)),
        (short, "A sudoku has 16, 36,"),
        (seven, True),
        (wrong, "'w' is no cell of a "),
        (eight, True),
    ]


def test_lines_of_16_cells_are_small_boards_unless_they_have_larger_symbols() -> None:
    small, large = "12..34...3....21", "..43.967.1...GA."
    assert len(list(split_boards([small] * 20))) == 20
    ((number, text),) = split_boards([large] * 16)
    assert number == 1
    assert len(read_puzzle(text)[0]) == 256
    assert read_puzzle(f"{small} # easy")[0].tolist() == [int(cell) if cell != "." else 0 for cell in small]


@pytest.mark.parametrize("text", ["---\n\n" * 30_000, "- -- --- - --\n" * 20_000, "|\n" * 100_000, "5 3 .\n" * 30_000])
def test_long_files_of_nothing_take_no_long_time(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are tried a bounded number of times, however many lines there are."""
    calls = 0
    cut = reading._cut

    def counted(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        return cut(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "_cut", counted)
    for _, found in split_boards(text.splitlines()):
        with pytest.raises(UserError):
            read_puzzle(found)
    assert calls < 1000
