"""What the processor is, and which of its vector instructions torch's convolutions may use."""

import os
from collections.abc import Mapping
from pathlib import Path

CAP = "ONEDNN_MAX_CPU_ISA"
"""The environment variable that oneDNN, which computes convolutions on a CPU, reads before the first of them."""
CPUINFO = Path("/proc/cpuinfo")
ZEN_3_AND_4 = "25"
"""AMD's number of that family; of the two, only Zen 4 has AVX-512."""
FULL_WIDTH = 16
"""Numbers of 32 bits in 512."""


def processor() -> Mapping[str, str]:
    """What Linux says of the first core: `model name`, `flags`, ...; nothing where it does not say."""
    try:
        first = CPUINFO.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def has_half_speed_avx512() -> bool:
    """Whether instructions of 512 bits take twice as long as those of 256.

    It is told by the kind of processor and not by a measurement, which could end otherwise on the same machine, and
    with it the last bits of what is trained.
    """
    found = processor()
    is_zen = found.get("vendor_id") == "AuthenticAMD" and found.get("cpu family") == ZEN_3_AND_4
    return is_zen and "avx512f" in found.get("flags", "").split()


def cap_instructions(width: int) -> bool:
    """Keep oneDNN from AVX-512 where nets of so many channels are slower with it; whether it is kept from it.

    Convolutions in AVX-512 pad channels to multiples of 16. Where it is no faster than AVX2 otherwise, nets of, say, 24
    channels train 1.12 to 1.19 times as fast without. It must be called before the first convolution, for the whole
    process, so the command line does it, and the library only where it is asked to. What the user has set in
    ONEDNN_MAX_CPU_ISA counts.

    >>> cap_instructions(width=32)
    False
    """
    if CAP in os.environ or width % FULL_WIDTH == 0 or not has_half_speed_avx512():
        return False
    os.environ[CAP] = "AVX2"
    return True
