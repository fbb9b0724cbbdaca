"""Erases what its owner has decided to erase: first a preview, then exactly what the preview showed.

`plan` finds what is due and not yet empty; its digest stands for each single row. `carry_out` empties those rows, a batch
of cases to a transaction, with an event for each case and an entry in the access log for each batch; `remove_files`
takes the files away when the rows surely say so. Run again after a stop, a new preview shows what is left.

Events, seals, access log, openings and statistics stay. The columns that events give (municipality and so on) are
emptied by the event itself, so that replaying the case gives the emptied row.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party, Role
from audit.collector import Collector
from audit.models import AccessEntry, Via
from documents import vault
from documents.models import Document
from fmu_portal.models import Event, Note
from orders import retention
from orders.models import Assessment, Enclosure, Erasure, InsuredPerson, Order, Report, ReportVersion, StepDraft, Visit
from orders.process import ASSESSMENT
from orders.retention import ErasureDecision, Kind

STEP = "erase"
"""The event's step. It is no step of the process: it moves no status, no duty and no version."""

BATCH = 100
"""Cases in a transaction."""

ENDED = tuple(status.name for status in ASSESSMENT.statuses.values() if status.ended)
ACTOR = Actor(party=Party.ADMINISTRATION, role=Role.ADMINISTRATOR, organisation_id=0)

IN_EVENTS: dict[str, Any] = {
    "municipality_id": None,
    "other_region_reason": "",
    "interpreter": None,
    "wished_start": None,
}
WRITTEN: dict[str, Any] = {"language": "", "special_needs": "", "method": ""}
"""The columns of the needs on the case's row, and what they are when empty: those that events give, and free text."""

SEEN_AS = {
    Kind.NEEDS: See.NEEDS,
    Kind.PERSON: See.IDENTITY,
    Kind.ORDER: See.PAPERS,
    Kind.DOCUMENT: See.PAPERS,
    Kind.VERSION: See.REPORT,
    Kind.DRAFT: See.REPORT,
    Kind.NOTE: See.NEEDS,
    Kind.STEP_DRAFT: See.NEEDS,
    Kind.VISIT: See.CASE,
}
"""What the access log calls each."""


@dataclass(frozen=True, order=True)
class Item:
    """One row that would be emptied: of which case, by which decision's part, which row (its id as text)."""

    case_id: int
    part: str
    owner: str
    kind: Kind
    pk: str


@dataclass(frozen=True)
class Line:
    """A line of the preview: a decision, and how many cases and rows of each kind it would empty."""

    decision: ErasureDecision
    cases: int
    rows: dict[Kind, int]


@dataclass(frozen=True)
class Plan:
    """What would be erased. ``ended``: case id -> its last step's event when the plan was made."""

    decisions: tuple[ErasureDecision, ...]
    items: tuple[Item, ...]
    ended: dict[int, int]

    @property
    def digest(self) -> str:
        """SHA-256 in hex of every decision and row: another row, case or decision is another digest."""
        digest = hashlib.sha256(json.dumps([d.record() for d in self.decisions], sort_keys=True).encode())
        for item in self.items:
            ended = self.ended[item.case_id]
            digest.update(f"{item.case_id}:{ended}:{item.part}:{item.owner}:{item.kind}:{item.pk}\n".encode())
        return digest.hexdigest()

    def lines(self) -> list[Line]:
        """One per decision, those that erase nothing today too."""
        rows = []
        for decision in self.decisions:
            mine = [i for i in self.items if (i.part, i.owner) == (decision.part, decision.owner_name)]
            kinds: dict[Kind, int] = defaultdict(int)
            for item in mine:
                kinds[item.kind] += 1
            rows.append(Line(decision, len({i.case_id for i in mine}), dict(kinds)))
        return rows


class Changed(Exception):
    """The preview that was confirmed is not what would be erased now."""


def plan(day: date | None = None) -> Plan:
    """What is due on a day (today when None) by the decisions in force. Raises `orders.retention.BadDecision`."""
    day = day or timezone.localdate()
    held = retention.in_force(retention.decisions(), day)
    items: set[Item] = set()
    ended: dict[int, int] = {}
    for decision in held:
        due = _due(decision, day)
        organisations = decision.organisations()
        for kind in retention.PARTS[decision.part].kinds:
            found = FIND[kind](due, organisations)
            items |= {Item(case, decision.part, decision.owner_name, kind, str(pk)) for case, pk in found}
        ended |= dict(due.values_list("pk", "last_event_id"))
    with_something = {item.case_id for item in items}
    return Plan(tuple(held), tuple(sorted(items)), {pk: event for pk, event in ended.items() if pk in with_something})


def _due(decision: ErasureDecision, day: date) -> QuerySet[Assessment]:
    """The cases that ended the decision's years ago: the last step's day counts."""
    last = retention.ended_by(day, decision.years)
    return Assessment.objects.filter(status__in=ENDED, last_event__at__date__lte=last)


Pairs = Collection[tuple[int, Any]]
Cases = QuerySet[Assessment]


