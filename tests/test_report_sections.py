"""What delivering asks for, and the other professions' own sections: signed by each, or marked as not done."""

from __future__ import annotations

import pytest
from django.utils import timezone

from fmu_portal.engine.refusals import InvalidInput, WrongRole, WrongState
from fmu_portal.models import Event
from orders.models import Report, ReportVersion
from orders.pdf import html_of, parts_of
from orders.readiness import readiness
from orders.replay import differences
from orders.report_data import data_of
from orders.sentences import sentence
from tests import situations as s
from tests.pages import browser
from tests.roles import at_work
from tests.test_last_day import approve, do, propose
from tests.test_visits import AHEAD, book, moved

SAID = {"findings": "Påhittat fynd från psykologen", "judgement": "Påhittad betydelse"}


def signed(**changed):
    return SAID | {"examined_on": timezone.localdate().isoformat()} | changed


@pytest.fixture
def case(cast):
    """In progress, with a psychologist approved who takes part, and a report that is written."""
    case = s.in_progress(cast)
    approve(case, cast, propose(case, cast), 0)
    given = {"physician": cast.physician.user_id, "others": [cast.psychologist.user_id]}
    case = s.step(case, "name_physician", cast.admin, **given)
    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    return case


def deliver(case, cast):
    from fmu_portal.engine.door import take

    given = {"source": "form", "revision": s.revision(case), "responsible": "on"}
    take("assessment", case.pk, "deliver", cast.physician, given)
    return s.fresh(case)


def test_delivering_asks_for_visit_closed_visits_and_sections(case, cast):
    with pytest.raises(WrongState, match="läkarbesök ska vara genomfört"):
        deliver(case, cast)
    visit = book(case, cast)
    with pytest.raises(WrongState, match="alla besök ska vara avslutade"):
        deliver(case, cast)
    do(case, "visit", "carry_out", cast.physician, moved(visit, -AHEAD - 1))
    with pytest.raises(WrongState, match="avsnittet från psykolog"):
        deliver(case, cast)
    s.step(case, "sign_section", cast.psychologist, **signed())
    assert readiness(s.fresh(case)).hindrance is None
    assert deliver(case, cast).status == "delivered"


def test_no_show_and_another_professions_visit_are_no_examination(case, cast):
    s.step(case, "section_not_done", cast.physician, profession="psychologist", why="Behövdes inte")
    visit = moved(book(case, cast), -AHEAD - 1)
    do(case, "visit", "no_show", cast.admin, visit, what="not_come")
    with pytest.raises(WrongState, match="läkarbesök"):
        deliver(case, cast)


def test_a_signed_section_stands_in_the_report_its_pdf_and_its_data(case, cast):
    s.examined(case, cast.physician)
    s.step(case, "sign_section", cast.psychologist, **signed(findings="Först"))
    s.step(case, "sign_section", cast.psychologist, **signed())
    case = deliver(case, cast)
    version = ReportVersion.objects.get(assessment=case)
    other = parts_of(version.content)[-1]
    assert (other.title, other.answers[1].text) == ("Avsnitt från psykolog", SAID["findings"])
    assert "Petra Psykolog" in other.answers[-1].text
    html = html_of(version)
    assert SAID["judgement"] in html
    assert "Petra Psykolog" in html
    assert "Först" not in html
    found = data_of(version)["other_sections"]
    assert [(row["profession"], row["done"], row["signed_by"]["name"]) for row in found] == [
        ("psychologist", True, "Petra Psykolog")
    ]
    page = browser(cast.officer).get(f"/arenden/{case.number}/utlatande/version/1/", secure=True).content.decode()
    assert SAID["findings"] in page
    event = Event.objects.filter(step="sign_section").last()
    assert sentence(event, {}) == "Psykologen signerade sitt avsnitt av utlåtandet."
    assert SAID["findings"] not in str(event.data)
    assert list(differences(case.pk)) == []


def test_a_section_that_is_not_done_says_why(case, cast):
    s.examined(case, cast.physician)
    with pytest.raises(InvalidInput) as refused:
        s.step(case, "section_not_done", cast.physician, profession="physiotherapist", why="Nej")
    assert list(refused.value.errors) == ["profession"]
    with pytest.raises(InvalidInput) as refused:
        s.step(case, "section_not_done", cast.physician, profession="psychologist", why="")
    assert list(refused.value.errors) == ["why"]
    s.step(case, "section_not_done", cast.physician, profession="psychologist", why="Personen uteblev")
    version = ReportVersion.objects.get(assessment=deliver(case, cast))
    assert "Personen uteblev" in html_of(version)
    assert data_of(version)["other_sections"][0]["done"] is False


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"examined_on": "2099-01-01"}, "examined_on"), ({"examined_on": "2020-01-01"}, "examined_on"),
     ({"findings": ""}, "findings"), ({"judgement": "x" * 20_001}, "judgement")],
)  # fmt: skip
def test_a_section_that_cannot_be(case, cast, changed, field):
    with pytest.raises(InvalidInput) as refused:
        s.step(case, "sign_section", cast.psychologist, **signed(**changed))
    assert list(refused.value.errors) == [field]


def test_who_signs_no_section(case, cast):
    for name in ("physician", "admin", "officer", "region"):
        with pytest.raises(WrongRole):
            s.step(case, "sign_section", getattr(cast, name), **signed())
    for name in ("psychologist", "officer", "admin"):
        with pytest.raises(WrongRole):
            s.step(case, "section_not_done", getattr(cast, name), profession="psychologist", why="Nej")
    with pytest.raises(WrongState, match="ansvariga läkaren"):
        s.step(case, "section_not_done", cast.physician_two, profession="psychologist", why="Nej")
    other = s.in_progress(cast)
    with pytest.raises(WrongState, match="deltar"):
        s.step(other, "sign_section", cast.psychologist, **signed())
    given = {"physician": cast.physician.user_id, "others": [cast.psychologist.user_id]}
    s.step(other, "name_physician", cast.admin, **given)
    with pytest.raises(WrongState, match="inte godkänt"):
        s.step(other, "sign_section", cast.psychologist, **signed())


def test_signing_asks_for_the_password_and_a_new_section_must_be_read_before_delivery(case, cast):
    s.examined(case, cast.physician)
    seen = s.revision(case)
    client, url = browser(cast.psychologist), f"/arenden/{case.number}/steg/sign_section/"
    assert client.post(url, signed(), secure=True).status_code == 302
    check = client.get(f"{url}kontrollera/", secure=True)
    assert 'type="password"' in check.content.decode()
    assert (
        client.post(f"{url}kontrollera/", {"sedd": str(case.version), "password": "fel"}, secure=True).status_code
        == 422
    )
    with at_work(cast.psychologist):
        assert "others" not in Report.objects.get(assessment=case).content
    s.step(case, "sign_section", cast.psychologist, **signed())
    with pytest.raises(InvalidInput, match="Uppgifterna") as refused:
        s.step(case, "deliver", cast.physician, source="form", revision=seen, responsible="on")
    assert "ändrats" in refused.value.errors["source"][0]
