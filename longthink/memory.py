"""Keep the memory that a CPU iteration frees, for the next iteration."""

import ctypes
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 2**28
"""Bytes of freed memory at most that the process holds on to."""
LARGEST_MMAP_THRESHOLD = 2**25


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
