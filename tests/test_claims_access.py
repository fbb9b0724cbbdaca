"""Who sees what of claims: every role by every address, and what the database shows when the code forgets to ask."""

from __future__ import annotations

import pytest

from accounts.permissions import See, may_see
from fmu_portal.engine import outbox
from orders.models import Assessment, Recusal
from reimbursement.models import Claim, Decision, Desk, DeskChange, Entry, Evidence, Line, Remark
from reimbursement.process import WITH_AGENCY
from tests import claims, roles
from tests import situations as s
from tests.pages import browser
from tests.test_claims_agency import page_of, step, text

pytestmark = pytest.mark.django_db

MONEY = ("controller", "attester")
REGION = ("region", "region_two", "finance")
STEPS = ("decide", "ask", "approve_all", "attest", "attest_refusal", "send_back")


@pytest.fixture
def attested(cast):
    """A claim with lines, evidence, remarks, decisions, entries and a letter; and a proposal beside it."""
    claim = claims.submitted(cast)
    client = browser(cast.controller)
    assert step(client, claim, "ask", {"text": "Vad kostade det?"}).status_code == 302
    from fmu_portal.engine.door import take

    line = claim.lines.get()
    take("claim", claim.pk, "answer", cast.finance, {"text": "Det står i avtalet.", f"cost_{line.pk}": "18 400"})
    Evidence.objects.create(claim=claim, document=claim.assessment.enclosures.first().document)
    claim = claims.fresh(claim)
    take("claim", claim.pk, "decide", cast.controller, claims.decision(claim))
    take("claim", claim.pk, "send_back", cast.attester, {"version": claims.fresh(claim).version, "reason": "Läs igen"})
    claim = claims.fresh(claim)
    take("claim", claim.pk, "decide", cast.controller, claims.decision(claim))
    take("claim", claim.pk, "attest", cast.attester, {"version": claims.fresh(claim).version})
    outbox.work()
    claims.proposed(cast)
    return claims.fresh(claim)


def test_each_role_gets_its_part_by_every_address(cast, attested):
    urls = [
        "/ersattning/",
        page_of(attested),
        f"{page_of(attested)}brev/",
        f"{page_of(attested)}handlingar/{attested.letter_id}/",
        f"{page_of(attested)}handlingar/{attested.evidence.get().document_id}/",
    ]
    for name, actor in cast.everyone().items():
        client = browser(actor)
        for url in urls:
            status = client.get(url).status_code
            if name in (*MONEY, *REGION):
                assert status == 200, (name, url)
            elif name == "skane":
                assert status == (200 if url == "/ersattning/" else 404), url
            else:
                assert not may_see(actor.role, See.CLAIM)
                assert status == 403, (name, url)
        menu = client.get("/om/tillganglighet/").content.decode()
        assert ('href="/ersattning/"' in menu) == (name in (*MONEY, *REGION, "skane")), name
        assert ('href="/ersattning/kontor/"' in menu) == (name == "administrator"), name


def test_a_step_of_the_agency_is_its_role_s(cast, attested):
    for who, actor in cast.everyone().items():
        client = browser(actor)
        for name in STEPS:
            whose = "attester" if name in ("attest", "attest_refusal", "send_back") else "controller"
            status = step(client, attested, name, {"reason": "Skäl", "text": "Fråga"}).status_code
            if who == whose:
                assert status == 409, "the claim is past it"
            else:
                assert status == (404 if who == "skane" else 403), (who, name)
            assert claims.fresh(attested).version == attested.version, (who, name)


def test_wall_and_filter_grant_the_same(cast, attested):
    """Every member of the cast, with the filter and without it: the same claims, and parts of no others."""
    for key, actor in cast.everyone().items():
        with roles.at_work(actor):
            wanted = set(Claim.objects.visible_to(actor).values_list("pk", flat=True))
            assert set(Claim.objects.values_list("pk", flat=True)) == wanted, key
            assert len(wanted) == (2 if key in REGION else 1 if key in MONEY else 0), key
            for rows, field in (
                (Line.objects.all(), "claim"),
                (Decision.objects.all(), "line__claim"),
                (Evidence.objects.all(), "claim"),
                (Entry.objects.all(), "claim"),
                (Remark.objects.all(), "subject_id"),
            ):
                seen = set(rows.values_list(field, flat=True))
                assert seen <= wanted, (key, rows.model)
                assert bool(seen) == (key in (*MONEY, *REGION)), (key, rows.model)
            internal = Remark.objects.filter(to_region=False).exists()
            assert internal == (key in MONEY), (key, "what an attester tells a controller is the agency's own")
            assert DeskChange.objects.count() == 0


def test_agency_sees_no_proposal(cast):
    claim = claims.costs(claims.proposed(cast), cast)
    for actor in (cast.controller, cast.attester):
        assert browser(actor).get(page_of(claim)).status_code == 404
        assert claim.number not in text(browser(actor).get("/ersattning/", {"kontor": "alla"}))
    assert claim.status not in WITH_AGENCY


def test_whoever_has_stepped_aside_gets_nothing_of_the_claim(cast):
    claim = claims.submitted(cast)
    other = browser(cast.controller)
    assert other.get(page_of(claim)).status_code == 200
    row = Recusal.objects.create(assessment_id=claim.assessment_id, user_id=cast.controller.user_id)
    assert other.get(page_of(claim)).status_code == 404
    assert step(other, claim, "decide", claims.decision(claim)).status_code == 404
    assert claim.number not in text(other.get("/ersattning/", {"kontor": "alla"}))
    with roles.at_work(cast.controller):
        assert not Claim.objects.exists()
        assert not Line.objects.exists()
    row.delete()
    assert other.get(page_of(claim)).status_code == 200


def test_protected_identity_shows_no_case_at_the_agency(cast):
    claim = claims.submitted(cast)
    case = claim.assessment
    Assessment.objects.filter(pk=case.pk).update(protected=True)
    for actor in (cast.controller, cast.attester):
        client = browser(actor)
        for url in ("/ersattning/?kontor=alla&vy=granska", page_of(claim)):
            page = client.get(url)
            assert page.status_code == 200
            assert case.number not in page.content.decode(), url
            assert "kyddat ärende" in text(page)
            assert case.performer.name not in text(page), url
        assert "hur dagen är räknad" not in text(client.get(page_of(claim)))
    assert s.NAME not in text(browser(cast.controller).get(page_of(claim)))


def test_another_office_reads_and_does_nothing(cast):
    claim = claims.submitted(cast)
    Claim.objects.filter(pk=claim.pk).update(office_id=cast.stranger_officer.organisation_id)
    client = browser(cast.controller)
    page = text(client.get(page_of(claim)))
    assert "Begäran granskas av Kontoret Två." in page
    assert "Besluta" not in page
    assert step(client, claim, "decide", claims.decision(claim)).status_code == 403
    assert claim.number not in text(client.get("/ersattning/"))
    assert claim.number in text(client.get("/ersattning/", {"kontor": "alla"}))
    assert not Desk.objects.exists()


@pytest.mark.parametrize("size", [1, 8])
def test_pages_ask_the_same_whatever_the_number(cast, django_assert_max_num_queries, size):
    for _ in range(size):
        claim = claims.submitted(cast)
    client = browser(cast.controller)
    for url, most in (("/ersattning/", 14), (page_of(claim), 45)):
        client.get(url)
        with django_assert_max_num_queries(most):
            client.get(url)
