"""Every table of reimbursement behind its wall, asked straight: whoever has no business there finds nothing; what is only added
stays as it is, whoever asks."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from fmu_portal.database import ADD_ONLY, all_walls
from fmu_portal.engine.door import take
from reimbursement.models import (
    Batch,
    BatchItem,
    Claim,
    ControlPeriod,
    DeskChange,
    Evidence,
    InterestRule,
    Job,
    PayAccount,
    Recovery,
    ReferenceRate,
    Review,
)
from tests import claims, roles
from tests.cast import Cast
from tests.conftest import kept

pytestmark = pytest.mark.django_db

WALLED = sorted({wall.table for wall in all_walls() if wall.table.startswith("reimbursement_")})
ONLY_ADDED = sorted(table for table in ADD_ONLY if table.startswith("reimbursement_"))
BY_TRIGGER = ("entry", "controlperiod", "interestrule", "referencerate", "payaccount")
STRANGERS = (
    "skane", "officer", "team", "adviser", "stranger_officer", "admin", "physician", "physician_two", "psychologist",
    "other_admin", "other_physician", "skane_performer", "administrator",
)  # fmt: skip
OF_REGION = {
    "claim", "line", "decision", "evidence", "remark", "entry", "yearsum", "payaccount", "batch", "batchitem", "recovery",
}  # fmt: skip
OF_AGENCY = OF_REGION | {"review", "controlperiod"}


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


@pytest.fixture(scope="module")
def rows(django_db_blocker):
    """A row in every table, for all the tests; see `_rows`."""
    with kept(django_db_blocker):
        yield _rows(Cast.load())


def _rows(cast):
    """A row in every table: past the door where that is shorter; the wall asks only what the rows say."""
    claim = claims.submitted(cast)
    take("claim", claim.pk, "ask", cast.controller, {"version": claim.version, "text": "Varför?"})
    take("claim", claim.pk, "answer", cast.finance, {"text": "Därför"} | {f"cost_{claim.lines.get().pk}": "18 400"})
    claim = claims.fresh(claim)
    take("claim", claim.pk, "decide", cast.controller, claims.decision(claim))
    take("claim", claim.pk, "attest", cast.attester, {"version": claims.fresh(claim).version})
    Evidence.objects.create(claim=claim, document=claim.assessment.enclosures.first().document)
    region, today = claim.region_id, timezone.localdate()
    account = PayAccount.objects.create(region_id=region, number="5050-1055", mandate_id=cast.finance.mandate_id)
    batch = Batch.objects.create(number="U-2026-00001", region_id=region, made_on=today, account=account)
    item = BatchItem.objects.create(batch=batch, claim=claim, amount=1_840_000)
    recovery = Recovery.objects.create(
        number="Å-2026-00001", region_id=region, claim=claim, opened_on=today, paid_decision_on=today, wrong=100
    )
    Recovery.objects.filter(pk=recovery.pk).update(status="demanded")
    period = ControlPeriod.objects.create(
        first=date(2026, 1, 1), last=date(2026, 1, 31), seed="x", share=50, high_amount=1, population=1
    )
    Review.objects.create(number="K-2026-00001", region_id=region, period=period, item=item, why=["high"])
    Job.objects.create(mandate_id=cast.finance.mandate_id, step="submit", claims=[claim.pk], versions=[1])
    administrator = cast.administrator.mandate_id
    ReferenceRate.objects.create(valid_from=date(2026, 1, 1), rate=200, source="Riksbanken", mandate_id=administrator)
    InterestRule.objects.create(
        valid_from=date(2026, 1, 1), margin=800, starts_from="due", source="Källa", mandate_id=administrator
    )
    DeskChange.objects.create(region_id=region, office_id=claim.office_id, mandate_id=administrator)
    claims.proposed(cast)
    return claim


def test_there_is_a_row_in_every_table(rows):
    assert [table for table in {*WALLED, *ONLY_ADDED} if not count(table)] == []
    assert OF_AGENCY | {"job", "deskchange"} == {table.removeprefix("reimbursement_") for table in WALLED}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_finds_nothing_in_any_table(cast, rows, name):
    with roles.at_work(getattr(cast, name)):
        found = {table: n for table in WALLED if (n := count(table))}
    # Who examines is the administrator's own business, and the only thing of all this.
    assert found == ({"reimbursement_deskchange": 1} if name == "administrator" else {})


@pytest.mark.parametrize("name", ["finance", "region", "controller", "attester"])
def test_each_party_finds_its_own_and_no_more(cast, rows, name):
    agency = name in ("controller", "attester")
    with roles.at_work(getattr(cast, name)):
        found = {table.removeprefix("reimbursement_") for table in WALLED if count(table)}
        seen = set(Claim.objects.values_list("status", flat=True))
    assert found == (OF_AGENCY if agency else OF_REGION | ({"job"} if name == "finance" else set()))
    assert seen == ({"attested"} if agency else {"attested", "proposed"})


def test_another_region_s_finance_officer_finds_nothing(cast, rows):
    from dataclasses import replace

    from accounts.models import Mandate, User

    user = User.objects.create_user("ekonom_skane", "Eva Skånsk", "ett-langt-losenord-2", email="e@example.org")
    mandate = Mandate.objects.create(user=user, organisation_id=cast.skane.organisation_id, role="finance_officer")
    actor = replace(cast.skane, role="finance_officer", mandate_id=mandate.pk, user_id=user.pk)
    with roles.at_work(actor):
        assert {table: n for table in WALLED if (n := count(table))} == {}


@pytest.mark.parametrize("role", ["fmu_web", "fmu_worker"])
@pytest.mark.parametrize("table", [*ONLY_ADDED, "reimbursement_yearsum"])
def test_what_is_only_added_is_neither_changed_nor_taken_away(rows, role, table):
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with roles.role(role), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(sql)


@pytest.mark.parametrize("name", BY_TRIGGER)
def test_the_books_refuse_whoever_has_every_right_too(rows, name):
    table = f"reimbursement_{name}"
    before = count(table)
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            connection.cursor().execute(sql)
    assert count(table) == before > 0


def test_status_and_year_sums_have_one_writer(rows):
    for sql in (
        "UPDATE reimbursement_claim SET status = 'paid'",
        "UPDATE reimbursement_claim SET region_id = 1",
        "UPDATE reimbursement_batch SET net = 0",
        "UPDATE reimbursement_recovery SET claim_id = 1",
        "UPDATE reimbursement_review SET status = 'right'",
        "UPDATE reimbursement_yearsum SET amount = 0",
    ):
        with roles.role("fmu_web"), pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(sql)
