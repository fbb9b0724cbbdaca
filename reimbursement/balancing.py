"""Do the books balance? Each sum by another route than the one that wrote it; `manage.py books --check` prints what differs.

Plain SQL over everything, so as the database's owner: behind the walls a part of the rows would be missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from fmu_portal.money import kronor
from reimbursement.paying import control_sum

_YEARS = """
SELECT coalesce(y.region_id, e.region_id), coalesce(y.year, e.year), coalesce(y.account, e.account),
       coalesce(y.kind, e.kind), coalesce(y.amount, 0), coalesce(e.amount, 0), coalesce(y.count, 0), coalesce(e.count, 0)
FROM reimbursement_yearsum y FULL JOIN (
    SELECT region_id, extract(year FROM day)::int AS year, account, kind, sum(amount) AS amount, count(*) AS count
    FROM reimbursement_entry GROUP BY 1, 2, 3, 4
) e ON (e.region_id, e.year, e.account, e.kind) = (y.region_id, y.year, y.account, y.kind)
WHERE (coalesce(y.amount, 0), coalesce(y.count, 0)) IS DISTINCT FROM (coalesce(e.amount, 0), coalesce(e.count, 0))
ORDER BY 1, 2, 3, 4
"""

_GRANTED = """
SELECT c.number, l.id, coalesce(d.amount, 0), coalesce(e.amount, 0)
FROM reimbursement_claim c JOIN reimbursement_line l ON l.claim_id = c.id
LEFT JOIN LATERAL (
    SELECT amount FROM reimbursement_decision d WHERE d.line_id = l.id ORDER BY d.id DESC LIMIT 1
) d ON c.status IN ('attested', 'in_payment', 'paid')
LEFT JOIN LATERAL (
    SELECT sum(amount) AS amount FROM reimbursement_entry e WHERE e.line_id = l.id AND e.kind = 'granted'
) e ON true
WHERE coalesce(d.amount, 0) <> coalesce(e.amount, 0) ORDER BY l.id
"""

_LINES = """
SELECT c.number, l.id, sum(e.amount), l.cost, l.ceiling
FROM reimbursement_entry e JOIN reimbursement_line l ON l.id = e.line_id JOIN reimbursement_claim c ON c.id = l.claim_id
WHERE e.kind IN ('granted', 'correction')
GROUP BY c.number, l.id HAVING sum(e.amount) < 0 OR sum(e.amount) > l.cost OR sum(e.amount) > l.ceiling ORDER BY l.id
"""

_CLAIMS = """
SELECT c.number, c.status, count(i.id) FROM reimbursement_claim c
LEFT JOIN reimbursement_batchitem i ON i.claim_id = c.id AND NOT i.released
GROUP BY c.id HAVING count(i.id) <> (c.status IN ('in_payment', 'paid'))::int ORDER BY c.id
"""

_PAID = """
SELECT c.number, sum(e.amount) FROM reimbursement_claim c JOIN reimbursement_entry e ON e.claim_id = c.id
WHERE c.status = 'paid' AND e.account = 'owed' GROUP BY c.id HAVING sum(e.amount) <> 0 ORDER BY c.id
"""

_ITEMS = """
SELECT b.number, c.number, i.amount, -coalesce(sum(e.amount), 0)
FROM reimbursement_batchitem i JOIN reimbursement_batch b ON b.id = i.batch_id JOIN reimbursement_claim c ON c.id = i.claim_id
LEFT JOIN reimbursement_entry e
    ON e.claim_id = i.claim_id AND e.batch_id = b.id AND e.account = 'owed' AND e.kind IN ('paid', 'set_off')
WHERE b.status = 'confirmed'
GROUP BY b.id, c.id, i.id HAVING i.amount <> -coalesce(sum(e.amount), 0) ORDER BY i.id
"""

_BATCHES = """
SELECT b.number, b.status, b.gross, b.set_off, b.net, b.count, i.gross, i.count, coalesce(e.owed, 0),
       coalesce(e.demanded, 0), coalesce(e.paid, 0)
