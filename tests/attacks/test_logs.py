"""No person, no secret and no line of an attacker's own in any log, whatever fails wherever."""

from __future__ import annotations

import io
import logging
import logging.config
import os
import runpy
import socket
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import DataError, connection
from django.test import Client

from fmu_portal.logs import Quiet, Syslog, tidy
from tests import situations as s
from tests.pages import browser
from tests.test_access_walk import PAGES, body, clients, filled, get

SECRETS = (s.NAME, s.PERSONNUMMER, s.PERSONNUMMER.replace("-", ""), "hemlig-text-7")
FORGERY = "\r\n2026 INFO forged"


@pytest.fixture
def lines(settings):
    """What the settings' logging writes, as text: all loggers by the real configuration."""
    stream = io.StringIO()
    config = {**settings.LOGGING, "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain",
                                                          "stream": stream}}}  # fmt: skip
    logging.config.dictConfig(config)
    yield stream.getvalue
    logging.config.dictConfig(settings.LOGGING)


def fails(*args, **kwargs):
    """An error that quotes a person, with a cause that quotes the personnummer, as a database's does."""
    try:
        raise DataError(f"Key (name)=({s.NAME}) is wrong: {s.PERSONNUMMER}\nDETAIL: {SECRETS[3]}")
    except DataError as error:
        raise ValueError(f"could not save {s.NAME}, {s.PERSONNUMMER}, {SECRETS[3]}{FORGERY}") from error


def test_an_error_in_any_view_says_where_and_not_whom(cast, probe, lines, monkeypatch):
    """Every address fails in the middle of its work: the page, the file, the API's call."""
    from django.urls.resolvers import URLPattern

    case = s.delivered(cast)
    document = case.enclosures.sent().first().document_id
    people = [row for row in clients(cast) if row[0] in ("officer", "physician", "administrator")]
    urls = [url for route in PAGES for url in filled(route, case, document)]
    whole = URLPattern.resolve

    def resolve(self, path):
        found = whole(self, path)
        if found is not None and found.func is not None:
            view = found.func
            cls = getattr(view, "view_class", None) or getattr(view, "cls", None)
            if cls is None:
                found.func = fails
        return found

    monkeypatch.setattr(URLPattern, "resolve", resolve)
    from orders.api.base import ApiView

    monkeypatch.setattr(ApiView, "case", fails)
    failed = 0
    for _, _, client, key in people:
        client.raise_request_exception = False
        for url in urls:
            answer = get(client, key, url)
            text = body(answer)
            failed += answer.status_code == 500
            assert not [word for word in SECRETS if word in text], url
            probe()
    assert failed > 100
    log = lines()
    assert log.count("builtins.ValueError") >= 100
    assert "test_logs.py" in log, "where it happened"
    assert not [word for word in SECRETS if word in log]
    assert "forged" not in log


def test_a_database_error_quotes_nobody(cast, probe, lines):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::integer", [s.PERSONNUMMER])
    except DataError:
        logging.getLogger("fmu.test").exception("failed for %s", "something")
    assert s.PERSONNUMMER not in lines()
    assert "django.db.utils.DataError" in lines()
    probe()


FORGED = (
    "a\n2026-11-22 12:00:00 INFO fmu Utlåtandet godkänt",
    "a\r\nERROR",
    "a\x1b[2J\x1b[31m",
    "a\u2028b\u0085c",
    "a\x00b",
    "a\x9b31m",
)


@pytest.mark.parametrize("text", FORGED)
@pytest.mark.parametrize("how", ["argument", "message", "mapping", "exception"])
def test_nobody_writes_a_line_of_their_own(lines, probe, text, how):
    log = logging.getLogger("django.security")
    if how == "argument":
        log.error("Bad host: %s", text)
    elif how == "message":
        log.error(text)
    elif how == "mapping":
        log.error("Task %(name)s", {"name": text})
    else:
        log.error("failed: %s", ValueError(text))
    assert lines().count("\n") == 1
    assert not set(lines()) & set("\x1b\x00\r\u2028\u0085\x9b")
    probe()


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil\r\nX: y"},
        {"host": "evil.example"},
        {"host": f"{s.PERSONNUMMER}.example"},
        {"referer": f"https://x/?personnummer={s.PERSONNUMMER}\n2026 INFO forged"},
        {"origin": "https://evil\n2026 INFO forged"},
        {"user-agent": "x\n2026 INFO forged"},
        {"x-forwarded-for": "x\n2026 INFO forged"},
        {"cookie": "__Host-session=x\n2026 INFO forged"},
    ],
)
def test_what_a_request_brings_makes_no_line(cast, probe, lines, headers):
    client = Client(enforce_csrf_checks=True, headers=headers)
    client.raise_request_exception = False
    odd = quote("a\nINFO forged")
    for url in ("/logga-in/", f"/arenden/?arende={quote(s.PERSONNUMMER)}", f"/arenden/{odd}/"):
        assert client.get(url).status_code < 500
        assert client.post(url, {"username": s.NAME, "password": "hemlig-text-7"}, secure=True).status_code < 500
        probe(2)
    log = lines()
    assert "\n2026 INFO forged" not in log
    assert all(
        line[:4].isdigit() for line in log.splitlines() if line and not line.startswith(("  ", "django.", "/"))
    ), log
    assert not [word for word in SECRETS if word in log]


