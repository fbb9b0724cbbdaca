"""Who is away, and whose cases somebody else takes over."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Mandate, Organisation, User


class Absence(models.Model):
    """Frånvaro: a person is away from an organisation from a day to a day, both included; shown to colleagues there.

    ``substitute`` looks after what comes meanwhile, and is told what the person would have been.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    first = models.DateField()
    last = models.DateField()
    substitute = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="one_absence_per_person"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="absence_in_order"),
        ]

    def __str__(self) -> str:
        return f"frånvaro {self.pk}"


class HandOver(models.Model):
    """Överlämning: all of a person's open cases at an organisation go to a colleague; a worker takes a step in each.

    ``last_case`` is how far it has come; ``done_at`` when nothing is left. ``skipped``: cases where the step was refused.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    giver = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    taker = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    last_case = models.BigIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-id"], name="hand_overs_of_organisation")]

    def __str__(self) -> str:
        return f"överlämning {self.pk}"
