"""Mazes as people type and post them: a character for each cell, lines drawn with + - |, matrices of 0 and 1.

Walls are # or blocks, ways are spaces or dots; ends are S and E (or G, F, T), A and B, or R and G as this library
writes them, or else the two openings in the border. Rows are lines, or one string of n times n characters.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import gcd, isqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from longthink.base.errors import UserError
from longthink.base.tables import read_table
from longthink.contracts import Ends
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._kernels import Cells

LONGEST = 2**10
"""Cells along a side, at most."""
LONGEST_TEXT = 2**22
"""Characters that are looked at: four for each cell of the largest maze."""
SMALLEST = 9
"""Characters of the smallest maze that is one string."""
WALLS = "#█▓■⬛"
OTHER_WALLS = "*@%&XxWw"
"""Walls where there are none of WALLS."""
WAYS = " .·•░□⬜_oO*+x~:"
"""Some are how others mark a path, which is a way too."""
STARTS, ENDS = "SsAaRr🟥🔴", "EeGgFfTtBbX🟩🟢"
KINDS = {
    **dict.fromkeys(WAYS, chr(kernels.OPEN)),
    **dict.fromkeys(STARTS, chr(kernels.RED)),
    **dict.fromkeys(ENDS, chr(kernels.GREEN)),
    "#": chr(kernels.WALL),
}
"""The byte of a cell for each character, where all walls are #."""
POST, LEVEL, UPRIGHT, FLOOR = "+", "-", "|", "_"
LEVELS, UPRIGHTS = "─━═╌╍┄┅┈┉╴╶╸╺╼╾—", "│┃║╎╏┆┇┊┋╵╷╹╻╽╿¦"
DRAWN = re.compile("[\u2500-\u257f]")
"""Box drawings: those that are neither level nor upright are posts."""
KNOWN = "# or █ for walls, spaces or dots for ways, S and E, S and G, A and B or R and G for the ends"
TABLE = {"question": ("question", "maze", "puzzle", "input"), "answer": ("answer", "solution", "label", "output")}
"""The columns of a table of mazes, and what else they may be called."""


def read_maze(text: str, ends: Ends | None = None) -> Cells:
    """The cells of the maze in a text, with red where it starts and green where it ends; a path joins them.

    Whole walls around a maze are taken off where what is inside has an odd number of rows and columns: so it is of the
    size that the field gives it, 9 x 9 like those that are drawn here, or 30 x 30 with the walls.

    Raises UserError for a text that is no maze, is too large, or has no two ends.

    >>> read_maze("#####\\n#S E#\\n#   #\\n#   #\\n#####").tolist()
    [[3, 1, 2], [1, 1, 1], [1, 1, 1]]
    """
    return without_frame(_read(text, ends))


def read_solved(question: str, answer: str) -> Cells:
    """The maze of a question, as `read_maze`; the answer is the same text with the cells of its path marked.

    Raises UserError as `read_maze` does, and for an answer that is no shortest path. Without one, nothing is checked.
    """
    cells = _read(question, None)
    if answer:
        before, after = map(_characters, (question, answer))
        if not before.shape == after.shape == cells.shape:
            raise UserError("The answer should be the maze again, with the path marked in it.")
        changed = before != after
        on_path = changed | (cells >= kernels.GREEN)
        only_path = np.where(on_path, cells, kernels.WALL).astype(np.uint8)
        shortest = kernels.shortest_path(cells, np.empty_like(cells))
        if kernels.shortest_path(only_path, np.empty_like(cells)) != on_path.sum() or on_path.sum() != shortest:
            raise UserError(f"The answer is no shortest path, which has {shortest} cells with both ends.")
    return without_frame(cells)


def _characters(text: str) -> NDArray[np.uint32]:
    """Those of a text (rows, columns)."""
    rows = _rows(text)
    return np.frombuffer("".join(rows).encode("utf-32-le", "surrogatepass"), np.uint32).reshape(len(rows), -1)


def read_csv(path: Path) -> Iterator[tuple[str, str, str]]:
    """Where each row of a table of mazes is, its question and its answer. Raises UserError as `read_table` does."""
    for number, (question, answer) in read_table(path, TABLE, stripped=False):
        yield f"{path}, line {number}", question, answer


def as_rows(cells: Cells, path: Cells | None = None) -> list[str]:
    """The rows that `read_maze` reads these cells from, with o on the cells of a path between the ends."""
    drawn = np.array(["#", " ", "G", "S"])[with_frame(cells)]
    if path is not None:
        drawn[(with_frame(path) > 0) & (drawn == " ")] = "o"
    return ["".join(row) for row in drawn]


