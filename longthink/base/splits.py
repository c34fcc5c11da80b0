"""The parts that all puzzles are divided into."""

from typing import Literal

Split = Literal["train", "validation", "test"]
