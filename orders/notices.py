"""Tells organisations what happened or waits: a notice in the portal once, and a mail to the shared inbox.

No personal data: the case number, what is needed, a link. The person who has the case in hand is told too. Whether a mail
goes at once is each one's choice (`register_choice`); the portal's own list has every notice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from accounts.actor import Actor
from accounts.models import Mandate, Organisation, User
from accounts.permissions import FOLLOW_UP
from fmu_portal.engine import outbox
from fmu_portal.engine.registry import DUTY_KINDS, PROCESSES
from fmu_portal.models import Duty, Event, Notice
from orders.models import Assessment, Recusal, Unlocking
from orders.sentences import names_of, sentence

Teller = Callable[[Event, list[int], int], None]
"""Tells organisations of a step of another process than the assessment's: the event (the first of them, when the step was
taken on many), the organisations, how many subjects."""

TELLERS: dict[str, Teller] = {}
_choices: list[Callable[[int, int | None], bool]] = []


def register_choice(at_once: Callable[[int, int | None], bool]) -> None:
    """Say who knows whether a mail goes at once, to (organisation id, None: its shared inbox, else the user's id)."""
    _choices[:] = [at_once]


@outbox.handler("notice", as_clock=True)
def tell_of_step(payload: dict[str, Any]) -> None:
    """A step was taken: each organisation that gets a duty, or that the step tells, is told what it now owes."""
    event = Event.objects.get(pk=payload["event"])
    if event.process in TELLERS:
        TELLERS[event.process](event, payload["organisations"], payload.get("count", 1))
        return
    fields = ("number", "protected", "agency_office_id", "region_id")
    assessment = Assessment.objects.only(*fields).get(pk=event.case_id or 0)
    duties = Duty.objects.filter(opened_by=event, organisation_id__in=payload["organisations"])
    owed = {duty.organisation_id: duty for duty in duties}
    names = names_of([event], assessment, None)
    for organisation_id in payload["organisations"]:
        duty = owed.get(organisation_id)
        text = f"{_task(duty)} senast {duty.due}." if duty else sentence(event, names)
        numbered = not _apart(event.process, assessment, organisation_id)
        holder = duty.holder_id if duty else None
        tell(assessment, organisation_id, holder, text, f"step:{event.pk}", event.pk, numbered=numbered)


@outbox.handler("signal", as_clock=True)
def tell_of_signal(payload: dict[str, Any]) -> None:
    """The clock reminded or flagged: tell the organisation, unless the duty has been done in the meantime."""
    duty = Duty.objects.get(pk=payload["duty"])
    if duty.closed_by_id is not None:
        return
    rows = Assessment.objects.only("number", "agency_office_id", "region_id")
    assessment = rows.filter(pk=duty.case_id or 0).first()
    if payload["signal"] == "overdue":
        text = f"Sista dag har passerat: {_task(duty)}. Den var {duty.due}."
    else:
        text = f"Påminnelse: {_task(duty)} senast {duty.due}."
    tell(
        assessment,
        duty.organisation_id,
        duty.holder_id,
        text,
        f"{payload['signal']}:{duty.pk}:{payload.get('days', 0)}",
        duty.opened_by_id if _own_page(duty.process) else None,
        numbered=not _apart(duty.process, assessment, duty.organisation_id),
    )


@outbox.handler("incident", as_clock=True)
def tell_of_incident(payload: dict[str, Any]) -> None:
    """A document was voided: the office that ordered gets the incident notice."""
    event = Event.objects.get(pk=payload["event"])
    assessment = Assessment.objects.only("number").get(pk=event.case_id or 0)
    text = "Incidentanmälan: en handling har makulerats. Se i ärendet vem som hann öppna den."
    tell(assessment, payload["organisation"], None, text, f"incident:{event.pk}", event.pk)


@outbox.handler("unlocked", as_clock=True)
def tell_of_unlocking(payload: dict[str, Any]) -> None:
    """Another office has opened a case: the office that has it, and each of its coordinators, are told."""
    row = Unlocking.objects.select_related("mandate__organisation").get(pk=payload["unlocking"])
    assessment = Assessment.objects.only("number", "agency_office_id").get(pk=row.assessment_id)
    text = f"Ett ärende har öppnats av {row.mandate.organisation.name}. Skälet står i Loggkontroll."
    _tell_coordinators(assessment, assessment.agency_office_id, text, f"unlocked:{row.pk}")


@outbox.handler("recused", as_clock=True)
def tell_of_recusal(payload: dict[str, Any]) -> None:
    """Somebody stepped aside: those who see to it that another takes over are told."""
    row = Recusal.objects.get(pk=payload["recusal"])
    assessment = Assessment.objects.only("number").get(pk=row.assessment_id)
    text = "En person hos er har anmält jäv. Se till att någon annan har ärendet."
    _tell_coordinators(assessment, payload["organisation"], text, f"recused:{row.pk}")


def _tell_coordinators(assessment: Assessment, organisation_id: int, text: str, key: str) -> None:
    tell(assessment, organisation_id, None, text, key, None)
    mandates = Mandate.objects.valid().filter(organisation_id=organisation_id, role__in=FOLLOW_UP)
    notice = Notice.objects.get(key=f"{key}:{organisation_id}")
    for user_id in mandates.order_by("user_id").values_list("user_id", flat=True).distinct():
        outbox.put("mail", f"mail:{notice.key}:u{user_id}", {"notice": notice.pk, "user": user_id})


def _task(duty: Duty) -> str:
    return DUTY_KINDS[duty.kind].task


def _apart(process: str, assessment: Assessment | None, organisation_id: int) -> bool:
    """Whether the organisation is a performer that does not reach the case and is told no number of it."""
    if assessment is None or organisation_id in (assessment.agency_office_id, assessment.region_id):
        return False
    return bool(PROCESSES[process].process.apart)


def tell(
    assessment: Assessment | None,
    organisation_id: int,
    user_id: int | None,
    text: str,
    key: str,
    event_id: int | None,
    also: Iterable[int] = (),
    numbered: bool = True,
) -> None:
    """One notice per organisation and key, and one mail per recipient. ``also``: further persons there who are told.

    ``event_id``: the step; where its process has pages of its own, the link leads there instead of to the case.
    ``numbered``: with the case's number, which an organisation that does not reach the case is not told.
    """
    case = assessment if numbered else None
    notice, new = Notice.objects.get_or_create(
        key=f"{key}:{organisation_id}",
        defaults={
            "organisation_id": organisation_id,
            "user_id": user_id,
            "event_id": event_id,
            "case_id": case.pk if case is not None else None,
            "case_number": case.number if case is not None else "",
            "text": text[:200],
        },
    )
    if not new:
        return
    if _at_once(organisation_id, None):
        outbox.put("mail", f"mail:{notice.key}:o", {"notice": notice.pk, "organisation": organisation_id})
    for person in dict.fromkeys([user_id, *also]):
        if person is not None and _at_once(organisation_id, person):
            key = f"mail:{notice.key}:u" if person == user_id else f"mail:{notice.key}:u{person}"
            outbox.put("mail", key, {"notice": notice.pk, "user": person})


def _at_once(organisation_id: int, user_id: int | None) -> bool:
    return all(at_once(organisation_id, user_id) for at_once in _choices)


def address_of(notice: Notice, actor: Actor | None = None) -> str:
    """Where the notice leads: the page of what happened, else the case's; "" for nowhere that the actor may open (None:
    whoever reads the mail)."""
    if notice.event is not None and (page := _page(notice.event.process)) is not None:
        return page(notice.event.subject_id)
    if notice.case_number:
        return f"/arenden/{notice.case_number}/"
    if notice.event is None:
        return ""
    registered = PROCESSES[notice.event.process]
    return registered.process.apart if actor is None else registered.apart_for(actor)


def _own_page(process: str) -> bool:
    """Whether what a duty of the process leads to stands outside the case's page."""
    registered = PROCESSES[process]
    return registered.page is not None or bool(registered.process.apart)


def _page(process: str) -> Callable[[int], str] | None:
    return PROCESSES[process].page if process in PROCESSES else None


@outbox.handler("mail", as_clock=True)
def send_mail(payload: dict[str, Any]) -> None:
    """One mail, at least once; the Message-ID is the same each time, so that a second copy is known as one."""
    notice = Notice.objects.select_related("event").get(pk=payload["notice"])
    page = notice.event is not None and _page(notice.event.process) is not None
    case = f"ärende {notice.case_number}" if notice.case_number else "meddelande" if page else "en förfrågan"
    body = f"{notice.text}\n\n{'Öppna ärendet' if notice.case_number else 'Öppna'}: {settings.PUBLIC_URL}{address_of(notice)}\n"
    post(payload, notice.key, f"FMU-portalen: {case}", body)


def post(payload: dict[str, Any], key: str, subject: str, body: str) -> None:
    """A mail to the payload's ``user`` or ``organisation``; nothing when there is no address. ``key`` is the mail's own."""
    if "user" in payload:
        address = User.objects.values_list("email", flat=True).get(pk=payload["user"])
    else:
        address = Organisation.objects.values_list("email", flat=True).get(pk=payload["organisation"])
    if not address:
        return
    digest = hashlib.sha256(f"{key}:{address}".encode()).hexdigest()[:32]
    message = EmailMessage(
        subject=subject,
        body=f"{body}\nDu kan inte svara på det här meddelandet.\n",
        to=[address],
        headers={"Message-ID": f"<{digest}@fmu-portalen>"},
    )
    message.send()
