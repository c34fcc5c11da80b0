"""How much memory there is, keeping what a CPU iteration frees for the next one, and looking for garbage rarely."""

import ctypes
import gc
import os
from functools import cache

from longthink.base.errors import UserError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 2**28
"""Bytes of freed memory at most that the process holds on to."""
LARGEST_MMAP_THRESHOLD = 2**25
YOUNGER_FIRST = 100
"""Times that Python looks for garbage among younger objects before it looks among all; by default 10."""


@cache
def keep_freed_memory() -> bool:
    """Tell glibc not to give freed blocks of up to 32 MB back to the system at once; whether it was told.

    A thinking loop frees and asks for the same megabytes at every iteration. By default glibc returns them each time,
    and the page faults of getting them again cost more than the convolutions. Other C libraries are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, KEPT) and mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD))


def look_for_garbage_rarely() -> None:
    """Have Python look through all objects a tenth as often: torch has 300,000 that last, and five looks at them while
    it is imported take a sixth of the time that a short command takes."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, YOUNGER_FIRST)


def require(size: int, what: str) -> None:
    """Raises UserError, naming both sizes, where `size` bytes for `what` are more than this machine has free."""
    free = free_memory()
    if free is not None and size > free:
        raise UserError(f"{what} need {size / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free; ask for fewer.")


def free_memory() -> int | None:
    """Bytes that this machine has free; None where it does not say."""
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
