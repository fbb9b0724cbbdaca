"""Who the assessment is about. A row of its own, so that most queries never touch it and erasure can empty it."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import Municipality
from accounts.permissions import See
from audit import collector
from audit.models import Personal
from fmu_portal import identity
from orders.models.assessment import Assessment


class Protection(models.TextChoices):
    """Skyddade personuppgifter."""

    NONE = "", "Inget skydd"
    MARKED = "marked", "Sekretessmarkering"
    REGISTERED = "registered", "Skyddad folkbokföring"


class InsuredPerson(Personal):
    """Försäkrad: the person of one case. The personnummer is encrypted and found by a keyed hash, exact only."""

    PART = See.IDENTITY

    assessment = models.OneToOneField(Assessment, models.PROTECT, related_name="person", primary_key=True)
    identity_encrypted = models.BinaryField()
    identity_hash = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=120)
    postal_code = models.CharField(max_length=5)
    locality = models.CharField(max_length=60)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    representative = models.CharField(max_length=120, blank=True)
    protection = models.CharField(max_length=10, choices=Protection.choices, blank=True, default=Protection.NONE)
    municipality = models.ForeignKey(Municipality, models.PROTECT, null=True, related_name="+", db_index=False)
    """Where a protected person stays; everybody else's stands on the case, for the region to plan by."""

    def __str__(self) -> str:
        return "försäkrad"

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> InsuredPerson:
        """As Django's; whether the reader has the same family name is noticed here, while the name is at hand."""
        row = super().from_db(db, field_names, values, **kwargs)
        collector.named(row.pk, row.__dict__.get("name", ""))
        return row

    def set_identity(self, digits: str) -> None:
        """Keep the twelve digits, encrypted and hashed."""
        self.identity_encrypted = identity.encrypt(digits)
        self.identity_hash = identity.lookup_hash(digits)

    @property
    def identity_digits(self) -> str:
        """The twelve digits."""
        return identity.decrypt(bytes(self.identity_encrypted))

    @property
    def personnummer(self) -> str:
        """The number as a person reads it."""
        return identity.shown(self.identity_digits)
