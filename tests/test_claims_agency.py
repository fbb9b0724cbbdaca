"""The agency's pages of claims: queues, what the examiner sees, a decision by form, attest, sending back, two at once."""

from __future__ import annotations

import re

import pytest

from fmu_portal.engine.door import take
from orders.models.access import Recusal
from reimbursement.models import Claim, Decision, Line, Remark, Urgency
from tests import claims
from tests import situations as s
from tests.pages import browser

pytestmark = pytest.mark.django_db


def text(answer):
    """The page's words without tags, with plain spaces."""
    return re.sub(r"[\s\u00a0]+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def page_of(claim):
    return f"/ersattning/begaran/{claim.pk}/"


def step(client, claim, name, data=None, **more):
    """Send a step's form as the page would."""
    sent = {"sedd": claim.version, "version": claim.version} | (data or {}) | more
    return client.post(f"{page_of(claim)}steg/{name}/", sent)


def test_work_basket_shows_as_many_as_it_counts_and_leads_to_ones_own_alone(cast):
    claim = claims.submitted(cast)
    for actor, mine in ((cast.controller, True), (cast.attester, False)):
        answer = browser(actor).get("/att-gora/")
        page = answer.content.decode().split("<main", 1)[1]
        rows = [row for _, group in answer.context["page"].groups for row in group]
        assert len(rows) == answer.context["page"].shown == 2, "the report to review, and the claim"
        assert (f'href="{page_of(claim)}"' in page) == mine
        assert ("Görs av en kollega hos er" in page) != mine
        assert "Utanför ärenden" not in page
        assert "Inget ännu" not in page


def test_work_basket_tells_one_claim_from_another(cast):
    from tests import recoveries

    claim = claims.submitted(cast)
    basket = text(browser(cast.controller).get("/att-gora/"))
    assert claim.number in basket
    assert "Region Stockholm. Utredning, 18 400 kr." in basket
    recovery = recoveries.opened(cast)
    basket = text(browser(cast.controller).get("/att-gora/"))
    assert recovery.number in basket
    assert "Återkrav, 1 000 kr." in basket


def test_work_basket_says_when_a_colleague_has_to_attest(cast):
    claim = claims.decided(cast)
    own = "Du har själv beslutat. En kollega attesterar."
    for actor in (cast.controller, cast.attester):
        assert own not in text(browser(actor).get("/att-gora/"))
    Claim.objects.filter(pk=claim.pk).update(decided_by_id=cast.attester.user_id)  # under another mandate
    assert own in text(browser(cast.attester).get("/att-gora/"))


def test_a_question_that_came_too_late_can_be_copied(cast):
    from tests import recoveries

    claim = claims.submitted(cast)
    client = browser(cast.controller)
    take("claim", claim.pk, "ask", recoveries.colleague(cast), {"version": claim.version, "text": "Först"})
    answer = step(client, claim, "ask", text="Vilken dag var besöket, och vem var där?")
    assert answer.status_code == 409
    assert "Vilken dag var besöket, och vem var där?" in text(answer)


def test_work_basket_tells_nothing_of_a_claim_that_the_person_may_not_see(cast):
    claim = claims.submitted(cast)
    Recusal.objects.create(assessment=claim.assessment, user_id=cast.controller.user_id)
    basket = text(browser(cast.controller).get("/att-gora/"))
    assert claim.number not in basket
    assert "18 400" not in basket


def test_claim_stands_in_the_queue_with_what_the_checks_say(cast):
    claims.agreed(cast)
    holds = claims.submitted(cast)
    person = claims.submitted(cast, "25 000")
    assert (holds.urgency, person.urgency) == (Urgency.HOLDS, Urgency.PERSON)
    answer = browser(cast.controller).get("/ersattning/")
    words = text(answer)
    assert answer.status_code == 200
    # What needs a person stands first, though it came in last.
    assert words.index(person.number) < words.index(holds.number)
    assert f"Välj {holds.number}" in words
    assert f"Välj {person.number}" not in words
    assert f"Ärende {holds.assessment.number}" in words
    only = text(browser(cast.controller).get("/ersattning/", {"utfall": int(Urgency.HOLDS)}))
    assert holds.number in only
    assert person.number not in only
    assert holds.number not in text(browser(cast.controller).get("/ersattning/", {"ko": "central"}))


def test_queue_goes_on_by_key(cast, monkeypatch):
    from reimbursement import queues

    monkeypatch.setattr(queues, "PAGE", 1)
    claims.agreed(cast)
    first, second = claims.submitted(cast), claims.submitted(cast)
    client = browser(cast.controller)
    words, found = client.get("/ersattning/"), []
    for _ in range(2):
        found += [number for number in (first.number, second.number) if number in text(words)]
        following = re.search(r'href="([^"]+)" rel="next"', words.content.decode())
        if following:
            words = client.get("/ersattning/" + following[1].replace("&amp;", "&"))
    assert found == [first.number, second.number]


def test_examiner_sees_fact_beside_rule_and_nothing_is_chosen(cast):
    claim = claims.submitted(cast, "25 000")
    page = browser(cast.controller).get(page_of(claim))
    words = text(page)
    assert page.status_code == 200
    for said in (
        "Utlåtandet kom in i tid",
        "Begärt 25 000 kr, tak 20 000 kr.",
        "5 000 kr över taket. Högst taket kan betalas.",
        "Kostnaden är styrkt",
        "17 § andra stycket",
        "Du behöver bedöma",
        "Godta 20 000 kr",
        "regeln den",
        "Visa hur dagen är räknad",
    ):
        assert said in words, said
    assert " checked" not in page.content.decode()
    assert f"/arenden/{claim.assessment.number}/handelser/?efter=" in page.content.decode()
    assert "/regler/#money.physician@2024-01-01" in page.content.decode()
    assert s.NAME not in words


def test_a_check_that_says_other_than_when_the_claim_came_in_is_told(cast):
    claim = claims.submitted(cast)
    line = Line.objects.get(claim=claim)
    Line.objects.filter(pk=line.pk).update(
        checks=[[n, "holds", ""] if n == "evidence_is_there" else [n, v, w] for n, v, w in line.checks]
    )
    assert "När begäran kom in: uppfyllt." in text(browser(cast.controller).get(page_of(claim)))


def test_controller_decides_with_a_check_page_between(cast):
    claim = claims.submitted(cast)
    client = browser(cast.controller)
    answers = claims.decision(claim, "reduce", amount="10 000", reason="Styrkt till en del")
    checked = step(client, claim, "decide", answers)
    assert checked.status_code == 200
    assert "Godtas med ett lägre belopp: 10 000 kr av begärda 18 400 kr" in text(checked)
    assert "Skäl: Styrkt till en del" in text(checked)
    assert claims.fresh(claim).status == "submitted"
    changed = step(client, claim, "decide", answers, gor="andra")
    assert "Styrkt till en del" in text(changed)
    done = step(client, claim, "decide", answers, gor="skicka")
    assert (done.status_code, done.headers["Location"]) == (302, page_of(claim))
    claim = claims.fresh(claim)
    assert (claim.status, claim.approved, claim.decided_by_id) == ("decided", 1_000_000, cast.controller.user_id)
    words = text(client.get(page_of(claim)))
    assert "En attestant vid Kontoret Ett har begäran nu." in words
    assert "Bedömt av controllern: Kostnaden är avtalets pris, Kostnaden är styrkt." in words


def test_what_is_wrong_stands_beside_the_field(cast):
    claim = claims.submitted(cast)
    answer = step(browser(cast.controller), claim, "decide", claims.decision(claim, "refuse"))
    assert answer.status_code == 422
    assert "Skriv skälet. Regionen behöver förstå beslutet." in text(answer)
    assert "Utlåtandet kom in i tid" in text(answer), "the checks stand beside the form"
    assert not Decision.objects.exists()


def test_a_decision_sent_again_is_told_to_be_made_already(cast):
    claim = claims.submitted(cast)
    take("claim", claim.pk, "decide", cast.controller, claims.decision(claim))
    answer = step(browser(cast.controller), claim, "decide", claims.decision(claim, "refuse", reason="Nej"))
    assert answer.status_code == 409
    assert "Du har redan gjort något här" in text(answer)
    assert cast.controller.user_name in text(answer)
    assert claims.fresh(claim).approved == 1_840_000


def test_a_claim_that_changed_meanwhile_is_read_again(cast):
    claim = claims.submitted(cast)
    seen = claims.fresh(claim)
    take("claim", claim.pk, "recall", cast.finance)
    claim = claims.costs(claims.fresh(claim), cast, "19 000")
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    client = browser(cast.controller)
    answer = step(client, seen, "decide", claims.decision(claim) | {"version": seen.version}, gor="skicka")
    assert answer.status_code == 409
    assert "Regionen tog tillbaka begäran om ersättning." in text(answer)
    assert claims.fresh(claim).status == "submitted"
    answer = step(client, seen, "approve_all", {"version": seen.version})
    assert answer.status_code == 409, "everything may hold, but it is not what was seen"


def test_controller_asks_and_region_answers(cast):
    claim = claims.submitted(cast)
    assert step(browser(cast.controller), claim, "ask", {"text": ""}).status_code == 422
    assert step(browser(cast.controller), claim, "ask", {"text": "Vad kostade tolken?"}).status_code == 302
    claim = claims.fresh(claim)
    line = claim.lines.get()
    assert claim.number in text(browser(cast.controller).get("/ersattning/", {"vy": "svar"}))
    take("claim", claim.pk, "answer", cast.finance, {"text": "Ingen tolk var med.", f"cost_{line.pk}": "18 400"})
    words = text(browser(cast.controller).get(page_of(claim)))
    assert words.index("Vad kostade tolken?") < words.index("Ingen tolk var med.")


def test_attester_sees_what_was_decided_and_attests(cast):
    claim = claims.decided(cast)
    client = browser(cast.attester)
    assert claim.number in text(client.get("/ersattning/")), "the attester begins where there is something to attest"
    words = text(client.get(page_of(claim)))
    assert f"{cast.controller.user_name} har beslutat 18 400 kr av 18 400 kr." in words
    assert "Bedömt av controllern: Kostnaden är avtalets pris, Kostnaden är styrkt." in words
    assert step(client, claim, "attest").status_code == 302
    assert claims.fresh(claim).status == "attested"
    assert "tas med i nästa utbetalning" in text(client.get(page_of(claim)))


def test_attester_sends_back_with_a_reason_that_the_region_does_not_read(cast):
    claim = claims.decided(cast, "reduce", amount="1 000", reason="Fel belopp begärt")
    client = browser(cast.attester)
    assert step(client, claim, "send_back").status_code == 422
    assert step(client, claim, "send_back", {"reason": "Läs avtalet en gång till"}).status_code == 302
    claim = claims.fresh(claim)
    assert (claim.status, claim.approved) == ("submitted", None)
    assert not Remark.objects.get(kind="reason").to_region
    words = text(browser(cast.controller).get(page_of(claim)))
    assert "Läs avtalet en gång till" in words
    assert "Tidigare beslut, gäller inte" in words


def test_nobody_is_offered_to_attest_what_they_decided(cast):
    claim = claims.decided(cast)
    Claim.objects.filter(pk=claim.pk).update(decided_by_id=cast.attester.user_id)
    client = browser(cast.attester)
    assert "Du har själv beslutat." in text(client.get(page_of(claim)))
    answer = step(client, claim, "attest")
    assert answer.status_code == 409
    assert f'value="{claim.pk}.' not in client.get("/ersattning/").content.decode()


def test_many_are_chosen_and_taken_by_a_job(cast):
    from fmu_portal.engine import outbox

    claims.agreed(cast)
    found = [claims.submitted(cast) for _ in range(2)]
    stays = claims.submitted(cast, "25 000")
    chosen = [f"{claim.pk}.{claim.version}" for claim in (*found, stays)]
    answer = browser(cast.controller).post("/ersattning/flera/approve_all/", {"vald": chosen})
    assert answer.status_code == 302, text(answer)
    outbox.work()
    assert [claims.fresh(c).status for c in (*found, stays)] == ["decided", "decided", "submitted"]
    page = browser(cast.controller).get(answer.headers["Location"])
    assert stays.number in text(page)
    assert "Alla kontroller är inte uppfyllda." in text(page)
    chosen = [f"{c.pk}.{claims.fresh(c).version}" for c in found]
    assert browser(cast.attester).post("/ersattning/flera/attest/", {"vald": chosen}).status_code == 302
    outbox.work()
    assert {claims.fresh(c).status for c in found} == {"attested"}
    assert browser(cast.attester).post("/ersattning/flera/approve_all/", {"vald": chosen}).status_code == 403
    assert browser(cast.controller).post("/ersattning/flera/decide/", {"vald": chosen}).status_code == 404


def test_what_was_granted_against_a_check_that_stopped_is_shown_to_the_attester(cast):
    claim = claims.submitted(cast)
    line = claim.lines.get()
    Line.objects.filter(pk=line.pk).update(key=f"a:{claim.assessment_id}:psychologist", kind="psychologist")
    Line.objects.filter(pk=line.pk).update(profession="psychologist", ceiling=700_000, unit_ceiling=700_000)
    checked = step(browser(cast.controller), claim, "decide", claims.decision(claim))
    assert "utvidgningen var godkänd före besöket – inte uppfyllt. Du godtar ändå 7 000 kr." in text(checked)
    take("claim", claim.pk, "decide", cast.controller, claims.decision(claim))
    words = text(browser(cast.attester).get(page_of(claim)))
    assert "Beslutades trots att det inte var uppfyllt: Utvidgningen var godkänd före besöket" in words
    assert "Alla kontroller var inte uppfyllda." in words
    assert "Alla kontroller var inte uppfyllda" in text(browser(cast.attester).get("/ersattning/"))
