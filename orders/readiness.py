"""Whether a report may be delivered: a physician's visit carried out, every visit closed, each approved profession's
section signed or marked as not done with a reason (the process's own conditions; 5 § förordning 2018:1633)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from orders.process import PROFESSIONS
from orders.processes.visit import OPEN

_ASKED = """
SELECT
    ARRAY(SELECT DISTINCT unnest(x.professions) FROM orders_expansion x
          WHERE x.assessment_id = %(case)s AND x.performer_id = %(performer)s AND x.status = 'approved'),
    (SELECT count(*) FROM orders_visit v
     WHERE v.assessment_id = %(case)s AND v.performer_id = %(performer)s AND v.status = ANY(%(open)s)),
    EXISTS (SELECT 1 FROM orders_visit v WHERE v.assessment_id = %(case)s AND v.performer_id = %(performer)s
            AND v.status = 'carried_out' AND v.profession = 'physician'),
    ARRAY(SELECT jsonb_object_keys(r.content -> 'others') FROM orders_report r
          WHERE r.assessment_id = %(case)s AND r.performer_id = %(performer)s AND r.content ? 'others')
"""


@dataclass(frozen=True)
class Readiness:
    """``approved``: professions besides the physician; ``settled``: those whose section is signed or marked not done."""

    approved: frozenset[str]
    open_visits: int
    examined: bool
    settled: frozenset[str]

    @property
    def hindrance(self) -> str | None:
        """What is left to do before the report may be sent, in one sentence; None when nothing is."""
        left = []
        if not self.examined:
            left.append("ett läkarbesök ska vara genomfört")
        if self.open_visits:
            left.append("alla besök ska vara avslutade")
        names = ", ".join(
            str(PROFESSIONS[code]).lower() for code in PROFESSIONS if code in self.approved - self.settled
        )
        if names:
            left.append(f"avsnittet från {names} ska vara signerat eller markerat som inte gjort")
        return f"Innan utlåtandet kan skickas: {'; '.join(left)}." if left else None


def readiness(case: Any) -> Readiness:
    """Of the case's present performer, as that performer sees it: one query, kept with this instance of the case."""
    kept: Readiness | None = getattr(case, "kept_readiness", None)
    if kept is None:
        with connection.cursor() as cursor:
            cursor.execute(_ASKED, {"case": case.pk, "performer": case.performer_id, "open": list(OPEN)})
            approved, visits, examined, settled = cursor.fetchone()
        kept = Readiness(frozenset(approved), visits, examined, frozenset(settled))
        case.kept_readiness = kept
    return kept
