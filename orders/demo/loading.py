"""The bulk loader: plays every plan and copies the rows in, while the next cases are being played."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Any

from django.db import connection
from django.utils import timezone

from orders.demo.calendar import Calendar
from orders.demo.hinges import put_back, take_down
from orders.demo.insured import numbers
from orders.demo.ledger import Books
from orders.demo.papers import Papers, store
from orders.demo.parties import Office, Parties, Parts, Region, Unit
from orders.demo.performing import ASSESSMENT_COLUMNS, Performance
from orders.demo.playing import PART_COLUMNS, SHARED_COLUMNS
from orders.demo.story import Plan

AFTER: list[Callable[[Calendar], None]] = []
"""What apps further up add when the cases are there: a little, whatever their number."""

AFTER_YEAR: list[Callable[[int, Callable[[str], None]], None]] = []
"""What apps further up make of a national year: given the year, and where to say how far it has come."""

CHUNK = 2500
"""Cases played before their rows are copied."""

LARGE = 5000
"""Cases from which it pays to take foreign keys and indexes down while loading."""

TABLES: dict[str, tuple[str, str]] = {
    "assessment": ("orders_assessment", ", ".join(["id", *(name for name, _ in ASSESSMENT_COLUMNS)])),
    "event": (
        "fmu_portal_event",
        "id, process, subject_id, case_id, step, party, organisation_id, mandate_id, from_status, to_status, at, data",
    ),
    "duty": (
        "fmu_portal_duty",
        "id, process, subject_id, case_id, kind, party, organisation_id, holder_id, due, rule, inputs, opened_by_id,"
        " closed_by_id, superseded_by_id",
    ),
    "signal": ("fmu_portal_dutysignal", "duty_id, kind, days_before, at"),
    "note": ("fmu_portal_note", "event_id, case_id, kind, text, visible_to, author_id"),
    "person": (
        "orders_insuredperson",
        "assessment_id, identity_encrypted, identity_hash, name, address, postal_code, locality, phone, email,"
        " representative, protection, municipality_id",
    ),
    "notice": ("fmu_portal_notice", "organisation_id, user_id, event_id, case_id, case_number, text, key, at"),
    "order": (
        "orders_order",
        "assessment_id, event_id, method, purpose, expandable, no_self_rating_reason, own_documents, informed_on",
    ),
    "assignment": ("orders_assignment", "assessment_id, performer_id, opened_by_id, closed_by_id"),
    "participant": ("orders_participant", "assessment_id, performer_id, user_id"),
    "enclosure": (
        "orders_enclosure",
        "id, assessment_id, document_id, kind, dated, position, warning_page, attested, staged_by_id, sent_by_id,"
        " voided_by_id",
    ),
    "report": ("orders_report", "assessment_id, performer_id, content, revision, saved_at, saved_by_id"),
    "report_version": (
        "orders_reportversion",
        "assessment_id, number, performer_id, source, content, document_id, signed_by_id, signed_at, event_id",
    ),
    **{
        process: (f"orders_{process}", ", ".join([*SHARED_COLUMNS, *(name for name, _ in columns)]))
        for process, columns in PART_COLUMNS.items()
    },
}
"""The ledger's word for a table -> its name and the columns of a line."""

NUMBERED = {"assessment": "case_id", "event": "event_id", "duty": "duty_id", "enclosure": "enclosure_id"}
"""Tables whose ids the ledger gives -> the attribute of the books with the next one."""

_FOLLOWING = "ALTER TABLE fmu_portal_duty {word} TRIGGER case_follows_new, {word} TRIGGER case_follows_changed"
_NEAREST = """
UPDATE orders_assessment a SET next_due = d.nearest, report_due = d.report
FROM (
    SELECT case_id, min(due) AS nearest, min(due) FILTER (WHERE kind = 'deliver_report') AS report
    FROM fmu_portal_duty WHERE closed_by_id IS NULL AND case_id >= %s GROUP BY case_id
) d
WHERE a.id = d.case_id
"""

_WEIGHTS = {"01": 24, "12": 16, "14": 14, "05": 5, "03": 5}
"""County code -> share of the cases; the other regions have 2.25 each."""


