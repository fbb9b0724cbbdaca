"""The pages and the API of asking: what the asked sees and does, the coordinator's table, agreements, choices, flow."""

import re
from datetime import date

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiKey, Mandate, Organisation
from fmu_portal.engine import door, outbox
from orders.models import Assessment, RegionChoice
from orders.replay import differences
from regions import weeks
from regions.models import Agreement, AssignmentChoice, Change, Forecast, Inquiry
from tests import situations as s
from tests.pages import browser
from tests.roles import at_work
from tests.test_inquiries import SOON, accept, ask, late


@pytest.fixture
def case(cast):
    return s.requested(cast)


def key(actor):
    return {"HTTP_AUTHORIZATION": f"Bearer {ApiKey.issue(Mandate.objects.get(pk=actor.mandate_id))}"}


def text(answer):
    return answer.content.decode()


SECRET = (s.NAME, s.PERSONNUMMER, s.ADDRESS, s.PHONE)


def test_the_asked_sees_what_it_needs_and_neither_the_case_nor_the_person(case, cast, client):
    inquiry = ask(case, cast, cast.admin, cast.other_admin)[cast.admin.organisation_id]
    page = browser(cast.admin)
    for url in ("/forfragningar/", f"/forfragningar/{inquiry.pk}/", "/att-gora/", "/aviseringar/"):
        found = text(page.get(url))
        assert not [word for word in (*SECRET, case.number, cast.other_admin.organisation_name) if word in found], url
    found = text(page.get(f"/forfragningar/{inquiry.pk}/"))
    assert "Stockholm" in found
    assert "Hörselslinga" in found
    assert "Svara på en förfrågan om ett uppdrag" in text(page.get("/att-gora/"))
    assert page.get(f"/arenden/{case.number}/").status_code == 404
    api = client.get(f"/api/v1/inquiries/{inquiry.pk}/", **key(cast.admin)).json()
    assert (api["municipality"], api["special_needs"]) == ("Stockholm", "Hörselslinga")
    assert case.number not in str(api)


def test_who_may_not_read_or_answer(case, cast, client):
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    url, api = f"/forfragningar/{inquiry.pk}/", f"/api/v1/inquiries/{inquiry.pk}/steps/accept/"
    for name, actor in cast.everyone().items():
        if name in ("admin", "physician", "physician_two"):
            continue
        unit = name in ("other_admin", "other_physician", "skane_performer")
        wanted = 404 if unit else 403
        assert browser(actor).get(url).status_code == wanted, name
        assert browser(actor).post(f"{url}svar/accept/", {"accept-earliest_start": SOON}).status_code == wanted, name
        answer = client.post(api, {"earliest_start": SOON}, "application/json", **key(actor))
        assert answer.status_code == wanted, name
    assert Inquiry.objects.get().status == "sent"


def test_a_protected_persons_municipality_is_not_shown(cast, client):
    case = s.requested(cast, protection="marked")
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    found = text(browser(cast.admin).get(f"/forfragningar/{inquiry.pk}/"))
    assert "skyddade personuppgifter" in found
    assert "Kommun</dt><dd>Stockholm" not in found
    assert client.get(f"/api/v1/inquiries/{inquiry.pk}/", **key(cast.admin)).json()["municipality"] is None


def test_an_ended_inquiry_shows_nothing_of_the_needs(case, cast):
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    browser(cast.admin).post(f"/forfragningar/{inquiry.pk}/svar/decline/", {"decline-reason": "Fullt"})
    found = text(browser(cast.admin).get(f"/forfragningar/{inquiry.pk}/"))
    assert "Tackat nej" in found
    assert "Hörselslinga" not in found


def test_answering_by_page_with_a_slip_first(case, cast):
    inquiry = ask(case, cast, cast.admin, way="first")[cast.admin.organisation_id]
    page = browser(cast.admin)
    wrong = page.post(f"/forfragningar/{inquiry.pk}/svar/accept/", {"accept-earliest_start": "i övermorgon", "sedd": 1})
    assert wrong.status_code == 422
    assert "i övermorgon" in text(wrong)
    done = page.post(
        f"/forfragningar/{inquiry.pk}/svar/accept/", {"accept-earliest_start": SOON, "sedd": 1}, follow=True
    )
    assert "Ni har fått uppdraget" in text(done)
    assert case.number in text(done), "the case is its own now"
    again = page.post(f"/forfragningar/{inquiry.pk}/svar/accept/", {"accept-earliest_start": SOON, "sedd": 1})
    assert again.status_code == 409


