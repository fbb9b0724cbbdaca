"""A payment is made once however its jobs run: killed for real, run by two, raced for by two connections."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from fmu_portal.engine import outbox
from fmu_portal.models import Event, Outbox
from reimbursement import balancing, paying, payment_file
from reimbursement.models import Batch, BatchItem, Claim, Entry
from tests import claims, payments
from tests.test_races import at_once

ROOT = Path(__file__).resolve().parent.parent

KILLED = """
import sys, time, django
django.setup()
from fmu_portal.engine import outbox
from reimbursement import payment_file
where = sys.argv[1]
def stop(*args, **kwargs):
    print("in the middle", flush=True)
    time.sleep(60)
if where == "before the file":
    payment_file.write = stop
elif where == "half a file":
    payment_file.os.fsync = stop
elif where == "before the step":
    payment_file.take = stop
else:
    step = outbox.HANDLERS["payment_file"]
    def after(payload):
        step(payload)
        stop()
    outbox.HANDLERS["payment_file"] = after
outbox.work()
"""


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def work():
    """What beat finds: every row that waits, those of a killed worker too."""
    Outbox.objects.filter(done_at__isnull=True).update(not_before=timezone.now())
    outbox.work()


def paid_once(batch, cast):
    """One file, one send; confirmed and paid exactly once, and the books balance."""
    batch = payments.fresh(batch)
    assert batch.status == "sent"
    assert [path.name for path in payments.files()] == [f"{batch.number}-1.csv"]
    assert payments.files()[0].read_bytes() == payment_file.content(batch)
    assert Event.objects.filter(process="batch", step="send").count() == 1
    payments.step(batch, "confirm", cast, paid_on=timezone.localdate().isoformat())
    assert Entry.objects.filter(kind="paid").count() == Claim.objects.filter(status="paid").count() == batch.count
    assert list(balancing.differences()) == []


@pytest.mark.parametrize("where", ["before the file", "half a file", "before the step", "before the commit"])
def test_a_worker_killed_anywhere_pays_once(committed_cast, tmp_path, where):
    batch = payments.created(committed_cast)
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fmu_portal.settings",
        "SECRETS_DIR": os.environ.get("SECRETS_DIR") or str(Path(os.environ["DATA_DIR"]) / "secrets"),
        "DATA_DIR": str(tmp_path),
    }
    Outbox.objects.exclude(kind=paying.FILE).update(done_at=timezone.now())
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED, where], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout.readline().strip() == "in the middle"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert payments.fresh(batch).status == "created"
    assert len(payments.files()) == (where in ("before the step", "before the commit")), "whole or not at all"
    for _ in range(50):  # until the server has seen that the killed one's connection is gone
        work()
        if payments.fresh(batch).status == "sent":
            break
    paid_once(batch, committed_cast)


def test_two_workers_and_two_rows_write_one_file(committed_cast):
    batch = payments.created(committed_cast)
    paying.order_file(batch, 0)
    at_once(outbox.work, outbox.work, outbox.work)
    work()
    assert not Outbox.objects.filter(kind=paying.FILE, done_at__isnull=True).exists()
    paid_once(batch, committed_cast)


def test_two_connections_race_to_make_batches(committed_cast):
    cast = committed_cast
    payments.account(cast)
    for _ in range(3):
        claims.attested(cast)
    region = [cast.finance.organisation_id]
    made = at_once(*[lambda: paying.make_batches(cast.attester, region)] * 4)
    assert [len(result.batches) for result in made].count(1) == 1
    assert sum(len(result.batches) for result in made) == 1
    assert Batch.objects.count() == 1
    assert BatchItem.objects.count() == 3
    outbox.work()
    paid_once(Batch.objects.get(), cast)


def test_cap_is_kept_and_the_rest_comes_in_the_next_batch(committed_cast, monkeypatch):
    cast = committed_cast
    monkeypatch.setattr(paying, "MOST", 2)
    payments.account(cast)
    for _ in range(3):
        claims.attested(cast)
    region = [cast.finance.organisation_id]
    made = at_once(*[lambda: paying.make_batches(cast.attester, region)] * 2)
    assert sorted(batch.count for result in made for batch in result.batches) == [1, 2]
    assert list(balancing.differences()) == []
