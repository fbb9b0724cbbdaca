"""The people of the tests: who they are and where they work. ``python -m tests.cast`` writes them, as the owner.

officer ordered the case; stranger_officer is at another office. coordinator (region) answers; skane is a stranger
region. admin, physician and psychologist are at the performer unit that is chosen; other_* at another unit of the same
region; skane_performer is a stranger performer. administrator manages and sees no case.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

PASSWORD = "ett-langt-losenord-1"

PEOPLE = {
    # key: (username, name, role, organisation)
    "officer": ("officer", "Olle Handläggare", "case_officer", "office"),
    "team": ("team", "Tea Samordnare", "coordinator", "office"),
    "adviser": ("adviser", "Roy Rådgivare", "medical_adviser", "office"),
    "controller": ("controller", "Carl Controller", "controller", "office"),
    "attester": ("attester", "Asta Attestant", "attester", "office"),
    "stranger_officer": ("stranger_officer", "Ossian Främmande", "case_officer", "other_office"),
    "region": ("region", "Rut Regionsson", "region_coordinator", "stockholm"),
    "region_two": ("region_two", "Rune Regionsson", "region_coordinator", "stockholm"),
    "finance": ("finance", "Einar Ekonom", "finance_officer", "stockholm"),
    "skane": ("skane", "Siv Skånsk", "region_coordinator", "skane"),
    "admin": ("padmin", "Ada Admin", "performer_admin", "unit"),
    "physician": ("physician", "Lo Läkare", "physician", "unit"),
    "physician_two": ("physician_two", "Lasse Läkare", "physician", "unit"),
    "psychologist": ("psychologist", "Petra Psykolog", "psychologist", "unit"),
    "other_admin": ("other_admin", "Otto Annanenhet", "performer_admin", "other_unit"),
    "other_physician": ("other_physician", "Ottilia Annanenhet", "physician", "other_unit"),
    "skane_performer": ("skane_performer", "Sten Skåne", "physician", "skane_unit"),
    "administrator": ("administrator", "Frej Förvaltare", "administrator", "administration"),
}


@dataclass
class Cast:
    """Each person as an `Actor`, and the organisations by key."""

    officer: object
    team: object
    adviser: object
    controller: object
    attester: object
    stranger_officer: object
    region: object
    region_two: object
    finance: object
    skane: object
    admin: object
    physician: object
    physician_two: object
    psychologist: object
    other_admin: object
    other_physician: object
    skane_performer: object
    administrator: object

    @classmethod
    def load(cls):
        """Read them from the database: one query."""
        from accounts.actor import Actor
        from accounts.models import Mandate

        by_username = {
            m.user.username: Actor.of(m) for m in Mandate.objects.select_related("user", "organisation").all()
        }
        return cls(**{key: by_username[row[0]] for key, row in PEOPLE.items()})

    def everyone(self):
        """key -> actor."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def cheap_passwords() -> None:
    """Hash passwords as the portal does, for a hundredth of the price: a quarter of a second at each login adds up."""
    from django.contrib.auth.hashers import Argon2PasswordHasher as Hasher

    Hasher.time_cost, Hasher.memory_cost, Hasher.parallelism = 1, 1024, 1


def write() -> None:
    """Make the organisations, agreements and people."""
    from accounts.models import Mandate, Organisation, User
    from regions.models import Agreement

    make = Organisation.objects.create
    stockholm = Organisation.objects.get(kind="region", county_code="01")
    skane = Organisation.objects.get(kind="region", county_code="12")
    provider = make(kind="care_provider", name="Vårdbolaget AB")
    organisations = {
        "office": make(kind="agency_office", name="Kontoret Ett", email="ett@example.org"),
        "other_office": make(kind="agency_office", name="Kontoret Två", email="tva@example.org"),
        "stockholm": stockholm,
        "skane": skane,
        "unit": make(kind="performer", name="Enheten Ett", parent=provider, email="enhet@example.org"),
        "other_unit": make(kind="performer", name="Enheten Två", parent=provider),
        "skane_unit": make(kind="performer", name="Enheten Skåne", parent=provider),
        "administration": make(kind="administration", name="Förvaltningen"),
    }
    Organisation.objects.filter(pk=stockholm.pk).update(email="stockholm@example.org")
    start = date(2023, 1, 1)
    for region, unit in ((stockholm, "unit"), (stockholm, "other_unit"), (skane, "skane_unit")):
        Agreement.objects.create(region=region, performer=organisations[unit], valid_from=start)
    for username, name, role, organisation in PEOPLE.values():
        user = User.objects.create_user(username, name, PASSWORD, email=f"{username}@example.org")
        Mandate.objects.create(user=user, organisation=organisations[organisation], role=role)


if __name__ == "__main__":
    import django

    django.setup()
    cheap_passwords()
    write()
