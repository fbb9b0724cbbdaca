"""The controller's order follows the facts: what is being examined is checked again when they change, and each night.

Only ``urgency`` is written, by which the list is sorted. What each check said when the claim was sent stays with its lines,
so that the page can show what has changed since; a decision runs them all anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from fmu_portal.database import as_clock
from fmu_portal.engine import clock
from fmu_portal.engine.door import Context
from fmu_portal.engine.registry import PROCESSES
from reimbursement import effects
from reimbursement.models import Claim
from reimbursement.proposing import AFTER

CHUNK = 500


def recheck(pks: Iterable[int]) -> int:
    """Check these claims again, those of them that are being examined; return how many stand elsewhere in the list now.

    A claim that somebody works on just now is left: the step itself checks it. Safe to run twice, and by two.
    """
    ids, moved = sorted(set(pks)), 0
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic(), as_clock():
            rows = Claim.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            claims = list(rows.filter(pk__in=ids[start : start + CHUNK], status="submitted").order_by("pk"))
            if not claims:
                continue
            effects.prepare(claims)
            effects.examine(claims)
            by_urgency: dict[int, list[int]] = {}
            for claim in claims:
                now = int(effects.examined(claim))
                if now != claim.urgency:
                    by_urgency.setdefault(now, []).append(claim.pk)
            for urgency, found in by_urgency.items():
                moved += Claim.objects.filter(pk__in=found).update(urgency=urgency)
    return moved


def recheck_all(day: date) -> int:
    """The clock's: everything that is being examined (a rule, another claim or the region's own costs may have changed)."""
    with as_clock():
        waiting = list(Claim.objects.filter(status="submitted").values_list("pk", flat=True))
    return recheck(waiting)


def after_step(context: Context) -> None:
    """A hook after a step of a case that may give other facts, in its transaction."""
    with as_clock():
        found = Claim.objects.filter(assessment_id=context.subject.case_id, status="submitted")
        waiting = list(found.values_list("pk", flat=True))
    if waiting:
        recheck(waiting)


def register() -> None:
    """Called once when the app is ready."""
    for process, steps in AFTER.items():
        for step in steps:
            PROCESSES[process].hook_after(step, after_step)
    clock.register_chore(recheck_all)
