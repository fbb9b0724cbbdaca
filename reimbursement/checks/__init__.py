"""The checks of a claim: each is one small function with a name, its paragraph and an answer of three."""

from reimbursement.checks import amounts, rights  # noqa: F401 - each registers its checks
from reimbursement.checks.base import AMOUNT, CHECKS, RIGHT, WORDS, Answer, Check, Seen, Verdict
from reimbursement.checks.run import run, seen_of, worst

GROUPS = (RIGHT, AMOUNT)
"""In which order a page shows them."""

__all__ = [
    "AMOUNT", "CHECKS", "GROUPS", "RIGHT", "WORDS", "Answer", "Check", "Seen", "Verdict", "run", "seen_of", "worst",
]  # fmt: skip
