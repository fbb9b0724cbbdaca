"""A protected person in what came later: visits, letters, calendars, messages, inquiries, deviations, exports."""

from __future__ import annotations

import io

import pypdf
import pytest
from django.core import mail
from django.db import connection
from django.template.loader import render_to_string

from accounts.models import ApiKey, Mandate
from documents.pdf import render
from fmu_portal.engine import outbox
from fmu_portal.engine.refusals import InvalidInput
from fmu_portal.models import Notice
from orders import access
from orders.inputs.visits import PROTECTED_POST, PROTECTED_ROUTE
from orders.models import Visit
from orders.views.visits import letter_context
from tests import protection, roles
from tests import situations as s
from tests import threads as t
from tests.pages import browser
from tests.protection import MARKED, TRACES, WHERE
from tests.test_access_walk import body
from tests.test_exports import ask, file_of
from tests.test_inquiries import ask as ask_performers
from tests.test_last_day import do
from tests.test_pdf_of_record import findings
from tests.test_visits import a_day, book

PLACE = "Mottagningen bakom torget"
EVERYBODY = (
    "officer", "team", "adviser", "controller", "attester", "region", "finance", "admin", "physician", "psychologist",
    "stranger_officer", "skane", "other_admin", "administrator",
)  # fmt: skip


@pytest.fixture
def case(cast):
    """A case under way with a summons, a thread that asks, and a deviation."""
    case = protection.case(cast, until="in_progress")
    visit = book(case, cast, place=PLACE, interpreter="needed")
    do(case, "visit", "summon", cast.admin, visit, how="post", sent_on=a_day(0))
    t.everybody(cast, case, asked=cast.region)
    do(case, "deviation", "report", cast.region, kind="other", found_on=a_day(0), cause="Brevet kom bort")
    outbox.work()
    return s.fresh(case)


def visit_of(case):
    return Visit.objects.get(assessment=case)


def addresses(case):
    """The pages and answers that came after the first walk was written, as everybody asks for them."""
    visit, thread = visit_of(case), case.threads.get()
    page, api = f"/arenden/{case.number}/", f"/api/v1/assessments/{case.number}/"
    return [
        page, f"{page}handelser/", "/arenden/", "/arenden/?vy=alla", "/arenden/kalender/", "/avvikelser/", "/aviseringar/",
        "/besok/", "/besok/?vy=mina", "/besok/kalender.ics", f"{page}besok/{visit.pk}/besok.ics",
        f"{page}besok/{visit.pk}/kallelse.pdf", "/meddelanden/", f"/meddelanden/{thread.pk}/",
        f"{api}visits/", f"{api}deviations/", f"{api}inquiries/", "/api/v1/threads/", f"/api/v1/threads/{thread.pk}/",
        f"/api/v1/threads/{thread.pk}/messages/", "/api/v1/inquiries/", "/forfragningar/", "/flode/",
    ]  # fmt: skip


def test_every_later_page_is_free_of_every_trace(cast, case):
    looked, shown = 0, 0
    for name in EVERYBODY:
        actor = getattr(cast, name)
        client = browser(actor)
        key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}
        for url in addresses(case):
            answer = client.get(url, **(key if url.startswith("/api/") else {}))
            assert answer.status_code < 500, (name, url)
            text = body(answer)
            if url.endswith(".pdf") and answer.status_code == 200:
                text += " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
            looked += 1
            shown += case.number in text
            assert not [trace for trace in TRACES if trace in text], (name, url)
    assert looked == len(EVERYBODY) * len(addresses(case))
    assert shown > 40


def test_nor_is_it_in_what_is_sent_and_kept_of_them(cast, case):
    texts = [f"{m.subject} {m.body}" for m in mail.outbox] + [n.text for n in Notice.objects.all()]
    assert len(texts) > 10
    with connection.cursor() as cursor:
        for table in (
            "orders_visit", "orders_deviation", "correspondence_thread", "correspondence_message", "fmu_portal_note",
            "fmu_portal_event", "fmu_portal_outbox", "audit_accessentry",
        ):  # fmt: skip
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            texts.append(cursor.fetchone()[0])
    for text in texts:
        assert not [trace for trace in TRACES if trace in text], text[:200]


