"""Payment control afterwards, interest by dated records, which office examines, and jobs over many claims."""

from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate, Organisation, User
from accounts.permissions import See
from accounts.roles import Party
from orders.models import Recusal
from reimbursement.models.money import BatchItem
from reimbursement.models.subject import Subject
from reimbursement.processes.review import REVIEW


class ControlPeriod(models.Model):
    """Kontrollperiod: payments confirmed from ``first`` to ``last`` (days), sampled with a published seed.

    ``share`` is in tenths of a per cent; ``population`` how many payments (claims paid) there were. Only added to.
    """

    first = models.DateField()
    last = models.DateField()
    seed = models.CharField(max_length=64)
    share = models.SmallIntegerField()
    high_amount = models.BigIntegerField()
    population = models.IntegerField()
    mandate = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "last"], name="control_period_once"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="control_period_in_order"),
            models.CheckConstraint(condition=Q(share__range=(0, 1000)), name="control_share_is_share"),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


class Why(models.TextChoices):
    """Varför en utbetalning kontrolleras (the agency's payment control: at random, or because it is risky)."""

    SAMPLE = "sample", "Slumpmässigt urval"
    HIGH = "high", "Högt belopp"
    OVERRIDDEN = "overridden", "En kontroll var inte uppfylld men beloppet godtogs"
    CORRECTED = "corrected", "Rättad bokföringspost"
    NEW_ACCOUNT = "new_account", "Nytt kontonummer"


class ReviewQuerySet(models.QuerySet["Review"]):
    """Who sees reviews: the agency's controllers and attesters."""

    def visible_to(self, actor: Actor) -> Self:
        """The reviews that a mandate may see; none of a case that the person has blocked themself from (jäv)."""
        if actor.party is not Party.AGENCY or not actor.sees(See.CLAIM):
            return self.none()
        recused = Recusal.objects.filter(user_id=actor.user_id, lifted_at__isnull=True).values("assessment_id")
        return self.exclude(item__claim__assessment_id__in=recused)


class Review(Subject):
    """Kontroll av en utbetalning: which payment, why, by whom, and how large the error was (öre, None when none)."""

    PROCESS: ClassVar[str] = REVIEW.name

    period = models.ForeignKey(ControlPeriod, models.PROTECT, related_name="reviews", db_index=False)
    item = models.ForeignKey(BatchItem, models.PROTECT, related_name="+")
    why = ArrayField(models.CharField(max_length=12, choices=Why.choices))
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    reviewed_on = models.DateField(null=True)
    error = models.BigIntegerField(null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(REVIEW.statuses)), name="review_status_known"),
            models.UniqueConstraint(fields=["period", "item"], name="reviewed_once_a_period"),
        ]
        indexes = [models.Index(fields=["period", "status", "id"], name="review_of_period")]

    @property
    def assessment_id(self) -> int | None:
        """The case that its claim is about, for the guard of jäv."""
        return self.item.claim.assessment_id

    @property
    def why_labels(self) -> list[str]:
        """Why it was chosen, in Swedish."""
        return [str(Why(reason).label) for reason in self.why]


class InterestRule(models.Model):
    """Regel i räntelagen: an administrator enters it with its source, since the law's text is not at hand here.

    ``margin``: hundredths of a percentage point above the reference rate. ``after_days``: interest runs from so many days
    after the day named by ``starts_from``. ``days_of_year``: what a year is divided by. Only added to: of two from one day
    the one entered last counts, so that a slip can be mended.
    """

    class From(models.TextChoices):
        """Vilken dag räntan räknas från."""

        PAID = "paid", "Dagen då beloppet betalades ut"
        DEMANDED = "demanded", "Dagen för beslutet om återkrav"
        DUE = "due", "Dagen då återkravet senast ska betalas"

    valid_from = models.DateField()
    margin = models.IntegerField()
    starts_from = models.CharField(max_length=10, choices=From.choices)
    after_days = models.SmallIntegerField(default=0)
    days_of_year = models.SmallIntegerField(default=365)
    source = models.CharField(max_length=200)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(source=""), name="interest_rule_has_source"),
            models.CheckConstraint(condition=Q(days_of_year__in=(360, 365, 366)), name="interest_year_known"),
        ]

    def __str__(self) -> str:
        return f"ränta från {self.valid_from}"


class ReferenceRate(models.Model):
    """Referensränta: hundredths of a per cent, in force from a day until the next one. With its source; only added to.

    Of two from one day the one entered last counts.
    """

    valid_from = models.DateField()
    rate = models.IntegerField()
    source = models.CharField(max_length=200)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(source=""), name="reference_rate_has_source")]

    def __str__(self) -> str:
        return f"{self.rate} från {self.valid_from}"


class Desk(models.Model):
    """Granskande kontor: who at the agency examines a region's claims; ``region`` None is the central queue."""

    region = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    office = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce("region", 0), name="one_desk_each"),
        ]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.office_id}"


class DeskChange(models.Model):
    """Ändring av granskande kontor: who said which office, and when. Only added to."""

    region = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    office = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.region_id}: {self.office_id}"


class Job(models.Model):
    """Jobb: one step taken on many claims by a worker, in its asker's name; ``done`` and ``refused`` grow as it goes.

    ``refused``: [[claim number, sentence], …]. Claims that are done are not done again when the job is taken anew.
    """

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    step = models.CharField(max_length=40)
    claims = ArrayField(models.BigIntegerField())
    versions = ArrayField(models.IntegerField())
    done = models.IntegerField(default=0)
    refused = models.JSONField(default=list)
    asked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["mandate", "-id"], name="job_of_mandate")]

    def __str__(self) -> str:
        return f"{self.step} {self.pk}"
