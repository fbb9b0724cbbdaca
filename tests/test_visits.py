"""Visits: who may do what and when, late notice to the hour, no double booking, what follows approval, duty, replay."""

from __future__ import annotations

import threading
from datetime import date, datetime, time, timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from fmu_portal.engine.door import begin, take
from fmu_portal.engine.refusals import InvalidInput, NoRule, WrongRole, WrongState
from fmu_portal.models import Duty, Note
from fmu_portal.working_days import add_working_days
from orders import visits
from orders.models import Deviation, Visit
from orders.replay import differences
from orders.sentences import sentence
from orders.visit_registration import open_past_visits
from tests import situations as s
from tests.roles import at_work
from tests.test_last_day import approve, do, propose

NOT_YOURS = (WrongRole, ObjectDoesNotExist)
"""The role may not, or the case is not there for it at all."""

AHEAD = 14
"""Days ahead of a visit that is booked."""


def a_day(days=AHEAD):
    return (timezone.localdate() + timedelta(days)).isoformat()


def booking(cast, **changed):
    return {
        "profession": "physician", "assessor": cast.physician.user_id, "day": a_day(), "start": "09.30", "minutes": 90,
        "meeting": "place", "place": "Mottagningen", "interpreter": "none",
    } | changed  # fmt: skip


def book(case, cast, actor=None, step="book", **changed):
    return do(case, "visit", step, actor or cast.admin, **booking(cast, **changed))


def psychologist(cast, **changed):
    return {"profession": "psychologist", "assessor": cast.psychologist.user_id} | changed


def moved(visit, days):
    """The visit as if it had been booked for another day; the owner's hand, past the door."""
    span = {"starts_at": visit.starts_at + timedelta(days), "ends_at": visit.ends_at + timedelta(days)}
    Visit.objects.filter(pk=visit.pk).update(**span)
    visit.refresh_from_db()
    return visit


@pytest.fixture
def case(cast):
    return s.in_progress(cast)


# -- the table, by hand ------------------------------------------------------------------------------------------------

MADE = {
    "provisional": lambda case, cast: book(case, cast, step="book_provisional", **psychologist(cast)),
    "booked": book,
    "summoned": lambda case, cast: do(
        case, "visit", "summon", cast.admin, book(case, cast), how="direct", sent_on=a_day(0)
    ),
}
NOTICE = {"by": "performer"}
GIVEN = {
    "summon": {"how": "post", "sent_on": a_day(0)},
    "cancel": NOTICE,
    "interrupt": {"interruption": "performer"},
    "no_show": {"what": "not_come"},
}
GOLDEN = """
                    provisional   booked       summoned     after its day
summon              -             summoned     -            -
rebook              -             booked       booked       -
rebook_provisional  provisional   -            -            -
carry_out           -             -            -            carried_out
interrupt           -             -            -            interrupted
no_show             -             -            -            no_show
cancel              cancelled     cancelled    cancelled    cancelled
book_interpreter    -             -            -            -
"""


@pytest.mark.parametrize("line", GOLDEN.strip().splitlines()[1:], ids=lambda line: line.split()[0])
def test_golden_table(line, case, cast):
    step, *wanted = line.split()
    for status, after in zip(["provisional", "booked", "summoned", "past"], wanted, strict=True):
        with transaction.atomic():
            visit = MADE.get(status, MADE["booked"])(case, cast)
            data = dict(GIVEN.get(step, {}))
            if status == "past":
                visit = moved(visit, -AHEAD - 1)
            if step.startswith("rebook"):
                data = booking(cast, day=a_day(20), assessor=visit.assessor_id)
                data = {key: data[key] for key in ("day", "start", "minutes", "assessor", "meeting", "place")}
            if after == "-":
                with pytest.raises(WrongState):
                    do(case, "visit", step, cast.admin, visit, **data)
            else:
                assert do(case, "visit", step, cast.admin, visit, **data).status == after, (step, status)
            transaction.set_rollback(True)


