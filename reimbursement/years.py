"""12 §: what is left of a region's yearly ceiling for central administration, and that two quarters never pass it together.

Two quarters may be decided at once by people who do not see each other. What counts is what has been granted: attesting
takes a lock of the region and year, and asks the books behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from accounts.actor import Actor
from fmu_portal.money import kronor
from reimbursement.models import Claim, ClaimKind, Line

Year = tuple[int, int]
"""(region's id, year)."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_GRANTED = """
SELECT coalesce(sum(e.amount), 0) FROM reimbursement_entry e JOIN reimbursement_claim c ON c.id = e.claim_id
WHERE c.kind = 'administration' AND c.region_id = %s AND c.year = %s
  AND e.account = 'owed' AND e.kind IN ('granted', 'correction')
"""
_DECIDED = """
SELECT coalesce(sum(c.approved), 0) FROM reimbursement_claim c
WHERE c.kind = 'administration' AND c.region_id = %s AND c.year = %s AND c.id <> %s
  AND c.status IN ('decided', 'attested', 'in_payment', 'paid')
"""


def _sum(sql: str, params: Iterable[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return int(cursor.fetchone()[0])


def left_of_year(claim: Claim, line: Line) -> int | None:
    """What may still be granted for the year of a claim for central administration, in öre; None for any other claim.

    Other quarters' decisions count from when they are made, attested or not.
    """
    if claim.kind != ClaimKind.ADMINISTRATION or line.unit_ceiling is None or claim.year is None:
        return None
    return max(0, line.unit_ceiling - _sum(_DECIDED, [claim.region_id, claim.year, claim.pk]))


def most_of(claim: Claim, line: Line) -> int:
    """The most that can be decided for a line, in öre: its cost to the ceiling, and to what is left of the year."""
    payable = line.payable or 0
    left = left_of_year(claim, line)
    return payable if left is None else min(payable, left)


def year_has_room(claim: Claim, actor: Actor) -> str | None:
    """What is granted for the year, with this, is at most the year's ceiling. The last guard of *attest*.

    The lock holds to the end of the transaction. Of a set, those that passed before count as granted.
    """
    if claim.kind != ClaimKind.ADMINISTRATION:
        return None
    together: list[Claim] = getattr(claim, "kept_with", [claim])
    passed = _passed(together)
    assert claim.year is not None
    year = (claim.region_id, claim.year)
    from reimbursement.effects import claimed  # effects names this guard

    ceiling = max((line.unit_ceiling or 0 for line in claimed(claim)), default=0)
    granted = passed["granted"][year] + sum(
        amount for pk, amount in passed["amounts"].get(year, {}).items() if pk != claim.pk
    )
    if granted + (claim.approved or 0) > ceiling:
        return (
            f"Årets takbelopp räcker inte (12 §). Av {kronor(ceiling)} för {claim.year} är {kronor(granted)} redan beviljat."
            " Lämna tillbaka beslutet till controllern."
        )
    passed["amounts"].setdefault(year, {})[claim.pk] = claim.approved or 0
    return None


def _passed(together: list[Claim]) -> dict[str, Any]:
    """What the set shares: the sums in the books, read behind the locks, and what has passed in the set since.

    All locks of a set are taken at once and in order, so that two sets never wait for each other.
    """
    kept: dict[str, Any] | None = together[0].__dict__.get("kept_years")
    if kept is None:
        years = sorted({(c.region_id, c.year or 0) for c in together if c.kind == ClaimKind.ADMINISTRATION})
        with connection.cursor() as cursor:
            for region_id, year in years:
                cursor.execute(_LOCK, [f"administration:{region_id}:{year}"])
        kept = {"granted": {year: _sum(_GRANTED, year) for year in years}, "amounts": {}}
        together[0].__dict__["kept_years"] = kept
    return kept
