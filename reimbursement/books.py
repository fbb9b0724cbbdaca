"""The books: what each account holds, what is owed for a claim, and how an entry is corrected by one more.

An account's balance is the sum of its entries (öre): ``owed`` is what the agency owes the region, ``demanded`` what the
region owes, as a negative number.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection

from reimbursement.models import Account, Entry, EntryKind, Line

_OWED = """
SELECT claim_id, sum(amount) FROM reimbursement_entry WHERE claim_id = ANY (%s) AND account = 'owed' GROUP BY claim_id
"""
_GRANTED = """
SELECT line_id, sum(amount) FROM reimbursement_entry
WHERE claim_id = %s AND kind IN ('granted', 'correction') AND line_id IS NOT NULL GROUP BY line_id
"""
_BALANCES = """
SELECT recovery_id, -sum(amount) FROM reimbursement_entry
WHERE recovery_id = ANY (%s) AND account = 'demanded' GROUP BY recovery_id
"""
_UNDER_WAY = """
SELECT -coalesce(sum(e.amount), 0) FROM reimbursement_entry e JOIN reimbursement_batch b ON b.id = e.batch_id
WHERE e.recovery_id = %s AND e.account = 'owed' AND b.status IN ('created', 'sent', 'failed')
"""


def _sums(sql: str, parameter: int | list[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter])
        return {int(pk): int(total) for pk, total in cursor.fetchall()}


def owed(claim_ids: Iterable[int]) -> dict[int, int]:
    """Claim's id -> öre that the agency owes for it now: granted and corrected, less what was set off and paid."""
    return _sums(_OWED, list(claim_ids))


def granted(claim_id: int) -> dict[int, int]:
    """Line's id -> öre granted for it, as corrected."""
    return _sums(_GRANTED, claim_id)


def balances(recovery_ids: Iterable[int]) -> dict[int, int]:
    """Recovery's id -> öre that the region still owes of it."""
    return _sums(_BALANCES, list(recovery_ids))


def balance(recovery_id: int) -> int:
    """Öre that the region still owes of a recovery; what a batch under way has set off counts as done."""
    return balances([recovery_id]).get(recovery_id, 0)


def under_way(recovery_id: int) -> int:
    """Öre of a recovery that batches have set off and that comes back if they are cancelled."""
    with connection.cursor() as cursor:
        cursor.execute(_UNDER_WAY, [recovery_id])
        return int(cursor.fetchone()[0])


def is_settled(recovery_id: int) -> bool:
    """Nothing is left to pay back, and no batch that could still be cancelled has a part in it."""
    return balance(recovery_id) == 0 and under_way(recovery_id) == 0


def correction(line: Line, to: int, event_id: int, day: date) -> Entry:
    """The entry, not stored, that makes a line's granted amount be ``to`` öre. ValueError when it is that already.

    It points at the entry that granted the line.
    """
    delta = to - granted(line.claim_id).get(line.pk, 0)
    if delta == 0:
        raise ValueError("a correction changes something")
    first = Entry.objects.get(line_id=line.pk, kind=EntryKind.GRANTED)
    return Entry(
        region_id=first.region_id,
        account=Account.OWED,
        kind=EntryKind.CORRECTION,
        amount=delta,
        day=day,
        claim_id=line.claim_id,
        line_id=line.pk,
        event_id=event_id,
        corrects_id=first.pk,
    )