def test_who_may_not(case, cast):
    for name in ("officer", "region", "controller", "adviser", "stranger_officer", "other_admin", "skane_performer"):
        with pytest.raises(NOT_YOURS):
            book(case, cast, getattr(cast, name))
    visit = book(case, cast)
    for name in ("region", "controller", "other_admin", "stranger_officer"):
        with pytest.raises(NOT_YOURS):
            do(case, "visit", "cancel", getattr(cast, name), visit, by="performer")
    with pytest.raises(WrongState, match="den som undersöker"):
        do(case, "visit", "summon", cast.psychologist, visit, how="post", sent_on=a_day(0))
    with pytest.raises(InvalidInput) as refused:
        book(case, cast, cast.psychologist, day=a_day(3))
    assert list(refused.value.errors) == ["assessor"]
    with pytest.raises(WrongRole):
        do(case, "visit", "register", cast.admin, **booking(cast))
    with pytest.raises(InvalidInput) as refused:
        do(case, "visit", "cancel", cast.officer, visit, by="performer")
    assert list(refused.value.errors) == ["by"]
    assert do(case, "visit", "cancel", cast.officer, visit, by="agency").status == "cancelled"
    assert list(differences(case.pk)) == []


def test_the_first_visit_wants_a_responsible_physician(cast):
    case = s.ordered(cast)
    with pytest.raises(WrongState, match="ansvarig läkare"):
        book(case, cast)
    assert book(s.with_physician(case, cast), cast).status == "booked"


# -- approval (5 § third paragraph) -------------------------------------------------------------------------------------


def test_a_provisional_visit_follows_the_decision(case, cast):
    part = propose(case, cast)
    with pytest.raises(InvalidInput) as refused:
        book(case, cast, **psychologist(cast))
    assert "profession" in refused.value.errors
    visit = book(case, cast, step="book_provisional", **psychologist(cast))
    with pytest.raises(WrongState):
        do(case, "visit", "summon", cast.admin, visit, how="post", sent_on=a_day(0))
    approve(case, cast, part, 5)
    assert Visit.objects.get(pk=visit.pk).status == "booked"
    assert book(case, cast, **psychologist(cast), day=a_day(16)).status == "booked"
    assert list(differences(case.pk)) == []


def test_a_declined_expansion_cancels_what_was_provisional(case, cast):
    part = propose(case, cast)
    visit = book(case, cast, step="book_provisional", **psychologist(cast))
    do(case, "expansion", "decline", cast.officer, part, reason="Behövs inte.")
    visit.refresh_from_db()
    assert (visit.status, visit.cancelled_by) == ("cancelled", "declined")
    assert list(differences(case.pk)) == []


# -- bad input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"day": a_day(-1)}, "day"),
        ({"day": a_day(400)}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"start": "25.00"}, "start"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 601}, "minutes"),
        ({"minutes": "en timme"}, "minutes"),
        ({"place": ""}, "place"),
        ({"assessor": 0}, "assessor"),
        ({"profession": "physiotherapist"}, "profession"),
        ({"interpreter": ""}, "interpreter"),
        ({"meeting": "telefon"}, "meeting"),
    ],
)
def test_a_booking_that_cannot_be(case, cast, changed, field):
    with pytest.raises(InvalidInput) as refused:
        book(case, cast, **changed)
    assert list(refused.value.errors) == [field]
    assert not Visit.objects.exists()


def test_an_hour_that_the_clock_skips(case, cast, monkeypatch):
    before = datetime(2027, 3, 1, 12, tzinfo=visits.SWEDEN)
    monkeypatch.setattr(timezone, "now", lambda: before)
    with pytest.raises(InvalidInput, match="Uppgifterna") as refused:
        book(case, cast, day="2027-03-28", start="02.30")
    assert "Klockan ställs fram" in refused.value.errors["start"][0]


