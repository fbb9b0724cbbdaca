"""A payment from the account to the statement: the region's finance officer and the agency's attester."""

from __future__ import annotations

import re

from django.utils import timezone

FINANCE, ATTESTER = "region.skane.ekonom", "fk.attestant"
LIST = "/ersattning/utbetalningar/"


def test_pay_fail_pay_again_and_read_the_statement(desk, shots):
    """Enters and approves the account, makes the payment, it fails, is sent again and confirmed; the region reads it."""
    region, fk = desk(FINANCE), desk(ATTESTER)
    fk.go(LIST)
    assert "Inget godkänt konto" in fk.text
    region.go("/ersattning/konto/")
    region.check("account")
    region.fill("Bankgironummer", "5050-1056")
    region.press("Spara bankgirot")
    assert region.errors == ["Kontrollsiffran stämmer inte. Kontrollera bankgironumret."]
    region.check("account, wrong")
    region.fill("Bankgironummer", "5050-1055")
    region.press("Spara bankgirot")
    assert "Väntar på godkännande" in region.text

    fk.go(LIST)
    fk.check("payments, account to approve")
    fk.shot(shots, "utbetalningar")
    fk.page.get_by_role("link", name="Region Skåne: bankgiro 5050-1055").click()
    fk.check("account, to approve")
    fk.shot(shots, "konto")
    fk.press("Godkänn bankgiro 5050-1055")
    fk.go(LIST)
    fk.press("Skapa utbetalning till Region Skåne")
    page = fk.page.url
    assert fk.h1.startswith("Utbetalning U-")
    number = fk.h1.removeprefix("Utbetalning ")
    fk.wait_for("Bekräfta utbetalningen", page)
    fk.check("payment, sent")
    fk.shot(shots, "utbetalning")

    fk.follow("Utbetalningen misslyckades")
    fk.answer("Vad gick fel?", "Banken godtog inte kontot")
    fk.check("payment failed form")
    fk.press("Utbetalningen misslyckades")
    assert "Banken godtog inte kontot" in fk.text
    region.go(page.replace(fk.url, ""))
    assert "Kontrollera att ert konto stämmer" in region.text
    region.check("payment, failed, region")
    fk.follow("Skicka igen")
    fk.press("Skicka igen")
    fk.wait_for("Bekräfta utbetalningen", page)
    fk.follow("Bekräfta utbetalningen")
    fk.press("Fortsätt till kontroll")
    assert fk.errors == ["Svara på frågan: Vilken dag betalades beloppet ut?"]
    fk.fill("Vilken dag betalades beloppet ut?", timezone.localdate().isoformat())
    fk.press("Fortsätt till kontroll")
    fk.check("confirm payment, check")
    fk.press("Bekräfta utbetalningen")
    assert "Bekräftad" in fk.text

    region.go(f"/ersattning/kontoutdrag/{timezone.localdate().year}/")
    assert number in region.text or "Nästa" in region.text
    closing = re.findall(r"Utgående saldo – (\S+ ?\S* kr)", region.text)
    assert closing[0] == "0 kr", region.text
    region.check("statement, region")
    region.shot(shots, "kontoutdrag")
    region.go(f"{LIST}?status=confirmed")
    assert number in region.text
    region.check("payments, region")
    region.shot(shots, "utbetalningar-region")
