"""The clock's flagging of a hundred thousand overdue duties against the same rows written by one plain statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench import stack
from bench.measure import PAIRS, Result, compare

TARGET = 2.0
AHEAD = timedelta(days=120)
"""How far ahead the clock is set: every open duty has passed its last day by then."""

BARE = """
WITH due AS (
    SELECT d.id, d.subject_id, d.case_id, d.kind, d.due, a.status
    FROM fmu_portal_duty d JOIN orders_assessment a ON a.id = d.subject_id
    WHERE d.closed_by_id IS NULL AND d.due < %(today)s AND d.id NOT IN (
        SELECT duty_id FROM fmu_portal_dutysignal WHERE kind = 'overdue')
), signal AS (
    INSERT INTO fmu_portal_dutysignal (duty_id, kind, days_before, at) SELECT id, 'overdue', 0, %(now)s FROM due
), told AS (
    INSERT INTO fmu_portal_outbox (kind, key, payload, created_at, not_before, attempts, error)
    SELECT 'signal', 'overdue:' || id, jsonb_build_object('duty', id, 'signal', 'overdue'), %(now)s, %(now)s, 0, ''
    FROM due
)
INSERT INTO fmu_portal_event (process, subject_id, case_id, step, party, from_status, to_status, at, data)
SELECT 'assessment', subject_id, case_id, 'overdue', 'clock', status, status, %(now)s,
       jsonb_build_object('duty', id, 'kind', kind, 'due', due)
FROM due
"""


def measure(size: int, clean: Callable[[], None], say: Callable[[str], None], pairs: int = PAIRS) -> Result:
    """Both in a transaction that is undone; ``clean`` vacuums between the pairs.

    The foreign keys' own checks, the same for both and longer than the writing itself, come at commit and are left out.
    """
    from django.db import connection, transaction
    from django.utils import timezone

    from fmu_portal.engine.clock import flag_overdue
    from fmu_portal.engine.registry import PROCESSES

    stack.sit_down("clock")
    day = timezone.localdate() + AHEAD
    counted: dict[str, int] = {}

    def undone(name: str, write: Callable[[Any], int]) -> Callable[[], None]:
        def run() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                counted[name] = write(cursor)
                transaction.set_rollback(True)

        return run

    def bare(cursor: Any) -> int:
        cursor.execute(BARE, {"today": day, "now": timezone.now()})
        return int(cursor.rowcount)

    ours = undone("ours", lambda _cursor: flag_overdue(PROCESSES["assessment"], day))
    result = compare(
        f"flag overdue duties, {size} assessments",
        "fmu_portal.engine.clock.flag_overdue",
        ours,
        "one plain statement with the same inserts",
        undone("bare", bare),
        TARGET,
        pairs,
        warm=1,
        between=clean,
    )
    assert counted["ours"] == counted["bare"], counted
    say(f"{result.line()}  {counted['ours']} duties")
    return result
