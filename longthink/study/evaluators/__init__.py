"""What an experiment measures of a trained net: how much it solves, whether it recovers, what its features are like."""

from longthink.study.evaluators._evaluator import SOLVED, Evaluator, Peers, alone, percent
from longthink.study.evaluators._levels import CurveEvaluator, LevelEvaluator
from longthink.study.evaluators.attempting import Attempted
from longthink.study.evaluators.deciding import Decided
from longthink.study.evaluators.depth import InDistribution, ReceptiveField
from longthink.study.evaluators.features import Compared, Pictured, Probed, Reused
from longthink.study.evaluators.flipped import Flipped
from longthink.study.evaluators.groups import Learned, Parts, Stepped, Timed
from longthink.study.evaluators.playing import BestMoves, Strength
from longthink.study.evaluators.stopping import Stopped
from longthink.study.evaluators.thinking import Changed, Disturbed, Sweep

__all__ = [
    "SOLVED",
    "Attempted",
    "BestMoves",
    "Changed",
    "Compared",
    "CurveEvaluator",
    "Decided",
    "Disturbed",
    "Evaluator",
    "Flipped",
    "InDistribution",
    "Learned",
    "LevelEvaluator",
    "Parts",
    "Peers",
    "Pictured",
    "Probed",
    "ReceptiveField",
    "Reused",
    "Stepped",
    "Stopped",
    "Strength",
    "Sweep",
    "Timed",
    "alone",
    "percent",
]
