"""The books: entries that are only added, in öre; payments in batches; the account that each region is paid to."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate, Organisation
from accounts.permissions import See
from accounts.roles import Party
from fmu_portal.models import Event
from orders.models import Recusal
from reimbursement.models.claim import Claim, Line
from reimbursement.models.subject import Subject
from reimbursement.processes.batch import BATCH
from reimbursement.processes.recovery import DEMANDED, RECOVERY


class Account(models.TextChoices):
    """Konto i bokföringen: ``owed`` is what the agency owes the region, ``demanded`` what the region owes (negative)."""

    OWED = "owed", "Att betala till regionen"
    DEMANDED = "demanded", "Återkrav mot regionen"


class EntryKind(models.TextChoices):
    """Slag av bokföringspost, with its sign: + in the region's favour, − in the agency's."""

    GRANTED = "granted", "Beslutad ersättning"
    PAID = "paid", "Utbetalt"
    SET_OFF = "set_off", "Kvittat mot återkrav"
    CORRECTION = "correction", "Rättelse"
    RECOVERY = "recovery", "Återkrav"
    INTEREST = "interest", "Ränta"
    REPAID = "repaid", "Återbetalt av regionen"


class EntryQuerySet(models.QuerySet["Entry"]):
    """Sums of entries."""

    def total(self) -> int:
        """Their sum in öre."""
        return int(self.aggregate(total=Sum("amount"))["total"] or 0)


class Entry(models.Model):
    """Bokföringspost: öre (positive in the region's favour) on an account, from an event. Only added to.

    A page's sums are sums of these. A mistake is mended by one more (``corrects``). ``day`` is the day it counts for.
    """

    region = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    account = models.CharField(max_length=10, choices=Account.choices)
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    amount = models.BigIntegerField()
    day = models.DateField()
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="entries", db_index=False)
    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="+", db_index=False)
    batch = models.ForeignKey("Batch", models.PROTECT, null=True, related_name="entries", db_index=False)
    recovery = models.ForeignKey("Recovery", models.PROTECT, null=True, related_name="entries", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="entry_is_not_zero"),
            models.CheckConstraint(
                condition=~Q(kind="granted") | Q(amount__gt=0, account="owed"), name="granted_is_plus"
            ),
            models.CheckConstraint(condition=~Q(kind="paid") | Q(amount__lt=0, account="owed"), name="paid_is_minus"),
            models.CheckConstraint(
                condition=~Q(kind__in=("recovery", "interest")) | Q(amount__lt=0, account="demanded"),
                name="demanded_is_minus",
            ),
            models.UniqueConstraint(fields=["line"], condition=Q(kind="granted"), name="line_granted_once"),
            models.UniqueConstraint(fields=["claim"], condition=Q(kind="paid"), name="claim_paid_once"),
        ]
        indexes = [
            models.Index(fields=["region", "day", "id"], name="entry_of_region_by_day"),
            models.Index(fields=["claim", "id"], condition=Q(claim__isnull=False), name="entry_of_claim"),
            models.Index(fields=["batch", "id"], condition=Q(batch__isnull=False), name="entry_of_batch"),
            models.Index(fields=["recovery", "id"], condition=Q(recovery__isnull=False), name="entry_of_recovery"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class YearSum(models.Model):
    """Summa per region, år, konto och slag: written by the database as entries come, so that a statement reads few rows.

    ``manage.py books --check`` compares with the entries.
    """

    region = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    year = models.SmallIntegerField()
    account = models.CharField(max_length=10, choices=Account.choices)
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    amount = models.BigIntegerField(default=0)
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "year", "account", "kind"], name="year_sum_once")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.year} {self.kind}"


class PayAccount(models.Model):
    """Konto att betala till: a bankgiro number that a region gave, and that the agency has approved. Only added to.

    The newest approved one counts. ``approves`` points at the row that an attester approves: who entered it never does.
    """

    region = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=9)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    approves = models.OneToOneField("self", models.PROTECT, null=True, related_name="approval")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["region", "-id"], name="account_of_region")]

    def __str__(self) -> str:
        return f"konto {self.pk}"


class Batch(Subject):
    """Utbetalning: attested claims of one region, paid in one sum. Amounts in öre: ``net`` = ``gross`` − ``set_off``.

    ``control_sum``: SHA-256 over the claims and amounts in it, in order. ``file_sha256`` of what the finance system got;
    ``account``: the number it was made for.
    """

    PROCESS: ClassVar[str] = BATCH.name

    made_on = models.DateField()
    gross = models.BigIntegerField(default=0)
    set_off = models.BigIntegerField(default=0)
    net = models.BigIntegerField(default=0)
    count = models.IntegerField(default=0)
    control_sum = models.CharField(max_length=64, blank=True)
    account = models.ForeignKey(PayAccount, models.PROTECT, null=True, related_name="+", db_index=False)
    file_sha256 = models.CharField(max_length=64, blank=True)
    sent_on = models.DateField(null=True)
    paid_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(BATCH.statuses)), name="batch_status_known"),
            models.CheckConstraint(
                condition=Q(net=models.F("gross") - models.F("set_off"), net__gte=0, set_off__gte=0),
                name="batch_set_off_within_payment",
            ),
        ]
        indexes = [models.Index(fields=["region", "-id"], name="batch_of_region")]


class BatchItem(models.Model):
    """Belopp i en utbetalning: a claim and what is paid for it (öre). ``released``: the batch was cancelled."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="items", db_index=False)
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="+", db_index=False)
    amount = models.BigIntegerField()
    released = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["claim"], condition=Q(released=False), name="claim_in_one_batch"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="batch_item_pays"),
        ]
        indexes = [models.Index(fields=["batch", "id"], name="item_of_batch")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.claim_id}"