def test_a_task_that_fails_says_its_class(probe, lines):
    """Celery writes with our formatter too, and its message quotes the exception."""
    from celery.app.trace import LOG_FAILURE

    from fmu_portal import celery

    assert celery.signals.setup_logging.receivers, "Celery would bring a formatter of its own"
    context = {"name": "t", "id": "1", "description": "raised unexpected", "exc": f"ValueError('{s.NAME}')",
               "traceback": f"… {s.NAME}", "args": f"('{s.NAME}',)", "kwargs": "{}"}  # fmt: skip
    logging.getLogger("celery.app.trace").error(LOG_FAILURE, context)
    assert "ValueError" in lines()
    assert s.NAME not in lines()
    probe()


def test_gunicorn_writes_with_our_formatter(probe):
    from launcher import gunicorn_conf

    made = gunicorn_conf.logconfig_dict["formatters"]["generic"]
    assert made["()"] == "fmu_portal.logs.Quiet"
    formatter = Quiet(made["format"])
    try:
        fails()
    except ValueError as error:
        info = sys.exc_info()
        for message, args in (
            ("Error handling request %s", (f"/arenden/?arende={s.PERSONNUMMER}",)),
            (error, ()),
            ("Error %s", (error,)),
        ):
            record = logging.LogRecord("gunicorn.error", 40, "x", 1, message, args, info)
            text = formatter.format(record)
            assert not [word for word in SECRETS if word in text]
            probe()


WRITES = """
import logging
import django
django.setup()
logging.getLogger("fmu.security").warning("%s", "login_failed user=7 address=192.0.2.7")
try:
    raise ValueError("Astrid Exempel")
except ValueError:
    logging.getLogger("fmu.outbox").exception("failed")
"""


@pytest.mark.parametrize("there", [True, False], ids=["daemon", "no daemon"])
def test_every_line_goes_to_the_log_daemon_too_and_its_absence_stops_nobody(tmp_path, there):
    """The lines as another process reads them, of a portal that was started with FMU_SYSLOG."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.settimeout(5)
        if there:
            daemon.bind(str(tmp_path / "log"))
        env = {**os.environ, "FMU_SYSLOG": str(tmp_path / "log"), "DJANGO_SETTINGS_MODULE": "fmu_portal.settings"}
        done = subprocess.run(
            [sys.executable, "-c", WRITES], env=env, capture_output=True, text=True, timeout=60, check=True
        )
        heard = [daemon.recv(65536).decode() for _ in range(2)] if there else []
    said = done.stderr.splitlines()
    assert "fmu.security login_failed user=7 address=192.0.2.7" in said[0]
    assert "Astrid" not in done.stderr + "".join(heard)
    if there:
        assert heard[0] == f"<12>fmu-portal: {said[0]}"  # user.warning
        assert heard[1].startswith("<11>fmu-portal: ")
        assert "builtins.ValueError" in heard[1]
    else:
        assert "Logging error" not in done.stderr


def test_a_daemon_that_does_not_read_holds_nobody(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        handler = Syslog(str(tmp_path / "log"))
        record = logging.LogRecord("fmu.security", 30, "x", 1, "refused status=404", (), None)
        began = time.monotonic()
        for _ in range(2000):
            handler.handle(record)
        handler.close()
    assert time.monotonic() - began < 5
    assert handler._again > began, "its queue was full"


@pytest.mark.parametrize("there", [True, False], ids=["daemon", "no daemon"])
def test_gunicorns_own_lines_go_there_too(monkeypatch, tmp_path, there):
    """By gunicorn's own way of setting up its logging, which forgets its handlers when it is given any."""
    from gunicorn.config import Config  # type: ignore[import-untyped]
    from gunicorn.glogging import Logger  # type: ignore[import-untyped]

    from launcher import gunicorn_conf

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.settimeout(5)
        daemon.bind(str(tmp_path / "log"))
        monkeypatch.setenv("FMU_SYSLOG", str(tmp_path / "log") if there else "")
        made = runpy.run_path(gunicorn_conf.__file__)
        config = Config()
        config.set("logconfig_dict", made["logconfig_dict"])
        try:
            own = Logger(config)
            assert own.error_log.handlers
            assert [type(handler).__name__ for handler in own.error_log.handlers] == ["StreamHandler", "Syslog"][
                : 1 + there
            ]
            own.error("Error handling request %s", f"/arenden/?arende={s.PERSONNUMMER}")
            heard = daemon.recv(65536).decode() if there else ""
        finally:
            logging.config.dictConfig(settings.LOGGING)
    assert heard.startswith("<11>fmu-portal: 2") if there else not heard
    assert s.PERSONNUMMER not in heard


def test_what_is_tidied_and_what_is_left():
    assert tidy("outbox notice 123 failed, attempt 2: ValueError") == "outbox notice 123 failed, attempt 2: ValueError"
    assert tidy("/arenden/2026-000123/ 1234567") == "/arenden/2026-000123/ 1234567"
    assert tidy("x 198501279841 8501279841 850127-9841 19850127-9841 850127+9841") == "x" + " [nummer]" * 5
    assert tidy("GET /a?b=c&d=é HTTP") == "GET /a?… HTTP"


def test_settings_write_no_query_of_the_database_and_no_page_of_errors():
    assert settings.DEBUG is False
    assert "django.db.backends" not in settings.LOGGING["loggers"]
    assert "mail_admins" not in str(settings.LOGGING)


def test_an_error_page_tells_nothing_of_the_machine(cast, probe, monkeypatch):
    from orders.views import overview as overview_pages

    monkeypatch.setattr(overview_pages.overview, "overview", fails)
    client = browser(cast.officer)
    client.raise_request_exception = False
    text = client.get("/arenden/").content.decode()
    for word in (*SECRETS, "Traceback", "ValueError", "/work/", "site-packages", "Django", "Python"):
        assert word not in text
        probe()
