"""Cases in a situation, set up fast: the same forms sent as the same people, without drawing a page."""

from __future__ import annotations

import re
import time
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from tests.browser import jobs
from tests.browser.desk import Desk
from tests.browser.jobs import ADMIN, OFFICER, PHYSICIAN, REGION, TEXTS, At, Person
from tests.browser.papers import Upload, pdf
from tests.situations import ORDER, PROFILE, REQUEST


def send(desk: Desk, path: str, data: dict[str, Any] | None = None, files: dict[str, Upload] | None = None) -> str:
    """Send a form as the person at the desk; the address of the page that answers."""
    token = next(c["value"] for c in desk.context.cookies() if c["name"] == "__Host-csrf")
    fields = {**(data or {}), "csrfmiddlewaretoken": token, **(files or {})}
    answer = desk.context.request.post(
        desk.url + path, multipart=fields, headers={"Referer": desk.url + path}, timeout=120_000
    )
    assert answer.ok, f"{answer.status} from {path}:\n{answer.text()}"
    return answer.url


def step(desk: Desk, number: str, name: str, data: dict[str, Any], files: dict[str, Upload] | None = None) -> None:
    """A step with its check page, where it has one."""
    path = f"/arenden/{number}/steg/{name}/"
    if send(desk, path, {**data, "gor": "fortsatt"}, files).endswith("/kontrollera/"):
        send(desk, f"{path}kontrollera/", {"password": desk.password})  # asked for where the step signs


def links(desk: Desk, path: str, like: str | re.Pattern[str]) -> list[str]:
    """The addresses that a page links to, in order, each once, without showing the page."""
    found = re.findall(r'<a\b[^>]*?\bhref="([^"]+)"', desk.context.request.get(desk.url + path).text())
    return [unescape(href) for href in dict.fromkeys(found) if re.search(like, href)]


def _option(desk: Desk, path: str, words: str) -> str:
    """The value of a choice in a form."""
    page = unescape(desk.context.request.get(desk.url + path).text())
    found = re.search(rf'<option value="(\d+)"[^>]*>\s*{re.escape(words)}', page)
    assert found, f"{words!r} is no choice on {path}"
    return found[1]


def requested(at: At, person: Person | None = None) -> str:
    """A request that waits for the region; its number."""
    fk, person = at(OFFICER), person or jobs.new_person()
    number = send(fk, "/arenden/ny/").split("/arenden/")[1][:11]
    step(fk, number, "request", {**REQUEST, "name": person.name, "personnummer": person.number})
    return number


def assigned(at: At, person: Person | None = None) -> str:
    """A request that the unit of the logins has been given."""
    number = requested(at, person)
    path = f"/arenden/{number}/steg/assign/"
    send(at(REGION), path, {"performer": _option(at(REGION), path, jobs.unit_of(at))})
    return number


def ordered(at: At, person: Person | None = None) -> str:
    """Ordered with one document, not yet confirmed."""
    number = assigned(at, person)
    files = {"ny-files_chosen": pdf("intyg.pdf")}
    staging = {**ORDER, "ny-kind": "medical", "ny-dated": "2026-01-15", "gor": "lagg_till"}
    send(at(OFFICER), f"/arenden/{number}/steg/order/", staging, files)
    _checked(at(OFFICER), f"/arenden/{number}/steg/order/filer/")
    step(at(OFFICER), number, "order", ORDER)
    return number


def _checked(desk: Desk, path: str, seconds: int = 120) -> None:
    """Wait until the worker has checked the uploaded files; without a worker they are sent unchecked."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and desk.context.request.get(desk.url + path).headers.get("x-done") != "1":
        time.sleep(0.3)


def in_progress(at: At, person: Person | None = None) -> str:
    """The responsible physician may write."""
    number = ordered(at, person)
    physician = _option(at(ADMIN), f"/arenden/{number}/steg/name_physician/", jobs.name_of(at(PHYSICIAN)))
    step(at(ADMIN), number, "name_physician", {"physician": physician})
    step(at(ADMIN), number, "confirm", {})
    return number


def written(at: At, person: Person | None = None) -> str:
    """The report is ready to be signed."""
    number = in_progress(at, person)
    profile = dict.fromkeys(PROFILE, "2") | {f"{name}_reason": "Undersökning" for name in PROFILE}
    sections = {name: {name: text} for name, text in TEXTS.items()}
    sections |= {"profile": profile, "examination": {"examined_on": "2026-02-03", "circumstances": "Två timmar"}}
    for revision, (name, answers) in enumerate(sections.items()):
        path = f"/arenden/{number}/utlatande/{name}/"
        send(at(PHYSICIAN), path, {**answers, "version": str(revision), "page": "setting"})
    examined(at, number)
    return number


def examined(at: At, number: str) -> None:
    """The responsible physician writes in a visit that has been; without one nothing is delivered."""
    path = f"/arenden/{number}/besok/steg/register/"
    today = datetime.now(ZoneInfo("Europe/Stockholm")).date()
    assessor = _option(at(PHYSICIAN), path, jobs.name_of(at(PHYSICIAN)))
    visit = {
        "profession": "physician", "assessor": assessor, "day": today.isoformat(),
        "start": "00:00", "minutes": "15", "meeting": "video", "came": "none", "gor": "fortsatt",
    }  # fmt: skip
    send(at(PHYSICIAN), path, visit)
    send(at(PHYSICIAN), f"{path}kontrollera/")


def delivered(at: At, person: Person | None = None) -> str:
    """The report has come."""
    number = written(at, person)
    data = {"source": "form", "responsible": "on", "revision": str(len(TEXTS) + 2)}
    step(at(PHYSICIAN), number, "deliver", data)
    return number
