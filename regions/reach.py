"""The row policies of what the regions keep, and what the performer asked is told past the wall."""

from __future__ import annotations

from accounts.permissions import See, Where, roles_with
from accounts.roles import PARTY_OF, Party
from fmu_portal.database import ORGANISATION, ROLE, Answer, Wall
from orders import reach


def _is(party: Party) -> str:
    names = ", ".join(f"'{role}'" for role, of in PARTY_OF.items() if of is party)
    return f"{ROLE} IN ({names})"


def walls() -> list[Wall]:
    """An agreement, with its prices, is for the region and the performer that have it; the region's choices are its own."""
    both = (
        f"({_is(Party.REGION)} AND region_id = {ORGANISATION})"
        f" OR ({_is(Party.PERFORMER)} AND performer_id = {ORGANISATION})"
    )
    own = f"{_is(Party.REGION)} AND region_id = {ORGANISATION}"
    change = f"agreement_id IN (SELECT a.id FROM regions_agreement a WHERE a.performer_id = {ORGANISATION})"
    return [
        Wall("regions_agreement", both, check=own, clock=True),
        Wall("regions_assignmentchoice", own, clock=True),
        Wall("regions_change", f"({own}) OR ({_is(Party.PERFORMER)} AND {change})", check=own),
    ]


def functions() -> list[Answer]:
    """What the performer asked sees of a case that it does not reach: nothing that says who or which it is."""
    roles = ", ".join(f"'{role}'" for role in roles_with(See.ASKED, Where.ASKED))
    asked = (
        f"{ROLE} IN ({roles}) AND i.performer_id = {ORGANISATION} AND i.status IN ('sent', 'accepted')"
        f" AND a.id <> ALL ({reach.RECUSED})"
    )
    return [
        Answer(
            "regions_asked(of_inquiries bigint[])",
            asked,
            "TABLE (id bigint, municipality varchar, language varchar, interpreter boolean, special_needs varchar,"
            " wished_start date, protected boolean, region varchar)",
            "SELECT i.id, CASE WHEN a.protected THEN NULL ELSE m.name END, a.language, a.interpreter, a.special_needs,"
            " a.wished_start, a.protected, r.name FROM regions_inquiry i"
            " JOIN orders_assessment a ON a.id = i.assessment_id JOIN accounts_organisation r ON r.id = a.region_id"
            " LEFT JOIN accounts_municipality m ON m.code = a.municipality_id"
            f" WHERE i.id = ANY (of_inquiries) AND {asked}",
        )
    ]
