"""Begins a thread: who takes part is chosen among those that the rules allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from accounts.roles import Party
from correspondence.models import Draft, Thread, ThreadParty
from correspondence.process import THREAD, WRITERS
from fmu_portal.engine import door
from fmu_portal.engine.refusals import WrongRole
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from orders.models import Assessment

START = Step(
    "create",
    "Börja en tråd",
    "{party} började en tråd.",
    from_=(THREAD.start,),
    to=THREAD.start,
    by=WRITERS,
)
"""The first event of a thread. It stands outside the table: there is no thread yet that it could be taken on."""

PARTIES = (Party.AGENCY, Party.REGION, Party.PERFORMER)
_KINDS = (OrganisationKind.AGENCY_OFFICE, OrganisationKind.REGION, OrganisationKind.PERFORMER)


def may_begin(actor: Actor) -> bool:
    """Whether the role writes messages at all."""
    return actor.role in WRITERS.get(actor.party, ())


def others_in(case: Assessment, actor: Actor) -> list[Party]:
    """The other parties that the case has now; none when the actor's organisation is none of its parties itself."""
    if case.organisation_of(actor.party) != actor.organisation_id or case.status in ("draft", "discarded"):
        return []
    return [party for party in PARTIES if party is not actor.party and case.organisation_of(party) is not None]


def recipients(actor: Actor) -> QuerySet[Organisation]:
    """The organisations that one may write to outside any case."""
    rows = Organisation.objects.filter(kind__in=[str(kind) for kind in _KINDS]).exclude(pk=actor.organisation_id)
    return rows.order_by("kind", "name", "pk")


@transaction.atomic
def begin(
    actor: Actor,
    case: Assessment | None,
    organisations: Iterable[Organisation],
    data: Mapping[str, Any],
    draft: Draft | None = None,
    *,
    now: datetime | None = None,
) -> Thread:
    """A new thread with its first message, which asks for an answer when ``data`` names ``asked``.

    The caller has checked that the organisations may take part. ``draft``'s files go with it. Raises as `door.take` does;
    then nothing has been begun.
    """
    if not may_begin(actor):
        raise WrongRole("Ditt uppdrag ger inte rätt att skriva meddelanden.")
    now = now or timezone.now()
    thread = Thread.objects.create(
        case=case, region_id=case.region_id if case is not None else None, started_by_id=actor.organisation_id
    )
    members = [ThreadParty(thread=thread, organisation_id=actor.organisation_id, party=actor.party)]
    members += [ThreadParty(thread=thread, organisation_id=o.pk, party=o.party) for o in organisations]
    ThreadParty.objects.bulk_create(members)
    started = {"case_id": thread.case_id, "region_id": thread.region_id, "started_by_id": thread.started_by_id}
    parties = [[m.organisation_id, str(m.party)] for m in members]
    context = door.Context(
        PROCESSES[THREAD.name],
        thread,
        actor,
        START,
        door.next_event_id(),
        now,
        data={"set": started, "parties": parties},
    )
    door.write(context, [])
    if draft is not None:
        draft.thread, draft.case = thread, None
        draft.save(update_fields=["thread", "case"])
        draft.attachments.update(thread=thread, case_id=thread.case_id)
    step = "ask" if data.get("asked") else "write"
    door.take(THREAD.name, thread.pk, step, actor, data, now=now)
    thread.refresh_from_db()
    return thread
