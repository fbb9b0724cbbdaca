"""What the agency orders, whom the region chose, who takes part, and what somebody has half filled in."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.permissions import See
from audit.models import Personal
from fmu_portal.models import Event
from orders.models.assessment import Assessment


class Order(Personal):
    """Beställning: what the agency told the performer with the underlag (5–6 §§ förordning, 6–7 §§ lag)."""

    PART = See.PAPERS

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="orders")
    event = models.OneToOneField(Event, models.PROTECT, related_name="+")
    method = models.CharField(max_length=200)
    purpose = models.TextField()
    expandable = models.BooleanField()
    no_self_rating_reason = models.CharField(max_length=300, blank=True)
    own_documents = models.BooleanField()
    informed_on = models.DateField()

    def __str__(self) -> str:
        return f"beställning {self.pk}"


class Assignment(models.Model):
    """Tilldelning: a performer's time with the case; closed by a hand-back."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="assignments")
    performer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    opened_by = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    closed_by = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"tilldelning {self.pk}"


class Participant(models.Model):
    """Deltagare: an assessor who takes part, and so may open the underlag (13 § lag 2018:744)."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="participants")
    performer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "performer", "user"], name="participant_once"),
        ]

    def __str__(self) -> str:
        return f"deltagare {self.pk}"


class StepDraft(models.Model):
    """Utkast till ett steg: what a person has half filled in. Seen by that person alone, gone when the step is taken."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="drafts")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    step = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "step", "organisation", "user"], name="one_draft_per_step"),
        ]

    def __str__(self) -> str:
        return self.step
