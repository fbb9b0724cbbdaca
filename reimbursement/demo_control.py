"""Demonstration: recoveries and the control of payments, by the same door as people use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate
from accounts.roles import Role
from fmu_portal.database import as_clock
from fmu_portal.engine.door import take
from fmu_portal.working_days import add_working_days
from reimbursement import control, recovering
from reimbursement.models import Claim, Recovery, Review

Find = Callable[[int | None, Role], Actor]
FAULTS = 40
"""One in so many made-up reviews finds a fault."""


def recover(one: Find, count: int) -> None:
    """Some paid claims are looked into again: the first half are decided and demanded, set off against what comes."""
    paid = Claim.objects.filter(status="paid", approved__gt=1_000_000, recoveries__isnull=True).order_by("pk")
    for n, claim in enumerate(paid[:: max(1, paid.count() // max(1, count))][:count]):
        controller, attester = one(claim.office_id, Role.CONTROLLER), one(claim.office_id, Role.ATTESTER)
        opened = {"line": 0, "wrong": "1 250", "reason": "Påhittat: fakturan har krediterats."}
        recovery = recovering.open_recovery(claim.pk, controller, opened)
        if n % 2 == 0:
            due = add_working_days(timezone.localdate(), 30)
            answers: dict[str, Any] = {
                "version": Recovery.objects.get(pk=recovery.pk).version, "extent": "full", "interest": "full",
                "reason": "Påhittat skäl: regionens kostnad var lägre.", "set_off": "ja", "due_on": due.isoformat(),
            }  # fmt: skip
            take("recovery", recovery.pk, "decide", controller, answers)
            take("recovery", recovery.pk, "attest", attester, {"version": Recovery.objects.get(pk=recovery.pk).version})


def review_year(year: int) -> int:
    """A made-up year's payments come after its months have been drawn from: draw from its quarters, and look through most."""
    with as_clock():
        drawn = sum(
            control.draw(first, control.period_end(first, 3), None)
            for first in (*(date(year, month, 1) for month in (1, 4, 7, 10)), date(year + 1, 1, 1))
        )
    look_through(0.9)
    return drawn


def review(today: date, share: float) -> None:
    """Draw from the periods that have ended, and look through a share of what was drawn."""
    control.select(today)
    look_through(share)


def look_through(share: float) -> None:
    """Review a share of what waits: one in so many is wrong."""
    rows = list(Review.objects.filter(status="selected").order_by("pk"))
    for n, row in enumerate(rows[: round(len(rows) * share)]):
        reviewer = _second_controller(row.office_id)
        if reviewer is None or Random(row.number).randrange(FAULTS):  # noqa: S311 - made-up, not a secret
            if reviewer is not None:
                take("review", row.pk, "find_right", reviewer, {"text": ""})
            continue
        fault = {"error": "500", "text": "Påhittat: kostnaden är 500 kronor för hög."}
        take("review", row.pk, "find_wrong", reviewer, fault)
        if n % 2:
            take("review", row.pk, "follow_up", reviewer, {"reason": "Påhittat: återkrav utreds."})


def _second_controller(office_id: int | None) -> Actor | None:
    """One who did not decide: the unit's second controller."""
    rows = Mandate.objects.filter(organisation_id=office_id or 0, role=Role.CONTROLLER, user__is_demo=True)
    found = rows.select_related("user", "organisation").order_by("-pk").first()
    return Actor.of(found) if found is not None else None
