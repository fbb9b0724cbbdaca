"""The decision as a letter, the examining offices, the year's ceiling, and checks that follow the facts."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pikepdf
import pypdf
import pytest
from django.utils import timezone

from accounts.models import Mandate, Organisation
from documents import vault
from fmu_portal.engine import clock, outbox
from fmu_portal.engine.door import take
from fmu_portal.engine.many import take_many
from fmu_portal.engine.refusals import WrongState
from fmu_portal.models import Event, Outbox
from orders.models import Assessment
from reimbursement import letters, rechecking
from reimbursement.models import Claim, Desk, DeskChange, Entry, Evidence, Line, Urgency
from reimbursement.opening import open_claim
from tests import claims
from tests import situations as s
from tests.pages import browser
from tests.test_claims_agency import page_of, step, text

pytestmark = pytest.mark.django_db


def letter_of(claim):
    """The bytes of the claim's letter, and its words."""
    with vault.open_clean(claims.fresh(claim).letter) as file:
        data = file.read()
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return data, re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


# The letter.


def test_letter_says_what_was_decided_and_why_and_names_no_insured(cast):
    claim = claims.decided(cast, "reduce", amount="10 000", reason="Bara en del är styrkt.")
    assert letters.state_of(claim) == letters.State.NONE
    take("claim", claim.pk, "attest", cast.attester, {"version": claim.version})
    claim = claims.fresh(claim)
    assert letters.state_of(claim) == letters.State.MAKING
    page = browser(cast.controller).get(page_of(claim))
    assert "Brevet görs just nu." in text(page)
    outbox.work()
    claim = claims.fresh(claim)
    assert letters.state_of(claim) == letters.State.MADE
    assert claim.letter.owner_id == claim.office_id
    data, words = letter_of(claim)
    for said in (
        claim.number,
        claim.region.name,
        "Försäkringskassan betalar 10 000 kr",
        claim.assessment.number,
        "11 § första stycket",
        "18 400 kr",
        "20 000 kr",
        "Bara en del är styrkt.",
        f"{cast.controller.user_name}, controller",
        f"{cast.attester.user_name}, attestant",
        "Beslutet får inte överklagas (24 §).",
    ):
        assert said in words, said
    assert s.NAME not in words
    assert s.PERSONNUMMER not in words
    with pikepdf.open(io.BytesIO(data)) as opened:
        assert opened.Root.Lang == "sv"
        inside = json.loads(bytes(opened.attachments["beslut.json"].get_file().read_bytes()))
        xmp = bytes(opened.Root.Metadata.read_bytes())
    assert inside["approved"] == 1_000_000
    assert b"pdfuaid:part" in xmp
    event = Event.objects.get(process="claim", subject_id=claim.pk, step="attest")
    assert letters.bytes_of(claim, event) == data, "the same decision gives the same bytes"


def test_letter_of_a_refusal_and_of_a_protected_case(cast):
    claim = claims.decided(cast, "refuse", reason="Inte styrkt.")
    Assessment.objects.filter(pk=claim.assessment_id).update(protected=True)
    take("claim", claim.pk, "attest_refusal", cast.attester, {"version": claim.version})
    outbox.work()
    _, words = letter_of(claim)
    assert "betalar ingen ersättning" in words
    assert "Skyddat ärende" in words
    assert claim.assessment.number not in words


def test_a_worker_that_dies_leaves_no_half_letter(cast, monkeypatch):
    claim = claims.attested(cast)

    with monkeypatch.context() as patched:
        patched.setattr(letters, "bytes_of", lambda claim, event: (_ for _ in ()).throw(RuntimeError("dead")))
        outbox.work()
    assert letters.state_of(claims.fresh(claim)) == letters.State.FAILED
    assert "Beslutet gäller ändå." in text(browser(cast.finance).get(f"{page_of(claim)}brev/"))
    Outbox.objects.filter(kind=letters.KIND).update(not_before=timezone.now())
    outbox.work()
    assert claims.fresh(claim).letter is not None
    before = claims.fresh(claim).letter_id
    letters.make({"claim": claim.pk, "event": Event.objects.filter(step="attest").get().pk})
    assert claims.fresh(claim).letter_id == before, "made once"


def test_a_letter_that_nobody_asked_for_is_made_when_somebody_asks(cast):
    claim = claims.attested(cast)
    Outbox.objects.filter(kind=letters.KIND).delete()
    client = browser(cast.finance)
    assert "Gör brevet" in text(client.get(f"{page_of(claim)}brev/"))
    assert client.post(f"{page_of(claim)}brev/").status_code == 302
    outbox.work()
    assert claims.fresh(claim).letter is not None


# Who examines.


def desk_form(cast, **changed):
    client = browser(cast.administrator)
    page = client.get("/ersattning/kontor/")
    data = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    return client, {name: "" if value is None else value for name, value in (data | changed).items()}


def test_administrator_says_which_office_examines(cast):
    stockholm, office = cast.region.organisation_id, cast.controller.organisation_id
    client, data = desk_form(cast, **{f"desk_{stockholm}": office, "desk_0": office})
    assert client.post("/ersattning/kontor/", data).status_code == 302
    assert set(Desk.objects.values_list("region", "office")) == {(stockholm, office), (None, office)}
    assert DeskChange.objects.count() == 2
    assert cast.administrator.user_name in text(client.get("/ersattning/kontor/"))
    # The page that was open before the change is old.
    answer = client.post("/ersattning/kontor/", data)
    assert answer.status_code == 422
    assert "Någon annan ändrade kontoren" in text(answer)


