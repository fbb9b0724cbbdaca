"""Who: offices, units and the people at them. Stable logins first; the rest are numbered."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import Mandate, Organisation, OrganisationKind, PostalCode, User
from accounts.roles import PARTY_OF, Role
from orders.demo.ledger import Person
from orders.demo.words import MEN, SURNAMES, WOMEN

SLUGS = {
    "01": "stockholm", "03": "uppsala", "04": "sormland", "05": "ostergotland", "06": "jonkoping", "07": "kronoberg",
    "08": "kalmar", "09": "gotland", "10": "blekinge", "12": "skane", "13": "halland", "14": "vastragotaland",
    "17": "varmland", "18": "orebro", "19": "vastmanland", "20": "dalarna", "21": "gavleborg",
    "22": "vasternorrland", "23": "jamtland", "24": "vasterbotten", "25": "norrbotten",
}  # fmt: skip
"""County code -> the word in the region's logins."""

OFFICES = {
    "ost": ("FMU-kontor Öst", ("01", "12")),
    "vast": ("FMU-kontor Väst", ("13", "14", "17", "18")),
    "mitt": ("FMU-kontor Mitt", ("03", "04", "05", "19", "20", "21")),
    "syd": ("FMU-kontor Syd", ("06", "07", "08", "09", "10")),
    "norr": ("FMU-kontor Norr", ("22", "23", "24", "25")),
}
"""Made-up offices, each with the regions that it orders of. The first has the stable logins."""

OWN = "FMU-enheten"
COMPANIES = {
    "Exempelvården": "Exempelvården AB",
    "Provkliniken": "Provkliniken AB",
    "Demorehab": "Demorehab AB",
    "Påhittade hälsan": "Påhittade hälsan AB",
}
UNITS = {
    "01": ((OWN, "Södermalm"), ("Exempelvården", "Kista"), ("Provkliniken", "Solna"), (OWN, "Huddinge"),
           ("Demorehab", "Södertälje"), ("Påhittade hälsan", "Täby")),
    "03": ((OWN, "Uppsala"), ("Exempelvården", "Enköping")),
    "04": ((OWN, "Eskilstuna"),),
    "05": ((OWN, "Linköping"), ("Provkliniken", "Norrköping")),
    "06": ((OWN, "Jönköping"), ("Demorehab", "Värnamo")),
    "07": (("Exempelvården", "Växjö"),),
    "08": ((OWN, "Kalmar"),),
    "09": ((OWN, "Visby"),),
    "10": ((OWN, "Karlskrona"),),
    "12": ((OWN, "Lund"), ("Exempelvården", "Malmö"), ("Demorehab", "Helsingborg"), (OWN, "Kristianstad")),
    "13": ((OWN, "Halmstad"), ("Påhittade hälsan", "Varberg")),
    "14": ((OWN, "Göteborg"), ("Exempelvården", "Borås"), ("Provkliniken", "Mölndal"), (OWN, "Skövde"),
           ("Demorehab", "Trollhättan")),
    "17": ((OWN, "Karlstad"), ("Provkliniken", "Arvika")),
    "18": ((OWN, "Örebro"), ("Demorehab", "Karlskoga")),
    "19": ((OWN, "Västerås"),),
    "20": ((OWN, "Falun"), ("Påhittade hälsan", "Mora")),
    "21": ((OWN, "Gävle"), ("Exempelvården", "Bollnäs")),
    "22": ((OWN, "Sundsvall"),),
    "23": ((OWN, "Östersund"),),
    "24": ((OWN, "Umeå"), ("Provkliniken", "Skellefteå")),
    "25": ((OWN, "Luleå"),),
}  # fmt: skip
"""County code -> its units: (care provider, place). 42 in all."""

ALSO_FOR = {"07": ("10",), "13": ("14",)}
"""The last unit of a county works for these regions too, by agreements of their own (4 § lag 2018:744)."""

_OFFICE_STAFF = (
    ("handlaggare", Role.CASE_OFFICER), ("samordnare", Role.COORDINATOR), ("radgivare", Role.MEDICAL_ADVISER),
    ("handlaggare2", Role.CASE_OFFICER), ("handlaggare3", Role.CASE_OFFICER), ("handlaggare4", Role.CASE_OFFICER),
)  # fmt: skip
_MONEY_STAFF = (
    ("controller", Role.CONTROLLER), ("attestant", Role.ATTESTER), ("controller2", Role.CONTROLLER),
)  # fmt: skip
"""Of the unit beside each office that examines what the regions claim: its duties are no case officer's."""
_UNIT_STAFF = (
    ("admin", Role.PERFORMER_ADMIN), ("lakare", Role.PHYSICIAN), ("psykolog", Role.PSYCHOLOGIST),
    ("fysioterapeut", Role.PHYSIOTHERAPIST), ("arbetsterapeut", Role.OCCUPATIONAL_THERAPIST),
    ("lakare2", Role.PHYSICIAN),
)  # fmt: skip


