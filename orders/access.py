"""Which part of a case an actor gets: the case through its query, then each part through the table of permissions."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.actor import Actor
from accounts.models import Mandate
from accounts.permissions import See
from accounts.roles import Party
from accounts.written import Written
from audit import collector
from fmu_portal import identity
from fmu_portal.engine.registry import parts
from fmu_portal.models import Duty, Event, Note
from orders.models import (
    Assessment,
    Assignment,
    Enclosure,
    InsuredPerson,
    Participant,
    Recusal,
    Report,
    ReportVersion,
    Reveal,
)
from orders.models.assessment import PROTECTED
from orders.models.enclosure import UNDERLAG, EnclosureQuerySet
from orders.reach import query_for

ORDERED = ("ordered", "in_progress", "delivered", "supplement_requested", "accepted", "withdrawn", "ended")


class Found(NamedTuple):
    """A case of a person: its number, and whether it is the asker's own (else another office's)."""

    pk: int
    number: str
    own: bool


def cases_of_person(digest: str) -> list[Found]:
    """The cases of the person with this keyed hash, newest first, at most 50: numbers alone.

    The database answers for whoever is at work, past the wall and by the rule that it applies itself; a protected
    person is never found.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number, own FROM orders_cases_of_person(%s)", [digest])
        found = [Found(*row) for row in cursor.fetchall()]
    collector.searched()
    for row in found:
        collector.seen(See.NUMBER, row.pk)
    return found


def is_person(case: Assessment, digits: str) -> bool:
    """Whether twelve digits are those of the case's person; the person is not shown, protected or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_is_person(%s, %s)", [case.pk, identity.lookup_hash(digits)])
        return bool(cursor.fetchone()[0])


def elsewhere(number: str) -> int | None:
    """The id of another office's case that whoever is at work may open with a reason; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_elsewhere(%s)", [number])
        row = cursor.fetchone()
    return row[0] if row else None


def recusals(actor: Actor, case: Assessment) -> QuerySet[Recusal]:
    """Colleagues of the actor's organisation who have stepped aside from the case."""
    at_work = Mandate.objects.valid().filter(organisation_id=actor.organisation_id)
    rows = Recusal.objects.filter(assessment_id=case.pk, lifted_at__isnull=True, user__in=at_work.values("user"))
    return rows.select_related("user").order_by("pk")


def get_case(actor: Actor, number: str) -> Assessment:
    """The case with its parties. 404 for what does not exist and for what belongs to another mandate alike."""
    return the_case(_CASE, actor, number)


def the_case(query: Written[Assessment], actor: Actor, number: str) -> Assessment:
    """The case that a query of one finds for the actor. 404 as `get_case`."""
    asked = query.asked(actor, number=number)
    case = None if asked is None else asked.first()
    if case is None:
        raise Http404
    case.mask_for(actor)
    return case


def case_rows(actor: Actor, number: str) -> QuerySet[Assessment]:
    """The case of a number, if the actor reaches it, with its parties."""
    return Assessment.objects.reachable_by(actor).with_parties().filter(number=number)


_CASE = Written(lambda actor, number: case_rows(actor, number)[:1], number=str)


def takes_part(actor: Actor, case: Assessment) -> bool:
    """Whether the performer's person takes part in this very assessment (13 § lag 2018:744)."""
    rows = Participant.objects.filter(assessment=case, performer_id=actor.organisation_id, user_id=actor.user_id)
    return actor.party is Party.PERFORMER and rows.exists()


def person_of(actor: Actor, case: Assessment) -> InsuredPerson | None:
    """Who the case is about, for those who may know; None for the others, for a draft, and when erased.

    No query when the case came with its person (`select_related`).
    """
    person = getattr(case, "person", None) if actor.sees(See.IDENTITY) else None
    return None if person is None or person.is_erased else person


def name_in_list(actor: Actor, case: Assessment) -> str:
    """The person as a row of a list says it: the name, that it is protected, or "" for those who may not know."""
    person = person_of(actor, case)
    return person.name if person else PROTECTED if case.protected and actor.sees(See.IDENTITY) else ""


def may_reveal(actor: Actor, case: Assessment) -> bool:
    """Whether the actor is one of the few who may be shown a protected person, with a reason."""
    condition = query_for(actor, See.PROTECTED)
    return condition is not None and Assessment.objects.visible_to(actor).filter(condition, pk=case.pk).exists()


def revealed(actor: Actor, case: Assessment, reason: str) -> tuple[InsuredPerson, Reveal]:
    """A protected person, shown in this transaction for the reason given, and where the reason is kept."""
    stated = Reveal.objects.create(assessment_id=case.pk, mandate_id=actor.mandate_id, reason=reason)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('fmu.reveal', %s, true)", [str(stated.pk)])
    try:
        return InsuredPerson.objects.select_related("municipality").get(pk=case.pk), stated
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('fmu.reveal', '', true)")


