"""Each role's day beside the main job: visits, expansion, deferral, inquiries, overview; its errors and every page of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fmu_portal.working_days import add_working_days
from tests.browser import jobs, setting
from tests.browser.desk import Desk
from tests.browser.jobs import ADMIN, OFFICER, PHYSICIAN, REGION

PSYCHOLOGIST = "utforare.psykolog"
ZOOMED = {"width": 640, "height": 450}
"""What a window of 1280 px shows at 200 %."""


def today():
    return datetime.now(ZoneInfo("Europe/Stockholm")).date()


def see(desk: Desk, name: str, shots: str | None) -> None:
    """The page is sound: axe, wide and narrow, and no sideways scrolling at 200 % either."""
    desk.page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    wide = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        desk.problems.append(f"{desk.page.url}: {wide} px too wide at 200 %")
    desk.check(name)
    desk.shot(shots, re.sub(r"\W+", "-", name))


def check_page(desk: Desk, name: str, shots: str | None, button: str) -> None:
    """From a form to its check page, and on."""
    desk.press("Fortsätt till kontroll")
    assert desk.h1 == "Kontrollera dina uppgifter", desk.text
    see(desk, f"check: {name}", shots)
    desk.press(button)


def fill_visit(admin: Desk, doctor: str, day, clock: str) -> None:
    admin.choose("Hos vem?", doctor)
    admin.fill("Vilken dag?", day.isoformat())
    admin.fill("Vilken tid börjar besöket?", clock)
    admin.answer("Var?", "På en plats")
    admin.fill("Plats", "Provgatan 3, plan 2")


def book(admin: Desk, number: str, doctor: str, day, clock: str) -> None:
    admin.step(number, "Boka besök")
    fill_visit(admin, doctor, day, clock)
    admin.press("Fortsätt till kontroll")
    admin.press("Boka besök")


def been(database, number: str, hours: int) -> None:
    """The latest visit of the case was so many hours ago: what only time can do."""
    database(
        "UPDATE orders_visit SET starts_at = now() - %s * interval '1 hour', ends_at = now() - %s * interval '1 hour'"
        " + interval '30 minutes' WHERE id = (SELECT max(v.id) FROM orders_visit v JOIN orders_assessment a"
        " ON a.id = v.assessment_id WHERE a.number = %s)",
        hours, hours, number,
    )  # fmt: skip


def test_visits_expansion_and_deferral(desk, database, shots):
    """One case: the unit books, summons, rebooks, cancels, says who came; the agency decides on time and professions."""
    number = setting.in_progress(desk)
    fk, region, admin, doctor = desk(OFFICER), desk(REGION), desk(ADMIN), desk(PHYSICIAN)
    physician = jobs.name_of(doctor)
    first, second = add_working_days(today(), 31), add_working_days(today(), 33)

    # Visits.
    admin.step(number, "Boka besök")
    admin.press("Fortsätt till kontroll")
    assert "Fyll i vilken dag" in " ".join(admin.errors).lower() or len(admin.errors) >= 3
    see(admin, "book a visit, errors", shots)
    fill_visit(admin, physician, today() - timedelta(days=3), "09:30")
    admin.press("Fortsätt till kontroll")
    assert admin.errors == ["Tiden har passerat. Ange en tid som kommer."], admin.errors
    admin.fill("Vilken dag?", first.isoformat())
    check_page(admin, "book a visit", shots, "Boka besök")
    assert "Utföraren bokade ett besök: läkare" in admin.text
    see(admin, "case with a visit, unit", shots)
    admin.step(number, "Kalla till besöket")
    see(admin, "summon", shots)
    admin.answer("Hur kallas den försäkrade?", "Brev med posten")
    check_page(admin, "summon", shots, "Kalla till besöket")
    assert "Kallad" in admin.text
    admin.step(number, "Boka om")
    admin.fill("Vilken dag?", second.isoformat())
    see(admin, "rebook", shots)
    check_page(admin, "rebook", shots, "Boka om")
    admin.step(number, "Avboka")
    admin.answer("Vem avbokar?", "Den försäkrade")
    admin.press("Fortsätt till kontroll")
    assert admin.errors == [f"Fyll i {words} återbudet lämnades" for words in ("vilken dag", "vilken tid", "till vem")]
    see(admin, "cancel, errors", shots)
    admin.fill("Vilken dag lämnade den försäkrade återbudet?", today().isoformat())
    admin.fill("Vilken tid?", "00:00")
    admin.choose("Till vem?", "Utföraren")
    admin.press("Fortsätt till kontroll")
    assert "Det är inget sent återbud" in admin.text
    admin.press("Avboka")
    assert "Inte sent återbud" in admin.text
    book(admin, number, physician, first, "10:00")
    been(database, number, 3)
    admin.step(number, "Den försäkrade uteblev")
    admin.press("Fortsätt till kontroll")
    assert admin.errors == ["Svara på frågan: Vad hände?"]
    admin.answer("Vad hände?", "Kom inte")
    see(admin, "no-show", shots)
    check_page(admin, "no-show", shots, "Den försäkrade uteblev")
    book(admin, number, physician, first, "13:00")
    been(database, number, 1)
    admin.step(number, "Besöket är genomfört")
    see(admin, "carried out", shots)
    admin.press("Besöket är genomfört")
    assert "Genomfört" in admin.text
    for who, name in ((fk, "officer"), (region, "region"), (doctor, "physician")):
        who.go(f"/arenden/{number}/")
        assert "Kom inte." in who.text
        assert ("Provgatan 3" in who.text) is (who is doctor)
        see(who, f"case with visits, {name}", shots)
    admin.go("/besok/")
    see(admin, "visits of the week", shots)
    fk.go(f"/avvikelser/?arende={number}")
    assert "Uteblivet besök" in fk.text
    see(fk, "deviations", shots)

    # Expansion.
    doctor.step(number, "Föreslå utvidgning")
    doctor.press("Fortsätt till kontroll")
    assert len(doctor.errors) == 4
    see(doctor, "propose an expansion, errors", shots)
    doctor.tick("Psykolog")
    doctor.fill("Vad är oklart i profilen?", "Minne och koncentration.")
    doctor.fill("Hur väntas utvidgningen klargöra det?", "En psykolog prövar arbetsminnet.")
    doctor.fill("Vad väntas det betyda för profilen?", "Två kategorier kan få en annan grad.")
    check_page(doctor, "propose an expansion", shots, "Föreslå utvidgning")
    fk.go(f"/arenden/{number}/")
    assert "Minne och koncentration." in fk.text
    see(fk, "case with a proposed expansion, officer", shots)
    fk.step(number, "Godkänn utvidgningen")
    fk.fill("Hur många extra vardagar?", "21")
    fk.press("Fortsätt till kontroll")
    assert any("högst 20" in error or "mindre än eller lika med 20" in error for error in fk.errors), fk.errors
    see(fk, "approve an expansion, errors", shots)
    fk.fill("Hur många extra vardagar?", "10")
    check_page(fk, "approve an expansion", shots, "Godkänn utvidgningen")
    fk.page.get_by_text("Så är dagen räknad").click() if not fk.page.get_by_text("+ 10 vardagar").is_visible() else None
    assert "+ 10 vardagar" in fk.text
    see(fk, "case with an approved expansion, officer", shots)

    # The other profession's own section.
    admin.step(number, "Utse ansvarig läkare och deltagare")
    psychologist = desk(PSYCHOLOGIST)
    admin.tick(jobs.name_of(psychologist))
    admin.press("Utse ansvarig läkare och deltagare")
    psychologist.step(number, "Skriv och signera ditt avsnitt")
    see(psychologist, "section of a profession", shots)
    psychologist.fill("När undersökte du den försäkrade?", today().isoformat())
    psychologist.fill("Vilka fynd och observationer har du gjort?", "Arbetsminnet är nedsatt.")
    psychologist.fill("Vad betyder de för förmågan till arbete?", "Behöver korta pass.")
    psychologist.press("Fortsätt till kontroll")
    see(psychologist, "check: section of a profession", shots)
    psychologist.fill("Ditt lösenord", psychologist.password)
    psychologist.press("Skriv och signera ditt avsnitt")
    assert "Psykologen signerade sitt avsnitt" in psychologist.text
    see(psychologist, "case, psychologist", shots)

    # Deferral.
    admin.step(number, "Meddela risk för försening")
    admin.press("Fortsätt till kontroll")
    assert len(admin.errors) == 2
    see(admin, "tell of a risk, errors", shots)
    wished = add_working_days(today(), 50)
    admin.fill("När bedömer ni att utlåtandet kan vara hos Försäkringskassan?", wished.isoformat())
    admin.fill("Vad är skälet till risken för försening?", "Tolken uteblev.")
    check_page(admin, "tell of a risk", shots, "Meddela risk för försening")
    region.go(f"/arenden/{number}/")
    see(region, "case with a risk, region", shots)
    region.step(number, "Skicka vidare till Försäkringskassan")
    region.press("Skicka vidare till Försäkringskassan")
    fk.go(f"/arenden/{number}/")
    assert "anstånd prövas" in fk.text.lower()
    see(fk, "case with a deferral pending, officer", shots)
    fk.step(number, "Bevilja anstånd")
    see(fk, "grant a deferral", shots)
    check_page(fk, "grant a deferral", shots, "Bevilja anstånd")
    assert f"anstånd till {wished}" in fk.text.lower()
    see(fk, "case with a deferral, officer", shots)
    for who, path in ((doctor, "underlag"), (fk, "underlag")):
        who.go(f"/arenden/{number}/{path}/")
        assert "Medicinskt underlag" in who.text
        see(who, f"underlag in one view, {who.who}", shots)


def test_inquiries(desk, shots):
    """The region asks two units; one that is asked says yes; the region chooses it. Then the pages around."""
    number = setting.requested(desk)
    region, admin = desk(REGION), desk(ADMIN)
    region.step(number, "Fråga utförare")
    boxes = region.page.locator("input[name=performers]:checked")
    for name in boxes.evaluate_all("boxes => boxes.map(box => box.id)"):
        region.page.locator(f"label[for={name}]").click()
    region.press("Fråga utförare")
    assert region.errors == ["Välj vilka du vill fråga"] or len(region.errors) == 1
    see(region, "ask performers, errors", shots)
    region.answer("Hur ska uppdraget fördelas?", "Fråga flera och välja")
    unit = jobs.unit_of(desk)
    region.tick(unit)
    region.tick("Exempelvården Kista")
    region.press("Fråga utförare")
    see(region, "case with inquiries, region", shots)
    admin.go("/forfragningar/")
    see(admin, "inquiries", shots)
    admin.page.locator("main a[href^='/forfragningar/']").first.click()
    admin.page.wait_for_url(re.compile(r"/forfragningar/\d+/"))
    assert number not in admin.page.content()
    admin.press("Tacka ja")
    assert admin.errors == ["Fyll i när kan ni tidigast börja"] or len(admin.errors) == 1
    see(admin, "inquiry, errors", shots)
    admin.fill("När kan ni tidigast börja?", add_working_days(today(), 5).isoformat())
    admin.press("Tacka ja")
    see(admin, "inquiry accepted", shots)
    region.step(number, "Välj utföraren")
    region.press("Välj utföraren")
    assert region.status == "Tilldelad"
    see(region, "case, chosen, region", shots)
    region.go("/avtal/")
    see(region, "agreements", shots)
    region.page.locator("main a[href^='/avtal/']").first.click()
    region.page.wait_for_url(re.compile(r"/avtal/\w+/"))
    see(region, "agreement", shots)
    region.go("/regionens-val/")
    see(region, "the region's choices", shots)
    for who in (region, desk("fk.samordnare"), admin):
        who.go("/flode/")
        see(who, f"flow, {who.who}", shots)


def test_overview(desk, shots):
    """Filters, columns, a saved view, an export made by a worker, the calendar."""
    for who in (OFFICER, REGION, ADMIN):
        one = desk(who)
        one.go("/arenden/?vy=alla&kolumn=waits&kolumn=last_day&kolumn=municipality&kolumn=performer&kolumn=requested")
        assert one.page.locator("details[open] .columns-choice").count() == 1
        see(one, f"overview with columns, {who}", shots)
        one.go("/arenden/kalender/")
        see(one, f"calendar, {who}", shots)
    fk = desk(OFFICER)
    fk.go("/arenden/?vy=alla&status=delivered")
    fk.page.get_by_text("Spara som vy").click()
    fk.fill("Vyns namn", "Att granska i dag")
    fk.press("Spara vyn")
    assert "Att granska i dag" in fk.text
    see(fk, "overview with a saved view", shots)
    fk.follow("Exportera urvalet")
    see(fk, "export", shots)
    fk.press("Skapa exporten")
    fk.wait_for("Hämta")
    see(fk, "export, done", shots)