def test_answering_after_it_lapsed_says_so(case, cast, client):
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    late(inquiry)
    url = f"/forfragningar/{inquiry.pk}/svar/accept/"
    found = browser(cast.admin).post(url, {"accept-earliest_start": SOON, "sedd": 1})
    assert (found.status_code, "Svarstiden gick ut" in text(found)) == (409, True)
    api = f"/api/v1/inquiries/{inquiry.pk}/steps/accept/"
    answer = client.post(api, {"earliest_start": SOON}, "application/json", **key(cast.admin))
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def test_answering_by_api(case, cast, client):
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    root = f"/api/v1/inquiries/{inquiry.pk}/steps/"
    assert client.get(f"{root}accept/", **key(cast.admin)).json()["inputs"][0]["name"] == "earliest_start"
    answer = client.post(f"{root}accept/", {"earliest_start": SOON}, "application/json", **key(cast.admin))
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    answer = client.post(f"{root}decline/", {"reason": "Fullt"}, "application/json", **key(cast.admin))
    assert answer.json()["status"] == "declined"
    assert [row["status"] for row in client.get("/api/v1/inquiries/", **key(cast.admin)).json()["results"]] == [
        "declined"
    ]


def test_the_region_asks_and_chooses_by_page_and_by_api(case, cast, client):
    page = browser(cast.region)
    form = text(page.get(f"/arenden/{case.number}/forfragan/steg/ask/"))
    assert "Alla som kan ta emot: 2 utförare." in form
    units = [cast.admin.organisation_id, cast.other_admin.organisation_id]
    page.post(f"/arenden/{case.number}/forfragan/steg/ask/", {"way": "choose", "performers": units, "sedd": 0})
    inquiry = Inquiry.objects.get(performer_id=units[0])
    accept(inquiry, cast.admin)
    shown = text(page.get(f"/arenden/{case.number}/"))
    assert "Enheten Ett" in shown
    assert f"/forfragan/{inquiry.pk}/steg/choose/" in shown
    rows = client.get(f"/api/v1/assessments/{case.number}/inquiries/", **key(cast.region)).json()["results"]
    assert [row["status"] for row in rows] == ["sent", "accepted"]
    url = f"/api/v1/assessments/{case.number}/inquiries/{inquiry.pk}/steps/choose/"
    assert client.post(url, {}, "application/json", **key(cast.region)).status_code == 200
    assert s.fresh(case).performer_id == units[0]


def test_neither_agency_nor_assigned_performer_is_told_who_else_was_asked(case, cast, client):
    asked = ask(case, cast, cast.admin, cast.other_admin)
    accept(asked[cast.admin.organisation_id], cast.admin)
    agency = text(browser(cast.officer).get(f"/arenden/{case.number}/"))
    assert "Regionen frågade en utförare." in agency
    assert "Enheten Ett" not in agency
    rows = client.get(f"/api/v1/assessments/{case.number}/inquiries/", **key(cast.officer)).content.decode()
    assert "Enheten" not in rows
    with at_work(cast.region):
        door.take("inquiry", asked[cast.admin.organisation_id].pk, "choose", cast.region)
    for url in (f"/arenden/{case.number}/", f"/arenden/{case.number}/handelser/"):
        unit = text(browser(cast.admin).get(url))
        assert "tilldelade utredningen till Enheten Ett" in unit
        assert "frågade en utförare" not in unit
        assert "Enheten Två" not in unit
    for part in ("events", "duties"):
        told = client.get(f"/api/v1/assessments/{case.number}/{part}/", **key(cast.admin)).json()["results"]
        assert {row["process"] for row in told} == {"assessment"}
    mine = client.get(f"/api/v1/assessments/{case.number}/inquiries/", **key(cast.admin)).json()["results"]
    assert len(mine) == 1


def test_a_colleague_whom_no_inquiry_is_put_to_is_led_to_none(case, cast):
    """It stands in the unit's work basket, with the word that it is somebody else's."""
    ask(case, cast, cast.admin)
    outbox.work()
    for actor, link in ((cast.psychologist, False), (cast.physician, True)):
        for url in ("/att-gora/", "/aviseringar/"):
            page = browser(actor).get(url).content.decode()
            assert "Svara på en förfrågan om ett uppdrag" in page, (actor.role, url)
            assert ('href="/forfragningar/' in page.split("<main", 1)[1]) == link, (actor.role, url)
    basket = browser(cast.psychologist).get("/att-gora/").content.decode()
    assert "Görs av en kollega hos er med ett annat uppdrag." in basket


