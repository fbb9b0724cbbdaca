"""What each role may see of a case it may see at all: one table, read by queries, pages, API and tests.

The rows are the rows of "What each may see" in the description of the process; a role that is missing sees nothing.
Which *cases* a mandate may see is `orders.models.AssessmentQuerySet.visible_to`.
"""

from enum import StrEnum

from accounts.roles import Role


class See(StrEnum):
    """One row of the table."""

    CASE = "case"  # number, status, dates, deadlines, the events' sentences
    NEEDS = "needs"  # municipality, language, interpreter, special needs, wished start
    IDENTITY = "identity"  # name, personnummer, address, contact
    UNDERLAG = "underlag"  # at the performer: only those who take part in this assessment (13 § lag 2018:744)
    REPORT = "report"  # at the performer: its own


_ALL = frozenset(See)
_PERFORMER = frozenset({See.CASE, See.NEEDS, See.IDENTITY, See.UNDERLAG, See.REPORT})
_REGION = frozenset({See.CASE, See.NEEDS})
_MONEY = frozenset({See.CASE})

MAY_SEE: dict[str, frozenset[See]] = {
    Role.CASE_OFFICER: _ALL,
    Role.COORDINATOR: _ALL,
    Role.MEDICAL_ADVISER: _ALL,
    Role.CONTROLLER: _MONEY,
    Role.ATTESTER: _MONEY,
    Role.REGION_COORDINATOR: _REGION,
    Role.FINANCE_OFFICER: _REGION,
    Role.PERFORMER_ADMIN: _PERFORMER,
    Role.PHYSICIAN: _PERFORMER,
    Role.PSYCHOLOGIST: _PERFORMER,
    Role.PHYSIOTHERAPIST: _PERFORMER,
    Role.OCCUPATIONAL_THERAPIST: _PERFORMER,
    Role.ADMINISTRATOR: frozenset(),
}


def may_see(role: str, what: See) -> bool:
    """Whether a role sees this row of the table in a case that its mandate may see."""
    return what in MAY_SEE.get(role, frozenset())
