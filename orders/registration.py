"""What the orders app gives the engine when it starts: the table, the inputs, the guards, the clock's silence."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.actor import CLOCK, Actor
from accounts.roles import Party, Role
from fmu_portal.database import as_clock, register_walls
from fmu_portal.engine import clock, registry
from fmu_portal.engine.door import Context, take
from fmu_portal.engine.refusals import Refused
from fmu_portal.models import Duty


def _responsible(subject: Any, actor: Actor) -> str | None:
    if subject.responsible_physician_id is None:
        return "Utse ansvarig läkare först."
    if subject.responsible_physician_id != actor.user_id:
        return "Det är bara den ansvariga läkaren som kan signera och skicka utlåtandet."
    return None


def _report_is_there(subject: Any, actor: Actor) -> str | None:
    from orders.models import Enclosure, ReportVersion

    latest = ReportVersion.objects.filter(assessment=subject, number=subject.report_version)
    voided = Enclosure.objects.filter(
        assessment=subject, voided_by__isnull=False, document_id__in=latest.values("document")
    )
    gone = voided.exists() or latest.filter(voided_by__isnull=False).exists()
    return "Utlåtandet är makulerat. Begär komplettering, så att ett nytt kan skickas." if gone else None


def _section_is_asked(subject: Any, actor: Actor) -> str | None:
    from orders.access import takes_part
    from orders.readiness import readiness

    taking_part = getattr(subject, "takes_part", None)  # known already on the case's page
    if not (takes_part(actor, subject) if taking_part is None else taking_part):
        return "Bara de som deltar i utredningen skriver i utlåtandet."
    if actor.role not in readiness(subject).approved:
        return "Försäkringskassan har inte godkänt utvidgning med din profession."
    return None


def _others_approved(subject: Any, actor: Actor) -> str | None:
    from orders.readiness import readiness

    return None if readiness(subject).approved else "Ingen annan profession är godkänd."


def _ready_to_deliver(subject: Any, actor: Actor) -> str | None:
    from orders.readiness import readiness

    return readiness(subject).hindrance


def _confirmation_overdue(subject: Any, actor: Actor) -> str | None:
    overdue = Duty.objects.overdue(timezone.localdate()).filter(
        process="assessment", subject_id=subject.pk, kind="confirm_underlag"
    )
    return None if overdue.exists() else "Utföraren har tid kvar att svara."


def _may_hand_over(subject: Any, actor: Actor) -> str | None:
    """The person who has the case hands it over, or whoever coordinates; one that nobody has is anybody's to give."""
    if actor.role != Role.CASE_OFFICER or subject.holder_of(actor.party) in (None, actor.user_id):
        return None
    return "Det är den som har ärendet eller en samordnare som lämnar över det."


def _hand_on(context: Context) -> None:
    """What the party already owes in the case goes to whoever has it in hand now."""
    subject, party = context.subject, context.actor.party
    holder = subject.holder_of(party)
    rows = Duty.objects.open().filter(process="assessment", subject_id=subject.pk)
    rows = rows.filter(organisation_id=context.actor.organisation_id)
    pks = list(rows.exclude(holder_id=holder).order_by("pk").values_list("pk", flat=True))
    if pks:
        Duty.objects.filter(pk__in=pks).update(holder_id=holder)
        context.data["held"] = [[pk, holder] for pk in pks]


def _remember_coordinator(context: Context) -> None:
    """Whoever at the region first deals with a case has it in hand from then on."""
    if context.actor.party is Party.REGION and context.subject.region_coordinator_id is None:
        context.set(region_coordinator_id=context.actor.user_id)


def _forget_drafts(context: Context) -> None:
    """When a request is sent or a case ends, nobody's half-filled form stays behind. Else only its own writer's goes (a
    colleague whose step was overtaken still finds the text)."""
    ends = context.step.to is not None and context.registered.process.statuses[context.step.to].ended
    if ends or (context.step.to is not None and context.subject.status == context.registered.process.start):
        with connection.cursor() as cursor:
            # Others' drafts stand behind the wall: the database forgets them without showing them.
            cursor.execute("SELECT orders_forget_drafts(%s)", [context.subject.pk])


def record_silence(today: date) -> int:
    """Where the performer neither confirmed nor questioned in time, record it; no date moves. Returns how many."""
    waiting = Duty.objects.overdue(today).filter(process="assessment", kind="confirm_underlag")
    done = 0
    for pk in list(waiting.order_by("due", "id").values_list("subject_id", flat=True)[:2000]):
        try:
            with as_clock():
                take("assessment", pk, "record_silence", CLOCK)
        except Refused:
            continue  # the performer answered in the meantime, or another clock was first
        done += 1
    return done


def register_all() -> None:
    """Called once when the app is ready."""
    from orders import file_checks, notices, part_registration, pdf  # noqa: F401 - register their outbox handlers
    from orders.inputs import INPUTS
    from orders.models import Assessment
    from orders.overview import exports  # noqa: F401 - as above
    from orders.process import ASSESSMENT
    from orders.reach import functions, walls

    registered = registry.register(ASSESSMENT, Assessment, "SELECT orders_apply_event(%s)")
    registered.inputs.update(INPUTS)
    registered.guards.update(
        is_responsible_physician=_responsible,
        confirmation_overdue=_confirmation_overdue,
        report_is_there=_report_is_there,
        section_is_asked=_section_is_asked,
        others_approved=_others_approved,
        ready_to_deliver=_ready_to_deliver,
        may_hand_over=_may_hand_over,
    )
    registered.hook("*", _remember_coordinator)
    registered.hook("*", _forget_drafts)
    registered.hook("hand_over", _hand_on)
    registered.hook("name_physician", _hand_on)
    clock.register_chore(record_silence)
    part_registration.register_all()
    register_walls(walls, functions)
    file_checks.register()
