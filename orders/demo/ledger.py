"""Plays a case, or a part of one, by its process table and writes down the rows that the door and the clock would have made.

The door locks, checks and writes one step; this knows that the step is allowed and writes a hundred thousand cases.
What opens and closes which duty, and what a day is counted from, is asked of the same tables (`orders.process`,
`orders.processes`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from accounts.roles import Party
from fmu_portal.engine.table import Process
from orders.demo import telling
from orders.demo.calendar import Calendar, Last

as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
NULL = r"\N"
_CLOCKS = [f"{minute // 60:02d}:{minute % 60:02d}:00" for minute in range(24 * 60)]


class Person(NamedTuple):
    """Who acts: a mandate of a user at an organisation."""

    party: str
    organisation_id: int
    mandate_id: int
    user_id: int
    name: str = ""


class Owed(NamedTuple):
    """A duty. ``since`` is the ordinal of the day it was opened; ``clock`` the time then."""

    pk: int
    kind: str
    party: str
    organisation_id: int
    holder_id: int | None
    last: Last
    opened_by: int
    since: int
    clock: str


@dataclass
class Books:
    """Rows per table as lines of COPY, and the next free ids (of a part by its process's name).

    ``visits``: (assessor's user id, ordinal of the day) -> how many visits the assessor has had there so far.
    """

    calendar: Calendar
    event_id: int
    duty_id: int
    enclosure_id: int
    part_ids: dict[str, int]
    lines: dict[str, list[str]] = field(default_factory=dict)
    visits: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, table: str, line: str) -> None:
        """One line of a table."""
        self.lines.setdefault(table, []).append(line)

    def next_event(self) -> int:
        """The id of an event that is about to be written."""
        self.event_id += 1
        return self.event_id - 1

    def next_part(self, process: str) -> int:
        """The id of a part that is about to begin."""
        self.part_ids[process] += 1
        return self.part_ids[process] - 1

    def next_ids(self) -> dict[str, int]:
        """Table's word -> the id that would come next."""
        return {"event": self.event_id, "duty": self.duty_id, "enclosure": self.enclosure_id, **self.part_ids}

    def drain(self) -> dict[str, list[str]]:
        """The lines so far, to be copied; the books begin on a new page."""
        lines, self.lines = self.lines, {}
        return lines


def text(value: Any) -> str:
    """A value as COPY's text format has it. The demonstration's words hold no tab, newline or backslash."""
    if value is None:
        return NULL
    if value is True:
        return "t"
    if value is False:
        return "f"
    return str(value)


class Subject:
    """A case or a part of one being played: its fields, its open duties, its events. The clock is the case's."""

    case: CaseClock

    def __init__(self, books: Books, process: Process, pk: int) -> None:
        self.books, self.calendar, self.process, self.pk = books, books.calendar, process, pk
        self.fields: dict[str, Any] = {}
        self.status, self.version, self.event_id = process.start, 0, 0
        self.open: list[Owed] = []

    def step(
        self,
        name: str,
        actor: Person | None,
        data: dict[str, Any] | None = None,
        *,
        limit: tuple[str, int] | None = None,
        notes: Sequence[tuple[str, str]] = (),
        at: str = "",
        **fields: Any,
    ) -> None:
        """Take the step whose event id stands in ``event_id``. ``actor`` None is the clock; ``limit``: (duty kind, ordinal
        of a day decided by a person); ``notes``: (kind, text); ``at``: when, if not now; ``fields``: what the step sets,
        dates as text."""
        row, case = self.process.steps[name], self.case
        before, data = self.status, data or {}
        self.fields.update(fields)
        opened: list[Owed] = []
        if self.open:
            closing = self.process.closed_by(row, before, {owed.kind for owed in self.open})
            closed = [owed for owed in self.open if owed.kind in closing]
            self.open = [owed for owed in self.open if owed.kind not in closing]
            for owed in closed:
                self.close_duty(owed, self.event_id)
            if closed:
                data["closed"] = [owed.pk for owed in closed]
        if kinds := self.process.opened_by(row, before):
            opened = self.owe(kinds, limit)
            data["opened"] = [opened_words(owed, self.calendar) for owed in opened]
        if fields:
            data["set"] = fields
        self.status = row.to if row.to is not None else before
        self.write_event(name, actor, before, data, at or case.at)
        if telling.is_recent(self.calendar, case.day):
            self._tell(name, actor, data, opened, at or case.at)
        for kind, words in notes:
            parties = ",".join(row.note_to)
            author = text(actor.organisation_id if actor else None)
            self.books.add("note", f"{self.event_id}\t{case.pk}\t{kind}\t{words}\t{{{parties}}}\t{author}")

    def _tell(self, step: str, actor: Person | None, data: dict[str, Any], opened: list[Owed], at: str) -> None:
        """Notices of a step: to those who got a duty and those whom the step tells, but not to who took it."""
        case = self.case
        owing = {owed.organisation_id: owed for owed in opened}
        told = {case.fields.get(_PARTY_FIELDS[party][0]) for party in self.process.steps[step].tells}
        told |= {data.get("handed_back_by"), *owing}
        for organisation in sorted(pk for pk in told if pk and (actor is None or pk != actor.organisation_id)):
            owed = owing.get(organisation)
            words = (
                telling.of_duty(owed.kind, self.calendar.iso[owed.last.due])
                if owed
                else telling.of_step(self.process.name, step, actor.party if actor else "clock", data)
            )
            self._notice(
                organisation, owed.holder_id if owed else None, self.event_id, words, f"step:{self.event_id}", at
            )

    def _notice(self, organisation: int, user: int | None, event: int | None, words: str, key: str, at: str) -> None:
        self.books.add(
            "notice",
            f"{organisation}\t{text(user)}\t{text(event)}\t{self.case.pk}\t{self.case.fields['number']}\t{words}"
            f"\t{key}:{organisation}\t{at}",
        )

    def _signal(self, owed: Owed, signal: str, days: int, day: int, at: str) -> None:
        self.books.add("signal", f"{owed.pk}\t{signal}\t{days}\t{at}")
        if telling.is_recent(self.calendar, day):
            due = self.calendar.iso[owed.last.due]
            words = telling.of_signal(signal, owed.kind, due)
            self._notice(owed.organisation_id, owed.holder_id, None, words, f"{signal}:{owed.pk}:{days}", at)

    # -- duties ----------------------------------------------------------------------------------------------------

    def owe(self, kinds: Sequence[str], limit: tuple[str, int] | None) -> list[Owed]:
        """Open duties of the kinds."""
        rows = []
        case = self.case
        for name in kinds:
            kind = self.process.duties[name]
            start = case.day if kind.counted_from is None else case.ordinals[kind.counted_from]
            decided = limit[1] if limit and limit[0] == name else None
            last = self.calendar.last_day(kind.rule, start, case.fields.get("region_id"), decided)
            for party in kind.parties:
                organisation, holder = _PARTY_FIELDS[party]
                pk, self.books.duty_id = self.books.duty_id, self.books.duty_id + 1
                rows.append(
                    Owed(pk, name, party, case.fields[organisation], case.fields.get(holder), last, self.event_id,
                         case.day, _CLOCKS[case.minute])
                )  # fmt: skip
        self.open += rows
        return rows

    def flag(self, owed: Owed) -> None:
        """The clock's event for an open duty whose last day has passed."""
        at = f"{self.calendar.after[owed.last.due]} 00:05:00"
        data = as_json({"duty": owed.pk, "kind": owed.kind, "due": self.calendar.iso[owed.last.due]})
        self.books.add(
            "event",
            f"{self.books.next_event()}\t{self.process.name}\t{self.pk}\t{self.case.pk}\toverdue\tclock\t{NULL}\t{NULL}"
            f"\t{self.status}\t{self.status}\t{at}\t{data}",
        )
        self._signal(owed, "overdue", 0, owed.last.due, at)

    def close_duty(self, owed: Owed, closed_by: int | None) -> None:
        """What the clock has reminded of, and the duty's row for when the books are closed."""
        calendar, case, last = self.calendar, self.case, owed.last
        case.ended.append((self, owed, closed_by))
        until = min(case.day if closed_by else calendar.now, last.due)
        if not last.remind or (closed_by and case.day == owed.since):
            return
        days_of: dict[int, int] = {}
        for days in last.remind:
            days_of[max(last.due - days, owed.since)] = days  # of several on one day, the fewest: they come last
        for day, days in days_of.items():
            if day <= until:
                clock = "00:05:00" if day > owed.since else owed.clock
                self._signal(owed, "reminded", days, day, f"{calendar.iso[day]} {clock}")

    # -- rows ------------------------------------------------------------------------------------------------------

    def write_event(self, step: str, actor: Person | None, before: str, data: dict[str, Any], at: str) -> None:
        """The event's row; the status has moved already."""
        self.version += 1
        who = f"{actor.party}\t{actor.organisation_id}\t{actor.mandate_id}" if actor else f"clock\t{NULL}\t{NULL}"
        self.books.add(
            "event",
            f"{self.event_id}\t{self.process.name}\t{self.pk}\t{self.case.pk}\t{step}\t{who}\t{before}\t{self.status}\t{at}"
            f"\t{as_json(data)}",
        )


class CaseClock(Subject):
    """What the parts of a case share with it: the day, the minute of the day, the moment as COPY has it.

    ``ended``: every duty that is over or that the books have closed on; ``superseded``: a duty -> the one in its place.
    ``next_due``, ``report_due``: the nearest last day that is open when the books are closed, of all and of the report, as
    the database keeps them on the case (`orders_follow_duties`); ordinals.
    """

    def __init__(self, books: Books, process: Process, pk: int) -> None:
        super().__init__(books, process, pk)
        self.case = self
        self.day, self.minute, self.at = 0, 0, ""
        self.ordinals: dict[str, int] = {}
        self.ended: list[tuple[Subject, Owed, int | None]] = []
        self.superseded: dict[int, int] = {}
        self.next_due: int | None = None
        self.report_due: int | None = None

    def not_before(self, minute: int) -> None:
        """Let at least so many minutes of the day have gone."""
        self.minute = max(self.minute, minute)
        self._now()

    def _now(self) -> None:
        self.at = f"{self.calendar.iso[self.day]} {_CLOCKS[self.minute]}"

    def write_duties(self) -> None:
        """The rows of all duties that the books have closed on."""
        iso = self.calendar.iso
        still = [owed for _, owed, closed_by in self.ended if closed_by is None]
        self.next_due = min((owed.last.due for owed in still), default=None)
        self.report_due = min((owed.last.due for owed in still if owed.kind == "deliver_report"), default=None)
        for subject, owed, closed_by in self.ended:
            last = owed.last
            self.books.add(
                "duty",
                f"{owed.pk}\t{subject.process.name}\t{subject.pk}\t{self.pk}\t{owed.kind}\t{owed.party}"
                f"\t{owed.organisation_id}\t{text(owed.holder_id)}\t{iso[last.due]}\t{last.rule}\t{as_json(last.inputs)}"
                f"\t{owed.opened_by}\t{text(closed_by)}\t{text(self.superseded.get(owed.pk))}",
            )
        self.ended = []


_PARTY_FIELDS = {
    Party.AGENCY: ("agency_office_id", "case_officer_id"),
    Party.REGION: ("region_id", "region_coordinator_id"),
    Party.PERFORMER: ("performer_id", "responsible_physician_id"),
}
"""party -> (its organisation's field, the field of who has the case in hand), as the model answers."""


def opened_words(owed: Owed, calendar: Calendar) -> list[Any]:
    """What an event says of a duty that it opened."""
    last = owed.last
    return [
        owed.pk,
        owed.kind,
        owed.organisation_id,
        calendar.iso[last.due],
        last.rule,
        last.inputs,
        owed.holder_id,
    ]
