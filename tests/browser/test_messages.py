"""Ask, be told, answer: two people, as new users would."""

from __future__ import annotations

from tests.browser import setting
from tests.browser.jobs import OFFICER, REGION


def test_ask_be_told_and_answer(desk, shots):
    """The officer asks the region in a case; the region sees it in three places and answers; the officer reads it."""
    number = setting.requested(desk)
    fk, region = desk(OFFICER), desk(REGION)
    fk.go(f"/arenden/{number}/")
    fk.follow("Skriv meddelande")
    fk.check("new message")
    fk.press("Skicka meddelandet")
    assert fk.errors == ["Fyll i ämne", "Fyll i meddelande"]
    fk.check("new message with errors")
    fk.fill("Ämne", f"Tolk {number}")
    fk.fill("Meddelande", "Behövs tolk på plats, och har ni i så fall bokat?")
    fk.choose("Vill du ha svar?", "Ja, av regionen")
    fk.press("Skicka meddelandet")
    assert "Väntar på svar från Region Stockholm" in fk.text
    fk.check("thread, asked")
    fk.shot(shots, "trad-fragad")
    region.wait_for("vill ha svar på ett meddelande", "/aviseringar/")
    region.check("notices with a message")
    region.go("/meddelanden/?vy=svara")
    region.check("messages")
    region.shot(shots, "meddelanden")
    region.follow(f"Tolk {number}")
    assert "Er tur: svara på meddelandet" in region.text
    region.fill("Meddelande", "Nej, personen talar svenska.")
    region.press("Skicka svaret")
    assert "Svaret är skickat." in region.text
    fk.go(f"/arenden/{number}/")
    assert f"Tolk {number}" in fk.text
    fk.follow(f"Tolk {number}")
    assert "Nej, personen talar svenska." in fk.text
    fk.press("Avsluta tråden")
    assert "Tråden är avslutad." in fk.text
    fk.check("thread, closed")


def test_the_pages_beside_the_messages(desk, shots):
    """Texts, how one is told, absence, hand-over: seen wide and narrow."""
    fk, region = desk("fk.samordnare"), desk(REGION)
    for name, path in {
        "texts": "/meddelanden/mallar/",
        "message outside cases": "/meddelanden/nytt/",
        "choices": "/aviseringar/val/",
        "absence": "/franvaro/",
        "hand over": "/franvaro/overlamning/",
    }.items():
        fk.go(path)
        fk.check(name)
        fk.shot(shots, name.replace(" ", "-"))
    region.go("/meddelanden/nytt/")
    region.choose("Till", "FMU-kontor Väst")
    region.fill("Ämne", "Fråga")
    region.fill("Meddelande", "Det gäller 19850127-9841.")
    region.press("Skicka meddelandet")
    assert any("personnummer" in error for error in region.errors)
    assert "19850127-9841" in region.page.get_by_label("Meddelande").input_value()
