"""What the pages and the API show of payment control: periods, the payments drawn, who reviewed what, the share of errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.actor import Actor
from fmu_portal.money import kronor
from reimbursement import control
from reimbursement.models import ControlPeriod, Review, Why

PAGE = 50
VIEWS: dict[str, tuple[str, Q]] = {
    "alla": ("Alla", Q()),
    "granska": ("Ska kontrolleras", Q(status="selected")),
    "fel": ("Fel", Q(status__in=control.WRONG)),
    "urval": ("Slumpmässigt urval", Q(why__contains=[Why.SAMPLE])),
    "risk": ("Riskfyllda", Q(why__overlap=[str(why) for why in Why if why != Why.SAMPLE])),
}
"""The views of a period's payments: word in the address -> label, condition."""


def seen(actor: Actor) -> Any:
    """The reviews that an actor sees, with what a row shows."""
    return Review.objects.visible_to(actor).select_related(
        "region", "item__claim", "item__batch", "item__batch__account", "reviewed_by", "period"
    )  # fmt: skip


def figures_of(periods: list[ControlPeriod]) -> list[tuple[ControlPeriod, control.Figures]]:
    """Each period with its figures, of all its payments whoever asks: one query."""
    rows: dict[int, list[tuple[str, list[str], int | None]]] = {period.pk: [] for period in periods}
    for review in Review.objects.filter(period__in=periods).only("period_id", "status", "why", "error"):
        rows[review.period_id].append((review.status, review.why, review.error))
    return [(period, control.figures(period, rows[period.pk])) for period in periods]


def percent(share: float) -> str:
    """ "4,2 %" of 0.042."""
    return f"{share * 100:.1f} %".replace(".", ",")


def share_text(figures: control.Figures) -> str:
    """The share of errors in the sample with its interval, or that there is none yet."""
    if figures.share is None or figures.interval is None:
        return "Ingen i urvalet är kontrollerad än"
    low, high = figures.interval
    return f"{percent(figures.share)} (95 % konfidensintervall {percent(low)[:-2]}–{percent(high)})"


def in_per_cent(tenths: int) -> str:
    """ "5 %" of tenths of a per cent."""
    return f"{tenths // 10}{f',{tenths % 10}' if tenths % 10 else ''} %"


@dataclass(frozen=True)
class Row:
    """A payment that is controlled, in a list."""

    review: Review

    @property
    def amount(self) -> str:
        """What was paid."""
        return kronor(self.review.item.amount)

    @property
    def payment(self) -> str:
        """The payment's number in the drawing."""
        return control.number_of(self.review.item)

    @property
    def error(self) -> str:
        """How large the error is, when there is one."""
        return "" if self.review.error is None else kronor(self.review.error)


def facts(review: Review) -> list[tuple[str, Any]]:
    """What stands beside: (label, text)."""
    item = review.item
    return [
        ("Betalning", control.number_of(item)),
        ("Region", review.region.name),
        ("Belopp", kronor(item.amount)),
        ("Utbetalt", item.batch.paid_on.isoformat() if item.batch.paid_on else "Uppgift saknas"),
        ("Konto", _account(review)),
        ("Varför", ". ".join(review.why_labels)),
    ]


def _account(review: Review) -> str:
    account = review.item.batch.account
    return f"Bankgiro {account.number}" if account is not None else "Uppgift saknas"
