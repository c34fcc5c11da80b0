"""Sudoku boards as people write them: on a line, in rows, in boxes that are drawn, with remarks and solutions beside.

What marks a blank cell may be part of a frame as well (- * _), so a text is read in every way in which it can be, and
refused if it is a board in none or in several. A cell is a text: a symbol, a mark for a blank, or a symbol that was
placed, behind a +.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, combinations
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from longthink.base.errors import UserError
from longthink.problems.sudoku._houses import most_square
from longthink.problems.sudoku._text import MOST_SYMBOLS, Board

SIZES = tuple(symbols for symbols in range(4, MOST_SYMBOLS + 1) if min(most_square(symbols)) > 1)
"""Of boards, in symbols."""
SYMBOLS = {symbols**2: symbols for symbols in SIZES}
"""Of a board of so many cells."""
SMALLEST = min(SYMBOLS)
"""Cells. A line of so many may be a row of the board of so many symbols, too."""
LETTERS_FROM = 10
"""Symbols: smaller boards have digits only."""
BLANKS = ".·?_*-"
"""Always blank; 0 and x are symbols of some boards."""
TWOFOLD = "-*_"
"""Blank cells, or parts of a frame."""
MOST_FRAMES = 5
"""Different texts on one board that may be a frame or blank cells; of more, all are or none."""
MOST_LINES = 100
"""Of a board with its frame."""
LONGEST = 2**16
"""Characters of boards that no empty line divides."""
COMMENT = "#"

_UPRIGHT, _LEVEL = "│┃║╎╏┆┇┊┋¦!:'\"`[](){}", "~" + "".join(map(chr, range(0x2500, 0x2580)))
_DRAWN = str.maketrans(dict.fromkeys(_LEVEL, "=") | dict.fromkeys(_UPRIGHT, "|") | {",": " "})
"""Lines in any signs become | and =, and commas spaces."""
_FRAME = re.compile(r"(?=.*[-=+*_])[-=+*_|.\s]+")
_CELLS = re.compile(r"(?:\+?[0-9A-Za-z]|[.·?_*-])+")
_CELL = re.compile(r"\+?[0-9A-Za-z]|[.·?_*-]")
_LETTER = re.compile("[A-WYZa-wyz]")
_NUMBER = re.compile(r"\+?[0-9]{2}")
_WORD = re.compile(r"\+?[0-9]{1,2}|[A-Za-z.·?_*-]")
_BETWEEN = re.compile(r"[|\s]|\+(?![0-9A-Za-z])")
_TOKEN = re.compile(r"[^\s|;=#<>]+")
PLAIN = re.compile(r"([0-9.]{81})(?:[ |;]+([1-9]{81}))?(?:[ |;#](?!.*[^\s|;=#<>]{36}).*)?")
"""What most lines are: a board of digits and dots, perhaps its solution, and no other behind them."""
_REMARK = re.compile("[#;]")
_SECTION = re.compile(r"\[([A-Za-z ]+)\]")
_TITLE = re.compile(r"(?:grid|puzzle|sudoku|board|game|number|no|nr)\b[\s.#]*[0-9]*\s*[:.)]?", re.IGNORECASE)
Cells = tuple[str, ...]
Lines = Sequence[tuple[int, str]]
"""With their numbers."""


class Row(NamedTuple):
    """Of a board, and the number of the line that it is on."""

    number: int
    cells: Cells


def read_puzzle(text: str) -> tuple[Board, Board]:
    """A board (cells,) from a text, and what the text says of its solution (cells,), 0 where it says nothing.

    That is a second board of its size behind it on the line, or symbols behind a +, which are blank on the board.
    What else is on the line of a whole board is a remark, as are lines that begin with #, titles, and the sections of a
    .sdk besides [Puzzle].
    More than 9 symbols are numbers among spaces; or digits and letters, A for 10, and 0 for the last where another sign
    marks blank cells; or letters alone, A for 1.

    Raises UserError, in one sentence, for what is no board, and for what may be several.

    >>> read_puzzle("1 - | - -  - - | - 2 ----+---- - - | 3 -  - 4 | - -")[0].tolist()
    [1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0]
    """
    if len(text) > LONGEST:
        raise UserError(
            f"This has more than {LONGEST} characters; put each board on a line, or an empty line behind it."
        )
    lines = [(number, line) for number, line in _told(text.splitlines()) if line]
    whole = [found for _, line in lines if (found := _whole(line))]
    if len(lines) == len(whole) == 1:
        cells, behind = whole[0]
    else:
        boards = [] if len(whole) > 1 else _boards(lines)
        if len(boards) != 1:
            raise UserError(f"Here are {len(whole) + len(boards)} sudokus; give one at a time.")
        cells, behind = _cells_of(boards[0]), ()
    placed, symbols = [cell.startswith("+") for cell in cells], _symbols(cells)
    known = _symbols(behind, full=True) if behind else np.where(placed, symbols, 0)
    return np.where(placed, 0, symbols), known


def read_answer(text: str) -> Board:
    """A full board (cells,), written as those that `read_puzzle` reads. Raises UserError for what is none."""
    line = " ".join(text.translate(_DRAWN).split())
    try:
        found = _whole(line)
        board = _symbols(found[0] if found else _cells_of(_boards([(1, line)])[0]), full=True)
    except UserError as error:
        raise UserError(f"The answer is no board: {error}") from error
    if not board.all():
        raise UserError("The answer has blank cells.")
    return board


def split_boards(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The text of each board in a file, for `read_puzzle`, with the number of the line on which it begins.

    A board is on one line, or in rows below each other. Lines that make no board come as they are, to be refused.
    16 lines of 16 cells are one board if there is a symbol beyond 4, and else a board each.
    """
    block: list[tuple[int, str]] = []
    for number, line in _told(lines):
        whole = bool(line and _whole(line))
        if line and not whole:
            block.append((number, line))
            ended = max(len(block), len(line)) > LONGEST or _is_complete(block)
        else:
            ended = whole or line is None or not _goes_on(block)
        if ended:
            yield from _texts(block)
            block = []
        if line and whole:
            yield number, line
    yield from _texts(block)


