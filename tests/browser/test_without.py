"""Without JavaScript, and with the keyboard alone."""

from __future__ import annotations

import pytest

from tests.browser import jobs, setting
from tests.browser.conftest import log_in
from tests.browser.jobs import ADMIN, OFFICER, PHYSICIAN, REGION

FOCUSED = """() => {
  const e = document.activeElement;
  const shown = e.matches('input[type=radio], input[type=checkbox]') && e.nextElementSibling ? e.nextElementSibling : e;
  const seen = [e, shown].flatMap((x) => [null, '::before', '::after'].map((p) => getComputedStyle(x, p)));
  return {
    tag: e.tagName, words: (e.innerText || e.getAttribute('name') || '').trim(), name: e.getAttribute('name') || '',
    seen: seen.some((s) => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none'),
  };
}"""


@pytest.fixture
def plain_desk(new_desk, portal):
    """A window without JavaScript, logged in through the page."""

    def make(who):
        one = new_desk(java_script_enabled=False)
        one.who = who
        log_in(one, portal)
        return one

    return make


def test_without_javascript(plain_desk, desk):
    """Login, work basket, a step with its check page, a section of the report."""
    number = setting.in_progress(desk)
    fk, doctor = plain_desk(OFFICER), plain_desk(PHYSICIAN)
    assert fk.h1 == "Att göra"
    jobs.start_request(fk)
    jobs.fill_request(fk, jobs.new_person())
    fk.press("Fortsätt till kontroll")
    assert fk.h1 == "Kontrollera dina uppgifter"
    fk.press("Skicka begäran")
    assert fk.status == "Begäran skickad"
    doctor.go(f"/arenden/{number}/utlatande/")
    jobs.fill_section(doctor)
    doctor.press("Spara utkast")
    assert "Utkastet sparades kl." in doctor.text
    assert doctor.page.get_by_label("Hur gick undersökningen till?").input_value() == "Två timmar på mottagningen."
    doctor.go(f"/arenden/{number}/utlatande/profile/")
    doctor.page.locator("[data-grade]").first.locator("label", has_text="3").first.click()
    doctor.press("Spara och fortsätt")
    doctor.go(f"/arenden/{number}/utlatande/profile/")
    assert doctor.page.get_by_text("Vald grad: 3").count() == 1


class Keys:
    """Hands that have no mouse."""

    def __init__(self, desk):
        self.desk, self.unseen = desk, []

    def to(self, words, most=80, field=False):
        """Tab until what has focus says so; every stop on the way must be visible."""
        for _ in range(most):
            self.desk.page.keyboard.press("Tab")
            at = self.desk.page.evaluate(FOCUSED)
            if at["tag"] != "BODY" and not at["seen"]:
                self.unseen.append(at)
            if at["name" if field else "words"] == words:
                return
        raise AssertionError(f"{words!r} was never reached on {self.desk.page.url}")

    def type(self, name, text):
        self.to(name, field=True)
        self.desk.page.keyboard.type(text)

    def enter(self):
        with self.desk.page.expect_navigation(wait_until="domcontentloaded"):
            self.desk.page.keyboard.press("Enter")


def test_keyboard_alone(new_desk, desk, portal):
    """Log in, skip to the content, open a duty, take a step: Tab, Enter and letters; focus is always to be seen."""
    number = setting.ordered(desk)
    admin = new_desk()
    keys = Keys(admin)
    admin.go("/logga-in/")
    keys.type("username", ADMIN)
    keys.type("password", portal.password)
    keys.to("Logga in")
    keys.enter()
    assert admin.h1 == "Att göra"
    admin.page.keyboard.press("Tab")
    assert admin.page.evaluate("document.activeElement.innerText").strip() == "Hoppa till innehållet"
    box = admin.page.locator(".iskiplink").bounding_box()
    assert box["y"] >= 0
    assert box["width"] > 50
    admin.page.keyboard.press("Enter")
    assert admin.page.evaluate("document.activeElement.closest('main') !== null || location.hash === '#innehall'")
    keys.type("arende", number)
    keys.enter()
    keys.to("Bekräfta eller ifrågasätt underlaget")
    keys.enter()
    assert admin.page.url.endswith(f"/arenden/{number}/")
    keys.to("Bekräfta att underlaget är komplett")
    keys.enter()
    keys.to("Bekräfta att underlaget är komplett")
    keys.enter()
    assert admin.status == "Utredning pågår"
    # Where the skip link leads is no control; now and then the browser still has it in hand when the next page is there.
    controls = [row for row in keys.unseen if row["tag"] != "MAIN"]
    assert not controls, jobs.say(controls)


def test_keyboard_in_a_form(new_desk, desk):
    """Radio buttons and selects of a step's form, without a mouse."""
    number = setting.requested(desk)
    region = new_desk(REGION)
    keys = Keys(region)
    region.go(f"/arenden/{number}/steg/propose_end/")
    keys.to("cause", field=True)
    region.page.keyboard.press("Space")
    region.page.keyboard.press("ArrowDown")
    keys.type("reason", "Personen har avlidit")
    keys.to("Föreslå att utredningen avslutas")
    keys.enter()
    assert "Ta ställning till förslag att avsluta" in region.text
    assert not keys.unseen, jobs.say(keys.unseen)
