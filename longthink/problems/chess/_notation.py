"""Positions with their answers as people write them: FEN and a move in UCI or SAN, or EPD with its operations."""

import re
from itertools import islice
from pathlib import Path

import numpy as np

from longthink.base.errors import UserError
from longthink.base.tables import read_lines
from longthink.problems.chess import _rules as rules

FILE_NAME = re.compile(r"\S{1,999}\.[A-Za-z]\w{,9}")
CASTLING, PASSED, COUNTER = re.compile(r"-|[KQkqA-Ha-h]{1,4}"), re.compile(r"-|[a-h][1-8]"), re.compile(r"\d+")
"""The fields of a FEN that may follow the board and the side, in this order; there are two counters."""
OPERATION = re.compile(r'\s*([A-Za-z]\w*)((?:\s+(?:"[^"]*"|[^\s;"]+))*)\s*(?:;+|$)')
"""Of EPD: its name, and what it is about."""
REMARKS = re.compile(
    "acd|acn|acs|ce|draw_[a-z]+|eco|fmvn|hmvc|id|nic|noop|pm|pv|rc|resign|sm|sv|tcgs|tcri|tcsi|[cv][0-9]+"
)
"""Names of operations that do not say what the answer is."""
ANSWERS = ("bm", "am", "dm")
"""Those that do: the best moves, those to avoid, in how many moves it is mate."""
LONGEST_SEARCH = 2
"""Moves within which all mates are searched for, where that is all that is said."""
LONGEST, LONGEST_MOVE = 2**13, 60
"""Characters of a line, and of a move with all that people write around it."""
MOVE_NUMBER = re.compile(r"\d+\s*\.+\s*")
AFTER = re.compile(r"([\s+#!?;,]|e\.p\.)+$")
INSIDE = re.compile(r"(?<=\w)[-x:\u2010-\u2015\u2212](?=\w)|(?<=[18])[=/(](?=[QRBNqrbn])|(?<=[18].[QRBNqrbn])\)")
"""What people write after moves or inside, or leave out: checks, captures, signs of promotion."""


def read_puzzle(text: str) -> tuple[rules.Position, rules.Moves, bool]:
    """A position (67,), the moves (M, 3) that are right in it, and whether they are an answer, rather than not wrong.

    Without an answer there are no moves. Raises UserError for what is none of this, as a whole.

    >>> position, right, _ = read_puzzle('6k1/5ppp/8/8/8/8/8/R3K3 w - - bm Ra8#; id "back rank";')
    >>> [rules.to_uci(move) for move in right]
    ['a1a8']
    """
    if len(text) > LONGEST:
        raise UserError(f"A position and its answer have at most {LONGEST} characters, and this text has {len(text)}.")
    if FILE_NAME.fullmatch(text.strip()):
        text = _only_line(Path(text.strip()))
    fields, count = text.split(), 2
    for kind in (CASTLING, PASSED, COUNTER, COUNTER):
        count += len(fields) > count and bool(kind.fullmatch(fields[count]))
    fen, rest = " ".join(fields[:count]), "".join(text.split(None, count)[count:])
    position = rules.parse_fen(fen)
    if len(rules.moves_of(position)) == 0:
        how = "checkmate" if rules.is_mate(position) else "stalemate"
        raise UserError(f"In '{fen}' the game is over: it is {how}, and there is no move to find.")
    first = OPERATION.match(rest)
    if first and first[2] and _is_known(first[1]):  # c4 alone is a move
        return position, *_said_by_operations(position, rest)
    return position, np.array([read_move(position, rest)] if rest else [], np.uint8).reshape(-1, 3), True


def _only_line(path: Path) -> str:
    lines = [*islice(filter(str.strip, read_lines(path)), 2)]
    if len(lines) != 1:
        raise UserError(f"{path} has {'several lines' if lines else 'no line'}, and one is taken; paste the position.")
    return lines[0]


def _is_known(operation: str) -> bool:
    return operation in ANSWERS or bool(REMARKS.fullmatch(operation))


