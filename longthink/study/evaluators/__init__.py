"""What an experiment measures of a trained net: how much it solves, whether it recovers, what its features are like."""

from longthink.study.evaluators._evaluator import SOLVED, Evaluator, Peers, alone, percent
from longthink.study.evaluators._levels import CurveEvaluator, LevelEvaluator
from longthink.study.evaluators.features import Compared, Pictured, Probed, Reused
from longthink.study.evaluators.groups import Learned, Parts, Stepped, Timed
from longthink.study.evaluators.thinking import Disturbed, Sweep

__all__ = [
    "SOLVED",
    "Compared",
    "CurveEvaluator",
    "Disturbed",
    "Evaluator",
    "Learned",
    "LevelEvaluator",
    "Parts",
    "Peers",
    "Pictured",
    "Probed",
    "Reused",
    "Stepped",
    "Sweep",
    "Timed",
    "alone",
    "percent",
]
