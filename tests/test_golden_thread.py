"""The door against the golden table of a thread: who may take which step where, where it leads, what it opens and closes."""

from pathlib import Path

import pytest

from accounts.actor import CLOCK
from correspondence.models import Message, Thread
from correspondence.process import THREAD
from fmu_portal.engine import door
from fmu_portal.engine.refusals import Refused, WrongRole, WrongState
from fmu_portal.models import Duty, Event
from tests import situations as s
from tests import threads as t

LINES = [
    [cell.strip() for cell in line.split("|")]
    for line in Path(__file__).with_name("golden_thread.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
TABLE = {(row[0], row[1]): row[2:] for row in LINES}
SITUATIONS = [*dict.fromkeys(row[0] for row in LINES)]
WHO = {
    "O": ["officer"],
    "C": ["team"],
    "R": ["region", "region_two"],
    "F": ["finance"],
    "A": ["admin"],
    "P": ["physician", "physician_two"],
    "S": ["psychologist"],
    "K": ["clock"],
}


def people(cast):
    return {**cast.everyone(), "clock": CLOCK}


def allowed(letters):
    return [name for letter in letters for name in WHO[letter]]


def valid_input(step, cast, actor):
    other = cast.officer if actor.organisation_id != cast.officer.organisation_id else cast.region
    return {
        "write": {"text": t.TEXT},
        "answer": {"text": t.TEXT},
        "ask": {"text": t.TEXT, "asked": other.organisation_id},
        "leave": {"organisation": cast.admin.organisation_id},
    }.get(step)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_who_may_take_which_step(cast, situation):
    thread = t.make(situation, cast)
    duties = door.open_duties("thread", thread.pk)
    for name, actor in people(cast).items():
        steps = {step.name for step in door.available("thread", Thread.objects.get(pk=thread.pk), actor, duties)}
        assert steps == {step for (at, step), row in TABLE.items() if at == situation and name in allowed(row[0])}, name


@pytest.mark.parametrize(("situation", "step"), TABLE, ids=[f"{a}-{b}" for a, b in TABLE])
def test_where_a_step_leads(cast, situation, step):
    who, status, opens, closes = TABLE[situation, step]
    thread = t.make(situation, cast)
    was_open = {d.pk for d in door.open_duties("thread", thread.pk)}
    actor = people(cast)[allowed(who)[-1]]
    event = door.take("thread", thread.pk, step, actor, valid_input(step, cast, actor))
    now = Duty.objects.open().filter(process="thread", subject_id=thread.pk)
    assert Thread.objects.get(pk=thread.pk).status == status == event.to_status
    assert [d.kind for d in now if d.pk not in was_open] == ([] if opens == "-" else opens.split())
    closed = Duty.objects.filter(pk__in=was_open, closed_by=event)
    assert [d.kind for d in closed] == ([] if closes == "-" else closes.split())
    assert now.exists() is (status == "asked"), "a question has its duty, and nothing else has"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_everything_else_is_refused_and_changes_nothing(cast, situation):
    thread = t.make(situation, cast)
    before = (Event.objects.count(), Duty.objects.count(), Message.objects.count())
    for step in THREAD.steps:
        for name, actor in people(cast).items():
            if (row := TABLE.get((situation, step))) is None or name not in allowed(row[0]):
                with pytest.raises(Refused):
                    door.take("thread", thread.pk, step, actor, valid_input(step, cast, actor) or {})
    assert before == (Event.objects.count(), Duty.objects.count(), Message.objects.count())


def test_the_table_names_every_step_and_status():
    assert {step for _, step in TABLE} == set(THREAD.steps)
    assert {row[1] for row in TABLE.values()} == set(THREAD.statuses)


def test_a_question_is_a_duty_of_the_one_that_was_asked_for_three_working_days(cast):
    thread = t.make("asked", cast)
    duty = Duty.objects.get(process="thread", subject_id=thread.pk)
    assert (duty.organisation_id, duty.party, duty.rule) == (
        cast.region.organisation_id, "region", "routine.answer_message@2019-01-01",
    )  # fmt: skip
    assert duty.inputs["days"] == 3
    assert duty.holder_id == s.fresh(thread.case).region_coordinator_id
    assert (thread.asked_id, thread.asked_by_id, thread.asker_id) == (
        cast.region.organisation_id, cast.officer.organisation_id, cast.officer.user_id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("step", "data"),
    [("withdraw", {"reason": "x"}), ("end", {"cause": "moved", "reason": "x"})],
)
def test_a_closed_case_closes_its_questions(cast, step, data):
    thread = t.make("asked", cast)
    s.step(thread.case, step, cast.officer, **data)
    thread.refresh_from_db()
    assert (thread.status, thread.asked_id) == ("open", None)
    assert not Duty.objects.open().filter(case_id=thread.case_id).exists()
    assert Event.objects.filter(process="thread", subject_id=thread.pk, party="clock", step="lapse").count() == 1


def test_a_hand_back_lets_the_unit_go_and_its_questions(cast):
    case = s.in_progress(cast)
    mine = t.in_case(case, cast.officer, cast.admin, asked=cast.admin)
    others = t.in_case(case, cast.officer, cast.region, asked=cast.region)
    s.step(case, "hand_back", cast.admin, cause="conflict", reason="Jäv")
    mine.refresh_from_db(), others.refresh_from_db()
    assert (mine.status, others.status) == ("open", "asked")
    with pytest.raises(WrongState, match="Er organisation har inte längre ärende"):
        t.step(mine, "write", cast.admin, text="Hej")
    with pytest.raises(WrongState, match="De andra parterna har lämnat tråden"):
        t.step(mine, "write", cast.officer, text="Hej")
    with pytest.raises(WrongRole):
        t.step(mine, "write", cast.other_admin, text="Hej")


def test_the_events_hold_no_word_of_what_was_written(cast):
    thread = t.everybody(cast, s.in_progress(cast), asked=cast.region)
    t.step(thread, "answer", cast.region, text="Ja, det går bra")
    for event in Event.objects.filter(process="thread"):
        assert not {t.TITLE, t.TEXT, "Ja, det går bra"} & {str(v) for v in event.data.values()}
    assert t.TEXT not in str(list(Event.objects.filter(process="thread").values_list("data", flat=True)))


def test_the_events_give_the_rows_again(cast):
    from orders.replay import differences

    for situation in SITUATIONS:
        t.make(situation, cast)
    thread = t.make("asked", cast)
    t.step(thread, "answer", cast.finance, text="Ja")
    case = s.in_progress(cast)
    s.step(case, "hand_over", cast.officer, colleague=cast.team.user_id)
    assert s.fresh(case).case_officer_id == cast.team.user_id
    assert list(differences()) == []
