"""What must happen outside a step's transaction, and what has been told."""

from __future__ import annotations

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Cast, NullIf
from django.utils import timezone

from accounts.models import Organisation, User
from fmu_portal.models.events import Event


class Outbox(models.Model):
    """Utkorg: a row in the step's own transaction; a worker takes it with SKIP LOCKED, does it and marks it in one.

    ``payload`` holds ids and codes only. ``key`` makes a second identical row impossible. ``mandate_id`` is whoever
    asked, written by the database itself; NULL is the clock.
    """

    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=120, unique=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.SmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, blank=True)
    mandate_id = models.BigIntegerField(
        null=True,
        db_default=Cast(
            NullIf(Func(Value("fmu.mandate"), Value(True), function="current_setting"), Value("")),
            models.BigIntegerField(),
        ),
    )

    class Meta:
        indexes = [models.Index(fields=["not_before", "id"], condition=Q(done_at__isnull=True), name="outbox_to_do")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Notice(models.Model):
    """Avisering i portalen: to an organisation's shared inbox, or to a person there. No personal data in it."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)
    case_id = models.BigIntegerField(null=True)
    case_number = models.CharField(max_length=20, blank=True)
    text = models.CharField(max_length=200)
    key = models.CharField(max_length=160, unique=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-id"], name="notice_of_organisation")]

    def __str__(self) -> str:
        return self.text


class Heartbeat(models.Model):
    """Livstecken: when a background process last said that it is alive."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
