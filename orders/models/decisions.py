"""What moves a last day, and what went wrong: expansion, deferral, deviation."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Organisation
from fmu_portal.engine.table import NEW
from orders.models.part import Part, PartQuerySet
from orders.processes.deferral import DEFERRAL
from orders.processes.deviation import DEVIATION
from orders.processes.expansion import EXPANSION


class Profession(models.TextChoices):
    """Professioner som en utvidgning kan gälla (11 § förordning 2018:1633)."""

    PSYCHOLOGIST = "psychologist", "Psykolog"
    PHYSIOTHERAPIST = "physiotherapist", "Fysioterapeut"
    OCCUPATIONAL_THERAPIST = "occupational_therapist", "Arbetsterapeut"


class DeviationKind(models.TextChoices):
    """Slag av avvikelse."""

    LATE_REPORT = "late_report", "Utlåtandet kom inte in i tid"
    LATE_SUPPLEMENT = "late_supplement", "Kompletteringen kom inte i tid"
    CANNOT_BE_MET = "cannot_be_met", "Begäran kan inte tillgodoses"
    WITHDRAWN = "withdrawn", "Utredningen återkallades"
    NO_SHOW = "no_show", "Uteblivet besök"
    WRONG_DOCUMENT = "wrong_document", "Fel handling"
    OTHER = "other", "Annat"


class Expansion(Part):
    """Utvidgning: which professions were proposed and approved, and how many extra working days the decision gave.

    ``days`` (0–20 vardagar) and ``decided_on`` are empty until the agency has decided (8 § förordning 2018:1633).
    """

    PROCESS = EXPANSION.name

    professions = ArrayField(models.CharField(max_length=30, choices=Profession.choices), default=list)
    days = models.SmallIntegerField(null=True)
    decided_on = models.DateField(null=True)

    objects = PartQuerySet["Expansion"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(EXPANSION.statuses)), name="expansion_status_known"),
            models.CheckConstraint(
                condition=Q(days__isnull=True) | Q(days__range=(0, 20)), name="expansion_days_within_law"
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | (Q(days__isnull=False) & Q(decided_on__isnull=False)),
                name="approved_expansion_has_days",
            ),
        ]
        indexes = [models.Index(fields=["assessment", "id"], name="expansion_of_case")]

    def words(self) -> list[str]:
        """What the page says of it, beside its status."""
        names = ", ".join(str(Profession(p).label).lower() for p in self.professions)
        given = f"{self.days} extra vardagar, beslut {self.decided_on}." if self.status == "approved" else ""
        return [f"{names[:1].upper()}{names[1:]}.", *([given] if given else [])]


class Deferral(Part):
    """Anstånd: the day that was wished, and the latest day that the agency gave."""

    PROCESS = DEFERRAL.name

    wished = models.DateField(null=True)
    until = models.DateField(null=True)
    decided_on = models.DateField(null=True)

    objects = PartQuerySet["Deferral"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(DEFERRAL.statuses)), name="deferral_status_known"),
            models.CheckConstraint(
                condition=~Q(status="granted") | (Q(until__isnull=False) & Q(decided_on__isnull=False)),
                name="granted_deferral_has_day",
            ),
        ]
        indexes = [models.Index(fields=["assessment", "id"], name="deferral_of_case")]

    def words(self) -> list[str]:
        """What the page says of it, beside its status."""
        wished = [f"Önskad ny sista dag {self.wished}."] if self.wished else []
        return [*wished, *([f"Till {self.until}, beslut {self.decided_on}."] if self.until else [])]


class Deviation(Part):
    """Avvikelse: what kind it is, and from when."""

    PROCESS = DEVIATION.name

    kind = models.CharField(max_length=30, choices=DeviationKind.choices)
    found_on = models.DateField(null=True)

    objects = PartQuerySet["Deviation"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(DEVIATION.statuses)), name="deviation_status_known"),
            models.CheckConstraint(
                condition=Q(status=NEW) | (Q(kind__in=DeviationKind.values) & Q(found_on__isnull=False)),
                name="deviation_says_what_and_when",
            ),
        ]
        indexes = [
            models.Index(fields=["assessment", "id"], name="deviation_of_case"),
            models.Index(fields=["-id"], condition=Q(status="open"), name="deviation_open"),
        ]

    def words(self) -> list[str]:
        """What the page says of it, beside its status."""
        return [f"{self.get_kind_display()}, {self.found_on}."]


class RegionChoice(models.Model):
    """Regionens val: ``standing_leave``: a performer's word of a risk goes straight on to the agency, the region is told."""

    region = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="choice")
    standing_leave = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"val {self.pk}"