class RecoveryQuerySet(models.QuerySet["Recovery"]):
    """Who sees recoveries: the region its own once they are demanded, controllers and attesters all."""

    def visible_to(self, actor: Actor) -> Self:
        """The recoveries that a mandate may see; none of a case that the person has blocked themself from (jäv)."""
        if not actor.sees(See.CLAIM):
            return self.none()
        rows = self.exclude(status="new")
        if actor.party is Party.REGION:
            rows = rows.filter(region_id=actor.organisation_id, status__in=DEMANDED)
        recused = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True).values("assessment_id")
        return rows.exclude(claim__assessment_id__in=recused)


class Recovery(Subject):
    """Återkrav: ``wrong`` öre were paid wrongly for ``claim``; ``demand`` of it is demanded back, with ``interest``.

    ``paid_decision_on``: the day of the decision to pay, from which the ten years run (19 §). ``interest_full`` is what
    räntelagen gives, None when no rate is in force (then ``interest`` is 0 and the page says why); ``counted`` holds how it
    was counted. ``set_off``: it may be set off against later payments (21 §). ``repaid`` and what was set off are entries.
    """

    PROCESS: ClassVar[str] = RECOVERY.name

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="recoveries")
    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="+", db_index=False)
    opened_on = models.DateField()
    paid_decision_on = models.DateField()
    paid_on = models.DateField(null=True)
    wrong = models.BigIntegerField()
    demand = models.BigIntegerField(null=True)
    interest_full = models.BigIntegerField(null=True)
    interest = models.BigIntegerField(null=True)
    counted = models.JSONField(default=dict)
    set_off = models.BooleanField(null=True)
    due_on = models.DateField(null=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", db_index=False)
    decided_on = models.DateField(null=True)

    objects = RecoveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(RECOVERY.statuses)), name="recovery_status_known"),
            models.CheckConstraint(condition=Q(wrong__gt=0), name="recovery_is_of_something"),
            models.CheckConstraint(
                condition=Q(demand__isnull=True) | Q(demand__gte=0, demand__lte=models.F("wrong")),
                name="recovery_demands_no_more",
            ),
            models.CheckConstraint(
                condition=Q(interest__isnull=True) | Q(interest__gte=0), name="recovery_interest_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["region", "-id"], name="recovery_of_region")]

    @property
    def assessment_id(self) -> int | None:
        """The case that its claim is about, for the guard of jäv."""
        return self.claim.assessment_id
