"""Plays one case by the process table and writes down the rows that the door and the clock would have made.

The door locks, checks and writes one step; this knows that the step is allowed and writes a hundred thousand cases.
What opens and closes which duty, and what a day is counted from, is asked of the same table (`orders.process`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from accounts.roles import Party
from orders.demo import telling
from orders.demo.calendar import Calendar, Last
from orders.process import ASSESSMENT

as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
NULL = r"\N"
_MORNING, _AFTERNOON = 8 * 60, 15 * 60
_CLOCKS = [f"{minute // 60:02d}:{minute % 60:02d}:00" for minute in range(24 * 60)]


class Person(NamedTuple):
    """Who acts: a mandate of a user at an organisation."""

    party: str
    organisation_id: int
    mandate_id: int
    user_id: int


class Owed(NamedTuple):
    """An open duty. ``since`` is the ordinal of the day it was opened; ``clock`` the time then."""

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
    """Rows per table as lines of COPY, and the next free ids."""

    calendar: Calendar
    case_id: int
    event_id: int
    duty_id: int
    enclosure_id: int
    lines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, table: str, line: str) -> None:
        """One line of a table."""
        self.lines.setdefault(table, []).append(line)

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


class Case:
    """A case being played: its fields, its open duties and its clock."""

    def __init__(self, books: Books, rng: Random, number: str) -> None:
        self.books, self.rng, self.calendar = books, rng, books.calendar
        self.pk, books.case_id = books.case_id, books.case_id + 1
        self.fields: dict[str, Any] = {"number": number}
        self.status, self.version, self.event_id = ASSESSMENT.start, 0, 0
        self.open: list[Owed] = []
        self.flagged: set[int] = set()
        self.ordinals: dict[str, int] = {}
        self.day, self.minute, self.at = 0, 0, ""

    # -- steps -----------------------------------------------------------------------------------------------------

    def next_event(self, day: int) -> int:
        """The id of the step about to be taken on the day, after what the clock said before it."""
        self._flag(day)
        if day != self.day or self.minute < _MORNING:
            self.day, self.minute = day, self.rng.randint(_MORNING, _AFTERNOON)
        else:
            self.minute += self.rng.randint(5, 45)
        self.at = f"{self.calendar.iso[day]} {_CLOCKS[self.minute]}"
        return self._number_event()

    def next_silence(self) -> int:
        """The same for the clock's own step: two minutes into the day after the last day to confirm."""
        due = self.owed("confirm_underlag").last.due
        self._flag(due)
        self.day, self.minute = due + self.calendar.after_working[due], 2
        self.at = f"{self.calendar.after[due]} {_CLOCKS[self.minute]}"
        return self._number_event()

    def _number_event(self) -> int:
        self.event_id, self.books.event_id = self.books.event_id, self.books.event_id + 1
        return self.event_id

    def take(
        self,
        step: str,
        actor: Person | None,
        data: dict[str, Any] | None = None,
        *,
        limit: tuple[str, int] | None = None,
        notes: Sequence[tuple[str, str]] = (),
        **fields: Any,
    ) -> None:
        """Take the step whose event id `next_event` gave. ``actor`` None is the clock; ``limit``: (duty kind, ordinal
        of a day decided by a person); ``notes``: (kind, text); ``fields``: what the step sets, dates as text."""
        row = ASSESSMENT.steps[step]
        before, data = self.status, data or {}
        self.fields.update(fields)
        closing = ASSESSMENT.closed_by(row, before, {owed.kind for owed in self.open})
        closed = [owed for owed in self.open if owed.kind in closing]
        self.open = [owed for owed in self.open if owed.kind not in closing]
        for owed in closed:
            self._write_duty(owed, self.event_id)
        opened = self._owe(ASSESSMENT.opened_by(row, before), limit)
        if fields:
            data["set"] = fields
        if opened:
            data["opened"] = [_opened(owed, self.calendar) for owed in opened]
        if closed:
            data["closed"] = [owed.pk for owed in closed]
        self.status = row.to if row.to is not None else before
        self._write_event(step, actor, before, data)
        if telling.is_recent(self.calendar, self.day):
            self._tell(step, actor, data, opened)
        for kind, words in notes:
            parties = ",".join(row.note_to)
            author = text(actor.organisation_id if actor else None)
            self.books.add("note", f"{self.event_id}\t{self.pk}\t{kind}\t{words}\t{{{parties}}}\t{author}")

    def _tell(self, step: str, actor: Person | None, data: dict[str, Any], opened: list[Owed]) -> None:
        """Notices of a step: to those who got a duty and those whom the step tells, but not to who took it."""
        owing = {owed.organisation_id: owed for owed in opened}
        told = {self.fields.get(_PARTY_FIELDS[party][0]) for party in ASSESSMENT.steps[step].tells}
        told |= {data.get("handed_back_by"), *owing}
        for organisation in sorted(pk for pk in told if pk and (actor is None or pk != actor.organisation_id)):
            owed = owing.get(organisation)
            words = (
                telling.of_duty(owed.kind, self.calendar.iso[owed.last.due])
                if owed
                else telling.of_step(step, actor.party if actor else "clock", data)
            )
            self._notice(
                organisation, owed.holder_id if owed else None, self.event_id, words, f"step:{self.event_id}", self.at
            )

    def _notice(self, organisation: int, user: int | None, event: int | None, words: str, key: str, at: str) -> None:
        self.books.add(
            "notice",
            f"{organisation}\t{text(user)}\t{text(event)}\t{self.pk}\t{self.fields['number']}\t{words}"
            f"\t{key}:{organisation}\t{at}",
        )

    def _signal(self, owed: Owed, signal: str, days: int, day: int, at: str) -> None:
        self.books.add("signal", f"{owed.pk}\t{signal}\t{days}\t{at}")
        if telling.is_recent(self.calendar, day):
            due = self.calendar.iso[owed.last.due]
            words = telling.of_signal(signal, owed.kind, due)
            self._notice(owed.organisation_id, owed.holder_id, None, words, f"{signal}:{owed.pk}:{days}", at)

    def create(self, day: int, actor: Person) -> None:
        """The draft, as `orders.cases.new_case` makes it."""
        self.next_event(day)
        self.fields |= {
            "agency_office_id": actor.organisation_id,
            "case_officer_id": actor.user_id,
            "created_on": self.calendar.iso[day],
        }
        opened = self._owe(("send_or_discard",), None)
        data = {"set": dict(self.fields), "opened": [_opened(owed, self.calendar) for owed in opened]}
        self._write_event("create", actor, ASSESSMENT.start, data)

    def owed(self, kind: str) -> Owed:
        """The open duty of a kind. StopIteration when there is none."""
        return next(owed for owed in self.open if owed.kind == kind)

    def close_books(self) -> None:
        """Today has come: what the clock has said until now, and the rows of the duties still open."""
        self._flag(None)
        for owed in self.open:
            self._write_duty(owed, None)

    # -- duties ----------------------------------------------------------------------------------------------------

    def _owe(self, kinds: Sequence[str], limit: tuple[str, int] | None) -> list[Owed]:
        rows = []
        fields = self.fields
        for name in kinds:
            kind = ASSESSMENT.duties[name]
            start = self.day if kind.counted_from is None else self.ordinals[kind.counted_from]
            decided = limit[1] if limit and limit[0] == name else None
            last = self.calendar.last_day(kind.rule, start, fields.get("region_id"), decided)
            for party in kind.parties:
                organisation, holder = _PARTY_FIELDS[party]
                pk, self.books.duty_id = self.books.duty_id, self.books.duty_id + 1
                rows.append(
                    Owed(pk, name, party, fields[organisation], fields.get(holder), last, self.event_id, self.day,
                         _CLOCKS[self.minute])
                )  # fmt: skip
        self.open += rows
        return rows

    def _flag(self, day: int | None) -> None:
        """The clock's event for each open duty whose last day had passed before the day (None: today)."""
        calendar = self.calendar
        late = [
            owed
            for owed in self.open
            if owed.pk not in self.flagged and (calendar.passed(owed.last.due) if day is None else owed.last.due < day)
        ]
        for owed in sorted(late, key=lambda owed: (owed.last.due, owed.pk)):
            self.flagged.add(owed.pk)
            event_id, self.books.event_id = self.books.event_id, self.books.event_id + 1
            at = f"{calendar.after[owed.last.due]} 00:05:00"
            data = as_json({"duty": owed.pk, "kind": owed.kind, "due": calendar.iso[owed.last.due]})
            self.books.add(
                "event",
                f"{event_id}\tassessment\t{self.pk}\t{self.pk}\toverdue\tclock\t{NULL}\t{NULL}"
                f"\t{self.status}\t{self.status}\t{at}\t{data}",
            )
            self._signal(owed, "overdue", 0, owed.last.due, at)

    def _write_duty(self, owed: Owed, closed_by: int | None) -> None:
        calendar, last = self.calendar, owed.last
        self.books.add(
            "duty",
            f"{owed.pk}\tassessment\t{self.pk}\t{self.pk}\t{owed.kind}\t{owed.party}\t{owed.organisation_id}"
            f"\t{text(owed.holder_id)}\t{calendar.iso[last.due]}\t{last.rule}\t{as_json(last.inputs)}\t{owed.opened_by}"
            f"\t{text(closed_by)}\t{NULL}",
        )
        until = min(self.day if closed_by else calendar.now, last.due)
        if closed_by and self.day == owed.since:
            return
        days_of: dict[int, int] = {}
        for days in last.remind:
            days_of[max(last.due - days, owed.since)] = days  # of several on one day, the fewest: they come last
        for day, days in days_of.items():
            if day <= until:
                clock = "00:05:00" if day > owed.since else owed.clock
                self._signal(owed, "reminded", days, day, f"{calendar.iso[day]} {clock}")

    # -- rows ------------------------------------------------------------------------------------------------------

    def _write_event(self, step: str, actor: Person | None, before: str, data: dict[str, Any]) -> None:
        self.version += 1
        who = f"{actor.party}\t{actor.organisation_id}\t{actor.mandate_id}" if actor else f"clock\t{NULL}\t{NULL}"
        self.books.add(
            "event",
            f"{self.event_id}\tassessment\t{self.pk}\t{self.pk}\t{step}\t{who}\t{before}\t{self.status}\t{self.at}"
            f"\t{as_json(data)}",
        )


_PARTY_FIELDS = {
    Party.AGENCY: ("agency_office_id", "case_officer_id"),
    Party.REGION: ("region_id", "region_coordinator_id"),
    Party.PERFORMER: ("performer_id", "responsible_physician_id"),
}
"""party -> (its organisation's field, the field of who has the case in hand), as the model answers."""


def _opened(owed: Owed, calendar: Calendar) -> list[Any]:
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
