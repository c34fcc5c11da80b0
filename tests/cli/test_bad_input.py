"""What no command can do: one sentence, exit code 2, and nothing left behind."""

from pathlib import Path

import pytest

from longthink.cli import main

BAD = [
    (["solve", "mazes", "none.png"], "There is no picture none.png"),
    (["solve", "mazes", "maze.png", "-o", "solved.txt"], "drawn as one of"),
    (["solve", "mazes", "maze.png", "--at", "3", "-o", "solved.webp"], "drawn as one of .png, .jpg"),
    (["make", "mazes", "--level", "10", "--out", "data"], "odd number of cells"),
    (["make", "mazes", "--level", "9", "--count", "0", "--out", "data"], "at least 1 puzzle"),
    (["make", "mazes", "--level", "9", "--out", "data", "--opening", "1"], "did you mean 'openings'"),
    (["make", "mazes", "--level", "9", "--out", "data", "--openings", "2"], "'openings' of mazes does not fit"),
    (["make", "mazes", "--level", "200001", "--out", "data"], "GB of memory"),
    (["make", "prefix_sums", "--level", "20", "--out", "data", "--format", "maze-image"], "has no maze pictures"),
    (["reproduce"], "Say what to reproduce"),
    (["reproduce", "table-5.9"], "There is no experiment 'table_5_9' (did you mean 'table_5_5'?)"),
    (["reproduce", "table-5.2", "--scale", "thesis", "--accelerator", "auto"], "take --scale laptop"),
    (["reproduce", "table-5.2", "--on", "moon"], "local"),
    (["reproduce", "table-5.2", "--workers", "0"], "at least 1 worker"),
    (["perturb", "prefix_sums", "--with", "move_end"], "prefix_sums has no ends to move"),
    (["perturb", "prefix_sums", "--with", "nosie"], "did you mean 'noise'"),
    (["perturb", "prefix_sums", "--with", "noise", "--strength", "-1"], "'strength' of noise does not fit"),
    (["perturb", "prefix_sums", "--with", "noise", "--at", "9", "--iterations", "9"], "longer than that"),
    (["dynamics", "prefix_sums", "--iterations", "9"], "more than 40 iterations"),
    (["test", "prefix_sums", "--tolerance", "-1"], "tolerance must be 0 or more"),
    (["train", "prefix_sums_laptop", "--model.widht", "3"], "did you mean 'model.width'"),
    (["train", "prefix_sums_laptop", "--steps", "none"], "'steps' of the recipe does not fit"),
    (["train", "prefix_sums_laptop", "seed", "3"], "'seed' is no option"),
    (["train", "prefix_sums_laptop", "--curriculum.lowest", "0"], "'curriculum.lowest' of the recipe does not fit"),
    (["train", "prefix_sum_laptop"], "did you mean 'prefix_sums_laptop'"),
    (["train"], "RECIPE"),
    (["tarin", "prefix_sums_laptop"], "train"),
    (["train", "prefix_sums_laptop", "--accelerator", "abacus"], "abacus"),
    (["train", "prefix_sums_laptop", "--devices", "0"], "devices"),
    (["test"], "Say which run"),
    (["test", "nothing"], "There is no run 'nothing'"),
    (["test", "prefix_sums", "--level", "0"], "Levels are 1 or more"),
    (["test", "prefix_sums", "--level", "many"], "many"),
    (["test", "prefix_sums", "--iterations", "0"], "at least 1 iteration"),
    (["test", "prefix_sums", "--level", "8", "--exit-rule", "never"], "exit rule is one of"),
    (["test", "prefix_sums", "--level", "32", "--count", "2", "--iterations", "2", "--rows", "xls"], "not as 'xls'"),
    (["test", "prefix_sums", "--levle", "8"], "levle"),
    (["solve", "prefix_sums", "10a1"], "made of 0 and 1 only"),
    (["solve", "prefix_sums", "--probability", "0.9", "101"], "no option '--probability' before the puzzle"),
    (["solve", "prefix_sums", ""], "made of 0 and 1 only"),
    (["solve", "prefix_sums", "101", "--iterations", "0"], "at least 1 iteration"),
    (["solve", "prefix_sums", "101", "-o", "picture.xyz"], "drawn as one of"),
    (["make", "prefix_sums", "--level", "8", "--count", "500", "--out", "data"], "ask for fewer"),
    (["make", "prefix_sums", "--level", "16", "--out", "data", "--format", "zip"], "no format 'zip'"),
    (["make", "knots", "--level", "16", "--out", "data"], "no problem 'knots'"),
    (["make", "prefix_sums", "--level", "16", "--out", "data", "--split", "half"], "half"),
    (["list", "everything"], "no list of 'everything'"),
    (["quickstart", "--levels", "3"], "levels"),
    (["quickstart", "--level", "0"], "Levels are 1 or more"),
    (["quickstart", "--count", "0"], "at least 1 puzzle"),
    (["data", "mazes", "--level", "9", "--out", "data"], "`longthink make` writes new puzzles"),
    (["make", "mazes", "--out", "data"], "--level"),
    (["make", "mazes", "--level", "9", "--out", "data", "--skip"], "no option 'skip'"),
    (["make", "chess_puzzles", "--level", "9", "--width", "0", "--out", "data"], "'width'"),
    (["import", "none.csv", "--format", "lichess", "--out", "data"], "There is no file none.csv"),
    (["import", "none.csv", "--format", "lichess", "--out", "data", "--skp"], "Lichess has no option 'skp'"),
    (["import", "none.csv", "--format", "lichess", "--out", "data", "--count", "0"], "'count' of lichess does not fit"),
    (["import", "none.csv", "--format", "idx", "--out", "data", "--themes", "fork"], "Idx has no option 'themes'"),
    (["import", "none.csv", "--format", "arrays", "--out", "data"], "not brought in"),
    (["mine", "mazes", "--out", "data"], "no miner 'mazes'"),
    (["mine", "chess_puzzles", "--out", "data", "--engine", "fish"], "'engine'"),
    (["mine", "chess_puzzles", "--out", "data", "--count", "0"], "at least 1 puzzle"),
    (["train", "prefix_sums_laptop", "--steps"], "'steps' of the recipe does not fit: it wants a value"),
    (["train", "prefix_sums_laptop", "--name", ""], "'name' of the recipe does not fit"),
    (["train", "prefix_sums_laptop", "--threads", "0"], "at least 1 thread, not 0"),
    (["train", "prefix_sums_laptop", "--checkpoint-seconds", "-1"], "0 seconds or more"),
    (["train", "prefix_sums_laptop", "--resume", "--out", "nowhere"], "no run in nowhere to go on with"),
    (["train", "prefix_sums_laptop", "--optimiser", "sgd", "--optimiser.momentum", "2"], "'optimiser.momentum'"),
    (["train", "prefix_sums_laptop", "--optimiser.momentum", "0.5"], "no option 'optimiser.momentum'"),
    (["test", "prefix_sums", "--every", "0"], "1 or more"),
    (["test", "prefix_sums", "--change", "problem.sauce"], "an option and its new value"),
    (["test", "prefix_sums", "--change", "steps=3"], "'steps'"),
    (["solve", "prefix_sums", "101", "--at", "5"], "say which with -o"),
    (["solve", "prefix_sums", "101", "--every", "0"], "every 1 or more"),
    (["solve", "prefix_sums", "101", "--stop", "never"], "no stop 'never'"),
    (["solve", "prefix_sums", "101", "--stop", "settled", "--stop.tolerance", "-1"], "'tolerance' of settled does not"),
    (["solve", "prefix_sums", "101", "--stop.tolerance", "1"], "Options of --stop want --stop too"),
    (["solve", "prefix_sums", "101", "--tolerance", "1"], "no option --tolerance"),
    (["solve", "prefix_sums", "101", "--choose", "settled"], "only one attempt"),
    (["solve", "prefix_sums", "101", "--breadth", "0"], "'attempts' of breadth does not fit"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "--breadth.noise", "3"], "'noise' of breadth does not fit"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "--breadth.noise.start", "0"], "are the same"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "--breadth.symmetries"], "names no symmetries"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "--choose", "verified"], "cannot be verified"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "--choose", "halting"], "has not learned when to stop"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "--choose", "best"], "no choice 'best'"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "--every", "3"], "leave out --breadth"),
    (["solve", "prefix_sums", "101", "--breadth", "2", "-o", "a.gif"], "film is of one attempt"),
    (["test", "prefix_sums", "--stop", "settled", "--every", "3"], "there is no --every"),
    (["test", "prefix_sums", "--breadth", "2", "--choose", "verified", "--count", "3"], "cannot be verified"),
    (["test", "prefix_sums", "--stop", "verified", "--count", "3"], "cannot be verified"),
    (["test", "prefix_sums", "--lvel", "3"], "no option --lvel (did you mean 'level'?)"),
    (["solve", "prefix_sums", "101", "--stop", "verified"], "cannot be verified"),
    (["solve", "prefix_sums", "101", "--stop", "halting"], "has not learned when to stop"),
    (["decisions", "chess"], "chess_puzzles names none"),
    (["decisions", "sudoku", "--beyond", "luck"], "sudoku has no algorithm luck; it has naked_singles, hidden_singles"),
    (["train", "prefix_sums_laptop", "--threads", "9" * 17], "no 99999999999999999 threads"),
    (["train", "prefix_sums_laptop", "--devices", "9" * 17], "no 99999999999999999 devices"),
    (["train", "prefix_sums_laptop", "--nodes", "9" * 17], "no 99999999999999999 nodes"),
    (["train", "prefix_sums_laptop", "--checkpoint-seconds", "nan"], "0 seconds or more"),
    (["test", "prefix_sums", "--tolerance", "nan"], "tolerance must be 0 or more"),
    (["train", "prefix_sums_laptop", "--curriculum.iterations", "inf"], "should be a finite number"),
    (["solve", "prefix_sums", "101", "-o", "n" * 300 + ".png"], "nnn"),
    (["solve", "n" * 300, "101"], "nnn"),
    (["make", "prefix_sums", "--level", "8", "--count", "2", "--out", "n" * 300], "nnn"),
    (["show", "n" * 300], "File name too long"),
    (["make", "prefix_sums", "--level", "9" * 5000, "--out", "data"], "--level"),
    (["make", "prefix_sums", "--level", "9" * 50, "--out", "data"], "below 1e+18"),
    (["make", "group_products", "--group", "C" + "9" * 5000, "--level", "3", "--out", "data"], "There is no group"),
    (["train", "prefix_sums_laptop", "--steps", "9" * 5000], "'steps' of the recipe does not fit"),
    (["train", "prefix_sums_laptop", "--optimiser.lr", "nan"], "'optimiser.lr' of the recipe does not fit"),
    (["train", "prefix_sums_laptop", "--optimiser.lr", "1e400"], "'optimiser.lr' of the recipe does not fit"),
    (["solve", "prefix_sums", "101", "--iterations", "9" * 5000], "--iterations"),
    (["show", "mazes_lapto"], "did you mean 'mazes_laptop'"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments)[:80] for arguments, _ in BAD])