def begins_with_cells(line: str) -> bool:
    """Whether the first line of a file is a board, or a row of one, or a remark, rather than names of columns."""
    drawn = line.translate(_DRAWN)
    cells = _cells(drawn) or ()
    row = len(cells) in SIZES and not all(cell.isalpha() for cell in cells)
    small = len(cells) < LETTERS_FROM and any(map(_LETTER.fullmatch, cells))
    return line.startswith(COMMENT) or bool(_whole(drawn) or _FRAME.fullmatch(drawn) or (row and not small))


def _told(lines: Iterable[str]) -> Iterator[tuple[int, str | None]]:
    """Lines that may have cells, drawn in few signs; "" for an empty one, None where something else begins."""
    wanted = True
    for number, line in enumerate(lines, 1):
        line = line.strip()
        section = _SECTION.fullmatch(line)
        if section:
            wanted = section[1].casefold() == "puzzle"
        if section or _TITLE.fullmatch(line):
            yield number, None
        elif wanted and not line.startswith(COMMENT):
            yield number, line.translate(_DRAWN).strip()


def _whole(line: str) -> tuple[Cells, Cells] | None:
    """The cells of a board that is on one line, and those of its solution; None if it is no whole board.

    The longest word that is a board is, and a later one of its size is the solution. One of 16 cells may be a row,
    unless there is something behind.
    """
    if plain := PLAIN.fullmatch(line):
        return tuple(plain[1]), tuple(plain[2] or "")
    if not SMALLEST <= len(line) <= LONGEST:
        return None
    words = [_word(word) for word in _TOKEN.findall(line)]
    where = max(range(len(words)), key=lambda index: len(words[index]), default=0)
    if words and (len(words[where]) > SMALLEST or (words[0] and len(words) > 1)):
        size = len(words[where])
        return words[where], next((word for word in words[where + 1 :] if len(word) == size), ())
    cells = _cells(_REMARK.split(line, maxsplit=1)[0]) or ()
    return (cells, ()) if len(cells) > SMALLEST and len(cells) in SYMBOLS and not _FRAME.fullmatch(line) else None


def _word(word: str) -> Cells:
    """Its cells, if they are those of a board."""
    if len(word) < SMALLEST or not _CELLS.fullmatch(word) or _FRAME.fullmatch(word):
        return ()
    cells = tuple(_CELL.findall(word))
    symbols = SYMBOLS.get(len(cells))
    return () if symbols is None or (symbols < LETTERS_FROM and _LETTER.search(word)) else cells


