"""What the agency has decided about the report's last day, besides the rule: extra working days and deferrals.

The newest row of the duty is the truth; each decision supersedes it by one that carries all that was counted, so that
the day explains itself (8 § förordning 2018:1633).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Sum

from fmu_portal.engine.door import Context, follow
from fmu_portal.engine.registry import Limit, count_limit
from fmu_portal.models import Duty
from orders.deadlines import REPORT_TIME, report_duty
from orders.models import Assessment, Expansion
from rules.limits import rule_in_force

EXTRA = "law.expansion_days"


def newest(case: Assessment) -> Duty | None:
    """The performer's newest row of the report's duty in the clock that runs, or None before it has started."""
    rows = Duty.objects.filter(process="assessment", subject_id=case.pk, kind="deliver_report").order_by("due", "id")
    return report_duty(case, list(rows))


def present(case: Assessment) -> Limit:
    """The last day that counts now. Raises `NoRule`."""
    assert case.underlag_complete_on is not None
    row = newest(case)
    return count_limit(REPORT_TIME, case.underlag_complete_on, case.region_id, row.inputs if row else None)


def extra_left(case: Assessment) -> int:
    """Extra working days that may still be given with the present performer (8 §; in all, by our reading). `NoRule`.

    None before the clock runs, and after a hand-back.
    """
    if case.underlag_complete_on is None:
        return 0
    most = rule_in_force(EXTRA, case.underlag_complete_on).days
    rows = Expansion.objects.filter(assessment=case, performer_id=case.performer_id, status="approved")
    return most - int(rows.aggregate(given=Sum("days"))["given"] or 0)


def with_extra(case: Assessment, days: int, decided_on: date) -> Limit:
    """The last day with so many extra working days (8 § first paragraph)."""
    return _with(case, lambda given: given["extra"].append([days, decided_on.isoformat()]))


def with_deferral(case: Assessment, until: date, decided_on: date) -> Limit:
    """The last day with a deferral (8 § second paragraph); a later deferral replaces an earlier one."""
    return _with(case, lambda given: given.update(until=[until.isoformat(), decided_on.isoformat()]))


def _with(case: Assessment, change: Any) -> Limit:
    assert case.underlag_complete_on is not None
    row = newest(case)
    before = row.inputs if row else {}
    given = {"extra": [*before.get("extra", [])], "until": before.get("until")}
    change(given)
    return count_limit(REPORT_TIME, case.underlag_complete_on, case.region_id, given)


def move(context: Context, limit: Limit) -> None:
    """Give the report's duty the new last day, in the transaction of the decision that ``context`` is.

    After delivery the same decision says anew whether the report came in time (11 §); a later supplement never does.
    """
    case = context.subject.assessment
    fields: dict[str, Any] = {}
    if case.delivered_on is not None:
        fields["delivered_late"] = case.delivered_on > limit.due
    days = {"from": present(case).due.isoformat(), "to": limit.due.isoformat()}
    follow("assessment", case.pk, "extend", context, limits={"deliver_report": limit}, data=days, fields=fields)
