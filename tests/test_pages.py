"""Every page of a case, for every member of the cast that may see it, in every status."""

import pytest

from tests import situations as s
from tests.pages import browser


@pytest.mark.parametrize("status", s.IN_STATUS)
def test_the_case_page_opens_in_every_status(cast, status):
    case = s.IN_STATUS[status](cast)
    for actor in (cast.officer, cast.region, cast.admin, cast.physician, cast.controller):
        answer = browser(actor).get(f"/arenden/{case.number}/")
        visible = type(case).objects.visible_to(actor).filter(pk=case.pk).exists()
        assert answer.status_code == (200 if visible else 404)


def test_lists_open_for_everybody(cast):
    s.requested(cast)
    s.in_progress(cast)
    for name, actor in cast.everyone().items():
        for url in (
            "/att-gora/",
            "/arenden/",
            "/arenden/?vy=alla",
            "/aviseringar/",
            "/regler/",
            "/om/personuppgifter/",
        ):
            answer = browser(actor).get(url)
            assert answer.status_code == 200, (name, url)


def test_every_step_that_may_be_taken_has_a_form_that_opens(cast):
    for make in s.IN_STATUS.values():
        case = make(cast)
        for actor in (cast.officer, cast.region, cast.admin, cast.physician):
            client = browser(actor)
            page = client.get(f"/arenden/{case.number}/")
            if page.status_code == 404:
                continue
            steps = [*page.context["more"], *([page.context["primary"]] if page.context["primary"] else [])]
            for step in steps:
                answer = client.get(step.url)
                assert answer.status_code == 200, (case.status, step.name)
                assert step.label in answer.content.decode()


def test_a_request_from_form_to_region(cast):
    client = browser(cast.officer)
    made = client.post("/arenden/ny/")
    url = made.headers["Location"]
    missing = client.post(url, {**s.REQUEST, "name": ""})
    assert missing.status_code == 422
    assert "Fyll i namn" in missing.content.decode()
    assert s.ADDRESS in missing.content.decode(), "what was typed is kept"
    answer = client.post(url, s.REQUEST)
    assert answer.headers["Location"].endswith("/kontrollera/")
    check = client.get(answer.headers["Location"])
    assert "Samira Lindahl" in check.content.decode()
    sent = client.post(answer.headers["Location"])
    case = type(s.draft(cast)).objects.get(number=sent.headers["Location"].split("/")[2])
    assert case.status == "requested"


def test_order_with_documents_in_the_form(cast):
    case = s.assigned(cast)
    client = browser(cast.officer)
    url = f"/arenden/{case.number}/steg/order/"
    page = client.post(url, s.ORDER)
    assert page.status_code == 422
    assert "Du har inte bifogat någon medicinsk handling" in page.content.decode()
    added = client.post(
        url,
        {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02", "ny-files_chosen": s.upload()},
    )
    assert added.status_code == 302
    kept = client.get(url).content.decode()
    assert "Hur länge kan personen sitta" in kept
    assert "handling.pdf" in kept
    assert client.post(url, s.ORDER).headers["Location"].endswith("/kontrollera/")
    assert client.post(f"{url}kontrollera/").status_code == 302
    assert s.fresh(case).status == "ordered"
