"""Runs all checks on any number of claims: a fixed number of queries, then plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import connection

from fmu_portal.database import as_clock
from reimbursement.ceilings import Ceilings, key_of
from reimbursement.checks.base import CHECKS, Answer, Check, Seen, Verdict
from reimbursement.facts import load
from reimbursement.models.claim import Claim, ClaimKind, Line, LineKind, Urgency
from rules.models import Rule

FEWEST = 10
"""Earlier costs of a kind that a region must have before a new one is called unusual: the portal's own choice."""

_TWINS = """
SELECT l.key, l.id, c.number, c.region_id FROM reimbursement_line l JOIN reimbursement_claim c ON c.id = l.claim_id
WHERE l.key = ANY (%s) AND l.bar = '' AND c.status NOT IN ('new', 'proposed', 'set_aside', 'refused')
  AND (l.holds OR l.approved > 0)
"""
_MEDIANS = """
SELECT l.kind, c.region_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY l.approved)::bigint, count(*)
FROM reimbursement_line l JOIN reimbursement_claim c ON c.id = l.claim_id
WHERE c.region_id = ANY (%s) AND l.approved > 0 AND c.attested_on > %s
GROUP BY l.kind, c.region_id HAVING count(*) >= %s
"""
_EVIDENCE = "SELECT claim_id, count(*) FROM reimbursement_evidence WHERE claim_id = ANY (%s) GROUP BY claim_id"
_YEAR = """
SELECT c.id, c.region_id, c.year, c.quarter, c.number, coalesce(c.approved, c.payable, 0) FROM reimbursement_claim c
WHERE c.kind = 'administration' AND c.status NOT IN ('new', 'proposed', 'set_aside', 'refused') AND c.region_id = ANY (%s)
"""
_JOURNEYS = """
SELECT c.id, c.region_id, l.rule_day, c.number FROM reimbursement_claim c JOIN reimbursement_line l ON l.claim_id = c.id
WHERE c.region_id = ANY (%s) AND c.status IN ('submitted', 'asked', 'decided', 'attested', 'in_payment', 'paid')
  AND c.payable_on = ANY (%s) AND c.kind = 'training' AND l.kind = 'travel'
"""


def seen_of(claims: Sequence[Claim], lines: Iterable[Line], today: date) -> list[Seen]:
    """What the checks look at, for each line that law does not bar. At most nine queries whatever the number."""
    rows = [line for line in lines if not line.bar]
    by_id = {claim.pk: claim for claim in claims}
    regions = sorted({claim.region_id for claim in claims})
    cases = load(claim.assessment_id for claim in claims if claim.assessment_id is not None)
    ceilings = Ceilings()
    unusual = Rule.objects.in_force(today).filter(key="routine.unusual_cost").values_list("value", flat=True).first()
    twins: dict[str, list[tuple[int, str, int]]] = {}
    medians: dict[tuple[str, int], int] = {}
    evidence: dict[int, int] = {}
    years: list[tuple[int, int, int, int, str, int]] = []
    journeys: list[tuple[int, int, date, str]] = []
    with as_clock(), connection.cursor() as cursor:
        cursor.execute(_TWINS, [[line.key for line in rows]])
        for key, pk, number, region in cursor.fetchall():
            twins.setdefault(key, []).append((pk, number, region))
        # A year back: what a region's costs were before says little of what they are now.
        cursor.execute(_MEDIANS, [regions, date(today.year - 1, today.month, 1), FEWEST])
        for kind, region, median, _ in cursor.fetchall():
            medians[kind, region] = median
        cursor.execute(_EVIDENCE, [list(by_id)])
        evidence.update(cursor.fetchall())
        if any(claim.kind == ClaimKind.ADMINISTRATION for claim in claims):
            cursor.execute(_YEAR, [regions])
            years = cursor.fetchall()
        if days := [line.rule_day for line in rows if line.kind == LineKind.TRAVEL]:
            cursor.execute(_JOURNEYS, [regions, days])
            journeys = cursor.fetchall()
    found = []
    for line in rows:
        claim = by_id[line.claim_id]
        seen = Seen(claim, line, cases.get(claim.assessment_id or 0))
        seen.twins = [(number, region) for pk, number, region in twins.get(line.key, ()) if pk != line.pk]
        seen.median = medians.get((line.kind, claim.region_id))
        seen.evidence = evidence.get(claim.pk, 0)
        seen.unusual = int(unusual) if unusual is not None else seen.unusual
        if line.rule_day is not None:
            now = ceilings.on(key_of(line.kind, line.profession), line.rule_day, claim.region_id)
            seen.rule_now, seen.ceiling_now = (now.rule, now.unit) if now else ("", None)
        if line.kind == LineKind.ADMINISTRATION:
            same = [y for y in years if y[1] == claim.region_id and y[2] == claim.year and y[0] != claim.pk]
            seen.year_total = sum(y[5] for y in same)
            seen.quarter_twins = [y[4] for y in same if y[3] == claim.quarter]
        if line.kind == LineKind.TRAVEL:
            same_day = (claim.region_id, line.rule_day)
            seen.journeys = [n for pk, region, day, n in journeys if (region, day) == same_day and pk != claim.pk]
        found.append(seen)
    return found


def run(seen: Seen) -> list[tuple[Check, Answer]]:
    """Every check that asks of the line's kind, in the register's order."""
    kind = seen.line.kind
    return [(check, check.function(seen)) for check in CHECKS.values() if kind in check.kinds]


def worst(answers: Iterable[Answer]) -> Urgency:
    """What the whole says: something stops, a person must judge, or everything holds."""
    verdicts = {answer.verdict for answer in answers}
    if Verdict.STOPS in verdicts:
        return Urgency.STOPS
    return Urgency.PERSON if Verdict.PERSON in verdicts else Urgency.HOLDS
