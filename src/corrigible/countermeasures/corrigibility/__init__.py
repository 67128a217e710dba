"""Corrigibility by design: agents that let themselves be stopped and corrected, and the models they come from.

Countermeasures are `UtilityIndifference`, `Deference`, `Assistance`, `SafeInterruption` and `SameLength`. The exact
models behind them are `button_game`, `off_switch_game`, `paperclip_game`, `chain_values` and,
for training to `SameLength` by discounted reward, `best_share` and `smallest_counterexample`.
"""

from corrigible.countermeasures.corrigibility.assistance import Assistance
from corrigible.countermeasures.corrigibility.chain import ChainValues, chain_values
from corrigible.countermeasures.corrigibility.deference import Deference
from corrigible.countermeasures.corrigibility.drest import (
    BestShare,
    best_share,
    meta_return,
    smallest_counterexample,
)
from corrigible.countermeasures.corrigibility.drest_training import Trained, train
from corrigible.countermeasures.corrigibility.indifference import (
    BET,
    Act,
    ButtonGame,
    UtilityIndifference,
    button_game,
)
from corrigible.countermeasures.corrigibility.interruptible import SafeInterruption
from corrigible.countermeasures.corrigibility.offswitch_game import (
    Discrete,
    Erring,
    Gaussian,
    Logistic,
    OffSwitchGame,
    critical_error,
    critical_noise,
    off_switch_game,
)
from corrigible.countermeasures.corrigibility.paperclips import PaperclipGame, paperclip_game
from corrigible.countermeasures.corrigibility.post import LengthReport, SameLength, length_report, lengths

__all__ = [
    "BET",
    "Act",
    "Assistance",
    "BestShare",
    "ButtonGame",
    "ChainValues",
    "Deference",
    "Discrete",
    "Erring",
    "Gaussian",
    "LengthReport",
    "Logistic",
    "OffSwitchGame",
    "PaperclipGame",
    "SafeInterruption",
    "SameLength",
    "Trained",
    "UtilityIndifference",
    "best_share",
    "button_game",
    "chain_values",
    "critical_error",
    "critical_noise",
    "length_report",
    "lengths",
    "meta_return",
    "off_switch_game",
    "paperclip_game",
    "smallest_counterexample",
    "train",
]
