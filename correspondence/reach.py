"""Who reads which messages, said to the query and to the database's row policy: side by side, as in `orders.reach`.

An organisation reads the threads that it takes part in; of one that it has left, what was written before. Nobody reads the
threads of a case that they have blocked themself from (jäv).
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actor import Actor
from accounts.permissions import See, Where, arms
from correspondence.models import Message, Thread, ThreadParty
from fmu_portal.database import MANDATE, ORGANISATION, ROLE, USER, Answer, Wall
from orders.models import Recusal
from orders.reach import REACH, RECUSED, Reach


def memberships(actor: Actor) -> QuerySet[ThreadParty]:
    """The rows of the actor's organisation in the threads that the actor may read."""
    if not (actor.organisation_id and actor.sees(See.MESSAGES)):
        return ThreadParty.objects.none()
    recused = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True)
    blocked = recused.filter(assessment_id=OuterRef("thread__case_id"))
    return ThreadParty.objects.filter(~Exists(blocked), organisation_id=actor.organisation_id)


def readable(member: ThreadParty) -> QuerySet[Message]:
    """The messages of a thread that an organisation may read, given its own row."""
    rows = Message.objects.filter(thread_id=member.thread_id)
    return rows if member.left_by_id is None else rows.filter(pk__lte=member.latest)


def register() -> None:
    """Tell `orders.reach` what the row of the table of permissions means."""
    assert all(where is Where.THREAD for _, where in arms([See.MESSAGES]))
    REACH[Where.THREAD] = Reach(
        lambda a: Q(pk__in=Thread.objects.filter(parties__organisation_id=a.organisation_id).values("case_id")),
        "EXISTS (SELECT 1 FROM correspondence_thread h JOIN correspondence_threadparty p ON p.thread_id = h.id"
        f" WHERE h.case_id = {{a}}.id AND p.organisation_id = {ORGANISATION})",
    )


def functions() -> list[Answer]:
    """What the policies ask of a thread, of a message in it, and of a document that lies in one."""
    roles = ", ".join(f"'{role}'" for granted, _ in arms([See.MESSAGES]) for role in granted)
    own = (
        "SELECT 1 FROM correspondence_threadparty p JOIN correspondence_thread h ON h.id = p.thread_id"
        f" WHERE p.thread_id = {{thread}} AND p.organisation_id = {ORGANISATION} AND {ROLE} IN ({roles})"
        f" AND (h.case_id IS NULL OR h.case_id <> ALL ({RECUSED}))"
    )
    return [
        Answer("correspondence_takes_part(of_thread bigint)", f"EXISTS ({own.format(thread='of_thread')})"),
        Answer(
            "correspondence_reads(of_thread bigint, of_message bigint)",
            f"EXISTS ({own.format(thread='of_thread')} AND (p.left_by_id IS NULL OR of_message <= p.latest))",
        ),
        Answer(
            "correspondence_opens(of_document uuid)",
            "EXISTS (SELECT 1 FROM correspondence_attachment b WHERE b.document_id = of_document AND (CASE"
            f" WHEN b.message_id IS NULL THEN b.organisation_id = {ORGANISATION} AND b.user_id = {USER}"
            " ELSE correspondence_reads(b.thread_id, b.message_id) END))",
        ),
    ]


def walls() -> list[Wall]:
    """The row policies of messages and of what lies in them."""
    mine = f"organisation_id = {ORGANISATION} AND user_id = {USER}"
    return [
        # A new thread is its own organisation's before the parties' rows are there.
        Wall(
            "correspondence_thread",
            f"correspondence_takes_part(id) OR (started_by_id = {ORGANISATION} AND last_event_id IS NULL)",
            clock=True,
        ),
        Wall(
            "correspondence_message",
            "correspondence_reads(thread_id, id)",
            check=f"organisation_id = {ORGANISATION} AND author_id = {USER} AND correspondence_reads(thread_id, id)",
        ),
        Wall(
            "correspondence_attachment",
            f"CASE WHEN message_id IS NULL THEN {mine} ELSE correspondence_reads(thread_id, message_id) END",
            check=mine,
        ),
        Wall("correspondence_draft", mine),
        Wall("correspondence_template", f"organisation_id = {ORGANISATION}"),
        Wall("documents_document", "correspondence_opens(id)", check="false", name="in_message"),
        Wall(
            "documents_opening",
            f"mandate_id = {MANDATE}",
            check=f"mandate_id = {MANDATE} AND correspondence_opens(document_id)",
            name="in_message",
        ),
    ]
