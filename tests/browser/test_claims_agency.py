"""Ersättning at the agency: the controller examines, asks and decides, the attester attests and sends back; two at once."""

from __future__ import annotations

import pytest

from tests.browser.conftest import expected
from tests.browser.setting import send

CONTROLLER, SECOND, ATTESTER = "fk.controller", "fk.ost.controller2", "fk.attestant"

FOUND = """
SELECT c.id, c.number, c.version, count(*), (
    SELECT u.username FROM accounts_mandate m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.organisation_id = c.region_id AND m.role = 'finance_officer' LIMIT 1)
FROM reimbursement_claim c JOIN reimbursement_line l ON l.claim_id = c.id AND l.bar = '' AND l.cost > 0
WHERE c.status = 'submitted' AND c.kind = 'assessment' AND c.office_id = (
    SELECT m.organisation_id FROM accounts_mandate m JOIN accounts_user u ON u.id = m.user_id WHERE u.username = %s)
GROUP BY c.id ORDER BY count(*) DESC, c.id
"""


READY = """
SELECT c.id, c.version, (
    SELECT u.username FROM accounts_mandate m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.organisation_id = c.region_id AND m.role = 'finance_officer' LIMIT 1)
FROM reimbursement_claim c
WHERE c.status = 'proposed' AND c.kind = 'assessment' AND c.region_id IN (
    SELECT d.region_id FROM reimbursement_desk d JOIN accounts_mandate m ON m.organisation_id = d.office_id
    JOIN accounts_user u ON u.id = m.user_id WHERE u.username = %s)
  AND NOT EXISTS (SELECT 1 FROM reimbursement_line l WHERE l.claim_id = c.id AND l.bar = '' AND l.cost IS NULL)
  AND EXISTS (SELECT 1 FROM reimbursement_line l WHERE l.claim_id = c.id AND l.bar = '' AND l.cost > 0)
ORDER BY c.id LIMIT %s
"""


@pytest.fixture
def waiting(database, new_desk):
    """At least three claims that wait for the controller's office, those with most lines first; the regions send more."""
    lacking = 3 - len(database(FOUND, CONTROLLER))
    for pk, version, finance in database(READY, CONTROLLER, max(0, lacking)):
        send(new_desk(finance), f"/ersattning/begaran/{pk}/steg/submit/", {"version": str(version), "gor": "skicka"})
    rows = database(FOUND, CONTROLLER)
    assert len(rows) >= 3, rows
    return rows


def lines(desk):
    """The groups of fields of the decision."""
    return desk.page.locator('.decide, form > .panel:has([name^="outcome_"])')


def approve(desk):
    """Choose to grant every line as it was claimed."""
    for line in lines(desk).all():
        line.locator("label").get_by_text("Godta", exact=False).first.click()


def test_controller_examines_asks_and_decides(desk, waiting, database, shots):
    (pk, number, _, count, _), (asked, *_), *_ = waiting
    assert count > 1, "a claim with a line to reduce and one to refuse"
    fk = desk(CONTROLLER)
    fk.go("/ersattning/")
    assert fk.h1 == "Ersättning"
    assert number in fk.text
    fk.check("claims, queue")
    fk.shot(shots, "ersattning-ko")
    fk.go(f"/ersattning/begaran/{asked}/")
    fk.page.get_by_text("Fråga regionen i stället").click()
    fk.fill("Fråga till regionen", "Kan ni skicka underlag?")
    fk.press("Skicka frågan")
    assert fk.status == "Fråga till regionen"
    assert "Regionen har fått en fråga" in fk.text
    fk.check("claim, asked")
    fk.go(f"/ersattning/begaran/{pk}/")
    assert fk.page.locator("main input:checked").count() == 0, "nothing is chosen beforehand"
    fk.check("claim, to examine")
    fk.shot(shots, "ersattning-granska")
    approve(fk)
    first, second = lines(fk).nth(0), lines(fk).nth(1)
    amount = first.locator(".text-field")
    assert not amount.is_visible()
    first.locator("label").get_by_text("Godta ett lägre belopp", exact=True).click()
    assert amount.is_visible()
    amount.locator("input").fill("1 000,50")
    second.locator("label").get_by_text("Avslå", exact=True).click()
    second.locator("textarea").fill("Besöket är inte styrkt.")
    fk.press("Kontrollera beslutet")
    assert len(fk.errors) == 1, fk.errors
    assert "Skriv skälet" in fk.errors[0]
    fk.check("claim, to mend")
    fk.shot(shots, "ersattning-ratta")
    lines(fk).nth(0).locator("textarea").fill("Bara en del av kostnaden är styrkt.")
    fk.press("Fortsätt till kontroll")
    assert "1 000,50 kr" in fk.text
    assert "Besöket är inte styrkt." in fk.text
    fk.check("claim, check")
    fk.shot(shots, "ersattning-kontrollera")
    fk.press("Besluta")
    assert fk.status == "Beslutad, inte attesterad"
    assert database("SELECT count(*) FROM reimbursement_decision d JOIN reimbursement_line l ON l.id = d.line_id"
                    " WHERE l.claim_id = %s", pk)[0][0] == count  # fmt: skip
    fk.check("claim, decided")