def _needs(due: Cases, organisations: list[int]) -> Pairs:
    empty = Q(**WRITTEN, other_region_reason="")
    empty &= Q(municipality__isnull=True, interpreter__isnull=True, wished_start__isnull=True)
    return list(due.filter(agency_office__in=organisations).exclude(empty).values_list("pk", "pk"))


def _person(due: Cases, organisations: list[int]) -> Pairs:
    rows = InsuredPerson.objects.filter(assessment__in=due.filter(agency_office__in=organisations))
    return list(rows.exclude(identity_hash="").values_list("pk", "pk"))


def _order(due: Cases, organisations: list[int]) -> Pairs:
    rows = Order.objects.filter(assessment__in=due.filter(agency_office__in=organisations))
    return list(rows.exclude(purpose="", method="", no_self_rating_reason="").values_list("assessment_id", "pk"))


def _documents(due: Cases, organisations: list[int]) -> Pairs:
    """A document that lies in a case which is not due, too, waits for it."""
    own = {"document__owner__in": organisations, "document__erased_at__isnull": True}
    pairs: set[tuple[int, Any]] = set()
    waiting: set[Any] = set()
    for manager in (Enclosure.objects, ReportVersion.objects):
        rows = manager.filter(**own, assessment__in=due)
        pairs |= set(rows.values_list("assessment_id", "document_id"))
    for manager in (Enclosure.objects, ReportVersion.objects):
        elsewhere = manager.filter(document_id__in={pk for _, pk in pairs}).exclude(assessment__in=due)
        waiting |= set(elsewhere.values_list("document_id", flat=True))
    return [(case, pk) for case, pk in pairs if pk not in waiting]


def _versions(due: Cases, organisations: list[int]) -> Pairs:
    rows = ReportVersion.objects.filter(assessment__in=due, performer__in=organisations, content__isnull=False)
    return list(rows.values_list("assessment_id", "pk"))


def _drafts(due: Cases, organisations: list[int]) -> Pairs:
    rows = Report.objects.filter(assessment__in=due, performer__in=organisations).exclude(content={})
    return list(rows.values_list("assessment_id", "pk"))


def _notes(due: Cases, organisations: list[int]) -> Pairs:
    rows = Note.objects.filter(case_id__in=due.values("pk"), author__in=organisations).exclude(text="")
    return [(int(case or 0), pk) for case, pk in rows.values_list("case_id", "pk")]


def _step_drafts(due: Cases, organisations: list[int]) -> Pairs:
    rows = StepDraft.objects.filter(assessment__in=due, organisation__in=organisations)
    return list(rows.values_list("assessment_id", "pk"))


def _visits(due: Cases, organisations: list[int]) -> Pairs:
    rows = Visit.objects.filter(assessment__in=due, performer__in=organisations).exclude(place="")
    return list(rows.values_list("assessment_id", "pk"))


FIND: dict[Kind, Callable[[Cases, list[int]], Pairs]] = {
    Kind.NEEDS: _needs,
    Kind.PERSON: _person,
    Kind.ORDER: _order,
    Kind.DOCUMENT: _documents,
    Kind.VERSION: _versions,
    Kind.DRAFT: _drafts,
    Kind.NOTE: _notes,
    Kind.STEP_DRAFT: _step_drafts,
    Kind.VISIT: _visits,
}
"""Kind -> the rows of due cases that are the organisations' and not yet empty: (case id, row's id)."""


def _empty_documents(pks: list[str], now: datetime) -> None:
    Document.objects.filter(pk__in=pks, erased_at__isnull=True).update(
        erased_at=now, wrapped_key=None, key_id="", name="", sha256="", clean_sha256=""
    )
    Enclosure.objects.filter(document_id__in=pks).update(warning_page=None, dated=None)


def empty_person() -> dict[str, Any]:
    """Every column of a person's row as it is when nothing is left of the person: new columns of text are among them."""
    values: dict[str, Any] = {}
    for field in InsuredPerson._meta.concrete_fields:
        if field.primary_key:
            continue
        if isinstance(field, models.BinaryField):
            values[field.attname] = b""
        elif field.null:
            values[field.attname] = None
        elif isinstance(field, models.CharField | models.TextField):
            values[field.attname] = ""
    return values


EMPTY: dict[Kind, Callable[[list[str], datetime], Any]] = {
    Kind.NEEDS: lambda pks, now: Assessment.objects.filter(pk__in=map(int, pks)).update(**IN_EVENTS, **WRITTEN),
    Kind.PERSON: lambda pks, now: InsuredPerson.objects.filter(pk__in=map(int, pks)).update(**empty_person()),
    Kind.ORDER: lambda pks, now: Order.objects.filter(pk__in=pks).update(
        purpose="", method="", no_self_rating_reason=""
    ),
    Kind.DOCUMENT: _empty_documents,
    Kind.VERSION: lambda pks, now: ReportVersion.objects.filter(pk__in=pks).update(content=None, erased_at=now),
    Kind.DRAFT: lambda pks, now: Report.objects.filter(pk__in=pks).update(content={}),
    Kind.NOTE: lambda pks, now: Note.objects.filter(pk__in=pks).update(text=""),
    Kind.STEP_DRAFT: lambda pks, now: StepDraft.objects.filter(pk__in=pks).delete(),
    Kind.VISIT: lambda pks, now: Visit.objects.filter(pk__in=map(int, pks)).update(place=""),
}
"""Kind -> what empties the rows."""


