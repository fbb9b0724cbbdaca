"""What people do with a case, each as one function: from the case page to the page that says it is done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.browser.desk import Desk, plain
from tests.browser.papers import personnummer

OFFICER, REGION, ADMIN, PHYSICIAN = "fk.handlaggare", "region.stockholm", "utforare.admin", "utforare.lakare"
At = Callable[[str], Desk]


@dataclass
class Person:
    """Who a new request is about."""

    name: str
    number: str


def new_person() -> Person:
    number = personnummer()
    return Person(f"Prov Person{number[-4:]}", number)


def fill_request(fk: Desk, person: Person, **other: str) -> None:
    """The form of a request, but nothing sent. ``other``: answers that are not the usual ones."""
    fk.fill("Personnummer eller samordningsnummer", other.get("personnummer", person.number))
    fk.answer("Har personen skyddade personuppgifter?", other.get("protection", "Nej"))
    fk.fill("Namn", person.name)
    fk.fill("Gatuadress", "Provgatan 1")
    fk.fill("Postnummer", other.get("postal_code", "111 20"))
    fk.choose("Kommun", other.get("municipality", "Stockholm"))
    if region := other.get("region"):
        fk.choose("Region", region)
    fk.fill("Telefon", "070-174 06 05")
    fk.answer("Behövs tolk?", "Nej")
    fk.fill("Särskilda behov", "Hörselslinga")
    fk.fill("Metod", "Ingen särskild")


def start_request(fk: Desk) -> str:
    """Press the button in the work basket; the number of the draft."""
    fk.go("/att-gora/")
    fk.press("Begär en ny utredning")
    return fk.number


def unit_of(at: At, who: str = ADMIN) -> str:
    """The unit in the header of a login."""
    desk = at(who)
    if not desk.page.locator(".portal-who strong").count():
        desk.go("/att-gora/")
    return plain(desk.page.locator(".portal-who strong").inner_text()).split(", ", 1)[1]


def assign(region: Desk, number: str, unit: str) -> None:
    region.step(number, "Tilldela en utförare")
    region.choose("Utförare", unit)
    region.press("Tilldela en utförare")


def add_files(desk: Desk, kind: str | None, dated: str, files: Any) -> None:
    """Choose files in the form and press the button beside them."""
    if kind:
        desk.choose("Typ", kind)
    if dated:
        desk.fill("Handlingens datum", dated)
    desk.page.get_by_label("Filer", exact=True).set_input_files(files)
    desk.press("Lägg till handling")
    wait_for_check(desk)


def wait_for_check(desk: Desk, seconds: int = 30) -> None:
    """Until the worker has checked what was added; where no worker can, the files may be sent all the same."""
    for _ in range(seconds * 2):
        if not desk.page.get_by_text("Filerna kontrolleras").count():
            return
        desk.page.wait_for_timeout(500)


def fill_order(fk: Desk, self_rating: str = "Nej", own: str = "Nej") -> None:
    """The answers of an order; the files are added beside."""
    fk.fill("Hur ska förmågan bedömas?", "Hur länge kan personen sitta och stå?")
    fk.answer("Får utredningen utvidgas?", "Ja, efter godkännande i varje enskilt fall")
    fk.answer("Bifogar du medicinska handlingar?", "Ja")
    fk.answer("Bifogar du den försäkrades självskattning?", self_rating)
    if self_rating == "Nej":
        fk.fill("Varför saknas självskattningen?", "Personen har avstått")
    fk.answer("Har den försäkrade lämnat egna handlingar till underlaget?", own)
    fk.fill("När fick den försäkrade information?", "2026-01-02")
    fk.tick("Namn, adress och telefon är kontrollerade")


def name_physician(admin: Desk, number: str, name: str) -> None:
    admin.step(number, "Utse ansvarig läkare och deltagare")
    option = admin.page.get_by_label("Ansvarig läkare").locator("option", has_text=name).first.inner_text()
    admin.choose("Ansvarig läkare", option)
    admin.press("Utse ansvarig läkare och deltagare")


def confirm(admin: Desk, number: str) -> None:
    admin.step(number, "Bekräfta att underlaget är komplett")
    admin.press("Bekräfta att underlaget är komplett")


def name_of(desk: Desk) -> str:
    """The person's name in the header."""
    if not desk.page.locator(".portal-who").count():
        desk.go("/att-gora/")
    return plain(desk.page.locator(".portal-who > span").inner_text())


TEXTS = {
    "diagnosis": "Ryggvärk M54.5",
    "impact": "Kan sitta högst en timme åt gången.",
    "prognosis": "God på ett års sikt.",
    "risks": "Inga särskilda risker.",
    "findings": "Nedsatt rörlighet i ländryggen.",
}


def fill_section(doctor: Desk) -> str:
    """Fill in the section that is shown; its name."""
    found = re.search(r"/utlatande/([a-z]+)/$", doctor.page.url)
    assert found, doctor.page.url
    name = found[1]
    if name == "examination":
        doctor.fill("När undersökte du den försäkrade?", "2026-02-03")
        doctor.fill("Hur gick undersökningen till?", "Två timmar på mottagningen.")
    elif name == "profile":
        for group in doctor.page.locator("[data-grade]").all():
            group.locator("label", has_text=re.compile("^2$")).click()
            group.locator("textarea").fill("Undersökning och journal.")
    else:
        doctor.page.locator("main form textarea").first.fill(TEXTS[name])
    return name


def write_report(doctor: Desk, number: str) -> None:
    """Section after section to the page where all is read."""
    doctor.go(f"/arenden/{number}/utlatande/")
    while not doctor.page.url.endswith("/granska/"):
        fill_section(doctor)
        doctor.press("Spara och fortsätt")


def sign(doctor: Desk, button: str = "Skicka utlåtandet") -> None:
    """From the review page to the sent report."""
    doctor.follow("Fortsätt till signering")
    doctor.answer("Vilket utlåtande skickar du?", "Det som är skrivet i portalen")
    doctor.tick("Jag är ansvarig läkare för utredningen")
    doctor.press("Fortsätt till kontroll")
    doctor.fill("Ditt lösenord", doctor.password)
    doctor.press(button)


def give_reason(desk: Desk, number: str, step: str, text: str = "Personen har fått arbete.") -> None:
    """A step that asks for a reason and nothing else."""
    desk.step(number, step)
    desk.fill("Skäl", text)
    if desk.page.get_by_role("button", name="Fortsätt till kontroll").count():
        desk.press("Fortsätt till kontroll")
    desk.press(step)


def say(value: Any) -> str:
    """For messages of failed tests."""
    return json.dumps(value, ensure_ascii=False, indent=1)
