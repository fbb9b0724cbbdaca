"""Plays a case with the parts that hang on it: what one step of the case does to its parts, and a decision to the case."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from accounts.roles import Party
from fmu_portal.engine.table import Process
from orders.demo.calendar import Last
from orders.demo.ledger import Books, CaseClock, Owed, Person, Subject, opened_words, text
from orders.process import ASSESSMENT
from orders.processes.deferral import DEFERRAL
from orders.processes.deviation import DEVIATION
from orders.processes.expansion import EXPANSION
from orders.processes.visit import VISIT

_MORNING, _AFTERNOON = 8 * 60, 15 * 60

REPORT = "deliver_report"
MISSED = {REPORT: "late_report", "supplement_report": "late_supplement"}
"""Duty whose passed last day the clock writes in as a deviation -> its kind."""

DEVIATES = {"withdraw": "withdrawn", "return": "cannot_be_met", "void_document": "wrong_document"}
"""Step that writes in a deviation -> its kind."""

PART_COLUMNS: dict[str, tuple[tuple[str, Any], ...]] = {
    VISIT.name: (
        ("profession", ""), ("assessor_id", None), ("starts_at", None), ("ends_at", None), ("video", False),
        ("place", ""), ("interpreter", "none"), ("interpreter_minutes", None), ("summoned_on", None),
        ("summoned_how", ""), ("cancelled_by", ""), ("notice_at", None), ("notice_to", ""), ("late_notice", None),
        ("late_rule", ""), ("outcome", ""),
    ),
    EXPANSION.name: (("professions", ()), ("days", None), ("decided_on", None)),
    DEFERRAL.name: (("wished", None), ("until", None), ("decided_on", None)),
    DEVIATION.name: (("kind", ""), ("found_on", None)),
}  # fmt: skip
"""Process -> the columns of its table beside those of every part, each with its value before anybody has set it."""

SHARED_COLUMNS = ("id", "assessment_id", "performer_id", "status", "version", "last_event_id")


class PartOf(Subject):
    """A part of a case being played. ``free``: what a person wrote on the row, which no event says."""

    def __init__(self, case: Case, process: Process) -> None:
        super().__init__(case.books, process, case.books.next_part(process.name))
        self.case: CaseClock = case
        self.performer_id: int | None = case.fields.get("performer_id")
        self.free: dict[str, Any] = {}
        self.since = case.day
        self.visit: dict[str, Any] = {}

    def take(self, name: str, actor: Person | None, data: dict[str, Any] | None = None, **more: Any) -> None:
        """The next step, or the first, now. ``more`` as `Subject.step`."""
        self.event_id = self.books.next_event()
        said = dict(data or {})
        if self.version == 0:
            said["begun"] = {"performer_id": self.performer_id}
        if self.visit:
            said["visit"] = self.visit
        self.step(name, actor, said, **more)

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return not self.process.statuses[self.status].ended

    def write(self) -> None:
        """The row, as it is today."""
        row = {**self.fields, **self.free}
        values = "\t".join(_cell(row.get(name, default)) for name, default in PART_COLUMNS[self.process.name])
        self.books.add(
            self.process.name,
            f"{self.pk}\t{self.case.pk}\t{text(self.performer_id)}\t{self.status}\t{self.version}\t{self.event_id}\t{values}",
        )


def _cell(value: Any) -> str:
    return f"{{{','.join(value)}}}" if isinstance(value, list | tuple) else text(value)


class Case(CaseClock):
    """A case being played: its clock, its parts and what hangs together."""

    def __init__(self, books: Books, rng: Random, pk: int, number: str) -> None:
        super().__init__(books, ASSESSMENT, pk)
        self.rng = rng
        self.fields["number"] = number
        self.flagged: set[int] = set()
        self.parts: list[PartOf] = []
        self.report_owed: list[Owed] = []
        self.given: dict[str, Any] = {}

    # -- the clock -------------------------------------------------------------------------------------------------

    def move_to(self, day: int) -> None:
        """Some time later on the day, after what the clock said before it."""
        self._flag(day)
        if day != self.day or self.minute < _MORNING:
            self.day, self.minute = day, self.rng.randint(_MORNING, _AFTERNOON)
        else:
            self.minute += self.rng.randint(5, 45)
        self._now()

    def next_event(self, day: int) -> int:
        """The id of the step about to be taken on the day."""
        self.move_to(day)
        self.event_id = self.books.next_event()
        return self.event_id

    def next_silence(self) -> int:
        """The same for the clock's own step: two minutes into the day after the last day to confirm."""
        due = self.owed("confirm_underlag").last.due
        self._flag(due)
        self.day, self.minute = due + self.calendar.after_working[due], 2
        self._now()
        self.at = f"{self.calendar.after[due]} 00:02:00"
        self.event_id = self.books.next_event()
        return self.event_id

    def _flag(self, day: int | None) -> None:
        """What the clock says of each open duty whose last day had passed before the day (None: today)."""
        calendar = self.calendar
        late = [
            (owed.last.due, owed.pk, owed, subject)
            for subject in (self, *self.parts)
            for owed in subject.open
            if owed.pk not in self.flagged and (calendar.passed(owed.last.due) if day is None else owed.last.due < day)
        ]
        for due, pk, owed, subject in sorted(late, key=lambda row: row[:2]):
            self.flagged.add(pk)
            if owed.party == Party.PERFORMER and owed.kind in MISSED:
                after = calendar.after[due]
                self.deviate(MISSED[owed.kind], after, f"{after} 00:05:00")
            subject.flag(owed)

    # -- steps -----------------------------------------------------------------------------------------------------

    def create(self, day: int, actor: Person) -> None:
        """The draft, as `orders.cases.new_case` makes it."""
        self.next_event(day)
        self.fields |= {
            "agency_office_id": actor.organisation_id,
            "case_officer_id": actor.user_id,
            "created_on": self.calendar.iso[day],
        }
        opened = self.owe(("send_or_discard",), None)
        data = {"set": dict(self.fields), "opened": [opened_words(owed, self.calendar) for owed in opened]}
        self.write_event("create", actor, ASSESSMENT.start, data, self.at)

    def take(self, name: str, actor: Person | None, data: dict[str, Any] | None = None, **more: Any) -> None:
        """Take the step whose event id `next_event` gave, with what it does to the parts. ``more`` as `Subject.step`."""
        step, at, before = self.event_id, self.at, self.status
        self.step(name, actor, data, **more)
        if self.status != before:
            if self.status == "in_progress":
                self.report_owed, self.given = [owed for owed in self.open if owed.kind == REPORT], {}
                self.ordinals.pop("until", None)
            elif self.status == "delivered":
                self.ordinals.setdefault("delivered_on", self.day)
        for part in self.parts:
            if name in part.process.closes_with and part.is_open:
                fields = {"cancelled_by": "case"} if part.process is VISIT else {}
                part.take("close", actor, {"along": step}, at=at, **fields)
        if name in DEVIATES:
            self.deviate(DEVIATES[name], self.calendar.iso[self.day])

    def begin(self, process: Process, name: str, actor: Person | None, data: Any = None, **more: Any) -> PartOf:
        """A new part with its first step."""
        part = PartOf(self, process)
        self.parts.append(part)
        part.take(name, actor, data, **more)
        return part

    def deviate(self, kind: str, found_on: str, at: str = "") -> None:
        """A deviation that the clock, or another step, writes in."""
        self.begin(DEVIATION, "record", None, at=at, kind=kind, found_on=found_on)

    def settle(self, day: int, actor: Person, words: tuple[str, str]) -> None:
        """Deviations written in before the day are closed, with cause and action."""
        for part in self.parts:
            if part.process is DEVIATION and part.is_open and part.since < day:
                self.move_to(day)
                notes = [("cause", words[0]), ("action", words[1])]
                part.take("close", actor, {"deviation": part.fields["kind"]}, notes=notes)

    def extend(self, actor: Person, along: int, extra: int = 0, until: int = 0) -> None:
        """Move the report's last day along with a decision: ``extra`` working days, or ``until`` the day with an ordinal."""
        iso, start, region = self.calendar.iso, self.ordinals["underlag_complete_on"], self.fields.get("region_id")
        before = self.report_owed[0].last
        if extra:
            self.given["extra"] = [*self.given.get("extra", []), [extra, iso[self.day]]]
        if until:
            self.given["until"] = [iso[until], iso[self.day]]
            self.ordinals["until"] = until
        base = self.calendar.last_day(ASSESSMENT.duties[REPORT].rule, start, region)
        due = max(base.due + sum(n for n, _ in self.given.get("extra", [])), self.ordinals.get("until", 0))
        last = Last(due, base.rule, {**base.inputs, **self.given}, base.remind)
        self.event_id = self.books.next_event()
        opened, closed = [], []
        for old in self.report_owed:
            pk, self.books.duty_id = self.books.duty_id, self.books.duty_id + 1
            new = old._replace(pk=pk, last=last, opened_by=self.event_id, since=self.day)
            self.superseded[old.pk] = pk
            opened.append(new)
            if old in self.open:
                self.open[self.open.index(old)] = new
                self.close_duty(old, self.event_id)
                closed.append(old.pk)
            else:
                self.ended.append((self, new, self.event_id))
                closed.append(pk)
        fields: dict[str, Any] = {}
        if "delivered_on" in self.fields:
            fields["delivered_late"] = self.ordinals["delivered_on"] > due
        data = {"along": along, "from": iso[before.due], "to": iso[due], "closed": closed}
        data |= {"opened": [opened_words(owed, self.calendar) for owed in opened]}
        data["moved"] = [[old.pk, new.pk] for old, new in zip(self.report_owed, opened, strict=True)]
        self.report_owed = opened
        if fields:
            self.fields.update(fields)
            data["set"] = fields
        self.write_event("extend", actor, self.status, data, self.at)

    def owed(self, kind: str) -> Owed:
        """The open duty of a kind. StopIteration when there is none."""
        return next(owed for owed in self.open if owed.kind == kind)

    def close_books(self) -> None:
        """Today has come: what the clock has said until now, and the rows of parts and duties."""
        self._flag(None)
        for subject in (self, *self.parts):
            for owed in subject.open:
                subject.close_duty(owed, None)
        for part in self.parts:
            part.write()
        self.write_duties()


Deed = Callable[[Any, str], None]
"""What a step of a story does to the performance, with the word of its variant."""
