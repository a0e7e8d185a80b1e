"""Can you tell beforehand which giant will do best at a question? Scores, how well they foretold, and what choosing costs."""

from shoulders.transferability.agreement import CHOICES, agreement, choices, losses, over_questions, taus, waiting
from shoulders.transferability.foretelling import foretell, promises
from shoulders.transferability.scores import SCORES, TransferError, h_score, leep, logme, nearest_mean, probe

__all__ = [
    "CHOICES", "SCORES", "TransferError", "agreement", "choices", "foretell", "h_score", "leep", "logme", "losses",
    "nearest_mean", "over_questions", "probe", "promises", "taus", "waiting",
]  # fmt: skip
