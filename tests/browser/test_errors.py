"""What goes wrong at a desk: said in words that help, with what was typed still there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.browser import jobs, papers, setting
from tests.browser.jobs import ADMIN, OFFICER, REGION
from tests.browser.papers import pdf
from tests.browser.test_main_job import today


def test_wrong_login(new_desk, portal):
    """Says that it is wrong and keeps the name, never the password."""
    desk = new_desk()
    desk.go("/logga-in/")
    desk.check("login")
    desk.fill("Användarnamn", OFFICER)
    desk.fill("Lösenord", "fel")
    desk.press("Logga in")
    assert desk.errors == ["Användarnamnet eller lösenordet stämmer inte. Försök igen."]
    assert desk.page.get_by_label("Användarnamn").input_value() == OFFICER
    assert desk.page.get_by_label("Lösenord").input_value() == ""
    assert desk.page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    desk.check("login error")


def test_wrong_answers_in_a_request(desk, shots):
    """Personnummer, place, postal code: each in the summary and at its field; what was typed stays."""
    fk = desk(OFFICER)
    jobs.start_request(fk)
    fk.press("Fortsätt till kontroll")
    assert len(fk.errors) >= 8
    fk.check("empty request form with errors")
    person = jobs.new_person()
    jobs.fill_request(fk, person, personnummer="19900101-9801", municipality="Malmö", region="Region Stockholm")
    fk.press("Fortsätt till kontroll")
    assert "Personnumret stämmer inte. Kontrollera siffrorna och skriv ÅÅÅÅMMDD-NNNN." in fk.errors
    assert any("Malmö hör till Region Skåne" in error for error in fk.errors)
    assert any(error.startswith("Postnumret hör till Stockholm") for error in fk.errors)
    assert fk.page.get_by_label("Namn", exact=True).input_value() == person.name
    fk.check("request form with errors")
    fk.page.locator("[data-error-summary] a").first.click()
    assert fk.page.evaluate("document.activeElement.matches('input, select, textarea')")
    jobs.fill_request(fk, person)
    fk.page.get_by_label("Region (frivilligt)").select_option("")
    fk.press("Fortsätt till kontroll")
    assert fk.h1 == "Kontrollera dina uppgifter"


def test_protected_identity_from_request_to_reveal(desk):
    """Masked on the case page, shown once to whoever gives a reason."""
    fk = desk(OFFICER)
    number = jobs.start_request(fk)
    person = jobs.new_person()
    jobs.fill_request(fk, person, protection="Skyddad folkbokföring")
    fk.press("Fortsätt till kontroll")
    fk.press("Skicka begäran")
    assert person.name not in fk.page.content()
    fk.check("protected case")
    fk.follow("Visa uppgifterna med skäl")
    fk.press("Visa uppgifterna")
    assert fk.errors
    fk.check("reveal asks for a reason")
    fk.fill("Varför behöver du uppgifterna?", "Personen ska få en kallelse till besöket")
    fk.press("Visa uppgifterna")
    assert person.name in fk.text
    fk.check("revealed")
    fk.go(f"/arenden/{number}/")
    assert person.name not in fk.page.content()


@pytest.fixture
def order_form(desk):
    """The officer before the form of an order."""
    number = setting.assigned(desk)
    desk(OFFICER).step(number, "Skicka beställningen")
    return desk(OFFICER)


def test_files_that_cannot_be_taken(order_form, tmp_path):
    """Not what it says, empty, locked, too large: each named with what to do, and the good ones beside them stay."""
    fk = order_form
    fk.fill("Hur ska förmågan bedömas?", "Skrivet före filerna")
    bad = [papers.not_what_it_says(), papers.empty(), papers.locked(), pdf("bra.pdf", pages=2)]
    jobs.add_files(fk, "Medicinskt underlag", "2026-01-15", bad)
    assert "Filen brev.pdf är inte en PDF eller bild. Spara den som PDF och försök igen." in fk.errors
    assert "Filen tom.pdf är tom. Välj en annan fil." in fk.errors
    assert "Godtas inte: Filen är krypterad eller har lösenord." in fk.text
    assert "2 handlingar, 2 sidor" in fk.text
    assert fk.page.get_by_label("Hur ska förmågan bedömas?").input_value() == "Skrivet före filerna"
    fk.check("order form with refused files")
    with fk.page.expect_navigation():
        fk.page.get_by_role("row").filter(has_text="last.pdf").get_by_role("button", name="Ta bort").click()
    assert "1 handling, 2 sidor" in fk.text
    large = tmp_path / "stor.pdf"
    large.write_bytes(papers.too_large())
    jobs.add_files(fk, "Medicinskt underlag", "2026-01-15", [str(large)])
    assert any("stor.pdf är för stor. En fil får vara högst 20 MB" in error for error in fk.errors), fk.text
    assert fk.page.get_by_label("Hur ska förmågan bedömas?").input_value() == "Skrivet före filerna"
    assert "1 handling, 2 sidor" in fk.text


def test_file_with_somebody_elses_personnummer(order_form, shots):
    """A warning on the row; the order cannot be sent until it is attested."""
    fk = order_form
    other = pdf("intyg.pdf", text=f"Intyg om {papers.personnummer()}")
    jobs.add_files(fk, "Medicinskt underlag", "2026-01-15", [other, pdf("journal.pdf")])
    assert "Sidan 1 innehåller ett annat personnummer än ärendets." in fk.text
    jobs.fill_order(fk, self_rating="Ja")
    fk.fill("När fick den försäkrade information?", str(today() + timedelta(days=3)))
    fk.press("Fortsätt till kontroll")
    assert any("intyg.pdf: sidan 1 innehåller ett annat personnummer" in error for error in fk.errors)
    assert any("Dagen ligger i framtiden" in error for error in fk.errors)
    assert any("Du har inte bifogat självskattningen" in error for error in fk.errors)
    fk.check("order form with errors")
    fk.shot(shots, "bestallning-fel")
    row = fk.page.get_by_role("row").filter(has_text="intyg.pdf")
    with fk.page.expect_navigation():
        row.get_by_role("button", name="Intyga").click()
    assert "innehåller ett annat personnummer" not in fk.text
    row = fk.page.get_by_role("row").filter(has_text="journal.pdf")
    with fk.page.expect_navigation():
        row.get_by_role("button", name="Flytta upp").click()
    assert fk.page.locator("#filer tbody tr").first.inner_text().count("journal.pdf") >= 1
    with fk.page.expect_navigation():
        fk.page.get_by_role("row").filter(has_text="journal.pdf").get_by_role("button", name="Ta bort").click()
    assert "1 handling, 1 sida" in fk.text
    jobs.fill_order(fk)
    fk.press("Fortsätt till kontroll")
    fk.press("Skicka beställningen")
    assert fk.status == "Beställd"


def test_document_from_the_future(order_form):
    fk = order_form
    jobs.add_files(fk, "Medicinskt underlag", str(today() + timedelta(days=2)), [pdf("intyg.pdf")])
    assert fk.errors == ["Datumet ligger i framtiden. Fyll i handlingens datum."]
    assert "0 handlingar" in fk.text


def test_step_taken_twice(desk):
    """The same button pressed again from an old page: refused in words, done once."""
    fk = desk(OFFICER)
    number = jobs.start_request(fk)
    jobs.fill_request(fk, jobs.new_person())
    fk.press("Fortsätt till kontroll")
    button = fk.page.get_by_role("button", name="Skicka begäran")
    with fk.page.expect_navigation(url=f"**/arenden/{number}/"):
        button.dblclick()
    assert fk.status == "Begäran skickad"
    assert fk.page.locator(".timeline li", has_text="skickade begäran till regionen.").count() == 1
    fk.page.go_back()
    fk.page.wait_for_load_state()
    if fk.page.get_by_role("button", name="Skicka begäran", exact=True).count():
        fk.press("Skicka begäran")
        assert number in fk.text
    assert "Begäran skickad" in fk.text
    fk.check("step taken twice")
    fk.go(f"/arenden/{number}/")
    assert fk.page.locator(".timeline li", has_text="skickade begäran till regionen.").count() == 1


def test_lost_race(desk, new_desk, shots):
    """Two windows of one person assign: the second says so, and that nothing of its own was saved."""
    number = setting.requested(desk)
    first, second = desk(REGION), new_desk(REGION)
    unit = jobs.unit_of(desk)
    second.step(number, "Tilldela en utförare")
    options = second.page.get_by_label("Utförare").locator("option").all_inner_texts()
    other = next(option for option in options if option not in (unit, "Välj utförare"))
    second.choose("Utförare", other)
    jobs.assign(first, number, unit)
    second.press("Tilldela en utförare")
    assert second.h1 == "Du har redan gjort något här"
    assert jobs.name_of(first) in second.text
    assert "Tilldelad" in second.text
    second.check("lost race")
    second.shot(shots, "hann-fore")
    second.follow("Öppna ärendet")
    assert unit in second.text
    assert other not in second.text


def test_stale_version(desk, new_desk, shots):
    """A decision on a version that is no longer the last: nothing sent, then and now side by side."""
    number = setting.delivered(desk)
    fk, doctor, late = desk(OFFICER), desk(jobs.PHYSICIAN), new_desk(OFFICER)
    late.step(number, "Begär komplettering av utlåtandet")
    late.choose("Vilken del gäller det?", "Prognos")
    late.fill("Vad saknas?", "Skrivet om den första versionen")
    fk.step(number, "Begär komplettering av utlåtandet")
    fk.choose("Vilken del gäller det?", "Hela utlåtandet")
    fk.fill("Vad saknas?", "Allt")
    fk.press("Fortsätt till kontroll")
    fk.press("Begär komplettering av utlåtandet")
    doctor.go(f"/arenden/{number}/utlatande/granska/")
    jobs.sign(doctor, "Skicka kompletteringen")
    late.press("Fortsätt till kontroll")
    if late.h1 == "Kontrollera dina uppgifter":
        late.press("Begär komplettering av utlåtandet")
    assert late.h1 in ("Ärendet har ändrats sedan du öppnade sidan", "Någon hann före dig")
    late.check("stale")
    late.shot(shots, "andrats")
    fk.go(f"/arenden/{number}/")
    assert fk.status == "Utlåtande inkommet"
    assert "Skrivet om den första versionen" not in fk.text


def test_save_button_while_the_page_saves_by_itself(desk, new_desk):
    """On a slow line the button waits for what is on its way: the next section comes, never somebody else's conflict."""
    number = setting.in_progress(desk)
    doctor, held = new_desk(jobs.PHYSICIAN), []
    doctor.go(f"/arenden/{number}/utlatande/impact/")
    doctor.page.route("**/spara/", lambda route: held.append(route))  # noqa: PLW0108 - a bound append takes no attribute
    doctor.page.locator("main form textarea").first.fill("Kan sitta en timme")
    with doctor.page.expect_request("**/spara/"):
        doctor.page.locator("h1").click()
    doctor.page.locator("main form textarea").first.fill("Kan sitta en timme åt gången")
    doctor.page.get_by_role("button", name="Spara och fortsätt").click(no_wait_after=True)
    assert doctor.page.url.endswith("/impact/")
    held[0].continue_()
    doctor.page.wait_for_url(re.compile(r"/utlatande/(?!impact)"))
    doctor.go(f"/arenden/{number}/utlatande/impact/")
    assert doctor.page.locator("main form textarea").first.input_value() == "Kan sitta en timme åt gången"


