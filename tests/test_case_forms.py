"""What the forms of the main job show beside their questions, and what they ask about instead of dropping it."""

from __future__ import annotations

import re
from datetime import date

import pytest

from documents.models import Opening
from fmu_portal.engine.refusals import Refused
from fmu_portal.models import Duty
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


def written(case, **changed):
    """What the performer has written, as it lies in the draft."""
    from orders.models import Report

    fields = {"content": s.REPORT | changed, "performer_id": case.performer_id}
    row, made = Report.objects.get_or_create(assessment=case, defaults=fields)
    if not made:
        Report.objects.filter(pk=row.pk).update(content=s.REPORT | changed, revision=row.revision + 1)


def hidden(page, name):
    """The value of a hidden field."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def test_signing_page_that_is_opened_anew_is_about_the_report_as_it_is(cast):
    case = s.examined(s.in_progress(cast), cast.physician)
    written(case, prognosis="")
    client, url = browser(cast.physician), form(case, "deliver")
    sent = {"source": "form", "revision": "0", "responsible": "on"}
    assert "Det saknas: prognos" in client.post(url, sent).content.decode()
    written(case)
    page = client.get(url).content.decode()
    assert hidden(page, "revision") == "1"
    answer = client.post(url, sent | {"revision": hidden(page, "revision")})
    assert answer.headers["Location"].endswith("/kontrollera/")
    # What changes after that is still told, and the check page does not lead back without a word.
    written(case, findings="Nya fynd")
    back = client.get(answer.headers["Location"], follow=True).content.decode()
    assert "Utlåtandet har ändrats sedan du öppnade sidan" in back


def test_an_answer_about_an_earlier_version_of_the_report_is_not_given_back(cast):
    case = s.delivered(cast)
    client, url = browser(cast.officer), form(case, "complete")
    assert client.post(url, {"report_version": "1", "complete": "nej"}).status_code == 422
    assert "checked" in client.get(url).content.decode(), "of the same version it is"
    case = s.step(case, "request_supplement", cast.officer, report_version=1, part="prognosis", missing="Hur länge")
    written(case, prognosis="Ett halvår")
    s.step(case, "supplement", cast.physician, source="form", revision=s.revision(case), responsible="on")
    page = client.get(url).content.decode()
    assert hidden(page, "report_version") == "2"
    assert "checked" not in page
    client.post(url, {"report_version": "2", "complete": "ja"})
    assert s.fresh(case).status == "accepted"


@pytest.mark.parametrize(("changed", "told"), [({}, True), ({"prognosis": "Ett halvår"}, False)])
def test_a_supplement_that_changes_nothing_is_asked_about(cast, changed, told):
    case = s.supplement_requested(cast)
    written(case, **changed)
    client, url = browser(cast.physician), form(case, "supplement")
    answer = client.post(url, {"source": "form", "revision": str(s.revision(case)), "responsible": "on"})
    page = client.get(answer.headers["Location"]).content.decode()
    assert ("Utlåtandet är oförändrat sedan version 1" in page) is told


@pytest.mark.parametrize("part", ["", "kontrollera/"])
def test_what_was_written_on_a_page_that_came_too_late_can_be_copied(cast, part):
    case = s.assigned(cast)
    s.stage(case, cast.officer)
    client, url = browser(cast.officer), form(case, "order")
    client.post(url, s.ORDER | {"purpose": "En lång text som inte får försvinna"})
    s.step(case, "order", cast.team, **s.ORDER)
    answer = client.post(f"{url}{part}", s.ORDER | {"purpose": "En lång text som inte får försvinna", "sedd": "3"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Det du skrev" in text
    assert "En lång text som inte får försvinna" in text
    assert s.NAME not in text.split("<main", 1)[1], "and nothing of the case"


@pytest.mark.parametrize("name", ["special_needs", "method"])
def test_who_the_person_is_does_not_reach_the_region_in_a_text(cast, name):
    client = browser(cast.officer)
    url = client.post("/arenden/ny/").headers["Location"]
    answer = client.post(url, s.REQUEST | {name: f"Ring {s.PERSONNUMMER} först"})
    assert answer.status_code == 422
    assert "Texten innehåller ett personnummer" in answer.content.decode()
    page = client.post(url, s.REQUEST | {name: f"Ring {s.NAME.split()[0]}, på förmiddagen"}, follow=True)
    assert "Personens namn står i särskilda behov eller metod" in page.content.decode()
    page = client.post(url, s.REQUEST | {name: "Ring på förmiddagen"}, follow=True)
    assert "Personens namn står" not in page.content.decode()


def test_a_visit_after_the_reports_last_day_is_asked_about(cast):
    from fmu_portal.working_days import add_working_days

    case = s.in_progress(cast)
    due = add_working_days(case.underlag_complete_on, 25)
    client, url = browser(cast.physician), f"/arenden/{case.number}/besok/steg/book/"
    visit = {
        "profession": "physician", "assessor": cast.physician.user_id, "start": "10:00", "minutes": "60",
        "meeting": "place", "place": "Mottagningen", "interpreter": "none",
    }  # fmt: skip
    for days, told in ((-1, False), (1, True)):
        answer = client.post(url, visit | {"day": add_working_days(due, days).isoformat()})
        page = client.get(answer.headers["Location"]).content.decode()
        assert ("Besöket är efter utlåtandets sista dag" in page) is told, days


def test_the_profile_says_which_reason_is_missing():
    from orders.report import BY_NAME, state_of

    profile, content = BY_NAME["profile"], dict(s.REPORT)
    assert state_of(profile, content) == "Klar"
    assert (
        state_of(profile, content | {"senses_reason": ""}) == "8 av 8 graderade, motivering saknas: Syn, hörsel och tal"
    )
    assert (
        state_of(profile, content | {"senses_reason": "", "memory_reason": ""})
        == "8 av 8 graderade, 2 motiveringar saknas"
    )
    assert state_of(profile, content | {"senses": None, "senses_reason": ""}) == "7 av 8 graderade"


def test_a_supplement_is_asked_of_a_part_that_somebody_has_chosen(cast):
    case = s.delivered(cast)
    answer = browser(cast.officer).post(
        form(case, "request_supplement"), {"report_version": "1", "part": "", "missing": "Hur länge"}
    )
    assert answer.status_code == 422
    assert "Svara på frågan: Vilken del gäller det?" in answer.content.decode()


def test_a_supplement_says_which_part_and_by_when(cast):
    case = s.delivered(cast)
    client, url = browser(cast.officer), form(case, "request_supplement")
    answer = client.post(url, {"report_version": "1", "part": "prognosis", "missing": "Hur länge"})
    check = client.get(answer.headers["Location"]).content.decode()
    client.post(answer.headers["Location"])
    due = Duty.objects.open().get(case_id=case.pk, kind="supplement_report").due
    assert f'<time datetime="{due}">{due}</time>, portalens rutintid' in check, "the day that was then given"
    for actor in (cast.officer, cast.physician):
        assert "Vad saknas: prognos" in browser(actor).get(f"/arenden/{case.number}/").content.decode()


def test_everything_that_a_document_lacks_is_said_at_once(cast):
    case = s.assigned(cast)
    answer = browser(cast.officer).post(form(case, "order"), s.ORDER | {"gor": "lagg_till"})
    text = answer.content.decode()
    assert answer.status_code == 422
    for said in ("Välj typ", "Fyll i handlingens datum", "Välj minst en fil"):
        assert said in text


def test_two_windows_of_one_person_do_not_overwrite_each_other_without_a_word(cast):
    client = browser(cast.officer)
    url = client.post("/arenden/ny/").headers["Location"]
    page = client.get(url).content.decode()
    first = s.REQUEST | {"address": "Agatan 1", "gor": "spara", "utkast": hidden(page, "utkast")}
    second = s.REQUEST | {"address": "Bgatan 2", "gor": "spara", "utkast": hidden(page, "utkast")}
    assert client.post(url, first).status_code == 302
    answer = client.post(url, second)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Du har sparat något annat i ett annat fönster" in text
    assert "Agatan 1" in text
    assert 'value="Bgatan 2"' in text, "what was written here stands in the form"
    assert "Agatan 1" in client.get(url).content.decode(), "and what was saved is saved"
    assert client.post(url, second | {"utkast": hidden(text, "utkast")}).status_code == 302
    assert "Bgatan 2" in client.get(url).content.decode()
    same = client.get(url).content.decode()
    for _ in range(2):  # the same text from two windows is nothing to choose between
        assert client.post(url, second | {"utkast": hidden(same, "utkast")}).status_code == 302


def test_a_file_chosen_in_the_other_window_is_taken_in_all_the_same(cast):
    case = s.assigned(cast)
    client, url = browser(cast.officer), form(case, "order")
    mark = hidden(client.get(url).content.decode(), "utkast")
    client.post(url, s.ORDER | {"purpose": "Först", "gor": "spara", "utkast": mark})
    file = {"ny-kind": "medical", "ny-dated": "2026-01-15", "ny-files_chosen": s.upload("intyg.pdf", "Handling")}
    answer = client.post(url, s.ORDER | file | {"purpose": "Sedan", "gor": "lagg_till", "utkast": mark})
    assert answer.status_code == 409
    assert "Först" in answer.content.decode()
    assert case.enclosures.get().document.name == "intyg.pdf"
