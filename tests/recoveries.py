"""Paid claims and recoveries in a situation, made as their own parties would: through the door."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.actor import CLOCK
from fmu_portal.engine.door import take
from fmu_portal.engine.many import take_many
from fmu_portal.working_days import add_working_days
from reimbursement import recovering
from reimbursement.models import (
    Batch,
    BatchItem,
    Claim,
    Counter,
    Entry,
    InterestRule,
    PayAccount,
    Recovery,
    ReferenceRate,
)
from tests import claims

ONE = timedelta(days=1)
PAID = 1_840_000
"""Öre that are paid for a claim of `claims.attested`."""


def paid(cast: Any, *, on: date | None = None, decided: date | None = None, confirmed: date | None = None) -> Claim:
    """Utbetald: attested and paid in a batch of its own, without the batch's own steps.

    ``on``: the day it was paid; ``decided``: the day of the decision to pay; ``confirmed``: the day that the payment's
    last event is of.
    """
    claim = attested(cast)
    if decided is not None:
        Claim.objects.filter(pk=claim.pk).update(attested_on=decided)
    return pay(claim, on or timezone.localdate(), confirmed)


def attested(cast: Any) -> Claim:
    """Ska betalas ut, at the agreement's price: no check was decided against."""
    claims.agreed(cast)
    return claims.attested(cast)


def pay(claim: Claim, on: date, confirmed: date | None = None, account: PayAccount | None = None) -> Claim:
    """Pay an attested claim, with the entries of a payment."""
    assert claim.approved
    at = datetime.combine(confirmed or timezone.localdate(), time(12), timezone.get_current_timezone())
    events = [
        take_many("claim", [claim.pk], step, CLOCK, follows=True, now=at).events[claim.pk] for step in ("pay", "settle")
    ]
    batch = Batch.objects.create(
        number=Counter.next_numbers("U", on.year)[0], region_id=claim.region_id, office_id=claim.office_id,
        status="confirmed", made_on=on, sent_on=on, paid_on=on, gross=claim.approved, net=claim.approved, count=1,
        control_sum=f"{claim.pk:064x}", last_event=events[-1], account=account,
    )  # fmt: skip
    BatchItem.objects.create(batch=batch, claim=claim, amount=claim.approved)
    Entry.objects.create(
        region_id=claim.region_id, account="owed", kind="paid", amount=-claim.approved, day=on, claim=claim, batch=batch,
        event=events[-1],
    )  # fmt: skip
    return claims.fresh(claim)


def rules(cast: Any, *, rate: int = 200, margin: int = 800, starts_from: str = "paid", **more: Any) -> None:
    """A rule and a rate in force since 2020: made up for the tests, they say nothing of räntelagen."""
    common = {"valid_from": date(2020, 1, 1), "source": "Påhittad", "mandate_id": cast.administrator.mandate_id}
    InterestRule.objects.create(margin=margin, starts_from=starts_from, **common, **more)
    ReferenceRate.objects.create(rate=rate, **common)


def opened(cast: Any, kronor: str = "1 000", **how: Any) -> Recovery:
    """Utreds."""
    claim = paid(cast, **how)
    return recovering.open_recovery(claim.pk, cast.controller, {"line": 0, "wrong": kronor, "reason": "Fel pris"})


def decision(recovery: Recovery, **more: Any) -> dict[str, Any]:
    """The answers of `DecideForm`: the whole amount, to be paid in thirty working days."""
    due = add_working_days(timezone.localdate(), 30)
    answers = {"version": recovery.version, "extent": "full", "reason": "Fel pris", "set_off": "ja", "due_on": due}
    return {**answers, **more}


def decided(cast: Any, *, kronor: str = "1 000", how: dict[str, Any] | None = None, **more: Any) -> Recovery:
    """Beslutat, inte attesterat."""
    recovery = opened(cast, kronor, **(how or {}))
    take("recovery", recovery.pk, "decide", cast.controller, decision(recovery, **more))
    return fresh(recovery)


def demanded(cast: Any, **more: Any) -> Recovery:
    """Återkrävt."""
    recovery = decided(cast, **more)
    take("recovery", recovery.pk, "attest", cast.attester, {"version": recovery.version})
    return fresh(recovery)


def repay(recovery: Recovery, actor: Any, kronor: str, day: date | None = None) -> Recovery:
    """A repayment that has come, today when nothing is said."""
    answers = {"version": recovery.version, "amount": kronor, "day": day or timezone.localdate()}
    take("recovery", recovery.pk, "register_repayment", actor, answers)
    return fresh(recovery)


def fresh(recovery: Recovery) -> Recovery:
    """The recovery as the database has it now."""
    return Recovery.objects.get(pk=recovery.pk)


def days_ago(days: int) -> date:
    """A day so many days before today."""
    return timezone.localdate() - timedelta(days=days)


def colleague(cast: Any, role: str = "controller") -> Any:
    """Another person with the same role at the same office: whoever has decided nothing."""
    from accounts.actor import Actor
    from accounts.models import Mandate, User

    user = User.objects.create_user(f"second_{role}", "Cilla Controller", "ett-langt-losenord-1", email="c@example.org")
    return Actor.of(Mandate.objects.create(user=user, organisation_id=cast.controller.organisation_id, role=role))


def selected(cast: Any, **how: Any) -> Any:
    """Ska kontrolleras: a claim paid last month, drawn by the clock."""
    from reimbursement import control
    from reimbursement.models import Review

    today = timezone.localdate()
    last_month = today.replace(day=1) - ONE
    claim = paid(cast, on=last_month, confirmed=last_month, **how)
    control.select(today)
    return Review.objects.get(item__claim=claim)
