"""The command line: it parses, calls and prints. Whatever a user can get wrong ends in one sentence and exit code 2."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import cyclopts

from longthink.base.errors import UserError
from longthink.base.files import REFUSALS
from longthink.base.memory import keep_freed_memory, look_for_garbage_rarely
from longthink.cli import inside, machine, nets, playing, puzzles, studies, viewing
from longthink.cli._app import app, settle_streams, shortened

__all__ = ["inside", "machine", "main", "nets", "playing", "puzzles", "studies", "viewing"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0, 2 where the user can put something right, 130 where it was interrupted."""
    try:
        keep_freed_memory()
        look_for_garbage_rarely()
        settle_streams()
        app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except (UserError, cyclopts.CycloptsError) as error:
        print(f"longthink: {shortened(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interruption:
        kept = str(interruption) or "nothing of it is kept but what it has named."
        print(f"longthink: interrupted; {kept}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read has read enough, like `longthink test ... | head`
        _print_no_more()
        return 1
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        if error.filename is None:
            _print_no_more()
        what = shortened(str(error.filename or "A file, or what is printed,"))
        print(f"longthink: {what} cannot be read or written ({error.strerror}).", file=sys.stderr)
        return 2
    return 0


def _print_no_more() -> None:
    """What is not printed yet is lost, so that the end of the process does not stumble over it again."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