def test_mail_to_the_asked_has_no_case_number(case, cast):
    ask(case, cast, cast.admin)
    outbox.work()
    outbox.work()
    told = [m for m in mail.outbox if "enhet@example.org" in m.to]
    assert told
    assert all(case.number not in m.subject + m.body and "/forfragningar/" in m.body for m in told)


def test_the_table_costs_the_same_however_many_performers(case, cast):
    unit = Organisation.objects.get(pk=cast.admin.organisation_id)
    page, url, counts = browser(cast.region), f"/arenden/{case.number}/forfragan/steg/ask/", []
    page.get(url)
    for more in range(2):
        with CaptureQueriesContext(connection) as captured:
            found = page.get(url)
        counts.append(len(captured))
        assert ("Enhet 9" in text(found)) == bool(more)
        for n in range(0 if more else 10):
            other = Organisation.objects.create(kind="performer", name=f"Enhet {n}", parent_id=unit.parent_id)
            Agreement.objects.create(region_id=case.region_id, performer=other, valid_from=date(2023, 1, 1))
    assert counts[0] == counts[1] <= 25, counts


def test_the_demonstrations_inquiries_follow_from_their_events(cast):
    from orders.replay import differences
    from regions import asking

    for _ in range(4):
        s.requested(cast)
    assert asking.play(timezone.now()) == 4
    found = sorted(Inquiry.objects.values_list("way", "status"))
    assert found == [
        ("choose", "accepted"), ("choose", "declined"), ("choose", "declined"), ("choose", "declined"),
        ("first", "sent"), ("first", "sent"), ("ranked", "declined"), ("ranked", "sent"),
    ]  # fmt: skip
    assert list(differences()) == []


def test_the_figures_of_a_performer(cast):
    s.delivered(cast)
    from regions.choosing import Choosing

    rows = {c.pk: c for c in Choosing(s.requested(cast), timezone.localdate()).candidates}
    one, two = rows[cast.admin.organisation_id], rows[cast.other_admin.organisation_id]
    assert (one.load, one.this_week, one.this_year, one.delivered, one.percent, one.median) == (1, 1, 1, 1, 100, 0)
    assert (two.load, two.this_week, two.this_year, two.delivered, two.percent, two.median) == (0, 0, 0, 0, None, None)


def test_a_full_or_closed_week_is_not_proposed(case, cast):
    from regions.choosing import Choosing

    today = timezone.localdate()
    Agreement.objects.filter(performer_id=cast.admin.organisation_id).update(closed_weeks=[weeks.code(today)])
    Agreement.objects.filter(performer_id=cast.other_admin.organisation_id).update(capacity=0)
    choosing = Choosing(case, today)
    assert [c.hindrance for c in choosing.candidates] == [f"Stängt {weeks.words(today)}", "Veckans 0 platser är tagna"]
    assert choosing.propose("ranked").performers == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [("2026-W53", "2026-W53"), ("2026 v 53", "2026-W53"), ("2027w1", "2027-W01"), ("2020-W53", "2020-W53")],
)
def test_a_week(typed, code):
    assert weeks.parse(typed) == code


@pytest.mark.parametrize("typed", ["2025-W53", "2027-W53", "2026-W00", "2026-54", "julen", "", "2026-W531"])
def test_no_such_week(typed):
    with pytest.raises(ValueError, match=r"week"):
        weeks.parse(typed)


def test_the_years_end_is_in_the_right_week():
    assert [weeks.code(date(*day)) for day in ((2026, 12, 28), (2027, 1, 3), (2027, 1, 4), (2024, 12, 30))] == [
        "2026-W53", "2026-W53", "2027-W01", "2025-W01",
    ]  # fmt: skip
    assert weeks.coming(date(2027, 1, 2), 2) == [date(2026, 12, 28), date(2027, 1, 4)]


AGREEMENT = {
    "valid_from": "2023-01-01", "rank": "2", "share": "40", "capacity": "3", "professions": ["physician"],
    "languages": "engelska, finska", "closed_weeks": "2026-W53, 2026-W52", "price_assessment": "45 000,50",
}  # fmt: skip


