"""A person with a protected identity, a case of theirs, and what would tell who or where they are."""

from __future__ import annotations

from typing import Any

from fmu_portal.engine import outbox
from orders.models import Assessment, Report
from tests import situations as s
from tests.pages import browser

NAME, ADDRESS, PHONE = "Skyddsam Gömdén", "Hemliga stigen 7", "070-174 06 11"
NUMBER, PLACE, LOCALITY = s.OTHER_PERSONNUMMER, "Norrtälje", "NORRTÄLJE"
MARKED = s.REQUEST | {
    "personnummer": NUMBER,
    "protection": "registered",
    "name": NAME,
    "address": ADDRESS,
    "phone": PHONE,
    "postal_code": "761 30",
    "municipality": "0188",
    "special_needs": "",
}
TRACES = (
    NAME,
    ADDRESS,
    PHONE,
    NUMBER,
    NUMBER.replace("-", ""),
    PLACE,
    LOCALITY,
    "Skyddsam",
    "Gömdén",
    "761 30",
    "76130",
)
WHERE = ("Region Stockholm", "Enheten Ett")


def case(cast: Any, until: str = "delivered") -> Assessment:
    """A case of the protected person, taken through the pages by the officer and then on."""
    case = s.draft(cast)
    client = browser(cast.officer)
    url = f"/arenden/{case.number}/steg/request/"
    answer = client.post(url, MARKED)
    assert answer.status_code == 302, answer.content.decode()
    assert client.post(f"{url}kontrollera/").status_code == 302
    case = s.fresh(case)
    case = s.step(case, "assign", cast.region, performer=cast.admin.organisation_id)
    s.stage(case, cast.officer)
    case = s.step(case, "order", cast.officer, **s.ORDER | {"special_needs": ""})
    case = s.step(s.with_physician(case, cast), "confirm", cast.admin)
    if until == "delivered":
        Report.objects.create(assessment=case, performer_id=case.performer_id or 0, content=s.REPORT)
        case = s.step(case, "deliver", cast.physician, source="form", revision=0, responsible="on")
        outbox.work()
    return s.fresh(case)


def no_trace(text: str, url: Any) -> None:
    """Nothing in an answer tells who or where."""
    # The form that sends a request anew lists every municipality, and so does the API's description.
    places = "steg/request" in str(url) or "/api/v1/schema" in str(url) or str(url).endswith("/api/v1/")
    found = [trace for trace in TRACES if trace in text and not (places and trace == PLACE)]
    assert not found, (url, found)
