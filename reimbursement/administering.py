"""A region's central administration year by year (12 §): the four quarters and what is left of the ceiling. Öre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from accounts.actor import Actor
from reimbursement.ceilings import Ceilings, key_of
from reimbursement.inputs.opening import FIRST_YEAR, quarter_ends
from reimbursement.listing import QUARTERS
from reimbursement.models import Claim, ClaimKind, LineKind

NOT_COUNTED = ("new", "proposed", "set_aside", "refused")
"""Statuses in which a claim has taken nothing of the year's ceiling (as the check `within_year` counts)."""


@dataclass(frozen=True)
class Quarter:
    """A quarter: its claim (the latest that counts, or None), and whether it has begun and ended."""

    number: int
    words: str
    claim: Claim | None
    begun: bool
    ended: bool


@dataclass(frozen=True)
class Year:
    """A year: its ceiling (None: the portal has none), what has been claimed or granted of it, and what is left."""

    year: int
    quarters: list[Quarter]
    ceiling: int | None
    rule: str
    taken: int
    left: int | None


def years(actor: Actor, today: date) -> list[Year]:
    """The years from the first with a ceiling to this one, the newest first: three queries."""
    rows = Claim.objects.visible_to(actor).filter(kind=ClaimKind.ADMINISTRATION)
    by_quarter: dict[tuple[int | None, int | None], Claim] = {}
    # Only one of a quarter counts (the database says so); one that was refused or set aside shows where nothing else is.
    dead = Q(status__in=("set_aside", "refused"))
    for claim in [*rows.filter(dead).order_by("pk"), *rows.exclude(dead)]:
        by_quarter[claim.year, claim.quarter] = claim
    amount = Coalesce("approved", "payable", 0)
    taken = dict(
        rows.exclude(status__in=NOT_COUNTED).values("year").annotate(sum=Sum(amount)).values_list("year", "sum")
    )
    ceilings, found = Ceilings(), []
    for year in range(max(today.year, FIRST_YEAR), FIRST_YEAR - 1, -1):
        ceiling = ceilings.on(key_of(LineKind.ADMINISTRATION), date(year, 1, 1), actor.organisation_id)
        unit, sum_ = ceiling.unit if ceiling else None, int(taken.get(year) or 0)
        quarters = [
            Quarter(
                n, words, by_quarter.get((year, n)), date(year, n * 3 - 2, 1) <= today, quarter_ends(year, n) < today
            )
            for n, words in enumerate(QUARTERS, 1)
        ]
        left = None if unit is None else max(0, unit - sum_)
        found.append(Year(year, quarters, unit, ceiling.rule if ceiling else "", sum_, left))
    return found


def proposed_quarter(shown: list[Year], today: date) -> tuple[int, int]:
    """The latest quarter that has ended and is not claimed; the one that ended last when all are."""
    last = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
    for year in shown:
        for quarter in reversed(year.quarters):
            open_ = quarter.claim is None or quarter.claim.status in ("set_aside", "refused")
            if quarter.ended and open_ and year.ceiling is not None:
                return year.year, quarter.number
    return last.year, (last.month + 2) // 3
