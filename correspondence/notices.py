"""Tells organisations and people of messages, without a word of what they say; and knows how each wants its mail."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.roles import Party
from correspondence.models import Absence, Attachment, NoticeChoice, Thread, ThreadParty
from fmu_portal.models import Duty, Event
from orders import notices
from orders.models import Assessment

FILE = "En bilaga som ni har skickat godtas inte. Se i meddelandet vad som är fel."

_TEXTS = {
    "write": "Ni har fått ett meddelande från {party}.",
    "ask": "{party} vill ha svar på ett meddelande.",
    "answer": "{party} har svarat på ert meddelande.",
}


def _party_words(event: Event) -> str:
    return str(Party(event.party).label)


def tell_of_message(event: Event, organisations: list[int], count: int) -> None:
    """A message came: the shared inbox of each, and the person whom it concerns there (and who looks after, if away)."""
    thread = Thread.objects.get(pk=event.subject_id)
    case = Assessment.objects.only("number", "case_officer_id", "region_coordinator_id", "responsible_physician_id")
    assessment = case.filter(pk=thread.case_id).first() if thread.case_id is not None else None
    owed = {duty.organisation_id: duty for duty in Duty.objects.filter(opened_by=event)}
    party = _party_words(event)
    party = party if party == "Försäkringskassan" or event.step != "write" else party[0].lower() + party[1:]
    for member in ThreadParty.objects.filter(thread=thread, organisation_id__in=organisations, left_by__isnull=True):
        duty = owed.get(member.organisation_id)
        text = _TEXTS.get(event.step, "Det har hänt något i en tråd.").format(party=party)
        if duty is not None:
            text = f"{text} Svara senast {duty.due}."
        person = _person(event, member, assessment)
        also = [] if person is None else substitutes(member.organisation_id, person)
        key = f"message:{event.pk}"
        notices.tell(assessment, member.organisation_id, person, text, key, event.pk, also)


def _person(event: Event, member: ThreadParty, case: Assessment | None) -> int | None:
    """Who at the organisation is told beside the shared inbox: whoever asked, else whoever has the case in hand."""
    organisation_id, user_id = event.data.get("answered", (None, None))
    if organisation_id == member.organisation_id:
        return int(user_id)
    return case.holder_of(Party(member.party)) if case is not None else None


def substitutes(organisation_id: int, user_id: int) -> list[int]:
    """Who looks after what comes to the person today; nobody when the person is not away."""
    today = timezone.localdate()
    away = Absence.objects.filter(organisation_id=organisation_id, user_id=user_id, first__lte=today, last__gte=today)
    return [pk for pk in away.values_list("substitute_id", flat=True) if pk is not None]


def tell_of_file(attachment: Attachment) -> None:
    """A file that was sent before it was checked cannot be opened: its sender is told."""
    assessment = Assessment.objects.only("number").filter(pk=attachment.case_id or 0).first()
    message = attachment.message
    if message is not None:
        person, organisation = attachment.user_id, attachment.organisation_id
        notices.tell(assessment, organisation, person, FILE, f"bilaga:{attachment.pk}", message.event_id)


def at_once(organisation_id: int, user_id: int | None) -> bool:
    """Whether the shared inbox (``user_id`` None) or the person gets a mail for each notice."""
    return chosen(organisation_id, user_id) == NoticeChoice.How.AT_ONCE


def chosen(organisation_id: int, user_id: int | None) -> str:
    """How the shared inbox, or the person, is told by e-mail: at once when nothing has been chosen."""
    who: dict[str, Any] = {"organisation_id": organisation_id, "user_id": user_id}
    return NoticeChoice.objects.filter(**who).values_list("how", flat=True).first() or NoticeChoice.How.AT_ONCE


def register() -> None:
    """Called once when the app is ready."""
    notices.TELLERS["thread"] = tell_of_message
    notices.register_choice(at_once)
