"""The door against the golden table of a batch: who may take which step where, where it leads, what it opens and closes."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from accounts.actor import CLOCK
from fmu_portal.engine import door
from fmu_portal.engine.refusals import Refused
from fmu_portal.models import Duty, Event
from reimbursement import paying, payment_file
from reimbursement.models import Batch, Entry
from reimbursement.processes.batch import BATCH
from tests import claims, payments

pytestmark = pytest.mark.django_db

LINES = [
    [cell.strip() for cell in line.split("|")]
    for line in Path(__file__).with_name("golden_batch.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
TABLE = {(row[0], row[1]): row[2:] for row in LINES}
SITUATIONS = ["new", "created", "written", "even", "sent", "failed", "confirmed", "cancelled"]
WHO = {"T": "attester", "K": "clock"}


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def make(situation, cast):
    """A batch in the situation; new: one that is not stored."""
    if situation == "new":
        return Batch(
            number="U-2026-99999", region_id=cast.finance.organisation_id, office_id=cast.attester.organisation_id,
            made_on=timezone.localdate(),
        )  # fmt: skip
    if situation == "even":
        before = payments.confirmed(cast)
        payments.demanded(cast, before.items.get().claim, 9_000_000)
        return payments.created(cast, with_account=False)
    if situation == "written":
        batch = payments.created(cast)
        payment_file.write(batch)
        return batch
    if situation == "cancelled":
        return payments.step(payments.failed(cast), "cancel", cast, reason="Fel")
    return getattr(payments, situation)(cast)


def people(cast):
    return {**cast.everyone(), "clock": CLOCK}


def valid_input(step, batch):
    return {"version": batch.version} | {
        "confirm": {"paid_on": timezone.localdate().isoformat()},
        "fail": {"cause": "other", "text": "Fel"},
        "cancel": {"reason": "Fel"},
    }.get(step, {})


def do(batch, step, actor):
    if batch.pk is None:
        return door.start("batch", batch, step, actor, {})
    return door.take("batch", batch.pk, step, actor, valid_input(step, batch))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_who_may_take_which_step_and_all_else_is_refused(cast, situation):
    batch = make(situation, cast)
    duties = door.open_duties("batch", batch.pk) if batch.pk else []
    allowed = {
        name: {step for (at, step), row in TABLE.items() if at == situation and name in {WHO[w] for w in row[0]}}
        for name in people(cast)
    }
    for name, actor in people(cast).items():
        assert {step.name for step in door.available("batch", batch, actor, duties)} == allowed[name], name
    before = (Event.objects.count(), Duty.objects.count(), Entry.objects.count())
    for step in BATCH.steps:
        for name, actor in people(cast).items():
            if step not in allowed[name]:
                with pytest.raises(Refused):
                    do(batch, step, actor)
    assert before == (Event.objects.count(), Duty.objects.count(), Entry.objects.count())


@pytest.mark.parametrize(("situation", "step"), TABLE, ids=[f"{a}-{b}" for a, b in TABLE])
def test_where_a_step_leads(cast, situation, step):
    who, status, opens, closes = TABLE[situation, step]
    batch = make(situation, cast)
    was_open = {d.pk for d in door.open_duties("batch", batch.pk)} if batch.pk else set()
    event = do(batch, step, people(cast)[WHO[who[0]]])
    now = Duty.objects.open().filter(process="batch", subject_id=batch.pk)
    assert payments.fresh(batch).status == status == event.to_status
    assert [d.kind for d in now if d.pk not in was_open] == ([] if opens == "-" else opens.split())
    closed = Duty.objects.filter(pk__in=was_open, closed_by=event)
    assert [d.kind for d in closed] == ([] if closes == "-" else closes.split())


def test_the_table_names_every_step_and_every_status_that_a_step_leads_to():
    assert {step for _, step in TABLE} == set(BATCH.steps)
    assert {row[1] for row in TABLE.values()} | {"new"} == set(BATCH.statuses)


def test_an_attester_of_another_office_takes_no_step(cast):
    from dataclasses import replace

    other = replace(cast.attester, organisation_id=cast.stranger_officer.organisation_id)
    batch = make("sent", cast)
    assert door.available("batch", batch, other, door.open_duties("batch", batch.pk)) == []
    claims.attested(cast)
    with pytest.raises(Refused):
        paying.make_batches(other, [cast.finance.organisation_id])
