"""What a person has half written: kept at each turn, encrypted at rest, and gone when the message is sent."""

from __future__ import annotations

import json
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from accounts.actor import Actor
from correspondence.models import Draft
from fmu_portal import identity

OWN = ("csrfmiddlewaretoken", "gor", "sedd", "filer", "mall")
"""What a form sends beside what was written."""


def _place(actor: Actor, thread_id: int | None, case_id: int | None) -> dict[str, Any]:
    """Where a draft of the person's lies: in a thread, or for a new one in a case, or for a new one outside any."""
    return {
        "user_id": actor.user_id,
        "organisation_id": actor.organisation_id,
        "thread_id": thread_id,
        "case_id": None if thread_id is not None else case_id,
    }


def find(actor: Actor, thread_id: int | None, case_id: int | None = None) -> Draft | None:
    """The person's draft there."""
    return Draft.objects.filter(**_place(actor, thread_id, case_id)).first()


def keep(actor: Actor, data: QueryDict, thread_id: int | None, case_id: int | None = None) -> Draft:
    """Keep what was typed: name -> list of texts."""
    fields = {name: data.getlist(name) for name in data if name not in OWN}
    return Draft.objects.update_or_create(
        **_place(actor, thread_id, case_id),
        defaults={"data": {"sealed": identity.encrypt_text(json.dumps(fields))}, "saved_at": timezone.now()},
    )[0]


def content(draft: Draft | None) -> QueryDict | None:
    """What was typed, as a form takes it; None when nothing was."""
    if draft is None or not draft.data:
        return None
    data = QueryDict(mutable=True)
    for name, values in json.loads(identity.decrypt_text(draft.data["sealed"])).items():
        data.setlist(name, values)
    return data if any(text.strip() for values in data.lists() for text in values[1]) else None


def drop(actor: Actor, thread_id: int) -> None:
    """The message is sent."""
    Draft.objects.filter(user_id=actor.user_id, organisation_id=actor.organisation_id, thread_id=thread_id).delete()


def all_of(actor: Actor) -> list[Draft]:
    """What the person has begun and not sent at this organisation, latest first; a page shows the first ten."""
    rows = Draft.objects.filter(user_id=actor.user_id, organisation_id=actor.organisation_id)
    return list(rows.select_related("case").order_by("-saved_at", "-pk")[:10])
