"""Claims: a national year's checks against one hand-written query, and the lists at 10 000 and 1 000 000 lines.

The rows are made by plain SQL in the bench's own databases: claims of assessments that are there, four lines each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench import stack
from bench.measure import Result, compare
from bench.pages import _buffers, _fetch, _queries, actor_of

LINES = (10_000, 1_000_000)
YEAR = 8_000
"""Assessments of a national year, about 30 000 lines."""
NO_TARGET = 1_000.0
"""The issue sets no limit for the checks against the hand-written query: the figure is told, not judged."""
CHECK_PAIRS = 10
"""A pair takes many seconds: fewer, with a wider interval."""

_OFFICE = "SELECT id FROM accounts_organisation WHERE kind = 'agency_office' ORDER BY id LIMIT 1"
_CLAIMS = f"""
INSERT INTO reimbursement_claim (number, region_id, office_id, status, version, kind, central, assessment_id, payable_on,
    submitted_on, cost, payable, approved, urgency, overridden, decided_by_id, attested_by_id, attested_on)
SELECT 'B-' || to_char(n, 'FM0000000'), a.region_id, ({_OFFICE}), %(status)s, 3, 'assessment', false, a.id,
       date '2025-01-01' + (n %% 365)::int, date '2025-02-01' + (n %% 365)::int, 2600000, 2600000, %(approved)s, 1, false,
       NULL, NULL, %(attested)s::date
FROM generate_series(%(first)s, %(last)s) n
JOIN (SELECT id, region_id, row_number() OVER (ORDER BY id) AS r FROM orders_assessment WHERE region_id IS NOT NULL) a
  ON a.r = 1 + n %% (SELECT count(*) FROM orders_assessment WHERE region_id IS NOT NULL)
"""
_LINES = """
INSERT INTO reimbursement_line (claim_id, kind, key, holds, event_id, profession, rule_day, rule, unit_ceiling, ceiling,
    price, cost, bar, outcome, approved, checks)
SELECT c.id, k.kind, 'b:' || c.id || ':' || k.kind, true, NULL, k.profession, date '2025-01-02',
       'money.' || k.kind || '@2024-01-01', k.top, k.top, k.top - 100000, k.top - 100000, '', '', %(approved)s, '[]'
FROM reimbursement_claim c
CROSS JOIN (VALUES ('physician', '', 2000000::bigint), ('psychologist', 'psychologist', 700000),
                   ('physiotherapist', 'physiotherapist', 370000), ('occupational_therapist', 'occupational_therapist', 370000)
    ) k (kind, profession, top)
WHERE c.number LIKE 'B-%%' AND c.status = %(status)s
"""
_ENTRIES = """
INSERT INTO reimbursement_entry (region_id, account, kind, amount, day, claim_id, line_id, event_id, at)
SELECT c.region_id, 'owed', 'granted', l.cost, c.attested_on, c.id, l.id, (SELECT min(id) FROM fmu_portal_event), now()
FROM reimbursement_line l JOIN reimbursement_claim c ON c.id = l.claim_id
WHERE c.number LIKE 'B-%' AND c.status = 'paid'
"""

FIVE = """
SELECT count(*) FILTER (WHERE a.delivered_on IS NULL OR a.delivered_late),
       count(*) FILTER (WHERE l.profession <> '' AND NOT EXISTS (
           SELECT 1 FROM orders_expansion x WHERE x.assessment_id = a.id AND x.status = 'approved'
             AND l.profession = ANY (x.professions))),
       count(*) FILTER (WHERE l.cost > l.ceiling),
       count(*) FILTER (WHERE EXISTS (SELECT 1 FROM reimbursement_line t JOIN reimbursement_claim o ON o.id = t.claim_id
           WHERE t.key = l.key AND t.id <> l.id AND o.status NOT IN ('proposed', 'set_aside', 'refused'))),
       count(*) FILTER (WHERE l.cost IS DISTINCT FROM l.price)
FROM reimbursement_line l JOIN reimbursement_claim c ON c.id = l.claim_id JOIN orders_assessment a ON a.id = c.assessment_id
WHERE c.status = 'submitted' AND c.number LIKE 'B-%'
"""
"""The five commonest checks in one query: in time, approved, within the ceiling, claimed once, the agreement's price."""


