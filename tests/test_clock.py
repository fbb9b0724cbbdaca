"""The clock and the outbox: once per duty, run twice or by two at once; killed, retried, with the broker down."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.core import mail
from django.utils import timezone

from fmu_portal import broker
from fmu_portal.engine import clock, outbox
from fmu_portal.models import Duty, DutySignal, Event, Notice, Outbox
from fmu_portal.working_days import add_working_days
from tests import situations as s
from tests.test_races import at_once

ROOT = Path(__file__).resolve().parent.parent


def late(case, days=1):
    """Let the case's open duties have passed."""
    Duty.objects.open().filter(subject_id=case.pk).update(due=timezone.localdate() - timedelta(days))


def test_overdue_is_flagged_the_day_after_and_once(cast):
    case = s.requested(cast)
    duty = Duty.objects.open().get(subject_id=case.pk)
    assert clock.watch(duty.due)["overdue"] == 0, "the last day itself is in time"
    assert clock.watch(duty.due + timedelta(1))["overdue"] == 1
    assert clock.watch(duty.due + timedelta(1))["overdue"] == 0
    assert Event.objects.filter(subject_id=case.pk, step="overdue").count() == 1
    assert s.fresh(case).status == "requested", "the clock moves no status here"


def test_reminders_come_once_at_their_day(cast):
    case = s.in_progress(cast)
    duty = Duty.objects.open().filter(subject_id=case.pk, kind="deliver_report").first()
    assert clock.watch(add_working_days(duty.due, -11))["reminded"] == 0
    assert clock.watch(add_working_days(duty.due, -10))["reminded"] == 2, "performer and region"
    assert clock.watch(add_working_days(duty.due, -9))["reminded"] == 0
    assert clock.watch(add_working_days(duty.due, -3))["reminded"] == 2
    assert clock.watch(duty.due)["reminded"] == 0
    assert DutySignal.objects.filter(duty=duty, kind="reminded").count() == 2
    outbox.work()
    assert Notice.objects.filter(text__startswith="Påminnelse", organisation_id=duty.organisation_id).count() == 2


def test_two_clocks_at_once_flag_once(committed_cast):
    cases = [s.requested(committed_cast) for _ in range(5)]
    for case in cases:
        late(case)
    at_once(*[clock.watch] * 4)
    assert DutySignal.objects.filter(kind="overdue").count() == 5
    assert Event.objects.filter(step="overdue").count() == 5
    assert Outbox.objects.filter(kind="signal").count() == 5


def test_silence_is_recorded_and_moves_no_date(cast):
    case = s.ordered(cast)
    start = case.underlag_complete_on
    late(case)
    assert clock.watch()["chores"] == 1
    case = s.fresh(case)
    assert (case.status, case.underlag_complete_on) == ("in_progress", start)
    assert Event.objects.get(subject_id=case.pk, step="record_silence").party == "clock"
    duty = Duty.objects.open().filter(subject_id=case.pk, kind="deliver_report").first()
    assert duty.due == add_working_days(start, 25)
    assert clock.watch()["chores"] == 0


def test_confirming_late_or_early_gives_the_same_last_day(cast):
    early = s.step(s.ordered(cast), "confirm", cast.admin)
    silent = s.ordered(cast)
    late(silent)
    clock.watch()
    last = [Duty.objects.open().filter(subject_id=c.pk, kind="deliver_report").first().due for c in (early, silent)]
    assert last[0] == last[1]


def test_notices_have_no_personal_data_and_come_once(cast):
    case = s.in_progress(cast)
    outbox.work()
    outbox.work()
    texts = [*Notice.objects.values_list("text", flat=True), *(m.body + m.subject for m in mail.outbox)]
    assert texts
    assert not any(
        word in text for text in texts for word in (s.NAME, "Samira", s.PERSONNUMMER, "9841", s.ADDRESS, s.PHONE)
    )
    assert all(case.number in m.subject for m in mail.outbox)
    ids = [m.extra_headers["Message-ID"] for m in mail.outbox]
    assert len(ids) == len(set(ids)), [(m.to, m.body) for m in mail.outbox]
    before = Notice.objects.count()
    Outbox.objects.update(done_at=None)
    outbox.work()
    assert Notice.objects.count() == before, "in the portal exactly once, even when a row is done twice"