FROM reimbursement_batch b
JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS gross, count(*) AS count FROM reimbursement_batchitem i WHERE i.batch_id = b.id
) i ON true
LEFT JOIN LATERAL (
    SELECT -sum(amount) FILTER (WHERE kind = 'set_off' AND account = 'owed') AS owed,
           sum(amount) FILTER (WHERE kind = 'set_off' AND account = 'demanded') AS demanded,
           -sum(amount) FILTER (WHERE kind = 'paid') AS paid
    FROM reimbursement_entry e WHERE e.batch_id = b.id
) e ON true
ORDER BY b.id
"""

_SUMS = """
SELECT b.id, b.number, b.control_sum, c.number, i.amount
FROM reimbursement_batch b LEFT JOIN reimbursement_batchitem i ON i.batch_id = b.id
LEFT JOIN reimbursement_claim c ON c.id = i.claim_id ORDER BY b.id, i.id
"""

_RECOVERIES = """
SELECT r.number, r.status, coalesce(sum(e.amount), 0) FROM reimbursement_recovery r
LEFT JOIN reimbursement_entry e ON e.recovery_id = r.id AND e.account = 'demanded'
GROUP BY r.id
HAVING (r.status = 'settled' AND coalesce(sum(e.amount), 0) <> 0) OR coalesce(sum(e.amount), 0) > 0
    OR (r.status NOT IN ('demanded', 'settled') AND count(e.id) > 0)
ORDER BY r.id
"""


def differences() -> Iterator[str]:
    """A sentence in Swedish for each thing that does not add up. Read in one snapshot, while the portal is at work."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not connection.savepoint_ids:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield from _years()
        yield from _lines()
        yield from _of_claims()
        yield from _of_batches()
        yield from _control_sums()
        for number, status, total in _rows(_RECOVERIES):
            yield f"Återkrav {number} ({status}): posterna ger {kronor(int(total))}."


def _rows(sql: str) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(1000):
            yield from rows


def _years() -> Iterator[str]:
    for region, year, account, kind, kept, total, count, entries in _rows(_YEARS):
        yield (
            f"Region {region}, {year}, {account}/{kind}: årssumman är {kronor(int(kept))} i {count} poster,"
            f" posterna ger {kronor(int(total))} i {entries}."
        )


def _lines() -> Iterator[str]:
    for number, line, decided, entry in _rows(_GRANTED):
        yield f"{number}, post {line}: beslutet är {kronor(int(decided))}, bokfört {kronor(int(entry))}."
    for number, line, granted, cost, ceiling in _rows(_LINES):
        most = kronor(cost if ceiling is None else min(cost, ceiling))
        yield f"{number}, post {line}: bokfört {kronor(int(granted))}, högst {most} kan betalas."


def _of_claims() -> Iterator[str]:
    for number, status, count in _rows(_CLAIMS):
        yield f"{number} ({status}) ligger i {count} utbetalningar."
    for number, total in _rows(_PAID):
        yield f"{number} är utbetald, men {kronor(int(total))} står kvar."


def _of_batches() -> Iterator[str]:
    for batch, claim, amount, paid in _rows(_ITEMS):
        yield f"{batch}, {claim}: beloppet är {kronor(amount)}, bokfört {kronor(int(paid))}."
    for row in _rows(_BATCHES):
        number, status, gross, set_off, net, count, items, item_count, owed, demanded, paid = row
        if (gross, count) != (items, item_count):
            yield f"{number}: {kronor(gross)} för {count} begäranden, beloppen ger {kronor(int(items))} för {item_count}."
        wanted = 0 if status == "cancelled" else set_off
        if owed != wanted or demanded != wanted:
            yield f"{number}: {kronor(wanted)} kvittas, bokfört {kronor(int(owed))} och {kronor(int(demanded))}."
        wanted = net if status == "confirmed" else 0
        if paid != wanted:
            yield f"{number} ({status}): {kronor(wanted)} ska vara betalt, bokfört {kronor(int(paid))}."


def _control_sums() -> Iterator[str]:
    def wrong(batch: tuple[str, str], rows: list[tuple[str, int]]) -> Iterator[str]:
        if control_sum(rows) != batch[1]:
            yield f"{batch[0]}: kontrollsumman stämmer inte med beloppen."

    current: int | None = None
    batch, rows = ("", ""), list[tuple[str, int]]()
    for pk, number, kept, claim, amount in _rows(_SUMS):
        if pk != current:
            if current is not None:
                yield from wrong(batch, rows)
            current, batch, rows = pk, (number, kept), []
        if claim is not None:
            rows.append((claim, amount))
    if current is not None:
        yield from wrong(batch, rows)
