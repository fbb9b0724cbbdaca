"""Every page that the other tests do not pass, for those who meet it: no finding of axe, no sideways scrolling."""

from __future__ import annotations

import re

import pytest

from tests.browser import jobs, setting
from tests.browser.desk import axe
from tests.browser.jobs import ADMIN, OFFICER, PHYSICIAN, REGION
from tests.browser.papers import personnummer

OTHERS = (
    "fk.samordnare",
    "fk.radgivare",
    "region.stockholm.ekonom",
    "utforare.admin",
    "utforare.psykolog",
)
STATUSES = (
    "draft",
    "requested",
    "returned",
    "assigned",
    "ordered",
    "in_progress",
    "delivered",
    "supplement_requested",
    "accepted",
    "withdrawn",
    "ended",
    "discarded",
)


@pytest.mark.parametrize("path", ["/regler/", "/om/tillganglighet/", "/om/personuppgifter/", "/api/v1/"])
def test_public_pages(new_desk, path):
    desk = new_desk()
    assert desk.go(path).status == 200
    desk.check(path, narrow="api" not in path)  # a very long page


def test_axe_finds_what_is_wrong(new_desk):
    """Text too pale, each time it is looked at, and a control without a name."""
    desk = new_desk()
    desk.go("/regler/")
    page = desk.page
    assert axe(page) == []
    page.evaluate("document.querySelector('main p').style.color = '#b5b5b5'")
    assert [line.split(":")[0] for line in axe(page)] == ["color-contrast"]
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert {line.split(":")[0] for line in axe(page)} == {"color-contrast", "button-name"}


def test_mandates(new_desk, shots):
    """Who has two chooses; the page that was asked for comes after the choice."""
    desk = new_desk("utforare.skane")
    desk.go("/arenden/?vy=alla")
    assert desk.h1 == "Välj medarbetaruppdrag"
    assert desk.page.locator("button.choice").count() == 2
    desk.check("mandates")
    desk.shot(shots, "uppdrag")
    with desk.page.expect_navigation():
        desk.page.locator("button.choice").first.click()
    assert desk.page.url.endswith("/arenden/?vy=alla")
    desk.go("/att-gora/")
    desk.check("basket, utforare.skane")
    desk.follow("Byt uppdrag")
    assert desk.h1 == "Välj medarbetaruppdrag"


@pytest.mark.parametrize("who", [OFFICER, REGION, PHYSICIAN, "fk.controller"])
def test_lists(desk, who):
    """The work basket, its quick views and an empty one; the cases, a filter, one that finds nothing; notices."""
    one = desk(who)
    pages = {
        "basket": "/att-gora/",
        "basket late": "/att-gora/?vy=passerade",
        "basket empty": "/att-gora/?arende=1900-000001",
        "cases": "/arenden/?vy=alla",
        "cases empty": "/arenden/?arende=1900-000001",
        "notices": "/aviseringar/",
    }
    for name, path in pages.items():
        assert one.go(path).status == 200
        one.check(f"{name}, {who}")
    one.go("/arenden/?vy=alla")
    if one.page.get_by_role("link", name="Nästa").count():
        one.follow("Nästa")
        one.check("cases, second page")


def test_baskets_of_the_others(new_desk):
    """Everybody has a work basket; each shows the mandate it is seen under."""
    for who in OTHERS:
        one = new_desk(who)
        assert one.go("/att-gora/").status == 200
        assert one.page.locator(".portal-who strong").inner_text()
        one.check("basket of others, " + who.split(".")[0])


def cases_in(desk, status):
    """The addresses of the cases in a status, as the list has them."""
    return setting.links(desk, f"/arenden/?vy=alla&status={status}", CASE_PAGE)


CASE_PAGE = re.compile(r"^/arenden/\d{4}-\d{6}/$")


@pytest.mark.parametrize("who", [OFFICER, REGION, PHYSICIAN, "fk.controller"])
def test_cases_in_each_status(desk, who):
    """One case of each status that the role has, and the first step offered on it."""
    one, path = desk(who), ""
    for status in STATUSES:
        rows = cases_in(one, status)
        if not rows:
            continue
        path = rows[0]
        assert one.go(path).status == 200
        one.check(f"demo case {status}, {who}")
    one.go(f"{path}handelser/")
    one.check(f"history, {who}")


@pytest.mark.parametrize("who", [OFFICER, REGION, ADMIN, PHYSICIAN])
def test_every_form(desk, who):
    """Each step's form as the case pages offer it, and the same with nothing filled in."""
    one = desk(who)
    seen = {}
    for status in STATUSES:
        for case in cases_in(one, status)[:2]:
            for href in setting.links(one, case, "/steg/"):
                seen.setdefault(href.split("/steg/")[1], href)
    assert seen
    for step, href in seen.items():
        assert one.go(href).status == 200
        one.check(f"form {step}, {who}")
        button = one.page.get_by_role("button", name="Fortsätt till kontroll")
        if button.count():
            one.press("Fortsätt till kontroll")
            if one.errors:
                one.check(f"form {step} with errors")


