"""Markup, SQL and addresses in every text field: each is only text wherever it comes out.

What is stored is read at every address by everybody in `tests/test_access_walk.py`.
"""

from __future__ import annotations

import itertools

import pytest
from django import forms
from django.conf import settings

from fmu_portal.engine.registry import PROCESSES
from orders.process import ASSESSMENT
from tests import markup
from tests import situations as s
from tests.markup import MARK, SSRF, XSS, Reader, read
from tests.pages import browser

SQL = ["'", "''", '"', "\\", "' OR '1'='1", "'; DROP TABLE orders_assessment; --", "%", "_", "%%%s", "1 OR 1=1", "$$", "/*",
       "\x1a",
       "0x31", "1e308", "-1", "9" * 30, "١٢", "{}", "(SELECT 1)", "1;SELECT pg_sleep(5)", "😀", "a" * 5000]  # fmt: skip


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
    return markup.case(cast)


def test_the_report_s_pdf_holds_it_as_text_and_asks_nobody(cast, probe, whole_reports, marked, monkeypatch):
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
