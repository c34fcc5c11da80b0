"""Keeping freed memory: done where there is glibc, left alone elsewhere."""

import ctypes
import platform

import pytest

from longthink.base.memory import keep_freed_memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_glibc_is_told() -> None:
    keep_freed_memory.cache_clear()
    assert keep_freed_memory()


def test_another_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_freed_memory.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not keep_freed_memory()
    keep_freed_memory.cache_clear()
