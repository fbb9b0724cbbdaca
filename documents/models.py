"""Files: what came in, what was found in it, where it lies. Who may open one is decided where it is enclosed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Mandate, Organisation
from documents.refusals import reason


class DocumentState(models.TextChoices):
    """Handlingens tillstånd. The moment of ``received`` counts as delivery whatever the check says."""

    RECEIVED = "received", "Mottagen"
    CHECKING = "checking", "Kontrolleras"
    CLEAN = "clean", "Kontrollerad"
    REFUSED = "refused", "Godtas inte"


class Document(models.Model):
    """Handling: one file as it is stored. Its id cannot be guessed and is no right to open it.

    ``owner`` decides disclosure and erasure. ``size`` (bytes) and ``sha256`` are of the file as it came; ``clean_…`` of
    the copy that people open, which a worker makes (empty where the portal made the file itself). ``pages`` is None
    until the check. ``wrapped_key`` is the document's own key, encrypted by the ring key ``key_id`` (`documents.keys`);
    None for a file from before the encryption. ``refusal`` says why a file is refused (`documents.refusals`).
    ``erased_at``: by its owner's decision the key, the names and what was read out of the file are gone; the row stays.
    ``storage_key`` is empty when the files are gone too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="+", db_index=False)
    name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=60, default="application/pdf")
    size = models.BigIntegerField()
    pages = models.IntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=DocumentState.choices, default=DocumentState.RECEIVED)
    storage_key = models.CharField(max_length=80)
    wrapped_key = models.BinaryField(null=True)
    key_id = models.CharField(max_length=16, blank=True, default="")
    clean_key = models.CharField(max_length=80, blank=True, default="")
    clean_size = models.BigIntegerField(null=True)
    clean_sha256 = models.CharField(max_length=64, blank=True, default="")
    refusal = models.CharField(max_length=20, blank=True, default="")
    received_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DocumentState.values), name="document_state_known"),
            models.CheckConstraint(
                condition=Q(size__gt=0) & (Q(pages__isnull=True) | Q(pages__gt=0)), name="document_not_empty"
            ),
            models.CheckConstraint(condition=~Q(state="clean", pages__isnull=True), name="document_clean_is_counted"),
            models.CheckConstraint(
                condition=(Q(state="refused") & ~Q(refusal="")) | (~Q(state="refused") & Q(refusal="")),
                name="document_refused_says_why",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(wrapped_key__isnull=True, name="", sha256=""),
                name="document_erased_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(wrapped_key__isnull=True, key_id="") | (Q(wrapped_key__isnull=False) & ~Q(key_id="")),
                name="document_key_has_its_ring_key",
            ),
        ]
        indexes = [
            models.Index(fields=["key_id", "id"], name="documents_of_ring_key"),
            models.Index(fields=["uploaded_by", "received_at"], name="documents_of_uploader"),  # a day's quota
            models.Index(
                fields=["id"], condition=Q(erased_at__isnull=False) & ~Q(storage_key=""), name="documents_to_remove"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def waits(self) -> bool:
        """Not checked yet: it counts as delivered, and nobody can open it."""
        return self.state in (DocumentState.RECEIVED, DocumentState.CHECKING) and not self.is_erased

    @property
    def is_clean(self) -> bool:
        """Checked: it can be opened by those who may."""
        return self.state == DocumentState.CLEAN and not self.is_erased

    @property
    def is_refused(self) -> bool:
        """Checked, and nobody can open it."""
        return self.state == DocumentState.REFUSED and not self.is_erased

    @property
    def is_erased(self) -> bool:
        """Gallrad: only that it was there is left."""
        return self.erased_at is not None

    @property
    def reason(self) -> str:
        """Why it is refused and what to do, in Swedish; "" when it is not."""
        return reason(self.refusal) if self.refusal else ""

    @property
    def served_size(self) -> int:
        """Bytes of what people open."""
        return self.size if self.clean_size is None else self.clean_size


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
