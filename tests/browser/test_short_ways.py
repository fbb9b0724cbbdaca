"""The ways out of a case before its end, and what was wrong made right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.browser import jobs, setting
from tests.browser.jobs import ADMIN, OFFICER, PHYSICIAN, REGION
from tests.browser.papers import pdf
from tests.browser.test_main_job import today


def test_withdraw(desk):
    """The agency withdraws: everybody sees it, and nobody owes anything."""
    number = setting.requested(desk)
    fk, region = desk(OFFICER), desk(REGION)
    fk.step(number, "Återkalla")
    fk.check("withdraw form")
    fk.fill("Skäl", "Personen har fått arbete.")
    fk.press("Fortsätt till kontroll")
    assert "Det går inte att ångra." in fk.text
    fk.press("Återkalla")
    assert fk.status == "Återkallad"
    region.go(f"/arenden/{number}/")
    assert region.status == "Återkallad"
    assert "Personen har fått arbete." in region.text
    assert "Ingen har något att göra i ärendet just nu." in region.text
    region.check("case, withdrawn, region")


def test_return_and_request_anew(desk):
    """The region cannot; the agency asks again."""
    fk, region = desk(OFFICER), desk(REGION)
    number = setting.requested(desk)
    jobs.give_reason(region, number, "Lämna tillbaka begäran", "Ingen utförare har tid")
    assert region.status == "Kan inte tillgodoses"
    fk.go(f"/arenden/{number}/")
    assert "Ingen utförare har tid" in fk.text
    fk.check("case, returned, officer")
    fk.step(number, "Skicka begäran på nytt")
    fk.check("request anew form")
    fk.fill("Varför skickar du begäran på nytt?", "Det finns nu en enhet")
    fk.press("Fortsätt till kontroll")
    fk.press("Skicka begäran på nytt")
    assert fk.status == "Begäran skickad"
    region.go(f"/arenden/{number}/")
    assert "Er tur: besvara begäran" in region.text
    assert "Det finns nu en enhet" not in region.text


def test_hand_back_and_assign_again(desk):
    """The unit hands back; its documents close; the region assigns again and a new clock starts."""
    person = jobs.new_person()
    number = setting.in_progress(desk, person)
    fk, region, admin, doctor = desk(OFFICER), desk(REGION), desk(ADMIN), desk(PHYSICIAN)
    doctor.go(f"/arenden/{number}/")
    href = doctor.page.locator("a[href*='/handlingar/']").first.get_attribute("href")
    assert doctor.context.request.get(doctor.url + href).status == 200
    admin.step(number, "Lämna tillbaka uppdraget")
    admin.answer("Varför lämnar ni tillbaka uppdraget?", "Jäv")
    admin.fill("Skäl", "Läkaren känner personen")
    admin.check("hand-back form")
    admin.press("Fortsätt till kontroll")
    assert "Ni kan inte längre öppna underlaget." in admin.text
    admin.press("Lämna tillbaka uppdraget")
    assert admin.h1 == "Att göra"
    assert doctor.context.request.get(doctor.url + href).status == 404
    region.go(f"/arenden/{number}/")
    assert region.status == "Begäran skickad"
    assert person.name not in region.page.content()
    jobs.assign(region, number, jobs.unit_of(desk))
    fk.step(number, "Skicka beställningen")
    jobs.fill_order(fk)
    fk.press("Fortsätt till kontroll")
    fk.press("Skicka beställningen")
    assert fk.status == "Beställd"
    assert "Utföraren har en ny tid" in fk.text
    admin.go(f"/arenden/{number}/")
    assert "Er tur: bekräfta eller ifrågasätt underlaget" in admin.text


def test_insured_person_objects(desk):
    """Ended without a report although it was carried out: the day is asked for and kept."""
    number = setting.in_progress(desk)
    fk, admin = desk(OFFICER), desk(ADMIN)
    admin.step(number, "Föreslå att utredningen avslutas")
    admin.answer("Varför bör utredningen avslutas?", "Den försäkrade motsätter sig att utlåtandet skickas")
    admin.fill("Beskriv kort", "Personen ringde i dag")
    admin.press("Föreslå att utredningen avslutas")
    assert "Ta ställning till förslag att avsluta" in admin.text
    fk.go(f"/arenden/{number}/")
    assert "Personen ringde i dag" in fk.text
    fk.step(number, "Avsluta utan utlåtande")
    fk.answer("Varför avslutas utredningen?", "Den försäkrade motsätter sig att utlåtandet skickas")
    fk.fill("Skäl", "Personen har motsatt sig det")
    fk.press("Fortsätt till kontroll")
    assert fk.errors == ["Fyll i när undersökningen genomfördes"]
    fk.check("end form with an error")
    fk.fill("När genomfördes undersökningen?", str(today() + timedelta(days=1)))
    fk.press("Fortsätt till kontroll")
    assert "ligger i framtiden" in fk.errors[0]
    fk.fill("När genomfördes undersökningen?", str(today()))
    fk.press("Fortsätt till kontroll")
    fk.press("Avsluta utan utlåtande")
    assert fk.status == "Avslutad utan utlåtande"
    fk.check("case, ended, officer")


def test_void_a_wrong_document(desk):
    """A voided document can no longer be opened; who had time to open it is listed; the office gets an incident."""
    number = setting.in_progress(desk)
    fk, doctor = desk(OFFICER), desk(PHYSICIAN)
    doctor.go(f"/arenden/{number}/")
    href = doctor.page.locator("a[href*='/handlingar/']").first.get_attribute("href")
    assert doctor.context.request.get(doctor.url + href).status == 200
    fk.step(number, "Makulera en felaktig handling")
    fk.check("void form")
    fk.choose("Vilken handling?", fk.page.get_by_label("Vilken handling?").locator("option").nth(1).inner_text())
    fk.answer("Vad är fel?", "Handlingen gäller en annan person")
    fk.fill("Skäl", "Fel intyg")
    fk.press("Fortsätt till kontroll")
    fk.press("Makulera en felaktig handling")
    assert "Makulerad." in fk.text
    assert f"Hann öppnas av: {jobs.name_of(doctor)}" in fk.text
    assert fk.context.request.get(fk.url + href).status == 404
    assert doctor.context.request.get(doctor.url + href).status == 404
    doctor.go(f"/arenden/{number}/")
    assert "Makulerad." in doctor.text
    doctor.check("case with a voided document, performer")
    fk.wait_for("Incidentanmälan", f"/aviseringar/?arende={number}")
    assert fk.page.locator("main li", has_text=number).filter(has_text="Incidentanmälan").count() == 1


def test_report_that_came_by_post(desk):
    """The agency registers it with its day and the evidence."""
    number = setting.in_progress(desk)
    fk, region = desk(OFFICER), desk(REGION)
    fk.step(number, "Registrera utlåtande som kommit på annat sätt")
    jobs.add_files(fk, "Utlåtande", "", [pdf("utlatande.pdf", pages=4)])
    jobs.add_files(fk, "Handling som styrker ankomstdagen", str(today()), [pdf("kuvert.pdf")])
    fk.fill("Vilken dag kom utlåtandet in?", str(today()))
    fk.fill("Hur kom det in, och hur vet du vilken dag?", "Med post, stämplat")
    fk.check("register form")
    fk.press("Fortsätt till kontroll")
    assert "2 handlingar, 5 sidor" in fk.text
    fk.press("Registrera utlåtande som kommit på annat sätt")
    assert fk.status == "Utlåtande inkommet"
    assert f"Kom in i tid {today()}" in fk.text
    fk.follow("Läs utlåtandet, version 1")
    assert "Innehållet finns i en PDF" in fk.text
    fk.check("registered version page")
    href = fk.page.get_by_role("link", name="Läs utlåtandet som PDF").get_attribute("href")
    assert fk.context.request.get(fk.url + str(href)).body().startswith(b"%PDF-")
    region.go(f"/arenden/{number}/")
    assert "Kom in i tid" in region.text
    assert "Med post, stämplat" not in region.text or "Hur utlåtandet kom in" in region.text


@pytest.mark.parametrize("answer", ["decline", "add"])
def test_small_steps_of_the_agency(desk, answer):
    """A question declined; something added in the middle: no day moves."""
    fk, admin = desk(OFFICER), desk(ADMIN)
    number = setting.in_progress(desk)
    admin.go(f"/arenden/{number}/")
    day = admin.page.locator(".deadline__date").inner_text()
    if answer == "decline":
        admin.step(number, "Ställ en fråga om underlaget")
        admin.fill("Vad saknas?", "Arbetsgivarens yttrande")
        admin.fill("Varför är det väsentligt för utredningen?", "Vi vet inte vad arbetet kräver")
        admin.press("Ställ en fråga om underlaget")
        jobs.give_reason(fk, number, "Avslå frågan om underlaget", "Det finns inget")
    else:
        fk.step(number, "Lägg till handling eller uppgift")
        fk.fill("Meddelande om det nya", "Personen har flyttat")
        fk.fill("Ny adress", "Nygatan 2")
        fk.check("add form")
        fk.press("Fortsätt till kontroll")
        fk.press("Lägg till handling eller uppgift")
    admin.go(f"/arenden/{number}/")
    assert admin.page.locator(".deadline__date").inner_text() == day
    assert ("Det finns inget" if answer == "decline" else "Nygatan 2") in admin.text
