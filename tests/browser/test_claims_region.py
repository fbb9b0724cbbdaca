"""The finance officer's day: what can be claimed, its cost and evidence, many at once, a question from the agency."""

from __future__ import annotations

import re

from tests.browser import setting
from tests.browser.papers import pdf

EKONOM, CONTROLLER = "region.stockholm.ekonom", "fk.controller"


def test_the_finance_officers_day(desk, shots):
    """A claim that wrote itself: bad costs first, then right ones, evidence, sent, taken back, sent with many, answered."""
    case = setting.delivered(desk)
    officer = desk(EKONOM)
    officer.go("/ersattning/")
    assert case in officer.text
    row = officer.page.get_by_role("row").filter(has_text=case)
    claim = row.get_by_role("link").first.inner_text().strip()
    officer.follow(claim)
    address = re.sub(r"^https?://[^/]+", "", officer.page.url)
    assert "Allt som behövs finns på plats." in officer.text, "the agreement's price is the cost"
    officer.check("claim")
    officer.follow("Fyll i kostnader")
    for typed, said in (("-5", "mindre än 0"), ("18 400,505", "högst två decimaler"), ("1 800 EUR", "svenska kronor")):
        officer.fill("Läkare", typed)
        officer.press("Spara kostnaderna")
        assert said in officer.errors[0]
        assert officer.page.get_by_label("Läkare").input_value() == typed
    officer.check("costs with errors")
    officer.shot(shots, "kostnader-fel")
    officer.fill("Läkare", "20 500,50")
    officer.press("Spara kostnaderna")
    assert "500,50 kr över taket" in officer.text
    officer.page.set_input_files("input[type=file]", files=[pdf("faktura.pdf"), pdf("bilaga.pdf")])
    officer.press("Lägg till")
    officer.check("claim, evidence being checked")
    officer.wait_for("1 sida", address)
    officer.press("Ta bort bilaga.pdf")
    assert "bilaga.pdf" not in officer.text
    officer.shot(shots, "begaran-klar")
    officer.follow("Skicka begäran om ersättning")
    officer.check("claim, check page")
    officer.shot(shots, "begaran-kontrollera")
    officer.press("Skicka begäran om ersättning")
    assert officer.status == "Inkommen"
    officer.check("claim, sent")
    officer.follow("Ta tillbaka begäran")
    officer.press("Ta tillbaka begäran")
    assert officer.status == "Att begära"
    officer.go("/ersattning/")
    officer.check("claims")
    officer.shot(shots, "ersattning")
    officer.page.locator("label", has_text=f"Välj {claim}").click()
    officer.press("Kontrollera och skicka valda")
    assert officer.h1 == "Kontrollera: 1 begäran, 20 000 kr"
    officer.check("many, check page")
    officer.shot(shots, "skicka-flera")
    officer.press("Skicka 1 begäran")
    officer.wait_for("Begäran är skickad.")
    officer.check("job")
    officer.shot(shots, "jobb")
    officer.go("/ersattning/?vy=skickade")
    assert claim in officer.text
    officer.check("claims, sent")
    _ask(desk(CONTROLLER), address, "Vad ingår i kostnaden?")
    officer.go("/ersattning/?vy=fragor")
    assert "Svara senast" in officer.text
    officer.check("claims, asked")
    officer.follow(claim)
    assert "Vad ingår i kostnaden?" in officer.text
    officer.shot(shots, "begaran-fraga")
    officer.follow("Svara på frågan")
    officer.press("Svara på frågan")
    assert officer.errors == ["Fyll i svar"]
    officer.fill("Svar", "Läkarens tid och lokalen. Kostnaden är rättad.")
    officer.fill("Läkare", "19 900")
    officer.check("answer")
    officer.shot(shots, "svara")
    officer.press("Svara på frågan")
    assert officer.status == "Inkommen"
    assert "Läkarens tid och lokalen." in officer.text


def _ask(controller, address, text):
    """The controller's question, by the form of the step."""
    page = controller.context.request.get(f"{controller.url}{address}steg/ask/").text()
    version = re.search(r'name="version" value="(\d+)"', page) or re.search(r'value="(\d+)"[^>]*name="version"', page)
    assert version, page[:2000]
    setting.send(controller, f"{address}steg/ask/", {"version": version[1], "text": text, "gor": "fortsatt"})


def test_what_the_region_claims_by_itself(desk, shots):
    """Central administration and training: bad answers, then right ones."""
    officer = desk(EKONOM)
    officer.go("/ersattning/administration/")
    officer.check("administration")
    officer.shot(shots, "administration")
    officer.fill("Vilket år?", "2018")
    officer.fill("Kostnad för kvartalet, kronor", "tusen")
    officer.press("Spara och fortsätt")
    assert len(officer.errors) == 2
    officer.fill("Vilket år?", "2025")
    officer.answer("Vilket kvartal?", "Juli–september")
    officer.fill("Kostnad för kvartalet, kronor", "180 000")
    officer.press("Spara och fortsätt")
    assert "Central administration, juli–september 2025" in officer.text
    officer.go("/ersattning/administration/")
    assert "Kvar: 1 350 000 kr." in officer.text
    officer.go("/ersattning/utbildning/")
    officer.check("training")
    officer.fill("Vilken dag var utbildningen?", "2026-02-03")
    officer.press("Spara och fortsätt")
    assert officer.errors == ["Fyll i minst en deltagare eller en resekostnad"]
    officer.check("training with errors")
    officer.shot(shots, "utbildning")
    officer.fill("Läkare, egen personal: antal deltagare", "2")
    officer.press("Spara och fortsätt")
    assert "Utbildningsdag, läkare, 2 dagar, egen personal" in officer.text
