"""A person with a protected identity: nothing that tells who or where, but for the few, with a reason each time."""

from __future__ import annotations

import json
import re

import pytest
from django.core import mail
from django.db import connection

from accounts.models import ApiKey, Mandate
from audit.models import AccessEntry
from fmu_portal.engine import outbox
from fmu_portal.models import Event, Notice
from orders.models import Assessment, InsuredPerson, Reveal
from tests import protection, roles
from tests import situations as s
from tests.pages import browser
from tests.protection import MARKED, NAME, NUMBER, PLACE, TRACES, WHERE, no_trace
from tests.test_access_walk import OF_A_CASE, PAGES, body, filled, one_of_each


@pytest.fixture
def case(cast):
    return protection.case(cast)


def test_every_page_and_answer_for_everybody_is_free_of_every_trace(cast, case):
    """At every address of the case and its parts; `tests/test_access_walk.py` looks at the lists that it stands in."""
    document = case.enclosures.sent().first().document_id
    looked = 0
    for name, actor in one_of_each(cast).items():
        client = browser(actor)
        key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}
        for route in (route for route in PAGES if "<" in route):
            for url in filled(route, case, document, actor):
                answer = client.get(url, **(key if url.startswith("/api/") else {}))
                assert answer.status_code < 500, (name, url)
                looked += 1
                no_trace(body(answer), f"{name} {url}")
    assert looked > 300


def test_at_the_agency_neither_region_nor_performer_is_told(cast, case):
    document = case.enclosures.sent().first().document_id
    for actor in (cast.officer, cast.team, cast.adviser, cast.controller, cast.attester):
        client = browser(actor)
        urls = ["/arenden/?vy=alla", "/att-gora/", "/aviseringar/"]
        urls += [
            url
            for route in OF_A_CASE
            if not route.startswith("api/")
            for url in filled(route, case, document)
            if "steg" not in url
        ]
        for url in urls:
            if "utlatande" in url:
                continue  # the report itself says who wrote it
            # Every region and performer stands in the filters' choices, whatever the cases are.
            text = re.sub(r"(?s)<select.*?</select>", "", body(client.get(url)))
            assert not [trace for trace in WHERE if trace in text], (actor.role, url)
            assert actor is cast.adviser or cast.physician.user_name not in text or "logg" in url, (actor.role, url)
        key = {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}
        for part in ("", "events/", "duties/"):
            text = body(client.get(f"/api/v1/assessments/{case.number}/{part}", **key))
            assert not [trace for trace in WHERE if trace in json.dumps(json.loads(text), ensure_ascii=False)], part


def test_no_mail_notice_log_event_or_draft_keeps_a_trace(cast, case):
    outbox.work()
    texts = [f"{m.subject} {m.body}" for m in mail.outbox] + [n.text for n in Notice.objects.all()]
    assert texts
    with connection.cursor() as cursor:
        for table in (
            "audit_accessentry",
            "fmu_portal_event",
            "fmu_portal_outbox",
            "orders_assessment",
            "orders_stepdraft",
        ):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            texts.append(cursor.fetchone()[0])
    for text in texts:
        assert not [trace for trace in TRACES if trace in text], text[:200]
    assert not [trace for trace in WHERE for text in texts[: len(mail.outbox)] if trace in text]
    assert (
        not Event.objects.filter(case_id=case.pk, data__set__municipality_id__isnull=False)
        .exclude(data__set__municipality_id=None)
        .exists()
    )


def test_the_report_s_pdf_says_the_number_and_no_person(cast, whole_reports, case):
    import io

    import pypdf

    from documents import vault
    from orders.models import ReportVersion

    with vault.open_clean(ReportVersion.objects.get(assessment=case).document) as file:
        data = file.read()
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    assert "Skyddade personuppgifter" in text
    assert case.number in text
    assert not [trace for trace in TRACES if trace in text or trace.encode() in data]


