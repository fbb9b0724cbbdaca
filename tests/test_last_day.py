"""Expansion, deferral and deviation: who may do what, how the last day moves, and how it explains itself."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fmu_portal.engine.door import available, begin, open_duties, take
from fmu_portal.engine.refusals import InvalidInput, LostRace, WrongRole, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.models import Duty
from fmu_portal.working_days import add_working_days
from orders.last_day import present
from orders.models import Assessment, Deferral, Deviation, Expansion, RegionChoice
from orders.replay import differences
from tests import situations as s
from tests.pages import browser
from tests.roles import at_work

GROUNDS = {"unclear": "Oklart", "clears": "Klargör", "matters": "Betyder"}
REASON = {"reason": "Tolken uteblev."}


def do(case, process, step, actor, part=None, **data):
    """A step of a part; returns the part as it is stored."""
    with at_work(actor):
        if part is None:
            part, _ = begin(process, case.pk, step, actor, data)
        else:
            take(process, part.pk, step, actor, data)
    return type(part).objects.get(pk=part.pk)


def report_days(case):
    return sorted(Duty.objects.open().filter(case_id=case.pk, kind="deliver_report").values_list("due", flat=True))


def kinds(case):
    """Every open duty of the case and its parts."""
    return sorted(Duty.objects.open().filter(case_id=case.pk).values_list("kind", flat=True))


def propose(case, cast):
    return do(case, "expansion", "propose", cast.physician, professions=["psychologist", "physiotherapist"], **GROUNDS)


def approve(case, cast, part, days):
    return do(case, "expansion", "approve", cast.officer, part, professions=["psychologist"], days=days)


@pytest.fixture
def case(cast):
    return s.in_progress(cast)


def test_an_expansion_moves_the_last_day_by_its_working_days(case, cast):
    start = case.underlag_complete_on
    assert report_days(case) == [add_working_days(start, 25)] * 2
    part = propose(case, cast)
    assert kinds(case) == ["decide_expansion", "deliver_report", "deliver_report"]
    part = approve(case, cast, part, 12)
    assert (part.status, part.days, part.professions) == ("approved", 12, ["psychologist"])
    assert report_days(case) == [add_working_days(start, 37)] * 2
    assert present(case).inputs["extra"] == [[12, timezone.localdate().isoformat()]]
    assert list(differences(case.pk)) == []


@pytest.mark.parametrize("days", ["-1", "21", "tolv", ""])
def test_days_outside_the_law_are_refused_beside_the_field(case, cast, days):
    part = propose(case, cast)
    with pytest.raises(InvalidInput) as refused:
        approve(case, cast, part, days)
    assert list(refused.value.errors) == ["days"]
    assert report_days(case) == [add_working_days(case.underlag_complete_on, 25)] * 2


def test_a_second_approval_may_not_make_it_twenty_one(case, cast):
    approve(case, cast, propose(case, cast), 12)
    second = propose(case, cast)
    with pytest.raises(InvalidInput) as refused:
        approve(case, cast, second, 9)
    assert "högst 8" in refused.value.errors["days"][0]
    approve(case, cast, second, 8)
    assert report_days(case) == [add_working_days(case.underlag_complete_on, 45)] * 2


def test_one_proposal_at_a_time_and_only_by_the_responsible_physician(case, cast):
    propose(case, cast)
    with pytest.raises(WrongState, match="redan en ansökan"):
        propose(case, cast)
    with pytest.raises(WrongState, match="ansvariga läkaren"):
        do(case, "expansion", "propose", cast.physician_two, professions=["psychologist"], **GROUNDS)
    with pytest.raises(Assessment.DoesNotExist):  # behind the wall
        do(case, "expansion", "propose", cast.other_physician, professions=["psychologist"], **GROUNDS)
    for actor in (cast.admin, cast.psychologist, cast.region, cast.officer):
        with pytest.raises(WrongRole):
            do(case, "expansion", "propose", actor, professions=["psychologist"], **GROUNDS)


def test_a_finished_case_cannot_be_expanded_and_its_end_closes_a_proposal(case, cast):
    part = propose(case, cast)
    s.step(case, "end", cast.officer, cause="died", reason="Avliden.")
    assert Expansion.objects.get(pk=part.pk).status == "closed"
    with pytest.raises(WrongState):
        approve(case, cast, part, 3)
    with pytest.raises(WrongState):
        propose(case, cast)
    assert list(differences(case.pk)) == []


def test_a_risk_goes_by_the_region_to_the_agency_and_moves_nothing_until_it_is_decided(case, cast):
    day = add_working_days(case.underlag_complete_on, 40)
    part = do(case, "deferral", "tell_risk", cast.admin, wished=day.isoformat(), **REASON)
    assert "pass_on_risk" in kinds(case)
    part = do(case, "deferral", "pass_on", cast.region, part)
    assert (part.status, "decide_deferral" in kinds(case)) == ("applied", True)
    assert report_days(case) == [add_working_days(case.underlag_complete_on, 25)] * 2
    part = do(case, "deferral", "grant", cast.officer, part, until=day.isoformat())
    assert (part.status, report_days(case)) == ("granted", [day] * 2)
    assert list(differences(case.pk)) == []


def test_with_a_standing_leave_the_risk_goes_straight_on(case, cast):
    RegionChoice.objects.create(region_id=case.region_id, standing_leave=True)
    day = add_working_days(case.underlag_complete_on, 30).isoformat()
    with pytest.raises(WrongState, match="medgivande"):
        do(case, "deferral", "tell_risk", cast.admin, wished=day, **REASON)
    assert do(case, "deferral", "tell_agency", cast.admin, wished=day, **REASON).status == "applied"


def test_two_decisions_on_one_deferral(case, cast):
    day = add_working_days(case.underlag_complete_on, 30).isoformat()
    part = do(case, "deferral", "apply", cast.region, wished=day, **REASON)
    do(case, "deferral", "grant", cast.officer, part, until=day)
    with at_work(cast.team), pytest.raises(LostRace) as lost:
        take("deferral", part.pk, "decline", cast.team, REASON, seen=part.version)
    assert lost.value.facts["label"] == "Bevilja anstånd"
    assert report_days(case) == [date.fromisoformat(day)] * 2


def test_the_later_of_extra_time_and_deferral_counts(case, cast):
    start = case.underlag_complete_on
    do(case, "deferral", "grant_unasked", cast.officer, until=add_working_days(start, 30).isoformat())
    approve(case, cast, propose(case, cast), 20)
    assert report_days(case) == [add_working_days(start, 45)] * 2
    far = add_working_days(start, 60)
    do(case, "deferral", "grant_unasked", cast.officer, until=far.isoformat())
    assert report_days(case) == [far] * 2
    assert list(differences(case.pk)) == []


@pytest.mark.parametrize("days", [0, -5, 3000])
def test_a_deferral_to_a_day_that_cannot_be(case, cast, days):
    until = report_days(case)[0] + timedelta(days)
    with pytest.raises(InvalidInput) as refused:
        do(case, "deferral", "grant_unasked", cast.officer, until=until.isoformat())
    assert list(refused.value.errors) == ["until"]


def test_a_deferral_after_delivery_makes_a_late_report_be_in_time(cast):
    case = s.in_progress(cast)
    late = add_working_days(case.underlag_complete_on, 28)
    now = timezone.make_aware(timezone.datetime(late.year, late.month, late.day, 12))
    from orders.models import Report

    Report.objects.create(assessment=case, performer_id=case.performer_id, content=s.REPORT)
    with at_work(cast.physician):
        take(
            "assessment", case.pk, "deliver", cast.physician,
            {"source": "form", "revision": 0, "responsible": "on"}, now=now,
        )  # fmt: skip
    case.refresh_from_db()
    assert (case.delivered_on, case.delivered_late) == (late, True)
    do(case, "deferral", "grant_unasked", cast.officer, until=late.isoformat())
    case.refresh_from_db()
    assert (case.status, case.delivered_late, present(case).due) == ("delivered", False, late)
    assert report_days(case) == []
    assert list(differences(case.pk)) == []


def test_deviations_are_written_in_by_steps_and_by_people(case, cast):
    part = do(
        case, "deviation", "report", cast.region,
        kind="other", found_on=timezone.localdate().isoformat(), cause="Fel telefonnummer",
    )  # fmt: skip
    with at_work(cast.admin), pytest.raises(InvalidInput):
        take("deviation", part.pk, "close", cast.admin, {})
    assert do(case, "deviation", "close", cast.admin, part, action="Rättat").status == "closed"
    s.step(case, "withdraw", cast.officer, reason="Behövs inte.")
    assert list(Deviation.objects.order_by("pk").values_list("kind", flat=True)) == ["other", "withdrawn"]
    assert Deferral.objects.count() == 0
    assert list(differences(case.pk)) == []


def test_the_demonstration_plays_every_scene(cast):
    from orders.demo.decisions import SCENES, play

    for _ in SCENES:
        s.in_progress(cast)
    assert play(timezone.now()) == len(SCENES)
    assert sorted(Deferral.objects.values_list("status", flat=True)) == ["applied", "granted", "granted", "told"]
    assert sorted(Expansion.objects.values_list("status", flat=True)) == ["applied", "approved", "declined"]
    assert list(differences()) == []


# status of the part, step, who may (others may not), status after; written by hand from the description of the process.
GOLDEN = """
expansion  new      propose         physician                            applied
expansion  applied  approve         officer team                         approved
expansion  applied  decline         officer team                         declined
expansion  applied  recall          admin physician physician_two        recalled
deferral   new      tell_risk       admin physician physician_two        told
deferral   new      apply           region region_two                    applied
deferral   new      grant_unasked   officer team                         granted
deferral   told     pass_on         region region_two                    applied
deferral   told     not_passed_on   region region_two                    recalled
deferral   told     recall          region region_two admin physician physician_two recalled
deferral   applied  grant           officer team                         granted
deferral   applied  decline         officer team                         declined
deferral   applied  recall          region region_two admin physician physician_two recalled
deviation  new      report          officer team region region_two admin physician physician_two open
deviation  open     act             officer team region region_two admin physician physician_two open
deviation  open     close           officer team region region_two admin physician physician_two closed
"""
ROWS = [(p, before, step, set(who), after) for p, before, step, *who, after in map(str.split, GOLDEN.split("\n")[1:-1])]


@pytest.mark.parametrize("process,status", sorted({row[:2] for row in ROWS}))
def test_the_golden_table(case, cast, process, status):
    """What each of the cast may do with a part in this status is what the table above says, and nothing more."""
    part = None
    if status != "new":
        part = {
            ("expansion", "applied"): lambda: propose(case, cast),
            ("deferral", "told"): lambda: do(
                case, "deferral", "tell_risk", cast.admin, wished=add_working_days(present(case).due, 3).isoformat(), **REASON
            ),
            ("deferral", "applied"): lambda: do(
                case, "deferral", "apply", cast.region, wished=add_working_days(present(case).due, 3).isoformat(), **REASON
            ),
            ("deviation", "open"): lambda: do(
                case, "deviation", "report", cast.region,
                kind="other", found_on=timezone.localdate().isoformat(), cause="Fel nummer",
            ),
        }[process, status]()  # fmt: skip
    expected = {(step, name) for p, before, step, who, _ in ROWS if (p, before) == (process, status) for name in who}
    allowed = set()
    for name, actor in cast.everyone().items():
        duties = open_duties(process, part.pk) if part is not None else []
        subject = part or PROCESSES[process].model.to_begin(case)
        allowed |= {(step.name, name) for step in available(process, subject, actor, duties)}
    assert allowed == expected
    for p, before, step, _, after in ROWS:
        if (p, before) == (process, status):
            row = PROCESSES[process].process.steps[step]
            assert (row.to or before) == after


def test_the_list_of_deviations_is_each_party_s_own(case, cast):
    do(
        case, "deviation", "report", cast.region,
        kind="other", found_on=timezone.localdate().isoformat(), cause="Fel nummer",
    )  # fmt: skip
    for name, actor in cast.everyone().items():
        answer = browser(actor).get("/avvikelser/")
        sees = case.number in answer.content.decode() if answer.status_code == 200 else False
        mine = name not in (
            "administrator",
            "skane",
            "skane_performer",
            "stranger_officer",
            "other_admin",
            "other_physician",
        )
        assert sees == mine, name
        assert "Fel nummer" not in answer.content.decode()
    client, url = browser(cast.region), "/avvikelser/?vy=alla&slag=other"
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for other in (s.in_progress(cast), s.requested(cast)):
        do(
            other, "deviation", "report", cast.region,
            kind="other", found_on=timezone.localdate().isoformat(), cause="Fel nummer",
        )  # fmt: skip
    with CaptureQueriesContext(connection) as three:
        assert client.get(url).content.decode().count(f"/arenden/{timezone.localdate().year}-") == 3
    assert len(one) == len(three)


def test_the_page_shows_the_grounds_beside_the_decision_and_the_chain_of_the_last_day(case, cast):
    part = propose(case, cast)
    page = browser(cast.officer).get(f"/arenden/{case.number}/utvidgning/{part.pk}/steg/approve/").content.decode()
    assert "Klargör" in page
    approve(case, cast, part, 12)
    until = add_working_days(case.underlag_complete_on, 50)
    do(case, "deferral", "grant_unasked", cast.officer, until=until.isoformat())
    today = timezone.localdate()
    for actor in (cast.officer, cast.region, cast.admin, cast.physician):
        page = browser(actor).get(f"/arenden/{case.number}/").content.decode().replace("\N{NO-BREAK SPACE}", " ")
        page = re.sub("<[^>]+>", "", page)
        assert "+ 12 vardagar" in page
        assert f"Godkänd utvidgning, beslut {today}" in page
        assert f"Anstånd till {until}" in page
