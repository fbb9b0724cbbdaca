"""The list of threads, newest message first, by key: what each is about, who is in it, what is unread.

A page makes the same number of queries whatever there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.actor import Actor
from correspondence.inputs import name_of
from correspondence.models import Message, Thread, ThreadParty, ThreadRead
from correspondence.process import THREAD
from correspondence.reach import memberships
from fmu_portal.context import MOST_COUNTED, count_text
from fmu_portal.models import Duty
from orders.models import Assessment

PAGE = 25
OF_A_CASE = 5
VIEWS = {
    "alla": "Alla",
    "olasta": "Olästa hos er",
    "mina": "Olästa av dig",
    "svara": "Ni ska svara",
    "vantar": "Ni väntar på svar",
}
NO_TITLE = "Ämnet är gallrat"


@dataclass
class Row:
    """A thread in a list. ``new``: nobody there has read the latest; ``new_to_me``: the person has not."""

    member: ThreadParty
    thread: Thread
    title: str
    with_: str
    new: bool
    new_to_me: bool
    at: Any
    due: Any = None
    tone: str = "default"
    status: str = ""


@dataclass
class Page:
    """One page; ``next`` is the key of the next."""

    rows: list[Row] = field(default_factory=list)
    next: str = ""


def _with_read(rows: QuerySet[ThreadParty], actor: Actor) -> QuerySet[ThreadParty]:
    """With how far the person has read, in the same query."""
    mine = ThreadRead.objects.filter(
        thread_id=OuterRef("thread_id"), user_id=actor.user_id, organisation_id=actor.organisation_id
    )
    return rows.select_related("thread__case").annotate(
        read_by_me=Coalesce(Subquery(mine.values("read")[:1]), Value(0), output_field=BigIntegerField()),
    )


def rows_of(actor: Actor, members: Iterable[ThreadParty]) -> list[Row]:
    """The rows as a page shows them: three queries more, for subjects, other parties and the answers owed."""
    found = list(members)
    if not found:
        return []
    titles, moments = _messages(found)
    by_id = {member.thread_id: member.thread for member in found}
    others: dict[int, list[str]] = {}
    parties = ThreadParty.objects.filter(thread_id__in=by_id).exclude(organisation_id=actor.organisation_id)
    for other in parties.select_related("organisation").order_by("pk"):
        others.setdefault(other.thread_id, []).append(name_of(other.organisation, by_id[other.thread_id], actor))
    asked = [thread.pk for thread in by_id.values() if thread.status == "asked"]
    due = dict(Duty.objects.open().filter(process=THREAD.name, subject_id__in=asked).values_list("subject_id", "due"))
    rows = []
    for member in found:
        thread: Any = member.thread
        extra: Any = member
        status = THREAD.statuses[thread.status]
        rows.append(
            Row(
                member=member,
                thread=thread,
                title=titles.get(thread.pk, NO_TITLE),
                with_=", ".join(others.get(thread.pk, [])),
                new=member.is_unread,
                new_to_me=extra.read_by_me < member.latest,
                at=moments.get(member.latest),
                due=due.get(thread.pk),
                tone="info" if thread.status == "asked" and thread.asked_id == actor.organisation_id else status.tone,
                status=_status_words(thread, member, actor),
            )
        )
    return rows


def _messages(members: list[ThreadParty]) -> tuple[dict[int, str], dict[int, Any]]:
    """(thread id -> its subject, message id -> when), of the first and the latest message of each."""
    latest = {member.latest for member in members}
    first = Q(thread_id__in={member.thread_id for member in members}) & ~Q(title="")
    rows = list(Message.objects.filter(Q(pk__in=latest) | first).defer("text"))
    return {row.thread_id: row.title for row in rows if row.title}, {row.pk: row.at for row in rows}


def _status_words(thread: Thread, member: ThreadParty, actor: Actor) -> str:
    if member.left_by_id is not None:
        return "Ni har lämnat tråden"
    if thread.status == "asked":
        return "Ni ska svara" if thread.asked_id == actor.organisation_id else thread.status_label
    return "" if thread.status == THREAD.start else thread.status_label


def _in_view(rows: QuerySet[ThreadParty], view: str, actor: Actor) -> QuerySet[ThreadParty]:
    if view == "olasta":
        return rows.filter(latest__gt=F("read"))
    if view == "mina":
        return rows.filter(latest__gt=F("read_by_me"))
    if view == "svara":
        return rows.filter(thread__status="asked", thread__asked_id=actor.organisation_id)
    if view == "vantar":
        return rows.filter(thread__status="asked", thread__asked_by_id=actor.organisation_id)
    return rows


def listed(actor: Actor, view: str, number: str = "", after: int | None = None) -> Page:
    """A page of the organisation's threads. ``after``: the key where the page before ended."""
    rows = _in_view(_with_read(memberships(actor).filter(latest__gt=0), actor), view, actor)
    if number:
        rows = rows.filter(thread__case__number=number)
    if after is not None:
        rows = rows.filter(latest__lt=after)
    found = list(rows.order_by("-latest")[: PAGE + 1])
    page = Page(rows_of(actor, found[:PAGE]))
    if len(found) > PAGE:
        page.next = str(found[PAGE - 1].latest)
    return page


def one(actor: Actor, member: ThreadParty) -> list[ThreadParty]:
    """A single thread as `rows_of` takes it."""
    return list(_with_read(memberships(actor).filter(pk=member.pk), actor))


def of_case(actor: Actor, case: Assessment, today: date) -> QuerySet[ThreadParty]:
    """The latest threads of a case that the actor reads, for the case's own page."""
    rows = _with_read(memberships(actor).filter(thread__case_id=case.pk, latest__gt=0), actor)
    return rows.order_by("-latest")[:OF_A_CASE]


_COUNTS = """
SELECT
 (SELECT count(*) FROM (SELECT 1 FROM correspondence_threadparty WHERE organisation_id = %(o)s AND latest > read
                        LIMIT %(n)s) x),
 (SELECT count(*) FROM (SELECT 1 FROM correspondence_threadparty p
                        LEFT JOIN correspondence_threadread r ON r.thread_id = p.thread_id AND r.user_id = %(u)s
                             AND r.organisation_id = p.organisation_id
                        WHERE p.organisation_id = %(o)s AND p.latest > coalesce(r.read, 0) LIMIT %(n)s) x),
 (SELECT count(*) FROM (SELECT 1 FROM fmu_portal_duty WHERE closed_by_id IS NULL AND organisation_id = %(o)s
                        AND process = 'thread' LIMIT %(n)s) x)
"""


def counts(actor: Actor) -> dict[str, str]:
    """How many there are in the views that have a number, counted no further than 99: view -> text. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"o": actor.organisation_id, "u": actor.user_id, "n": MOST_COUNTED + 1})
        numbers = cursor.fetchone()
    return {view: count_text(n) for view, n in zip(("olasta", "mina", "svara"), numbers, strict=True)}
