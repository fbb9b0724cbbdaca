"""Every test runs against real PostgreSQL, on a copy of one prepared database.

A request is answered as the web role and the worker's work is done as the worker's, behind the walls; the test itself
prepares and looks as the owner, who passes them (`tests.roles`).

The controller starts one cluster and one queue, prepares a template database as the owner (migrations, reference data,
the cast), and each xdist process copies it. A test rolls back; one that must commit asks for `committed`.
"""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests import cast as people
from tests import roles, stack

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "fmu_template"
SETTINGS = "fmu_portal.settings"
GATE = "FMU_TEST_GATE"
"""The file that the processes pass one after another, where the tests are not compiled yet; see `pytest_collection`."""
_held: dict[str, Any] = {}


def _database() -> str:
    return f"fmu_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def _admin(sql: str, *params: object) -> None:
    connection = psycopg2.connect(stack.shared_cluster().admin_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
    connection.close()


def _copy_template(name: str) -> None:
    _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _admin(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER fmu_owner')


def pytest_configure(config: pytest.Config) -> None:
    """Controller: start the servers and prepare the template. Every process: point Django at its own copy."""
    if not hasattr(config, "workerinput"):
        folder = Path(tempfile.mkdtemp(prefix="fmu-test-", dir="/tmp"))
        folder.chmod(0o711)
        cluster = stack.shared_cluster(folder)
        queue = stack.start_valkey(folder)
        _held.update(cluster=cluster, queue=queue, folder=folder)
        data_dir = folder / "portal"
        stack.prepare_secrets(data_dir)
        os.environ.update(
            DATA_DIR=str(data_dir),
            REDIS_URL=queue.url,
            FMU_DEMO="1",
            FMU_TEST_OWNER_TEMPLATE=cluster.url("owner", TEMPLATE),
        )
        if not any((ROOT / "tests" / "__pycache__").glob("test_*-pytest-*.pyc")) and not sys.dont_write_bytecode:
            os.environ[GATE] = str(folder / "compiling")
        roles.create(cluster, _admin)
        _admin(f'DROP DATABASE IF EXISTS "{TEMPLATE}" WITH (FORCE)')
        _admin(f"CREATE DATABASE {TEMPLATE} OWNER fmu_owner")
        owner = {**os.environ, "DATABASE_URL": cluster.url("owner", TEMPLATE), "DJANGO_SETTINGS_MODULE": SETTINGS}
        subprocess.run(
            [sys.executable, "manage.py", "setup"], cwd=ROOT, env=owner, check=True, stdout=subprocess.DEVNULL
        )
        subprocess.run([sys.executable, "-m", "tests.cast"], cwd=ROOT, env=owner, check=True)
        if getattr(config.option, "numprocesses", None):
            return  # it runs no test itself
    name = _database()
    _copy_template(name)
    os.environ["DATABASE_URL"] = roles.url(stack.shared_cluster(), name)
    if hasattr(config, "workerinput"):
        # One data folder per process: documents and mail of two tests never meet. The keys are shared.
        os.environ["SECRETS_DIR"] = str(Path(os.environ["DATA_DIR"]) / "secrets")
        os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]) / name)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django

    django.setup()
    roles.install()
    people.cheap_passwords()
    static_files_found_once()
    contexts_of_pages()
    # What has been imported stays: the collector of garbage need not walk through all of it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    # Not inherited: pytest-django would read the settings in an xdist process before it has a database of its own.
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controller stops what it started."""
    if "cluster" in _held:
        _held["queue"].stop()
        _held["cluster"].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How the tests are shared among the processes."""
    from tests.sharing import Sharing

    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share them, the longest begin first."""
    from tests.sharing import is_later

    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: is_later(item.nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """In a new clone one process reads and compiles the tests, and the others find them compiled: as soon, with half the
    work."""
    if not hasattr(session.config, "workerinput") or not os.environ.get(GATE):
        return (yield)
    with open(os.environ[GATE], "w") as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(gate, fcntl.LOCK_SH)
        return (yield)


def static_files_found_once() -> None:
    """A test's browser is a new one, and each looks through all static files before its first page: they are the same."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    found: dict[str, Any] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def once(middleware: Any) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = once