def test_bad_input_is_one_sentence_exit_code_2_and_leaves_nothing(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("longthink: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    assert len(captured.err) < 700
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["make", "prefix_sums", "--level", "16", "--count", "5", "--out", "readme.py"],
        ["make", "prefix_sums", "--level", "16", "--count", "5", "--out", "readme.py/below"],
        ["train", "prefix_sums_laptop", "--out", "readme.py/run"],
        ["train", "prefix_sums_laptop", "--out", "readme.py"],
        ["test", "prefix_sums", "--level", "8", "--count", "4", "--iterations", "2", "--out", "readme.py"],
        ["solve", "prefix_sums", "101", "-o", "readme.py/x.png"],
        ["reproduce", "table-5.2", "--out", "readme.py"],
        ["import", "none.csv", "--format", "lichess", "--out", "readme.py"],
        *(
            [*command, "--count", "2", "--out", "readme.py"]
            for command in (
                ["decisions", "prefix_sums"],
                ["perturb", "prefix_sums", "--with", "noise"],
                ["dynamics", "prefix_sums"],
                ["probe", "prefix_sums"],
                ["similarity", "prefix_sums", "prefix_sums"],
                ["reuse", "prefix_sums"],
                ["features", "prefix_sums"],
            )
        ),
    ],
    ids=" ".join,
)
def test_a_file_in_the_way_is_told_before_the_work(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "readme.py").write_text("a file")
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "readme.py" in captured.err
    assert captured.err.count("\n") == 1
    assert (tmp_path / "readme.py").read_text() == "a file"
    assert list(tmp_path.rglob("*")) == [tmp_path / "readme.py"]
