"""Whatever terminal, encoding or pipe a command finds, it does its work and says so, or says what is the matter."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from longthink.cli import main
from longthink.cli._app import MOST_READ, app

COMMANDS = sorted(name for name in app if not name.startswith("-"))


def piped(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "content"),
    [
        (["1 0 1 1"], b""),
        (["1", "0", "1", "1"], b""),
        (["[1, 0, 1, 1]"], b""),
        (["-"], b"1011"),
        (["-"], b"1 0 1 1\n"),
        (["-"], b"\xef\xbb\xbf10\r\n11\r\n"),
        (["-", "--stop", "settled", "--stop.tolerance", "1e-4"], b"1011\n"),
        (["1", "0 1", "1", "--stop", "settled", "--stop.tolerance", "1e-3"], b""),
    ],
)
def test_bits_are_read_as_they_are_pasted(
    words: list[str], content: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", piped(content))
    assert main(["solve", "prefix_sums", *words]) == 0
    answer, verdict = capsys.readouterr().out.splitlines()
    assert answer == "1101"
    assert verdict.startswith("right")


def test_a_board_is_read_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    board = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
    lines = "\n".join(board[row : row + 9] for row in range(0, 81, 9))
    monkeypatch.setattr(sys, "stdin", piped(lines.encode()))
    assert main(["solve", "sudoku", "-"]) == 0
    assert capsys.readouterr().out.startswith("534678912672195348198342567")


@pytest.mark.parametrize(
    ("stdin", "sentence"),
    [
        (None, "Standard input is closed"),
        (piped(b"\xff\x00"), "Standard input is no text"),
        (piped(bytes(MOST_READ + 1)), "Standard input has more than 16777216 bytes"),
        (piped(b""), "made of 0 and 1 only"),
    ],
)
def test_standard_input_that_is_no_puzzle_is_one_sentence(
    stdin: io.TextIOWrapper | None, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["solve", "prefix_sums", "-"]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "found",
    [
        {"COLUMNS": "0"},
        {"COLUMNS": "1"},
        {"COLUMNS": "-3"},
        {"COLUMNS": "wide"},
        {"COLUMNS": "9" * 5000},
        {"TERM": ""},
        {"TERM": "teapot", "FORCE_COLOR": "1"},
        {"NO_COLOR": "1"},
    ],
    ids=str,
)
def test_help_is_laid_out_on_any_terminal(
    found: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    for command in COMMANDS if found == {"COLUMNS": "0"} else ["solve"]:
        assert main([command, "--help"]) == 0
        said = capsys.readouterr().out
        assert f"Usage: longthink {command}" in said
        assert max(map(len, said.splitlines())) in range(40, 200)


def run(redirected: str, *arguments: str, **found: str) -> subprocess.CompletedProcess[bytes]:
    """A command in a shell, with its streams redirected."""
    command = f'"$@" {redirected}'
    words = [sys.executable, "-m", "longthink.cli", *arguments]
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, "sh", *words], capture_output=True, env={**os.environ, **found}
    )


@pytest.mark.parametrize(
    ("redirected", "arguments", "code", "said"),
    [
        ("| true", ["list", "models"], 1, b""),
        (">&-", ["list", "models"], 0, b""),
        ("2>&-", ["list", "nothing"], 2, b""),
    ],
)
def test_a_stream_that_nobody_reads_is_no_traceback(
    redirected: str, arguments: list[str], code: int, said: bytes
) -> None:
    done = run(redirected, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (code, said, b"")


def test_what_an_encoding_lacks_is_written_all_the_same(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from longthink.cli import main\n"
        "from longthink.cli._app import app\n"
        "@app.command\n"
        "def say():\n"
        "    print('99.9 \\u00b1 0.1 \\u2655')\n"
        "sys.exit(main(['say']))\n"
    )
    encoded = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run([sys.executable, program], capture_output=True, env={**os.environ, **encoded})
    assert (done.returncode, done.stdout, done.stderr) == (0, b"99.9 \\xb1 0.1 \\u2655\n", b"")
