"""What no command can do: one sentence, exit code 2, and nothing left behind."""

from pathlib import Path

import pytest

from longthink.cli import main

BAD = [
    (["solve", "mazes", "none.png"], "There is no picture none.png"),
    (["solve", "mazes", "maze.png", "-o", "solved.txt"], "drawn as one of"),
    (["solve", "mazes", "maze.png", "--at", "3", "-o", "solved.webp"], "drawn as one of .png, .jpg"),
    (["data", "mazes", "--level", "10", "--out", "data"], "odd number of cells"),
    (["data", "mazes", "--level", "9", "--count", "0", "--out", "data"], "at least 1 puzzle"),
    (["data", "mazes", "--level", "9", "--out", "data", "--opening", "1"], "did you mean 'openings'"),
    (["data", "mazes", "--level", "9", "--out", "data", "--openings", "2"], "'openings' of mazes does not fit"),
    (["data", "mazes", "--level", "200001", "--out", "data"], "GB of memory"),
    (["data", "prefix_sums", "--level", "20", "--out", "data", "--format", "maze-image"], "has no maze pictures"),
    (["reproduce"], "Say what to reproduce"),
    (["reproduce", "table-5.9"], "There is no experiment 'table_5_9' (did you mean 'table_5_5'?)"),
    (["reproduce", "table-5.2", "--scale", "thesis", "--accelerator", "auto"], "take --scale laptop"),
    (["reproduce", "table-5.2", "--on", "moon"], "one of local, ray"),
    (["reproduce", "table-5.2", "--workers", "0"], "at least 1 worker"),
    (["perturb", "prefix_sums", "--with", "move_end"], "prefix_sums has no ends to move"),
    (["perturb", "prefix_sums", "--with", "nosie"], "did you mean 'noise'"),
    (["perturb", "prefix_sums", "--with", "noise", "--strength", "-1"], "'strength' of noise does not fit"),
    (["perturb", "prefix_sums", "--with", "noise", "--at", "9", "--iterations", "9"], "longer than that"),
    (["dynamics", "prefix_sums", "--iterations", "9"], "more than 40 iterations"),
    (["test", "prefix_sums", "--tolerance", "-1"], "tolerance must be 0 or more"),
    (["train", "prefix_sums_laptop", "--model.widht", "3"], "did you mean 'model.width'"),
    (["train", "prefix_sums_laptop", "--steps", "none"], "'steps' does not fit"),
    (["train", "prefix_sums_laptop", "seed", "3"], "'seed' is no option of a recipe"),
    (["train", "prefix_sums_laptop", "--curriculum.lowest", "0"], "'curriculum.lowest' does not fit"),
    (["train", "prefix_sum_laptop"], "did you mean 'prefix_sums_laptop'"),
    (["train"], "RECIPE"),
    (["tarin", "prefix_sums_laptop"], "train"),
    (["train", "prefix_sums_laptop", "--accelerator", "abacus"], "abacus"),
    (["train", "prefix_sums_laptop", "--devices", "0"], "devices"),
    (["test"], "Say which run"),
    (["test", "nothing"], "There is no run 'nothing'"),
    (["test", "prefix_sums", "--level", "0"], "at least 1 bit"),
    (["test", "prefix_sums", "--level", "many"], "many"),
    (["test", "prefix_sums", "--iterations", "0"], "at least 1 iteration"),
    (["test", "prefix_sums", "--level", "8", "--exit-rule", "never"], "exit rule is one of"),
    (["test", "prefix_sums", "--level", "32", "--count", "2", "--iterations", "2", "--rows", "xls"], "not as '.xls'"),
    (["test", "prefix_sums", "--levle", "8"], "levle"),
    (["solve", "prefix_sums", "10a1"], "made of 0 and 1 only"),
    (["solve", "prefix_sums", ""], "made of 0 and 1 only"),
    (["solve", "prefix_sums", "101", "--iterations", "0"], "at least 1 iteration"),
    (["solve", "prefix_sums", "101", "-o", "picture.xyz"], "drawn as one of"),
    (["data", "prefix_sums", "--level", "8", "--count", "500", "--out", "data"], "ask for fewer"),
    (["data", "prefix_sums", "--level", "16", "--out", "data", "--format", "zip"], "no format 'zip'"),
    (["data", "knots", "--level", "16", "--out", "data"], "no problem 'knots'"),
    (["data", "prefix_sums", "--level", "16", "--out", "data", "--split", "half"], "half"),
    (["list", "everything"], "no list of 'everything'"),
    (["quickstart", "--levels", "3"], "levels"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_is_one_sentence_exit_code_2_and_leaves_nothing(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("longthink: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
