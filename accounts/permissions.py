"""Who may see what: one table, role × what × where. Everything about access is made from it or checked against it.

* a page or an answer asks `may_see` (the role's column);
* the query asks `wheres` and turns each `Where` into its filter, the database's row policy into its SQL: both stand side
  by side in `orders.reach`;
* `manage.py access` writes it as `docs/access.md`, and a test holds the page to it.

The rows are those of "What each may see" in the description of the process. What is not there, nobody sees; the
administrator manages and stands in no row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from accounts.roles import Role


class See(StrEnum):
    """What is seen: one column of the table."""

    CASE = "case"  # number, status, dates, deadlines, the events' sentences
    NEEDS = "needs"  # municipality, language, interpreter, special needs, wished start, what was written to the party
    IDENTITY = "identity"  # name, personnummer, address, contact
    UNDERLAG = "underlag"  # which documents there are: kind, name, date, pages
    PAPERS = "papers"  # the documents themselves, and what the order says
    REPORT = "report"  # the report, its drafts and versions
    PROTECTED = "protected"  # name and place of a person with protected identity, each time with a reason
    MESSAGES = "messages"  # messages of the threads that one's organisation takes part in
    NUMBER = "number"  # only that the case is there, for what one's unit once wrote in it
    ASKED = "asked"  # an inquiry: municipality, language, interpreter, special needs, wished start; no case, no person
    CLAIM = "claim"  # cost, claim, decision, payment
    FOUND = "found"  # its number and no more, when one asks for a person by personnummer


class Where(StrEnum):
    """In which cases. `orders.reach` says it to the query and to the database."""

    OFFICE = "office"  # the office's own
    UNLOCKED = "unlocked"  # another office's, for a while, after a stated reason
    REQUESTED = "requested"  # every case that has been requested of a region
    REGION = "region"  # requested of the region
    CLAIMED = "claimed"  # what a region has claimed, also outside any case (central administration, training)
    ASSIGNED = "assigned"  # assigned to the unit now
    TAKES_PART = "takes_part"  # assigned to the unit now, and the person takes part (13 § lag 2018:744)
    WROTE = "wrote"  # what the unit wrote itself, now or before a hand-back
    ASKED = "asked"  # the unit has been asked
    WAS_ASSIGNED = "was_assigned"  # once assigned to the unit
    THREAD = "thread"  # where one's organisation takes part in a thread, or did: then of its own time


@dataclass(frozen=True)
class Grant:
    """One row: these roles see this in these cases. ``why`` is for the reader."""

    roles: tuple[Role, ...]
    what: tuple[See, ...]
    where: tuple[Where, ...]
    why: str


_OFFICE = (Role.CASE_OFFICER, Role.COORDINATOR, Role.MEDICAL_ADVISER)
_MONEY = (Role.CONTROLLER, Role.ATTESTER)
_REGION = (Role.REGION_COORDINATOR, Role.FINANCE_OFFICER)
_UNIT = (Role.PERFORMER_ADMIN, Role.PHYSICIAN, Role.PSYCHOLOGIST, Role.PHYSIOTHERAPIST, Role.OCCUPATIONAL_THERAPIST)
_WHOLE = (See.CASE, See.NEEDS, See.IDENTITY, See.UNDERLAG, See.PAPERS, See.REPORT)

TABLE: tuple[Grant, ...] = (
    Grant(_OFFICE, _WHOLE, (Where.OFFICE,), "kontorets egna ärenden"),
    Grant(_OFFICE, _WHOLE, (Where.UNLOCKED,), "ett annat kontors ärende: skälet först, sedan får samordnaren veta"),
    Grant(
        (Role.CASE_OFFICER, Role.COORDINATOR),
        (See.PROTECTED,),
        (Where.OFFICE,),
        "de som måste nå personen, med skäl varje gång",
    ),
    Grant(_UNIT, (See.PROTECTED,), (Where.TAKES_PART,), "de som måste nå personen, med skäl varje gång"),
    Grant(
        (Role.PERFORMER_ADMIN,), (See.PROTECTED,), (Where.ASSIGNED,), "den som kallar till besök, med skäl varje gång"
    ),
    Grant(_MONEY, (See.CASE,), (Where.REQUESTED,), "flödet och pengarna, inte personen"),
    Grant(_REGION, (See.CASE, See.NEEDS), (Where.REGION,), "flödet och pengarna, inte personen"),
    Grant(_MONEY, (See.CLAIM,), (Where.CLAIMED,), "det som regionerna har begärt ersättning för"),
    Grant(_REGION, (See.CLAIM,), (Where.REGION,), "regionens egna kostnader och ersättning"),
    Grant(_UNIT, (See.CASE, See.NEEDS, See.IDENTITY, See.UNDERLAG), (Where.ASSIGNED,), "enhetens pågående uppdrag"),
    Grant(_UNIT, (See.PAPERS,), (Where.TAKES_PART,), "bara de som deltar i just denna utredning (13 § lag 2018:744)"),
    Grant(
        (Role.PERFORMER_ADMIN, Role.PHYSICIAN),
        (See.ASKED,),
        (Where.ASKED,),
        "de som svarar på en förfrågan: inte ärendet, inte personen, och vid skyddad identitet inte kommunen",
    ),
    Grant(_UNIT, (See.REPORT,), (Where.WROTE,), "det som enheten själv har skrivit"),
    # Controller and attester get the threads that are about claims, when there are claims.
    Grant(
        (*_OFFICE, *_REGION, *_UNIT),
        (See.MESSAGES,),
        (Where.THREAD,),
        "den egna partens trådar; efter en återlämning bara det som skrevs dessförinnan",
    ),
    Grant(_UNIT, (See.NUMBER,), (Where.WAS_ASSIGNED,), "ett återlämnat uppdrags nummer, till det egna"),
    Grant(_OFFICE, (See.FOUND,), (Where.OFFICE, Where.REQUESTED), "ett annat kontors ärende öppnas med skäl"),
    Grant((Role.REGION_COORDINATOR,), (See.FOUND,), (Where.REGION,), "när personen ringer, med skäl varje gång"),
    Grant(_UNIT, (See.FOUND,), (Where.ASSIGNED,), "enhetens pågående uppdrag"),
)


FOLLOW_UP = (Role.COORDINATOR, Role.REGION_COORDINATOR, Role.PERFORMER_ADMIN)
"""Who follows up the access log of their own organisation."""


def may_see(role: str, what: See) -> bool:
    """Whether a role sees this at all, in some case."""
    return any(role in grant.roles and what in grant.what for grant in TABLE)


def may_search(role: str) -> bool:
    """Whether a role may ask for cases by personnummer."""
    return may_see(role, See.FOUND)


def says_why(role: str) -> bool:
    """Whether a role that searches must say why: those who otherwise do not know who a case is about."""
    return may_search(role) and not may_see(role, See.IDENTITY)


def wheres(role: str, what: See) -> list[Where]:
    """In which cases a role sees this; empty when in none."""
    return [where for grant in TABLE if role in grant.roles and what in grant.what for where in grant.where]


def roles_with(what: See, where: Where) -> tuple[Role, ...]:
    """The roles that see this in these cases."""
    return tuple(role for role in Role if where in wheres(role, what))


def arms(whats: Iterable[See]) -> list[tuple[tuple[Role, ...], Where]]:
    """The rows of the table that grant any of these: (roles, where). What a row policy is made of."""
    wanted = set(whats)
    return [(grant.roles, where) for grant in TABLE if wanted & set(grant.what) for where in grant.where]
