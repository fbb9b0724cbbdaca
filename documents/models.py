"""Files: what came in, what was found in it, where it lies. Who may open one is decided where it is enclosed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Mandate, Organisation


class DocumentState(models.TextChoices):
    """Handlingens tillstånd. The moment of ``received`` counts as delivery whatever the check says."""

    RECEIVED = "received", "Mottagen"
    CHECKING = "checking", "Kontrolleras"
    CLEAN = "clean", "Kontrollerad"
    REFUSED = "refused", "Godtas inte"


class Document(models.Model):
    """Handling: one file as it is stored. Its id cannot be guessed and is no right to open it.

    ``owner`` decides disclosure and erasure. ``wrapped_key`` is the place of the document's own encryption key: None
    while the storage keeps plain files. ``size`` in bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=60, default="application/pdf")
    size = models.BigIntegerField()
    pages = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=DocumentState.choices, default=DocumentState.RECEIVED)
    storage_key = models.CharField(max_length=80)
    wrapped_key = models.BinaryField(null=True)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DocumentState.values), name="document_state_known"),
            models.CheckConstraint(condition=Q(size__gt=0, pages__gt=0), name="document_not_empty"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Opening(models.Model):
    """Öppnad handling: who opened which document, when. Only added to."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="openings")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", db_index=False)
    case_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["case_id", "document"], name="opening_of_case")]

    def __str__(self) -> str:
        return f"{self.document_id}"
