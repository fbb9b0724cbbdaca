"""Tells organisations what happened or waits: a notice in the portal once, and a mail to the shared inbox.

No personal data: the case number, what is needed, a link. The person who has the case in hand is told too.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from accounts.models import Mandate, Organisation, User
from accounts.permissions import FOLLOW_UP
from fmu_portal.engine import outbox
from fmu_portal.engine.registry import DUTY_KINDS, PROCESSES
from fmu_portal.models import Duty, Event, Notice
from orders.models import Assessment, Recusal, Unlocking
from orders.sentences import names_of, sentence


@outbox.handler("notice", as_clock=True)
def tell_of_step(payload: dict[str, Any]) -> None:
    """A step was taken: each organisation that gets a duty, or that the step tells, is told what it now owes."""
    event = Event.objects.get(pk=payload["event"])
    fields = ("number", "protected", "agency_office_id", "region_id")
    assessment = Assessment.objects.only(*fields).get(pk=event.case_id or 0)
    duties = Duty.objects.filter(opened_by=event, organisation_id__in=payload["organisations"])
    owed = {duty.organisation_id: duty for duty in duties}
    names = names_of([event], assessment, None)
    for organisation_id in payload["organisations"]:
        duty = owed.get(organisation_id)
        text = f"{_task(duty)} senast {duty.due}." if duty else sentence(event, names)
        tell(assessment, organisation_id, duty.holder_id if duty else None, text, f"step:{event.pk}", event.pk,
             _apart(event.process, assessment, organisation_id))  # fmt: skip


@outbox.handler("signal", as_clock=True)
def tell_of_signal(payload: dict[str, Any]) -> None:
    """The clock reminded or flagged: tell the organisation, unless the duty has been done in the meantime."""
    duty = Duty.objects.get(pk=payload["duty"])
    if duty.closed_by_id is not None:
        return
    assessment = Assessment.objects.only("number", "agency_office_id", "region_id").get(pk=duty.case_id or 0)
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
        None,
        _apart(duty.process, assessment, duty.organisation_id),
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


def _apart(process: str, assessment: Assessment, organisation_id: int) -> str:
    """Where to lead a performer that does not reach the case and is told no number of it; "" for all others."""
    registered = PROCESSES.get(process)
    if registered is None or organisation_id in (assessment.agency_office_id, assessment.region_id):
        return ""
    return registered.process.apart


def tell(
    assessment: Assessment,
    organisation_id: int,
    user_id: int | None,
    text: str,
    key: str,
    event_id: int | None,
    apart: str = "",
) -> None:
    """One notice per organisation and key, and one mail per recipient. ``apart``: where it leads instead of to the case."""
    notice, new = Notice.objects.get_or_create(
        key=f"{key}:{organisation_id}",
        defaults={
            "organisation_id": organisation_id,
            "user_id": user_id,
            "event_id": event_id,
            "case_id": None if apart else assessment.pk,
            "case_number": "" if apart else assessment.number,
            "text": text[:200],
        },
    )
    if not new:
        return
    outbox.put("mail", f"mail:{notice.key}:o", {"notice": notice.pk, "organisation": organisation_id, "apart": apart})
    if user_id is not None:
        outbox.put("mail", f"mail:{notice.key}:u", {"notice": notice.pk, "user": user_id})


@outbox.handler("mail", as_clock=True)
def send_mail(payload: dict[str, Any]) -> None:
    """One mail, at least once; the Message-ID is the same each time, so that a second copy is known as one."""
    notice = Notice.objects.get(pk=payload["notice"])
    if "user" in payload:
        address = User.objects.values_list("email", flat=True).get(pk=payload["user"])
    else:
        address = Organisation.objects.values_list("email", flat=True).get(pk=payload["organisation"])
    if not address:
        return
    apart = payload.get("apart", "")
    url = f"{settings.PUBLIC_URL}{apart or f'/arenden/{notice.case_number}/'}"
    where = "förfrågningarna" if apart else "ärendet"
    what = "en förfrågan" if apart else f"ärende {notice.case_number}"
    digest = hashlib.sha256(f"{notice.key}:{address}".encode()).hexdigest()[:32]
    message = EmailMessage(
        subject=f"FMU-portalen: {what}",
        body=f"{notice.text}\n\nÖppna {where}: {url}\n\nDu kan inte svara på det här meddelandet.\n",
        to=[address],
        headers={"Message-ID": f"<{digest}@fmu-portalen>"},
    )
    message.send()
