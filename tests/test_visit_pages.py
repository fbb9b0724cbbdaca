"""The pages of visits: what each sees, the week, the calendar files, the letter; and the API's words."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.roles import Party
from orders.models import Visit
from orders.views.visits import letter_context, week_words
from orders.visits import visit_days
from tests import situations as s
from tests.pages import browser
from tests.roles import at_work
from tests.test_last_day import do
from tests.test_visits import AHEAD, a_day, book, booking, moved, psychologist

PLACE = "Storgatan 7, rum 3"


def text_of(answer):
    """The page in one line, without the marks around days and numbers."""
    page = re.sub(r"</?(span|time)[^>]*>", "", answer.content.decode().replace("\xa0", " ").replace("&nbsp;", " "))
    return re.sub(r"\s+", " ", page)


@pytest.fixture
def case(cast):
    return s.in_progress(cast)


@pytest.fixture
def visit(case, cast):
    return book(case, cast, place=PLACE)


def test_the_case_page_says_to_each_what_they_may_know(case, cast, visit):
    day = timezone.localtime(visit.starts_at).date().isoformat()
    for name in (
        "admin",
        "physician",
        "psychologist",
        "officer",
        "adviser",
        "region",
        "finance",
        "controller",
        "attester",
    ):
        text = text_of(browser(getattr(cast, name)).get(f"/arenden/{case.number}/", secure=True))
        assert f"Läkare, {day} kl. 09.30–11.00" in text, name
        assert (PLACE in text) == (getattr(cast, name).party is Party.PERFORMER), name
    page = text_of(browser(cast.admin).get(f"/arenden/{case.number}/", secure=True))
    assert "Kalla till besöket" in page
    assert "Hos Lo Läkare." in page
    assert "kallelse.pdf" not in text_of(browser(cast.psychologist).get(f"/arenden/{case.number}/", secure=True))


def test_booking_by_the_pages_keeps_what_was_typed(case, cast):
    client, url = browser(cast.admin), f"/arenden/{case.number}/besok/steg/book/"
    answer = client.post(url, booking(cast, day=a_day(-2), place=PLACE), secure=True)
    assert answer.status_code == 422
    assert PLACE in text_of(answer)
    assert "Tiden har passerat" in text_of(answer)
    assert client.post(url, booking(cast, place=PLACE), secure=True).status_code == 302
    check = text_of(client.get(f"{url}kontrollera/", secure=True))
    assert "inte var eller hos vem" in check
    assert client.post(f"{url}kontrollera/", {"sedd": "0"}, secure=True).status_code == 302
    assert Visit.objects.get().place == PLACE


def test_the_week(case, cast, visit):
    week = week_words(visit.day)
    text = text_of(browser(cast.physician).get(f"/besok/?vecka={week}", secure=True))
    assert s.NAME in text
    assert PLACE in text
    assert "09.30" in text
    assert s.NAME not in text_of(browser(cast.psychologist).get(f"/besok/?vecka={week}&vy=mina", secure=True))
    assert s.NAME not in text_of(browser(cast.other_admin).get(f"/besok/?vecka={week}", secure=True))
    for odd in ("2026-V54", "9999-V01", "2026-V²3", "x", "2026-V00", "0000-V01"):
        assert browser(cast.admin).get("/besok/", {"vecka": odd}, secure=True).status_code == 200
    for name in ("officer", "region", "controller"):
        assert browser(getattr(cast, name)).get("/besok/", secure=True).status_code == 403


def test_the_week_asks_as_much_for_many_visits_as_for_one(case, cast, visit, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries():
        client = browser(cast.admin)
        client.get(f"/besok/?vecka={week_words(visit.day)}", secure=True)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/besok/?vecka={week_words(visit.day)}", secure=True)
        return len(captured)

    before = queries()
    for start in ("12:00", "14:00", "16:00"):
        book(s.in_progress(cast), cast, start=start)
    assert queries() == before


def test_week_53_and_the_turn_of_the_year(cast, db):
    text = text_of(browser(cast.admin).get("/besok/?vecka=2026-V53", secure=True))
    assert "Besök vecka 53" in text
    assert "?vecka=2027-V01" in text


def test_calendar_files_hold_no_person(case, cast, visit):
    one = f"/arenden/{case.number}/besok/{visit.pk}/besok.ics"
    for name, url in (("admin", "/besok/kalender.ics"), ("physician", "/besok/kalender.ics?vy=mina"), ("officer", one)):
        answer = browser(getattr(cast, name)).get(url, secure=True)
        lines = answer.content.decode().split("\r\n")
        assert answer["Content-Type"].startswith("text/calendar")
        assert f"SUMMARY:Besök, ärende {case.number}" in lines
        assert f"DTSTART:{visit.starts_at:%Y%m%dT%H%M%SZ}" in lines
        assert all(len(line.encode()) <= 75 for line in lines)
        for secret in (s.NAME, s.PERSONNUMMER, PLACE, "Läkare", s.ADDRESS):
            assert secret not in answer.content.decode()
    assert "BEGIN:VEVENT" not in browser(cast.other_admin).get("/besok/kalender.ics", secure=True).content.decode()
    assert browser(cast.other_admin).get(one, secure=True).status_code == 404
    assert browser(cast.officer).get("/besok/kalender.ics", secure=True).status_code == 403


def test_the_letter(case, cast, visit):
    url = f"/arenden/{case.number}/besok/{visit.pk}/kallelse.pdf"
    answer = browser(cast.admin).get(url, secure=True)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content[:5] == b"%PDF-"
    assert browser(cast.admin).get(url, secure=True).content == answer.content
    for name in ("psychologist", "officer", "region", "controller", "other_admin"):
        assert browser(getattr(cast, name)).get(url, secure=True).status_code == 404, name
    early = book(case, cast, step="book_provisional", **psychologist(cast), start="15:00")
    early_url = f"/arenden/{case.number}/besok/{early.pk}/kallelse.pdf"
    assert browser(cast.admin).get(early_url, secure=True).status_code == 404
    s.step(case, "end", cast.officer, cause="died", reason="Avliden.")
    assert browser(cast.admin).get(url, secure=True).status_code == 404


def test_the_letter_in_words(case, cast, visit):
    from django.template.loader import render_to_string

    said = render_to_string("documents/pdf_summons.html", letter_context(case, visit, None))
    assert s.NAME not in said
    for words in ("Du är kallad", "09.30", "90 minuter", PLACE, "senast 48 timmar före besöket", "legitimation"):
        assert words in said.replace("\xa0", " "), words


def test_a_protected_persons_letter_has_neither_name_nor_address(case, cast, visit):
    with at_work(cast.officer):
        s.step(case, "protect", cast.officer, protection="marked")
    from orders import access

    with at_work(cast.admin):
        mine = access.get_case(cast.admin, case.number)
        assert access.person_of(cast.admin, mine) is None
    page = text_of(browser(cast.officer).get(f"/arenden/{case.number}/", secure=True))
    assert PLACE not in page


def test_visit_days(case, cast, visit):
    today = timezone.localdate()
    for name in ("admin", "officer", "region", "controller"):
        actor = getattr(cast, name)
        with at_work(actor):
            found = visit_days(actor, visit.day - timedelta(days=1), visit.day, today)
        assert list(found) == [visit.day], name
        assert found[visit.day].total == 1
        assert [(e.number, e.text, e.who) for e in found[visit.day].entries] == [
            (case.number, "Besök kl. 09.30", "Läkare")
        ]
    with at_work(cast.other_admin):
        assert visit_days(cast.other_admin, visit.day, visit.day, today) == {}


def test_a_past_visit_offers_how_it_went(case, cast, visit):
    moved(visit, -AHEAD - 1)
    text = text_of(browser(cast.admin).get(f"/arenden/{case.number}/", secure=True))
    assert "Besöket är genomfört" in text
    assert "Kalla till besöket" not in text
    do(case, "visit", "carry_out", cast.admin, visit)
    assert "Genomfört" in text_of(browser(cast.region).get(f"/arenden/{case.number}/", secure=True))
