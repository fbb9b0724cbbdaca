"""Exceptions to who may see a case: an office that opened another's with a reason, a person who stepped aside."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Mandate, User
from orders.models.assessment import Assessment


class UnlockingQuerySet(models.QuerySet["Unlocking"]):
    """Conditions on unlockings."""

    def now(self, mandate_id: int) -> UnlockingQuerySet:
        """Those that hold for a mandate at this moment."""
        return self.filter(mandate_id=mandate_id, until__gt=Now())


class Unlocking(models.Model):
    """Öppnat ärende: somebody at the agency opened another office's case, for the reason given, until a moment.

    Only added to. The reason was written before anything was shown.
    """

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="unlockings")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    objects = UnlockingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["mandate", "until"], name="unlocked_for_mandate")]

    def __str__(self) -> str:
        return f"öppnat ärende {self.pk}"


class Recusal(models.Model):
    """Jäv: a person has blocked themself from a case. It holds under every mandate until a coordinator lifts it."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="recusals")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "assessment"], condition=models.Q(lifted_at__isnull=True), name="recused_once"
            )
        ]

    def __str__(self) -> str:
        return f"jäv {self.pk}"


class Reveal(models.Model):
    """Visad skyddad uppgift: who looked at a protected person's name and place, and the reason given. Only added to."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="reveals")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"visad uppgift {self.pk}"
