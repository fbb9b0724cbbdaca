"""The bulk loader: plays every plan and copies the rows in, while the next cases are being played.

A large load is played by two processes: each has half of the performer units, so that an assessor's day is in one of
them, and ids of its own to give. They are forked from this one, ask the database nothing and send their lines back.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from random import Random
from typing import Any, NamedTuple

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

PLAYERS = 2
"""Processes that play a large load."""

ROOM = 60
"""Ids of a table that each player has aside, for each of its cases. A case of ours has nine events."""

NUMBERED = ("assessment", "event", "duty", "enclosure")
"""Tables whose ids we give, beside those of the parts."""

_FOLLOWING = "ALTER TABLE fmu_portal_duty {word} TRIGGER case_follows_new, {word} TRIGGER case_follows_changed"
_WEIGHTS = {"01": 24, "12": 16, "14": 14, "05": 5, "03": 5}
"""County code -> share of the cases; the other regions have 2.25 each."""


def load_cases(parties: Parties, calendar: Calendar, planned: list[Plan], seed: int, say: Callable[[str], None]) -> int:
    """Load the planned cases inside the caller's transaction, as the owner; return how many events there are."""
    count = len(planned)
    large = count >= LARGE
    papers = store((o.pk for o in parties.offices), (u.pk for u in parties.units()), timezone.now())
    first, counters = _next_ids(), _Counters()
    shares = _shared_out(
        _cast(parties, calendar, planned, counters, first["assessment"], seed), PLAYERS if large else 1
    )
    books = _books(calendar, first, shares)
    taken_down = take_down([table for table, _ in TABLES.values()]) if large else []
    with connection.cursor() as cursor:
        # The cases' lines say their nearest days themselves.
        cursor.execute(_FOLLOWING.format(word="DISABLE"))
        # Times in the lines are Swedish wall-clock time.
        cursor.execute("SET LOCAL TIME ZONE 'Europe/Stockholm'")
        players = [
            _play(book, share, papers, seed + 1 + at)
            for at, (book, share) in enumerate(zip(books, shares, strict=True))
        ]
        following = _copied(cursor, _from_processes(players) if large else players[0], count, say)
        counters.store()
        for word, (table, _) in TABLES.items():
            if word in following:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, following[word]])
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        # What the lines still have to prove: a table with such a debt cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(_FOLLOWING.format(word="ENABLE"))
        cursor.execute("SELECT count(*) FROM fmu_portal_event WHERE id >= %s", [first["event"]])
        events = int(cursor.fetchone()[0])
    if taken_down:
        say("index och nycklar byggs upp")
        put_back(taken_down)
    return events


def analyze() -> None:
    """Tell the planner what the tables hold now."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _next_ids() -> dict[str, int]:
    """Table's word -> the next free id. Nobody else adds cases until the transaction ends."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for word in (*NUMBERED, *PART_COLUMNS):
            table = TABLES[word][0]
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
            found[word] = int(cursor.fetchone()[0])
    return found


class _Cast(NamedTuple):
    """A case about to be played: its id, its number, between whom, and what happens."""

    pk: int
    number: str
    parts: Parts
    plan: Plan


def _cast(
    parties: Parties, calendar: Calendar, planned: list[Plan], counters: _Counters, first: int, seed: int
) -> list[_Cast]:
    """Number the planned cases and choose between whom each is."""
    rng = Random(seed)  # noqa: S311 - made-up cases, not a secret
    casting, digits = _Casting(parties), numbers(seed)
    found = []
    for pk, plan in enumerate(planned, start=first):
        office, region, unit, is_first = casting.choose(plan, rng)
        officer = office.officers[0] if is_first else rng.choice(office.officers)
        parts = Parts(office, officer, region, unit, rng.choice(region.places), next(digits))
        found.append(_Cast(pk, counters.next(int(calendar.iso[plan.start][:4])), parts, plan))
    return found


