"""A job over many claims: in its asker's name, in parts, nothing done twice whatever happens to the worker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Mandate
from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from fmu_portal.engine.refusals import Refused, WrongRole
from fmu_portal.models import Event, Outbox
from reimbursement import jobs
from reimbursement.models import Claim, Job
from tests import claims, stack
from tests.pages import browser
from tests.test_races import at_once

ROOT = Path(__file__).resolve().parent.parent


def ready(cast, count):
    """Claims that can be submitted, and their versions."""
    claims.agreed(cast)
    return [claims.proposed(cast) for _ in range(count)]


def versions(rows):
    return {claim.pk: claim.version for claim in rows}


def nothing_else_waits():
    """What the cases on their way here left in the outbox is done: the next row is the job's."""
    Outbox.objects.filter(done_at__isnull=True).update(done_at=timezone.now())


def submissions():
    """How often each claim was submitted."""
    return sorted(Event.objects.filter(process="claim", step="submit").values_list("subject_id", flat=True))


def page(actor, job):
    answer = browser(actor).get(f"/ersattning/jobb/{job.pk}/")
    return answer.status_code, answer.content.decode()


def test_many_are_submitted_in_parts_and_the_refused_are_named_with_why(cast, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 2)
    rows = ready(cast, 5)
    take("claim", rows[1].pk, "submit", cast.finance, {"version": rows[1].version})
    job = jobs.ask(cast.finance, "submit", versions(rows))
    status, text = page(cast.finance, job)
    assert status == 200
    assert "5 begäranden står i kö" in text
    assert f'data-poll="/ersattning/jobb/{job.pk}/"' in text
    outbox.work()
    job.refresh_from_db()
    assert (job.done, len(job.refused), job.ended_at is not None) == (4, 1, True)
    assert job.refused[0][0] == rows[1].number
    assert submissions() == sorted(row.pk for row in rows)
    status, text = page(cast.finance, job)
    assert "4 av 5 begäranden är skickade." in text
    assert "1 begäran är inte skickad" in text
    assert f'href="/ersattning/begaran/{rows[1].pk}/">{rows[1].number}' in text
    assert "Status är Inkommen" in text.replace("\xa0", " ")
    assert "data-poll" not in text
    piece = browser(cast.finance).get(f"/ersattning/jobb/{job.pk}/", headers={"X-Requested-With": "fetch"})
    assert piece.headers["X-Done"] == "1"
    assert "<html" not in piece.content.decode()


def test_progress_is_seen_between_the_parts(cast, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 2)
    rows = ready(cast, 3)
    nothing_else_waits()
    job = jobs.ask(cast.finance, "submit", versions(rows))
    row = Outbox.objects.get(kind=jobs.KIND)
    assert outbox.work(limit=1) == 1
    job.refresh_from_db()
    assert (job.done, job.ended_at) == (2, None)
    assert "Pågår: 2 av 3 begäranden är behandlade." in page(cast.finance, job)[1]
    row.refresh_from_db()
    assert row.done_at is None
    outbox.work()
    job.refresh_from_db()
    assert (job.done, job.ended_at is not None) == (3, True)


def test_what_changed_since_it_was_chosen_is_refused(cast):
    rows = ready(cast, 2)
    seen = versions(rows)
    claims.costs(rows[0], cast, "17 000")
    job = jobs.ask(cast.finance, "submit", seen)
    outbox.work()
    job.refresh_from_db()
    assert (job.done, job.refused) == (1, [[rows[0].number, "Det som du granskade har ändrats."]])


def test_another_regions_claim_is_not_reached(cast):
    """Whatever ids a job was given: the walls and the door decide when its turn comes."""
    rows = ready(cast, 1)
    finance = Mandate.objects.get(pk=cast.finance.mandate_id)
    Mandate.objects.filter(pk=finance.pk).update(organisation_id=cast.skane.organisation_id)
    from accounts.actor import Actor

    actor = Actor.of(Mandate.objects.get(pk=finance.pk))
    job = jobs.ask(actor, "submit", versions(rows))
    outbox.work()
    job.refresh_from_db()
    assert (job.done, job.refused) == (0, [["", jobs.GONE]])
    assert submissions() == []


def test_who_may_ask_for_what(cast):
    rows = versions(ready(cast, 1))
    for who in ("region", "controller", "officer", "admin"):
        with pytest.raises(WrongRole):
            jobs.ask(getattr(cast, who), "submit", rows)
    for step in ("decide", "enter_costs", "pay", "settle", "finns-inte"):
        with pytest.raises(Refused):
            jobs.ask(cast.finance, step, rows)
    with pytest.raises(Refused, match="minst en"):
        jobs.ask(cast.finance, "submit", {})
    with pytest.raises(Refused, match="Högst 20 000"):
        jobs.ask(cast.finance, "submit", dict.fromkeys(range(jobs.MOST + 1), 1))
    assert not Job.objects.exists()


