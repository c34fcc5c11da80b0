"""Damaged files and odd texts for everything that reads what people bring: `make fuzz MINUTES=10`.

Every reader is given good input that was damaged at random, in a process of its own. It may read it, or refuse it with
a UserError; any other exception, the death of the process, more than SECONDS and more than MEMORY are faults. What is a
fault is kept below --out, and `--seed S --only TARGET --index I` reads the same input again.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch
from running import FAULTS, Row, damaged, fuzz, table
from targets import targets


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=10.0, help="for all targets together")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", default="", help="targets whose names hold this")
    options.add_argument("--index", type=int, help="only this input of the first of them; its error is raised")
    options.add_argument("--out", type=Path, default=Path("runs/fuzz"), help="where inputs that are faults are kept")
    asked = options.parse_args()
    torch.set_num_threads(1)
    rows: list[Row] = []
    chosen = [target for target in targets() if asked.only in target.name]
    shutil.rmtree(asked.out, ignore_errors=True)
    for target in chosen:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            scratch, good = Path(folder), Path(folder) / "good"
            good.mkdir()
            target.make(good)
            target.read(good, scratch / "out-0")  # which compiles kernels, and refuses nothing
            if asked.index is not None:
                target.read(*damaged(target, good, asked.index, asked.seed, scratch))
                return 0
            end = time.monotonic() + 60 * asked.minutes / len(chosen)
            found = fuzz(target, good, asked.seed, range(10**9), end, scratch)
            for row in [row for row in found if row.outcome in FAULTS][:5]:
                place = asked.out / f"{row.target.replace(' ', '-')}-{row.number}"
                shutil.copytree(damaged(target, good, row.number, asked.seed, scratch / "kept")[0], place)
        rows += found
        faults = Counter(row.outcome for row in found if row.outcome in FAULTS)
        print(f"{target.name}: {len(found)} inputs, faults: {dict(faults) or 'none'}", file=sys.stderr, flush=True)
    print(*table(rows), sep="\n")
    faults = [row for row in rows if row.outcome in FAULTS]
    for row in list({f"{row.target} {row.outcome} {row.told}": row for row in faults}.values())[:100]:
        print(f"- {row}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