@lru_cache(maxsize=256)
def _cells(text: str) -> Cells | None:
    """The cells of a line or of a part of one; None if a sign in it is none."""
    words = _BETWEEN.sub(" ", text).split()
    numbers = [int(word) for word in words if _NUMBER.fullmatch(word)]
    if numbers and all(map(_WORD.fullmatch, words)):
        symbols = len(words) if len(words) in SIZES else SYMBOLS.get(len(words), 0)
        if max(numbers) <= symbols:
            return tuple(words)
    joined = "".join(words)
    return tuple(_CELL.findall(joined)) if _CELLS.fullmatch(joined) or not joined else None


def _cells_of(board: Sequence[Row]) -> Cells:
    return tuple(cell for row in board for cell in row.cells)


def _boards(lines: Lines) -> list[list[Row]]:
    """The rows of each board that some lines are together: frames are what need not be cells to make a legal number.

    Raises UserError if they are none, or if there are several ways to read them.
    """
    parts = [*lines] if len(lines) > 1 else [(number, word) for number, line in lines for word in _words(line)]
    frames = {text for _, text in parts if _FRAME.fullmatch(text)}
    signs = [sign for sign in TWOFOLD if any(sign in text for _, text in parts if text not in frames)]
    readings: dict[Cells, tuple[int, list[list[Row]]]] = {}
    for dropped in _subsets(signs):
        spaces = str.maketrans(dict.fromkeys(dropped, " "))
        cleared = [(number, text if text in frames else text.translate(spaces)) for number, text in parts]
        widths = {len(_cells(text) or ()) for _, text in cleared if text not in frames}
        perhaps = [text for text in sorted(frames) if (cells := _cells(text)) and _may_be_row(cells, widths, lines)]
        for rows in _subsets(perhaps) if len(perhaps) <= MOST_FRAMES else ((), perhaps):
            kept = [(number, text) for number, text in cleared if text not in frames or text in rows]
            many = len(kept)
            if len(lines) == 1:
                kept = [(lines[0][0], " ".join(text for _, text in kept))]
            if boards := _cut([(number, _cells(text)) for number, text in kept]):
                readings[tuple(cell for board in boards for cell in _cells_of(board))] = many, boards
    if not readings:
        raise UserError(_why_no_board(lines))
    likely = [(many, boards) for many, boards in readings.values() if _is_sensible(boards)] or [*readings.values()]
    found = [boards for many, boards in likely if many == min(likely, key=itemgetter(0))[0]]
    if len(found) > 1:
        raise UserError(
            "This may be one of several boards, as - * _ may be blank cells or parts of a frame; use . for blank cells."
        )
    return found[0]


def _words(line: str) -> list[str]:
    """The parts of a line that frames may be among, or all of it if there are none."""
    words = line.replace("|", " ").split()
    return words if any(map(_FRAME.fullmatch, words)) else [line]


def _may_be_row(cells: Cells, widths: set[int], lines: Lines) -> bool:
    """Whether what looks like a frame can be blank cells, beside rows of so many cells."""
    return len(lines) == 1 or len(widths) != 1 or len(cells) in widths


def _subsets(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))


def _cut(lines: Sequence[tuple[int, Cells | None]]) -> list[list[Row]]:
    """Rows as boards below each other, or lines of other lengths joined to one board; nothing if they do not fit."""
    rows = [Row(number, cells) for number, cells in lines if cells]
    widths = {len(row.cells) for row in rows}
    if any(cells is None for _, cells in lines):
        return []
    if len(rows) > 1 and widths <= {*SIZES}:
        width = min(widths)
        if len(widths) > 1 or len(rows) % width:
            return []
        return [rows[first : first + width] for first in range(0, len(rows), width)]
    return [rows] if len(_cells_of(rows)) in SYMBOLS else []


def _is_sensible(boards: Sequence[Sequence[Row]]) -> bool:
    """Whether each has blank cells, and no symbol that boards of its size do not have."""
    try:
        symbols = [_symbols(_cells_of(board)) for board in boards]
    except UserError:
        return False
    return all(not board.all() and board.max() ** 2 <= len(board) for board in symbols)


