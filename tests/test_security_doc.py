"""docs/security.md goes through what it says it goes through, and shows only tests that are there."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from django.test import Client

from tests import situations as s
from tests.pages import browser

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "security.md"
IDS = ROOT / "docs" / "asvs_5.0.0_ids.csv"
STATUSES = ("met", "partly", "not met", "not for us")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
REQUIREMENT = re.compile(r"V\d+\.\d+\.\d+")


def rows():
    """The tables' rows: id, level, asked, status, how, shown by."""
    found = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and REQUIREMENT.fullmatch(cells[0]):
            found.append(cells)
    return found


def wanted():
    """Requirement -> level, of the chapters that the page goes through."""
    with IDS.open() as file:
        return {row["id"]: row["level"] for row in csv.DictReader(file)}


def test_every_requirement_of_the_chapters_stands_there_once_with_its_level():
    assert all(len(row) == 6 for row in rows()), [row for row in rows() if len(row) != 6]
    assert Counter(row[0] for row in rows()) == Counter(wanted().keys())
    assert {row[0]: row[1] for row in rows()} == wanted()


def test_the_chapters_are_those_asked_for():
    chapters = {requirement.partition(".")[0] for requirement in wanted()}
    assert {"V3", "V5", "V7", "V8", "V14", "V16"} <= chapters
    heads = re.findall(r"^## (V\d+) ", PAGE.read_text(), re.MULTILINE)
    assert len(heads) == len(set(heads))
    assert set(heads) == chapters
    assert len(wanted()) > 100


def test_every_row_says_how_or_why_not():
    for requirement, _, asked, status, how, _ in rows():
        assert status in STATUSES, requirement
        assert asked, requirement
        assert len(how) >= 10, requirement


def test_what_is_met_is_shown_by_a_test_that_is_there():
    for requirement, *_, status, how, shown in rows():
        named = NAMED.findall(shown)
        assert status != "met" or named, requirement
        for path, name in [*named, *NAMED.findall(how)]:
            assert (ROOT / path).is_file(), (requirement, path)
            assert not name or re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE), (
                requirement,
                name,
            )


def test_the_document_has_its_parts():
    """The inventory of logs, the classes of data, what decides besides the role: asked for as documents (V8, V14, V16)."""
    parts = re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)
    assert parts[:3] == ["Data and their classes", "What decides besides role and case", "Logs there are"]


def test_the_script_keeps_nothing_and_believes_nobody():
    text = (ROOT / "static" / "portal.js").read_text()
    for word in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches.", "serviceWorker",
                 "event.data", "eval(", "document.write", "Function("):  # fmt: skip
        assert word not in text, word
    assert re.findall(r"postMessage\(.*?\)", text) == ['postMessage("")'], "windows tell each other nothing"
    assert re.findall(r'"message", (.*)\);', text) == ["() => ask()"], "nor believe each other"


@pytest.mark.parametrize("key", ["officer", "region", "physician", "administrator"])
def test_every_page_of_a_user_has_the_way_out(cast, key):
    case = s.delivered(cast)
    client = browser(getattr(cast, key))
    for url in ("/", "/att-gora/", "/arenden/", f"/arenden/{case.number}/", "/uppdrag/", "/inloggningar/", "/regler/",
                "/om/personuppgifter/", "/finns-inte/"):  # fmt: skip
        answer = client.get(url, follow=True)
        if "text/html" in answer.headers["Content-Type"]:
            assert 'action="/logga-ut/"' in answer.content.decode(), url
    assert 'action="/logga-ut/"' not in Client().get("/regler/").content.decode()
