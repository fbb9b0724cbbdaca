"""All cases of a mandate: a list by case, newest first, with filters; pages by key, never by number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.permissions import See
from audit import collector
from fmu_portal.engine.refusals import NoRule
from fmu_portal.models import Duty
from orders.access import name_in_list
from orders.deadlines import arrival, provisional, report_duty
from orders.models import Assessment
from orders.process import ASSESSMENT, OPEN_STATUSES
from orders.words import Left, days_left, duty_left, parties_words, pending_in

PAGE = 25


@dataclass
class Wanted:
    """What the list asks for. ``after``: the id of the last case on the page before."""

    view: str = "pagaende"
    status: str = ""
    performer: int | None = None
    number: str = ""
    after: int | None = None


@dataclass
class Row:
    """One case in the list."""

    case: Assessment
    status_label: str
    tone: str
    waits_for: str
    due: date | None
    left: Left | None
    municipality: str
    person: str


@dataclass
class Page:
    """One page of the list; ``next`` is the cursor of the next."""

    rows: list[Row] = field(default_factory=list)
    next: str = ""


def wanted_cases(actor: Actor, wanted: Wanted) -> QuerySet[Assessment]:
    """The cases that the list asks for, newest first."""
    rows: QuerySet[Assessment] = Assessment.objects.visible_to(actor)
    if wanted.number:
        rows = rows.filter(number=wanted.number)
    elif wanted.status:
        rows = rows.filter(status=wanted.status)
    elif wanted.view == "pagaende":
        rows = rows.filter(status__in=OPEN_STATUSES)
    if wanted.performer:
        rows = rows.filter(performer_id=wanted.performer)
    if wanted.after:
        rows = rows.filter(pk__lt=wanted.after)
    return rows.order_by("-pk")


def overview(actor: Actor, wanted: Wanted, today: date) -> Page:
    """One page: the cases in one query, their duties in another."""
    cases = wanted_cases(actor, wanted).with_parties()  # type: ignore[attr-defined]
    if actor.sees(See.IDENTITY):
        cases = cases.select_related("person")
    found: list[Assessment] = list(cases[: PAGE + 1])
    page = Page(next=str(found[PAGE - 1].pk) if len(found) > PAGE else "")
    for case in found[PAGE:]:
        collector.not_shown(case.pk)
    found = found[:PAGE]
    duties: dict[int, list[Duty]] = {}
    for duty in Duty.objects.filter(case_id__in=[c.pk for c in found]).order_by("id"):
        duties.setdefault(duty.case_id or 0, []).append(duty)
    page.rows = [_row(actor, case, duties.get(case.pk, []), today) for case in found]
    return page


def _row(actor: Actor, case: Assessment, duties: list[Duty], today: date) -> Row:
    status = ASSESSMENT.statuses[case.status]
    due, left = last_day(case, duties, today)
    return Row(
        case=case,
        status_label=status.label,
        tone=status.tone,
        waits_for=parties_words(d.party for d in duties if d.closed_by_id is None),
        due=due,
        left=left,
        municipality=case.municipality.name if case.municipality and actor.sees(See.NEEDS) else "",
        person=name_in_list(actor, case),
    )


def last_day(case: Assessment, duties: list[Duty], today: date) -> tuple[date | None, Left | None]:
    """The report's last day of a case and what to say of it; provisional from the order on."""
    if case.delivered_on is not None:
        duty = report_duty(case, duties)
        return (duty.due if duty else None), arrival(case)
    if case.status == "ordered":
        try:
            limit = provisional(case)
        except NoRule:
            return None, Left("Ingen regel gäller för dagen", "soon")
        left = days_left(limit.due, today, law=True)
        return limit.due, Left(f"{left.text}, preliminär", left.tone)
    duty = report_duty(case, [d for d in duties if d.closed_by_id is None])
    return (duty.due, duty_left(duty, today, pending_in(duties))) if duty else (None, None)
