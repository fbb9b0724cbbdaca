"""Who: users, organisations, mandates, keys; and the places that decide which region answers."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Func, Q, TextField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.roles import PARTY_OF, Party, Role


class OrganisationKind(models.TextChoices):
    """Slag av organisation."""

    AGENCY_OFFICE = "agency_office", "Försäkringskassans kontor"
    REGION = "region", "Region"
    CARE_PROVIDER = "care_provider", "Vårdgivare"
    PERFORMER = "performer", "Utförare"
    ADMINISTRATION = "administration", "Portalens förvaltning"


PARTY_OF_KIND = {
    OrganisationKind.AGENCY_OFFICE: Party.AGENCY,
    OrganisationKind.REGION: Party.REGION,
    OrganisationKind.PERFORMER: Party.PERFORMER,
    OrganisationKind.ADMINISTRATION: Party.ADMINISTRATION,
}


class Organisation(models.Model):
    """Organisation: a party's unit. A performer unit has its care provider (vårdgivare) as parent."""

    kind = models.CharField(max_length=20, choices=OrganisationKind.choices)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="units")
    county_code = models.CharField(max_length=2, blank=True)
    email = models.EmailField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=OrganisationKind.values), name="organisation_kind_known"),
            models.UniqueConstraint(fields=["kind", "name"], name="organisation_name_once"),
            models.UniqueConstraint(fields=["county_code"], condition=Q(kind="region"), name="one_region_per_county"),
            models.CheckConstraint(
                condition=~Q(kind="performer") | Q(parent__isnull=False), name="performer_has_care_provider"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def party(self) -> Party:
        """The party that this organisation is in an assessment."""
        return PARTY_OF_KIND[OrganisationKind(self.kind)]


class Municipality(models.Model):
    """Kommun: residence decides which region answers (3 § lag 2018:744)."""

    code = models.CharField(max_length=4, primary_key=True)
    name = models.CharField(max_length=60)
    region = models.ForeignKey(Organisation, models.PROTECT, related_name="municipalities")

    def __str__(self) -> str:
        return self.name


class PostalCode(models.Model):
    """Postnummer: five digits, its place and municipality."""

    code = models.CharField(max_length=5, primary_key=True)
    locality = models.CharField(max_length=60)
    municipality = models.ForeignKey(Municipality, models.PROTECT)

    def __str__(self) -> str:
        return f"{self.code} {self.locality}"


class UserManager(BaseUserManager["User"]):
    """Makes users; there is no superuser: rights come from mandates alone."""

    def create_user(self, username: str, name: str, password: str | None = None, **fields: Any) -> User:
        """A user with a hashed password, or none that works when ``password`` is None."""
        user = self.model(username=username, name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Användare: a person. What the person may do follows from the active mandate."""

    username = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.name


COUNTED: dict[str, str] = {}
"""What else the menu counts: a name -> a scalar query of ``accounts_mandate``'s row. An app adds its own when it starts."""


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Conditions on mandates."""

    def valid(self, on: date | None = None) -> MandateQuerySet:
        """Those that may be worked under on a day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day, user__is_active=True)

    def at_work(self) -> MandateQuerySet:
        """With user and organisation, and the transaction told whose mandate it is (``SET LOCAL``) by the same query."""
        told = Func("pk", "organisation_id", "user_id", "role", function="fmu_act_as", output_field=TextField())
        return self.select_related("user", "organisation").annotate(told=told)

    def with_waiting(self) -> MandateQuerySet:
        """With ``waiting``: the organisation's open duties, counted no further than 100.

        They stand in every page's menu: counted with the mandate, they cost no query of their own.
        """
        waiting = RawSQL(
            "SELECT count(*) FROM (SELECT 1 FROM fmu_portal_duty d WHERE d.closed_by_id IS NULL"
            " AND d.organisation_id = accounts_mandate.organisation_id LIMIT 100) waiting",
            [],
            output_field=models.IntegerField(),
        )
        counted = {
            f"count_{name}": RawSQL(sql, [], output_field=models.IntegerField())  # noqa: S611 - an app's own constant
            for name, sql in COUNTED.items()
        }
        return self.annotate(waiting=waiting, **counted)


class Mandate(models.Model):
    """Medarbetaruppdrag: a user's role at an organisation. A user works under one at a time."""

    user = models.ForeignKey(User, models.PROTECT, related_name="mandates")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="mandates")
    role = models.CharField(max_length=30, choices=Role.choices)
    valid_from = models.DateField(default=date(2019, 1, 1))
    valid_to = models.DateField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="mandate_role_known"),
            models.UniqueConstraint(fields=["user", "organisation", "role"], name="mandate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.organisation}"

    @property
    def party(self) -> Party:
        """The party that the mandate acts for."""
        return PARTY_OF[self.role]


class Login(models.Model):
    """Inloggning: one session of a user, so that its owner can see it and end it (see `accounts.sessions`).

    ``browser`` is two words of ours, never what the browser sent. ``session_key`` is empty when the session has ended.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="logins")
    session_key = models.CharField(max_length=40, blank=True, db_index=True)
    browser = models.CharField(max_length=40)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"inloggning {self.pk}"


class ApiKey(models.Model):
    """API-nyckel: a bearer key of one mandate, shown once, kept as SHA-256 (the key itself is 256 random bits).

    A key is a system and no person at a keyboard: it signs a report only when it was made for that (``may_sign``).
    """

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="api_keys")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)
    may_sign = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"nyckel {self.pk}"

    @staticmethod
    def hashed(key: str) -> str:
        """The stored form of a key."""
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def issue(cls, mandate: Mandate, *, may_sign: bool = False) -> str:
        """Make a key for a mandate and return it; it cannot be read again."""
        key = "fmu_" + secrets.token_urlsafe(32)
        cls.objects.create(mandate=mandate, digest=cls.hashed(key), may_sign=may_sign)
        return key
