"""Kernels compiled by numba, kept on disk for the next process, and never stale.

numba keeps what it compiled by the time stamp of the file that a kernel is in, and does not know which kernels of other
files are compiled into it. So what is kept goes into a folder named by a digest of all the files that are.
"""

import ast
import hashlib
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numba
from numba import extending as _extending
from numba.core import caching as _caching
from numba.core import config as _config

config: Any = _config
FunctionCache: Any = _caching.FunctionCache
intrinsic: Any = _extending.intrinsic
"""What kernels call that is written in LLVM's own language; whoever takes it from here is seen by `digest_of`."""

PACKAGE = Path(__file__).parent.parent


class Kept(FunctionCache):  # type: ignore[misc]
    """What numba keeps of a kernel, which nothing depends on: where it cannot be read or written, it is compiled."""

    def load_overload(self, *asked: Any) -> Any:
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            return super().load_overload(*asked)

    def save_overload(self, *compiled: Any) -> None:
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            super().save_overload(*compiled)


def compiled(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """`numba.njit`, kept on disk: a decorator, with or without options.

    Where nothing can be written, neither beside the package nor in the user's cache, it is compiled in every process,
    and so it is where the disk is full.
    """
    if function is None:
        return lambda late: compiled(late, **options)
    kernel = numba.njit(**options)(function)
    before = config.CACHE_DIR
    try:
        # Read by the next call alone: a user's own kernels keep their place.
        config.CACHE_DIR = _folder(function.__module__, before)
        if config.CACHE_DIR:
            kernel._cache = Kept(kernel.py_func)
    finally:
        config.CACHE_DIR = before
    return kernel


@cache
def _folder(module: str, chosen: str) -> str:
    """Where a module's kernels are kept: below what the user has `chosen` as NUMBA_CACHE_DIR, if anything."""
    for place in [Path(chosen)] if chosen else [PACKAGE / "__pycache__", *_users_caches()]:
        folder = place / f"{module}-{digest_of(module)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        for stale in set(place.glob(f"{module}-*")) - {folder}:
            shutil.rmtree(stale, ignore_errors=True)
        return str(folder)
    return ""


def _users_caches() -> list[Path]:
    """The user's, if there is one: who has neither HOME nor an entry in the list of users has none."""
    with suppress(RuntimeError):
        return [Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "longthink"]
    return []


@cache
def digest_of(module: str) -> str:
    """A digest of the text of a module and of all that its kernels may call: the modules with kernels it imports."""
    sources = _sources(module, {})
    return hashlib.sha256("\0".join(sources[name] for name in sorted(sources)).encode()).hexdigest()[:16]


def _sources(module: str, found: dict[str, str]) -> dict[str, str]:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    found[module] = Path(spec.origin).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(found[module])):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("longthink."):
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                if name not in found and _has_kernels(name):
                    _sources(name, found)
    return found


@cache
def _has_kernels(module: str) -> bool:
    path = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    return path.is_file() and "longthink.base.compiled import" in path.read_text(encoding="utf-8")
