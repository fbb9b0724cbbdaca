"""Markup in the text fields of a case's parts, of messages, inquiries and agreements: only text wherever it comes out."""

from __future__ import annotations

import itertools

import pytest
from django.utils import timezone

from accounts.models import ApiKey, Mandate
from correspondence.models import Template
from fmu_portal.engine.registry import PROCESSES, parts
from fmu_portal.engine.table import NEW
from tests import situations as s
from tests import threads as t
from tests.attacks.test_injection import actors_of, texts_of
from tests.markup import MARK, SSRF, XSS, read
from tests.pages import browser
from tests.test_inquiries import answer as answer_inquiry
from tests.test_inquiries import ask
from tests.test_last_day import REASON, do
from tests.test_visits import a_day, book

PAYLOADS = [*XSS, *SSRF]
SEEN_BY = ("officer", "team", "region", "admin", "physician")


def test_every_text_field_of_every_part_s_form_shows_it_as_text(cast, probe):
    """Typed into the first step of each part, by whoever may: in the page that comes back, and in the draft."""
    payloads, shown, fields = itertools.cycle(PAYLOADS), 0, set()
    case = s.in_progress(cast)
    for registered in parts():
        for step in registered.process.steps.values():
            form_class = registered.input_of(step)
            if NEW not in step.from_ or form_class is None or not texts_of(form_class):
                continue
            for actor in actors_of(step, cast)[:1]:
                data = {name: next(payloads) for name in texts_of(form_class)}
                client, url = browser(actor), f"/arenden/{case.number}/{registered.process.slug}/steg/{step.name}/"
                for button in ("fortsatt", "spara"):
                    back = client.post(url, data | {"gor": button})
                    assert back.status_code in (200, 302, 409, 422), (url, back.status_code)
                    shown += read(back.content.decode(), url)
                shown += read(client.get(url).content.decode(), url)
                fields |= {(registered.process.name, name) for name in data}
                probe(len(data))
    assert {("visit", "place"), ("deviation", "cause")} <= fields
    assert shown > 10


@pytest.fixture
def marked(cast):
    """A case whose visit, deviation, deferral and thread hold payloads."""
    case = s.in_progress(cast)
    book(case, cast, place=XSS[1])
    do(case, "deviation", "report", cast.region, kind="other", found_on=timezone.localdate().isoformat(), cause=XSS[0])
    do(case, "deferral", "tell_risk", cast.admin, wished=a_day(120), **REASON | {"reason": XSS[3]})
    t.in_case(case, cast.officer, cast.region, cast.admin, title=XSS[2][:90], text="\n".join(PAYLOADS))
    return s.fresh(case)


def test_what_is_stored_of_parts_and_messages_comes_out_as_text(cast, probe, marked):
    thread, visit = marked.threads.get(), marked.visits.get() if hasattr(marked, "visits") else None
    page, api = f"/arenden/{marked.number}/", f"/api/v1/assessments/{marked.number}/"
    urls = [page, f"{page}handelser/", "/avvikelser/", "/besok/", "/besok/kalender.ics", "/meddelanden/", "/aviseringar/",
            "/arenden/kalender/", f"/meddelanden/{thread.pk}/", f"/api/v1/threads/{thread.pk}/messages/",
            f"{api}visits/", f"{api}deviations/", f"{api}deferrals/"]  # fmt: skip
    assert visit is None or visit.place == XSS[1]
    shown = 0
    for name in SEEN_BY:
        actor = getattr(cast, name)
        client = browser(actor)
        key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}
        for url in urls:
            found = client.get(url, **(key if url.startswith("/api/") else {}))
            kind = found.headers.get("Content-Type", "")
            text = found.content.decode()
            if kind.startswith("text/html"):
                shown += read(text, (name, url))
            elif MARK in text:
                assert kind.startswith("application/json"), (url, kind)
                assert found.headers["X-Content-Type-Options"] == "nosniff"
            probe()
    assert shown > 30


def test_the_summons_holds_the_place_as_text_and_asks_nobody(cast, probe):
    from django.template.loader import render_to_string

    from orders.views.visits import letter_context

    case = s.in_progress(cast)
    for payload in (XSS[1], *SSRF):
        visit = book(case, cast, place=payload)
        visit.assessment = case
        html = render_to_string("documents/pdf_summons.html", letter_context(case, visit, None))
        assert read(html.replace("<style>", "<x>", 1), payload) == 1
        do(case, "visit", "cancel", cast.admin, visit, by="performer")
        probe()


def test_what_is_written_in_a_message_s_form_and_a_template_shows_as_text(cast, probe):
    case = s.in_progress(cast)
    client, shown = browser(cast.officer), 0
    Template.objects.create(organisation_id=cast.officer.organisation_id, name=XSS[0][:60], text=XSS[1])
    new = f"/meddelanden/nytt/?arende={case.number}"
    for payload in PAYLOADS:
        back = client.post(new, {"title": payload[:90], "text": payload, "gor": "spara"})
        assert back.status_code in (200, 302, 422)
        shown += read(back.content.decode(), new)
        for url in (new, "/meddelanden/", "/meddelanden/mallar/"):
            shown += read(client.get(url).content.decode(), url)
        probe()
    assert shown > len(PAYLOADS)


def test_inquiries_and_agreements_show_it_as_text(cast, probe):
    case = s.requested(cast)
    inquiry = ask(case, cast, cast.admin, cast.other_admin)[cast.admin.organisation_id]
    admin, region, shown = browser(cast.admin), browser(cast.region), 0
    back = admin.post(f"/forfragningar/{inquiry.pk}/svar/decline/", {"decline-reason": "", "decline-x": XSS[0]})
    shown += read(back.content.decode(), "decline")
    answer_inquiry(inquiry, "decline", cast.admin, reason=XSS[0])
    for client in (admin, region):
        for url in ("/forfragningar/", f"/forfragningar/{inquiry.pk}/", f"/arenden/{case.number}/", "/aviseringar/"):
            shown += read(client.get(url).content.decode(), url)
            probe()
    for payload in PAYLOADS:
        data = {"valid_from": payload, "languages": payload, "closed_weeks": payload}
        back = region.post("/avtal/nytt/", data)
        assert back.status_code == 422
        shown += read(back.content.decode(), "/avtal/nytt/")
        probe()
    assert shown > len(PAYLOADS)
    assert PROCESSES["inquiry"].process.slug
