"""Who owns which part of a case, and the owners' erasure decisions (gallringsbeslut): data, read from a file.

Nothing is erased without a decision of the part's owner. The portal has no time of its own: a part without a record in
the file is kept for ever, and the page and the command say so. `orders.erasure` does the erasing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.models import Organisation
from fmu_portal.engine.refusals import NoRule
from rules.limits import rule_in_force

SHIPPED = Path(__file__).with_name("erasure_decisions.toml")
JOURNAL_RULE = "law.journal_minimum"


class Owner(StrEnum):
    """Whose a part is, as the file names it."""

    AGENCY = "agency"  # Försäkringskassan, one authority with many offices
    REGION = "region"  # one region, by its name
    CARE_PROVIDER = "care_provider"  # the performer unit's care provider (`Organisation.parent`), by its name


class Kind(StrEnum):
    """A kind of row (or of columns) that a part consists of; `orders.erasure` finds and empties each."""

    NEEDS = "needs"  # columns of the case's row
    PERSON = "person"
    ORDER = "order"
    DOCUMENT = "document"  # by `Document.owner`: the files, their key, their names and what was read out of them
    VERSION = "version"  # a signed report's content
    DRAFT = "draft"  # a report that is being written
    NOTE = "note"  # by `Note.author`
    STEP_DRAFT = "step_draft"  # a half-filled form
    VISIT = "visit"  # a visit's place, as somebody wrote it
    MESSAGE_DRAFT = "message_draft"  # what is half written to others, with the files that wait in it; as messages
    MESSAGE = "message"  # by who wrote it, with the files in it; `correspondence` says how it is found and emptied


@dataclass(frozen=True)
class Part:
    """A part of a case that one owner decides on: its label in Swedish, and what it consists of."""

    label: str
    owner: Owner
    kinds: tuple[Kind, ...]
    journal: bool = False


_WRITTEN = (Kind.NOTE, Kind.STEP_DRAFT, Kind.MESSAGE, Kind.MESSAGE_DRAFT)

PARTS: dict[str, Part] = {
    "request": Part("Begäran: kommun, språk, tolk, särskilda behov, metod", Owner.AGENCY, (Kind.NEEDS,)),
    "identity": Part("Den försäkrades personuppgifter", Owner.AGENCY, (Kind.PERSON,)),
    "order": Part("Beställningens text", Owner.AGENCY, (Kind.ORDER,)),
    "underlag": Part("Handlingar som Försäkringskassan har lagt in", Owner.AGENCY, (Kind.DOCUMENT,)),
    "notes": Part("Försäkringskassans frågor, svar, skäl, meddelanden och utkast", Owner.AGENCY, _WRITTEN),
    "region_notes": Part("Regionens skäl, meddelanden och utkast", Owner.REGION, _WRITTEN),
    "report": Part(
        "Utlåtandet: versioner, utkast, PDF och uppladdade handlingar",
        Owner.CARE_PROVIDER,
        (Kind.VERSION, Kind.DRAFT, Kind.DOCUMENT),
        journal=True,
    ),
    "performer_notes": Part(
        "Utförarens frågor, skäl, meddelanden och utkast, och besökens platser",
        Owner.CARE_PROVIDER,
        (*_WRITTEN, Kind.VISIT),
        journal=True,
    ),
}
"""Part -> whose it is. Events, seals, the access log, openings and statistics (status, dates, region, performer,
counts) are nobody's part: they are kept."""

AGENCY_NAME = "Försäkringskassan"


class BadDecision(ValueError):
    """A record in the file cannot be used; the text says which and why. Then nothing at all is erased."""


@dataclass(frozen=True)
class ErasureDecision:
    """Gallringsbeslut: ``years`` whole years after the case ended, a part of an owner's may be erased.

    ``reference`` is the source: the decision's own number with the owner. ``name`` is "" for the agency. In force from
    ``decided_on`` until a later decision on the same part, or until ``valid_to`` (the last day).
    """

    owner: Owner
    name: str
    part: str
    years: int
    reference: str
    decided_on: date
    valid_to: date | None = None

    @property
    def owner_name(self) -> str:
        """The owner as a person reads it."""
        return self.name or AGENCY_NAME

    def record(self) -> dict[str, Any]:
        """As it is kept with an erasure: texts and numbers."""
        return {
            "owner": str(self.owner),
            "name": self.owner_name,
            "part": self.part,
            "label": PARTS[self.part].label,
            "years": self.years,
            "reference": self.reference,
            "decided_on": self.decided_on.isoformat(),
        }

    def organisations(self) -> list[int]:
        """The ids of the organisations whose rows the decision is about, sorted."""
        rows = Organisation.objects.filter(kind="agency_office")
        if self.owner is Owner.REGION:
            rows = Organisation.objects.filter(kind="region", name=self.name)
        elif self.owner is Owner.CARE_PROVIDER:
            rows = Organisation.objects.filter(kind="performer", parent__kind="care_provider", parent__name=self.name)
        return sorted(rows.values_list("pk", flat=True))