def test_no_two_visits_at_one_time(case, cast):
    book(case, cast)
    other = s.in_progress(cast)
    for start in ("08.01", "09.30", "10.59"):
        with pytest.raises(InvalidInput, match="Uppgifterna") as refused:
            book(other, cast, start=start)
        assert "har redan ett besök" in refused.value.errors["start"][0]
    assert book(other, cast, start="11.00").status == "booked"
    with pytest.raises(InvalidInput, match="Uppgifterna") as refused:
        book(case, cast, assessor=cast.physician_two.user_id, start="10.00")
    assert "Den försäkrade har redan" in refused.value.errors["start"][0]
    mine = Visit.objects.get(assessment=case)
    same = {"day": a_day(), "start": "09.45", "minutes": 60, "assessor": cast.physician.user_id, "meeting": "video"}
    assert do(case, "visit", "rebook", cast.admin, mine, **same).video
    do(case, "visit", "cancel", cast.admin, mine, by="performer")
    assert book(case, cast).status == "booked"


def test_the_database_itself_refuses_an_overlap(case, cast):
    mine, other = book(case, cast), book(s.in_progress(cast), cast, start="13.00")
    with pytest.raises(IntegrityError, match="one_visit_at_a_time_per_assessor"), transaction.atomic():
        Visit.objects.filter(pk=other.pk).update(starts_at=mine.starts_at, ends_at=mine.ends_at)


def test_two_who_book_the_same_hour_at_once(committed):
    from tests.cast import Cast

    cast = Cast.load()
    cases, results = [s.in_progress(cast), s.in_progress(cast)], []
    gate = threading.Barrier(2)

    def one(case):
        try:
            with transaction.atomic(), at_work(cast.admin):
                gate.wait(10)
                begin("visit", case.pk, "book", cast.admin, booking(cast))
            results.append("booked")
        except InvalidInput as refused:
            results.append(next(iter(refused.errors)))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(case,)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["booked", "start"]
    assert Visit.objects.count() == 1


# -- late notice ---------------------------------------------------------------------------------------------------------


def at(text):
    day, clock = text.split()
    return visits.swedish(date.fromisoformat(day), time.fromisoformat(clock))


@pytest.mark.parametrize(
    ("given", "start", "late"),
    [
        ("2026-11-10 09:30", "2026-11-12 09:30", False),  # exactly 48 hours
        ("2026-11-10 09:31", "2026-11-12 09:30", True),
        # 2026-03-29: the day has 23 hours, so the same time two days before is 47 hours.
        ("2026-03-28 10:00", "2026-03-30 10:00", True),
        ("2026-03-28 09:00", "2026-03-30 10:00", False),
        # 2026-10-25: 25 hours, so an hour later two days before is still 48.
        ("2026-10-24 10:00", "2026-10-26 10:00", False),
        ("2026-10-24 11:00", "2026-10-26 10:00", False),
        ("2026-10-24 11:01", "2026-10-26 10:00", True),
        ("2026-10-25 02:30", "2026-10-27 01:30", False),  # twice that night: the first counts
        ("2027-03-27 08:00", "2027-03-29 08:00", True),
        ("2027-03-27 07:00", "2027-03-29 08:00", False),
        ("2028-02-28 09:00", "2028-03-01 09:00", False),  # over the leap day
        ("2028-02-29 09:01", "2028-03-02 09:00", True),
        ("2026-12-30 23:59", "2027-01-02 00:00", False),  # over the year's end
        ("2026-12-31 00:01", "2027-01-02 00:00", True),
    ],
)
def test_late_notice_is_counted_in_real_hours(given, start, late, db):
    found = visits.notice(at(given), at(start))
    assert (found.late, found.rule, found.hours) == (late, "law.late_notice_hours@2019-11-01", 48)


@pytest.mark.parametrize("given", ["2018-05-01 09:00", "2019-10-31 23:59"])
def test_nothing_is_computed_without_a_rule_in_force(given, db):
    with pytest.raises(NoRule):
        visits.notice(at(given), at("2019-11-03 09:00"))


