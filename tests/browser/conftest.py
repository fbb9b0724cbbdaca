"""One portal and one browser for all of them, closed before any other test runs (both hold the main thread's loop)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from launcher.folder import read_json
from launcher.secret_files import secret
from launcher.system import BROWSER_LINE, find_browser
from tests import stack
from tests.browser.desk import WIDE, Desk

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
LAST = ("test_queue_down.py", "test_every_page.py")
INSTALL = f"Ingen webbläsare: {BROWSER_LINE} (eller sätt CHROMIUM till en)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks which pages were seen, and what stops the queue, come last. (All run in one process, so that one portal is
    started: `tests.sharing`.)"""
    here = Path(__file__).parent
    own = [item for item in items if here in item.path.parents]
    last = [item for name in LAST for item in own if item.path.name == name]
    items[:] = [item for item in items if item not in last]
    if last:
        place = max((items.index(item) for item in own if item not in last), default=len(items) - 1) + 1
        items[place:place] = last


@pytest.fixture(scope="package")
def portal() -> Iterator[stack.Portal]:
    """The real stack with demonstration data; its queue may be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="fmu-test-", dir="/tmp"))
    folder.chmod(0o711)
    started = stack.start_portal(folder, own_broker=True)
    Desk.password = started.password
    yield started
    started.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A Chromium that the machine has."""
    path = find_browser()
    assert path, INSTALL
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def new_context(chromium: Browser, **options: Any) -> BrowserContext:
    context = chromium.new_context(viewport=WIDE, locale="sv-SE", timezone_id="Europe/Stockholm", **options)  # type: ignore[arg-type]
    context.set_default_timeout(120_000)
    return context


def log_in(desk: Desk, portal: stack.Portal) -> None:
    desk.go("/logga-in/")
    desk.fill("Användarnamn", desk.who)
    desk.fill("Lösenord", portal.password)
    desk.press("Logga in")


@pytest.fixture(scope="package")
def _sessions() -> dict[str, Any]:
    """Who has logged in, with the cookies."""
    return {}


@pytest.fixture(scope="package")
def _desks(chromium: Browser) -> Iterator[dict[str, Desk]]:
    kept: dict[str, Desk] = {}
    yield kept
    for desk in kept.values():
        desk.context.close()


Open = Callable[..., Desk]


@pytest.fixture
def new_desk(
    chromium: Browser, portal: stack.Portal, _sessions: dict[str, Any], _desks: dict[str, Desk]
) -> Iterator[Open]:
    """A window of its own: logged in when ``who`` is a login; ``fresh`` logs in anew."""
    opened: list[Desk] = []

    def make(who: str = "", *, fresh: bool = False, **options: Any) -> Desk:
        if who in _desks:
            # A signature or another mandate has given the session a new id in the meantime.
            _sessions[who] = _desks[who].context.storage_state()
        known = not fresh and who in _sessions
        state = {"storage_state": _sessions[who]} if known else {}
        desk = Desk(new_context(chromium, **state, **options), portal.url, who)
        opened.append(desk)
        if who and not known:
            log_in(desk, portal)
            if not fresh:
                _sessions[who] = desk.context.storage_state()
        return desk

    yield make
    for desk in opened:
        desk.context.close()
    problems = [problem for desk in opened for problem in desk.problems]
    assert not problems, "\n".join(problems)


@pytest.fixture
def desk(
    _desks: dict[str, Desk], chromium: Browser, portal: stack.Portal, _sessions: dict[str, Any]
) -> Iterator[Callable[[str], Desk]]:
    """The person's usual window, kept between the tests."""
    used: dict[str, Desk] = {}

    def at(who: str) -> Desk:
        if who not in _desks:
            kept = _sessions.get(who)
            _desks[who] = Desk(new_context(chromium, **({"storage_state": kept} if kept else {})), portal.url, who)
            if not kept:
                log_in(_desks[who], portal)
                _sessions[who] = _desks[who].context.storage_state()
        used[who] = _desks[who]
        return _desks[who]

    yield at
    problems = [problem for one in used.values() for problem in one.problems]
    for one in used.values():
        one.problems.clear()
    assert not problems, "\n".join(problems)


@pytest.fixture
def database(portal: stack.Portal) -> Callable[..., list[Any]]:
    """The portal's database, as its owner: what a night or an administrator would have done."""
    ports = read_json(portal.data_dir / "ports.json")

    def run(sql: str, *params: object) -> list[Any]:
        password = secret(portal.data_dir / "secrets", "pg_fmu_owner")
        url = f"postgres://fmu_owner:{password}@127.0.0.1:{ports['postgres']}/fmu"
        connection = psycopg2.connect(url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, params)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    return run


@contextmanager
def expected(desk: Desk, *fragments: str) -> Iterator[None]:
    """Complaints that belong to the test (a save that is refused) are taken away; others stay."""
    before = len(desk.problems)
    yield
    desk.problems[before:] = [p for p in desk.problems[before:] if not any(f in p for f in fragments)]


@pytest.fixture(scope="session")
def shots() -> str | None:
    """Where pictures go: FMU_SHOTS, or nowhere."""
    folder = os.environ.get("FMU_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return folder
