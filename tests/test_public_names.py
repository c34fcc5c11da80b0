"""What `import longthink` promises: its names are there, and the README's example runs."""

from pathlib import Path

import pytest

import longthink as lt

README = Path(__file__).parent.parent / "README.md"


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    assert list(lt.__all__) == sorted(lt.__all__)
    for name in lt.__all__:
        assert getattr(lt, name).__doc__, name
    assert set(lt._MODULES) <= set(lt.__all__)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'longthink' has no attribute 'ponder'"):
        _ = lt.ponder


def test_the_example_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shortened: a few steps, a few strings. Its output there is that of all of them."""
    code = README.read_text().split("```python\n")[1].split("```")[0]
    for long, short in (("seed=100", "seed=100, steps=20"), ("iterations=400", "iterations=400, count=2")):
        assert code.count(long) == 1
        code = code.replace(long, short)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert (tmp_path / "accuracy.png").stat().st_size > 0
    printed = capsys.readouterr().out
    assert [" ".join(line.split()[1:3]) for line in printed.splitlines()[1:7]] == [
        *("32 8", "32 32", "32 400"),
        *("512 8", "512 168", "512 400"),
    ]
