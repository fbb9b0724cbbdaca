"""The report (utlåtande): a draft while the physician writes, fixed versions once signed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.permissions import See
from audit.models import Personal
from documents.models import Document
from fmu_portal.models import Event
from orders.models.assessment import Assessment


class Report(Personal):
    """Utlåtande, utkast: what the performer is writing. ``revision`` grows at each save, so that two tabs cannot
    overwrite each other unseen. ``saved_page`` is the page that saved last: its own saves are never in its way."""

    PART = See.REPORT

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="reports")
    performer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    content = models.JSONField(default=dict)
    revision = models.IntegerField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    saved_page = models.CharField(max_length=32, default="", db_default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "performer"], name="one_report_draft_per_performer")
        ]

    def __str__(self) -> str:
        return f"utlåtande {self.pk}"


class ReportSource(models.TextChoices):
    """Hur utlåtandet kom till."""

    FORM = "form", "Skrivet i portalen"
    UPLOAD = "upload", "Uppladdad PDF"
    REGISTERED = "registered", "Kom in på annat sätt"


class ReportVersion(Personal):
    """Utlåtande, version: signed and fixed. ``document`` is None while the worker makes the PDF of a form's content.

    ``erased_at``: the content is gone by its owner's erasure decision; who signed it when is kept.
    ``voided_by``: nobody reads it any more; that it was there stays.
    """

    PART = See.REPORT

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="report_versions")
    number = models.SmallIntegerField()
    performer = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(max_length=12, choices=ReportSource.choices)
    content = models.JSONField(null=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    signed_at = models.DateTimeField(null=True)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    erased_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assessment", "number"], name="report_version_once")]

    def __str__(self) -> str:
        return f"version {self.number}"
