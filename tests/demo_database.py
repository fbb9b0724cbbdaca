"""Databases of their own with demonstration data, for tests that read a lot: made once per module, then only read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from tests import conftest, roles, stack

TODAY = "2026-11-25"
"""A Wednesday."""


def name_of(word: str) -> str:
    """The database's name in this process of the run."""
    return f"fmu_{word}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def copy(name: str) -> None:
    """Make the database anew from the prepared one."""
    conftest._copy_template(name)


def drop(name: str) -> None:
    """Remove it."""
    conftest._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def at(name: str, role: str = "tests") -> Iterator[None]:
    """Django speaks with another database, as a role; afterwards with the usual one again."""
    from django.db import connection

    kept = {key: connection.settings_dict[key] for key in ("NAME", "USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(NAME=name, USER=f"fmu_{role}", PASSWORD=roles.password(role))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)


def shared(word: str, *arguments: str) -> str:
    """The same for all processes of the run: the first that asks loads it, the others wait; it goes with the cluster.

    It gets its name when it is whole. VACUUM ANALYZE has been run, as a database at work has had.
    """
    name = f"fmu_shared_{word}"
    half = f"{name}_half"
    admin = psycopg2.connect(stack.shared_cluster().admin_url)
    admin.autocommit = True
    try:
        with admin.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                copy(half)
                _load(half, *arguments)
                with at(half, "owner"):
                    from django.db import connection

                    with connection.cursor() as own:
                        own.execute("VACUUM ANALYZE")
                cursor.execute(f'ALTER DATABASE "{half}" RENAME TO "{name}"')
    finally:
        admin.close()
    return name


def demonstration() -> str:
    """The demonstration as it is loaded at a first start, on a fixed day."""
    return shared("demonstration", "--today", TODAY)


def _load(name: str, *arguments: str) -> None:
    from django.core.management import call_command

    with at(name, "owner"), open(os.devnull, "w") as nowhere:
        call_command("demo", *arguments, stdout=nowhere)


@contextmanager
def loaded(word: str, *arguments: str) -> Iterator[str]:
    """A database with demonstration data (``manage.py demo`` with the arguments); gone afterwards. Yields its name."""
    name = name_of(word)
    copy(name)
    try:
        _load(name, *arguments)
        yield name
    finally:
        drop(name)


_ALIKE = """
SELECT a.number FROM orders_assessment a
JOIN accounts_user u ON u.id IN (a.case_officer_id, a.region_coordinator_id, a.responsible_physician_id)
WHERE u.username = %s AND a.status = 'in_progress' AND a.assignments_count = 1 AND a.delivered_on IS NULL
ORDER BY abs((SELECT count(*) FROM orders_enclosure e WHERE e.assessment_id = a.id) - 4)
       + abs((SELECT count(*) FROM orders_participant p WHERE p.assessment_id = a.id) - 2)
       + abs((SELECT count(*) FROM fmu_portal_event e WHERE e.case_id = a.id) - 6)
       + abs((SELECT count(*) FROM fmu_portal_duty d WHERE d.case_id = a.id) - 6)
       + (SELECT count(*) FROM fmu_portal_note n WHERE n.case_id = a.id)
       + 9 * ((SELECT count(*) FROM orders_visit v WHERE v.assessment_id = a.id)
              + (SELECT count(*) FROM orders_expansion x WHERE x.assessment_id = a.id)
              + (SELECT count(*) FROM orders_deferral y WHERE y.assessment_id = a.id)
              + (SELECT count(*) FROM orders_deviation z WHERE z.assessment_id = a.id)), a.id DESC LIMIT 1
"""


def case_of(username: str) -> str:
    """The number of a case under way that the person has in hand, with as near the same rows in every size as there is."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, [username])
        return str(cursor.fetchone()[0])