def test_an_office_without_controller_or_attester_examines_nothing(cast):
    Mandate.objects.filter(pk=cast.attester.mandate_id).update(valid_to=timezone.localdate() - timedelta(1))
    client, data = desk_form(cast, desk_0=cast.controller.organisation_id)
    answer = client.post("/ersattning/kontor/", data)
    assert answer.status_code == 422
    assert "saknar controller eller attestant" in text(answer)
    assert not Desk.objects.exists()


@pytest.mark.parametrize("who", ["controller", "attester", "finance", "officer", "admin"])
def test_nobody_else_says_who_examines(cast, who):
    assert browser(getattr(cast, who)).get("/ersattning/kontor/").status_code == 403
    assert browser(getattr(cast, who)).post("/ersattning/kontor/", {}).status_code == 403


def administration(cast, quarter, cost, year=2026):
    """A claim for a quarter's central administration, sent."""
    claim = open_claim("open_administration", cast.finance, {"year": year, "quarter": quarter, "cost": cost})
    claim = claims.fresh(claim)
    take("claim", claim.pk, "submit", cast.finance, {"version": claim.version})
    return claims.fresh(claim)


def test_a_claim_that_nobody_would_get_is_not_sent(cast):
    claim = open_claim("open_administration", cast.finance, {"year": 2026, "quarter": 1, "cost": "1000"})
    with pytest.raises(WrongState, match="inte utsett vilket kontor"):
        take("claim", claim.pk, "submit", cast.finance, {"version": claims.fresh(claim).version})


# 12 §: the year's ceiling, 1 350 000 kr in Stockholm.


@pytest.fixture
def central(cast):
    Desk.objects.create(region=None, office_id=cast.controller.organisation_id)
    Desk.objects.create(region_id=cast.region.organisation_id, office_id=cast.controller.organisation_id)
    return cast


def test_two_quarters_decided_at_once_do_not_pass_the_year(central):
    """Each was decided as if the other were not there: the second attest is refused, and what is left can be granted."""
    first, second = administration(central, 1, "1 000 000"), administration(central, 2, "500 000")
    assert second.urgency == Urgency.PERSON
    take("claim", first.pk, "decide", central.controller, claims.decision(first))
    decision = claims.decision(second)
    line = second.lines.get()
    form = browser(central.controller).get(page_of(second))
    assert "Godta 350 000 kr" in text(form), "at most what is left of the year"
    take("claim", second.pk, "decide", central.controller, decision)
    assert claims.fresh(second).approved == 35_000_000
    # As if it had been decided before the first was.
    Line.objects.filter(pk=line.pk).update(approved=50_000_000)
    Claim.objects.filter(pk=second.pk).update(approved=50_000_000)
    versions = dict(Claim.objects.values_list("pk", "version"))
    taken = take_many("claim", [first.pk, second.pk], "attest", central.attester, versions=versions)
    assert list(taken.events) == [first.pk]
    assert (
        "Årets takbelopp räcker inte (12 §). Av 1 350 000 kr för 2026 är 1 000 000 kr redan beviljat."
        in (taken.refused[second.pk])
    )
    answer = step(browser(central.attester), claims.fresh(second), "attest")
    assert answer.status_code == 409
    assert "Årets takbelopp räcker inte" in text(answer)
    Line.objects.filter(pk=line.pk).update(approved=35_000_000)
    Claim.objects.filter(pk=second.pk).update(approved=35_000_000)
    take("claim", second.pk, "attest", central.attester, {"version": claims.fresh(second).version})
    assert Entry.objects.total() == 135_000_000


def test_another_year_and_another_region_have_their_own_ceiling(central):
    found = [administration(central, 1, "1 350 000"), administration(central, 4, "1 350 000", 2025)]
    for claim in found:
        take("claim", claim.pk, "decide", central.controller, claims.decision(claim))
    versions = {claim.pk: claims.fresh(claim).version for claim in found}
    taken = take_many("claim", list(versions), "attest", central.attester, versions=versions)
    assert set(taken.events) == set(versions), taken.refused


# The order follows the facts.


def test_order_follows_the_facts_after_submission(cast):
    claims.agreed(cast)
    claim = claims.submitted(cast, "19 000")
    assert claim.urgency == Urgency.PERSON
    document = claim.assessment.enclosures.first().document
    Evidence.objects.create(claim=claim, document=document)
    assert rechecking.recheck([claim.pk]) == 0, "the cost is still not the agreement's"
    Line.objects.filter(claim=claim).update(price=1_900_000)
    assert clock.watch(timezone.localdate())["chores"] >= 1
    claim = claims.fresh(claim)
    assert claim.urgency == Urgency.HOLDS
    assert rechecking.recheck_all(timezone.localdate()) == 0, "twice is once"


def test_a_deferral_after_submission_moves_the_claim(cast):
    """What said stop when it was sent holds when the agency grants a deferral: in the decision's own transaction."""
    claims.agreed(cast)
    claim = claims.submitted(cast)
    case = claim.assessment
    late = case.delivered_on + timedelta(60)
    Assessment.objects.filter(pk=case.pk).update(delivered_on=late, delivered_late=True)
    rechecking.recheck([claim.pk])
    assert claims.fresh(claim).urgency == Urgency.STOPS
    from fmu_portal.engine.door import begin

    until = (late + timedelta(5)).isoformat()
    begin("deferral", case.pk, "grant_unasked", cast.officer, {"until": until, "reason": "Vår komplettering kom sent"})
    assert claims.fresh(claim).urgency == Urgency.HOLDS


def test_a_decided_claim_is_not_checked_again(cast):
    claim = claims.decided(cast)
    before = claim.urgency
    Line.objects.filter(claim=claim).update(price=claim.cost)
    assert rechecking.recheck([claim.pk]) == 0
    assert claims.fresh(claim).urgency == before
    assert Organisation.objects.filter(pk=claim.office_id).exists()
