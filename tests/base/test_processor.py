"""Which instructions convolutions may use, on processors that are pretended."""

import os
from pathlib import Path

import pytest

from longthink.base import processor

ZEN_4 = {"vendor_id": "AuthenticAMD", "cpu family": "25", "flags": "fpu avx2 avx512f"}
ZEN_3 = {**ZEN_4, "flags": "fpu avx2"}
ZEN_5 = {**ZEN_4, "cpu family": "26"}
INTEL = {"vendor_id": "GenuineIntel", "cpu family": "6", "flags": "fpu avx2 avx512f"}


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, kind: dict[str, str]) -> None:
    cores = "\n\n".join("\n".join(f"{name}\t: {value}" for name, value in kind.items()) for _ in range(2))
    (folder / "cpuinfo").write_text(cores)
    monkeypatch.setattr(processor, "CPUINFO", folder / "cpuinfo")
    monkeypatch.delenv(processor.CAP, raising=False)


@pytest.mark.parametrize(
    ("kind", "width", "capped"),
    [
        (ZEN_4, 24, True),
        (ZEN_4, 32, False),
        (ZEN_3, 24, False),
        (ZEN_5, 24, False),
        (INTEL, 24, False),
        ({}, 24, False),
    ],
)
def test_only_zen_4_is_kept_from_padding_channels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: dict[str, str], width: int, capped: bool
) -> None:
    pretend(monkeypatch, tmp_path, kind)
    assert processor.cap_instructions(width) == capped
    assert os.environ.get(processor.CAP) == ("AVX2" if capped else None)


def test_what_the_user_has_set_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, ZEN_4)
    monkeypatch.setenv(processor.CAP, "DEFAULT")
    assert not processor.cap_instructions(24)
    assert os.environ[processor.CAP] == "DEFAULT"


def test_where_nothing_is_said_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "none")
    assert processor.processor() == {}
