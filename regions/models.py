"""Agreements between a region and the performers that work for it (4 § lag 2018:744)."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q

from accounts.models import Organisation


class AgreementQuerySet(models.QuerySet["Agreement"]):
    """Conditions on agreements."""

    def in_force(self, day: date) -> AgreementQuerySet:
        """Those that apply on a day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)


class Agreement(models.Model):
    """Avtal: a performer works for a region during a period."""

    region = models.ForeignKey(Organisation, models.PROTECT, related_name="agreements")
    performer = models.ForeignKey(Organisation, models.PROTECT, related_name="worked_for")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "performer", "valid_from"], name="agreement_once"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="agreement_period_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} – {self.performer}"
