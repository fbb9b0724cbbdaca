"""The report's last day of a case: stored as a duty once the clock runs, counted on the page before that."""

from __future__ import annotations

from datetime import date

from fmu_portal.engine.refusals import NoRule
from fmu_portal.engine.registry import Limit
from fmu_portal.models import Duty
from fmu_portal.working_days import add_working_days
from orders.models import Assessment
from orders.words import Left
from rules.remembered import rules_by_code

REPORT_TIME = "law.report_time"


def if_sent(day: date) -> Limit:
    """The last day when the whole underlag is available on a day, for a page. Raises `NoRule`.

    The rules are the process's remembered ones; what is stored with a duty is counted from the table by the door.
    """
    for rule in rules_by_code().values():
        if rule.key == REPORT_TIME and rule.valid_from <= day and (rule.valid_to is None or day <= rule.valid_to):
            inputs = {"start": day.isoformat(), "days": rule.days}
            return Limit(add_working_days(day, rule.days), rule.code, inputs)
    raise NoRule("tiden för utlåtandet (8 § förordning 2018:1633)", day)


def provisional(assessment: Assessment) -> Limit:
    """The last day as it will be if the underlag is complete. Raises `NoRule`."""
    assert assessment.underlag_complete_on is not None
    return if_sent(assessment.underlag_complete_on)


def arrival(assessment: Assessment) -> Left:
    """What to say of a report that has come in."""
    late = bool(assessment.delivered_late)
    return Left(f"Kom in {'för sent' if late else 'i tid'} {assessment.delivered_on}", "late" if late else "ok")


def report_duty(assessment: Assessment, duties: list[Duty]) -> Duty | None:
    """The present performer's report duty among a case's duties: the open one, else the latest of the clock that runs.

    An earlier performer's, or an earlier clock's, says nothing of the day that counts now.
    """
    rows = [
        d
        for d in duties
        if d.kind == "deliver_report"
        and d.organisation_id == assessment.performer_id
        and d.inputs.get("start") == str(assessment.underlag_complete_on)
        and d.superseded_by_id is None
    ]
    return next((d for d in rows if d.closed_by_id is None), rows[-1] if rows else None)
