"""The shared overview's own rows: views that a person has saved, and exports that a worker makes."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Mandate, Organisation, User

MOST_VIEWS = 20
"""Saved views of one person at one organisation: more would be a list to search in. A routine of the portal."""


class SavedView(models.Model):
    """Sparad vy: a person's own choice of filters, order and columns, at one organisation.

    ``filters`` is `orders.overview.wanted.Wanted.stored`: codes, ids and dates, never a person.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=40)
    filters = models.JSONField(default=dict)
    columns = ArrayField(models.CharField(max_length=30), default=list)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "name"], name="saved_view_name_once"),
        ]

    def __str__(self) -> str:
        return f"vy {self.pk}"


class ExportState(models.TextChoices):
    """Exportens tillstånd."""

    WAITING = "waiting", "Väntar"
    RUNNING = "running", "Skapas"
    DONE = "done", "Klar"
    FAILED = "failed", "Misslyckades"
    EXPIRED = "expired", "Borttagen"


class ExportFormat(models.TextChoices):
    """Filformat."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"


class Export(models.Model):
    """Export: the filtered rows of the overview as one file, made by a worker under the mandate that asked.

    ``wrapped_key`` encrypts the file as a document's does; both go when it expires. ``attempts`` counts how many times a
    worker has taken it; ``begun_at`` is said from outside that worker's transaction, so that one who finds it knows that
    another never came back. ``total`` is None until the worker has counted. ``failure``: a code of `orders.overview.exports`.
    """

    OPEN: ClassVar = (ExportState.WAITING, ExportState.RUNNING)

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    format = models.CharField(max_length=4, choices=ExportFormat.choices)
    filters = models.JSONField(default=dict)
    columns = ArrayField(models.CharField(max_length=30), default=list)
    state = models.CharField(max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    failure = models.CharField(max_length=20, blank=True, default="")
    attempts = models.SmallIntegerField(default=0)
    done = models.IntegerField(default=0)
    total = models.IntegerField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)
    storage_key = models.CharField(max_length=80, blank=True, default="")
    wrapped_key = models.BinaryField(null=True)
    key_id = models.CharField(max_length=16, blank=True, default="")
    size = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state_known"),
            models.CheckConstraint(condition=Q(format__in=ExportFormat.values), name="export_format_known"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(wrapped_key__isnull=False, expires_at__isnull=False),
                name="export_done_has_a_file",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(failure=""), name="export_failed_says_why"),
        ]
        indexes = [models.Index(fields=["mandate", "-id"], name="export_of_mandate")]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def is_open(self) -> bool:
        """Not finished yet."""
        return self.state in self.OPEN

    @property
    def is_ready(self) -> bool:
        """Whether the file can be fetched now."""
        return self.state == ExportState.DONE and self.expires_at is not None and self.expires_at > timezone.now()

    @property
    def percent(self) -> int:
        """How far it has come, 0–100."""
        return min(100, self.done * 100 // self.total) if self.total else 0