def _shared_out(cast: Sequence[_Cast], players: int) -> list[list[_Cast]]:
    """The cases in as many shares, a unit's all in one, nearly as many in each."""
    of_unit: dict[int, list[_Cast]] = {}
    for one in cast:
        of_unit.setdefault(one.parts.unit.pk, []).append(one)
    shares: list[list[_Cast]] = [[] for _ in range(players)]
    for cases in sorted(of_unit.values(), key=len, reverse=True):
        min(shares, key=len).extend(cases)
    return [sorted(share, key=lambda one: one.pk) for share in shares]


def _books(calendar: Calendar, first: dict[str, int], shares: list[list[_Cast]]) -> list[Books]:
    """Books for each share, with ids set aside from where the tables end."""
    found, cases_before = [], 0
    for share in shares:
        event, duty, enclosure = (first[word] + ROOM * cases_before for word in ("event", "duty", "enclosure"))
        parts = {process: first[process] + ROOM * cases_before for process in PART_COLUMNS}
        found.append(Books(calendar, event, duty, enclosure, parts))
        cases_before += len(share)
    return found


class _Played(NamedTuple):
    """Some cases' lines, joined, by table's word; how many cases; and by word the id that would have come next."""

    lines: dict[str, str]
    cases: int
    following: dict[str, int]


def _play(books: Books, share: list[_Cast], papers: Papers, seed: int) -> Iterator[_Played]:
    """The lines of some thousand cases at a time."""
    rng = Random(seed)  # noqa: S311 - made-up cases, not a secret
    begun = books.next_ids()
    for at in range(0, len(share), CHUNK):
        some = share[at : at + CHUNK]
        for one in some:
            case = Performance(books, rng, one.pk, one.number, one.parts, papers)
            case.perform(one.plan.start, one.plan.acts)
            case.finish()
        following = books.next_ids()
        room = ROOM * len(share)
        assert all(following[word] - begun[word] <= room for word in begun), "a share has used another's ids"
        lines = {word: "\n".join((*rows, "")) for word, rows in books.drain().items()}
        yield _Played(lines, len(some), following | {"assessment": share[-1].pk + 1})


def _from_processes(players: list[Iterator[_Played]]) -> Iterator[_Played]:
    """What the players play, each in a process of its own, as it comes. Raises ``RuntimeError`` when one of them died."""
    context = get_context("fork")
    ends = [context.Pipe(duplex=False) for _ in players]
    processes = [
        context.Process(target=_send, args=(sending, player), daemon=True)
        for (_, sending), player in zip(ends, players, strict=True)
    ]
    for process, (_, sending) in zip(processes, ends, strict=True):
        process.start()
        sending.close()
    receiving: list[Connection] = [receiver for receiver, _ in ends]
    try:
        while receiving:
            for ready in wait(receiving):
                assert isinstance(ready, Connection)
                try:
                    yield ready.recv()
                except EOFError:
                    receiving.remove(ready)
        for process in processes:
            process.join()
            if process.exitcode:
                raise RuntimeError(f"en av lagets processer slutade med {process.exitcode}")
    finally:
        for process in processes:
            process.kill()


def _send(sending: Connection, player: Iterator[_Played]) -> None:
    with closing(sending):
        for played in player:
            sending.send(played)


def _copied(cursor: Any, chunks: Iterator[_Played], count: int, say: Callable[[str], None]) -> dict[str, int]:
    """Copy the lines in while the next are being made; return by table's word the id that follows the last.

    The connection is the copier's alone meanwhile.
    """
    following: dict[str, int] = {}
    pending: Future[None] | None = None
    done, told = 0, 0
    with ThreadPoolExecutor(1) as copier:
        for chunk in chunks:
            if pending is not None:
                pending.result()
            pending = copier.submit(_copy, cursor.cursor, chunk.lines)
            following = {word: max(pk, following.get(word, 0)) for word, pk in chunk.following.items()}
            done += chunk.cases
            if done - told >= 4 * CHUNK:
                told = done
                say(f"{done} av {count} ärenden")
        if pending is not None:
            pending.result()
    return following


def _copy(cursor: Any, lines: dict[str, str]) -> None:
    for word, rows in lines.items():
        table, columns = TABLES[word]
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(rows), 1 << 20)


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
