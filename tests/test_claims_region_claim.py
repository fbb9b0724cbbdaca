"""One claim as its region works in it: lines and their facts, costs, sending, questions."""

from __future__ import annotations

import pytest

from accounts import parked
from fmu_portal.engine.door import take
from reimbursement.models import Line, Remark
from tests import claims
from tests.claims import page, text_of, url_of
from tests.pages import browser

LIST = "/ersattning/"


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
    session["parked"] = parked.wrap(rf.post(url, {f"cost_{line.pk}": "12 345"}), cast.finance.user_id, 0)
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