def test_the_coordinator_changes_an_agreement_and_what_was_is_kept(cast):
    row = Agreement.objects.get(performer_id=cast.admin.organisation_id)
    page, url = browser(cast.region), f"/avtal/{row.pk}/"
    done = page.post(url, AGREEMENT | {"version": 0})
    assert done.status_code == 302, text(done)
    row.refresh_from_db()
    assert (row.rank, row.share, row.capacity, row.closed_weeks) == (2, 40, 3, ["2026-W52", "2026-W53"])
    assert row.prices == {"assessment": 4_500_050}
    assert Change.objects.get().fields["share"] == [None, 40]
    lost = page.post(url, AGREEMENT | {"version": 0, "rank": "1"})
    assert (lost.status_code, "Någon annan ändrade" in text(lost)) == (422, True)
    assert "Andel, procent" in text(page.get(url))
    own = text(browser(cast.admin).get(url))
    assert "45 000,50 kr" in own.replace("\xa0", " ")
    assert cast.region.user_name not in own


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("valid_to", "2022-01-01", "före startdagen"),
        ("closed_weeks", "2025-W53", "finns inte"),
        ("share", "101", "högst 100"),
        ("capacity", "-1", "minst 0"),
        ("price_assessment", "gratis", "siffror"),
    ],
)
def test_an_agreement_that_cannot_be(cast, field, value, word):
    row = Agreement.objects.get(performer_id=cast.admin.organisation_id)
    answer = browser(cast.region).post(f"/avtal/{row.pk}/", AGREEMENT | {"version": 0, field: value})
    assert answer.status_code == 422
    assert word in text(answer)
    assert value in text(answer), "nothing typed is lost"


def test_a_second_agreement_of_the_same_time_is_refused(cast):
    answer = browser(cast.region).post("/avtal/nytt/", AGREEMENT | {"performer": cast.admin.organisation_id})
    assert (answer.status_code, "redan ett avtal" in text(answer)) == (422, True)
    unit = Organisation.objects.get(pk=cast.skane_performer.organisation_id)
    assert browser(cast.region).post("/avtal/nytt/", AGREEMENT | {"performer": unit.pk}).status_code == 302
    assert Agreement.objects.filter(region_id=cast.region.organisation_id, performer=unit).exists()


def test_who_sees_agreements(cast):
    row = Agreement.objects.get(performer_id=cast.admin.organisation_id)
    wanted = {"region": 200, "region_two": 200, "finance": 200, "admin": 200, "physician": 200, "physician_two": 200}
    wanted |= dict.fromkeys(("skane", "other_admin", "other_physician", "skane_performer"), 404)
    for name, actor in cast.everyone().items():
        page = browser(actor)
        assert page.get(f"/avtal/{row.pk}/").status_code == wanted.get(name, 403), name
        if name not in ("region", "region_two"):
            assert page.post(f"/avtal/{row.pk}/", AGREEMENT).status_code in (403, 404), name
        with at_work(actor):
            behind = Agreement.objects.filter(pk=row.pk).exists()
        assert behind == (wanted.get(name) == 200 or name == "psychologist"), name
    assert Change.objects.count() == 0


def test_the_regions_choices_on_one_page(cast):
    page, unit = browser(cast.region), cast.admin.organisation_id
    assert page.post("/regionens-val/", {"way": "direct", "seen": 0}).status_code == 422
    sent = {"way": "direct", "designated": unit, "straight": "on", "standing_leave": "on", "seen": 0}
    assert page.post("/regionens-val/", sent).status_code == 302
    choice = AssignmentChoice.objects.get()
    assert (choice.way, choice.designated_id, choice.straight) == ("direct", unit, True)
    assert RegionChoice.objects.get().standing_leave
    assert Change.objects.get().fields["designated"] == [None, "Enheten Ett"]
    assert page.post("/regionens-val/", sent | {"way": "first"}).status_code == 422, "somebody was before"
    for actor in (cast.finance, cast.admin, cast.officer, cast.administrator):
        assert browser(actor).get("/regionens-val/").status_code == 403
    assert "Enheten Ett" in text(page.get("/regionens-val/"))


def test_the_flow_is_seen_by_all_three_each_its_own_part(cast):
    s.assigned(cast)
    s.requested(cast)
    Agreement.objects.filter(performer_id=cast.admin.organisation_id).update(capacity=1)
    wanted = {"officer": (2, 2), "region": (2, None), "admin": (2, 1), "stranger_officer": (2, 0), "finance": (2, None)}
    for name, expected in wanted.items():
        answer = browser(getattr(cast, name)).get("/flode/", {"region": cast.region.organisation_id})
        [now] = [row for row in answer.context["rows"] if row.now]
        assert ((now.requests, now.own), now.capacity, now.forecast) == (expected, 1, None), name
        assert "Ingen prognos är lämnad" in text(answer)
    assert now.over
    for name, words in (("admin", "Fler än er kapacitet"), ("region", "Fler än kapaciteten")):
        url = f"/flode/?region={cast.region.organisation_id}"
        Agreement.objects.filter(performer_id=cast.admin.organisation_id).update(capacity=2)
        assert words not in browser(getattr(cast, name)).get(url).content.decode()
        Agreement.objects.filter(performer_id=cast.admin.organisation_id).update(capacity=0)
        assert words in browser(getattr(cast, name)).get(url).content.decode(), name
    assert browser(cast.administrator).get("/flode/").status_code == 403


