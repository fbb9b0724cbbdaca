"""Återkrav and utbetalningskontroll: wrongly paid money comes back, and a payment is looked through by somebody else."""

from __future__ import annotations

import pytest
from django.utils import timezone

CONTROLLER, SECOND, ATTESTER = "fk.controller", "fk.ost.controller2", "fk.attestant"
ADMINISTRATOR = "admin"

PAID = """
SELECT c.id, (
    SELECT u.username FROM accounts_mandate m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.organisation_id = c.region_id AND m.role = 'finance_officer' LIMIT 1)
FROM reimbursement_claim c
WHERE c.status = 'paid' AND c.kind = 'assessment' AND c.approved > 200000 AND c.office_id = (
    SELECT m.organisation_id FROM accounts_mandate m JOIN accounts_user u ON u.id = m.user_id WHERE u.username = %s)
AND NOT EXISTS (SELECT 1 FROM reimbursement_recovery r WHERE r.claim_id = c.id)
AND EXISTS (SELECT 1 FROM reimbursement_batchitem i JOIN reimbursement_batch b ON b.id = i.batch_id
    WHERE i.claim_id = c.id AND NOT i.released AND b.paid_on < current_date - 30) ORDER BY c.id LIMIT 1
"""  # paid so long ago that there is interest
DRAWN = """
SELECT r.id, r.period_id FROM reimbursement_review r
JOIN reimbursement_batchitem i ON i.id = r.item_id JOIN reimbursement_claim c ON c.id = i.claim_id
JOIN accounts_user u ON u.username = %s
WHERE r.status = 'selected' AND 'sample' = ANY (r.why) AND u.id NOT IN (c.decided_by_id, c.attested_by_id) AND EXISTS (
    SELECT 1 FROM accounts_mandate m WHERE m.user_id = u.id AND m.organisation_id = r.office_id)
ORDER BY r.id LIMIT 1
"""


@pytest.fixture
def paid(database):
    """A claim that is paid: (key, who does the region's finances)."""
    ((pk, finance),) = database(PAID, CONTROLLER)
    return pk, finance


def test_money_comes_back(desk, paid, shots):
    """The controller opens and decides, the attester attests, the region tells that it has paid, the controller registers."""
    pk, who = paid
    fk, attester, region, administrator = desk(CONTROLLER), desk(ATTESTER), desk(who), desk(ADMINISTRATOR)
    rates(administrator, shots)
    fk.go(f"/ersattning/begaran/{pk}/")
    fk.follow("Utred återkrav")
    assert fk.h1 == "Utred återkrav"
    fk.page.locator("label").get_by_text("Hela begäran", exact=False).click()
    fk.fill("Hur mycket betalades felaktigt eller för högt, kronor?", "999 999")
    fk.fill("Varför behöver det utredas?", "Avtalets pris är lägre.")
    fk.press("Utred återkrav")
    assert "kan krävas tillbaka" in fk.errors[0]
    fk.check("open recovery, to mend")
    fk.fill("Hur mycket betalades felaktigt eller för högt, kronor?", "1 500")
    fk.press("Utred återkrav")
    assert fk.status == "Utreds"
    address, name = fk.page.url.replace(fk.url, ""), fk.h1
    fk.check("recovery, opened")
    fk.follow("Besluta om återkrav")
    assert "10,00 %" in fk.text
    fk.page.locator("label").get_by_text("Hela beloppet", exact=False).click()
    fk.fill("Skäl för beslutet", "Avtalets pris är 1 500 kr lägre än det som begärdes.")
    fk.page.locator("label").get_by_text("Ta ut räntan", exact=True).click()
    fk.page.locator("label").get_by_text("Nej", exact=True).click()
    fk.check("decide recovery form")
    fk.shot(shots, "aterkrav-besluta")
    fk.press("Fortsätt till kontroll")
    assert "Regionen får betala" in fk.text
    fk.check("decide recovery, check")
    fk.shot(shots, "aterkrav-kontrollera")
    fk.press("Besluta om återkrav")
    assert fk.status == "Beslutat, inte attesterat"
    assert region.context.request.get(region.url + address).status == 404, "nothing is said before the attest"

    attester.go("/ersattning/aterkrav/?vy=attestera")
    attester.follow(name.removeprefix("Återkrav "))
    attester.follow("Attestera")
    attester.check("attest recovery")
    attester.shot(shots, "aterkrav-attestera")
    attester.press("Attestera")
    assert attester.status == "Återkrävt"

    region.go("/ersattning/aterkrav/")
    region.check("recoveries, region")
    region.shot(shots, "aterkrav-lista-region")
    region.go(address)
    assert "Avtalets pris är 1 500 kr lägre" in region.text
    assert "Avtalets pris är lägre." not in region.text, "why it was opened is the agency's own"
    region.check("recovery, region")
    region.shot(shots, "aterkrav-region")
    owed = region.page.locator("main strong").first.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    region.follow("Meddela att ni har betalat")
    region.fill("Belopp, kronor", owed)
    region.fill("Vilken dag?", timezone.localdate().isoformat())
    region.press("Meddela att ni har betalat")
    assert "Regionen meddelade att den har betalat tillbaka." in region.text

    fk.go(address)
    fk.follow("Registrera återbetalning")
    fk.fill("Belopp, kronor", "500")
    fk.fill("Vilken dag?", timezone.localdate().isoformat())
    fk.check("repayment form")
    fk.press("Registrera återbetalning")
    assert fk.status == "Återkrävt"
    fk.check("recovery, part repaid")
    fk.shot(shots, "aterkrav")
    left = fk.page.locator("main strong").first.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    fk.follow("Registrera återbetalning")
    fk.fill("Belopp, kronor", left)
    fk.fill("Vilken dag?", timezone.localdate().isoformat())
    fk.press("Registrera återbetalning")
    assert fk.status == "Reglerat"
    fk.go("/ersattning/aterkrav/?vy=avslutade")
    fk.check("recoveries, agency")
    fk.shot(shots, "aterkrav-lista")
    fk.go(f"/ersattning/begaran/{pk}/")
    assert name.removeprefix("Återkrav ") in fk.text


