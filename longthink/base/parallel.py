"""Work side by side: in processes of this machine, or on a Ray cluster; none that fails stops the others."""

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar, get_args

from longthink.base.errors import UserError
from longthink.base.memory import keep_freed_memory

Where = Literal["local", "ray"]
Result = TypeVar("Result")


def side_by_side(
    work: Callable[..., Result],
    arguments: Sequence[tuple[Any, ...]],
    workers: int | None = None,
    on: Where = "local",
    progress: bool = True,
) -> list[Result | str]:
    """Call a function with each of some arguments, several at a time; a call that fails stops no other.

    Args:
        work: the function; workers in other processes must be able to import it.
        arguments: a tuple for each call.
        workers: calls at a time; by default, and at most, as many as there are CPUs, which they share out as threads:
            the same number for each, so that what they compute does not depend on which of them did it.
        on: "local" for processes of this machine, "ray" for a Ray cluster.
        progress: show a bar, on a terminal.

    Returns:
        What each call returned, in order; or a sentence that says with what error it failed.

    Raises:
        UserError: a place that is not known, fewer workers than 1, a cluster that is not there.

    >>> side_by_side(divmod, [(7, 2), (9, 4)], workers=1, progress=False)
    [(3, 1), (2, 1)]
    """
    if on not in get_args(Where):
        raise UserError(f"Trials run on one of {', '.join(get_args(Where))}, not on '{on}'.")
    if workers is not None and workers < 1:
        raise UserError(f"Trials need at least 1 worker, not {workers}.")
    if not arguments:
        return []
    import joblib
    from tqdm import tqdm

    with _workers_of(on) as cpus:
        workers = min(workers or cpus, cpus)
        threads = cpus // workers
        calls = (joblib.delayed(_attempt)(work, threads, os.getpid(), one) for one in arguments)
        # Ray's workers cannot give their results one by one.
        kept: dict[str, Any] = (
            {"return_as": "generator", "initializer": _end_with, "initargs": (os.getpid(),)}
            if on == "local"
            else {"ray_remote_args": {"num_cpus": threads}}
        )
        with _deaf_to_interrupts():  # it is for this process to stop its workers
            results = joblib.Parallel(n_jobs=workers, **kept)(calls)
        return list(tqdm(results, total=len(arguments), unit="trial", disable=None if progress else True))


def _attempt(work: Callable[..., Result], threads: int, parent: int, arguments: tuple[Any, ...]) -> Result | str:
    import torch

    if os.getpid() != parent:  # the memory of a worker is ours to tune
        keep_freed_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return work(*arguments)
    except UserError as error:
        return str(error)
    except Exception as error:  # a bug is shown where it happened and reported with the trial, and the others go on
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    finally:
        torch.set_num_threads(before)


def _end_with(parent: int) -> None:
    """Have this worker end soon after its parent, were that killed: nobody would take what it brings."""
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own is one among processes, and is complained of where a worker is stopped

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started within do not hear of an interruption of the terminal, which all are told of."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or threading.current_thread() is not threading.main_thread():
        yield  # the program's own handler, or another thread's: not ours to change
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _workers_of(on: Where) -> Iterator[int]:
    """Where joblib's workers are started from now on, and how many CPUs there are for them."""
    if on == "local":
        yield len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise UserError("Trials on a cluster need Ray: pip install 'longthink[ray]'.") from error
    try:
        ray.init(address="auto", log_to_driver=False, ignore_reinit_error=True)
    except ConnectionError as error:
        raise UserError("There is no Ray cluster here; start one with `ray start --head`.") from error
    import joblib

    register_ray()
    try:
        with joblib.parallel_config("ray"):
            yield int(ray.cluster_resources()["CPU"])
    finally:
        ray.shutdown()
