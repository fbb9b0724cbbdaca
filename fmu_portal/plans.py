"""Statements that the database plans once per connection instead of each time they are asked.

For who is at work, one case and all that stands on its page the planner takes several times as long as the answer. The
planner itself chooses, after five times, whether one plan is as good for every value (``plan_cache_mode = auto``).
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import count
from typing import Any

import psycopg2
from django.db import DEFAULT_DB_ALIAS, connections

MOST = 300
"""Statements kept per connection; more than there are. What comes after them is planned each time."""

_PLACE = re.compile(r"%[s%]")


def literal(value: Any) -> str:
    """A value as it stands in a statement's text, for the driver to pass over."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        text: str = cursor.mogrify("%s", [value]).decode()
    return text.replace("%", "%%")


def fill(sql: str, values: dict[int, Any]) -> str:
    """A statement with some of its places (by number, from 0) filled in."""
    numbers = count()

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%" or (number := next(numbers)) not in values:
            return found[0]
        return literal(values[number])

    return _PLACE.sub(place, sql)


def planned(sql: str) -> str:
    """The statement that asks a planned query. ``sql``: with ``%s`` where values stand, as the driver takes it.

    It is prepared when the connection meets it for the first time, past Django, and outlives the transaction.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    if getattr(connection, "fmu_planned", (None,))[0] is not connection.connection:
        connection.fmu_planned = connection.connection, {}
    known: dict[str, str] = connection.fmu_planned[1]
    if sql not in known:
        known[sql] = _prepared(connection, sql) if len(known) < MOST else sql
    return known[sql]


def _prepared(connection: Any, sql: str) -> str:
    name = f"fmu_{sha256(sql.encode()).hexdigest()[:24]}"
    numbers = count(1)
    text = _PLACE.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", sql)
    values = ", ".join(["%s"] * (next(numbers) - 1))
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute("SAVEPOINT planned")
        try:
            cursor.execute(f"PREPARE {name} AS {text}")
        except psycopg2.ProgrammingError as error:  # a value whose kind its place does not tell
            if connection.in_atomic_block:
                cursor.execute("ROLLBACK TO SAVEPOINT planned")
            if not isinstance(error, psycopg2.errors.DuplicatePreparedStatement):
                return sql
        if connection.in_atomic_block:
            cursor.execute("RELEASE SAVEPOINT planned")
    return f"EXECUTE {name} ({values})" if values else f"EXECUTE {name}"
