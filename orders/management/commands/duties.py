"""`manage.py duties --check`: every open duty's last day counted again by another route; exit code 1 on a difference.

The portal counts in Python (`fmu_portal.working_days`); here the database counts: the day after which the table of
days has so many more working days, with the number of days read from the rule in force on the start day.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from fmu_portal.database import passes_walls
from fmu_portal.engine.registry import PROCESSES

_CHECK = """
WITH kinds (process, kind, rule) AS (VALUES {kinds}),
open AS (
    SELECT d.id, d.case_id, d.kind, d.due, d.rule AS code, d.inputs, k.rule AS key,
           (d.inputs->>'start')::date AS start, (d.inputs->>'decided')::date AS decided, a.region_id
    FROM fmu_portal_duty d
    LEFT JOIN kinds k ON k.process = d.process AND k.kind = d.kind
    LEFT JOIN orders_assessment a ON a.id = d.case_id
    WHERE d.closed_by_id IS NULL
),
starts AS (SELECT DISTINCT key, start, region_id FROM open),
rules AS (
    SELECT DISTINCT ON (s.key, s.start, s.region_id) s.key, s.start, s.region_id, r.code, r.value::int AS days
    FROM starts s JOIN rules_rule r ON r.key = s.key AND r.valid_from <= s.start
        AND (r.valid_to IS NULL OR r.valid_to >= s.start) AND (r.region_id IS NULL OR r.region_id = s.region_id)
    ORDER BY s.key, s.start, s.region_id, r.region_id NULLS LAST
),
counted AS (
    SELECT o.id, o.case_id, o.kind, o.due, o.code, o.inputs, r.code AS right_code, r.days,
           coalesce(o.decided, greatest(later.day, (o.inputs->'until'->>0)::date)) AS right_due, o.decided
    FROM open o
    LEFT JOIN rules r ON r.key = o.key AND r.start = o.start AND r.region_id IS NOT DISTINCT FROM o.region_id
    LEFT JOIN fmu_portal_calendarday first ON first.day = o.start
    LEFT JOIN fmu_portal_calendarday later ON later.working AND later.ordinal = first.ordinal + r.days + coalesce(
        (SELECT sum((e->>0)::int) FROM jsonb_array_elements(o.inputs->'extra') e), 0)
)
SELECT c.id, a.number, c.kind, c.due, c.right_due, c.code, c.right_code, c.inputs->>'days', c.days
FROM counted c LEFT JOIN orders_assessment a ON a.id = c.case_id
WHERE c.due IS DISTINCT FROM c.right_due OR c.code IS DISTINCT FROM c.right_code
   OR (c.decided IS NULL AND c.inputs->>'days' IS DISTINCT FROM c.days::text)
ORDER BY c.id
"""


def wrong_duties() -> list[tuple[Any, ...]]:
    """Open duties that the database counts to something else.

    (duty id, case number, kind, stored day, counted day, stored rule, rule in force, stored days, its days).
    """
    kinds = [(p.process.name, k.name, k.rule) for p in PROCESSES.values() for k in p.process.duties.values()]
    values = ", ".join(["(%s, %s, %s)"] * len(kinds))
    with connection.cursor() as cursor:
        cursor.execute(_CHECK.format(kinds=values), [part for kind in kinds for part in kind])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


class Command(BaseCommand):
    help = "Räkna om sista dag för alla öppna uppgifter på ett annat sätt och jämför."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", required=True, help="jämför; ändrar ingenting")

    def handle(self, *args: Any, **options: Any) -> None:
        if not passes_walls():
            raise CommandError("Kör som databasens ägare (DATABASE_URL): en annan roll ser inte alla ärenden.")
        wrong = wrong_duties()
        for pk, number, kind, due, right, code, right_code, days, right_days in wrong:
            self.stdout.write(
                f"{number}: uppgift {pk} ({kind}) har sista dag {due} enligt {code} ({days or 'bestämd'}),"
                f" räknat igen {right} enligt {right_code} ({right_days})"
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM fmu_portal_duty WHERE closed_by_id IS NULL")
            count = cursor.fetchone()[0]
        self.stdout.write(f"{count} öppna uppgifter räknade, {len(wrong)} skiljer sig.")
        if wrong:
            raise SystemExit(1)
