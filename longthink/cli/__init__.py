"""The command line: it parses, calls and prints. Whatever a user can get wrong ends in one sentence and exit code 2."""

import errno
import os
import sys
from collections.abc import Sequence

import cyclopts

from longthink.base.errors import UserError
from longthink.base.memory import keep_freed_memory
from longthink.cli import inside, nets, puzzles, studies
from longthink.cli._app import Interrupted, app, settle_streams, shortened

__all__ = ["inside", "main", "nets", "puzzles", "studies"]

USERS_DISK = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
)
"""What may be the matter with files and folders, and is no bug: no room left, no right to write, a file in the way."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0, or 2 where the user can put something right."""
    keep_freed_memory()
    settle_streams()
    try:
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
    except Interrupted as kept:
        print(f"longthink: interrupted; {kept}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("longthink: interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read has read enough, like `longthink test ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno not in USERS_DISK:
            raise
        name = shortened(str(error.filename or "A file"))
        print(f"longthink: {name} cannot be read or written: {error.strerror}.", file=sys.stderr)
        return 2
    return 0