def test_page_loaded_again_in_the_middle_of_writing(desk, new_desk):
    """While the browser asks whether to leave, what was just written is saved: the page that comes has it."""
    number = setting.in_progress(desk)
    doctor = new_desk(jobs.PHYSICIAN)
    doctor.go(f"/arenden/{number}/utlatande/impact/")
    text = doctor.page.locator("main form textarea").first
    text.fill("Kan gå en halv timme")
    with doctor.page.expect_response("**/spara/"):
        doctor.page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    doctor.page.reload(wait_until="domcontentloaded")
    assert text.input_value() == "Kan gå en halv timme"
    text.fill("Kan gå en halv timme i taget")
    doctor.press("Spara utkast")
    assert "har ändrats sedan" not in doctor.h1
    assert text.input_value() == "Kan gå en halv timme i taget"


def test_form_left_open_over_night(new_desk, desk, portal, database, shots):
    """The session ends while the form is open: after the login what was typed is there, and nothing has been sent."""
    number = setting.requested(desk)
    region = new_desk(REGION, fresh=True)
    region.step(number, "Lämna tillbaka begäran")
    region.fill("Skäl", "Skrivet före natten")
    cookie = next(c["value"] for c in region.context.cookies() if c["name"] == "__Host-session")
    database("UPDATE django_session SET expire_date = now() - interval '1 day' WHERE session_key = %s", cookie)
    region.press("Lämna tillbaka begäran")
    assert region.h1 == "Du har loggats ut"
    assert "Det du skrev finns kvar" in region.text
    region.check("signed out")
    region.shot(shots, "utloggad")
    region.fill("Användarnamn", REGION)
    region.fill("Lösenord", portal.password)
    region.press("Logga in")
    assert region.page.url.endswith(f"/arenden/{number}/steg/return/")
    assert region.page.get_by_label("Skäl").input_value() == "Skrivet före natten"
    region.press("Lämna tillbaka begäran")
    assert region.status == "Kan inte tillgodoses"


def test_page_after_the_session(new_desk):
    """A link followed with a login that is no longer one leads to the login, and on."""
    desk = new_desk(REGION)
    desk.context.add_cookies(
        [{"name": "__Host-session", "value": "x" * 32, "url": desk.url.replace("http:", "https:"), "secure": True}]
    )
    desk.go("/arenden/?vy=alla")
    assert desk.h1 == "Logga in"
    assert "Du har loggats ut" in desk.text
    desk.check("login after the session")


def test_what_belongs_to_others(desk):
    """404 for another's case, 403 for a colleague's step; neither is a dead end."""
    number = setting.requested(desk)
    skane, adviser, admin = desk("region.skane"), desk("fk.radgivare"), desk(ADMIN)
    answered = skane.go(f"/arenden/{number}/")
    assert answered.status == 404
    assert skane.h1 == "Sidan finns inte"
    assert number not in skane.text
    skane.check("not found")
    assert admin.go(f"/arenden/{number}/").status == 404
    assert adviser.go(f"/arenden/{number}/steg/withdraw/").status == 403
    assert adviser.h1 == "Ditt uppdrag räcker inte för det här"
    adviser.check("forbidden")
