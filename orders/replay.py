"""Rebuilds an assessment, and each part of one, from its events alone, and says where the stored rows differ.

An event of a step carries what the step set, which duties it opened (with day, rule and inputs) and which it closed;
the clock's flags and a recount carry what they did. Nothing else is read. The check streams events, assessments and
duties side by side in the order of the case, so that its memory does not grow with their number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction

from fmu_portal.engine.registry import DUTY_KINDS, PROCESSES, Registered
from orders.process import ASSESSMENT

BATCH = 5000
"""Rows fetched at a time."""


class DutyRow(NamedTuple):
    """A duty as the events or the table have it; days as ISO text."""

    pk: int
    case_id: int | None
    kind: str
    party: str
    organisation_id: int
    holder_id: int | None
    due: str
    rule: str
    inputs: dict[str, Any]
    opened_by: int
    closed_by: int | None
    superseded_by: int | None


@dataclass
class Rebuilt:
    """What the events of one subject say: its fields by column, and its duties by id.

    ``faults``: sentences about events that do not follow from the ones before.
    """

    process: str = ASSESSMENT.name
    status: str = ""
    version: int = 0
    last_event_id: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    duties: dict[int, DutyRow] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def apply(
        self, event_id: int, step: str, before: str, after: str, data: Mapping[str, Any], case_id: int | None
    ) -> None:
        """Take one event in, in order of id."""
        steps = PROCESSES[self.process].process.steps
        if self.version == 0 and step != "create" and "begun" not in data:
            self.faults.append(f"händelse {event_id}: den första händelsen är {step}")
        if self.version and before != self.status:
            self.faults.append(f"händelse {event_id}: från {before}, men status var {self.status}")
        if step == "create" or step in steps:
            # The clock's flags and a recount are told in the timeline but move no status.
            self.status, self.version, self.last_event_id = after, self.version + 1, event_id
        elif after != before:
            self.faults.append(f"händelse {event_id}: {step} får inte ändra status")
        if "begun" in data:
            self.fields.update(data["begun"])
            if case_id is not None:
                self.fields["assessment_id"] = case_id
        self.fields.update(data.get("set", {}))
        self._open(event_id, data, case_id)
        for pk in data.get("closed", ()):
            self._close(pk, event_id)
        for pk, holder in data.get("held", ()):
            if pk in self.duties:
                self.duties[pk] = self.duties[pk]._replace(holder_id=holder)
        for old, new in data.get("moved", ()):
            if old in self.duties and new in self.duties:
                self.duties[old] = self.duties[old]._replace(superseded_by=new)
                self.duties[new] = self.duties[new]._replace(party=self.duties[old].party)
            else:
                self.faults.append(f"händelse {event_id}: flyttade en uppgift som inte finns")

    def _close(self, pk: int, event_id: int) -> None:
        duty = self.duties.get(pk)
        if duty is None or duty.closed_by is not None:
            self.faults.append(f"händelse {event_id}: stängde uppgift {pk}, som inte var öppen")
        else:
            self.duties[pk] = duty._replace(closed_by=event_id)

    def _open(self, event_id: int, data: Mapping[str, Any], case_id: int | None) -> None:
        parties: dict[str, Iterator[str]] = {}
        for pk, kind, organisation, due, rule, inputs, holder in data.get("opened", ()):
            if kind not in parties:
                owed = data.get("owed", {}).get(kind) or [party.value for party in DUTY_KINDS[kind].parties]
                parties[kind] = iter(owed)
            party = next(parties[kind], "")
            self.duties[pk] = DutyRow(
                pk, case_id, kind, party, organisation, holder, due, rule, inputs, event_id, None, None
            )


class Shape:
    """A process's table as it is compared: its columns, what they are before any event, and which the events carry.

    ``model.FREE_TEXT`` names columns that a person wrote: those are never in an event.
    """

    def __init__(self, registered: Registered) -> None:
        self.process = registered.process.name
        meta = registered.model._meta
        fields = [f for f in meta.concrete_fields if f.attname != "id"]
        self.columns = tuple(f.attname for f in fields)
        self.initial = {
            f.attname: (f.get_default() if f.has_default() else None if f.null else "") for f in meta.concrete_fields
        }
        apart = {"status", "version", "last_event_id", *getattr(registered.model, "FREE_TEXT", ()), *_FOLLOWING}
        self.replayed = tuple(name for name in self.columns if name not in apart)
        outside = next((name for name in ("assessment_id", "case_id") if name in self.columns), None)
        outside = None if getattr(registered.model, "OUTSIDE_CASES", False) else outside
        self.key = "id" if self.process == ASSESSMENT.name else outside
        self.rows = f"SELECT id, {', '.join(self.columns)} FROM {meta.db_table} {{where}} ORDER BY id"  # noqa: S608 - own names


def replay(case_id: int) -> Rebuilt:
    """One assessment from its events."""
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS.format(where="AND subject_id = %s"), [ASSESSMENT.name, case_id])
        return _rebuilt(ASSESSMENT.name, cursor.fetchall())


def _rebuilt(process: str, rows: Iterable[tuple[Any, ...]]) -> Rebuilt:
    rebuilt = Rebuilt(process=process)
    for _, event_id, step, before, after, data, case_id in rows:
        rebuilt.apply(event_id, step, before, after, json.loads(data), case_id)
    return rebuilt


_FOLLOWING = ("next_due", "report_due")
"""Columns of a case that follow the duties of all its processes (`orders_follow_duties`)."""

_DAYS = """
SELECT a.number FROM orders_assessment a LEFT JOIN (
    SELECT case_id, min(due) AS nearest, min(due) FILTER (WHERE kind = 'deliver_report') AS report
    FROM fmu_portal_duty WHERE closed_by_id IS NULL GROUP BY case_id
) d ON d.case_id = a.id
WHERE (a.next_due, a.report_due) IS DISTINCT FROM (d.nearest, d.report) {where} ORDER BY a.id
"""

_EVENTS = """
SELECT subject_id, id, step, from_status, to_status, data, case_id FROM fmu_portal_event
WHERE process = %s {where} ORDER BY subject_id, id
"""
_DUTIES = """
SELECT id, case_id, kind, party, organisation_id, holder_id, due::text, rule, inputs, opened_by_id, closed_by_id,
       superseded_by_id, subject_id
