"""Agreements between a region and the performers that work for it (4 § lag 2018:744), and how the region chooses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Mandate, Organisation
from accounts.roles import ASSESSORS, Role

PRICE_KINDS = {
    "assessment": "Utredning (AFU)",
    "psychologist": "Utvidgning, psykolog",
    "physiotherapist": "Utvidgning, fysioterapeut",
    "occupational_therapist": "Utvidgning, arbetsterapeut",
    "no_show": "Uteblivet besök",
}
"""What an agreement may have a price for: code -> words. Prices are in öre."""


class Way(models.TextChoices):
    """Sätt att tilldela."""

    DIRECT = "direct", "Direkt till en utpekad utförare"
    RANKED = "ranked", "Rangordning enligt avtal, nästa när en tackar nej"
    QUOTA = "quota", "Fördelning: den som ligger längst under sin andel"
    CHOOSE = "choose", "Fråga flera och välja"
    FIRST = "first", "Fråga flera, den första som tackar ja får uppdraget"


class AgreementQuerySet(models.QuerySet["Agreement"]):
    """Conditions on agreements."""

    def in_force(self, day: date) -> AgreementQuerySet:
        """Those that apply on a day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)


class Agreement(models.Model):
    """Avtal: a performer works for a region during a period.

    ``rank`` (1 is asked first) and ``share`` (percent of a year's assignments) serve the ways that use them;
    ``capacity``: assignments a week, None when none is agreed; ``prices``: kind -> öre; ``closed_weeks``: ISO weeks,
    "2026-W53". What is changed is kept as `Change` rows.
    """

    region = models.ForeignKey(Organisation, models.PROTECT, related_name="agreements")
    performer = models.ForeignKey(Organisation, models.PROTECT, related_name="worked_for")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    rank = models.PositiveSmallIntegerField(null=True)
    share = models.PositiveSmallIntegerField(null=True, validators=[MaxValueValidator(100)])
    capacity = models.PositiveSmallIntegerField(null=True)
    professions = ArrayField(
        models.CharField(max_length=30, choices=[(r.value, r.label) for r in ASSESSORS]), default=list
    )
    languages = ArrayField(models.CharField(max_length=60), default=list)
    prices = models.JSONField(default=dict)
    closed_weeks = ArrayField(models.CharField(max_length=8), default=list)
    version = models.IntegerField(default=0)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "performer", "valid_from"], name="agreement_once"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="agreement_period_in_order",
            ),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__lte=100), name="agreement_share_is_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} – {self.performer}"

    def in_force_on(self, day: date) -> bool:
        """Whether it applies on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def profession_words(self) -> list[str]:
        """The professions in Swedish."""
        return [str(Role(code).label) for code in self.professions]

    @property
    def price_rows(self) -> list[tuple[str, int]]:
        """(what, öre), in the order of the kinds."""
        return [(words, self.prices[kind]) for kind, words in PRICE_KINDS.items() if kind in self.prices]


class AssignmentChoice(models.Model):
    """Regionens sätt: which way is in force, who is designated, whether it starts as soon as a request has come."""

    region = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="+")
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.CHOOSE)
    designated = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    straight = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(way__in=Way.values), name="assignment_way_known"),
        ]

    def __str__(self) -> str:
        return f"sätt {self.pk}"


class Change(models.Model):
    """Ändring i ett avtal eller i regionens val: field -> [before, after], by whom, when. Only added to."""

    region = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, related_name="changes", db_index=False)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    fields = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["region", "agreement", "-id"], name="change_of_region")]

    def __str__(self) -> str:
        return f"ändring {self.pk}"


class Forecast(models.Model):
    """Prognos: how many assessments the agency expects to request of a region in a year (3 § förordning 2018:1633).

    Only added to: the newest row of a region and year is in force, and what was given by 15 October stays (14 §).
    """

    region = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    requests = models.PositiveIntegerField()
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["region", "year", "-id"], name="forecast_of_region")]

    def __str__(self) -> str:
        return f"prognos {self.year}"

    @classmethod
    def in_force(cls, region_id: int, years: Iterable[int]) -> dict[int, Forecast]:
        """year -> the newest forecast of a region."""
        rows = cls.objects.filter(region_id=region_id, year__in=[*years]).order_by("year", "-id")
        return {row.year: row for row in rows.distinct("year")}
