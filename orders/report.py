"""What a report holds: its sections and the eight categories of the ability profile, as data.

Sources: prop. 2017/18:224 p. 20 (diagnosis, influence on functioning, prognosis, medical risks, findings) and the eight
categories graded 0 (no or negligible limitation) to 4 (very large or total). Only 0 and 4 have names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TITLE = "Bedömning av medicinska förutsättningar för arbete"


@dataclass(frozen=True)
class Field:
    """One question: ``kind`` is text, date or grade (a grade has a reason beside it)."""

    name: str
    label: str
    kind: str = "text"
    help: str = ""


@dataclass(frozen=True)
class Section:
    """One page of the form."""

    name: str
    title: str
    fields: tuple[Field, ...]
    intro: str = ""


PHYSICAL = (
    Field("strength", "Fysisk styrka och rörlighet", "grade"),
    Field("physical_endurance", "Fysisk uthållighet", "grade"),
    Field("senses", "Syn, hörsel och tal", "grade"),
    Field("balance", "Balans, koordination och finmotorik", "grade"),
)
MENTAL = (
    Field("memory", "Minne, inlärning och koncentration", "grade"),
    Field("executive", "Exekutiv funktion", "grade"),
    Field("affective", "Affektiv funktion", "grade"),
    Field("mental_endurance", "Psykisk uthållighet", "grade"),
)

SECTIONS = (
    Section(
        "examination",
        "Om undersökningen",
        (
            Field("examined_on", "När undersökte du den försäkrade?", "date"),
            Field(
                "circumstances",
                "Hur gick undersökningen till?",
                help="Till exempel tolk, närstående och hur länge den pågick.",
            ),
        ),
    ),
    Section("diagnosis", "Diagnos", (Field("diagnosis", "Diagnos eller diagnoser"),)),
    Section("impact", "Sjukdomens påverkan på funktionen", (Field("impact", "Hur påverkar sjukdomen funktionen?"),)),
    Section(
        "profile",
        "Aktivitetsförmågeprofil",
        PHYSICAL + MENTAL,
        "Gradera varje kategori från 0 till 4 och skriv vad bedömningen bygger på. 0 är ingen eller försumbar"
        " begränsning, 4 är mycket stor eller total begränsning.",
    ),
    Section("prognosis", "Prognos", (Field("prognosis", "Vilken är prognosen för aktivitetsbegränsningarna?"),)),
    Section("risks", "Medicinska risker", (Field("risks", "Vilka medicinska risker finns med olika aktiviteter?"),)),
    Section(
        "findings",
        "Undersökningsfynd och observationer",
        (Field("findings", "Vilka fynd och observationer bygger bedömningen på?"),),
    ),
)
OTHERS = "others"
"""The key of the content under which the other professions' sections lie: profession -> what was signed, or why not."""
OTHER_FIELDS = (
    Field("examined_on", "Undersökningsdag", "date"),
    Field("findings", "Fynd och observationer"),
    Field("judgement", "Vad de betyder för förmågan till arbete"),
)
BY_NAME = {section.name: section for section in SECTIONS}

GRADE_WORDS = {0: "ingen eller försumbar begränsning", 4: "mycket stor eller total begränsning"}


def keys(field: Field) -> tuple[str, ...]:
    """The keys of the stored content that a field fills."""
    return (field.name, f"{field.name}_reason") if field.kind == "grade" else (field.name,)


def _filled(content: dict[str, Any], key: str) -> bool:
    return content.get(key) not in (None, "")


def _reasons_missing(section: Section, content: dict[str, Any]) -> str:
    """What lacks a reason, once every category has its grade."""
    missing = [field.label for field in section.fields if not _filled(content, keys(field)[1])]
    if not missing or not all(_filled(content, field.name) for field in section.fields):
        return ""
    return f", motivering saknas: {missing[0]}" if len(missing) == 1 else f", {len(missing)} motiveringar saknas"


def state_of(section: Section, content: dict[str, Any]) -> str:
    """The section's state in words: Klar, Påbörjad, Inte påbörjad; the profile counts its grades."""
    wanted = [key for field in section.fields for key in keys(field)]
    filled = sum(_filled(content, key) for key in wanted)
    if filled == len(wanted):
        return "Klar"
    if section.name == "profile" and filled:
        graded = sum(_filled(content, field.name) for field in section.fields)
        return f"{graded} av {len(section.fields)} graderade{_reasons_missing(section, content)}"
    return "Påbörjad" if filled else "Inte påbörjad"


def missing_in(content: dict[str, Any]) -> list[str]:
    """The titles of the sections that are not ready, in lower case for a sentence."""
    return [section.title.lower() for section in SECTIONS if state_of(section, content) != "Klar"]
