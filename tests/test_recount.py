"""A changed rule or calendar: shown first, moved when a person says so, once, with an event; the check by another route."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from fmu_portal.engine import clock, recount
from fmu_portal.engine.refusals import WrongState
from fmu_portal.models import Duty, DutySignal, Event, Recount
from fmu_portal.working_days import add_working_days
from rules.models import Rule
from tests import situations as s
from tests.pages import browser


def change_rule(key, days):
    """Another length of a routine, as `manage.py setup` would load it."""
    Rule.objects.filter(key=key).update(value=days)


@pytest.fixture
def moved(committed_cast, as_owner):
    """A requested case whose routine has become two days longer: (cast, case, the duty's first last day)."""
    case = s.requested(committed_cast)
    before = Duty.objects.open().get(subject_id=case.pk).due
    change_rule("routine.region_answer", 7)
    assert recount.find_moves() == 1
    return committed_cast, case, before


def test_nothing_moves_until_a_person_says_so(moved):
    _, case, before = moved
    assert Duty.objects.open().get(subject_id=case.pk).due == before
    assert Recount.objects.get().decided_at is None
    assert recount.find_moves() == 1, "looking twice keeps one list"
    assert Recount.objects.count() == 1


def test_the_administrator_sees_what_would_move_and_moves_it(moved):
    cast, case, before = moved
    client = browser(cast.administrator)
    page = client.get("/omrakning/").content.decode()
    assert "Besvara begäran" in page
    assert str(before) in page
    assert case.number not in page, "the administrator manages and sees no case"
    client.post("/omrakning/", {"omrakning": Recount.objects.get().pk, "svar": "ja"})
    duty = Duty.objects.open().get(subject_id=case.pk)
    start = Event.objects.filter(subject_id=case.pk, step="request").get().at.date()
    assert duty.due == add_working_days(start, 7)
    old = Duty.objects.get(superseded_by=duty)
    assert old.closed_by_id is not None
    event = Event.objects.get(subject_id=case.pk, step="recount")
    assert (event.data["from"], event.data["to"]) == (str(before), str(duty.due))
    text = browser(cast.region).get(f"/arenden/{case.number}/").content.decode()
    assert "Sista dag räknades om" in text


def test_nobody_else_may_decide(moved):
    cast, case, before = moved
    for actor in (cast.officer, cast.region, cast.admin):
        answer = browser(actor).post("/omrakning/", {"omrakning": Recount.objects.get().pk, "svar": "ja"})
        assert answer.status_code == 403
    assert Duty.objects.open().get(subject_id=case.pk).due == before


def test_a_no_leaves_the_days_and_a_second_answer_is_refused(moved):
    cast, case, before = moved
    pk = Recount.objects.get().pk
    assert recount.decide(pk, cast.administrator.user_id, approved=False) == 0
    assert Duty.objects.open().get(subject_id=case.pk).due == before
    with pytest.raises(WrongState):
        recount.decide(pk, cast.administrator.user_id, approved=True)


def test_a_moved_day_rearms_its_reminder_and_flag(moved):
    cast, case, before = moved
    clock.watch(before + timedelta(1))
    assert DutySignal.objects.filter(kind="overdue").count() == 1
    recount.decide(Recount.objects.get().pk, cast.administrator.user_id, approved=True)
    duty = Duty.objects.open().get(subject_id=case.pk)
    clock.watch(duty.due + timedelta(1))
    assert DutySignal.objects.filter(kind="overdue", duty=duty).count() == 1


def test_a_changed_calendar_is_found_too(committed_cast, as_owner, monkeypatch):
    from fmu_portal import working_days
    from fmu_portal.database import load_calendar

    case = s.requested(committed_cast)
    before = Duty.objects.open().get(subject_id=case.pk).due
    monkeypatch.setattr(working_days, "_corrections", lambda: {before: (False, "extra helgdag")})
    working_days.days_off.cache_clear()
    working_days.working_days.cache_clear()
    try:
        load_calendar()
        assert recount.find_moves() == 1
        moves = Recount.objects.get().moves
        assert moves[0][3] == str(before)
        assert moves[0][4] == str(working_days.add_working_days(before, 1))
    finally:
        monkeypatch.undo()
        working_days.days_off.cache_clear()
        working_days.working_days.cache_clear()


def test_a_date_that_a_person_decided_is_never_recounted(committed_cast, as_owner):
    cast = committed_cast
    case = s.delivered(cast)
    due = add_working_days(Event.objects.latest("pk").at.date(), 4)
    s.step(
        case, "request_supplement", cast.officer, report_version=1, part="risks", missing="Risker", due=due.isoformat()
    )
    change_rule("routine.supplement_report", 3)
    assert recount.find_moves() == 0
    assert Duty.objects.open().get(subject_id=case.pk).due == due


def test_the_load_keeps_the_file_and_the_table_alike(committed_cast, as_owner):
    change_rule("routine.region_answer", 99)
    call_command("setup", stdout=open("/dev/null", "w"))  # noqa: SIM115
    assert Rule.objects.get(key="routine.region_answer").days == 5
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rules_rule WHERE source = ''")
        assert cursor.fetchone()[0] == 0
    assert json.dumps(Recount.objects.count()) == "0"