def test_the_insured_persons_notice(case, cast):
    visit = book(case, cast, day=a_day(1), start="23.00")
    now = timezone.localtime()
    given = {"by": "insured", "notice_on": now.date().isoformat(), "notice_time": f"{now:%H:%M}", "notice_to": "agency"}
    for left_out in ("notice_on", "notice_time", "notice_to"):
        with pytest.raises(InvalidInput) as refused:
            do(case, "visit", "cancel", cast.admin, visit, **(given | {left_out: ""}))
        assert list(refused.value.errors) == [left_out]
    with pytest.raises(InvalidInput) as refused:
        do(case, "visit", "cancel", cast.admin, visit, **(given | {"by": "performer"}))
    assert list(refused.value.errors) == ["by"]
    with pytest.raises(InvalidInput, match="Uppgifterna") as refused:
        do(case, "visit", "cancel", cast.admin, visit, **(given | {"notice_on": a_day(2)}))
    assert "framtiden" in refused.value.errors["notice_on"][0]
    visit = do(case, "visit", "cancel", cast.admin, visit, **given)
    assert (visit.late_notice, visit.late_rule) == (True, "law.late_notice_hours@2019-11-01")
    assert "sent återbud" in sentence(visit.last_event, {})
    assert list(differences(case.pk)) == []


def test_notice_after_the_start_is_a_no_show(case, cast):
    visit = moved(book(case, cast), -AHEAD - 1)
    given = {"by": "insured", "notice_on": a_day(0), "notice_time": "00:00", "notice_to": "performer"}
    with pytest.raises(InvalidInput, match="Uppgifterna") as refused:
        do(case, "visit", "cancel", cast.admin, visit, **given)
    assert "uteblivet besök" in refused.value.errors["notice_on"][0]


def test_a_cancellation_by_the_performer_or_the_agency_is_never_late(case, cast):
    visit = do(case, "visit", "cancel", cast.admin, book(case, cast, day=a_day(1)), by="agency")
    assert (visit.late_notice, visit.cancelled_by) == (None, "agency")


# -- how it went ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["not_come", "too_late", "no_part"])
def test_a_no_show_writes_a_deviation_in(case, cast, what):
    visit = moved(book(case, cast), -AHEAD - 1)
    day = visit.day
    visit = do(case, "visit", "no_show", cast.physician, visit, what=what, reason="Ringde inte")
    deviation = Deviation.objects.get()
    assert (visit.outcome, deviation.kind, deviation.found_on) == (what, "no_show", day)
    assert Note.objects.get(text="Ringde inte").visible_to == ["agency", "region", "performer"]


def test_an_absent_interpreter_is_no_no_show(case, cast):
    visit = moved(book(case, cast, interpreter="needed"), -AHEAD - 1)
    with pytest.raises(InvalidInput) as refused:
        do(case, "visit", "no_show", cast.admin, visit, what="no_part", came="absent")
    assert list(refused.value.errors) == ["came"]
    visit = do(case, "visit", "interrupt", cast.admin, visit, interruption="interpreter", came="absent")
    assert (visit.status, visit.interpreter, Deviation.objects.count()) == ("interrupted", "absent", 0)


@pytest.mark.parametrize(("hours", "minutes"), [("1,5", 90), ("2", 120), ("0.25", 15), ("1,75", 105), ("24", 1440)])
def test_an_interpreters_hours(case, cast, hours, minutes):
    visit = book(case, cast, interpreter="needed")
    visit = do(case, "visit", "book_interpreter", cast.admin, visit)
    assert visit.interpreter == "booked"
    visit = do(case, "visit", "carry_out", cast.admin, moved(visit, -AHEAD - 1), came="came", hours=hours)
    assert (visit.status, visit.interpreter, visit.interpreter_minutes) == ("carried_out", "came", minutes)


@pytest.mark.parametrize(
    ("came", "hours", "field"),
    [("", "", "came"), ("came", "", "hours"), ("came", "25", "hours"), ("came", "-1", "hours"), ("absent", "1", "hours"),
     ("came", "²", "hours"), ("came", "1,5,5", "hours")],
)  # fmt: skip
def test_what_is_wrong_about_an_interpreter(case, cast, came, hours, field):
    visit = moved(book(case, cast, interpreter="booked"), -AHEAD - 1)
    with pytest.raises(InvalidInput) as refused:
        do(case, "visit", "carry_out", cast.admin, visit, came=came, hours=hours)
    assert list(refused.value.errors) == [field]