def test_search(desk):
    """By personnummer: the officer gets the case, the region its number and status, with a reason."""
    fk, region = desk(OFFICER), desk(REGION)
    person = jobs.new_person()
    number = setting.requested(desk, person)
    fk.go("/arenden/sok/")
    fk.check("search, officer")
    fk.fill("Personnummer", person.number)
    fk.press("Sök ärenden")
    assert number in fk.text
    assert person.number not in fk.page.url
    fk.check("search with a hit")
    region.go("/arenden/sok/")
    region.fill("Personnummer", person.number)
    region.press("Sök ärenden")
    assert region.errors == ["Svara på frågan: Varför behöver du ärendenumret?"]
    region.check("search with an error, region")
    region.fill("Personnummer", person.number)
    region.fill("Varför behöver du ärendenumret?", "Personen har ringt")
    region.press("Sök ärenden")
    assert number in region.text
    assert person.name not in region.page.content()
    region.check("search, region")
    fk.go("/arenden/sok/")
    fk.fill("Personnummer", personnummer())
    fk.press("Sök ärenden")
    assert "Inget ärende" in fk.text
    fk.check("search without a hit")


def test_administrator(desk):
    admin = desk("admin")
    admin.go("/")
    assert admin.h1 == "Omräkning"
    admin.check("recount")
    assert admin.go("/att-gora/").status in (200, 403, 404)
    admin.check("basket of the administrator")


def test_ones_own_login(desk):
    """Where one is logged in, with a slip; another password; the password asked for once more."""
    one = desk(OFFICER)
    one.go("/inloggningar/")
    one.check("logins")
    one.press("Avsluta alla andra")
    assert one.errors
    one.check("logins with an error")
    one.go("/losenord/")
    one.check("password")
    one.press(one.page.locator("main form button[type=submit]").inner_text())
    assert one.errors
    one.check("password with errors")
    one.go("/bekrafta/?next=/att-gora/")
    one.check("still you")


HOUSE = {
    OFFICER: ("{case}jav/",),
    "fk.vast.handlaggare": ("{case}oppna/",),
    "fk.samordnare": ("{case}logg/", "/loggkontroll/", "/gallring/"),
    REGION: ("/loggkontroll/",),
    ADMIN: ("{case}jav/", "{case}logg/", "/arenden/aterlamnade/", "/gallring/"),
    "admin": ("/utskick/",),
}
"""Who meets which page beside the cases' own; {case}: one that the login sees, and that another office does not."""


@pytest.mark.parametrize("who", HOUSE)
def test_pages_of_the_house(desk, who):
    """Stepping aside, logs and their follow-up, another office's case, what is kept and erased, what was handed back."""
    one = desk(who)
    case = cases_in(desk(OFFICER) if who in ("fk.vast.handlaggare", "admin") else one, "in_progress")[0]
    for path in HOUSE[who]:
        assert one.go(path.format(case=case)).status == 200, path
        one.check(f"{path}, {who}")
    if who == ADMIN:
        one.go("/arenden/aterlamnade/")
        with one.page.expect_navigation():
            one.page.locator("main .rows a").first.click()
        assert "/eget/" in one.page.url
        one.check("one's own of what was handed back")
    if who == REGION:
        one.go(setting.links(one, "/avtal/", re.compile(r"^/avtal/\d+/$"))[0])
        one.check("an agreement")


def test_hand_over(desk):
    """A colleague's cases to the officer of the other tests, by a worker; the page tells how far it has come."""
    coordinator, taker = desk("fk.samordnare"), jobs.name_of(desk(OFFICER))
    coordinator.go("/franvaro/overlamning/")
    for name, of_taker in (("giver", False), ("taker", True)):
        choice = coordinator.page.locator(f"main form select[name={name}]")
        words = [w for w in choice.locator("option").all_inner_texts() if w.startswith(taker) == of_taker]
        choice.select_option(label=words[-1])
    coordinator.tick("Jag har kontrollerat att det är rätt personer")
    coordinator.press("Lämna över")
    assert not coordinator.errors
    coordinator.check("hand over, on its way")


def test_conflicting_drafts(desk, new_desk):
    """Two windows write in one section: the second sees both texts and chooses."""
    number = setting.in_progress(desk)
    doctor, other = desk(PHYSICIAN), new_desk(PHYSICIAN)
    for one in (doctor, other):
        one.go(f"/arenden/{number}/utlatande/diagnosis/")
    for one, text in ((doctor, "Först"), (other, "Sedan")):
        one.page.locator("main form textarea").first.fill(text)
        one.press("Spara utkast")
    assert other.h1 == "Utkastet har ändrats sedan du öppnade sidan"
    assert "Först" in other.text
    other.check("report conflict")
    other.press("Spara det jag skrev")
    assert other.page.locator("main form textarea").first.input_value() == "Sedan"
    doctor.go(f"/arenden/{number}/utlatande/granska/")
    assert "Det här behöver bli klart" in doctor.text
    doctor.check("review with what is missing")