def load_cases(parties: Parties, calendar: Calendar, planned: list[Plan], seed: int, say: Callable[[str], None]) -> int:
    """Load the planned cases inside the caller's transaction, as the owner; return how many events there are."""
    count = len(planned)
    papers = store((o.pk for o in parties.offices), (u.pk for u in parties.units()), timezone.now())
    books, counters = _open_books(calendar), _Counters()
    first_event = books.event_id
    taken_down = take_down([table for table, _ in TABLES.values()]) if count >= LARGE else []
    first_case = books.case_id
    with connection.cursor() as cursor, ThreadPoolExecutor(1) as copier:
        # Once for all cases at the end, and not for each chunk, with the duties' indexes down.
        cursor.execute(_FOLLOWING.format(word="DISABLE"))
        # Times in the lines are Swedish wall-clock time.
        cursor.execute("SET LOCAL TIME ZONE 'Europe/Stockholm'")
        # The connection is the copier's alone from here on; playing a case asks the database nothing.
        raw: Any = cursor.cursor
        pending: Future[None] | None = None
        done = 0
        for lines in _played(books, parties, papers, counters, planned, seed):
            if pending is not None:
                pending.result()
            pending = copier.submit(_copy, raw, lines)
            done = min(count, done + CHUNK)
            if count > CHUNK and done % (4 * CHUNK) == 0:
                say(f"{done} av {count} ärenden")
        if pending is not None:
            pending.result()
        counters.store()
        next_ids = {word: getattr(books, attribute) for word, attribute in NUMBERED.items()} | books.part_ids
        for word, following in next_ids.items():
            table = TABLES[word][0]
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, following])
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        cursor.execute(_NEAREST, [first_case])
        # What the update still has to prove: a table with such a debt cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(_FOLLOWING.format(word="ENABLE"))
    if taken_down:
        say("index och nycklar byggs upp")
        put_back(taken_down)
    return books.event_id - first_event


def analyze() -> None:
    """Tell the planner what the tables hold now."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _open_books(calendar: Calendar) -> Books:
    """Books that go on where the tables end. Nobody else adds cases until the transaction ends."""
    next_ids: dict[str, int] = {}
    with connection.cursor() as cursor:
        for word in (*NUMBERED, *PART_COLUMNS):
            table = TABLES[word][0]
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
            next_ids[word] = int(cursor.fetchone()[0])
    case, event, duty, enclosure = (next_ids[word] for word in NUMBERED)
    return Books(calendar, case, event, duty, enclosure, {process: next_ids[process] for process in PART_COLUMNS})


def _copy(cursor: Any, lines: dict[str, list[str]]) -> None:
    for word, rows in lines.items():
        table, columns = TABLES[word]
        rows.append("")
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO("\n".join(rows)), 1 << 20)


def _played(
    books: Books,
    parties: Parties,
    papers: Papers,
    counters: _Counters,
    planned: list[Plan],
    seed: int,
) -> Iterator[dict[str, list[str]]]:
    """The lines of some thousand cases at a time."""
    rng = Random(seed + 1)  # noqa: S311 - made-up cases, not a secret
    calendar, digits = books.calendar, numbers(seed)
    casting = _Casting(parties)
    for index, plan in enumerate(planned, start=1):
        office, region, unit, first = casting.choose(plan, rng)
        officer = office.officers[0] if first else rng.choice(office.officers)
        number = counters.next(int(calendar.iso[plan.start][:4]))
        parts = Parts(office, officer, region, unit, rng.choice(region.places), next(digits))
        case = Performance(books, rng, number, parts, papers)
        case.perform(plan.start, plan.acts)
        case.finish()
        if index % CHUNK == 0:
            yield books.drain()
    yield books.drain()


class _Casting:
    """Chooses between whom a case is."""

    def __init__(self, parties: Parties) -> None:
        self._pairs = [(office, region) for office in parties.offices for region in office.regions]
        self._weights = [_WEIGHTS.get(region.county, 2.25) for _, region in self._pairs]
        self._by_county = {region.county: (office, region) for office, region in self._pairs}

    def choose(self, plan: Plan, rng: Random) -> tuple[Office, Region, Unit, bool]:
        """Office, region, unit, and whether the office's first officer has it."""
        if plan.desk:
            office, region = self._by_county["01" if plan.desk == "first" else "12"]
            return office, region, region.units[0], True
        office, region = rng.choices(self._pairs, self._weights)[0]
        unit = region.units[0] if rng.random() < 0.4 else rng.choice(region.units)
        return office, region, unit, rng.random() < 0.3


class _Counters:
    """Case numbers per year, going on where the counters stand."""

    def __init__(self) -> None:
        from orders.models import CaseCounter

        self._model = CaseCounter
        self._last = dict(CaseCounter.objects.values_list("year", "last"))

    def next(self, year: int) -> str:
        """The next case number of a year."""
        self._last[year] = self._last.get(year, 0) + 1
        return f"{year}-{self._last[year]:06d}"

    def store(self) -> None:
        """Let the portal go on from here."""
        rows = [self._model(year=year, last=last) for year, last in self._last.items()]
        self._model.objects.bulk_create(rows, update_conflicts=True, unique_fields=["year"], update_fields=["last"])