FROM fmu_portal_duty WHERE process = %s {where} ORDER BY subject_id, id
"""


def differences(case_id: int | None = None) -> Iterator[str]:
    """One sentence per difference between the events and the stored rows, of one case or (None) of all.

    Read in one snapshot, so that a portal at work makes no false differences.
    """
    own = [] if case_id is None else [case_id]
    with transaction.atomic():
        for registered in PROCESSES.values():
            shape = Shape(registered)
            of_case = "AND case_id = %s" if own else ""
            if own and shape.key is None:
                continue  # what stands outside every case
            where = f"WHERE {shape.key} = %s" if own else ""
            name = shape.process
            events = _stream(f"{name}_events", _EVENTS.format(where=of_case), [name, *own])
            subjects = _stream(f"{name}_rows", shape.rows.format(where=where), own)
            duties = _stream(f"{name}_duties", _DUTIES.format(where=of_case), [name, *own])
            yield from _compare(shape, _Grouped(events, 0), subjects, _Grouped(duties, 12))
        for (number,) in _stream("following_days", _DAYS.format(where="AND a.id = %s" if own else ""), own):
            yield f"{number}: närmaste sista dag på ärendet är inte uppgifternas"


def _stream(name: str, sql: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Rows of a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(BATCH):
            yield from rows


def _duty_row(*row: Any) -> DutyRow:
    """A stored row; Django leaves jsonb as text in a plain cursor."""
    duty = DutyRow(*row[:12])
    return duty._replace(inputs=json.loads(row[8]))


class _Grouped:
    """Rows by subject, asked for in rising order; what nobody asked for is handed out as left over."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], key: int) -> None:
        self._groups = ((pk, [*group]) for pk, group in groupby(rows, itemgetter(key)))
        self._next: tuple[Any, list[tuple[Any, ...]]] | None = next(self._groups, None)

    def before(self, pk: int | None) -> Iterator[Any]:
        """The ids of the groups before this one (all that are left when None)."""
        while self._next is not None and (pk is None or self._next[0] < pk):
            yield self._next[0]
            self._next = next(self._groups, None)

    def of(self, pk: int) -> list[tuple[Any, ...]]:
        """The rows of a case."""
        if self._next is None or self._next[0] != pk:
            return []
        rows = self._next[1]
        self._next = next(self._groups, None)
        return rows


def _compare(shape: Shape, events: _Grouped, subjects: Iterable[tuple[Any, ...]], duties: _Grouped) -> Iterator[str]:
    what = "ärende" if shape.process == ASSESSMENT.name else shape.process
    for pk, *values in subjects:
        for orphan in events.before(pk):
            yield f"Händelser för {what} {orphan}, som inte finns"
        for orphan in duties.before(pk):
            yield f"Uppgifter för {what} {orphan}, som inte finns"
        stored = dict(zip(shape.columns, values, strict=True))
        rebuilt = _rebuilt(shape.process, events.of(pk))
        for sentence in _of_subject(shape, rebuilt, stored, [_duty_row(*row) for row in duties.of(pk)]):
            yield f"{stored.get('number', f'{what} {pk}')}: {sentence}"
    for orphan in events.before(None):
        yield f"Händelser för {what} {orphan}, som inte finns"
    for orphan in duties.before(None):
        yield f"Uppgifter för {what} {orphan}, som inte finns"


def _same_moment(stored: Any, said: Any) -> bool:
    """Whether a stored moment is the one that an event wrote as text."""
    return isinstance(stored, datetime) and isinstance(said, str) and stored == datetime.fromisoformat(said)


def _of_subject(shape: Shape, rebuilt: Rebuilt, stored: dict[str, Any], duties: list[DutyRow]) -> Iterator[str]:
    yield from rebuilt.faults
    said = {"status": rebuilt.status, "version": rebuilt.version, "last_event_id": rebuilt.last_event_id}
    for name, value in said.items():
        if stored[name] != value:
            yield f"{name} är {stored[name]}, händelserna säger {value}"
    for name in shape.replayed:
        value = rebuilt.fields.get(name, shape.initial[name])
        if isinstance(value, dict) and isinstance(stored[name], str):  # jsonb is text in a plain cursor
            stored[name] = json.loads(stored[name])
        if stored[name] != value and str(stored[name]) != value and not _same_moment(stored[name], value):
            yield f"{name} är {stored[name]}, händelserna säger {value}"
    found = {duty.pk: duty for duty in duties}
    for pk, duty in rebuilt.duties.items():
        row = found.pop(pk, None)
        if row is None:
            yield f"uppgift {pk} ({duty.kind}) saknas"
        elif row != duty:
            for name, is_, was in zip(DutyRow._fields, row, duty, strict=True):
                if is_ != was:
                    yield f"uppgift {pk}: {name} är {is_}, händelserna säger {was}"
    for pk in found:
        yield f"uppgift {pk} finns, men ingen händelse har öppnat den"
