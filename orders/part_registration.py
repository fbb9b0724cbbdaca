"""What the parts of a case give the engine when the app starts: expansion, deferral, deviation; and how they end."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Value

from accounts.actor import CLOCK, Actor
from fmu_portal.database import as_clock
from fmu_portal.engine import clock, registry
from fmu_portal.engine.door import Context, begin, follow
from fmu_portal.engine.refusals import Refused
from fmu_portal.models import Duty

A_DAY = timedelta(days=1)
MOST = 500
"""Deviations that the clock writes in at one go; what is left comes at the next."""


def _none_open(subject: Any, actor: Actor) -> str | None:
    process = registry.PROCESSES[subject.PROCESS].process
    if subject.beside is not None:
        same = [part for part in subject.beside if part.performer_id == subject.performer_id]
        found = any(part.status in process.open_statuses for part in same)
    else:
        rows = type(subject).objects.filter(assessment=subject.assessment, performer_id=subject.performer_id)
        found = rows.open().exists()
    if found:
        return f"Det finns redan en ansökan om {process.label.lower()} som prövas."
    return None


def _came_late(subject: Any, actor: Actor) -> str | None:
    """After delivery a deferral only has a use for a report that came late (8 and 11 §§)."""
    case = subject.assessment
    in_time = case.delivered_on is not None and not case.delivered_late
    return "Utlåtandet kom in i tid. Anstånd behövs inte." if in_time else None


def _has_leave(subject: Any) -> bool:
    from orders.models import RegionChoice

    if "leave" not in subject.__dict__:  # two guards of one step ask
        subject.leave = RegionChoice.objects.filter(region_id=subject.region_id, standing_leave=True).exists()
    return bool(subject.leave)


def _standing_leave(subject: Any, actor: Actor) -> str | None:
    return None if _has_leave(subject) else "Regionen vill få risken först och skicka den vidare."


def _no_standing_leave(subject: Any, actor: Actor) -> str | None:
    return (
        "Regionen har lämnat medgivande till att det går direkt till Försäkringskassan."
        if _has_leave(subject)
        else None
    )


def _responsible(subject: Any, actor: Actor) -> str | None:
    if subject.assessment.responsible_physician_id != actor.user_id:
        return "Det är bara den ansvariga läkaren som kan föreslå en utvidgning."
    return None


def close_parts(context: Context) -> None:
    """When the case ends, is handed back or is delivered, what hangs on it and can no longer be decided ends too."""
    for registered in registry.parts():
        if context.step.name in registered.process.closes_with:
            rows = registered.model.objects.filter(assessment_id=context.subject.pk).open()
            for pk in rows.order_by("pk").values_list("pk", flat=True):
                follow(registered.process.name, pk, "close", context, **_closed_as(registered.model, pk))


def _closed_as(model: Any, pk: int) -> dict[str, Any]:
    """What a part's closing says of it besides."""
    closed_as = getattr(model, "closed_as", None)
    return closed_as(pk) if closed_as is not None else {}


def _record_deviation(context: Context) -> None:
    kind = {"withdraw": "withdrawn", "return": "cannot_be_met", "void_document": "wrong_document"}[context.step.name]
    begin_deviation(context.subject.pk, kind, context.today)


def begin_deviation(case_id: int, kind: str, day: date, now: datetime | None = None) -> None:
    """Write a deviation in, along with what it came of."""
    begin("deviation", case_id, "record", CLOCK, {"kind": kind, "found_on": day.isoformat()}, now=now)


_MISSED = {"deliver_report": "late_report", "supplement_report": "late_supplement"}


def record_missed_days(today: date) -> int:
    """A missed last day of a report or a supplement is written in as a deviation, once per case, kind and last day."""
    from orders.models import Deviation

    now = clock.moment_of(today)
    done = 0
    for duty_kind, kind in _MISSED.items():
        written = Deviation.objects.filter(
            assessment_id=OuterRef("case_id"), kind=kind, found_on=OuterRef("due") + Value(A_DAY)
        )
        missed = Duty.objects.overdue(today).filter(process="assessment", kind=duty_kind, party="performer")
        with as_clock():
            rows = missed.exclude(Exists(written)).order_by("due", "id").values_list("case_id", "due")
            found = list(rows[:MOST])
        for case_id, due in found:
            with suppress(Refused), as_clock():
                begin_deviation(case_id or 0, kind, due + A_DAY, now)
                done += 1
    return done


def register_all() -> None:
    """Called once when the app is ready."""
    from orders import visit_registration
    from orders.inputs import decisions
    from orders.inputs.ending import ReasonForm
    from orders.models import Deferral, Deviation, Expansion
    from orders.processes.deferral import DEFERRAL
    from orders.processes.deviation import DEVIATION
    from orders.processes.expansion import EXPANSION

    expansion = registry.register(EXPANSION, Expansion, "SELECT orders_apply_expansion(%s)")
    expansion.inputs.update(
        propose=decisions.ProposeExpansionForm, approve=decisions.ApproveExpansionForm, reason=ReasonForm
    )
    expansion.guards.update(none_open=_none_open, is_responsible_physician=_responsible)
    deferral = registry.register(DEFERRAL, Deferral, "SELECT orders_apply_deferral(%s)")
    deferral.inputs.update(apply=decisions.ApplyDeferralForm, grant=decisions.GrantDeferralForm, reason=ReasonForm)
    deferral.guards.update(
        none_open=_none_open, came_late=_came_late, standing_leave=_standing_leave, no_standing_leave=_no_standing_leave
    )
    deviation = registry.register(DEVIATION, Deviation, "SELECT orders_apply_deviation(%s)")
    deviation.inputs.update(
        report=decisions.ReportDeviationForm, record=decisions.RecordDeviationForm, act=decisions.ActOnDeviationForm
    )
    visit_registration.register()
    assessment = registry.PROCESSES["assessment"]
    assessment.hook("*", close_parts)
    for step in ("withdraw", "return", "void_document"):
        assessment.hook(step, _record_deviation)
    clock.register_chore(record_missed_days)