def _why_no_board(lines: Lines) -> str:
    """In one sentence."""
    rows = [line for _, line in lines if not _FRAME.fullmatch(line)]
    cells = [len(_cells(line) or ()) for line in rows]
    signs = "".join(_BETWEEN.sub("", line) for line in rows)
    wrong = next((sign for sign in signs if not _CELL.fullmatch(sign)), None)
    if wrong is None and sum(cells) < LETTERS_FROM**2:
        wrong = next(iter(_LETTER.findall(signs)), None)
    if wrong is not None:
        return f"{wrong!r} is no cell of a sudoku; use digits, and 0 or one of . _ ? * - x for blank cells."
    among = f" in {len(rows)} rows of {' or '.join(map(str, sorted({*cells})))}" if len(rows) > 1 else ""
    return (
        f"A sudoku has 16, 36, 81, 256 or 625 cells, row by row, and this has {sum(cells)}{among};"
        " symbols beyond 9 are letters, or numbers with spaces between."
    )


def _symbols(cells: Sequence[str], full: bool = False) -> Board:
    """Numbers (cells,) from texts, 0 for blank; without blank cells if it is `full`.

    Raises UserError for letters and numbers that do not go together, or not with the size.
    """
    symbols = SYMBOLS[len(cells)]
    texts = [cell.removeprefix("+").upper() for cell in cells]
    marks = {*texts}
    numbers = {int(mark) for mark in marks if mark.isdecimal()} - {0}
    letters = {mark for mark in marks if mark.isalpha()}
    marked = full or bool(marks & {*BLANKS})
    first = LETTERS_FROM if numbers else 1
    values = {letter: ord(letter) - ord("A") + first for letter in letters}
    if "X" in values and not ((marked or "0" in marks) and LETTERS_FROM <= values["X"] <= symbols):
        values["X"] = 0
        marked = True
    most = symbols if symbols >= LETTERS_FROM else 0
    if wrong := [letter for letter in values if values[letter] > most]:
        raise UserError(f"{min(wrong)!r} is no symbol of a sudoku of {symbols} x {symbols}.")
    if any(values.values()) and max(numbers, default=0) >= LETTERS_FROM:
        raise UserError("There are letters and numbers beyond 9 on this board; use one of them.")
    last = symbols if symbols >= LETTERS_FROM and numbers and marked else 0
    if last and marks & {"0", "00"} and (last in numbers or last in values.values()):
        raise UserError("0 is no blank cell here, as another sign is, and the last symbol is there without it.")
    values |= dict.fromkeys(BLANKS, 0) | {"0": last, "00": last}
    return np.array([values[text] if text in values else int(text) for text in texts])


def _is_complete(block: Lines) -> bool:
    """Whether lines are all rows of a board, and nothing of its frame may be a row."""
    if len(block) > MOST_LINES:
        return False
    rows = [line for _, line in block if not _FRAME.fullmatch(line)]
    width = len(_cells(rows[0]) or ()) if rows else 0
    return (
        width == len(rows)
        and width in SIZES
        and all(len(_cells(row) or ()) == width and not {*TWOFOLD} & {*row} for row in rows)
        and all(len(_cells(line) or ()) != width for _, line in block if line not in rows)
    )


def _goes_on(block: Lines) -> bool:
    """Whether a board may go on behind an empty line: there is part of one, in whole boxes."""
    rows = [cells for _, line in block if not _FRAME.fullmatch(line) and (cells := _cells(line))]
    width = len(rows[0]) if rows else 0
    return width in SIZES and len(rows) < width and len(rows) % most_square(width)[0] == 0


def _texts(block: Lines) -> Iterator[tuple[int, str]]:
    """The text of each board that a block of lines is, or all of it if they are none; frames alone are nothing."""
    if all(_FRAME.fullmatch(line) or line.strip("| ") == "" for _, line in block):
        return
    if sum(len(line) for _, line in block) > LONGEST:
        yield block[0][0], "\n".join(line for _, line in block)
        return
    rows = [_cells(line) or () for _, line in block]
    beyond = any(cell.removeprefix("+") not in f"01234xX{BLANKS}" for row in rows for cell in row)
    small = all(len(row) == SMALLEST for row in rows)
    if small and not beyond:
        yield from block
        return
    try:
        boards = _boards(block)
    except UserError:
        yield from block if small else [(block[0][0], "\n".join(line for _, line in block))]
        return
    for board in boards:
        yield board[0].number, " ".join("." if cell in TWOFOLD else cell for cell in _cells_of(board))