def test_two_controllers_and_a_region_that_took_it_back(desk, new_desk, waiting, shots):
    (pk, _, _, _, _), (other, _, version, _, finance), *_ = waiting
    one, two = desk(CONTROLLER), new_desk(SECOND)
    for fk in (one, two):
        fk.go(f"/ersattning/begaran/{pk}/")
        approve(fk)
        fk.press("Kontrollera beslutet")
    one.press("Besluta")
    two.press("Besluta")
    assert two.h1 == "Någon hann före dig"
    two.check("claim, lost race")
    two.shot(shots, "ersattning-nagon-hann-fore")
    one.go(f"/ersattning/begaran/{other}/")
    approve(one)
    one.press("Kontrollera beslutet")
    region = new_desk(finance)
    send(region, f"/ersattning/begaran/{other}/steg/recall/", {"sedd": str(version)})
    send(region, f"/ersattning/begaran/{other}/steg/submit/", {"version": str(version + 1), "gor": "skicka"})
    one.press("Besluta")
    assert "har ändrats sedan du öppnade sidan" in one.h1
    assert "Regionen tog tillbaka" in one.text
    one.check("claim, stale")
    one.shot(shots, "ersattning-har-andrats")


def test_attester_attests_and_sends_back(desk, database, waiting, shots):
    rows = database(
        "SELECT c.id, c.number FROM reimbursement_claim c, reimbursement_claim o"
        " WHERE o.id = %s AND c.status = 'decided' AND c.office_id = o.office_id ORDER BY c.id",
        waiting[0][0],
    )
    assert len(rows) >= 2, rows
    (back, _), (pk, number), *_ = rows
    fk = desk(ATTESTER)
    fk.go("/ersattning/")
    assert number in fk.text
    fk.check("claims, to attest")
    fk.shot(shots, "ersattning-attestera")
    fk.go(f"/ersattning/begaran/{back}/")
    fk.page.get_by_text("Lämna tillbaka till controllern").click()
    fk.fill("Skäl", "Läs avtalet en gång till.")
    fk.press("Lämna tillbaka")
    assert fk.status == "Inkommen"
    fk.go(f"/ersattning/begaran/{pk}/")
    fk.check("claim, to attest")
    fk.shot(shots, "ersattning-beslutad")
    with fk.page.expect_navigation(wait_until="domcontentloaded"):
        fk.page.locator('form[action$="/steg/attest/"] button, form[action$="/steg/attest_refusal/"] button').click()
    assert fk.status in ("Ska betalas ut", "Avslagen")
    fk.wait_for("Läs beslutet")
    fk.check("claim, attested")
    fk.shot(shots, "ersattning-attesterad")
    assert "pdf" in fk.context.request.get(
        fk.url + fk.page.get_by_role("link", name="Läs beslutet").get_attribute("href")
    ).headers["content-type"]  # fmt: skip


def test_administrators(desk, new_desk, shots):
    """The performer's sees nothing of money; the portal's says who examines."""
    performer = desk("utforare.admin")
    performer.go("/att-gora/")
    assert performer.page.get_by_role("link", name="Ersättning").count() == 0
    assert performer.go("/ersattning/").status == 403
    performer.check("claims, 403")
    admin = new_desk("admin")
    admin.go("/ersattning/kontor/")
    assert admin.h1 == "Granskande kontor"
    admin.check("desks")
    admin.shot(shots, "ersattning-kontor")
    with expected(admin, "422"):
        admin.press("Spara kontoren")
    assert "Klart." in admin.text