def test_a_search_finds_neither_the_person_nor_that_there_is_one(cast, case):
    for actor in (cast.officer, cast.team, cast.stranger_officer, cast.admin):
        text = browser(actor).post("/arenden/sok/", {"personnummer": NUMBER}).content.decode()
        assert case.number not in text
    text = (
        browser(cast.region)
        .post("/arenden/sok/", {"personnummer": NUMBER, "reason": "Personen ringde"})
        .content.decode()
    )
    assert case.number not in text
    client, url = browser(cast.officer), f"/arenden/{s.draft(cast).number}/steg/request/"
    page = client.get(client.post(url, MARKED).headers["Location"]).content.decode()
    assert case.number not in page


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("officer", True), ("team", True), ("physician", True), ("admin", True), ("adviser", False), ("controller", False),
        ("attester", False), ("region", False), ("finance", False), ("psychologist", False), ("physician_two", False),
        ("stranger_officer", False), ("other_admin", False), ("skane", False), ("administrator", False),
    ],
)  # fmt: skip
def test_the_few_who_must_are_shown_with_a_reason_each_time(cast, case, who, may):
    client, url = browser(getattr(cast, who)), f"/arenden/{case.number}/skyddade-uppgifter/"
    answer = client.get(url)
    assert answer.status_code == (200 if may else 404)
    assert NAME not in answer.content.decode()
    reason = "Personen ska kallas till ett besök"
    assert client.post(url, {"reason": "kort"}).status_code == (422 if may else 404)
    assert not Reveal.objects.exists()
    answer = client.post(url, {"reason": reason})
    assert (NAME in answer.content.decode()) is may
    if not may:
        return
    assert PLACE in answer.content.decode()
    stated = Reveal.objects.get()
    entry = AccessEntry.objects.last()
    assert (entry.why, entry.cases) == (f"reveal:{stated.pk}", [case.pk])
    assert "protected" in entry.parts
    assert NAME not in client.get(f"/arenden/{case.number}/").content.decode(), "shown once"
    assert NAME not in client.get(url).content.decode()


def test_the_wall_shows_the_person_to_nobody_without_a_stated_reason(cast, case):
    for actor in (cast.officer, cast.team, cast.admin, cast.physician):
        with roles.at_work(actor), connection.cursor() as cursor:
            assert not InsuredPerson.objects.exists()
            cursor.execute("SELECT set_config('fmu.reveal', '1', true)")
            assert not InsuredPerson.objects.exists(), "a made-up reason"
            cursor.execute("SELECT set_config('fmu.reveal', '', true)")


def test_another_s_reason_or_an_old_one_opens_nothing(cast, case):
    from datetime import timedelta

    from django.utils import timezone

    theirs = Reveal.objects.create(assessment=case, mandate_id=cast.team.mandate_id, reason="Kallelse till besök")
    old = Reveal.objects.create(
        assessment=case, mandate_id=cast.officer.mandate_id, reason="I går", at=timezone.now() - timedelta(minutes=5)
    )
    for reveal in (theirs, old):
        with roles.at_work(cast.officer), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('fmu.reveal', %s, true)", [str(reveal.pk)])
            assert not InsuredPerson.objects.exists()
            cursor.execute("SELECT set_config('fmu.reveal', '', true)")


def test_marked_later_and_taken_away_again(cast):
    case = s.in_progress(cast)
    client = browser(cast.officer)
    page = f"/arenden/{case.number}/"
    assert s.NAME in client.get(page).content.decode()
    for kind in ("marked", "none"):
        url = f"{page}steg/protect/"
        assert client.post(url, {"protection": kind, "sedd": s.fresh(case).version}).status_code == 302
        assert client.post(f"{url}kontrollera/", {"sedd": s.fresh(case).version}).status_code == 302
        case = s.fresh(case)
        assert case.protected is (kind == "marked")
        assert (s.NAME in client.get(page).content.decode()) is (kind == "none")
        assert (case.municipality_id is None) is (kind == "marked")
    assert Assessment.objects.get(pk=case.pk).municipality_id == "0180"
    assert browser(cast.region).get(f"{page}steg/protect/").status_code == 403


def test_a_new_address_is_written_without_being_read(cast, case):
    client = browser(cast.officer)
    url = f"/arenden/{case.number}/steg/add/"
    data = {"text": "Ny adress", "address": "Nya hemliga gatan 1", "sedd": case.version}
    assert client.post(url, data).status_code == 302
    assert client.post(f"{url}kontrollera/", {"sedd": case.version}).status_code == 302
    assert InsuredPerson.objects.get(pk=case.pk).address == "Nya hemliga gatan 1"
    assert "Nya hemliga gatan 1" not in client.get(f"/arenden/{case.number}/").content.decode()


def test_only_the_case_s_office_marks_and_moves(cast, case):
    from django.db import DatabaseError, transaction

    for actor in (cast.region, cast.admin, cast.stranger_officer, cast.controller):
        for sql in ("SELECT orders_protect(%s, '', NULL)", "SELECT orders_readdress(%s, 'x', '')"):
            with (
                roles.at_work(actor),
                pytest.raises(DatabaseError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(sql, [case.pk])
