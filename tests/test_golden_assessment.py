"""The door against the golden table: who may take which step where, where it leads, what it opens and closes."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from accounts.actor import CLOCK
from fmu_portal.engine import door
from fmu_portal.engine.refusals import Refused
from fmu_portal.models import Duty, Event
from orders.models import Enclosure, Report
from orders.process import ASSESSMENT
from tests import situations as s
from tests.cast import Cast
from tests.test_last_day import approve, propose

pytestmark = pytest.mark.usefixtures("own_beginning")

LINES = [
    [cell.strip() for cell in line.split("|")]
    for line in Path(__file__).with_name("golden_assessment.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
TABLE = {(row[0], row[1]): row[2:] for row in LINES}
SITUATIONS = [*dict.fromkeys(row[0] for row in LINES), "withdrawn", "ended", "discarded"]
ENDED = ("withdrawn", "ended", "discarded")

WHO = {
    "O": ["officer"],
    "C": ["team"],
    "R": ["region", "region_two"],
    "A": ["admin"],
    "P": ["physician", "physician_two"],
    "H": ["physician"],
    "S": ["psychologist"],
    "K": [],
}


def make(name, cast):
    """A case in a situation of the table."""
    status, _, extra = name.partition("+")
    if extra == "question":
        case = s.ordered(cast) if status == "ordered" else s.examined(s.in_progress(cast), cast.physician)
        return s.step(case, "question_underlag", cast.admin, missing="Journal", essential="Behövs")
    if extra == "expanded":
        case = s.examined(s.in_progress(cast), cast.physician)
        approve(case, cast, propose(case, cast), 0)
        given = {"physician": cast.physician.user_id, "others": [cast.psychologist.user_id]}
        return s.step(case, "name_physician", cast.admin, **given)
    if extra == "proposed":
        return s.step(s.requested(cast), "propose_end", cast.region, cause="moved", reason="Har flyttat")
    if extra == "silent":
        case = s.ordered(cast)
        Duty.objects.open().filter(subject_id=case.pk).update(due=s.yesterday())
        return case
    case = s.IN_STATUS[status](cast)
    return s.examined(case, cast.physician) if status == "in_progress" else case


@pytest.fixture
def begun(request, once):
    """(situation, a case in it): made once for the tests that begin there."""
    return request.param, once(request.param, lambda: make(request.param, Cast.load()))


def valid_input(step, case, cast, actor=None):
    """An input that the step accepts in this situation."""
    if step in ("return", "decline_question", "decline_end", "cannot_supplement", "recall_supplement", "withdraw"):
        return {"reason": "Ett skäl"}
    if step == "void_document":
        return {"enclosure": case.enclosures.sent().first().pk, "wrong": "person", "reason": "Fel person"}
    if step == "hand_over":
        at_region = cast.region_two if case.region_coordinator_id != cast.region_two.user_id else cast.region
        return {"colleague": (cast.team if actor.party == "agency" else at_region).user_id}
    if step == "order":
        s.stage(case, cast.officer)
        return s.ORDER
    if step == "register_report":
        s.stage(case, cast.officer, "report")
        return {"delivered_on": date.today().isoformat(), "evidence": "Kom med posten"}  # noqa: DTZ011
    if step in ("deliver", "supplement"):
        Report.objects.update_or_create(assessment=case, performer_id=case.performer_id, defaults={"content": s.REPORT})
        return {"source": "form", "revision": 0, "responsible": "on"}
    return {
        "request": s.REQUEST,
        "discard": None,
        "confirm": None,
        "record_silence": None,
        "request_anew": {"municipality": "0180", "reason": "Ny begäran"},
        "assign": {"performer": cast.admin.organisation_id},
        "name_physician": {"physician": cast.physician.user_id},
        "question_underlag": {"missing": "Journal", "essential": "Behövs"},
        "supplement_underlag": {"answer": "Den finns inte"},
        "promise_underlag": {"promised": (date.today() + timedelta(days=9)).isoformat()},  # noqa: DTZ011
        "add": {"text": "Ny telefon", "phone": "070-1740605"},
        "protect": {"protection": "marked"},
        "sign_section": {"examined_on": str(case.ordered_on), "findings": "Fynd", "judgement": "Betydelse"},
        "section_not_done": {"profession": "psychologist", "why": "Uteblev"},
        "complete": {"report_version": case.report_version, "complete": "ja"},
        "request_supplement": {"report_version": case.report_version, "part": "prognosis", "missing": "Hur länge"},
        "propose_end": {"cause": "moved", "reason": "Har flyttat"},
        "end": {"cause": "moved", "reason": "Har flyttat"},
        "hand_back": {"cause": "conflict", "reason": "Jäv"},
    }[step]


def people(cast):
    """Everybody, the clock too."""
    return {**cast.everyone(), "clock": CLOCK}


def allowed(letters):
    """The people that a cell of the table names."""
    return {name for letter in letters for name in WHO[letter]} | ({"clock"} if "K" in letters else set())


@pytest.mark.parametrize("begun", SITUATIONS, indirect=True)
def test_who_may_take_which_step(begun, cast):
    situation, case = begun
    duties = door.open_duties("assessment", case.pk)
    for name, actor in people(cast).items():
        steps = {step.name for step in door.available("assessment", case, actor, duties)}
        expected = {step for (where, step), row in TABLE.items() if where == situation and name in allowed(row[0])}
        if name == "physician" and case.responsible_physician_id is None:
            expected -= {"deliver", "supplement"}
        assert steps == expected, (situation, name)


@pytest.mark.parametrize(("begun", "step"), TABLE, ids=[f"{a}-{b}" for a, b in TABLE], indirect=["begun"])
def test_where_a_step_leads(begun, cast, step):
    situation, case = begun
    who, status, opens, closes = TABLE[situation, step]
    case = s.fresh(case)
    if step in ("deliver", "supplement") and case.responsible_physician_id is None:
        case = s.with_physician(case, cast)
    before = Event.objects.filter(subject_id=case.pk, process="assessment").count()
    was_open = set(Duty.objects.open().filter(process="assessment", subject_id=case.pk).values_list("pk", flat=True))
    actor = people(cast)[min(allowed(who), key=lambda name: name != "physician")]
    event = door.take("assessment", case.pk, step, actor, valid_input(step, case, cast, actor))
    now_open = Duty.objects.open().filter(process="assessment", subject_id=case.pk)
    assert s.fresh(case).status == status == event.to_status
    opened = sorted(d.kind for d in now_open if d.pk not in was_open)
    closed = sorted(Duty.objects.filter(pk__in=was_open, closed_by=event).values_list("kind", flat=True))
    assert opened == ([] if opens == "-" else opens.split())
    assert closed == ([] if closes == "-" else closes.split())
    assert Event.objects.filter(subject_id=case.pk, process="assessment").count() == before + 1
    assert not now_open.exists() or ASSESSMENT.statuses[status].ended is False
    if not ASSESSMENT.statuses[status].ended:
        assert now_open.exists(), "every open assessment has at least one open duty"


@pytest.mark.parametrize("begun", SITUATIONS, indirect=True)
def test_everything_else_is_refused_and_changes_nothing(begun, cast):
    situation, case = begun
    before = (Event.objects.count(), Duty.objects.count(), Enclosure.objects.count())
    for step in ASSESSMENT.steps:
        row = TABLE.get((situation, step))
        for name in (
            "officer",
            "region",
            "physician_two",
            "other_physician",
            "stranger_officer",
            "skane",
            "administrator",
        ):
            if row and name in allowed(row[0]):
                continue
            with pytest.raises(Refused):
                door.take("assessment", case.pk, step, getattr(cast, name), {"reason": "x"})
    assert before == (Event.objects.count(), Duty.objects.count(), Enclosure.objects.count())
    assert s.fresh(case).status == case.status


def test_the_table_names_every_step_and_every_status():
    taken_along = {name for name, step in ASSESSMENT.steps.items() if step.follows}
    assert {step for _, step in TABLE} == set(ASSESSMENT.steps) - taken_along
    assert taken_along == {"extend"}
    assert {name.partition("+")[0] for name in SITUATIONS} == set(ASSESSMENT.statuses)
    assert {n for n, status in ASSESSMENT.statuses.items() if status.ended} == {"accepted", *ENDED}