@dataclass
class Done:
    """What an erasure did: cases and rows emptied; ``skipped``: cases that moved on after the preview."""

    erasure: Erasure
    cases: int = 0
    rows: int = 0
    skipped: int = 0


def carry_out(confirmed: str, batch: int = BATCH) -> Done:
    """Erase exactly what the confirmed preview showed. Raises `Changed` (nothing done) and `BadDecision`.

    Each batch holds by itself; files are removed after each. Only the database's owner may do it.
    """
    planned = plan()
    if planned.digest != confirmed or not planned.items:
        raise Changed
    counts: dict[str, int] = defaultdict(int)
    for item in planned.items:
        counts[item.part] += 1
    done = Done(
        Erasure.objects.create(digest=confirmed, decisions=[d.record() for d in planned.decisions], counts=dict(counts))
    )
    by_case: dict[int, list[Item]] = defaultdict(list)
    for item in planned.items:
        by_case[item.case_id].append(item)
    cases = iter(by_case.items())
    while chunk := dict(islice(cases, batch)):
        _erase(done, planned, chunk)
        remove_files()
    return done


@transaction.atomic
def _erase(done: Done, planned: Plan, chunk: dict[int, list[Item]]) -> None:
    now = timezone.now()
    locked = Assessment.objects.select_for_update(of=("self",)).filter(pk__in=chunk).order_by("pk")
    status = {
        pk: status
        for pk, status, last in locked.values_list("pk", "status", "last_event_id")
        if last == planned.ended[pk]  # a case that was opened again keeps everything
    }
    items = [item for pk in status for item in chunk[pk]]
    if not items:
        done.skipped += len(chunk)
        return
    by_kind: dict[Kind, list[str]] = defaultdict(list)
    gathered = Collector(wrote=[STEP], why=f"erasure:{done.erasure.pk}")
    for item in items:
        by_kind[item.kind].append(item.pk)
        gathered.cases.setdefault(item.case_id, set()).add(str(SEEN_AS[item.kind]))
    for kind, pks in by_kind.items():
        EMPTY[kind](pks, now)
    Event.objects.bulk_create(
        [_event(done.erasure, pk, status[pk], chunk[pk], now, _rests_on(planned, chunk[pk])) for pk in status]
    )
    AccessEntry.record(gathered, ACTOR, Via.WORKER, "erase")
    done.cases += len(status)
    done.rows += len(items)
    done.skipped += len(chunk) - len(status)


def _rests_on(planned: Plan, items: list[Item]) -> list[int]:
    """Which of the erasure's decisions, by their place in it."""
    wanted = {(item.part, item.owner) for item in items}
    return [n for n, d in enumerate(planned.decisions) if (d.part, d.owner_name) in wanted]


def _event(
    erasure: Erasure, case_id: int, status: str, items: list[Item], now: datetime, decisions: list[int]
) -> Event:
    """That parts of a case were erased: the one writer of this event, as the clock is of its own."""
    parts = sorted({item.part for item in items})
    data: dict[str, Any] = {"erasure": erasure.pk, "parts": parts, "decisions": decisions}
    if any(item.kind is Kind.NEEDS for item in items):
        data["set"] = IN_EVENTS
    return Event(
        process=ASSESSMENT.name,
        subject_id=case_id,
        case_id=case_id,
        step=STEP,
        party=Party.ADMINISTRATION,
        from_status=status,
        to_status=status,
        at=now,
        data=data,
    )


def files_left() -> QuerySet[Document]:
    """Erased documents whose files are still to be removed: their key is gone already."""
    return Document.objects.filter(erased_at__isnull=False).exclude(storage_key="")


def remove_files() -> int:
    """Remove the files of erased documents from the storage; return how many could not be. Safe to stop and repeat."""
    failed = 0
    for pk, storage_key, clean_key in files_left().order_by("pk").values_list("pk", "storage_key", "clean_key"):
        shared = Document.objects.filter(storage_key=storage_key, erased_at__isnull=True).exists()
        try:
            if not shared:
                vault.delete(storage_key, vault.clean_key_of(storage_key), clean_key)
        except OSError:
            failed += 1
            continue
        # A report's file key is made from its storage key (`documents.keys`), so that goes last of all.
        Document.objects.filter(pk=pk).update(storage_key="", clean_key="")
    return failed


def decisions_of(events: Collection[Event]) -> list[dict[str, Any]]:
    """The decisions that a case's erasures rest on, for its page: each the decision's record and ``on``, the day."""
    erased = [event for event in events if event.step == STEP]
    if not erased:
        return []
    kept = Erasure.objects.in_bulk([event.data["erasure"] for event in erased])
    return [
        kept[event.data["erasure"]].decisions[number] | {"on": timezone.localdate(event.at)}
        for event in sorted(erased, key=lambda event: event.pk)
        for number in event.data["decisions"]
    ]