def without_frame(cells: Cells) -> Cells:
    """Without the walls around a maze of odd size; see `read_maze`."""
    inside = cells[1:-1, 1:-1]
    framed = (cells != kernels.WALL).sum() == (inside != kernels.WALL).sum()
    odd = inside.shape[0] % 2 == inside.shape[1] % 2 == 1
    return np.ascontiguousarray(inside) if framed and odd else cells


def with_frame(cells: Cells) -> Cells:
    """The reverse of `without_frame`."""
    return np.pad(cells, 1) if cells.shape[0] % 2 == cells.shape[1] % 2 == 1 else cells


def is_typed(text: str) -> bool:
    """Whether a text may be a maze, rather than the name of a file."""
    text = text.strip("\r\n")
    if "\n" in text or "\\n" in text or text.lstrip().startswith("["):
        return True
    alphabet, never_in_names = {*WALLS, *WAYS, *STARTS, *ENDS, *"0123*@%&"}, {*WALLS, *"01*@%&"}
    return len(text) >= SMALLEST and {*text} <= alphabet and bool({*text} & never_in_names)


def mazes_in(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The number of the line that each maze begins on, and the maze: between two are blank lines.

    Where each line is rows of a maze joined, walled above and below, each is a maze. Raises UserError for one that has
    more characters than a maze has.
    """
    block, length = list[str](), 0
    for number, line in enumerate(chain(lines, [""]), 1):
        if line.strip():
            block.append(line)
            length += len(line)
            if length > LONGEST_TEXT:
                raise UserError(
                    f"Line {number} is still of one maze, after {LONGEST_TEXT:,} characters; no maze has more."
                )
        elif block:
            begin = number - len(block)
            yield from enumerate(block, begin) if all(map(_is_joined, block)) else [(begin, "\n".join(block))]
            block, length = [], 0


def _read(text: str, ends: Ends | None) -> Cells:
    """With the walls around it."""
    if len(text) > LONGEST_TEXT:
        raise UserError(f"A maze is read from {LONGEST_TEXT:,} characters at most, and this text has more.")
    rows = _rows(text)
    used = {*"".join(rows)}
    if used >= {"0", "1"} and not used & {*WALLS}:
        return _of_numbers(rows, ends)
    if UPRIGHT in used and used & {LEVEL, FLOOR} and not used & {*WALLS}:
        return _cells(_from_lines(_with_ends(rows, ends, POST + LEVEL + UPRIGHT + FLOOR)), None)
    walls = WALLS if used & {*WALLS} else next((wall for wall in OTHER_WALLS if wall in used), "")
    if not walls:
        raise UserError(f"This text shows no maze: it has no walls. Write {KNOWN}.")
    return _cells(_translated(rows, walls, ""), ends)


def _of_numbers(rows: list[str], ends: Ends | None) -> Cells:
    """Walls are 1; or 0, where all around the maze are. What is no maze in one way may be one in the other."""
    around = "".join([rows[0], rows[-1], *(row[0] + row[-1] for row in rows)])
    walls, ways = "01" if around.count("1") <= 4 else "10"
    try:
        return _cells(_translated(rows, walls, ways), ends)
    except UserError as error:
        try:
            return _cells(_translated(rows, ways, walls), ends)
        except UserError:
            raise error from None


def _translated(rows: Sequence[str], walls: str, ways: str) -> list[str]:
    """With # for walls and spaces for ways; 2 and 3 among 0 and 1 are the ends."""
    of_numbers = {"2": "S", "3": "E"} if ways else {}
    table = str.maketrans({**of_numbers, **dict.fromkeys(walls, "#"), **dict.fromkeys(ways, " ")})
    return [row.translate(table) for row in rows]


def _cells(rows: Sequence[str], ends: Ends | None) -> Cells:
    """Rows with # for walls, and all that is known otherwise, as cells."""
    rows = _without_doubles(_with_ends(rows, ends, "#"))
    if max(len(rows), len(rows[0])) > LONGEST:
        raise UserError(f"A maze has at most {LONGEST} cells along a side; this has {len(rows)} x {len(rows[0])}.")
    text = "".join(rows)
    unknown = next((place for place, one in enumerate(text) if one not in KINDS), None) if {*text} - {*KINDS} else None
    if unknown is not None:
        row = unknown // len(rows[0]) + 1
        raise UserError(f"{text[unknown]!r} in row {row} stands for nothing in a maze; write {KNOWN}.")
    kinds = "".join(map(KINDS.__getitem__, text)).encode()
    cells = np.frombuffer(kinds, np.uint8).reshape(len(rows), -1).copy()
    found = {colour: int((cells == colour).sum()) for colour in (kernels.RED, kernels.GREEN)}
    if not any(found.values()):
        _open_ends(cells)
    elif set(found.values()) != {1}:
        raise UserError(
            f"This maze has {found[kernels.RED]} starts (S, A or R) and {found[kernels.GREEN]} ends (E, G, F, T or B);"
            " it should have one of each."
        )
    if kernels.shortest_path(cells, np.empty_like(cells)) == 0:
        raise UserError("No path joins the start and the end of this maze.")
    return cells


def _open_ends(cells: Cells) -> None:
    """Makes the two openings in the outer wall the ends. Raises UserError if there are not two."""
    height, width = cells.shape
    around = [
        *((0, column) for column in range(width)),
        *((row, width - 1) for row in range(1, height)),
        *((height - 1, column) for column in range(width - 2, -1, -1)),
        *((row, 0) for row in range(height - 2, 0, -1)),
    ]
    walls = [place for place, cell in enumerate(around) if cells[cell] == kernels.WALL]
    following = [*walls[1:], *(len(around) + wall for wall in walls[:1])]
    gaps = [(one, other) for one, other in zip(walls, following, strict=True) if other - one > 1]
    openings = [around[(one + other) // 2 % len(around)] for one, other in gaps]
    if len(openings) != 2:
        raise UserError(
            f"This maze has no ends, nor two openings in its outer wall that could be (but {len(openings)}); mark them"
            " S and E, or point them out with --start and --end."
        )
    cells[openings[0]], cells[openings[1]] = kernels.RED, kernels.GREEN


def _with_ends(rows: Sequence[str], ends: Ends | None, walls: str) -> list[str]:
    """With S and E where they were pointed out. Raises UserError where they cannot be."""
    rows = list(rows)
    for name, letter, place in zip(("start", "end"), "SE", ends or (), strict=False):
        x, y = place
        if not (0 <= y < len(rows) and 0 <= x < len(rows[y])):
            raise UserError(f"The {name} {x},{y} is outside of the maze, which has {len(rows)} rows of {len(rows[0])}.")
        if rows[y][x] in walls:
            raise UserError(f"The {name} {x},{y} is on a wall; take column,row of a way, counted from 0.")
        rows[y] = rows[y][:x] + letter + rows[y][x + 1 :]
    return rows


def _without_doubles(rows: list[str]) -> list[str]:
    """Half as wide where each cell is two characters, as people do since characters are tall."""
    halves = list[str]()
    for row in rows:
        singles = [_one_of(row[at : at + 2]) for at in range(0, len(row), 2)]
        if len(row) < 6 or None in singles:
            return rows
        halves.append("".join(filter(None, singles)))
    return halves


def _one_of(pair: str) -> str | None:
    """The character that two of one cell stand for: they are the same, or one is an end and the other a way."""
    if len(pair) == 2 and pair[0] == pair[1]:
        return pair[0]
    ends = [one for one in pair if one in STARTS + ENDS]
    return ends[0] if len(pair) == 2 and len(ends) == 1 and pair.replace(ends[0], "") in WAYS else None


# ------------------------------------------------------------------------------------------------ rows of a text


def _rows(text: str) -> list[str]:
    """The rows of what was typed, as long as each other, without what is only between cells.

    Raises UserError if there are none, or too many.
    """
    rows = _split(text)
    width = max(map(len, rows))
    if width == 0:
        raise UserError("There is no maze in an empty text.")
    if len(rows) * width > LONGEST_TEXT or max(len(rows), width) > 8 * LONGEST:
        raise UserError(f"A maze has at most {LONGEST} cells along a side; this text has {len(rows)} rows of {width}.")
    return [row.ljust(width) for row in rows]


def _split(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text.replace("\ufe0f", "")).replace("\r\n", "\n").replace("\r", "\n")
    text = text.translate({ord(one): LEVEL for one in LEVELS} | {ord(one): UPRIGHT for one in UPRIGHTS})
    text = DRAWN.sub(POST, text).strip("\n")
    if "\n" not in text:
        text = text.replace("\\n", "\n").strip("\n")
    if not text.strip():
        raise UserError("There is no maze in an empty text.")
    text = re.sub(r"(?m)^\t+", "", text)
    if {*text} & {*"[],;\"'\t"}:
        return _rows_of_lists(text)
    lines = [line.rstrip() for line in text.split("\n") if not line.startswith("```")]
    lines = textwrap.dedent("\n".join(lines)).strip("\n").split("\n") if len(lines) > 1 else [text]
    if len(lines) == 1:
        lines = _square(lines[0])
    if all(len(line) > 4 and not line[1::2].strip() for line in lines):
        lines = [line[::2] for line in lines]
    return lines


def _rows_of_lists(text: str) -> list[str]:
    """Rows of [[0, 1], ...], ["#S#", ...], [["#", "S"], ...], 0,1,... and what numpy prints."""
    if "[" in text:
        text = text[text.index("[") : text.rfind("]") + 1]
    rows = list[str]()
    for part in re.split(r"[\]\n;]", text):
        quoted = re.findall(r"\"([^\"]*)\"|'([^']*)'", part)
        bare = part.strip(" \t,[").replace("\t", ",")
        if quoted:
            texts = [one or other for one, other in quoted]
            rows += ["".join(texts)] if all(len(one) == 1 for one in texts) else texts
        elif "," in bare:
            rows.append("".join(field.strip() or " " for field in bare.split(",")))
        elif bare:
            rows.append("".join(bare.split()))
    if not rows:
        raise UserError("There is no maze in an empty list.")
    return rows


def _square(text: str) -> list[str]:
    """The rows that were joined into one string."""
    text = text if _is_square(len(text)) else text.strip()
    side = isqrt(len(text))
    if side * side != len(text) or side < 3:
        raise UserError(
            f"A maze in one line is its rows joined, n times n characters like 900, and here are {len(text)};"
            " write each row on a line of its own."
        )
    return [text[row : row + side] for row in range(0, len(text), side)]


def _is_square(number: int) -> bool:
    return isqrt(number) ** 2 == number


def _is_joined(line: str) -> bool:
    side = isqrt(len(line))
    return side >= 3 and side * side == len(line) and {*line[:side], *line[-side:]} <= {*WALLS}


# ------------------------------------------------------------------------------------------------ drawn lines


def _from_lines(rows: list[str]) -> list[str]:
    """A drawing with lines for walls, as rows of # and spaces: a row and a column for each line and each gap."""
    if any(POST in row for row in rows):
        for _ in range(2):
            rows = _without_repeats(rows)
            rows = ["".join(column) for column in zip(*rows, strict=True)]  # then the other axis
        return _translated(rows, POST + LEVEL + UPRIGHT, "")
    if any(FLOOR in row for row in rows):
        return _from_floors(rows)
    return _translated(rows, LEVEL + UPRIGHT, "")


def _without_repeats(rows: list[str]) -> list[str]:
    """Between columns with posts, which are evenly apart, all characters of a row as one, where they are all alike."""
    posts = [x for x in range(len(rows[0])) if any(row[x] == POST for row in rows)]
    used = max(len(row.rstrip()) for row in rows)
    if not posts or (posts[0], posts[-1]) != (0, used - 1):
        return rows
    apart = gcd(*posts)
    for period in range(apart, 1, -1):
        if apart % period == 0:
            bands = [_band([row[x + 1 : x + period] for row in rows]) for x in range(0, used - 1, period)]
            if None not in bands:
                lines = [[row[x] for row in rows] for x in range(0, used, period)]
                columns = [column for pair in zip(lines, bands, strict=False) for column in pair if column is not None]
                return ["".join(row) for row in zip(*columns, lines[-1], strict=True)]
    return rows


def _band(texts: list[str]) -> list[str] | None:
    """For each row, the character that some beside each other stand for; None where walls and ways are mixed."""
    singles = list[str]()
    for text in texts:
        ways = [one for one in text if one not in LEVEL + UPRIGHT + POST]
        if len(ways) not in (0, len(text)):
            return None
        ends = [one for one in ways if one in STARTS + ENDS]
        singles.append((ends or ways or [LEVEL])[0])
    return singles


def _from_floors(rows: list[str]) -> list[str]:
    """A drawing in which a cell is two characters: _ is its floor, | the wall on its right; its first line is roofs."""
    width = max(len(row.rstrip()) for row in rows) // 2
    rows = [row.ljust(2 * width + 1)[: 2 * width + 1] for row in rows]
    found = ["#" + "".join("# "[rows[0][2 * cell + 1] == " "] + "#" for cell in range(width))]
    for number, row in enumerate(rows[1:], 2):
        if {*row[2::2]} - {*" |_"}:
            raise UserError("Between the cells of a maze drawn with | and _ there are only these and spaces.")
        line = "# "[row[0] == " "]
        floor = "#"
        for cell, right in zip(row[1::2], row[2::2], strict=True):
            line += (" " if cell in " _" else cell) + "# "[right != UPRIGHT]
            open_below = cell == " " or (cell != FLOOR and number < len(rows))  # an end stands where its floor would be
            floor += "# "[open_below] + "#"
        found += [line, floor]
    return found
