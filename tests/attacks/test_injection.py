"""Markup, SQL and addresses in every text field: each is only text wherever it comes out."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.conf import settings

from fmu_portal.engine.registry import PROCESSES
from orders.models import Report
from orders.process import ASSESSMENT
from orders.report import SECTIONS, keys
from tests import situations as s
from tests.pages import browser
from tests.test_access_walk import PAGES, body, clients, filled, get, one_of_each

MARK = "zzmark"
XSS = [
    f"<script>{MARK}(1)</script>",
    f'"><img src=x onerror={MARK}(2)>',
    f"'><svg/onload={MARK}(3)>",
    f"</textarea><script>{MARK}(4)</script>",
    f"</title><script>{MARK}(5)</script>",
    f'" autofocus onfocus="{MARK}(6)',
    f"javascript:{MARK}(7)",
    f"{{{{ {MARK} }}}}{{% debug %}}",
    f"<!--{MARK}--><iframe srcdoc='x'>",
    f"<a href=//evil.example/{MARK}>x</a>",
]
SSRF = [
    f"<img src='http://127.0.0.1:1/{MARK}'>",
    f"<link rel=attachment href='file:///etc/passwd'>{MARK}",
    f"<style>@import url(http://127.0.0.1:1/{MARK})</style>",
    f"url(file:///etc/passwd) {MARK}",
    f"<iframe src='http://169.254.169.254/{MARK}'></iframe>",
]
SQL = ["'", "''", '"', "\\", "' OR '1'='1", "'; DROP TABLE orders_assessment; --", "%", "_", "%%%s", "1 OR 1=1", "$$", "/*",
       "\x1a",
       "0x31", "1e308", "-1", "9" * 30, "١٢", "{}", "(SELECT 1)", "1;SELECT pg_sleep(5)", "😀", "a" * 5000]  # fmt: skip


class Reader(HTMLParser):
    """Where the mark stands: as an element, an attribute that acts, or an address is a hole; as text it is none."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.holes: list[Any] = []
        self.seen = 0
        self._raw = ""

    def handle_starttag(self, tag, attrs):
        self._raw = tag if tag in ("script", "style") else ""
        for name, value in attrs:
            text = value or ""
            if MARK in name or (name.startswith("on")) or name in ("srcdoc", "style"):
                self.holes.append((tag, name, value))
            elif MARK in text:
                self.seen += 1
                own = text.startswith("?") or (text.startswith("/") and not text.startswith(("//", "/\\")))
                if name in ("href", "src", "action", "formaction", "data-poll", "data-autosave") and not own:
                    self.holes.append((tag, name, value))

    def handle_endtag(self, tag):
        self._raw = ""

    def handle_data(self, data):
        if MARK in data:
            self.seen += 1
            if self._raw:
                self.holes.append((self._raw, data))

    def handle_comment(self, data):
        if MARK in data:
            self.holes.append(("comment", data))


SUSPECT = re.compile(rf"{MARK}|[\s/\"'](?:on|srcdoc|style)", re.IGNORECASE)
"""What the reader looks for; a page without any of it has no hole and need not be taken apart."""


def read(text, url):
    """How often the mark is shown as text; a hole is an error."""
    if not SUSPECT.search(text):
        return 0
    reader = Reader()
    reader.feed(text)
    assert not reader.holes, (url, reader.holes[:3])
    return reader.seen


def texts_of(form_class):
    """The names of a form's fields that take text."""
    return [
        name
        for name, field in form_class.base_fields.items()
        if isinstance(field, forms.CharField) and not isinstance(field.widget, forms.HiddenInput)
    ]


def actors_of(step, cast):
    return [a for a in cast.everyone().values() if a.role in step.by.get(a.party, ())]


@pytest.mark.parametrize("turn", range(2))
def test_every_text_field_of_every_step_shows_it_as_text(cast, probe, turn):
    """Typed into each form: in the page that comes back (errors or not), in the draft, on the page with the answers."""
    shown = 0
    payloads = itertools.islice(itertools.cycle([*XSS, *SSRF]), turn * 7, None)  # each field another
    for status, make in s.IN_STATUS.items():
        case = make(cast)
        for step in ASSESSMENT.steps.values():
            form_class = PROCESSES["assessment"].input_of(step)
            if case.status not in step.from_ or form_class is None or not texts_of(form_class):
                continue
            data = {name: next(payloads) for name in texts_of(form_class)}
            whole = {"request": s.REQUEST, "order": s.ORDER}.get(step.name, {})
            for actor in actors_of(step, cast)[:1]:
                client = browser(actor)
                url = f"/arenden/{case.number}/steg/{step.name}/"
                answer = client.post(url, data | {"gor": "fortsatt"})
                shown += read(answer.content.decode(), (status, url))
                saved = client.post(url, whole | data | {"gor": "spara"})
                shown += read(saved.content.decode(), (status, url))
                for after in (url, f"/arenden/{case.number}/"):
                    shown += read(client.get(after).content.decode(), (status, after))
                probe(len(data))
    assert shown > 10, "it came out somewhere"


