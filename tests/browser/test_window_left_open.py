"""Windows left open after the login has ended: what they show is taken away, and what was typed comes back."""

from __future__ import annotations

import pytest

from tests.browser import setting
from tests.browser.jobs import REGION


@pytest.fixture
def number(desk):
    return setting.requested(desk)


def two_windows(new_desk, number):
    """One person's desk with the case in one window and a form with something typed in another."""
    region = new_desk(REGION, fresh=True)
    region.step(number, "Lämna tillbaka begäran")
    region.fill("Skäl", "Skrivet i det andra fönstret")
    case = region.watch(region.context.new_page())
    case.goto(f"{region.url}/arenden/{number}/", wait_until="domcontentloaded")
    assert number in case.inner_text("main")
    return region, case


def test_logging_out_in_one_window_empties_the_others(new_desk, number, portal):
    region, case = two_windows(new_desk, number)
    third = region.watch(region.context.new_page())
    third.goto(f"{region.url}/att-gora/", wait_until="domcontentloaded")
    third.get_by_role("button", name="Logga ut").click()
    case.wait_for_url("**/logga-in/?utloggad=fonster&next=*")
    assert number not in case.inner_text("body")
    assert "visas inte längre det som stod i fönstret" in case.inner_text("main")
    region.page.wait_for_url("**/inloggad/")
    assert region.h1 == "Du har loggats ut"
    assert number not in region.text
    assert "Skrivet i det andra fönstret" not in region.page.content()
    region.check("left by itself")
    region.fill("Användarnamn", REGION)
    region.fill("Lösenord", portal.password)
    region.press("Logga in")
    assert region.page.url.endswith(f"/arenden/{number}/steg/return/")
    assert region.page.get_by_label("Skäl").input_value() == "Skrivet i det andra fönstret"


def test_a_session_that_has_ended_by_its_time_empties_its_windows_when_they_ask(new_desk, number, database):
    region, case = two_windows(new_desk, number)
    cookie = next(c["value"] for c in region.context.cookies() if c["name"] == "__Host-session")
    database("UPDATE django_session SET expire_date = now() - interval '1 day' WHERE session_key = %s", cookie)
    # One asks; the page of the login that it comes to makes the other ask.
    case.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    case.wait_for_url("**/logga-in/?utloggad=fonster&next=*")
    region.page.wait_for_url("**/inloggad/")
    assert number not in case.inner_text("body")
    assert "Ingenting har skickats" in region.text


def test_a_login_in_one_window_leaves_the_persons_others_alone_and_what_a_page_holds_is_not_lost(
    new_desk, number, portal
):
    """Two windows emptied at once: each gives its own back, and the second login takes nothing from the first."""
    region = new_desk(REGION, fresh=True)
    region.step(number, "Lämna tillbaka begäran")
    region.fill("Skäl", "")
    region.press("Lämna tillbaka begäran")
    assert region.errors, "a page that answered a form: nothing is typed in it"
    region.page.evaluate("document.querySelector('textarea').value = 'Står i sidan'")
    other = region.watch(region.context.new_page())
    other.goto(f"{region.url}/franvaro/", wait_until="domcontentloaded")
    other.get_by_label("Första dagen").fill("2027-02-01")
    third = region.watch(region.context.new_page())
    third.goto(f"{region.url}/att-gora/", wait_until="domcontentloaded")
    third.get_by_role("button", name="Logga ut").click()
    for page in (region.page, other):
        page.wait_for_url("**/inloggad/")
    for page in (region.page, other):
        page.get_by_label("Användarnamn").fill(REGION)
        page.get_by_label("Lösenord").fill(portal.password)
        with page.expect_navigation(wait_until="domcontentloaded"):
            page.get_by_role("button", name="Logga in").click()
    assert region.page.get_by_label("Skäl").input_value() == "Står i sidan"
    assert other.get_by_label("Första dagen").input_value() == "2027-02-01"
    for page in (region.page, other):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    region.page.wait_for_timeout(500)
    assert region.page.get_by_label("Skäl").input_value() == "Står i sidan"
    assert other.get_by_label("Första dagen").input_value() == "2027-02-01"
