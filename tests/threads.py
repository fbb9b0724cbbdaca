"""Threads in a situation, begun through the same code as the pages and the API, as their own parties."""

from __future__ import annotations

from typing import Any

from accounts.models import Organisation
from correspondence import threads
from correspondence.models import Thread
from fmu_portal.engine.door import take
from orders.models import Assessment
from tests import situations as s

TITLE = "Tid för besök"
TEXT = "Kan ni ta emot i vecka 12?"


def in_case(
    case: Assessment, actor: Any, *others: Any, asked: Any = None, title: str = TITLE, text: str = TEXT
) -> Thread:
    """A thread of a case between the actor's organisation and those of the others."""
    organisations = Organisation.objects.filter(pk__in=[other.organisation_id for other in others]).order_by("pk")
    data = {"title": title, "text": text}
    return threads.begin(actor, case, organisations, data | ({"asked": asked.organisation_id} if asked else {}))


def general(actor: Any, other: Any, **data: Any) -> Thread:
    """A thread between two organisations outside any case."""
    organisations = Organisation.objects.filter(pk=other.organisation_id)
    return threads.begin(actor, None, organisations, {"title": "Öppettider", "text": "När har ni stängt?"} | data)


def step(thread: Thread, name: str, actor: Any, **data: Any) -> Thread:
    """Take a step and return the thread afterwards."""
    take("thread", thread.pk, name, actor, data)
    return Thread.objects.get(pk=thread.pk)


def everybody(cast: Any, case: Assessment, **data: Any) -> Thread:
    """A thread of the case between all three."""
    return in_case(case, cast.officer, cast.region, cast.admin, **data)


def make(situation: str, cast: Any) -> Thread:
    """A thread in a situation of the golden table."""
    if situation == "general":
        return general(cast.officer, cast.region)
    case = s.in_progress(cast)
    thread = everybody(cast, case, asked=cast.region if situation == "asked" else None)
    if situation == "closed":
        thread = step(thread, "close", cast.officer)
    if situation == "open+lost":
        s.step(case, "hand_back", cast.admin, cause="cannot", reason="Sjukdom")
    if situation == "open+ended":
        s.step(case, "withdraw", cast.officer, reason="Behövs inte")
    return Thread.objects.get(pk=thread.pk)
