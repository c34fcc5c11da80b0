"""Chess puzzles: tensors against an oracle on python-chess, splits, and both readings."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.problems.chess import _rules as rules
from longthink.problems.chess import _store as stores
from longthink.problems.chess.lichess import Lichess
from longthink.problems.chess.problem import ChessPuzzles

chess = pytest.importorskip("chess")
SAMPLE = Path(__file__).parent / "lichess_500.csv"
EVERYTHING = 70_000
BACK_RANK = "6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("chess") / "store"
    assert Lichess().import_files([SAMPLE], folder) == (500, 0)
    return str(folder)


def oracle(row: dict[str, str]) -> tuple[torch.Tensor, torch.Tensor, bool]:
    """The tensors of a line, made square by square."""
    board = chess.Board(row["FEN"])
    opponent, answer = map(chess.Move.from_uci, row["Moves"].split()[:2])
    board.push(opponent)
    x, y = torch.zeros(12, 8, 8), torch.zeros(8, 8, dtype=torch.long)
    order = [chess.KING, chess.QUEEN, chess.BISHOP, chess.KNIGHT, chess.ROOK, chess.PAWN]
    for square, piece in board.piece_map().items():
        plane = order.index(piece.piece_type) + (0 if piece.color == board.turn else 6)
        x[plane, chess.square_rank(square), chess.square_file(square)] = 1
    for square in (answer.from_square, answer.to_square):
        y[chess.square_rank(square), chess.square_file(square)] = 1
    return x, y, board.turn == chess.BLACK


def test_tensors_are_those_of_python_chess_in_the_order_of_ratings(source: str) -> None:
    problem = ChessPuzzles(source=source)
    store = problem.store()
    puzzles = problem.from_rows(store.rows[:], EVERYTHING, "test")
    lines = sorted(csv.DictReader(SAMPLE.read_text().splitlines()), key=lambda row: int(row["Rating"]))
    for index, line in enumerate(lines):
        x, y, black = oracle(line)
        assert torch.equal(puzzles.x[index], x)
        assert torch.equal(puzzles.y[index], y)
        assert bool(puzzles.extras["who_moves"][index]) == black
        assert int(puzzles.extras["rating"][index]) == int(line["Rating"])


def test_positions_survive_packing(source: str) -> None:
    lines = list(csv.DictReader(SAMPLE.read_text().splitlines()))
    positions = np.stack([rules.parse_fen(line["FEN"]) for line in lines])
    assert np.array_equal(stores.unpack(stores.pack(positions)), positions)


def test_a_level_holds_its_ratings_or_indices(source: str) -> None:
    ratings = (
        ChessPuzzles(source=source, unit="rating", width=100)
        .sample(1200, 3, split="train", repeats=True)
        .extras["rating"]
    )
    assert ((ratings >= 1100) & (ratings < 1200)).all()
    by_index = ChessPuzzles(source=source, unit="index", width=50)
    rows = by_index.store().rows["rating"]
    found = by_index.sample(200, 20, split="train").extras["rating"].numpy()
    assert rows[150] <= found.min()
    assert found.max() <= rows[199]
    assert list(by_index.levels(50, 200)) == [50, 100, 150, 200]
    by_tenth = ChessPuzzles(source=source)
    assert [by_tenth.range_of(level) for level in (1, 10, 11)] == [range(50), range(450, 500), range(500, 0)]
    assert list(by_tenth.levels(1, 3)) == [1, 2, 3]
    up_to = ChessPuzzles(source=source, unit="up_to_tenth")
    assert [up_to.range_of(level) for level in (1, 6, 10, 11)] == [range(50), range(300), range(500), range(500, 0)]
    assert list(up_to.levels(1, 3)) == [1, 2, 3]
    assert up_to.says(6) == "tenths 1 to 6 of 10 by rating"


@pytest.mark.parametrize(
    ("level", "width", "held"),
    [
        (600_000, 600_000, range(600_000)),
        (700_000, 100_000, range(600_000, 700_000)),
        (850_000, 50_000, range(800_000, 850_000)),
        (1_200_000, 100_000, range(1_100_000, 1_150_000)),
    ],
)
def test_levels_by_index_are_the_dissertations(
    level: int, width: int, held: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChessPuzzles, "store", lambda _: range(1_150_000))
    assert ChessPuzzles(unit="index", width=width).range_of(level) == held


def test_a_whole_level_has_all_of_its_puzzles_whichever_split_is_asked_for(source: str) -> None:
    whole = ChessPuzzles(source=source, whole=True)
    rows = whole.store().rows[300:350]
    for split in ("train", "test"):
        found = whole.sample(7, 50, split=split).extras["row"].numpy()
        assert sorted(map(bytes, found)) == sorted(row.tobytes() for row in rows)
    split_sizes = [len(whole.store().of_split(range(300, 350), split)) for split in ("train", "validation", "test")]
    assert sum(split_sizes) == 50
    with pytest.raises(UserError, match="only 50 puzzles of level 7 .tenth 7 of 10"):
        whole.sample(7, 51)


def test_mirrored_boards_and_exchanged_colours_are_of_the_same_split() -> None:
    position = rules.parse_fen("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w - -")
    squares = position[:64].reshape(8, 8)
    shares = set()
    for board, turn in ((squares, 1), (squares[:, ::-1], 1), (-squares[::-1], -1), (-squares[::-1, ::-1], -1)):
        other = np.concatenate([board.reshape(-1), [turn, 0, -1]]).astype(np.int8)
        shares.add(int(stores.share_of(other)))
    assert len(shares) == 1


def test_training_puzzles_may_be_mirrored(source: str) -> None:
    plain, mirrored = (
        ChessPuzzles(source=source, unit="rating", width=3000, mirror=mirror).sample(3000, 60, split="train")
        for mirror in (False, True)
    )
    same = (plain.x == mirrored.x).flatten(1).all(1)
    flipped = (plain.x.flip(3) == mirrored.x).flatten(1).all(1)
    assert (same | flipped).all()
    assert 10 < int(flipped.sum()) < 50
    assert torch.equal(torch.where(flipped[:, None, None], plain.y.flip(2), plain.y), mirrored.y)
    for position, y in zip(mirrored.extras["position"].numpy(), mirrored.y, strict=True):
        squares = y.flatten().nonzero().flatten().tolist()
        assert sum(position[square] * position[rules.TURN] > 0 for square in squares) == 1
    test = ChessPuzzles(source=source, unit="rating", width=3000, mirror=True).sample(3000, 20)
    assert torch.equal(test.x, ChessPuzzles(source=source, unit="rating", width=3000).sample(3000, 20).x)


def test_the_mover_sees_the_board_from_its_own_side(source: str) -> None:
    plain, turned = (
        ChessPuzzles(source=source, unit="rating", width=3000, perspective=perspective).sample(3000, 30)
        for perspective in ("white", "mover")
    )
    black = plain.extras["who_moves"]
    assert black.any()
    assert not black.all()
    assert torch.equal(torch.where(black[:, None, None, None], plain.x.flip(2), plain.x), turned.x)
    assert torch.equal(torch.where(black[:, None, None], plain.y.flip(1), plain.y), turned.y)
    for one in range(30):
        answer = plain.problem.view.write(plain.y[one : one + 1], plain[one : one + 1])
        assert turned.problem.view.write(turned.y[one : one + 1], turned[one : one + 1]) == answer


@pytest.mark.parametrize("perspective", ["white", "mover"])
def test_the_legal_reading_takes_the_most_probable_legal_move(source: str, perspective: str) -> None:
    problem = ChessPuzzles(source=source, unit="rating", width=3000, reading="legal_move", perspective=perspective)
    puzzles = problem.sample(3000, 40)
    logits = torch.randn(40, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    answers = problem.answer(logits, puzzles)
    for index in range(40):
        position = puzzles.extras["position"][index].numpy()
        score = torch.nn.functional.logsigmoid(logits[index, 1] - logits[index, 0])
        if perspective == "mover" and puzzles.extras["who_moves"][index]:
            score = score.flip(0)
        score = score.flatten()
        best = max(rules.moves_of(position).tolist(), key=lambda move: float(score[move[0]] + score[move[1]]))
        text = problem.view.write(answers[index : index + 1], puzzles[index : index + 1])
        assert text.startswith(rules.square_name(best[0]) + rules.square_name(best[1]))


def test_a_source_that_is_none_and_a_level_that_is_empty(source: str, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"holds no chess puzzles.*`longthink import FILE --format lichess --out FOLDER`"
    ):
        ChessPuzzles(source=str(tmp_path)).sample(1, 1)
    with pytest.raises(UserError, match="only 0 test puzzles of level 11 .tenth 11 of 10"):
        ChessPuzzles(source=source).sample(11, 1)
    with pytest.raises(UserError, match="only 0 test puzzles of level 100 .rating 0 to 99."):
        ChessPuzzles(source=source, unit="rating", width=100).sample(100, 1)
    rows = Path(source, "rows.npy").read_bytes()
    for name in ("store.json", "shares.npy", "starts.npy"):
        (tmp_path / name).write_bytes(Path(source, name).read_bytes())
    (tmp_path / "rows.npy").write_bytes(rows[: len(rows) // 2])
    with pytest.raises(UserError, match="damaged"):
        stores.Store(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first", 255),
        ("first", 64),
        ("answer", 255),
        ("turn", 0),
        ("turn", 55),
        ("castling", -1),
        ("en_passant", 127),
        ("en_passant", 28),
        ("board", 2**64 - 1),
    ],
)
def test_a_store_with_numbers_that_stand_for_nothing_is_refused(
    field: str, value: int, source: str, tmp_path: Path
) -> None:
    for file in Path(source).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    rows = np.load(tmp_path / "rows.npy")
    rows[field] = value
    np.save(tmp_path / "rows.npy", rows)
    problem = ChessPuzzles(source=str(tmp_path))
    with pytest.raises(UserError, match=f"puzzles in {tmp_path} are damaged"):
        problem.sample(1, 1)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("starts", np.zeros(0, np.int64)),
        ("starts", np.array([0, 9, 3, 500])),
        ("starts", np.array([0.0, 500.0])),
        ("shares", np.zeros((500, 1), np.uint8)),
    ],
)
def test_a_store_whose_files_do_not_fit_together_is_refused(
    name: str, array: np.ndarray, source: str, tmp_path: Path
) -> None:
    for file in Path(source).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    np.save(tmp_path / f"{name}.npy", array)
    with pytest.raises(UserError, match="do not fit together"):
        stores.Store(tmp_path)


def test_positions_and_moves_of_a_caller_are_bounded(source: str) -> None:
    problem = ChessPuzzles(source=source)
    position, move = rules.parse_fen(BACK_RANK)[None], rules.parse_move("a1a8")[None]
    with pytest.raises(UserError, match="move is none of the side that moves"):
        problem.from_positions(position, move + np.uint8(200), 1, "test")
    with pytest.raises(UserError, match="numbers that stand for nothing"):
        problem.from_positions(np.full_like(position, 99), move, 1, "test")
    with pytest.raises(UserError, match="signed bytes"):
        problem.from_positions(position[:, :60], move, 1, "test")
    puzzles = problem.sample(5, 3)
    pawns_behind_their_rank = puzzles.extras["position"].clone()
    pawns_behind_their_rank[:, :8] = rules.PAWN
    for extras in ({}, {**puzzles.extras, "position": pawns_behind_their_rank}):
        with pytest.raises(UserError, match="positions"):
            problem.baselines(replace(puzzles, extras=extras))
    with pytest.raises(UserError, match="best moves"):
        problem.correct(puzzles.y, replace(puzzles, extras={**puzzles.extras, "best": torch.zeros(3, 1)}))
    boards = puzzles.x.clone()
    boards[:, 5, 0] = 0
    boards[:, :, 0, 0], boards[:, 5, 0, 0] = 0, 1
    rating = puzzles.extras["rating"]
    with pytest.raises(UserError, match="pawn stands on the first"):
        problem.from_boards(boards, puzzles.y, puzzles.extras["who_moves"], rating, 1, "test")


# ------------------------------------------------------------------------------------------------ what is right


def marks(*squares: str) -> torch.Tensor:
    """The answer (1, 8, 8) that marks these."""
    answer = torch.zeros(1, 8, 8, dtype=torch.long)
    for square in squares:
        answer[0, int(square[1]) - 1, "abcdefgh".index(square[0])] = 1
    return answer


TWO_MATES = "6k1/5ppp/8/8/8/8/8/R3R1K1 w - - 0 1"
PROMOTION = "8/P6k/8/8/8/8/8/K7 w - - 0 1"


@pytest.mark.parametrize(
    ("text", "squares", "by_rules", "by_squares"),
    [
        (f"{TWO_MATES} e1e8", ("e1", "e8"), True, True),
        (f"{TWO_MATES} e1e8", ("a1", "a8"), True, False),
        (f"{TWO_MATES} e1e8", ("a1", "a7"), False, False),
        (f"{TWO_MATES} g1f1", ("a1", "a8"), False, False),  # the answer does not mate
        (f"{TWO_MATES} e1e8", ("a8", "e8"), False, False),
        (f"{PROMOTION} a7a8n", ("a7", "a8"), False, True),
        (f"{PROMOTION} a7a8q", ("a7", "a8"), True, True),
        ("7k/P7/6K1/8/8/8/8/8 w - - 0 1 a7a8r", ("a7", "a8"), True, True),  # a queen mates there as well
    ],
)
@pytest.mark.parametrize("perspective", ["white", "mover"])
@pytest.mark.parametrize("black", [False, True])
def test_a_move_is_right_by_the_rules_or_by_its_squares(
    text: str, squares: tuple[str, ...], by_rules: bool, by_squares: bool, perspective: str, black: bool
) -> None:
    answer = marks(*squares)
    if black:  # the same upside down
        board, _, *state, move = text.split()
        board = "/".join(reversed(board.swapcase().split("/")))
        move = move.translate(str.maketrans("12345678", "87654321"))
        text, answer = " ".join([board, "b", *state, move]), answer.flip(1)
    for scoring, right in (("rules", by_rules), ("squares", by_squares)):
        problem = ChessPuzzles(scoring=scoring, perspective=perspective)
        puzzles = problem.view.parse(text)
        marked = problem.turned(answer, puzzles.extras["who_moves"])
        assert problem.correct(marked, puzzles).tolist() == [right]


def test_chance_finds_every_move_that_is_right() -> None:
    # A queen's and no other promotion can be answered; of the 2 x 14 + 5 moves of rooks and king, two mate.
    moves = len(rules.moves_of(rules.parse_fen(TWO_MATES)))
    for scoring, right in (("rules", 2), ("squares", 1)):
        problem = ChessPuzzles(scoring=scoring)
        assert float(problem.baselines(problem.view.parse(f"{TWO_MATES} e1e8"))["chance"]) == pytest.approx(
            right / moves
        )


def test_puzzles_that_do_not_say_what_a_pawn_becomes_mean_a_queen(source: str) -> None:
    problem = ChessPuzzles(source=source)
    puzzles = problem.sample(10, 5)
    without = replace(puzzles, extras={name: extra for name, extra in puzzles.extras.items() if name != "best"})
    assert problem.correct(puzzles.y, without).all()
    assert not problem.correct(1 - puzzles.y, without).any()
    assert not problem.correct(puzzles.y.roll(1, 1), without).any()


def test_baselines_are_chance_and_greed() -> None:
    problem = ChessPuzzles()
    # One of the moves takes the queen; it is the answer, or it is not.
    fen = "3q2k1/8/8/8/3R4/8/8/4K3 w - - 0 1"
    moves = len(rules.moves_of(rules.parse_fen(fen)))
    taking, quiet = problem.view.parse(f"{fen} d4d8"), problem.view.parse(f"{fen} d4d7")
    assert float(problem.baselines(taking)["chance"]) == pytest.approx(1 / moves)
    assert float(problem.baselines(taking)["most material"]) == 1
    assert float(problem.baselines(quiet)["most material"]) == 0
    # Nothing to take: greed is chance. A pawn that becomes a queen wins eight.
    still = problem.view.parse(f"{BACK_RANK} a1a8")
    baselines = problem.baselines(still)
    assert float(baselines["chance"]) == float(baselines["most material"])
    promotion = problem.view.parse("8/P6k/8/8/8/8/8/K7 w - - 0 1 a7a8q")
    assert float(problem.baselines(promotion)["most material"]) == 1
    assert float(problem.baselines(promotion)["chance"]) == pytest.approx(1 / 4)
