"""A rule or the calendar has changed: which open duties would get another day, shown first, moved when a person says so.

`find_moves` is run after reference data is loaded and keeps the answer as a `Recount`; `decide` is the person's answer.
A moved duty is a new row that supersedes the old one, with an event that says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.roles import Party
from fmu_portal.database import as_clock
from fmu_portal.engine.refusals import NoRule, WrongState
from fmu_portal.engine.registry import PROCESSES, Registered, count_limit
from fmu_portal.models import Duty, Recount

BATCH = 5000


def moved_duties() -> Iterator[tuple[Duty, date, str, dict[str, Any]]]:
    """Every open duty that counts to another day now: (duty, new day, rule, inputs). One pass, rules read once each."""
    limits: dict[tuple[str, str, int | None, str], tuple[date, str, dict[str, Any]] | None] = {}
    rows = Duty.objects.open().exclude(inputs__has_key="decided").order_by("id")
    regions: dict[tuple[str, int], int | None] = {}
    for duty in rows.iterator(chunk_size=BATCH):
        kind = PROCESSES[duty.process].process.duties.get(duty.kind)
        if kind is None:
            continue
        region = _region_of(duty, regions)
        key = (kind.rule, duty.inputs["start"], region, json.dumps([duty.inputs.get(n) for n in ("extra", "until")]))
        if key not in limits:
            try:
                limit = count_limit(kind.rule, date.fromisoformat(duty.inputs["start"]), region, duty.inputs)
                limits[key] = (limit.due, limit.rule, limit.inputs)
            except NoRule:
                limits[key] = None
        new = limits[key]
        if new is not None and new[0] != duty.due:
            yield duty, *new


def _region_of(duty: Duty, cache: dict[tuple[str, int], int | None]) -> int | None:
    """The region whose routines apply; only asked where some region has a routine of its own."""
    if not cache and not _regional_rules():
        return None
    subject = (duty.process, duty.subject_id)
    if subject not in cache:
        cache[subject] = PROCESSES[duty.process].model.objects.get(pk=duty.subject_id).region_id
    return cache[subject]


def _regional_rules() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM rules_rule WHERE region_id IS NOT NULL)")
        return bool(cursor.fetchone()[0])


def find_moves() -> int:
    """Look for duties that would move and keep the list for a person to decide on; return how many."""
    moves = [[d.pk, d.kind, d.party, d.due.isoformat(), new.isoformat()] for d, new, _, _ in moved_duties()]
    undecided = Recount.objects.filter(decided_at__isnull=True)
    if not moves:
        undecided.update(decided_at=timezone.now(), approved=False)
        return 0
    digest = hashlib.sha256(json.dumps(moves).encode()).hexdigest()
    undecided.exclude(digest=digest).update(decided_at=timezone.now(), approved=False)
    Recount.objects.get_or_create(digest=digest, decided_at=None, defaults={"moves": moves})
    return len(moves)


def decide(recount_id: int, user_id: int, approved: bool) -> int:
    """A person's answer to a list; when yes, the duties on it that still stand as shown are moved. Returns how many.

    Raises `WrongState` when somebody has answered already.
    """
    with as_clock():  # a list of duties, by number: who decides reads no case
        recount = Recount.objects.select_for_update().get(pk=recount_id)
        if recount.decided_at is not None:
            raise WrongState("Någon har redan tagit ställning till omräkningen.", status_label="")
        recount.decided_at, recount.decided_by_id, recount.approved = timezone.now(), user_id, approved
        moved = _move(recount) if approved else 0
        recount.done_at = timezone.now() if approved else None
        recount.save()
        return moved


def _move(recount: Recount) -> int:
    """Move what still stands as the person saw it; what does not comes in the next list. A batch is six statements."""
    shown = {row[0]: row[4] for row in recount.moves}
    moved = 0
    wanted = [
        (found.process, found.pk, new, rule, inputs)
        for found, new, rule, inputs in moved_duties()
        if shown.get(found.pk) == new.isoformat()
    ]
    for process in {row[0] for row in wanted}:
        rows = [row[1:] for row in wanted if row[0] == process]
        for start in range(0, len(rows), BATCH):
            moved += _move_batch(recount, PROCESSES[process], rows[start : start + BATCH])
    return moved


_LOCK = """
SELECT d.id FROM fmu_portal_duty d JOIN {table} s ON s.id = d.subject_id
WHERE d.id = ANY(%s) AND d.process = %s AND d.closed_by_id IS NULL ORDER BY s.id, d.id FOR UPDATE OF s, d
"""
_NUMBERS = """
SELECT nextval(pg_get_serial_sequence('fmu_portal_event', 'id')), nextval(pg_get_serial_sequence('fmu_portal_duty', 'id'))
FROM generate_series(1, %s)
"""
_PLAN = """
WITH m AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(events)s::bigint[], %(duties)s::bigint[], %(dues)s::date[],
                         %(rules)s::text[], %(inputs)s::jsonb[]) AS m(id, event_id, duty_id, due, rule, inputs)
)
"""
_CLOSE = (
    _PLAN
    + """
UPDATE fmu_portal_duty d SET closed_by_id = m.event_id, superseded_by_id = m.duty_id FROM m WHERE d.id = m.id
"""
)
_OPEN = (
    _PLAN
    + """
INSERT INTO fmu_portal_duty (id, process, subject_id, case_id, kind, party, organisation_id, holder_id, due, rule, inputs,
                             opened_by_id)
SELECT m.duty_id, d.process, d.subject_id, d.case_id, d.kind, d.party, d.organisation_id, d.holder_id, m.due, m.rule,
       m.inputs, m.event_id
FROM m JOIN fmu_portal_duty d ON d.id = m.id
"""
)
_TELL = (
    _PLAN
    + """
INSERT INTO fmu_portal_event (id, process, subject_id, case_id, step, party, from_status, to_status, at, data)
SELECT m.event_id, d.process, d.subject_id, d.case_id, 'recount', %(party)s, s.status, s.status, %(now)s,
       jsonb_build_object(
           'recount', %(recount)s, 'closed', jsonb_build_array(d.id),
           'moved', jsonb_build_array(jsonb_build_array(d.id, m.duty_id)), 'kind', d.kind, 'from', d.due, 'to', m.due,
           'opened', jsonb_build_array(jsonb_build_array(
               m.duty_id, d.kind, d.organisation_id, m.due, m.rule, m.inputs, d.holder_id)))
FROM m JOIN fmu_portal_duty d ON d.id = m.id JOIN {table} s ON s.id = d.subject_id
"""
)


def _move_batch(recount: Recount, registered: Registered, rows: list[tuple[int, date, str, dict[str, Any]]]) -> int:
    """Supersede duties (id, new day, rule, inputs) that are still open, with their events; return how many."""
    table = registered.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(table=table), [[row[0] for row in rows], registered.process.name])
        still_open = {row[0] for row in cursor.fetchall()}
        rows = [row for row in rows if row[0] in still_open]
        cursor.execute(_NUMBERS, [len(rows)])
        numbers = cursor.fetchall()
        plan: dict[str, Any] = {
            "ids": [row[0] for row in rows],
            "events": [event for event, _ in numbers],
            "duties": [duty for _, duty in numbers],
            "dues": [row[1] for row in rows],
            "rules": [row[2] for row in rows],
            "inputs": [json.dumps(row[3]) for row in rows],
            "recount": recount.pk,
            "party": str(Party.ADMINISTRATION),
            "now": timezone.now(),
        }
        for statement in (_CLOSE, _OPEN, _TELL.format(table=table)):
            cursor.execute(statement, plan)
    return len(rows)
