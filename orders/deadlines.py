"""The report's last day of a case: stored as a duty once the clock runs, counted on the page before that."""

from __future__ import annotations

from datetime import date

from fmu_portal.engine.registry import Limit, count_limit
from fmu_portal.models import Duty
from orders.models import Assessment


def provisional(assessment: Assessment) -> Limit:
    """The last day as it will be if the underlag is complete. Raises `NoRule`."""
    start = assessment.underlag_complete_on
    assert start is not None
    return count_limit("law.report_time", start, assessment.region_id)


def if_sent(day: date, region_id: int | None) -> Limit:
    """The last day if the order is sent on a day. Raises `NoRule`."""
    return count_limit("law.report_time", day, region_id)


def report_duty(duties: list[Duty]) -> Duty | None:
    """The performer's report duty among a case's duties: the open one, else the latest."""
    rows = [d for d in duties if d.kind == "deliver_report" and d.party == "performer"]
    return next((d for d in rows if d.closed_by_id is None), rows[-1] if rows else None)