def decisions_file() -> Path:
    """The organisation's own file of settings when it is there, else the one in the repository (empty)."""
    own: Path = settings.ERASURE_DECISIONS_FILE
    return own if own.is_file() else SHIPPED


def decisions(path: Path | None = None) -> list[ErasureDecision]:
    """Every record of the file, checked. Raises `BadDecision`."""
    path = path or decisions_file()
    try:
        rows = tomllib.loads(path.read_text()).get("decision", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDecision(f"{path} går inte att läsa: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadDecision(f"{path}: skriv varje beslut som [[decision]]")
    found = [_checked(row, number) for number, row in enumerate(rows, start=1)]
    keys = [(d.owner, d.name, d.part, d.decided_on) for d in found]
    if len(set(keys)) != len(keys):
        raise BadDecision("Två beslut om samma del har samma dag. Behåll det som gäller.")
    return found


_FIELDS = {"owner", "name", "part", "years", "reference", "decided_on", "valid_to"}


def _checked(row: dict[str, Any], number: int) -> ErasureDecision:
    def wrong(why: str) -> BadDecision:
        return BadDecision(f"Beslut {number} kan inte användas: {why}")

    if unknown := sorted(set(row) - _FIELDS):
        raise wrong(f"okänt fält {', '.join(unknown)}")
    part = PARTS.get(str(row.get("part")))
    if part is None:
        raise wrong(f"part ska vara någon av {', '.join(PARTS)}")
    if row.get("owner") != part.owner:
        raise wrong(f"{row['part']} ägs av {part.owner}, och bara ägaren beslutar")
    years, reference = row.get("years"), row.get("reference")
    if not isinstance(years, int) or isinstance(years, bool) or not 1 <= years <= 200:
        raise wrong("years ska vara ett helt antal år, minst 1")
    if not isinstance(reference, str) or not reference.strip():
        raise wrong("reference (beslutets beteckning) saknas")
    decided_on, valid_to = row.get("decided_on"), row.get("valid_to")
    if type(decided_on) is not date or not (valid_to is None or type(valid_to) is date):
        raise wrong("decided_on och valid_to ska vara datum, till exempel 2027-03-01")
    name = row.get("name", "")
    if not isinstance(name, str) or bool(name) != (part.owner is not Owner.AGENCY):
        raise wrong("name är regionens eller vårdgivarens namn, och anges inte för Försäkringskassan")
    decision = ErasureDecision(part.owner, name, str(row["part"]), years, reference.strip(), decided_on, valid_to)
    if name and not Organisation.objects.filter(kind=str(part.owner), name=name).exists():
        raise wrong(f"{name} finns inte i portalen")
    if part.journal and years < (least := _journal_years(decided_on, wrong)):
        raise wrong(f"en journalhandling ska bevaras i minst {least} år (3 kap. 17 § patientdatalagen)")
    return decision


def _journal_years(day: date, wrong: Any) -> int:
    try:
        return rule_in_force(JOURNAL_RULE, day).days
    except NoRule as missing:
        raise wrong(missing.text) from missing


def in_force(all_of_them: Iterable[ErasureDecision], day: date) -> list[ErasureDecision]:
    """The decisions that apply on a day: the latest of each owner and part, in a fixed order."""
    latest: dict[tuple[str, str, str], ErasureDecision] = {}
    for decision in sorted(all_of_them, key=lambda d: d.decided_on):
        if decision.decided_on <= day:
            latest[decision.owner, decision.name, decision.part] = decision
    order = list(PARTS)
    held = [d for d in latest.values() if d.valid_to is None or d.valid_to >= day]
    return sorted(held, key=lambda d: (d.owner, d.name, order.index(d.part)))


def ended_by(day: date, years: int) -> date:
    """The last day on which a case may have ended for ``years`` whole years to have passed on ``day``."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