class Place(NamedTuple):
    """Where somebody may live: a postal code with its locality and municipality."""

    code: str
    locality: str
    municipality: str


@dataclass
class Unit:
    """A performer unit and its people."""

    pk: int
    staff: dict[str, list[Person]]

    def one(self, role: str) -> Person:
        """The first with the role."""
        return self.staff[role][0]


@dataclass
class Region:
    """A region, its coordinators, the units it has agreements with and the places in it."""

    pk: int
    county: str
    coordinators: list[Person]
    units: list[Unit] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


@dataclass
class Office:
    """An office, its case officers and the regions that it orders of."""

    pk: int
    officers: list[Person]
    regions: list[Region]


class Parts(NamedTuple):
    """Who a case is between, and about whom."""

    office: Office
    officer: Person
    region: Region
    unit: Unit
    place: Place
    digits: str


@dataclass
class Parties:
    """Everybody. ``agreements``: (region id, performer id)."""

    offices: list[Office]
    agreements: list[tuple[int, int]]

    def units(self) -> Iterable[Unit]:
        """Every unit once."""
        seen = {unit.pk: unit for office in self.offices for region in office.regions for unit in region.units}
        return seen.values()


def password_file() -> Path:
    """Where the one password stands when the environment does not say it."""
    path: Path = settings.SECRETS_DIR / "demo_password"
    return path


def password() -> str:
    """The one password of the demonstration's users."""
    from os import environ

    if given := environ.get("FMU_DEMO_PASSWORD"):
        return given
    path = password_file()
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9) + "\n")
    return path.read_text().strip()


class _Hiring:
    """Collects users and their mandates, then makes them in two statements. Names follow the order of hiring."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._mandates: list[tuple[str, int, Role]] = []
        self._hash = make_password(password())

    def hire(self, username: str, organisation: Organisation, *roles: Role) -> None:
        """A user with a mandate per role at the organisation."""
        n = len(self._users)
        first = (WOMEN if n % 2 else MEN)[(n // 2) % len(WOMEN)]
        name = f"{first} {SURNAMES[(n * 7 + n // len(SURNAMES)) % len(SURNAMES)]}"
        self._users[username] = User(
            username=username, name=name, password=self._hash, email=f"{username}@example.org", is_demo=True
        )
        self._mandates += [(username, organisation.pk, role) for role in roles]

    def done(self) -> dict[tuple[int, str], list[Person]]:
        """(organisation id, role) -> its people."""
        User.objects.bulk_create(self._users.values())
        rows = Mandate.objects.bulk_create(
            Mandate(user=self._users[username], organisation_id=organisation, role=role)
            for username, organisation, role in self._mandates
        )
        found: dict[tuple[int, str], list[Person]] = {}
        for row in rows:
            person = Person(PARTY_OF[row.role].value, row.organisation_id, row.pk, row.user_id, row.user.name)
            found.setdefault((row.organisation_id, str(row.role)), []).append(person)
        return found


def examiner_name(slug: str) -> str:
    """The unit that examines the claims of an office's regions: "FMU-kontor Öst" -> "Ersättningsenhet Öst"."""
    return OFFICES[slug][0].replace("FMU-kontor", "Ersättningsenhet")


def _office_login(slug: str, word: str) -> str:
    return f"fk.{word}" if slug == "ost" and word[-1].isalpha() else f"fk.{slug}.{word}"