@pytest.fixture
def marked(cast):
    """A case whose every stored text is a payload: (case, number of payloads)."""
    free = {"special_needs", "method", "name", "address", "purpose", "no_self_rating_reason"}

    def full(data, payload):
        return {k: (payload[:110] if k in free else v) for k, v in data.items()}

    case = s.step(s.draft(cast), "request", cast.officer, **full(s.REQUEST, XSS[0]))
    case = s.step(case, "assign", cast.region, performer=cast.admin.organisation_id)
    s.stage(case, cast.officer)
    case = s.step(case, "order", cast.officer, **full(s.ORDER, XSS[1]))
    case = s.step(s.with_physician(case, cast), "confirm", cast.admin)
    payloads = [*XSS, *SSRF]
    content = dict(s.REPORT)
    names = [key for section in SECTIONS for f in section.fields for key in keys(f)]
    for number, name in enumerate(names):
        if not isinstance(content.get(name), int) and not name.endswith("_on"):
            content[name] = payloads[number % len(payloads)]
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=content)
    case = s.step(case, "deliver", cast.physician, source="form", revision=0, responsible="on")
    case = s.step(case, "request_supplement", cast.officer, report_version=1, part="prognosis", missing=XSS[2])
    return case, len(names) + 8


def test_what_is_stored_comes_out_as_text_on_every_page_for_everybody(cast, probe, marked):
    case, count = marked
    document = case.enclosures.sent().first().document_id
    shown = 0
    for _, actor, client, key in clients(cast, one_of_each(cast)):
        for route in PAGES:
            for url in filled(route, case, document, actor):
                answer = get(client, key, url)
                kind = answer.headers.get("Content-Type", "")
                text = body(answer)
                if kind.startswith("text/html"):
                    shown += read(text, url)
                elif MARK in text:
                    assert kind.startswith(("application/json", "text/plain")), (url, kind)
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"
                probe()
    assert shown > 100
    probe(count)


def test_the_report_s_pdf_holds_it_as_text_and_asks_nobody(cast, probe, marked, monkeypatch):
    import socket

    import weasyprint

    from documents import pdf
    from orders import pdf as report_pdf
    from orders.models import ReportVersion

    case, count = marked
    asked, read_pages = [], []
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: asked.append(a) or 1 / 0)
    whole = weasyprint.HTML.__init__

    def init(self, *args, **kwargs):
        if kwargs.get("string"):
            read_pages.append(kwargs["string"])
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(weasyprint.HTML, "__init__", init)
    version = ReportVersion.objects.get(assessment=case)
    report_pdf.make({"version": version.pk})
    assert read_pages, "the PDF is made from HTML"
    for page in read_pages:
        reader = Reader()
        reader.feed(page.replace("<style>", "<x>", 1))
        assert not [h for h in reader.holes if MARK in str(h)]
        assert reader.seen > 5
    assert not asked
    for url in (
        "http://127.0.0.1:1/x",
        "file:///etc/passwd",
        "https://evil.example",
        "data:text/html,x",
        "ftp://x",
    ):
        with pytest.raises(pdf.PdfRefused):
            pdf.render(f"<html lang=sv><title>x</title><img src='{url}' alt=x></html>")
        probe()
    probe(count)


@pytest.mark.parametrize("text", [*SQL, *XSS])
def test_filters_and_search_take_it_as_text(cast, probe, text):
    case = s.requested(cast)
    client, region = browser(cast.officer), browser(cast.region)
    empty = {
        url: client.get(url, {"arende": "finns-inte"}).content.decode().count(case.number)
        for url in ("/att-gora/", "/arenden/")
    }
    for who in (client, region):
        for url in ("/att-gora/", "/arenden/", "/aviseringar/"):
            # Each is read by itself: those that only narrow come together, the number and the cursor alone.
            for names in (("vy", "status", "uppgift", "utforare"), ("arende",), ("efter",)):
                answer = who.get(url, dict.fromkeys(names, text))
                assert answer.status_code in (200, 400), (url, names, answer.status_code)
                page = answer.content.decode()
                read(page, url)
                if names == ("arende",) and who is client and answer.status_code == 200:
                    assert page.count(case.number) == empty.get(url, 0), "found as much as no match does"
                probe(len(names))
    for who, data in ((client, {"personnummer": text}), (region, {"personnummer": s.PERSONNUMMER, "reason": text})):
        answer = who.post("/arenden/sok/", data)
        assert answer.status_code in (200, 422)
        read(answer.content.decode(), "/arenden/sok/")
        probe()


@pytest.mark.parametrize("text", SQL)
def test_the_api_s_parameters_take_it_as_text(cast, probe, text):
    from tests.test_api import Api

    s.requested(cast)
    client = Api(cast.officer).client
    for name in ("status", "number", "cursor", "x"):
        answer = client.get("/api/v1/assessments/", {name: text})
        assert answer.status_code in (200, 422), (name, answer.status_code)
        if answer.status_code == 200 and name != "x":
            assert answer.json()["results"] == [] or name == "cursor", name
        probe()


def test_templates_turn_escaping_off_nowhere(probe):
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = path.read_text()
        assert "autoescape off" not in text, path
        assert "|safe" not in text, path
        probe()
