"""`manage.py books --check`: says nothing of books that balance, and names each thing that does not."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from fmu_portal.engine import outbox
from reimbursement import paying
from reimbursement.balancing import differences
from reimbursement.models import Entry
from tests import claims, payments

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def books(cast):
    """A year of a little of everything: paid, set off, failed and cancelled, waiting."""
    before = payments.confirmed(cast)
    payments.demanded(cast, before.items.get().claim, 2_000_000)
    claims.attested(cast)
    paying.make_batches(cast.attester)
    outbox.work()
    claims.attested(cast)
    (batch,) = paying.make_batches(cast.attester).batches
    outbox.work()
    payments.step(batch, "fail", cast, cause="file")
    payments.step(batch, "cancel", cast, reason="Fel")
    claims.decided(cast)
    return before


def sql(statement, *params):
    """As the owner, past every wall and trigger: what nobody can do, and the check must find all the same."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE reimbursement_entry DISABLE TRIGGER USER")
        cursor.execute(statement, params)
        cursor.execute("ALTER TABLE reimbursement_entry ENABLE TRIGGER USER")


def test_books_that_balance_say_so(books):
    assert list(differences()) == []
    out = StringIO()
    call_command("books", "--check", stdout=out)
    assert "inga skillnader" in out.getvalue()


WRONG = [
    ("UPDATE reimbursement_yearsum SET amount = amount + 1 WHERE kind = 'granted'", ["årssumman"]),
    ("UPDATE reimbursement_yearsum SET count = count + 1 WHERE kind = 'paid'", ["årssumman"]),
    ("DELETE FROM reimbursement_yearsum WHERE kind = 'set_off' AND account = 'owed'", ["årssumman"]),
    (
        "UPDATE reimbursement_entry SET amount = amount - 1 WHERE kind = 'granted' AND claim_id = (SELECT min(id) FROM"
        " reimbursement_claim)",
        ["årssumman", "beslutet är", "står kvar"],
    ),
    ("UPDATE reimbursement_line SET ceiling = 1, approved = 1", ["högst 0,01 kr"]),
    ("UPDATE reimbursement_line SET cost = 1, approved = 1", ["högst 0,01 kr"]),
    ("UPDATE reimbursement_batchitem SET released = true", ["(paid) ligger i 0"]),
    ("UPDATE reimbursement_batchitem SET amount = amount + 1", ["kontrollsumman", "beloppen ger", "beloppet är"]),
    (
        "UPDATE reimbursement_batch SET net = net - 1, gross = gross - 1 WHERE net > 0",
        ["beloppen ger", "vara betalt"],
    ),
    ("UPDATE reimbursement_batch SET control_sum = 'x'", ["kontrollsumman"]),
    ("UPDATE reimbursement_batch SET set_off = 0, net = gross WHERE status = 'confirmed'", ["kvittas"]),
    ("UPDATE reimbursement_recovery SET status = 'settled'", ["Återkrav Å-"]),
    (
        "INSERT INTO reimbursement_batchitem (batch_id, claim_id, amount, released) SELECT b.id, c.id, 1, false"
        " FROM reimbursement_batch b, reimbursement_claim c WHERE c.status = 'attested' ORDER BY b.id LIMIT 1",
        ["(attested) ligger i 1"],
    ),
]
"""What is done to the books, and the words that the check must say of it."""


def test_what_does_not_add_up_is_named(books):
    for statement, said in WRONG:
        point = transaction.savepoint()
        sql(statement)
        found = list(differences())
        for words in said:
            assert any(words in sentence for sentence in found), (statement, words, found)
        with pytest.raises(CommandError) as failed:
            call_command("books", "--check", stdout=StringIO())
        assert failed.value.returncode == 1
        transaction.savepoint_rollback(point)
    assert list(differences()) == []


def test_a_line_is_never_paid_twice(books):
    """The database itself refuses a second payment of a claim, and a second granting of a line."""
    for kind in ("paid", "granted"):
        entry = Entry.objects.filter(kind=kind).first()
        entry.pk, entry.day = None, timezone.localdate()
        with pytest.raises(IntegrityError), transaction.atomic():
            entry.save(force_insert=True)
