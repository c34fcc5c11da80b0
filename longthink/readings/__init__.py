"""What an experiment reads of a trained net: how much it solves, whether it recovers, what its features are like."""

from longthink.readings._reading import Reading
from longthink.readings.features import Compared, Pictured, Probed, Reused
from longthink.readings.groups import Learned, Stepped
from longthink.readings.thinking import ByPosition, Disturbed

__all__ = [
    "ByPosition",
    "Compared",
    "Disturbed",
    "Learned",
    "Pictured",
    "Probed",
    "Reading",
    "Reused",
    "Stepped",
]
