"""What an experiment reads of a trained net: how much it solves, whether it recovers, what its features are like."""

from longthink.readings._reading import Reading
from longthink.readings.features import Compared, Pictured, Probed, Reused
from longthink.readings.groups import Learned, Stepped
from longthink.readings.thinking import Disturbed, PositionsRight

__all__ = [
    "Compared",
    "Disturbed",
    "Learned",
    "Pictured",
    "PositionsRight",
    "Probed",
    "Reading",
    "Reused",
    "Stepped",
]
