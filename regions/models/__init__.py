"""What the regions keep: agreements and choices, what was changed in them, what they expect, and whom they have asked."""

from regions.models.agreements import (
    PRICE_KINDS,
    Agreement,
    AssignmentChoice,
    Change,
    Forecast,
    Way,
)
from regions.models.inquiry import Inquiry

__all__ = ["PRICE_KINDS", "Agreement", "AssignmentChoice", "Change", "Forecast", "Inquiry", "Way"]
