"""Who asks the database in a test: the test itself as the owner, a request as the web, the worker's work as the worker.

One login, ``fmu_tests``, is a member of all three and changes role with ``SET ROLE``. It exists in tests alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import psycopg2

from tests import stack

LOGIN, PASSWORD = "fmu_tests", "only-in-tests"


def create(cluster: stack.Cluster, admin: Callable[..., None]) -> None:
    """Make the login and let it in; ``admin`` runs one statement as the superuser."""
    connection = psycopg2.connect(cluster.admin_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SHOW hba_file")
        with open(str((cursor.fetchone() or [""])[0]), "a") as hba:
            hba.write(f"host all {LOGIN} 127.0.0.1/32 scram-sha-256\n")
        cursor.execute("SELECT pg_reload_conf()")
    connection.close()
    admin(f"CREATE ROLE {LOGIN} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{PASSWORD}'")
    admin(f"GRANT fmu_owner, fmu_web, fmu_worker TO {LOGIN}")
    admin(f"ALTER ROLE {LOGIN} SET role TO 'fmu_owner'")


def url(cluster: stack.Cluster, name: str) -> str:
    """The login's address to a database."""
    return f"postgres://{LOGIN}:{PASSWORD}@{cluster.host}:{cluster.port}/{name}"


def password(role: str) -> str:
    """The password of ``tests``, ``owner``, ``web`` or ``worker``."""
    return PASSWORD if role == "tests" else stack.shared_cluster().passwords[role]


def _execute(sql: str) -> None:
    """Past Django, so that no count of queries sees it."""
    from django.db import connection

    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def role(name: str) -> Iterator[None]:
    """What is done inside is done as ``fmu_web`` or ``fmu_worker``. Nothing changes for another login than the tests'."""
    from django.db import connection

    if connection.settings_dict["USER"] != LOGIN:
        yield
        return
    own: Any = connection
    before = getattr(own, "fmu_role", "fmu_owner")
    _execute(f"SET ROLE {name}")
    own.fmu_role = name
    try:
        yield
    finally:
        own.fmu_role = before
        if not connection.needs_rollback and connection.connection is not None:
            _execute(f"SET ROLE {before}")


@contextmanager
def at_work(actor: Any) -> Iterator[None]:
    """What is done inside is done as the web under the actor's mandate, behind the walls."""
    from accounts.models import Mandate

    with role("fmu_web"):
        assert Mandate.objects.filter(pk=actor.mandate_id).at_work().get()
        yield


def _runs_as(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with role(name):
            return function(*args, **kwargs)

    return run


def install() -> None:
    """From now on requests are answered as the web, outbox and clock work as the worker."""
    from django.test.client import ClientHandler

    from fmu_portal.engine import clock, outbox

    ClientHandler.__call__ = _runs_as("fmu_web", ClientHandler.__call__)  # type: ignore[method-assign]
    outbox.work = _runs_as("fmu_worker", outbox.work)
    clock.watch = _runs_as("fmu_worker", clock.watch)
