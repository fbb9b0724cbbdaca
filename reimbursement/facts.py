"""What the portal knows of assessments, as claims need it: one reading for as many cases as there are.

Codes, days and numbers only, read by the clock's leave: nothing here says who a person is. Whoever opens a claim is logged
when the claim itself is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from fmu_portal.database import as_clock


@dataclass(frozen=True)
class VisitFact:
    """A visit that may give a right to money. ``day``: in Sweden. ``prices``: of its performer's agreement, öre by kind.

    ``own``: the region runs that performer itself.
    """

    pk: int
    profession: str
    status: str
    outcome: str
    day: date
    minutes: int
    interpreter: str
    interpreter_minutes: int | None
    late_notice: bool | None
    notice_at: datetime | None
    performer_id: int | None
    event_id: int | None
    prices: dict[str, int] | None
    own: bool = False


@dataclass
class CaseFacts:
    """An assessment. ``last_day``: the report's, with ``last_rule`` and what was counted (``last_inputs``).

    ``approvals``: profession -> the day of the agency's approval, with the present performer. ``events``: step -> event's
    id. ``agreement``: prices (öre by kind) of the agreement in force when the order was sent, None when there was none.
    ``own``: the region runs the performer itself. ``assignments``: to how many performers it has been given, one by one.
    """

    pk: int
    number: str
    protected: bool
    status: str
    office_id: int
    region_id: int | None
    performer_id: int | None
    requested_on: date | None
    ordered_on: date | None
    delivered_on: date | None
    delivered_late: bool | None
    ended_cause: str
    carried_out_on: date | None
    agreement_id: int | None
    agreement: dict[str, int] | None
    own: bool
    assignments: int = 1
    visits: list[VisitFact] = field(default_factory=list)
    approvals: dict[str, date] = field(default_factory=dict)
    last_day: date | None = None
    last_rule: str = ""
    last_inputs: dict[str, Any] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)

    @property
    def objected(self) -> bool:
        """The insured objected to sending after it was carried out: the region is paid all the same (11 § fourth)."""
        return self.status == "ended" and self.ended_cause == "objects" and self.carried_out_on is not None

    @property
    def payable(self) -> bool:
        """Whether the examination itself gives a right to claim, in time or not."""
        return self.delivered_on is not None or self.objected

    def own_visits(self, profession: str) -> list[VisitFact]:
        """The present performer's visits with a profession."""
        return [v for v in self.visits if v.performer_id == self.performer_id and v.profession == profession]


_CASES = """
SELECT a.id, a.number, a.protected, a.status, a.agency_office_id, a.region_id, a.performer_id, a.requested_on, a.ordered_on,
       a.delivered_on, a.delivered_late, a.ended_cause, a.carried_out_on, g.id, g.prices,
       coalesce(v.kind = 'region', false), (SELECT count(*) FROM orders_assignment n WHERE n.assessment_id = a.id)
FROM orders_assessment a
LEFT JOIN accounts_organisation p ON p.id = a.performer_id LEFT JOIN accounts_organisation v ON v.id = p.parent_id
LEFT JOIN LATERAL (
    SELECT g.id, g.prices FROM regions_agreement g
    WHERE g.region_id = a.region_id AND g.performer_id = a.performer_id AND g.valid_from <= a.ordered_on
      AND (g.valid_to IS NULL OR g.valid_to >= a.ordered_on)
    ORDER BY g.valid_from DESC LIMIT 1
) g ON true
WHERE a.id = ANY (%s)
"""
_VISITS = """
SELECT v.assessment_id, v.id, v.profession, v.status, v.outcome, (v.starts_at AT TIME ZONE 'Europe/Stockholm')::date,
       (extract(epoch FROM v.ends_at - v.starts_at) / 60)::int, v.interpreter, v.interpreter_minutes, v.late_notice,
       v.notice_at, v.performer_id, v.last_event_id, g.prices, coalesce(w.kind = 'region', false)
FROM orders_visit v JOIN orders_assessment a ON a.id = v.assessment_id
LEFT JOIN accounts_organisation p ON p.id = v.performer_id LEFT JOIN accounts_organisation w ON w.id = p.parent_id
LEFT JOIN LATERAL (
    SELECT g.prices FROM regions_agreement g
    WHERE g.region_id = a.region_id AND g.performer_id = v.performer_id
      AND g.valid_from <= (v.starts_at AT TIME ZONE 'Europe/Stockholm')::date
      AND (g.valid_to IS NULL OR g.valid_to >= (v.starts_at AT TIME ZONE 'Europe/Stockholm')::date)
    ORDER BY g.valid_from DESC LIMIT 1
) g ON true
WHERE v.assessment_id = ANY (%s)
  AND (v.status IN ('carried_out', 'interrupted', 'no_show') OR (v.status = 'cancelled' AND v.late_notice))
ORDER BY v.assessment_id, v.id
"""
_APPROVALS = """
SELECT x.assessment_id, x.performer_id, x.professions, x.decided_on FROM orders_expansion x
WHERE x.assessment_id = ANY (%s) AND x.status = 'approved' ORDER BY x.id
"""
_LAST = """
SELECT DISTINCT ON (d.subject_id) d.subject_id, d.due, d.rule, d.inputs FROM fmu_portal_duty d
WHERE d.process = 'assessment' AND d.kind = 'deliver_report' AND d.party = 'performer' AND d.superseded_by_id IS NULL
  AND d.case_id = ANY (%s)
ORDER BY d.subject_id, d.id DESC
"""
_EVENTS = """
SELECT e.subject_id, e.step, CASE WHEN e.step IN ('extend', 'end') THEN max(e.id) ELSE min(e.id) END,
       max((e.at AT TIME ZONE 'Europe/Stockholm')::date)
FROM fmu_portal_event e
WHERE e.process = 'assessment' AND e.subject_id = ANY (%s)
  AND e.step IN ('request', 'deliver', 'register_report', 'end', 'extend')
GROUP BY e.subject_id, e.step
"""


def load(case_ids: Iterable[int]) -> dict[int, CaseFacts]:
    """case id -> what is known of it: five queries whatever the number. Ids that lead to nothing are left out."""
    ids = sorted(set(case_ids))
    if not ids:
        return {}
    cases: dict[int, CaseFacts] = {}
    with as_clock(), connection.cursor() as cursor:
        cursor.execute(_CASES, [ids])
        for row in cursor.fetchall():
            values: list[Any] = [*row[:14], _object(row[14]), *row[15:]]
            cases[row[0]] = CaseFacts(*values)
        cursor.execute(_VISITS, [ids])
        for row in cursor.fetchall():
            values = [*row[1:13], _object(row[13]), row[14]]
            cases[row[0]].visits.append(VisitFact(*values))
        cursor.execute(_APPROVALS, [ids])
        for case_id, performer_id, professions, decided_on in cursor.fetchall():
            if performer_id == cases[case_id].performer_id:
                for profession in professions:
                    cases[case_id].approvals.setdefault(profession, decided_on)
        cursor.execute(_LAST, [ids])
        for case_id, due, rule, inputs in cursor.fetchall():
            case = cases[case_id]
            case.last_day, case.last_rule, case.last_inputs = due, rule, _object(inputs) or {}
        cursor.execute(_EVENTS, [ids])
        for case_id, step, event_id, day in cursor.fetchall():
            cases[case_id].events[step] = event_id
            cases[case_id].days[step] = day
    return cases


def _object(value: Any) -> dict[str, Any] | None:
    """A JSON object as a cursor gives it: text, or None."""
    return dict(json.loads(value)) if isinstance(value, str) else value
