"""What the forms of the main job show beside their questions, and what they ask about instead of dropping it."""

from __future__ import annotations

from datetime import date

import pytest

from documents.models import Opening
from fmu_portal.engine.refusals import Refused
from orders.words import days_left
from tests import situations as s
from tests.pages import browser


def form(case, step):
    """The address of a step's form."""
    return f"/arenden/{case.number}/steg/{step}/"


@pytest.mark.parametrize("phone", ["070-174 06 05", "+46 70 174 06 05, dottern", "saknas", "Saknas"])
def test_a_telephone_is_a_number_with_whose_it_is_or_said_to_be_missing(cast, phone):
    assert s.requested(cast, phone=phone).person.phone == phone


def test_the_order_shows_what_is_to_be_checked_and_takes_what_has_changed(cast):
    case = s.assigned(cast)
    s.stage(case, cast.officer)
    client, url = browser(cast.officer), form(case, "order")
    page = client.get(url).content.decode()
    for known in (s.NAME, s.ADDRESS, s.PHONE):
        assert known in page.split("I ärendet står:")[1][:300]
    client.post(url, {**s.ORDER, "address": "Nya gatan 7", "phone": "08-123 45 67"})
    client.post(f"{url}kontrollera/")
    person = s.fresh(case).person
    assert (person.address, person.phone) == ("Nya gatan 7", "08-123 45 67")
    assert "Nya gatan 7" in browser(cast.admin).get(f"/arenden/{case.number}/").content.decode()


def test_the_order_leaves_what_has_not_changed(cast):
    case = s.ordered(cast)
    assert (case.person.address, case.person.phone) == (s.ADDRESS, s.PHONE)
    assert "changed" not in case.last_event.data


def test_the_order_does_not_show_a_protected_person(cast):
    case = s.step(s.assigned(cast), "protect", cast.officer, protection="marked")
    page = browser(cast.officer).get(form(case, "order")).content.decode()
    assert "Uppgifterna är skyddade" in page
    assert s.ADDRESS not in page


def test_the_order_asks_about_an_answer_that_does_not_fit(cast):
    case = s.assigned(cast)
    for kind in ("medical", "self_rating"):
        s.stage(case, cast.officer, kind)
    client = browser(cast.officer)
    answer = client.post(form(case, "order"), {**s.ORDER, "language": "arabiska", "self_rating": "ja"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Du har svarat att tolk inte behövs" in text
    assert "Du har svarat att självskattningen bifogas" in text


def test_the_same_file_twice_is_said_before_it_is_sent(cast):
    case = s.assigned(cast)
    for text in ("Ett brev", "Ett brev", "Ett annat brev"):
        s.stage(case, cast.officer, text=text)
    client, url = browser(cast.officer), form(case, "order")
    assert client.get(url).content.decode().count("Samma fil som medical.pdf") == 1
    check = client.get(client.post(url, s.ORDER).headers["Location"]).content.decode()
    assert check.count("är samma fil som medical.pdf") == 1
    client.post(f"{url}kontrollera/")
    case = s.fresh(case)
    assert case.status == "ordered", "it hinders nothing"
    s.stage(case, cast.officer, text="Ett annat brev")
    s.stage(case, cast.officer, text="Ett tredje brev")
    added = client.get(form(case, "add")).content.decode()
    assert added.count("Samma fil som medical.pdf") == 1, "sent already in this case"


def test_the_same_file_in_another_case_is_nothing_to_say(cast):
    s.ordered(cast)
    other = s.assigned(cast)
    s.stage(other, cast.officer)
    assert "Samma fil" not in browser(cast.officer).get(form(other, "order")).content.decode()


def test_confirming_shows_what_came_and_what_nobody_at_the_unit_has_opened(cast):
    case = s.assigned(cast)
    for kind in ("medical", "other"):
        s.stage(case, cast.officer, kind, text=kind)
    case = s.with_physician(s.step(case, "order", cast.officer, **s.ORDER), cast)
    for actor in (cast.admin, cast.physician):
        page = browser(actor).get(form(case, "confirm")).content.decode()
        assert page.count("Ingen hos er har öppnat den") == 2
    document = case.enclosures.get(kind="medical").document_id
    b"".join(browser(cast.physician).get(f"/arenden/{case.number}/handlingar/{document}/").streaming_content)
    assert Opening.objects.filter(document_id=document, mandate_id=cast.physician.mandate_id).exists()
    for actor in (cast.admin, cast.physician):
        page = browser(actor).get(form(case, "confirm")).content.decode()
        assert page.count("Ingen hos er har öppnat den") == 1, actor.role
        assert page.count("Öppnad hos er") == 1
        assert (f'href="/arenden/{case.number}/underlag/"' in page) is (actor is cast.physician)


def test_two_letters_of_one_day_are_told_apart_by_name_for_those_who_may_open_them(cast):
    case = s.in_progress(cast)
    for actor, shown in ((cast.officer, True), (cast.physician, True), (cast.admin, False), (cast.region, False)):
        assert ("medical.pdf" in browser(actor).get(f"/arenden/{case.number}/").content.decode()) is shown, actor.role
    assert "(medical.pdf)" in browser(cast.officer).get(form(case, "void_document")).content.decode()


def test_what_is_signed_can_be_read_from_the_page_that_asks(cast):
    from orders.models import Report

    case = s.examined(s.in_progress(cast), cast.physician)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    client, url = browser(cast.physician), form(case, "deliver")
    answer = client.post(url, {"source": "form", "revision": "0", "responsible": "on"})
    page = client.get(answer.headers["Location"]).content.decode()
    assert f'href="/arenden/{case.number}/utlatande/granska/">Läs utlåtandet som du signerar' in page


@pytest.mark.parametrize("part", ["", "kontrollera/"])
def test_the_page_of_a_step_that_has_been_taken_leads_to_the_case(cast, part):
    case = s.ordered(cast)
    answer = browser(cast.officer).get(f"{form(case, 'order')}{part}")
    assert answer.status_code == 409
    assert f'href="/arenden/{case.number}/">Öppna ärendet' in answer.content.decode()


def test_after_a_report_in_time_nobody_is_offered_a_deferral(cast):
    from orders.models import Deferral
    from tests.test_last_day import do

    case = s.delivered(cast)
    for actor, step in ((cast.region, "apply"), (cast.officer, "grant_unasked")):
        assert f"/anstand/steg/{step}/" not in browser(actor).get(f"/arenden/{case.number}/").content.decode()
    with pytest.raises(Refused, match="kom in i tid"):
        do(case, "deferral", "grant_unasked", cast.officer, until="2027-12-01")
    assert not Deferral.objects.filter(assessment=case).exists()


def test_late_on_a_day_off_is_late_without_a_count():
    friday, saturday, monday = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 30)
    assert (days_left(friday, saturday).text, days_left(friday, saturday, law=True).text) == ("Försenad", "För sent")
    assert days_left(friday, monday).text == "1 vardag försenad"
    assert days_left(date(2026, 11, 26), saturday, law=True).text == "1 vardag för sent"
