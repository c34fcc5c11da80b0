"""What problems about a group have in common: which one it is."""

from abc import ABC
from functools import lru_cache

from longthink.contracts import Problem
from longthink.groups import Group


class GroupProblem(Problem, ABC):
    """`group` is a name that `Group.named` takes: C3, S3, Q8, A5, S5, C5xC5, ... An answer is an element of it."""

    group: str

    @property
    def classes(self) -> int:  # type: ignore[override]  # here they depend on the group
        return self.known_group.order

    @property
    def known_group(self) -> Group:
        """Raises UserError for a name that is no group's."""
        return named(self.group)


@lru_cache(maxsize=32)
def named(name: str) -> Group:
    """`Group.named`, each made once."""
    return Group.named(name)