def test_at_the_agency_neither_place_nor_performer_is_told_by_a_visit_or_a_thread(cast, case):
    visit, thread = visit_of(case), case.threads.get()
    for actor in (cast.officer, cast.team):
        client = browser(actor)
        for url in (f"/arenden/{case.number}/", f"/arenden/{case.number}/besok/{visit.pk}/besok.ics",
                    f"/meddelanden/{thread.pk}/"):  # fmt: skip
            text = body(client.get(url))
            assert case.number in text, url
            assert not [word for word in (*WHERE, PLACE, cast.physician.user_name) if word in text], url
        assert client.get(f"/arenden/{case.number}/besok/{visit.pk}/kallelse.pdf").status_code == 404


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_an_export_has_the_number_and_no_trace(cast, case, format_):
    for actor in (cast.officer, cast.region, cast.admin):
        more = {"namn": "on"} if actor is not cast.region else {}
        export = ask(actor, "vy=alla", format=format_, **more)
        outbox.work()
        status, content = file_of(actor, export)
        assert status == 200
        if format_ == "xlsx":
            import zipfile

            with zipfile.ZipFile(io.BytesIO(content)) as file:
                content = b" ".join(file.read(name) for name in file.namelist())
        text = content.decode("utf-8", "replace")
        assert case.number in text
        assert not [trace for trace in TRACES if trace in text], actor.role


def test_the_performer_asked_is_told_no_place(cast):
    draft = s.draft(cast)
    url = f"/arenden/{draft.number}/steg/request/"
    assert browser(cast.officer).post(url, MARKED).status_code == 302
    browser(cast.officer).post(f"{url}kontrollera/")
    case = s.fresh(draft)
    assert case.status == "requested"
    inquiry = ask_performers(case, cast, cast.admin, cast.other_admin)[cast.admin.organisation_id]
    outbox.work()
    client = browser(cast.admin)
    key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=cast.admin.mandate_id))}"}
    for url in (
        "/forfragningar/",
        f"/forfragningar/{inquiry.pk}/",
        "/api/v1/inquiries/",
        f"/api/v1/inquiries/{inquiry.pk}/",
    ):
        answer = client.get(url, **(key if url.startswith("/api/") else {}))
        assert answer.status_code == 200, url
        text = body(answer)
        assert not [trace for trace in (*TRACES, case.number) if trace in text], url
    assert not [m for m in mail.outbox for trace in TRACES if trace in f"{m.subject} {m.body}"]


def test_the_summons_goes_by_the_protected_route_and_by_no_other_post(cast):
    case = protection.case(cast, until="in_progress")
    visit = book(case, cast, place=PLACE)
    client = browser(cast.admin)
    url = f"/arenden/{case.number}/besok/{visit.pk}/steg/summon/"
    page = client.get(url)
    assert page.status_code == 200
    text = page.content.decode()
    assert PROTECTED_POST in text
    assert "Brev med posten" not in text
    check = client.post(url, {"how": "post", "sent_on": a_day(0), "sedd": visit.version}, follow=True).content.decode()
    assert PROTECTED_ROUTE in check
    with pytest.raises(InvalidInput):
        do(case, "visit", "summon", cast.admin, visit, how="e-mail", sent_on=a_day(0))


def test_nobody_else_has_that_choice(cast):
    case = s.in_progress(cast)
    visit = book(case, cast)
    from orders.inputs.visits import SummonForm

    visit.assessment = case
    words = dict(SummonForm({}, subject=visit, actor=cast.admin).fields["how"].choices)
    assert words["post"] == "Brev med posten"


def letter(case, visit, person):
    made_at = visit.last_event.at
    return render(render_to_string("documents/pdf_summons.html", letter_context(case, visit, person)), created=made_at)


def test_the_address_is_in_no_letter_whatever_was_revealed_before(cast, case):
    """The reveal is for its own answer: the letter that is made afterwards names nobody."""
    client, url = browser(cast.admin), f"/arenden/{case.number}/besok/{visit_of(case).pk}/kallelse.pdf"
    shown = client.post(f"/arenden/{case.number}/skyddade-uppgifter/", {"reason": "Ska skriva kuvertet för hand"})
    assert MARKED["address"] in shown.content.decode()
    answer = client.get(url)
    assert answer.status_code == 200
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert f"Ärende {case.number}" in text
    assert not [trace for trace in TRACES if trace in text or trace.encode() in answer.content]


def test_the_summons_is_a_pdf_of_record_protected_or_not(cast, case):
    plain = s.in_progress(cast)
    visit = book(plain, cast, place="Storgatan 7, plan 3", start="13.00")
    with roles.at_work(cast.admin):
        mine = access.get_case(cast.admin, plain.number)
        person = access.person_of(cast.admin, mine)
        visit.assessment = mine
        named = letter(mine, visit, person)
    assert findings(named) == []
    assert named == letter(mine, visit, person), "the same bytes for the same summons"
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(named)).pages)
    assert s.NAME in text
    nameless = letter(case, visit_of(case), None)
    assert findings(nameless) == []
    import pikepdf

    for data in (named, nameless):
        with pikepdf.open(io.BytesIO(data)) as file, file.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]) == ("3", "A", "1")
            assert str(file.Root.Lang) == "sv"
            assert file.Root.MarkInfo.Marked
            assert "/EmbeddedFiles" not in (file.Root.get("/Names") or {})
