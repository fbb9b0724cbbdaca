"""Documents of a case: staged by the party that uploads, sent by a step, voided by another."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Organisation
from accounts.permissions import See
from audit.models import Personal
from documents.models import Document
from fmu_portal.models import Event
from orders.models.assessment import Assessment


class EnclosureKind(models.TextChoices):
    """Slag av handling (6 § förordning 2018:1633); the last two are not underlag."""

    MEDICAL = "medical", "Medicinskt underlag"
    SELF_RATING = "self_rating", "Självskattning"
    OWN = "own", "Handling från den försäkrade"
    OTHER = "other", "Övrig handling"
    REPORT = "report", "Utlåtande"
    EVIDENCE = "evidence", "Handling som styrker ankomstdagen"


UNDERLAG = (EnclosureKind.MEDICAL, EnclosureKind.SELF_RATING, EnclosureKind.OWN, EnclosureKind.OTHER)


class EnclosureQuerySet(models.QuerySet["Enclosure"]):
    """Conditions on a case's documents."""

    def staged(self, organisation_id: int | None) -> EnclosureQuerySet:
        """Uploaded by the organisation and not yet sent."""
        return self.filter(sent_by__isnull=True, voided_by__isnull=True, staged_by_id=organisation_id)

    def sent(self) -> EnclosureQuerySet:
        """Sent with a step; voided ones too (they stay in sight, closed)."""
        return self.filter(sent_by__isnull=False)

    def underlag(self) -> EnclosureQuerySet:
        """What belongs to the underlag."""
        return self.filter(kind__in=UNDERLAG)


class Enclosure(Personal):
    """Handling i ärendet: one document's place in a case. ``warning_page``: where another personnummer stands."""

    PART = See.UNDERLAG

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="enclosures")
    document = models.ForeignKey(Document, models.PROTECT, related_name="enclosures")
    kind = models.CharField(max_length=12, choices=EnclosureKind.choices)
    dated = models.DateField(null=True)
    position = models.SmallIntegerField(default=0)
    warning_page = models.IntegerField(null=True)
    attested = models.BooleanField(default=False)
    staged_by = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    sent_by = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)
    voided_by = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = EnclosureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "document"], name="document_once_per_case"),
            models.CheckConstraint(condition=Q(kind__in=EnclosureKind.values), name="enclosure_kind_known"),
        ]
        indexes = [models.Index(fields=["assessment", "position", "id"], name="enclosures_in_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