def test_a_double_click_is_one_job_and_there_are_not_too_many_at_once(cast):
    rows = ready(cast, 1)
    job = jobs.ask(cast.finance, "submit", versions(rows))
    assert jobs.ask(cast.finance, "submit", versions(rows)) == job
    for pk in (900001, 900002):
        jobs.ask(cast.finance, "submit", {pk: 1})
    with pytest.raises(jobs.JobBusy):
        jobs.ask(cast.finance, "submit", {900003: 1})
    outbox.work()
    assert Job.objects.filter(ended_at__isnull=True).count() == 0
    assert jobs.ask(cast.finance, "submit", {900003: 1}).pk


def test_a_mandate_that_has_ended_does_nothing_more(cast, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 1)
    rows = ready(cast, 3)
    nothing_else_waits()
    job = jobs.ask(cast.finance, "submit", versions(rows))
    outbox.work(limit=1)
    yesterday = timezone.localdate() - timedelta(days=1)
    Mandate.objects.filter(pk=cast.finance.mandate_id).update(valid_to=yesterday)
    outbox.work()
    job.refresh_from_db()
    assert (job.done, len(job.refused), job.ended_at is not None) == (1, 2, True)
    assert {why for _, why in job.refused} == {jobs.NO_MANDATE}


def test_one_that_breaks_stops_no_other(cast, monkeypatch):
    rows = ready(cast, 3)
    real = jobs.take_many

    def breaks(process, pks, *args, **kwargs):
        if rows[1].pk in pks:
            raise ValueError("broken")
        return real(process, pks, *args, **kwargs)

    monkeypatch.setattr(jobs, "take_many", breaks)
    job = jobs.ask(cast.finance, "submit", versions(rows))
    outbox.work()
    job.refresh_from_db()
    assert (job.done, job.refused) == (2, [[rows[1].number, jobs.FAILED]])


def test_the_agency_takes_its_steps_by_the_same_job(cast):
    rows = ready(cast, 2)
    jobs.ask(cast.finance, "submit", versions(rows))
    outbox.work()
    jobs.ask(cast.controller, "approve_all", versions(Claim.objects.all()))
    outbox.work()
    job = jobs.ask(cast.attester, "attest", versions(Claim.objects.all()))
    outbox.work()
    assert set(Claim.objects.values_list("status", flat=True)) == {"attested"}
    assert "2 av 2 begäranden är attesterade." in page(cast.attester, job)[1]


def test_the_job_is_its_askers_own(cast):
    job = jobs.ask(cast.finance, "submit", versions(ready(cast, 1)))
    for name, actor in cast.everyone().items():
        expected = 200 if name == "finance" else 404 if actor.role in SEES else 403
        assert page(actor, job)[0] == expected, name


SEES = ("region_coordinator", "finance_officer", "controller", "attester")

KILLED = """
import time
import django
django.setup()
from fmu_portal.engine import outbox
from reimbursement import jobs
jobs.CHUNK = 2
real, parts = jobs.take_many, []
def slow(*args, **kwargs):
    taken = real(*args, **kwargs)
    parts.append(taken)
    if len(parts) == 2:
        print("in the middle", flush=True)
        time.sleep(60)
    return taken
jobs.take_many = slow
outbox.work()
"""


def test_a_worker_killed_in_the_middle_is_taken_anew_and_nothing_is_done_twice(committed_cast, monkeypatch):
    rows = ready(committed_cast, 6)
    nothing_else_waits()
    job = jobs.ask(committed_cast.finance, "submit", versions(rows))
    database = str(settings.DATABASES["default"]["NAME"])
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fmu_portal.settings",
        "DATABASE_URL": stack.shared_cluster().url("worker", database),
    }
    worker = subprocess.Popen([sys.executable, "-c", KILLED], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline().strip() == "in the middle"
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    job.refresh_from_db()
    assert job.done == 2, "the first part holds, the second is as if it had never been"
    assert len(submissions()) == 2
    monkeypatch.setattr(jobs, "CHUNK", 2)
    deadline = time.monotonic() + 10
    while job.ended_at is None and time.monotonic() < deadline:
        outbox.work()
        job.refresh_from_db()
        time.sleep(0.05)
    assert (job.done, job.refused) == (6, [])
    assert submissions() == sorted(row.pk for row in rows), "each exactly once"


def test_two_workers_at_once_do_nothing_twice(committed_cast, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 1)
    rows = ready(committed_cast, 4)
    nothing_else_waits()
    job = jobs.ask(committed_cast.finance, "submit", versions(rows))
    at_once(outbox.work, outbox.work, outbox.work)
    outbox.work()
    job.refresh_from_db()
    assert (job.done, job.refused, job.ended_at is not None) == (4, [], True)
    assert submissions() == sorted(row.pk for row in rows)
