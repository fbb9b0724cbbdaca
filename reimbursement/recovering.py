"""Återkrav: what may be demanded back, what is left of it, and what its steps do to the books (19–21 §§ förordning 2018:1633).

A recovery's balance is the sum of its entries on the account ``demanded``: the demand and its interest are minus, what the
region repays and what is set off are plus (`books.balance`). Nothing else says what is left.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.actor import Actor
from fmu_portal.engine import door
from fmu_portal.engine.door import Context
from reimbursement import books
from reimbursement.effects import not_decider, not_recused
from reimbursement.models import BatchItem, Claim, Counter, Entry, Line, Recovery
from rules.limits import decided

YEARS = 10
"""19 § second paragraph: the decision comes within ten years of the decision to pay."""


def settle_if_even(context: Context, recovery: Recovery) -> bool:
    """Settle a recovery that nothing is left of, along with the step of ``context``; say whether it was.

    Not while something is set off in a payment that may still be cancelled: its confirmation settles then (`batches.paid`).
    ``recovery`` is locked by the caller and says what the database says.
    """
    if recovery.status != "demanded" or not books.is_settled(recovery.pk):
        return False
    door.follow("recovery", recovery.pk, "settle", context)
    return True


# What may be demanded back.


def paid_for(claim: Claim) -> int:
    """What the region has been paid for a claim, in öre; what was set off in the payment is paid too."""
    rows = BatchItem.objects.filter(claim_id=claim.pk, released=False, batch__status="confirmed")
    return int(rows.aggregate(total=Sum("amount"))["total"] or 0)


def left_to_demand(claim: Claim, line: Line | None = None) -> int:
    """What of a claim, or of one line, may still be demanded back: paid minus earlier recoveries, in öre."""
    earlier = Recovery.objects.filter(claim_id=claim.pk).exclude(status__in=("new", "dropped"))
    rows = [(row.line_id, row.wrong) for row in earlier.only("line_id", "wrong")]
    left = paid_for(claim) - sum(wrong for _, wrong in rows)
    if line is not None:
        left = min(left, (line.approved or 0) - sum(wrong for of, wrong in rows if of == line.pk))
    return max(0, left)


def last_day(decision: date) -> date:
    """The last day of a decision to recover: ten years after the decision to pay, the same day of the year (19 §).

    After a 29 February it is 28 February where there is no 29th. A last day that is no working day is not moved: we read
    the ten years strictly.
    """
    year = decision.year + YEARS
    return decision.replace(year=year, day=min(decision.day, calendar.monthrange(year, decision.month)[1]))


def to_open(claim: Claim) -> Recovery:
    """A recovery that is not stored: to ask its form with. Of a claim that has been attested."""
    assert claim.attested_on is not None
    return Recovery(
        claim=claim,
        region_id=claim.region_id,
        office_id=claim.office_id,
        opened_on=timezone.localdate(),
        paid_decision_on=claim.attested_on,
    )


def open_recovery(claim_id: int, actor: Actor, data: Mapping[str, Any], *, now: datetime | None = None) -> Recovery:
    """Begin a recovery of a paid claim with its first step and return it. Raises as the door, and then nothing is stored.

    The claim's row is locked: two at once cannot demand the same money.
    """
    with transaction.atomic():
        claim = Claim.locked(claim_id)
        recovery = to_open(claim)
        moment = now or timezone.now()
        recovery.number = Counter.next_numbers("Å", timezone.localdate(moment).year)[0]
        recovery.opened_on = timezone.localdate(moment)
        paid = BatchItem.objects.filter(claim_id=claim.pk, released=False, batch__status="confirmed")
        item = paid.select_related("batch").first()
        recovery.paid_on = item.batch.paid_on if item is not None else None
        door.start("recovery", recovery, "open", actor, data, now=moment)
        return recovery


# Guards: a sentence when the step cannot be taken now.


def claim_is_paid(recovery: Recovery, actor: Actor) -> str | None:
    """Only what has been paid is recovered; a decision that is not paid yet is mended before."""
    if recovery.claim.status != "paid":
        return "Bara en ersättning som är utbetald kan krävas tillbaka."
    return None if left_to_demand(recovery.claim) else "Hela beloppet ingår redan i återkrav."


def within_ten_years(recovery: Recovery, actor: Actor) -> str | None:
    """19 § second paragraph."""
    last = last_day(recovery.paid_decision_on)
    if timezone.localdate() <= last:
        return None
    return f"Beslutet om återkrav skulle ha fattats senast {last}, tio år efter beslutet om utbetalning (19 §)."


def due_is_ahead(recovery: Recovery, actor: Actor) -> str | None:
    """The region has at least a day to pay."""
    if recovery.due_on is None or recovery.due_on > timezone.localdate():
        return None
    return f"Sista dag att betala, {recovery.due_on}, har passerat. Lämna tillbaka beslutet till controllern."


GUARDS = {g.__name__: g for g in (not_recused, not_decider, claim_is_paid, within_ten_years, due_is_ahead)}


# Hooks.


def sending_back(context: Context) -> None:
    """The decision is no more: it will be made anew."""
    context.set(
        demand=None, interest_full=None, interest=None, set_off=None, due_on=None, decided_by_id=None, decided_on=None,
        counted={},
    )  # fmt: skip


def attesting(context: Context) -> None:
    """The region's debt in the books, and the day that was decided as the last day to pay."""
    recovery = context.subject
    amounts = (("recovery", recovery.demand), ("interest", recovery.interest))
    context.rows += [
        entry(context, kind, -amount, context.today)
        for kind, amount in amounts
        if amount
    ]  # fmt: skip
    context.limits["repay"] = decided("routine.repay", context.today, recovery.due_on, recovery.region_id)


def entry(context: Context, kind: str, amount: int, day: date) -> Entry:
    """An entry of a recovery's step on the account ``demanded``; öre, minus is the region's debt."""
    recovery = context.subject
    return Entry(
        region_id=recovery.region_id, account="demanded", kind=kind, amount=amount, day=day, recovery=recovery,
        event_id=context.event_id,
    )  # fmt: skip


def repaid(context: Context) -> None:
    """After a repayment: settled when nothing is left."""
    settle_if_even(context, context.subject)


BEFORE = {"send_back": sending_back, "attest": attesting}
AFTER = {"register_repayment": repaid}
