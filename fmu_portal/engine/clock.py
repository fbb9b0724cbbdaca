"""The clock: reminds, flags what has passed, records silence. It moves no date and takes no decision.

Everything is set-based: one statement writes signal, event and outbox row for all duties it concerns. A signal is
unique per duty row and kind, so running twice, or two at once, does the work once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from django.db import connection
from django.utils import timezone

from fmu_portal.database import as_clock
from fmu_portal.engine import outbox
from fmu_portal.engine.registry import PROCESSES, Registered

BATCH = 50_000

_reminders: list[Callable[[], Mapping[str, tuple[int, ...]]]] = []
_chores: list[Callable[[date], int]] = []


def register_reminders(days_before: Callable[[], Mapping[str, tuple[int, ...]]]) -> None:
    """Say how many working days before the last day each rule reminds: rule key -> days."""
    _reminders[:] = [days_before]


def register_chore(chore: Callable[[date], int]) -> None:
    """Add something else that the clock does (silence, lapses); it gets the day and returns how many it did."""
    _chores.append(chore)


def moment_of(today: date) -> datetime | None:
    """When the clock acts on a day: now (None) today; asked for another day, as a demonstration does, five past midnight."""
    return None if today == timezone.localdate() else timezone.make_aware(datetime.combine(today, time(0, 5)))


def watch(today: date | None = None) -> dict[str, int]:
    """Everything the clock owes on a day (today when None): counts per kind of work."""
    day = today or timezone.localdate()
    chores = sum(chore(day) for chore in _chores)
    counts = {"chores": chores, "reminded": 0, "overdue": 0}
    for registered in PROCESSES.values():
        counts["reminded"] += _remind(registered, day)
        counts["overdue"] += flag_overdue(registered, day)
    if any(counts.values()):
        outbox.nudge()
    return counts


_FLAG = """
WITH due AS (
    SELECT d.id, d.subject_id, d.case_id, d.organisation_id, d.kind, d.due, s.status
    FROM fmu_portal_duty d JOIN {table} s ON s.id = d.subject_id
    WHERE d.process = %(process)s AND d.closed_by_id IS NULL AND d.due < %(today)s
      AND NOT EXISTS (SELECT 1 FROM fmu_portal_dutysignal g
                      WHERE g.duty_id = d.id AND g.kind = 'overdue' AND g.days_before = 0)
      AND (d.due, d.id) > (%(due)s, %(id)s)
    ORDER BY d.due, d.id LIMIT %(batch)s FOR NO KEY UPDATE OF d SKIP LOCKED
), signal AS (
    INSERT INTO fmu_portal_dutysignal (duty_id, kind, days_before, at)
    SELECT id, 'overdue', 0, %(now)s FROM due ON CONFLICT DO NOTHING RETURNING duty_id
), told AS (
    INSERT INTO fmu_portal_outbox (kind, key, payload, created_at, not_before, attempts, error)
    SELECT 'signal', 'overdue:' || due.id, jsonb_build_object('duty', due.id, 'signal', 'overdue'), %(now)s, %(now)s, 0, ''
    FROM due JOIN signal ON signal.duty_id = due.id
), happened AS (
    INSERT INTO fmu_portal_event (process, subject_id, case_id, step, party, from_status, to_status, at, data)
    SELECT %(process)s, due.subject_id, due.case_id, 'overdue', 'clock', due.status, due.status, %(now)s,
           jsonb_build_object('duty', due.id, 'kind', due.kind, 'due', due.due)
    FROM due JOIN signal ON signal.duty_id = due.id RETURNING 1
)
SELECT (SELECT count(*) FROM happened), (SELECT count(*) FROM due), due, id FROM due ORDER BY due DESC, id DESC LIMIT 1
"""


def flag_overdue(registered: Registered, today: date) -> int:
    """Flag every open duty whose last day was before ``today`` and that has not been flagged; return how many."""
    table = registered.model._meta.db_table
    # A day that has been (a demonstration's) has its own moment; nothing is written as if it had happened later than now.
    now = min(moment_of(today) or timezone.now(), timezone.now())
    params: dict[str, Any] = {"process": registered.process.name, "today": today, "now": now, "batch": BATCH}
    flagged, last = 0, (date.min, 0)
    while True:
        with as_clock(), connection.cursor() as cursor:
            cursor.execute(_FLAG.format(table=table), params | {"due": last[0], "id": last[1]})
            row = cursor.fetchone()
        if row is None:
            return flagged
        flagged, last = flagged + int(row[0]), (row[2], row[3])
        if row[1] < BATCH:
            return flagged


_REMIND = """
WITH limits (rule, days) AS (VALUES {values}), today AS (
    SELECT ordinal FROM fmu_portal_calendarday WHERE day = %(today)s
), near AS (
    SELECT d.id, min(l.days) AS days
    FROM fmu_portal_duty d
    JOIN limits l ON l.rule = split_part(d.rule, '@', 1)
    JOIN fmu_portal_calendarday c ON c.day = d.due, today
    WHERE d.process = %(process)s AND d.closed_by_id IS NULL AND d.due >= %(today)s AND d.due <= %(horizon)s
      AND c.ordinal - today.ordinal <= l.days
    GROUP BY d.id
), signal AS (
    INSERT INTO fmu_portal_dutysignal (duty_id, kind, days_before, at)
    SELECT near.id, 'reminded', near.days, %(now)s FROM near
    WHERE NOT EXISTS (SELECT 1 FROM fmu_portal_dutysignal g
                      WHERE g.duty_id = near.id AND g.kind = 'reminded' AND g.days_before <= near.days)
    ON CONFLICT DO NOTHING RETURNING duty_id, days_before
)
INSERT INTO fmu_portal_outbox (kind, key, payload, created_at, not_before, attempts, error)
SELECT 'signal', 'reminded:' || duty_id || ':' || days_before,
       jsonb_build_object('duty', duty_id, 'signal', 'reminded', 'days', days_before),
       %(now)s, %(now)s, 0, ''
FROM signal ON CONFLICT DO NOTHING
"""


def _remind(registered: Registered, today: date) -> int:
    """Remind of open duties within their rule's days, once per duty and number of days; return how many."""
    from fmu_portal.working_days import add_working_days

    days_before = _reminders[0]() if _reminders else {}
    pairs = [(rule, n) for rule, days in days_before.items() for n in days]
    if not pairs:
        return 0
    values = ", ".join(f"(%(r{i})s, %(n{i})s)" for i in range(len(pairs)))
    params: dict[str, Any] = {}
    for i, (rule, n) in enumerate(pairs):
        params |= {f"r{i}": rule, f"n{i}": n}
    params |= {
        "process": registered.process.name,
        "today": today,
        "now": timezone.now(),
        "horizon": add_working_days(today, max(n for _, n in pairs)),
    }
    with as_clock(), connection.cursor() as cursor:
        cursor.execute(_REMIND.format(values=values), params)
        return int(cursor.rowcount)
