"""What visits give the engine when the app starts: guards, what follows an expansion and a no-show, the clock's duty."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.actor import CLOCK, Actor
from accounts.roles import Party, Role
from fmu_portal.database import as_clock
from fmu_portal.engine import clock, registry
from fmu_portal.engine.door import Context, follow, take
from fmu_portal.engine.refusals import Refused
from fmu_portal.models import Duty

MOST = 5000
"""Visits whose day has been that the clock sees to at one go; what is left comes at the next."""


def _has_physician(subject: Any, actor: Actor) -> str | None:
    if subject.assessment.responsible_physician_id is None:
        return "Utse ansvarig läkare före det första besöket."
    return None


def _responsible(subject: Any, actor: Actor) -> str | None:
    if subject.assessment.responsible_physician_id != actor.user_id:
        return "Det är bara den ansvariga läkaren som kan registrera ett besök som har varit."
    return None


def _own_visit(subject: Any, actor: Actor) -> str | None:
    if actor.party is not Party.PERFORMER or actor.role in (Role.PERFORMER_ADMIN, Role.PHYSICIAN):
        return None
    return (
        None
        if subject.assessor_id == actor.user_id
        else "Det är den som undersöker, administratören eller en läkare som gör det."
    )


def _has_begun(subject: Any, actor: Actor) -> str | None:
    from orders.visits import moment_words

    return None if subject.begun else f"Besöket börjar {moment_words(subject.starts_at)}. Det går att göra efter det."


def _not_begun(subject: Any, actor: Actor) -> str | None:
    return "Besökets tid har passerat. Skriv in hur det gick." if subject.begun else None


def _interpreter_needed(subject: Any, actor: Actor) -> str | None:
    return None if subject.interpreter == "needed" else "Besöket väntar inte på att en tolk bokas."


def _day_has_been(subject: Any, actor: Actor) -> str | None:
    return None if subject.day < timezone.localdate() else "Dagen för besöket har inte varit än."


def _say_visit(context: Context) -> None:
    """Every event of a visit says which and when, for its sentence."""
    from orders.visits import in_event

    context.data["visit"] = in_event(context.subject)


def _interpreter_booked(context: Context) -> None:
    context.set(interpreter="booked")


def _write_deviation(context: Context) -> None:
    from orders.part_registration import begin_deviation

    begin_deviation(context.subject.case_id, "no_show", context.subject.day)


def _expansion_approved(context: Context) -> None:
    """Visits of the approved professions are booked; of what was proposed and not approved, cancelled."""
    from orders.models import Expansion

    proposed = Expansion.objects.get(pk=context.subject.pk).professions
    approved = set(context.subject.professions)
    _settle(context, approved, set(proposed) - approved)


def _expansion_declined(context: Context) -> None:
    _settle(context, set(), set(context.subject.professions))


def _settle(context: Context, approved: set[str], declined: set[str]) -> None:
    from orders.models import Visit
    from orders.visits import in_event

    rows = Visit.objects.filter(assessment_id=context.subject.assessment_id, status="provisional").order_by("pk")
    for visit in list(rows):
        data = {"visit": in_event(visit)}
        if visit.profession in approved:
            follow("visit", visit.pk, "confirm_provisional", context, data=data)
        elif visit.profession in declined:
            follow("visit", visit.pk, "decline", context, data=data, fields={"cancelled_by": "declined"})


def open_past_visits(today: date) -> int:
    """Make each past visit that nobody has closed a duty of its performer; returns how many."""
    from orders.models import Visit
    from orders.processes.visit import OPEN
    from orders.visits import swedish

    duty = Duty.objects.open().filter(process="visit", subject_id=OuterRef("pk"), kind="close_visit")
    with as_clock():
        rows = Visit.objects.filter(status__in=OPEN, starts_at__lt=swedish(today, time.min)).exclude(Exists(duty))
        found = list(rows.order_by("starts_at", "pk").values_list("pk", flat=True)[:MOST])
    done = 0
    for pk in found:
        with suppress(Refused), as_clock():
            take("visit", pk, "has_been", CLOCK)
            done += 1
    return done


def register() -> None:
    """Called once when the app is ready."""
    from orders.inputs.visit_outcomes import VISIT_INPUTS
    from orders.models import Visit
    from orders.overview.days import register_source
    from orders.processes.visit import VISIT
    from orders.visits import visit_days

    visit = registry.register(VISIT, Visit, "SELECT orders_apply_visit(%s)")
    visit.inputs.update(VISIT_INPUTS)
    visit.guards.update(
        has_physician=_has_physician,
        is_responsible_physician=_responsible,
        own_visit=_own_visit,
        has_begun=_has_begun,
        not_begun=_not_begun,
        interpreter_needed=_interpreter_needed,
        day_has_been=_day_has_been,
    )
    visit.hook("*", _say_visit)
    visit.hook("no_show", _write_deviation)
    visit.hook("book_interpreter", _interpreter_booked)
    expansion = registry.PROCESSES["expansion"]
    expansion.hook("approve", _expansion_approved)
    expansion.hook("decline", _expansion_declined)
    clock.register_chore(open_past_visits)
    register_source(visit_days)
