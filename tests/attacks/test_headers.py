"""The headers that a browser needs stand on errors and files too; every page is asked for them in `tests.test_access_walk`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from documents import sandbox
from fmu_portal import limits
from tests import situations as s
from tests.headers import checked
from tests.pages import browser
from tests.test_access_walk import PAGES, clients, filled

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES_OF_FORMATS = ("http://www.w3.org/",)  # an XML namespace is a name; nothing is fetched from it


def test_errors_and_files_have_them_too(cast, probe, monkeypatch, settings):
    client = browser(cast.officer)
    client.raise_request_exception = False
    answers = {
        "/finns-inte/": 404,
        "/api/v1/finns-inte/": 401,
        "/halsa": None,
        "/static/portal.css": 200,
        "/static/portal.js": 200,
        "/static/finns-inte.css": 404,
        "/arenden/?x=%00": 400,
        "/uppdrag/": 200,
    }
    for url, status in answers.items():
        answer = client.get(url)
        assert status in (None, answer.status_code), (url, answer.status_code)
        checked(answer, url)
        probe()
    checked(client.get("/", headers={"host": "evil.example"}), "host")
    checked(client.post("/arenden/ny/", headers={"sec-fetch-site": "cross-site"}), "sec-fetch")
    from orders.views import overview as overview_pages

    monkeypatch.setattr(overview_pages.overview, "overview", lambda *a: 1 / 0)
    answer = client.get("/arenden/")
    assert answer.status_code == 500
    checked(answer, "/arenden/")
    probe(3)


def test_a_nonce_is_used_once_and_nothing_else_runs(cast, probe):
    client = browser(cast.officer)
    policies = [client.get("/att-gora/").headers["Content-Security-Policy"] for _ in range(5)]
    nonces = {re.search(r"script-src 'nonce-([^']+)'", policy)[1] for policy in policies}
    assert len(nonces) == 5
    assert all(len(nonce) >= 22 for nonce in nonces), "128 bits"
    for line in ("object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-src 'none'"):
        assert line in policies[0]
    # An answer without a script allows none.
    assert re.search(r"script-src(;|$)", client.get("/halsa").headers["Content-Security-Policy"])
    probe(6)


def test_no_style_sheet_or_script_of_ours_names_another_place(probe):
    paths = [p for p in (ROOT / "static").rglob("*") if p.suffix in (".css", ".js", ".svg")]
    assert len(paths) >= 5
    for path in paths:
        text = path.read_text(errors="replace")
        for name in NAMES_OF_FORMATS:
            text = text.replace(name, "")
        probe()
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//|(?:href|src)\s*=\s*['\"]\s*(?:https?:)?//", text), (
            path
        )
        if path.suffix == ".js":
            assert "://" not in text, path


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "x"])
def test_a_form_that_came_from_elsewhere_is_refused_by_what_the_browser_says(cast, probe, site):
    client = browser(cast.officer)
    answer = client.post("/arenden/ny/", headers={"sec-fetch-site": site})
    assert answer.status_code == 403
    assert "Formuläret skickades inte" in answer.content.decode()
    for own in ("same-origin", "none"):
        assert client.post("/arenden/ny/", headers={"sec-fetch-site": own}).status_code == 302
    probe(3)


PRODUCTION = {
    "FMU_PUBLIC_URL": "https://fmu.example.se",
    "FMU_HOSTS": "fmu.example.se",
    "FMU_PROXIES": "1",
}


def production(*arguments, **env):
    """`manage.py` in the production settings (no demonstration), with the tests' database."""
    import os

    kept = {name: value for name, value in os.environ.items() if not name.startswith("FMU_")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=kept | PRODUCTION | env, capture_output=True, text=True
    )


