"""The whole job, through four roles at four desks, and the short ways out of it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.browser import jobs, setting
from tests.browser.jobs import ADMIN, OFFICER, PHYSICIAN, REGION
from tests.browser.papers import pdf, png


def today():
    return datetime.now(ZoneInfo("Europe/Stockholm")).date()


def test_whole_job(desk, shots):
    """Request, assign, order, question, report, supplement, complete: each sees what it should on the way."""
    fk, region, admin, doctor = desk(OFFICER), desk(REGION), desk(ADMIN), desk(PHYSICIAN)
    person = jobs.new_person()
    unit = jobs.unit_of(desk)

    # The officer requests.
    number = jobs.start_request(fk)
    fk.check("request form")
    fk.shot(shots, "begaran")
    jobs.fill_request(fk, person)
    fk.press("Fortsätt till kontroll")
    assert fk.h1 == "Kontrollera dina uppgifter"
    assert person.number in fk.text
    assert "Regionen ser kommun, språk och särskilda behov, men inte vem personen är." in fk.text
    fk.check("check page of a request")
    fk.press("Skicka begäran")
    assert fk.status == "Begäran skickad"
    assert fk.h1 == person.name
    assert "Klart. Försäkringskassan skickade begäran till regionen." in fk.text
    assert "Ni väntar på någon annan" in fk.text
    fk.check("case, requested, officer")

    # The region sees the case and never the person; it assigns.
    region.go(f"/att-gora/?arende={number}")
    assert "Besvara begäran" in region.text
    assert person.name not in region.page.content()
    region.check("basket, filtered, region")
    region.follow("Besvara begäran")
    assert region.h1 == f"Ärende {number}"
    assert "Er tur: besvara begäran" in region.text
    assert "Hörselslinga" in region.text
    region.check("case, requested, region")
    jobs.assign(region, number, unit)
    assert region.status == "Tilldelad"
    region.check("case, assigned, region")
    seen_by_region = [region.page.content()]

    # The officer orders, with the documents.
    fk.go(f"/arenden/{number}/")
    assert "Er tur: skicka beställningen" in fk.text
    fk.step(number, "Skicka beställningen")
    assert "Om du skickar i dag" in fk.text
    jobs.fill_order(fk, self_rating="Ja")
    jobs.add_files(fk, "Medicinskt underlag", "2026-01-15", [pdf("intyg.pdf", pages=3), pdf("journal.pdf", pages=2)])
    assert "2 handlingar, 5 sidor" in fk.text
    assert fk.page.get_by_label("Hur ska förmågan bedömas?").input_value() == "Hur länge kan personen sitta och stå?"
    jobs.add_files(fk, "Självskattning", "2026-01-20", [png("sjalvskattning.png")])
    assert "3 handlingar, 6 sidor" in fk.text
    assert "sjalvskattning.pdf" in fk.text
    fk.check("order form with files")
    fk.press("Fortsätt till kontroll")
    assert "3 handlingar, 6 sidor" in fk.text
    assert "Utlåtandet ska ha kommit in senast" in fk.text
    fk.check("check page of an order")
    fk.shot(shots, "kontrollera")
    fk.press("Skicka beställningen")
    assert fk.status == "Beställd"
    assert "Preliminär" in fk.text
    fk.page.get_by_text("Så är dagen räknad").click()
    assert "25 vardagar" in fk.text
    assert "8 §" in fk.text
    fk.check("case, ordered, officer")
    fk.follow("Läs beställningen")
    assert "Hur länge kan personen sitta och stå?" in fk.text
    fk.check("order page")

    # The region sees that it is ordered, without a document.
    region.go(f"/arenden/{number}/")
    assert "Försäkringskassan skickade beställningen med underlag." in region.text
    assert "Preliminär" in region.text
    assert "Handlingar" not in region.text
    seen_by_region.append(region.page.content())

    # The unit names a physician; before that nobody there opens a document.
    admin.go(f"/arenden/{number}/")
    assert admin.h1 == person.name
    assert "Bara de som deltar i utredningen kan öppna handlingarna." in admin.text
    assert admin.page.locator("a[href*='/handlingar/']").count() == 0
    admin.check("case, ordered, performer")
    doctor.go("/att-gora/")
    physician = jobs.name_of(doctor)
    jobs.name_physician(admin, number, physician)
    assert f"{physician}, ansvarig läkare" in admin.page.locator("main").inner_text().replace("\n", " ")

    # The physician reads, and misses something.
    doctor.go(f"/arenden/{number}/")
    links = doctor.page.locator("a[href*='/handlingar/']")
    assert links.count() == 3
    for href in [link.get_attribute("href") for link in links.all()]:
        opened = doctor.context.request.get(doctor.url + href)
        assert opened.status == 200
        assert opened.body().startswith(b"%PDF-")
    doctor.go(f"/arenden/{number}/")
    assert doctor.text.count("Öppnad av dig.") == 3
    doctor.step(number, "Ställ en fråga om underlaget")
    doctor.check("question form")
    doctor.fill("Vad saknas?", "Röntgensvaret från januari")
    doctor.fill("Varför är det väsentligt för utredningen?", "Det visar om ryggen är skadad")
    doctor.press("Ställ en fråga om underlaget")
    assert "Röntgensvaret från januari" in doctor.text
    assert "Bekräfta att underlaget är komplett" not in doctor.text

    # The officer supplements.
    fk.go(f"/arenden/{number}/")
    assert "Er tur: svara på fråga om underlaget" in fk.text
    assert "Det visar om ryggen är skadad" in fk.text
    fk.step(number, "Komplettera underlaget")
    jobs.add_files(fk, "Medicinskt underlag", "2026-01-10", [pdf("rontgen.pdf")])
    fk.fill("Svar till utföraren", "Här är svaret")
    fk.check("supplement form")
    fk.press("Fortsätt till kontroll")
    fk.press("Komplettera underlaget")
    region.go(f"/arenden/{number}/")
    seen_by_region.append(region.page.content())
    assert "Röntgensvaret" not in region.text

    # The unit confirms; now the law's day stands.
    admin.go(f"/arenden/{number}/")
    assert "Här är svaret" in admin.text
    jobs.confirm(admin, number)
    assert admin.status == "Utredning pågår"
    assert "Preliminär" not in admin.text
    assert "Lag, 8 §" in admin.text
    admin.check("case, in progress, performer")

    # The physician writes, leaves, and comes back.
    doctor.go(f"/arenden/{number}/")
    doctor.follow("Skriv utlåtandet")
    assert doctor.page.url.endswith("/utlatande/examination/")
    doctor.check("report section")
    jobs.fill_section(doctor)
    doctor.page.locator("h1").click()
    doctor.page.get_by_text("Utkastet sparades kl.").wait_for()
    doctor.page.reload()
    assert doctor.page.get_by_label("Hur gick undersökningen till?").input_value() == "Två timmar på mottagningen."
    jobs.write_report(doctor, number)
    assert "ett läkarbesök ska vara genomfört" in doctor.text
    setting.examined(desk, number)
    doctor.page.reload()
    assert "Alla avsnitt är klara." in doctor.text
    doctor.check("review")
    doctor.go(f"/arenden/{number}/utlatande/profile/")
    assert doctor.page.get_by_text("Vald grad: 2").count() == 8
    doctor.check("report profile")
    doctor.shot(shots, "utlatande")
    doctor.go(f"/arenden/{number}/utlatande/granska/")
    jobs.sign(doctor)
    assert doctor.status == "Utlåtande inkommet"
    assert f"Kom in i tid {today()}" in doctor.text
    doctor.check("case, delivered, performer")
    doctor.follow("Läs utlåtandet, version 1")
    doctor.page.get_by_role("link", name="Läs utlåtandet som PDF").wait_for(timeout=120_000)

    # The region is told, without the report.
    region.go(f"/arenden/{number}/")
    assert "Kom in i tid" in region.text
    seen_by_region.append(region.page.content())

    # The officer reads in the browser and asks for more.
    fk.go(f"/arenden/{number}/")
    assert "Er tur: granska utlåtandet" in fk.text
    fk.check("case, delivered, officer")
    fk.follow("Läs utlåtandet, version 1")
    assert "Ryggvärk M54.5" in fk.text
    assert "I tid" in fk.text
    fk.check("version page")
    fk.shot(shots, "version")
    href = fk.page.get_by_role("link", name="Läs utlåtandet som PDF").get_attribute("href")
    report = fk.context.request.get(fk.url + str(href))
    assert report.status == 200
    assert report.body().startswith(b"%PDF-")
    fk.step(number, "Begär komplettering av utlåtandet")
    fk.choose("Vilken del gäller det?", "Prognos")
    fk.fill("Vad saknas?", "Hur länge begränsningen varar")
    fk.fill("När ska kompletteringen ha kommit in?", str(today() + timedelta(days=20)))
    fk.check("supplement request form")
    fk.press("Fortsätt till kontroll")
    fk.press("Begär komplettering av utlåtandet")
    assert fk.status == "Komplettering begärd"

    # The physician supplements.
    doctor.go(f"/arenden/{number}/")
    assert "Er tur: komplettera utlåtandet" in doctor.text
    doctor.check("case, supplement requested, performer")
    doctor.go(f"/arenden/{number}/utlatande/prognosis/")
    assert "Hur länge begränsningen varar" in doctor.text
    assert "Klar, ska kompletteras" in doctor.text
    assert doctor.page.locator("main form textarea").first.input_value() == jobs.TEXTS["prognosis"]
    doctor.page.locator("main form textarea").first.fill("Begränsningen varar ett år.")
    doctor.press("Spara utkast")
    doctor.go(f"/arenden/{number}/utlatande/granska/")
    jobs.sign(doctor, "Skicka kompletteringen")

    # The officer completes.
    fk.go(f"/arenden/{number}/")
    fk.follow("Läs utlåtandet, version 2")
    assert "Begränsningen varar ett år." in fk.text
    assert "Det första utlåtandet kom in" in fk.text
    assert "i tid" in fk.text
    fk.check("second version page")
    fk.step(number, "Godta utlåtandet som komplett")
    fk.check("complete form")
    fk.answer("Innehåller utlåtandet det som Försäkringskassan har begärt (7 §)?", "Ja")
    fk.press("Godta utlåtandet som komplett")
    assert fk.status == "Utlåtande komplett"
    fk.check("case, accepted, officer")

    # Everybody has been told, and the region has never seen who it is.
    for who, words in ((region, "Besvara begäran"), (fk, "Granska utlåtandet"), (admin, "Bekräfta eller ifrågasätt")):
        who.go("/aviseringar/")
        rows = who.page.locator("main li", has_text=number).all_inner_texts()
        assert any(words in row for row in rows), (who.who, rows)
        assert person.name not in who.page.content()
        who.check(f"notices, {who.who}")
    region.go(f"/arenden/{number}/")
    seen_by_region.append(region.page.content())
    region.go(f"/arenden/{number}/handelser/")
    assert "Försäkringskassan godtog utlåtandet som komplett." in region.text
    region.check("history, region")
    for content in [*seen_by_region, region.page.content()]:
        assert person.name not in content
        assert person.number not in content
        assert "Provgatan" not in content
        assert "070-174" not in content


def test_document_opens_in_the_browser(desk):
    """The browser's own reader shows the document: it is not blocked by the headers that guard it."""
    number = setting.in_progress(desk)
    doctor = desk(PHYSICIAN)
    doctor.go(f"/arenden/{number}/")
    has_reader = doctor.page.evaluate("navigator.pdfViewerEnabled")
    link = doctor.page.locator("a[href*='/handlingar/']").first
    with doctor.page.expect_response(lambda r: "/handlingar/" in r.url) as answered:
        link.click()
    assert answered.value.status == 200
    assert answered.value.headers["content-type"] == "application/pdf"
    assert "no-store" in answered.value.headers["cache-control"]
    until = time.monotonic() + 60
    while has_reader and len(doctor.page.frames) < 2:
        assert time.monotonic() < until, "the browser's reader never opened"
        doctor.page.wait_for_timeout(100)
    doctor.go("/att-gora/")