def rates(administrator, shots):
    """The administrator enters a made-up rule and rate, with their source."""
    administrator.go("/ersattning/rantor/")
    assert "Ingen ränta beräknas" in administrator.text
    form = administrator.page.locator("form:has(button:text-is('Lägg till referensräntan'))")
    administrator.fill("Gäller från och med", "2019-01-01", form)
    administrator.fill("Referensränta, procent", "2,00", form)
    administrator.press("Lägg till referensräntan", form)
    assert len(administrator.errors) == 1, "a rate without a source is not added"
    administrator.check("interest records, to mend")
    administrator.fill("Källa", "Påhittad för provet", form)
    administrator.press("Lägg till referensräntan", form)
    form = administrator.page.locator("form:has(button:text-is('Lägg till regeln'))")
    administrator.fill("Gäller från och med", "2019-01-01", form)
    administrator.fill("Tillägg till referensräntan, procentenheter", "8", form)
    form.locator("label").get_by_text("Dagen då beloppet betalades ut", exact=True).click()
    administrator.fill("Hur många dagar efter den dagen börjar räntan?", "0", form)
    form.locator("label").get_by_text("365", exact=True).click()
    administrator.fill("Källa", "Påhittad för provet", form)
    administrator.press("Lägg till regeln", form)
    assert administrator.text.count("Gäller nu") == 2
    administrator.check("interest records")
    administrator.shot(shots, "rantor")


def test_a_payment_is_reviewed_by_somebody_else(desk, database, shots):
    """A controller who had no part in it finds an error in a payment that was drawn, and it is followed up."""
    ((pk, period),) = database(DRAWN, SECOND)
    fk, second = desk(CONTROLLER), desk(SECOND)
    fk.go("/ersattning/kontroll/")
    assert "konfidensintervall" in fk.text
    fk.check("control periods")
    fk.shot(shots, "kontroll-perioder")
    page = f"/ersattning/kontroll/{period}/"
    second.go(page)
    assert "Fröet är SHA-256" in second.text
    second.check("control period")
    second.shot(shots, "kontroll-period")
    second.go(f"/ersattning/kontroll/granskning/{pk}/")
    second.check("review")
    second.shot(shots, "kontroll-granska")
    second.follow("Fel")
    second.fill("Hur stort är felet, kronor?", "1 500")
    second.fill("Vad är fel?", "Priset är förra årets.")
    second.check("finding form")
    second.press("Fel")
    assert second.status == "Fel"
    second.follow("Följ upp felet")
    second.fill("Vad har gjorts?", "Återkrav beslutat.")
    second.press("Följ upp felet")
    assert second.status == "Fel, uppföljt"
    assert "Priset är förra årets." in second.text
    second.go(f"{page}?vy=fel")
    assert "1 500 kr" in second.text