def test_a_visit_that_has_been_is_registered_by_the_responsible_physician(case, cast):
    given = {**booking(cast), "day": a_day(0), "start": "00.00", "minutes": 15}
    given.pop("interpreter")
    with pytest.raises(WrongState, match="ansvariga läkaren"):
        do(case, "visit", "register", cast.physician_two, **given)
    with pytest.raises(InvalidInput) as refused:
        do(case, "visit", "register", cast.physician, **(given | {"day": a_day(1)}), came="none")
    assert list(refused.value.errors) == ["day"]
    assert do(case, "visit", "register", cast.physician, **given, came="none").status == "carried_out"
    assert list(differences(case.pk)) == []


# -- the duty ------------------------------------------------------------------------------------------------------------


def test_a_past_visit_is_a_duty_until_somebody_closes_it(case, cast):
    visit = book(case, cast)
    assert open_past_visits(timezone.localdate()) == 0
    visit = moved(visit, -AHEAD - 1)
    assert [open_past_visits(timezone.localdate()) for _ in range(2)] == [1, 0]
    duty = Duty.objects.open().get(kind="close_visit")
    assert (duty.due, duty.party) == (add_working_days(visit.day, 2), "performer")
    do(case, "visit", "carry_out", cast.physician, visit)
    assert not Duty.objects.open().filter(kind="close_visit").exists()


def test_a_provisional_visit_that_passed_is_a_duty_too_and_moves_with_it(case, cast):
    visit = moved(book(case, cast, step="book_provisional", **psychologist(cast)), -AHEAD - 1)
    assert open_past_visits(timezone.localdate()) == 1
    later = {"day": a_day(20), "start": "10:00", "minutes": 60, "assessor": visit.assessor_id, "meeting": "video"}
    assert do(case, "visit", "rebook_provisional", cast.admin, visit, **later).status == "provisional"
    assert not Duty.objects.open().filter(kind="close_visit").exists()


@pytest.mark.parametrize(
    ("step", "who", "data"),
    [
        ("withdraw", "officer", {"reason": "Behövs inte."}),
        ("end", "officer", {"cause": "died", "reason": "Avliden."}),
        ("hand_back", "admin", {"cause": "cannot", "reason": "Ingen läkare."}),
    ],
)
def test_the_end_of_a_case_cancels_its_visits(case, cast, step, who, data):
    visit = do(case, "visit", "summon", cast.admin, book(case, cast), how="post", sent_on=a_day(0))
    past = moved(book(case, cast, day=a_day(3)), -5)
    open_past_visits(timezone.localdate())
    s.step(case, step, getattr(cast, who), **data)
    found = Visit.objects.filter(pk__in=(visit.pk, past.pk)).values_list("status", "cancelled_by")
    assert set(found) == {("cancelled", "case")}
    assert not Duty.objects.open().filter(process="visit").exists()
    with at_work(cast.admin), pytest.raises((WrongState, *NOT_YOURS)):
        take("visit", visit.pk, "summon", cast.admin, {"how": "post", "sent_on": a_day(0)})


@pytest.mark.parametrize(
    ("how", "days", "warned"), [("post", 7, 1), ("post", 8, 0), ("direct", 4, 1), ("direct", 5, 0)]
)
def test_a_late_summons_is_warned_of(case, cast, how, days, warned):
    from orders.inputs.visits import SummonForm

    day = add_working_days(timezone.localdate(), days)
    visit = book(case, cast, day=day.isoformat())
    form = SummonForm({"how": how, "sent_on": a_day(0)}, subject=visit, actor=cast.admin)
    assert form.is_valid()
    assert len(form.warnings()) == warned
    if warned:
        assert "rutinen" in form.warnings()[0]
