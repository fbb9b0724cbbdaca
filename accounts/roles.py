"""The parties of an assessment and the roles at each. Words from the process description and the glossary."""

from django.db.models import TextChoices


class Party(TextChoices):
    """Part: who acts or owes. The clock is a party like the others."""

    AGENCY = "agency", "Försäkringskassan"
    REGION = "region", "Regionen"
    PERFORMER = "performer", "Utföraren"
    CLOCK = "clock", "Portalens klocka"
    ADMINISTRATION = "administration", "Portalens förvaltning"


class Role(TextChoices):
    """Roll i ett medarbetaruppdrag."""

    CASE_OFFICER = "case_officer", "Handläggare"
    COORDINATOR = "coordinator", "FMU-samordnare"
    MEDICAL_ADVISER = "medical_adviser", "Försäkringsmedicinsk rådgivare"
    CONTROLLER = "controller", "Controller"
    ATTESTER = "attester", "Attestant"
    REGION_COORDINATOR = "region_coordinator", "Samordnare"
    FINANCE_OFFICER = "finance_officer", "Ekonom"
    PERFORMER_ADMIN = "performer_admin", "Administratör"
    PHYSICIAN = "physician", "Läkare"
    PSYCHOLOGIST = "psychologist", "Psykolog"
    PHYSIOTHERAPIST = "physiotherapist", "Fysioterapeut"
    OCCUPATIONAL_THERAPIST = "occupational_therapist", "Arbetsterapeut"
    CLOCK = "clock", "Portalens klocka"
    ADMINISTRATOR = "administrator", "Portalförvaltare"


_AGENCY = (Role.CASE_OFFICER, Role.COORDINATOR, Role.MEDICAL_ADVISER, Role.CONTROLLER, Role.ATTESTER)
_REGION = (Role.REGION_COORDINATOR, Role.FINANCE_OFFICER)
_PERFORMER = (
    Role.PERFORMER_ADMIN,
    Role.PHYSICIAN,
    Role.PSYCHOLOGIST,
    Role.PHYSIOTHERAPIST,
    Role.OCCUPATIONAL_THERAPIST,
)

PARTY_OF: dict[str, Party] = {
    **dict.fromkeys(_AGENCY, Party.AGENCY),
    **dict.fromkeys(_REGION, Party.REGION),
    **dict.fromkeys(_PERFORMER, Party.PERFORMER),
    Role.CLOCK: Party.CLOCK,
    Role.ADMINISTRATOR: Party.ADMINISTRATION,
}
"""role -> the party it acts for."""

ASSESSORS = (Role.PHYSICIAN, Role.PSYCHOLOGIST, Role.PHYSIOTHERAPIST, Role.OCCUPATIONAL_THERAPIST)
"""Roles whose holder examines the insured person (8 § lag 2018:744)."""


def in_words(role: str) -> str:
    """A role's label inside a sentence: "psykolog", and "FMU-samordnare" as it is."""
    label = str(Role(role).label)
    return label if label[:2].isupper() else label.lower()