def fill(lines: int) -> None:
    """Claims with so many lines in the database at hand: a year's submitted, the rest paid. As the owner."""
    from django.db import connection

    claims = lines // 4
    submitted = min(YEAR, claims // 2)
    with connection.cursor() as cursor:
        for status, first, last in (("submitted", 1, submitted), ("paid", submitted + 1, claims)):
            approved = None if status == "submitted" else 2_600_000
            attested = None if status == "submitted" else "2025-06-01"
            given: dict[str, Any] = {
                "status": status,
                "first": first,
                "last": last,
                "approved": approved,
                "attested": attested,
            }
            cursor.execute(_CLAIMS, given)
            cursor.execute(_LINES, given | {"approved": None if approved is None else 0})
        cursor.execute(_ENTRIES)
        # A statement is of one region's year: spread the entries over the years as a portal's life does.
        cursor.execute("ANALYZE")


def check_year(say: Callable[[str], None]) -> Result:
    """All checks on a year's claims, read and run in sets of 500, against one query of the five commonest."""
    from django.db import connection

    from reimbursement import effects
    from reimbursement.models import Claim

    actor = actor_of("fk.controller")
    stack.sit_down(actor.role, actor.mandate_id, actor.organisation_id, actor.user_id)
    counted = {"lines": 0}

    def ours() -> None:
        counted["lines"] = 0
        ids = list(Claim.objects.filter(status="submitted", number__startswith="B-").values_list("pk", flat=True))
        for at in range(0, len(ids), 500):
            claims = list(Claim.objects.filter(pk__in=ids[at : at + 500]))
            effects.prepare(claims)
            effects.examine(claims)
            counted["lines"] += sum(len(effects.claimed(claim)) for claim in claims)

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(FIVE)
            cursor.fetchall()

    started = time.monotonic()
    ours()
    seconds = time.monotonic() - started
    result = compare(
        f"all checks of a national year, {counted['lines']} lines",
        "reimbursement.effects.examine, 500 claims at a time",
        ours,
        "one hand-written query of five checks",
        bare,
        NO_TARGET,
        CHECK_PAIRS,
        warm=0,
    )
    say(f"{result.line()}  {counted['lines'] / seconds:.0f} lines a second")
    return result


PAGES = {
    "fk.controller": ("/ersattning/",),
    "fk.attestant": ("/ersattning/", "/ersattning/utbetalningar/"),
    "region.stockholm.ekonom": ("/ersattning/", "/ersattning/kontoutdrag/2025/"),
}


def lists() -> dict[str, dict[str, int]]:
    """Queries and database pages of each list and statement, at the size at hand."""
    from tests.pages import browser

    read = {}
    for username, paths in PAGES.items():
        actor = actor_of(username)
        stack.sit_down(actor.role, actor.mandate_id, actor.organisation_id, actor.user_id)
        client = browser(actor)
        for path in paths:
            queries = _queries(_fetch(client, path))
            read[f"claims {path} {username}"] = {"queries": len(queries), "buffers": _buffers(queries)}
    return read


def measure(cluster: Any, size: int, say: Callable[[str], None]) -> tuple[list[Result], dict[str, Any]]:
    """Both: the lists at two numbers of lines, in copies of the database of ``size`` assessments; then a year's checks."""
    from django.db import connection

    read: dict[str, Any] = {}
    results: list[Result] = []
    for lines in LINES:
        name = f"bench_claims_{lines}"
        connection.close()
        stack.admin(cluster, f"CREATE DATABASE {name} TEMPLATE {stack.database(size)} OWNER fmu_owner")
        with stack.named(cluster, name, "owner"):
            fill(lines)
        stack.admin(cluster, "VACUUM ANALYZE", name)
        with stack.named(cluster, name):
            read[str(lines)] = lists()
            if lines == LINES[-1]:
                results.append(check_year(say))
    for page, small in read[str(LINES[0])].items():
        large = read[str(LINES[-1])][page]
        ratio = large["buffers"] / max(1, small["buffers"])
        queries = f"{small['queries']} -> {large['queries']} queries"
        say(f"{page}: {small['buffers']} -> {large['buffers']} pages ({ratio:.2f}x), {queries}")
    return results, read
