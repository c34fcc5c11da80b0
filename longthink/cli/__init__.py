"""The command line: it parses, calls and prints. Whatever a user can get wrong ends in one sentence and exit code 2."""

import os
import sys
from collections.abc import Sequence

import cyclopts

from longthink.cli import inside, nets, puzzles
from longthink.cli._app import app
from longthink.errors import UserError

__all__ = ["inside", "main", "nets", "puzzles"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0, or 2 where the user can put something right."""
    try:
        app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except (UserError, cyclopts.CycloptsError) as error:
        print(f"longthink: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("longthink: interrupted; a training goes on with --resume.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read has read enough, like `longthink test ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