def test_the_deployment_check_has_nothing_to_say(probe):
    done = production("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    if missing := sandbox.missing_walls():  # the machine's, and said: a machine that gives them is the usual one
        assert ", ".join(missing) in done.stderr
        assert done.stderr.count("(fmu.W") == 1
        assert "(security." not in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    probe()


def test_with_https_the_portal_speaks_nothing_else(probe):
    code = """
import django; django.setup()
from django.test import Client
plain = Client(headers={"host": "fmu.example.se"})
away = plain.get("/regler/")
print(away.status_code, away.headers["Location"])
print(plain.get("/halsa").status_code)
call = plain.get("/api/v1/assessments/", headers={"authorization": "Bearer fmu_x"})
print(call.status_code, call.headers["Content-Type"], call.headers.get("Location"), call.headers["X-Content-Type-Options"])
safe = Client(headers={"host": "fmu.example.se", "x-forwarded-proto": "https"}).get("/om/tillganglighet/")
print(safe.status_code, safe.headers["Strict-Transport-Security"])
"""
    done = production("-c", code, DJANGO_SETTINGS_MODULE="fmu_portal.settings")
    lines = done.stdout.splitlines()
    assert lines[0] == "301 https://fmu.example.se/regler/", done.stderr
    assert lines[1] in ("200", "503")
    assert lines[2] == "403 application/problem+json None nosniff", "a program is not led on with its key in the clear"
    assert lines[3] == "200 max-age=31536000; includeSubDomains; preload"
    probe(4)


def test_an_address_answers_its_own_methods_and_no_other(cast, probe, monkeypatch):
    # More calls than a person makes in five minutes: the limit has tests of its own.
    monkeypatch.setattr(limits, "PAGE_ACCOUNT", limits.Limit("page", 10**6, 60))
    case = s.delivered(cast)
    document = case.enclosures.sent().first().document_id
    client = browser(cast.officer)
    api = next(key for name, _, _, key in clients(cast) if name == "officer")
    methods = ("OPTIONS", "TRACE", "PUT", "PATCH", "CONNECT", "XYZ")
    for route in ("", "halsa", "static/portal.css", *PAGES):
        # One view answers all addresses of a route: every method on the first, on each of the others another one.
        for number, url in enumerate(filled(route, case, document)):
            key = api if url.startswith("/api/") else {}
            for method in methods if number == 0 else methods[number % len(methods) :][:1]:
                answer = client.generic(method, url, **key)
                assert answer.status_code in (404, 405, 501), (method, url, answer.status_code)
                probe()


def test_no_header_makes_a_page_a_public_one(cast, probe):
    """gunicorn would take SCRIPT_NAME from a header of a client on the same machine: the way around the login."""
    from launcher import gunicorn_conf

    assert gunicorn_conf.forwarded_allow_ips == ""
    assert gunicorn_conf.forwarder_headers == ""
    case = s.delivered(cast)
    for prefix in ("/static", "/api", "/halsa", "/om", "/regler"):
        for url in ("/att-gora/", f"/arenden/{case.number}/", "/loggkontroll/"):
            answer = Client(raise_request_exception=False).get(url, SCRIPT_NAME=prefix)
            assert answer.status_code == 302, (prefix, url, answer.status_code)
            assert "/logga-in/" in answer.headers["Location"]
            probe()
    answer = browser(cast.officer).post("/arenden/ny/", headers={"sec-fetch-site": "cross-site"}, SCRIPT_NAME="/api")
    assert answer.status_code == 403
    probe()


def test_what_a_page_will_say_next_lies_in_no_cookie(cast, probe):
    case = s.delivered(cast)
    client = browser(cast.team)
    before = set(client.cookies)
    answer = client.post(f"/arenden/{case.number}/jav/")
    assert answer.status_code == 302
    assert set(client.cookies) == before
    assert f"Du är blockerad från ärende {case.number}" in client.get("/att-gora/").content.decode()
    probe()


def test_cookies_hold_to_this_host_and_scripts_see_none(cast, probe):
    from tests.cast import PASSWORD

    answer = Client().post("/logga-in/", {"username": "officer", "password": PASSWORD})
    assert answer.cookies
    for name, cookie in answer.cookies.items():
        assert name.startswith("__Host-")
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert cookie["samesite"] in ("Lax", "Strict")
        assert len(name) + len(cookie.value) < 4096
        probe()
