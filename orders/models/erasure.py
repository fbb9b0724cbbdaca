"""What has been erased, by which decisions. Only added to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Erasure(models.Model):
    """Gallring: one confirmed preview that was carried out, whole or as far as it came.

    ``digest`` is the preview's (SHA-256 in hex). ``decisions`` are the records it rested on (`orders.retention.Decision`),
    ``counts`` part -> number of rows in the preview. Each case has an event that names the erasure and its parts.
    """

    at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)
    decisions = models.JSONField()
    counts = models.JSONField()

    def __str__(self) -> str:
        return f"gallring {self.pk}"