def contexts_of_pages() -> None:
    """``response.context`` is what the view gave its page: no copy is kept for each icon and field inside it."""
    from django.test import client

    module: Any = client
    keep = module.store_rendered_templates

    def of_pages(store: Any, signal: Any, sender: Any, template: Any, context: Any, **kwargs: Any) -> None:
        if context.template is template:
            keep(store, signal, sender, template, context, **kwargs)

    module.store_rendered_templates = of_pages


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there already; pytest-django makes none."""


@pytest.fixture(autouse=True)
def limits_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test has tried too often is no concern of the next: each counts in a place of its own."""
    from fmu_portal import limits

    monkeypatch.setattr(limits, "PREFIX", f"fmu:limit:{uuid.uuid4().hex}")


@pytest.fixture
def whole_reports() -> None:
    """The report's PDF as it is; see `short_reports`."""


@pytest.fixture(autouse=True)
def short_reports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report's PDF is one short page, where a test does not ask for `whole_reports`: laying out a real one takes longer
    than most tests."""
    if "whole_reports" not in request.fixturenames:
        from orders import pdf
        from tests import situations

        monkeypatch.setattr(pdf, "bytes_of", lambda version: situations.pdf_of("Utlåtande") + b"%%%d\n" % version.pk)


@pytest.fixture
def committed(django_db_blocker: Any) -> Iterator[None]:
    """A test that commits for real (races, workers, outbox): afterwards the database is a fresh copy."""
    from django.db import connections

    django_db_blocker.unblock()
    try:
        yield
    finally:
        connections.close_all()
        django_db_blocker.restore()
        _copy_template(_database())


@contextmanager
def kept(django_db_blocker: Any) -> Iterator[None]:
    """What is made at the beginning stays for the tests of a module, each of which takes back its own; in the end all is
    taken back. As ``setUpTestData`` of Django's TestCase; not for a module with tests that commit."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        # As TestCase's own: a durable block may stand inside.
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        try:
            yield
        finally:
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def once(django_db_blocker: Any) -> Iterator[Callable[[Any, Callable[[], Any]], Any]]:
    """``once(name, make)``: what ``make`` gives, made anew only when another name is asked for; see `kept`. To be asked for
    before the test's own transaction begins."""
    current: list[Any] = []
    with ExitStack() as stack:

        def get(name: Any, make: Callable[[], Any]) -> Any:
            if current[:1] != [name]:
                stack.close()
                stack.enter_context(kept(django_db_blocker))
                current[:] = name, make()
            return current[1]

        yield get


@pytest.fixture
def own_beginning(request: pytest.FixtureRequest, once: Callable[[Any, Callable[[], Any]], Any]) -> None:
    """In a module that uses `once`: a test that does not ask for what was begun begins with nothing."""
    if "begun" not in request.fixturenames:
        once("", lambda: None)


@pytest.fixture
def as_worker() -> Iterator[None]:
    """Connect as the worker's database role (with `committed`)."""
    from django.db import connection

    cluster = stack.shared_cluster()
    kept = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER="fmu_worker", PASSWORD=cluster.passwords["worker"])
    yield
    connection.close()
    connection.settings_dict.update(kept)


@pytest.fixture
def as_owner() -> Iterator[None]:
    """Connect as the owner of the database (with `committed`): loads, changed rules."""
    from django.db import connection

    cluster = stack.shared_cluster()
    kept = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER="fmu_owner", PASSWORD=cluster.passwords["owner"])
    yield
    connection.close()
    connection.settings_dict.update(kept)


@pytest.fixture
def cast(db: None) -> Any:
    """The people of the tests; see `tests.cast`."""
    from tests.cast import Cast

    return Cast.load()


@pytest.fixture
def committed_cast(committed: None) -> Any:
    """The people, in a test that commits."""
    from tests.cast import Cast

    return Cast.load()
