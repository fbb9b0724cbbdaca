"""The bench's own servers: PostgreSQL as `make run` starts it (fsync on), a queue, and one database per size."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from launcher import roles
from launcher.config import ROLES, ROOT, Config
from launcher.folder import claim
from launcher.place import choose
from launcher.postgres import Postgres
from launcher.secret_files import secret
from tests.stack import Cluster, Valkey, prepare_secrets, start_valkey


def start(folder: Path) -> tuple[Cluster, Valkey]:
    """PostgreSQL with the portal's own settings and roles, and a queue; both stopped by their ``stop``."""
    config = Config(data_dir=(folder / "postgres-data").resolve())
    held = claim(config.data_dir)
    server = Postgres(config, choose(config, lambda _line: None))
    server.prepare()
    process = server.start()
    passwords = {role: secret(config.secrets, f"pg_{roles.role_name(role)}") for role in ROLES}
    roles.ensure(server.admin_url(), passwords, "bench", ours=True)
    cluster = Cluster(server.admin_url(), "127.0.0.1", server.port, passwords, config.data_dir, server, process, held)
    return cluster, start_valkey(folder)


def prepare(cluster: Cluster, queue: Valkey, folder: Path, sizes: list[int], shares: list[str]) -> None:
    """Make the databases: one set up, then a copy per size filled with demonstration data, a share of it open cases."""
    prepare_secrets(folder / "portal")
    os.environ.update(
        DATA_DIR=str(folder / "portal"),
        REDIS_URL=queue.url,
        FMU_DEMO="1",
        FMU_HOSTS="testserver",
        FMU_LIMITS="page=1000000,api=1000000",  # a bench asks more in a minute than a person in a day
        DJANGO_SETTINGS_MODULE="fmu_portal.settings",
        DATABASE_URL=cluster.url("web", database(sizes[0])),
    )
    _manage(cluster, roles.DATABASE, "setup")
    for size, share in zip(sizes, shares, strict=True):
        admin(cluster, f"CREATE DATABASE {database(size)} TEMPLATE {roles.DATABASE} OWNER fmu_owner")
        _manage(cluster, database(size), "demo", "--assessments", str(size), "--open", share)
        admin(cluster, "VACUUM ANALYZE", database(size))


def database(size: int) -> str:
    """The name of the database with so many assessments."""
    return f"bench_{size}"


def admin(cluster: Cluster, sql: str, name: str = "postgres") -> None:
    """One statement as the superuser, outside a transaction."""
    connection = psycopg2.connect(cluster.admin_url, dbname=name)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()


def _manage(cluster: Cluster, name: str, *arguments: str) -> None:
    env = {**os.environ, "DATABASE_URL": cluster.url("owner", name)}
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, check=True)


@contextmanager
def at(cluster: Cluster, size: int, role: str = "web") -> Iterator[None]:
    """Django works in the database of a size, as a role."""
    with named(cluster, database(size), role):
        yield


@contextmanager
def named(cluster: Cluster, name: str, role: str = "web") -> Iterator[None]:
    """Django works in a database, as a role."""
    from django.db import connection

    connection.close()
    connection.settings_dict.update(NAME=name, USER=f"fmu_{role}", PASSWORD=cluster.passwords[role])
    yield
    connection.close()


def sit_down(role: str, mandate: int = 0, organisation: int = 0, user: int = 0) -> None:
    """Who is at work in the whole session, so that bare SQL stands behind the same walls as the page beside it."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name, value in (("role", role), ("mandate", mandate), ("organisation", organisation), ("user", user)):
            cursor.execute("SELECT set_config(%s, %s, false)", [f"fmu.{name}", str(value or "")])
