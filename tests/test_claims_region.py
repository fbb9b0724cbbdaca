"""The region's pages of reimbursement: the list, one claim, many sent at once, administration, training."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import parked
from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from reimbursement.models import Claim, Desk, Evidence, Line, Remark
from reimbursement.opening import open_claim
from tests import claims
from tests import situations as s
from tests.pages import browser

LIST = "/ersattning/"


def text_of(answer, status=200):
    """The words of a page, with ordinary spaces and amounts in one piece."""
    assert answer.status_code == status, answer.content.decode()[:2000]
    text = answer.content.decode().replace("\xa0", " ")
    return re.sub(r'<span class="nowrap num">([^<]*)</span>', r"\1", text)


def page(actor, url, status=200):
    return text_of(browser(actor).get(url), status)


def url_of(claim, rest=""):
    return f"/ersattning/begaran/{claim.pk}/{rest}"


@pytest.fixture
def central(cast):
    """Somebody at the agency examines what is examined centrally."""
    return Desk.objects.create(region=None, office_id=cast.controller.organisation_id)


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
        with CaptureQueriesContext(
            connection,
        ) as found:
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


# --- one claim


def test_the_claim_shows_line_ceiling_rule_and_event(cast):
    claims.agreed(cast)
    claim = claims.proposed(cast)
    text = page(cast.finance, url_of(claim))
    assert "Läkare" in text
    assert "20 000 kr" in text
    assert "11 § förordning (2018:1633)" in text
    assert "Avtalets pris" in text
    assert "Utlåtandet kom in i tid." in text
    assert f'datetime="{claim.payable_on.isoformat()}"' in text
    assert f"/arenden/{claim.assessment.number}/" in text
    assert "Skicka begäran om ersättning" in text


def test_a_barred_line_is_shown_with_its_reason_and_cannot_be_claimed(cast):
    claim = claims.proposed(cast)
    Line.objects.filter(claim=claim).update(bar="late", holds=False, cost=None)
    text = page(cast.finance, url_of(claim))
    assert "Utlåtandet kom in efter sista dag" in text
    assert "Lagen ger ingen ersättning" in text
    assert "steg/enter_costs/" not in text
    assert "steg/set_aside/" in text
    assert "Ger ingen ersättning" in page(cast.finance, LIST)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-1", "mindre än 0"),
        ("100,555", "högst två decimaler"),
        ("100 EUR", "svenska kronor"),
        ("många", "med siffror"),
    ],
)
def test_a_bad_cost_is_told_beside_the_field_and_kept(cast, typed, said):
    claim = claims.proposed(cast)
    line = claim.lines.get()
    client = browser(cast.finance)
    text = text_of(client.post(url_of(claim, "steg/enter_costs/"), {f"cost_{line.pk}": typed}), 422)
    assert text.count(said) == 2, "in the summary and beside the field"
    assert f'value="{typed}"' in text
    assert line.cost is None or Line.objects.get(pk=line.pk).cost == line.cost


def test_costs_submit_recall_by_the_pages(cast):
    claim = claims.proposed(cast)
    line = claim.lines.get()
    client = browser(cast.finance)
    assert "Fyll i kostnaden för läkare" in page(cast.finance, url_of(claim))
    answer = client.post(url_of(claim, "steg/enter_costs/"), {f"cost_{line.pk}": "21 000,50", "sedd": "1"}, follow=True)
    text = text_of(answer)
    assert "Klart. Regionen fyllde i kostnader." in text
    assert "1 000,50 kr över taket" in text
    check = text_of(client.get(url_of(claim, "steg/submit/")))
    assert "Kontrollera dina uppgifter" in check
    assert "21 000,50 kr" in check
    claim = claims.fresh(claim)
    answer = client.post(url_of(claim, "steg/submit/"), {"version": claim.version, "gor": "skicka"}, follow=True)
    assert "Regionen skickade begäran om ersättning." in text_of(answer)
    assert claims.fresh(claim).status == "submitted"
    text = text_of(client.get(url_of(claim, "steg/submit/")), 409)
    assert "Öppna begäran" in text
    assert client.post(url_of(claim, "steg/recall/"), follow=True).status_code == 200
    assert claims.fresh(claim).status == "proposed"


def test_a_stale_page_sends_nothing_and_says_what_is_new(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    claims.costs(claim, cast, "17 000")
    answer = browser(cast.finance).post(url_of(claim, "steg/submit/"), {"version": claim.version, "gor": "skicka"})
    text = text_of(answer, 409)
    assert f"Begäran {claim.number} har ändrats sedan du öppnade sidan" in text
    assert "Regionen fyllde i kostnader." in text
    assert claims.fresh(claim).status == "proposed"


def test_a_lost_race_has_its_page(cast):
    claim = claims.submitted(cast)
    take("claim", claim.pk, "decide", cast.controller, claims.decision(claim))
    answer = browser(cast.finance).post(url_of(claim, "steg/recall/"), {"sedd": str(claim.version)})
    text = text_of(answer, 409)
    assert "Någon hann före dig" in text
    assert claims.fresh(claim).status == "decided"


def test_set_aside_and_take_up(cast):
    claim = claims.proposed(cast)
    client = browser(cast.finance)
    text = text_of(client.post(url_of(claim, "steg/set_aside/"), {"reason": ""}), 422)
    assert "Fyll i" in text or "Skriv" in text
    client.post(url_of(claim, "steg/set_aside/"), {"reason": "Ingår i annan ersättning"})
    text = text_of(client.get(url_of(claim)))
    assert "Ingår i annan ersättning" in text
    assert "Begärs inte" in text
    client.post(url_of(claim, "steg/take_up/"))
    assert claims.fresh(claim).status == "proposed"


def test_a_question_is_answered_in_the_claim_with_mended_costs(cast):
    claim = claims.submitted(cast)
    take("claim", claim.pk, "ask", cast.controller, {"version": claim.version, "text": "Stämmer kostnaden?"})
    line = claim.lines.get()
    for who in (cast.finance, cast.region):
        text = page(who, url_of(claim))
        assert "Stämmer kostnaden?" in text
        assert "Svara senast" in text
        assert "steg/answer/" in text
    client = browser(cast.finance)
    assert "Stämmer kostnaden?" in text_of(client.get(url_of(claim, "steg/answer/")))
    text_of(client.post(url_of(claim, "steg/answer/"), {"text": "", f"cost_{line.pk}": "17 500"}), 422)
    client.post(url_of(claim, "steg/answer/"), {"text": "Nej, den är lägre", f"cost_{line.pk}": "17 500"})
    claim = claims.fresh(claim)
    assert (claim.status, claim.cost) == ("submitted", 1_750_000)
    assert [r.kind for r in Remark.objects.filter(subject_id=claim.pk).order_by("pk")] == ["question", "answer"]
    assert "Nej, den är lägre" in text_of(client.get(url_of(claim)))


def test_what_was_sent_after_the_session_ended_comes_back(cast, rf):
    claim = claims.proposed(cast)
    line, url = claim.lines.get(), url_of(claim, "steg/enter_costs/")
    client = browser(cast.finance)
    session = client.session
    session["parked"] = parked.wrap(rf.post(url, {f"cost_{line.pk}": "12 345"}), cast.finance.user_id)
    session.save()
    text = text_of(client.get(url))
    assert 'value="12 345"' in text
    assert "Det du skrev tidigare finns kvar" in text


def test_who_may_take_which_step(cast):
    claim = claims.proposed(cast)
    for who, step, expected in (
        ("region", "enter_costs", 403),
        ("region", "submit", 403),
        ("finance", "decide", 403),
        ("finance", "propose", 403),
        ("finance", "pay", 404),
        ("finance", "finns-inte", 404),
        ("finance", "open_training", 404),
        ("skane", "enter_costs", 404),
        ("officer", "enter_costs", 403),
    ):
        answer = browser(getattr(cast, who)).get(url_of(claim, f"steg/{step}/"))
        assert answer.status_code == expected, (who, step)


# --- evidence


def add(client, claim, *files):
    return client.post(url_of(claim, "underlag/"), {"gor": "lagg_till", "ny-files_chosen": list(files)})


def test_evidence_is_added_checked_opened_removed_and_stays_when_sent(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    client = browser(cast.finance)
    assert add(client, claim, s.upload("faktura.pdf"), s.upload("tolk.pdf")).status_code == 302
    text = text_of(client.get(url_of(claim)))
    assert "faktura.pdf" in text
    assert "Filerna kontrolleras" in text
    first, second = Evidence.objects.filter(claim=claim).order_by("pk")
    opened = url_of(claim, f"handlingar/{first.document_id}/")
    assert "Handlingen kontrolleras" in text_of(client.get(opened), 409)
    s.check_files()
    piece = client.get(url_of(claim, "underlag/"))
    assert piece.headers["X-Done"] == "1"
    assert "1 sida" in text_of(piece)
    answer = client.get(opened)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert browser(cast.controller).get(opened).status_code == 404, "not before it is sent"
    client.post(url_of(claim, "underlag/"), {"gor": f"ta_bort:{second.pk}"})
    assert list(Evidence.objects.filter(claim=claim)) == [first]
    take("claim", claim.pk, "submit", cast.finance, {"version": claims.fresh(claim).version})
    client.post(url_of(claim, "underlag/"), {"gor": f"ta_bort:{first.pk}"})
    assert Evidence.objects.get(claim=claim).sent_by_id is not None
    answer = add(client, claim, s.upload("sen.pdf"))
    assert "Begäran är skickad. Underlag kan" in text_of(client.get(answer.headers["Location"]))
    assert Evidence.objects.filter(claim=claim).count() == 1
    answer = browser(cast.controller).get(opened)
    assert answer.status_code == 200, "the controller reads what was sent"
    b"".join(answer.streaming_content)
    for who, expected in (("officer", 403), ("admin", 403), ("skane", 404)):
        assert browser(getattr(cast, who)).get(opened).status_code == expected


def test_a_bad_file_is_told_and_leaves_nothing(cast):
    claim = claims.proposed(cast)
    client = browser(cast.finance)
    text = text_of(add(client, claim, SimpleUploadedFile("virus.exe", b"MZ\x90\x00"), s.upload("bra.pdf")), 422)
    assert "virus.exe är inte en PDF eller bild" in text
    assert [row.document.name for row in Evidence.objects.filter(claim=claim)] == ["bra.pdf"]
    assert "Välj minst en fil" in text_of(client.post(url_of(claim, "underlag/"), {"gor": "lagg_till"}), 422)
    assert browser(cast.region).post(url_of(claim, "underlag/"), {"gor": "lagg_till"}).status_code == 403


def test_a_file_with_a_personnummer_is_not_sent_and_opens_for_nobody(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    client = browser(cast.finance)
    add(client, claim, s.upload("journal.pdf", text=f"Patient {s.PERSONNUMMER}"))
    s.check_files()
    row = Evidence.objects.get(claim=claim)
    assert row.number_page == 1
    text = text_of(client.get(url_of(claim)))
    assert "sidan 1 innehåller ett personnummer" in text
    assert "steg/submit/" not in text
    assert client.get(url_of(claim, f"handlingar/{row.document_id}/")).status_code == 409
    assert "personnummer" in text_of(client.get(url_of(claim, "steg/submit/")), 409)
    client.post(url_of(claim, "underlag/"), {"gor": f"ta_bort:{row.pk}"})
    assert "steg/submit/" in text_of(client.get(url_of(claim)))


# --- administration and training


def test_a_quarter_is_claimed_and_the_rest_of_the_year_shown(cast, central):
    client = browser(cast.finance)
    url = "/ersattning/administration/"
    text = text_of(client.get(url))
    assert "Årets tak är 1 350 000 kr" in text
    today = timezone.localdate()
    form = {"year": "2025", "quarter": "4", "cost": "200 000"}
    answer = client.post(url, form, follow=True)
    assert "Begäran E-" in text_of(answer)
    claim = Claim.objects.get(kind="administration")
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    text = text_of(client.get(url))
    assert claim.number in text
    assert "Kvar: 1 150 000 kr." in text
    text = text_of(client.post(url, form), 422)
    assert "Kvartalet har redan en begäran" in text
    assert 'value="200 000"' in text
    text_of(client.post(url, {"year": str(today.year + 2), "quarter": "1", "cost": "1"}), 422)
    assert browser(cast.region).get(url).status_code == 200
    assert 'name="cost"' not in page(cast.region, url)
    assert browser(cast.region).post(url, form).status_code == 403


def test_a_day_of_training_is_claimed_and_listed(cast, central):
    client, url = browser(cast.finance), "/ersattning/utbildning/"
    assert "Inget begärt ännu" in text_of(client.get(url))
    text = text_of(client.post(url, {"day": "2026-03-03"}), 422)
    assert "Fyll i minst en deltagare" in text
    form = {"day": "2026-03-03", "physician_own": "2", "psychologist_contracted": "1", "travel": "1 200"}
    text = text_of(client.post(url, form, follow=True))
    assert "Utbildningsdag, läkare, 2 dagar, egen personal" in text
    assert "Skäligt belopp" in text
    claim = Claim.objects.get(kind="training")
    text = text_of(client.get(url))
    assert claim.number in text
    assert claim.number in page(cast.finance, f"{LIST}?slag=training")
    claim = claims.costs(claim, cast, "1 000")
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    assert claims.fresh(claim).status == "submitted"


def test_a_claim_of_its_own_is_opened_through_the_same_door(cast, central):
    claim = open_claim("open_administration", cast.finance, {"year": "2025", "quarter": "1", "cost": "100"})
    assert "Central administration, januari–mars 2025" in page(cast.finance, url_of(claim))
