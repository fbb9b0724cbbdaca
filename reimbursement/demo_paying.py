"""Demonstration: what has been attested is paid, month by month, by the same door; one region has given no account.

The account numbers are made up with a right check digit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.actor import CLOCK, Actor
from accounts.models import Organisation
from accounts.roles import Role
from fmu_portal.engine.door import take
from fmu_portal.working_days import add_working_days
from reimbursement import accounts, paying, payment_file
from reimbursement.models import Batch, Claim
from reimbursement.proposing import examiner

WITHOUT_ACCOUNT = "12"
"""The county whose region has given no account, so that what is missing can be seen."""

One = Callable[[int | None, Role], Actor]
"""(organisation's id, role) -> its first with the role."""


def made_up(county: str) -> str:
    """A bankgiro number of the region's own: "990-01XX" with a right check digit."""
    digits = f"9900{int(county):02d}"
    return next(accounts.bankgiro(f"{digits}{last}") for last in range(10) if accounts.luhn(f"{digits}{last}"))


def give_accounts(one: One, now: datetime, *, everyone: bool = False) -> None:
    """Each region with claims enters its account, and an attester approves it; all but one, unless for ``everyone``."""
    for region in Organisation.objects.filter(kind="region", pk__in=Claim.objects.values("region_id")).order_by("pk"):
        if (region.county_code == WITHOUT_ACCOUNT and not everyone) or accounts.newest(region.pk) is not None:
            continue
        entered = accounts.enter(one(region.pk, Role.FINANCE_OFFICER), made_up(region.county_code), now=now)
        office = examiner(region.pk)
        accounts.approve(one(office, Role.ATTESTER), entered.pk, now=now)


def pay(one: One, now: datetime) -> int:
    """Pay what is attested: made and sent by the clock, confirmed by an attester two working days later."""
    batches = paying.make_batches(CLOCK, now=now).batches
    for batch in batches:
        if batch.net == 0:
            take("batch", batch.pk, "settle_by_set_off", CLOCK, now=now)
            continue
        # A load that was begun and undone leaves its files; their numbers come again.
        payment_file.path_of(batch).unlink(missing_ok=True)
        payment_file.write(batch)
        take("batch", batch.pk, "send", CLOCK, now=now)
        paid = add_working_days(timezone.localdate(now), 2)
        if paid > timezone.localdate():
            continue
        version = Batch.objects.get(pk=batch.pk).version
        data = {"version": version, "paid_on": paid.isoformat()}
        later = now + timedelta(days=(paid - timezone.localdate(now)).days)
        take("batch", batch.pk, "confirm", one(batch.office_id, Role.ATTESTER), data, now=later)
    return len(batches)
