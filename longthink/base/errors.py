"""The one kind of error that is a user's to put right, and how a misspelt word is met."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Something a user can put right. The message is one sentence that says what to do."""


def suggest(word: str, known: Iterable[str]) -> str:
    """A ' (did you mean ...?)' for a misspelt word, or nothing.

    >>> suggest("widht", ["width", "head"]), suggest("colour", ["width"])
    (" (did you mean 'width'?)", '')
    """
    close = difflib.get_close_matches(word, [one for one in known if one != word], n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def no_option(called: str, option: str, known: Iterable[str]) -> str:
    """That something has no option of a name, and which one may be meant.

    >>> no_option("the recipe", "widht", ["width"])
    "The recipe has no option 'widht' (did you mean 'width'?)."
    """
    return f"{called[0].upper()}{called[1:]} has no option '{option}'{suggest(option, known)}."