def build() -> Parties:
    """Make offices, care providers, units and people; the 21 regions are there already."""
    hiring = _Hiring()
    regions = {row.county_code: row for row in Organisation.objects.filter(kind=OrganisationKind.REGION)}
    offices = {
        slug: _organisation(OrganisationKind.AGENCY_OFFICE, name, email=f"fk.{slug}@example.org")
        for slug, (name, _) in OFFICES.items()
    }
    for slug, office in offices.items():
        for word, role in _OFFICE_STAFF:
            hiring.hire(_office_login(slug, word), office, role)
        examiner = _organisation(
            OrganisationKind.AGENCY_OFFICE, examiner_name(slug), email=f"fk.{slug}.ersattning@example.org"
        )
        for word, role in _MONEY_STAFF:
            hiring.hire(_office_login(slug, word), examiner, role)
    for county, region in regions.items():
        login = f"region.{SLUGS[county]}"
        if not region.email:
            region.email = f"{login}@example.org"
        hiring.hire(login, region, Role.REGION_COORDINATOR)
        hiring.hire(f"{login}.ekonom", region, Role.FINANCE_OFFICER)
        if county in {"01", "12", "14"}:
            hiring.hire(f"{login}.samordnare2", region, Role.REGION_COORDINATOR)
    Organisation.objects.bulk_update(regions.values(), ["email"])
    units = _units(regions, hiring)
    hiring.hire(
        "admin", _organisation(OrganisationKind.ADMINISTRATION, "FMU-portalens förvaltning"), Role.ADMINISTRATOR
    )
    return _gather(hiring.done(), regions, offices, units)


def existing() -> Parties:
    """The same people and places, read from where an earlier load made them."""
    found: dict[tuple[int, str], list[Person]] = {}
    for row in Mandate.objects.filter(user__is_demo=True).select_related("user").order_by("pk"):
        person = Person(PARTY_OF[row.role].value, row.organisation_id, row.pk, row.user_id, row.user.name)
        found.setdefault((row.organisation_id, str(row.role)), []).append(person)
    regions = {row.county_code: row for row in Organisation.objects.filter(kind=OrganisationKind.REGION)}
    by_name = {row.name: row for row in Organisation.objects.all()}
    offices = {slug: by_name[name] for slug, (name, _) in OFFICES.items()}
    units = {county: [by_name[f"{provider} {place}"] for provider, place in rows] for county, rows in UNITS.items()}
    return _gather(found, regions, offices, units)


def _organisation(
    kind: OrganisationKind, name: str, parent: Organisation | None = None, email: str = ""
) -> Organisation:
    return Organisation.objects.get_or_create(kind=kind, name=name, defaults={"parent": parent, "email": email})[0]


def _units(regions: dict[str, Organisation], hiring: _Hiring) -> dict[str, list[Organisation]]:
    """County code -> its units, staffed."""
    units: dict[str, list[Organisation]] = {}
    number = 0
    for county, rows in UNITS.items():
        for provider, place in rows:
            name = f"{regions[county].name}, egen vård" if provider == OWN else COMPANIES[provider]
            parent = _organisation(OrganisationKind.CARE_PROVIDER, name)
            number += 1
            slug = f"utforare.{number:03d}"
            unit = _organisation(
                OrganisationKind.PERFORMER, f"{provider} {place}", parent=parent, email=f"{slug}@example.org"
            )
            units.setdefault(county, []).append(unit)
            first = len(units[county]) == 1
            for word, role in _UNIT_STAFF:
                if county == "12" and first and word in {"admin", "lakare"}:
                    if word == "admin":
                        hiring.hire("utforare.skane", unit, Role.PERFORMER_ADMIN, Role.PHYSICIAN)
                    continue
                stable = county == "01" and first and word != "lakare2"
                hiring.hire(f"utforare.{word}" if stable else f"{slug}.{word}", unit, role)
    return units


def _gather(
    people: dict[tuple[int, str], list[Person]],
    regions: dict[str, Organisation],
    offices: dict[str, Organisation],
    units: dict[str, list[Organisation]],
) -> Parties:
    staffed = {
        row.pk: Unit(row.pk, {role: people.get((row.pk, role), []) for _, role in _UNIT_STAFF})
        for rows in units.values()
        for row in rows
    }
    places: dict[int, list[Place]] = {}
    codes = PostalCode.objects.order_by("code").values_list(
        "code", "locality", "municipality_id", "municipality__region_id"
    )
    for code, locality, municipality, region_id in codes:
        places.setdefault(region_id, []).append(Place(code, locality, municipality))
    worked = {county: [staffed[row.pk] for row in rows] for county, rows in units.items()}
    for county, others in ALSO_FOR.items():
        for other in others:
            worked[other].append(worked[county][-1])
    made = {
        county: Region(row.pk, county, people[row.pk, Role.REGION_COORDINATOR.value], worked[county], places[row.pk])
        for county, row in regions.items()
    }
    return Parties(
        [
            Office(
                offices[slug].pk,
                people[offices[slug].pk, Role.CASE_OFFICER.value],
                [made[county] for county in counties],
            )
            for slug, (_, counties) in OFFICES.items()
        ],
        [(region.pk, unit.pk) for region in made.values() for unit in region.units],
    )