def _said_by_operations(position: rules.Position, text: str) -> tuple[rules.Moves, bool]:
    """The moves that EPD's operations say are right, and whether as an answer. Raises UserError for unknown ones."""
    said, at = dict[str, list[str]](), 0
    while text[at:].strip():
        found = OPERATION.match(text, at)
        if not found or not _is_known(found[1]):
            raise UserError(f"'{text[at:].strip():.60}' is no operation of EPD that is known, as bm Ra8#; is.")
        said[found[1]] = found[2].replace(",", " ").split()
        at = found.end()
    best, wrong = ([read_move(position, move) for move in said.get(name, [])] for name in ("bm", "am"))
    if best:
        return np.array(best), True
    if wrong:
        others = [move for move in rules.moves_of(position) if move.tolist() not in np.array(wrong).tolist()]
        return np.array(others, np.uint8).reshape(-1, 3), False
    if "dm" in said:
        return _mates(position, " ".join(said["dm"])), True
    if "bm" in said or "am" in said:
        raise UserError(f"'{text:.60}' names no move after bm or am.")
    return np.empty((0, 3), np.uint8), True


def _mates(position: rules.Position, within: str) -> rules.Moves:
    """All moves that mate within so many."""
    if within not in map(str, range(1, LONGEST_SEARCH + 1)):
        raise UserError(f"'dm {within:.20}' names no move, and mates in 1 or 2 are searched for; say bm and the move.")
    found = np.empty((rules.MOST_MOVES, 3), np.uint8)
    count = rules.mating_moves(position, int(within), found)
    if count == 0:
        raise UserError(f"'dm {within}' is said of '{rules.to_fen(position)}', and no move mates within so many.")
    return found[:count]


def read_move(position: rules.Position, text: str) -> rules.Moves:
    """The legal move (3,) that a text means, in SAN or UCI. Raises UserError for none, and for one of several.

    Captures, checks, mates and marks need not be written, and more of a piece's square may be than is needed.

    >>> position = rules.parse_fen("1n4k1/P7/8/8/8/8/8/4K2R w K -")
    >>> [rules.to_uci(read_move(position, text)) for text in ("axb8=N", "a7-a8q", "0-0", "Kd2!", "h1g1")]
    ['a7b8n', 'a7a8q', 'e1g1', 'e1d2', 'h1g1']
    """
    if len(text) > LONGEST_MOVE:
        raise UserError(f"'{text:.40}...' is longer than a move; moves are written like e1e8, Re8#, exd8=Q or O-O.")
    wanted = INSIDE.sub("", AFTER.sub("", MOVE_NUMBER.sub("", text.strip(), count=1)))
    wanted = wanted[:-1] + wanted[-1:].upper() if wanted[-2:-1].isdigit() else wanted
    wanted = wanted.upper().replace("0", "O") if set(wanted) <= set("0Oo") else wanted.removeprefix("P")
    meant, promotions = [], []
    for move in rules.moves_of(position):
        spellings = _spellings(position, move)
        if wanted in spellings:
            meant.append(move)
        promotions += [rules.to_san(position, move) for one in spellings if move[2] and one[:-1] == wanted]
    names = [rules.to_san(position, move) for move in meant]
    if len(meant) > 1:
        raise UserError(f"'{text:.40}' may be {' or '.join(names)} here; write one of them.")
    if promotions and not meant:
        raise UserError(f"'{text:.40}' does not say what the pawn becomes; write {' or '.join(promotions)}.")
    if not meant:
        raise UserError(
            f"'{text:.40}' is no legal move in '{rules.to_fen(position)}', nor anything else that may follow it; moves"
            " are written like e1e8, Re8#, exd8=Q or O-O."
        )
    found: rules.Moves = meant[0]
    return found


def _spellings(position: rules.Position, move: rules.Moves) -> set[str]:
    """A move in all ways, without what INSIDE finds."""
    origin, goal, promotion = (int(part) for part in move)
    there, here, kind = rules.square_name(goal), rules.square_name(origin), abs(int(position[origin]))
    piece = rules.LETTERS[promotion] if promotion else ""
    if kind == rules.PAWN:
        short = here[0] + there if here[0] != there[0] else there
        return {short + piece, here + there + piece}
    letter = rules.LETTERS[kind]
    if kind == rules.KING and abs(goal - origin) == 2:
        return {"OO" if goal > origin else "OOO", here + there, letter + here + there}
    return {here + there, *(letter + which + there for which in ("", here[0], here[1], here))}
