"""Payments: batches, the file, set-off, the books; what a batch does to its claims and recoveries."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from fmu_portal.engine import clock, outbox
from fmu_portal.engine.door import take
from fmu_portal.engine.refusals import InvalidInput, WrongRole, WrongState
from fmu_portal.models import Duty, Event, Notice, Outbox
from reimbursement import accounts, books, paying, payment_file
from reimbursement.models import Batch, BatchItem, Claim, Entry, PayAccount, Recovery, Remark
from tests import claims, payments

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def amounts(**wanted):
    return sorted((e.account, e.kind, e.amount) for e in Entry.objects.filter(**wanted))


def test_attested_claims_become_a_batch(cast):
    batch = payments.created(cast, 2)
    assert (batch.status, batch.count, batch.gross, batch.set_off, batch.net) == ("created", 2, 3_680_000, 0, 3_680_000)
    assert batch.account.number == payments.NUMBER
    assert set(Claim.objects.values_list("status", flat=True)) == {"in_payment"}
    numbers = [item.claim.number for item in batch.items.order_by("id")]
    text = "".join(f"{number};1840000\n" for number in numbers)
    assert batch.control_sum == hashlib.sha256(text.encode()).hexdigest()
    assert [d.kind for d in Duty.objects.open().filter(process__in=("claim", "batch"))] == ["send_batch"]
    assert set(Event.objects.filter(step="pay").values_list("data__along", flat=True)) == {batch.last_event_id}


def test_second_time_finds_nothing(cast):
    payments.created(cast)
    assert paying.make_batches(cast.attester).batches == []
    assert Batch.objects.count() == 1


def test_region_without_an_approved_account_gets_no_batch_and_is_named(cast):
    claims.attested(cast)
    region = cast.finance.organisation_id
    made = paying.make_batches(cast.attester)
    assert (made.batches, made.missing) == ([], [region])
    accounts.enter(cast.finance, payments.NUMBER)
    assert paying.make_batches(cast.attester).missing == [region], "entered is not approved"


def test_who_makes_batches(cast):
    payments.account(cast)
    claims.attested(cast)
    for who in ("finance", "controller", "officer", "administrator", "physician"):
        with pytest.raises(WrongRole):
            paying.make_batches(getattr(cast, who), [cast.finance.organisation_id])
    assert not Batch.objects.exists()
    assert Claim.objects.get().status == "attested"


def test_clock_pays_the_next_working_day_once_a_day(cast):
    payments.account(cast)
    claim = claims.attested(cast)
    assert paying.pay_daily(claim.attested_on) == 0, "what was attested today waits"
    Claim.objects.filter(pk=claim.pk).update(attested_on="2026-01-02")
    assert paying.pay_daily(timezone.localdate().replace(2026, 1, 3)) == 0, "a Saturday"
    assert clock.watch(timezone.localdate().replace(2026, 1, 5))["chores"] >= 1
    batch = Batch.objects.get()
    assert Event.objects.get(pk=batch.last_event_id).party == "clock"
    other = claims.attested(cast)
    Claim.objects.filter(pk=other.pk).update(attested_on="2026-01-02")
    Batch.objects.filter(pk=batch.pk).update(made_on="2026-01-05")
    assert paying.pay_daily(timezone.localdate().replace(2026, 1, 5)) == 0
    assert paying.pay_daily(timezone.localdate().replace(2026, 1, 7)) == 1


def test_a_claim_that_the_attester_is_recused_from_is_left_to_another(cast):
    from orders.models import Recusal

    payments.account(cast)
    claim = claims.attested(cast)
    Recusal.objects.create(assessment_id=claim.assessment_id, user_id=cast.attester.user_id)
    assert paying.make_batches(cast.attester).batches == []
    Claim.objects.filter(pk=claim.pk).update(attested_on="2026-01-02")
    assert paying.pay_daily(timezone.localdate().replace(2026, 1, 5)) == 1


def test_file_is_written_and_the_batch_sent(cast):
    batch = payments.sent(cast)
    assert (batch.status, batch.sent_on) == ("sent", timezone.localdate())
    (path,) = payments.files()
    data = path.read_bytes()
    claim = Claim.objects.get()
    assert path.name == f"{batch.number}-1.csv"
    assert data.decode() == (
        f"FMU;1;{batch.number};1;{batch.made_on};5050-1055;SEK\r\n"
        f"BELOPP;{claim.number};18400.00\r\n"
        f"SUMMA;1;18400.00;{batch.control_sum}\r\n"
    )
    assert batch.file_sha256 == hashlib.sha256(data).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [d.kind for d in Duty.objects.open().filter(process="batch")] == ["confirm_batch"]


def test_confirm_books_what_was_paid(cast):
    batch = payments.confirmed(cast, 2)
    assert (batch.status, batch.paid_on) == ("confirmed", timezone.localdate())
    assert set(Claim.objects.values_list("status", flat=True)) == {"paid"}
    assert amounts(batch=batch) == [("owed", "paid", -1_840_000)] * 2
    assert Entry.objects.total() == 0
    assert not Duty.objects.open().filter(process__in=("claim", "batch")).exists()
    outbox.work()
    assert not Outbox.objects.filter(kind="notice", done_at__isnull=True).exists()
    told = set(Notice.objects.filter(organisation=batch.region_id).values_list("text", flat=True))
    assert f"{batch.number}: Utbetalningen bekräftades." in told
    assert "2 begäranden om ersättning: Ersättningen är utbetald." in told


@pytest.mark.parametrize(
    ("paid_on", "said"),
    [
        ("", "Svara på frågan"),
        (f"{timezone.localdate() + timedelta(1)}", "framtiden"),
        ("2020-01-01", "före det"),
        ("x", "datum"),
    ],
)
def test_bad_day_is_told(cast, paid_on, said):
    batch = payments.sent(cast)
    with pytest.raises(InvalidInput) as refused:
        payments.step(batch, "confirm", cast, paid_on=paid_on)
    assert said in str(refused.value.errors["paid_on"])
    assert payments.fresh(batch).status == "sent"


def test_failed_and_sent_again_to_the_new_account(cast):
    batch = payments.failed(cast)
    assert Claim.objects.get().status == "in_payment"
    payments.account(cast, payments.OTHER)
    batch = payments.step(batch, "retry", cast)
    assert (batch.status, batch.account.number, batch.sent_on) == ("created", payments.OTHER, None)
    outbox.work()
    batch = payments.fresh(batch)
    assert batch.status == "sent"
    first, second = payments.files()
    assert (first.name, second.name) == (f"{batch.number}-1.csv", f"{batch.number}-2.csv")
    assert f"{batch.number};2;" in second.read_text()
    assert payments.OTHER in second.read_text()
    payments.step(batch, "confirm", cast, paid_on=timezone.localdate().isoformat())
    assert amounts(kind="paid") == [("owed", "paid", -1_840_000)]


def test_cancelled_batch_lets_its_claims_go_to_the_next(cast):
    batch = payments.step(payments.failed(cast), "cancel", cast, reason="Kontot är avslutat")
    assert batch.status == "cancelled"
    assert Claim.objects.get().status == "attested"
    assert [d.kind for d in Duty.objects.open().filter(process="claim")] == ["pay_claim"]
    assert Remark.objects.get(process="batch", kind="cancel").to_region
    (again,) = paying.make_batches(cast.attester).batches
    assert again.pk != batch.pk
    assert list(BatchItem.objects.order_by("id").values_list("released", flat=True)) == [True, False]


@pytest.mark.parametrize(("demand", "net"), [(400_000, 1_440_000), (1_840_000, 0), (5_000_000, 0)])
def test_set_off_is_never_more_than_the_payment(cast, demand, net):
    before = payments.confirmed(cast)
    recovery = payments.demanded(cast, before.items.get().claim, demand)
    claims.attested(cast)
    (batch,) = paying.make_batches(cast.attester).batches
    assert (batch.gross, batch.set_off, batch.net) == (1_840_000, 1_840_000 - net, net)
    assert amounts(batch=batch) == [("demanded", "set_off", batch.set_off), ("owed", "set_off", -batch.set_off)]
    assert books.balance(recovery.pk) == demand - batch.set_off
    assert Recovery.objects.get().status == "demanded", "the batch may still be cancelled"
    outbox.work()
    batch = payments.fresh(batch)
    if net:
        assert "KVITTAT;-4000.00" in payments.files()[-1].read_text()
        batch = payments.step(batch, "confirm", cast, paid_on=timezone.localdate().isoformat())
    assert batch.status == "confirmed"
    assert len(payments.files()) == (2 if net else 1), "nothing to send, no file"
    assert set(Claim.objects.values_list("status", flat=True)) == {"paid"}
    assert Recovery.objects.get().status == ("demanded" if demand > 1_840_000 else "settled")
    assert Entry.objects.filter(account="owed").total() == 0


def test_recovery_that_is_not_to_be_set_off_is_left(cast):
    before = payments.confirmed(cast)
    payments.demanded(cast, before.items.get().claim, 100, set_off=False)
    claims.attested(cast)
    (batch,) = paying.make_batches(cast.attester).batches
    assert batch.set_off == 0


def test_cancelled_batch_gives_the_set_off_back_by_new_entries(cast):
    before = payments.confirmed(cast)
    recovery = payments.demanded(cast, before.items.get().claim, 400_000)
    claims.attested(cast)
    (batch,) = paying.make_batches(cast.attester).batches
    outbox.work()
    payments.step(batch, "fail", cast, cause="file")
    payments.step(batch, "cancel", cast, reason="Fel fil")
    assert books.balance(recovery.pk) == 400_000
    assert Entry.objects.filter(batch=batch).count() == 4
    assert Entry.objects.filter(batch=batch).total() == 0
    assert Entry.objects.filter(batch=batch, corrects__isnull=False).count() == 2
    (again,) = paying.make_batches(cast.attester).batches
    assert again.set_off == 400_000


def test_settled_only_when_no_other_batch_has_a_part_in_it(cast, monkeypatch):
    monkeypatch.setattr(paying, "MOST", 1)
    before = payments.confirmed(cast)
    recovery = payments.demanded(cast, before.items.get().claim, 2_000_000)
    claims.attested(cast), claims.attested(cast)
    first, second = paying.make_batches(cast.attester).batches
    assert (first.set_off, second.set_off) == (1_840_000, 160_000)
    outbox.work()
    assert payments.fresh(first).status == "confirmed", "nothing to send"
    assert Recovery.objects.get().status == "demanded"
    payments.step(second, "confirm", cast, paid_on=timezone.localdate().isoformat())
    assert Recovery.objects.get(pk=recovery.pk).status == "settled"


def test_a_file_with_other_content_is_never_written_over(cast):
    batch = payments.created(cast)
    payment_file.folder().mkdir(parents=True)
    path = payment_file.path_of(batch)
    path.write_text("en annan fil")
    outbox.work()
    assert path.read_text() == "en annan fil"
    assert payments.fresh(batch).status == "created"
    assert Outbox.objects.get(kind=paying.FILE).error == "FileExistsError"


def test_sent_by_hand_only_when_the_file_is_there(cast):
    batch = payments.created(cast)
    with pytest.raises(WrongState, match="inte skriven"):
        take("batch", batch.pk, "send", cast.attester)
    payment_file.write(batch)
    take("batch", batch.pk, "send", cast.attester)
    outbox.work()
    assert Event.objects.filter(process="batch", step="send").count() == 1


def test_correction_is_a_new_entry_and_the_batch_pays_the_corrected_amount(cast):
    payments.account(cast)
    claim = claims.attested(cast)
    (line,) = claim.lines.all()
    data = {"version": claim.version, "line": line.pk, "amount": "18 000,50", "reason": "Fel belopp i fakturan"}
    take("claim", claim.pk, "correct", cast.attester, data)
    granted, corrected = Entry.objects.order_by("id")
    assert (corrected.kind, corrected.amount, corrected.corrects_id) == ("correction", -39_950, granted.pk)
    assert books.granted(claim.pk) == {line.pk: 1_800_050}
    (batch,) = paying.make_batches(cast.attester).batches
    assert batch.gross == 1_800_050
    assert Remark.objects.get(kind="correction").text == "Fel belopp i fakturan"


@pytest.mark.parametrize(
    ("amount", "said"), [("18 400", "redan"), ("18 400,01", "nytt beslut"), ("0", "inget kvar"), ("-1", "mindre än 0")]
)
def test_one_person_alone_raises_no_amount(cast, amount, said):
    claim = claims.attested(cast)
    (line,) = claim.lines.all()
    data = {"version": claim.version, "line": line.pk, "amount": amount, "reason": "Skäl"}
    with pytest.raises(InvalidInput) as refused:
        take("claim", claim.pk, "correct", cast.attester, data)
    assert said in str(refused.value.errors)
    assert Entry.objects.count() == 1


def test_nothing_is_corrected_while_it_is_being_paid(cast):
    payments.created(cast)
    claim = Claim.objects.get()
    with pytest.raises(WrongState):
        take("claim", claim.pk, "correct", cast.attester, {"version": claim.version})


@pytest.mark.parametrize("text", ["5050-1055", "50501055", "5050 1055", "5050–1055"])
def test_bankgiro_is_read_as_it_is_written(text):
    assert accounts.bankgiro(text) == "5050-1055"


@pytest.mark.parametrize(
    "text", ["", "5050-1056", "5050-105", "505-01055", "123456789", "abcd-efgh", "0000-0000", "५०५०-१०५५"]
)
def test_bad_bankgiro_is_told(text):
    with pytest.raises(ValueError, match=r"bankgironumret"):
        accounts.bankgiro(text)


def test_who_entered_a_number_never_approves_it(cast):
    from dataclasses import replace

    entered = accounts.enter(cast.finance, payments.NUMBER)
    with pytest.raises(WrongRole):
        accounts.approve(cast.finance, entered.pk)
    with pytest.raises(WrongRole):
        accounts.approve(cast.controller, entered.pk)
    with pytest.raises(WrongState, match="själv"):
        accounts.approve(replace(cast.attester, user_id=cast.finance.user_id), entered.pk)
    accounts.approve(cast.attester, entered.pk)
    with pytest.raises(WrongState, match="redan godkänt"):
        accounts.approve(cast.attester, entered.pk)
    for who in ("region", "skane", "attester", "controller"):
        with pytest.raises(WrongRole):
            accounts.enter(getattr(cast, who), payments.OTHER)


def test_only_the_newest_number_is_approved(cast):
    old = accounts.enter(cast.finance, payments.NUMBER)
    accounts.enter(cast.finance, payments.OTHER)
    with pytest.raises(WrongState, match="annat konto"):
        accounts.approve(cast.attester, old.pk)
    assert paying.approved_account(cast.finance.organisation_id) is None
    assert PayAccount.objects.count() == 2