def listed_enclosures(actor: Actor, case: Assessment) -> EnclosureQuerySet:
    """The sent documents that the actor may know of, in order; a performer knows of its own time's only."""
    rows = (
        Enclosure.objects.filter(assessment_id=case.pk)
        .sent()
        .select_related("document", "sent_by")
        .order_by("position", "id")
    )
    if not actor.sees(See.UNDERLAG):
        return rows.none()
    if actor.party is Party.PERFORMER:
        own = Q(kind__in=UNDERLAG) | Q(kind="report", staged_by_id=actor.organisation_id)
        return rows.filter(own, assessment__ordered_on__isnull=False)
    return rows


def readable_notes(actor: Actor, case: Assessment) -> QuerySet[Note]:
    """What has been written in the case that the actor's party may read; a performer reads of its own time only.

    None for a role that does not see the needs: what a person wrote may say something of the insured.
    """
    notes = Note.objects.filter(case_id=case.pk, visible_to__contains=[str(actor.party)])
    if not actor.sees(See.NEEDS):
        return notes.none()
    if actor.party is Party.PERFORMER:
        own = Assignment.objects.filter(assessment_id=case.pk, performer_id=actor.organisation_id, closed_by=None)
        own = own.order_by("-pk")
        notes = notes.filter(event_id__gte=own.values("opened_by_id")[:1])
    return notes


def apart(actor: Actor) -> list[str]:
    """The processes of which a performer is told nothing in a case: which others were asked is the region's to know."""
    return [part.process.name for part in parts() if part.process.apart] if actor.party is Party.PERFORMER else []


def told_events(actor: Actor, case: Assessment) -> QuerySet[Event]:
    """What has happened in a case that the actor has been let into."""
    return Event.objects.filter(case_id=case.pk).exclude(process__in=apart(actor))


def told_duties(actor: Actor, case: Assessment) -> QuerySet[Duty]:
    """What is and was owed in it."""
    return Duty.objects.filter(case_id=case.pk).exclude(process__in=apart(actor))


def may_open(actor: Actor, case: Assessment, enclosure: Enclosure, part: bool | None = None) -> bool:
    """Whether the actor may open a document now. ``part``: the answer of `takes_part` when already asked."""
    if enclosure.voided_by_id is not None or not actor.sees(See.UNDERLAG):
        return False
    if enclosure.sent_by_id is None:
        return enclosure.staged_by_id == actor.organisation_id and (
            actor.party is Party.AGENCY or (takes_part(actor, case) if part is None else part)
        )
    if actor.party is Party.AGENCY:
        return True
    if actor.party is not Party.PERFORMER or case.ordered_on is None:
        return False
    if enclosure.kind == "report":
        return enclosure.staged_by_id == actor.organisation_id
    return enclosure.kind in UNDERLAG and (takes_part(actor, case) if part is None else part)


def get_enclosure(actor: Actor, case: Assessment, document_id: Any) -> Enclosure:
    """One document of the case that the actor may open. 404 otherwise."""
    enclosure = case.enclosures.select_related("document").filter(document_id=document_id).first()
    if enclosure is None or not may_open(actor, case, enclosure):
        raise Http404
    return enclosure


def report_versions(actor: Actor, case: Assessment) -> list[ReportVersion]:
    """The fixed versions of the report that the actor may read, oldest first; a performer's are its own."""
    return [version for version in known_versions(actor, case) if version.voided_by_id is None]


def known_versions(actor: Actor, case: Assessment) -> QuerySet[ReportVersion]:
    """The same with those that have been voided: the actor may know of them."""
    rows = ReportVersion.objects.filter(assessment_id=case.pk).select_related("document", "signed_by", "event")
    if not actor.sees(See.REPORT):
        return rows.none()
    if actor.party is Party.PERFORMER:
        rows = rows.filter(performer_id=actor.organisation_id)
    return rows.order_by("number")


def get_former_case(actor: Actor, number: str) -> Assessment:
    """A case that the performer has handed back: it keeps what it wrote itself, and nothing else. 404 otherwise."""
    rows = Assessment.objects.not_recused(actor).filter(number=number, assignments__performer_id=actor.organisation_id)
    case = rows.filter(assignments__closed_by__isnull=False).distinct().first()
    if actor.party is not Party.PERFORMER or case is None:
        raise Http404
    return case


def may_write_report(actor: Actor, case: Assessment) -> bool:
    """Whether the actor writes on the draft: those who take part, while the report is awaited."""
    return case.status in ("in_progress", "supplement_requested") and takes_part(actor, case)


def get_draft(actor: Actor, case: Assessment) -> Report:
    """The performer's draft (made when it is not there). 404 for those who do not write on it."""
    if not may_write_report(actor, case):
        raise Http404
    return Report.objects.get_or_create(assessment=case, performer_id=actor.organisation_id)[0]