def test_a_failing_mail_server_is_retried_and_stops_nobody(cast, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError("no mail server")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", broken)
    s.requested(cast)
    outbox.work()
    assert Notice.objects.exists(), "the portal tells all the same"
    waiting = Outbox.objects.filter(kind="mail", done_at__isnull=True)
    assert waiting.exists()
    assert all(row.attempts == 1 and row.error == "OSError" for row in waiting)


def test_a_step_with_the_broker_down_works_and_the_notice_follows(committed_cast, settings, monkeypatch):
    from fmu_portal.tasks import work_outbox

    tried = []

    def down(*args, **kwargs):
        tried.append(1)
        raise ConnectionError

    monkeypatch.setattr(work_outbox, "apply_async", down)
    monkeypatch.setattr(outbox, "_quiet_until", 0.0)
    monkeypatch.setattr(outbox, "TOLD", f"fmu:outbox:told:{time.time_ns()}")
    case = s.requested(committed_cast)
    assert case.status == "requested"
    assert len(tried) == 1, "and then silence"
    assert not Notice.objects.exists()
    assert outbox.work() > 0, "beat finds what a lost nudge left"
    assert Notice.objects.filter(case_number=case.number).exists()


def test_many_steps_tell_a_worker_once_until_it_begins(monkeypatch):
    from fmu_portal import tasks

    told = []
    monkeypatch.setattr(tasks.work_outbox, "apply_async", lambda *args, **kwargs: told.append(kwargs["expires"]))
    monkeypatch.setattr(outbox, "_quiet_until", 0.0)
    monkeypatch.setattr(outbox, "TOLD", f"fmu:outbox:told:{time.time_ns()}")
    monkeypatch.setattr(outbox, "work", lambda: 0)
    for _ in range(5):
        outbox.nudge()
    assert told == [60]
    assert 0 < broker.client().ttl(outbox.TOLD) <= 15, "who dies before it begins is not waited for"
    tasks.work_outbox()
    for _ in range(5):
        outbox.nudge()
    assert told == [60, 60]


def test_a_broker_that_does_not_answer_costs_one_wait(settings, monkeypatch, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(outbox, "_quiet_until", 0.0)
    for _ in range(3):
        outbox.nudge()
    assert [record.message for record in caplog.records].count("broker does not answer: ConnectionError") == 1


KILLED = """
import django, os, time
django.setup()
from fmu_portal.engine import outbox
from django.db import connection
def slow(payload, inner=outbox.HANDLERS["notice"]):
    inner(payload)
    print("in the middle", flush=True)
    time.sleep(60)
outbox.HANDLERS["notice"] = slow
outbox.work()
"""


def test_a_worker_killed_in_the_middle_of_a_notice_loses_and_doubles_nothing(committed_cast):
    case = s.requested(committed_cast)
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "fmu_portal.settings"}
    worker = subprocess.Popen([sys.executable, "-c", KILLED], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline().strip() == "in the middle"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    deadline = time.monotonic() + 60
    while not Notice.objects.filter(case_number=case.number).exists() and time.monotonic() < deadline:
        outbox.work()
        time.sleep(0.1)
    assert Notice.objects.filter(case_number=case.number).count() == 1


def test_the_workers_role_can_do_the_workers_work(committed_cast):
    """Outbox and clock run as ``fmu_worker`` (`tests.roles`), behind the walls."""
    case = s.ordered(committed_cast)
    late(case)
    assert clock.watch()["chores"] == 1
    assert outbox.work() > 0
