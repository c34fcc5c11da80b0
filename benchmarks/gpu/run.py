"""Trainings at the dissertation's scale, for whoever has a GPU for ten minutes: the next job goes on where it stopped.

    python benchmarks/gpu/run.py --minutes 10 [--folder runs/gpu]
    python benchmarks/gpu/run.py --list                                # all jobs, and how far they are
    python benchmarks/gpu/run.py --tiny --accelerator cpu              # the same jobs with tiny nets, to try it

It ends by itself within the minutes, starting included, and leaves no file of more than 16 MB: copy the folder to the
next machine, and the same command goes on there. First of all run smoke.py, which takes two minutes.
"""

import argparse
import sys
import time
from pathlib import Path

BEGUN = time.monotonic()
"""Before torch is imported, which takes its time too."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="the longest that it may take in all")
    parser.add_argument("--folder", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--accelerator", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--list", action="store_true", help="only say how far all jobs are")
    parser.add_argument("--tiny", action="store_true", help="with tiny nets and puzzles")
    options = parser.parse_args()

    import torch
    from jobs import jobs, state_bytes
    from work import LEAST, Work

    from longthink.base.errors import UserError
    from longthink.base.files import locked

    if options.accelerator == "cuda" and not torch.cuda.is_available() and not options.list:
        print("There is no GPU here; --accelerator cpu works too, if you have weeks.", file=sys.stderr)
        return 2
    work = Work(
        options.folder,
        torch.device(options.accelerator),
        left=lambda: 60 * options.minutes - (time.monotonic() - BEGUN),
    )
    known = jobs(options.tiny)
    if options.list:
        for number, job in enumerate(known, 1):
            size = state_bytes(job.recipe(options.folder)) / 1e6
            print(f"{number:2} {job.name:42} {work.state(job)}; a state of {size:.0f} MB", flush=True)
        return 0
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(options.folder, taken=f"{options.folder} is being worked on by another process; let it end."):
            for job in known:
                if work.is_open(job) and work.left() > LEAST:
                    work.advance(job)
                    print(f"{job.name}: {work.state(job)}", flush=True)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{time.monotonic() - BEGUN:.0f} s of {60 * options.minutes:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