def test_the_asked_see_which_professions_may_be_needed(case, cast):
    data = {
        "performers": [cast.admin.organisation_id, cast.other_admin.organisation_id], "way": "choose",
        "professions": ["psychologist"],
    }  # fmt: skip
    with at_work(cast.region):
        door.begin("inquiry", case.pk, "ask", cast.region, data)
    for asked in (cast.admin, cast.other_admin):
        inquiry = Inquiry.objects.get(assessment=case, performer_id=asked.organisation_id)
        assert "Kan också behövas: psykolog" in text(browser(asked).get(f"/forfragningar/{inquiry.pk}/"))
    assert "Kan behövas: psykolog." in text(browser(cast.region).get(f"/arenden/{case.number}/")).replace("\xa0", " ")
    assert list(differences(case.pk)) == []


def test_what_was_approved_before_a_hand_back_is_filled_in(cast):
    from regions.choosing import approved_before

    case = s.in_progress(cast)
    grounds = {"unclear": "a", "clears": "b", "matters": "c", "professions": ["physiotherapist"]}
    expansion, _ = door.begin("expansion", case.pk, "propose", cast.physician, grounds)
    assert approved_before(case.pk) == []
    door.take("expansion", expansion.pk, "approve", cast.officer, {"professions": ["physiotherapist"], "days": 5})
    case = s.step(case, "hand_back", cast.admin, cause="cannot", reason="Sjukdom")
    assert approved_before(case.pk) == ["physiotherapist"]
    form = text(browser(cast.region).get(f"/arenden/{case.number}/forfragan/steg/ask/"))
    assert re.search(r'value="physiotherapist"[^>]*checked|checked[^>]*value="physiotherapist"', form)


def test_the_forecast_is_the_agencys_and_shown_to_all(cast):
    today = timezone.localdate()
    page, region = browser(cast.team), cast.region.organisation_id
    sent = {f"y{today.year}": "520", f"y{today.year + 1}": "1040"}
    assert page.post(f"/flode/?region={region}", sent | {f"y{today.year}": "-1"}).status_code == 422
    assert page.post(f"/flode/?region={region}", sent).status_code == 302
    assert page.post(f"/flode/?region={region}", sent | {f"y{today.year}": "530"}).status_code == 302
    rows = Forecast.objects.filter(region_id=region)
    assert list(rows.order_by("pk").values_list("year", "requests")) == [
        (today.year, 520), (today.year + 1, 1040), (today.year, 530),
    ]  # fmt: skip
    for reader in (cast.officer, cast.region, cast.finance, cast.admin):
        found = browser(reader).get("/flode/", {"region": region})
        assert found.context["form"] is None
        numbers = {row.forecast for row in found.context["rows"]}
        assert numbers <= {9, 10, 11, 19, 20}
        assert numbers
        assert "530 utredningar" in text(found).replace("\xa0", " ")
        assert browser(reader).post("/flode/", sent).status_code == 403


def test_the_weeks_of_a_forecast_add_up_also_in_a_year_of_53_weeks(cast):
    from regions.flowing import _by_week

    Forecast.objects.create(
        region_id=cast.region.organisation_id, year=2026, requests=530, mandate_id=cast.team.mandate_id
    )
    mondays = [date.fromisocalendar(2026, week, 1) for week in range(1, 54)]
    found = _by_week(cast.region.organisation_id, mondays)
    assert sum(found.values()) == 530
    assert set(found.values()) == {10}
    assert _by_week(cast.region.organisation_id, [date.fromisocalendar(2027, 1, 1)]) == {}


def test_nobody_is_left_and_the_page_says_so(case, cast):
    inquiry = ask(case, cast, cast.admin)[cast.admin.organisation_id]
    with at_work(cast.admin):
        door.take("inquiry", inquiry.pk, "decline", cast.admin, {"reason": "Fullt"})
    page = text(browser(cast.region).get(f"/arenden/{case.number}/"))
    assert "Ingen tillfrågad utförare är kvar." in page.replace("\xa0", " ")
    assert Assessment.objects.get(pk=case.pk).status == "requested"
