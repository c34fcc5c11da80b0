"""Running a net: the loop, when to stop it, and the same loop computed only where a grid still moves."""

from longthink.thinking.loop import last_state, think

__all__ = ["last_state", "think"]
