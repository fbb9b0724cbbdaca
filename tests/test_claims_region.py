"""The region's list of what it can claim, and many sent at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from reimbursement.models import Line
from rules.remembered import rules_by_code
from tests import claims
from tests.claims import page, text_of, url_of
from tests.pages import browser

LIST = "/ersattning/"


@pytest.fixture
def two(cast):
    """Two proposals: one that can be sent (the agreement's price), one whose cost is missing."""
    claims.agreed(cast)
    ready = claims.proposed(cast)
    lacking = claims.proposed(cast)
    Line.objects.filter(claim=lacking).update(cost=None, price=None)
    return ready, lacking


# --- the list


def test_the_list_says_what_can_be_sent_what_is_missing_and_the_months_sum(cast, two):
    ready, lacking = two
    text = page(cast.finance, LIST)
    assert "1 begäran</h2>" not in text
    assert "18 400 kr" in text
    assert "Kontrollera och skicka den" in text
    assert ready.number in text
    assert lacking.number in text
    assert "Kostnad saknas" in text
    assert f"Utredning {ready.assessment.number}" in text or ready.assessment.number in text
    assert "2 begäranden, högst" in text
    assert f'value="{ready.pk}"' in text, "can be ticked"
    assert f'value="{lacking.pk}"' not in text
    text = page(cast.finance, f"{LIST}?saknas=saknas")
    assert lacking.number in text
    assert ready.number not in text
    text = page(cast.finance, f"{LIST}?saknas=klara")
    assert lacking.number not in text


def test_filters_and_views_and_what_an_empty_one_says(cast, two):
    ready, _ = two
    month = f"{ready.payable_on:%Y-%m}"
    assert ready.number in page(cast.finance, f"{LIST}?manad={month}&slag=assessment")
    text = page(cast.finance, f"{LIST}?manad=2019-01")
    assert "Ingen begäran stämmer med det du har valt." in text
    assert "Ingen begäran stämmer" in page(cast.finance, f"{LIST}?slag=training")
    for view, words in {
        "skickade": "Inget ligger för granskning",
        "fragor": "Inga frågor att svara på",
        "beslutade": "Inga beslut här",
        "utbetalda": "Inget är utbetalt ännu",
        "avstar": "Inget är lagt åt sidan",
    }.items():
        assert words in page(cast.finance, f"{LIST}?vy={view}")
    assert ready.number in page(cast.finance, f"{LIST}?vy=finns-inte&manad=13&slag=x&efter=nej"), "nonsense is left out"


def test_each_state_stands_in_its_view(cast):
    places = {
        "skickade": claims.submitted(cast),
        "fragor": claims.submitted(cast),
        "beslutade": claims.attested(cast),
        "avstar": claims.proposed(cast),
    }
    asked = places["fragor"]
    take("claim", asked.pk, "ask", cast.controller, {"version": asked.version, "text": "Vad kostade tolken?"})
    take("claim", places["avstar"].pk, "set_aside", cast.finance, {"reason": "Ingår i annat avtal"})
    for view in places:
        text = page(cast.finance, f"{LIST}?vy={view}")
        for other, claim in places.items():
            assert (claim.number in text) == (view == other), (view, other)
    assert "Svara senast" in page(cast.finance, f"{LIST}?vy=fragor")
    assert "18 400 kr beslutat" in page(cast.finance, f"{LIST}?vy=beslutade")


def test_what_is_decided_is_not_read_before_it_is_attested(cast):
    claim = claims.decided(cast, "reduce", amount="11 111", reason="Skäl som inte är attesterat")
    assert claim.number in page(cast.finance, f"{LIST}?vy=skickade")
    text = page(cast.finance, url_of(claim))
    assert "Skäl som inte är attesterat" not in text
    assert "11 111" not in text
    take("claim", claim.pk, "attest", cast.attester, {"version": claim.version})
    text = page(cast.finance, url_of(claim))
    assert "Skäl som inte är attesterat" in text
    assert "11 111 kr" in text
    assert "Godta ett lägre belopp" in text


def test_the_list_goes_on_by_key_and_shows_each_once(cast, monkeypatch):
    from reimbursement import listing

    claims.agreed(cast)
    rows = [claims.proposed(cast) for _ in range(5)]
    monkeypatch.setattr(listing, "PAGE", 2)
    seen, url = [], LIST
    for _ in range(4):
        answer = browser(cast.finance).get(url)
        seen += [row.claim.pk for group in answer.context["groups"] for row in group["rows"]]
        assert answer.context["groups"][0]["sum"].count == 5, "the month's sum is the whole month's"
        if not answer.context["next_url"]:
            break
        url = LIST + answer.context["next_url"]
    assert seen == sorted(row.pk for row in rows)
    assert sorted(seen) == sorted({*seen})


def test_another_region_sees_nothing_and_strangers_get_in_nowhere(cast, two):
    ready, _ = two
    assert ready.number not in page(cast.skane, LIST)
    assert browser(cast.skane).get(url_of(ready)).status_code == 404
    assert browser(cast.skane).get(url_of(ready, "underlag/")).status_code == 404
    for who in ("officer", "team", "adviser", "admin", "physician", "administrator"):
        for url in (
            LIST,
            url_of(ready),
            "/ersattning/administration/",
            "/ersattning/utbildning/",
            "/ersattning/skicka/",
        ):
            assert browser(getattr(cast, who)).get(url).status_code == 403, (who, url)
    text = page(cast.region, LIST)
    assert ready.number in text
    assert "Kontrollera och skicka" not in text, "a coordinator reads"
    assert browser(cast.region).post("/ersattning/skicka/", {"alla": "1"}).status_code == 403


@pytest.mark.parametrize("url", [LIST, "claim", "/ersattning/administration/", "/ersattning/utbildning/"])
def test_a_fixed_number_of_queries(cast, two, url):
    def queries():
        client = browser(cast.finance)
        rules_by_code()  # remembered for half a minute, whoever asks
        with CaptureQueriesContext(connection) as found:
            assert client.get(url_of(two[0]) if url == "claim" else url).status_code == 200
        return len(found)

    queries()
    few = queries()
    for _ in range(3):
        claims.proposed(cast)
    assert queries() <= few
    assert few <= 18, few


# --- many at once


def test_all_that_is_ready_is_checked_and_sent(cast, two):
    ready, lacking = two
    client = browser(cast.finance)
    text = text_of(client.post("/ersattning/skicka/", {"alla": "1", "fraga": ""}))
    assert "Kontrollera: 1 begäran, 18 400 kr" in text
    assert lacking.number in text
    assert "Kostnad saknas: läkare." in text
    mark = client.post("/ersattning/skicka/", {"alla": "1"}).context["choice"].mark
    answer = client.post("/ersattning/skicka/", {"alla": "1", "gor": "skicka", "visat": mark})
    assert answer.status_code == 302
    outbox.work()
    assert "Begäran är skickad." in text_of(client.get(answer.headers["Location"]))
    assert claims.fresh(ready).status == "submitted"
    assert claims.fresh(lacking).status == "proposed"


def test_what_changed_after_the_check_is_checked_again(cast, two):
    ready, _ = two
    client = browser(cast.finance)
    form = {"valda": [str(ready.pk)]}
    mark = client.post("/ersattning/skicka/", form).context["choice"].mark
    claims.costs(ready, cast, "19 000")
    text = text_of(client.post("/ersattning/skicka/", form | {"gor": "skicka", "visat": mark}), 409)
    assert "Något har ändrats sedan du kontrollerade" in text
    assert "Kontrollera: 1 begäran, 19 000 kr" in text
    assert claims.fresh(ready).status == "proposed"


def test_the_check_page_says_what_to_know(cast, two):
    ready, lacking = two
    claims.costs(ready, cast, "25 000")
    client = browser(cast.finance)
    text = text_of(client.post("/ersattning/skicka/", {"valda": [str(ready.pk), str(lacking.pk), "x", "999999"]}))
    assert "1 begäran, 20 000 kr" in text
    assert "över taket" in text
    assert "inget underlag" in text
    answer = client.post("/ersattning/skicka/", {"gor": "valda"}, follow=True)
    assert "Välj minst en begäran" in text_of(answer)
    assert client.get("/ersattning/skicka/").status_code == 302
