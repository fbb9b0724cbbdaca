"""For a large load: takes foreign keys and plain indexes down, and puts the very same ones back after.

Checking each of ten million references one by one takes minutes; checking them all at once, seconds. The definitions
are PostgreSQL's own (`pg_get_constraintdef`, `pg_get_indexdef`), and all of it is in the load's transaction: a load
that fails has taken nothing down. The tables are locked meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

_FOREIGN_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY conrelid, conname
"""
# A condition with a list of words (``status IN (…)``) does not come back letter by letter; such indexes stay up.
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique
  AND coalesce(pg_get_expr(indpred, indrelid), '') NOT LIKE '%%ARRAY%%'
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
ORDER BY indrelid, indexrelid
"""


def take_down(tables: Sequence[str]) -> list[str]:
    """Drop the tables' foreign keys and plain indexes; return the statements that put them back."""
    with connection.cursor() as cursor:
        # What earlier rows of the transaction still have to prove: a table with such a debt cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(_FOREIGN_KEYS, [[*tables]])
        keys = cursor.fetchall()
        cursor.execute(_INDEXES, [[*tables]])
        indexes = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    back = [definition for _, definition in indexes]
    return back + [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for table, name, definition in keys]


def put_back(statements: Sequence[str]) -> None:
    """Run them. IntegrityError when a reference leads nowhere; then the whole load is undone."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        for statement in statements:
            cursor.execute(statement)
