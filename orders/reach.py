"""Each `Where` of the table of permissions, said twice: to the query, and to the database's row policy.

They stand side by side so that whoever changes one sees the other; `tests/test_walls.py` holds them to the same rows.
``{a}`` is the assessment's row, ``{t}`` the row that is protected (the same for the assessment itself).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from accounts.actor import Actor
from accounts.permissions import FOLLOW_UP, See, Where, arms, roles_with, wheres
from accounts.roles import PARTY_OF, Party, Role
from fmu_portal.database import MANDATE, ORGANISATION, REVEAL, ROLE, USER, Answer, Wall
from fmu_portal.engine.registry import Registered, parts
from orders.processes.visit import OPEN as OPEN_VISITS


@dataclass(frozen=True)
class Reach:
    """``query`` filters assessments for an actor; ``sql`` is true for the same rows."""

    query: Callable[[Actor], Q]
    sql: str


def _unlocked(actor: Actor) -> Q:
    from orders.models import Unlocking

    return Q(pk__in=Unlocking.objects.now(actor.mandate_id).values("assessment_id"))


REACH: dict[Where, Reach] = {
    Where.OFFICE: Reach(lambda a: Q(agency_office_id=a.organisation_id), f"{{a}}.agency_office_id = {ORGANISATION}"),
    Where.UNLOCKED: Reach(
        _unlocked,
        "{a}.id = ANY (ARRAY(SELECT u.assessment_id FROM orders_unlocking u"
        f" WHERE u.mandate_id = {MANDATE} AND u.until > now()))",
    ),
    Where.REQUESTED: Reach(lambda _: Q(region__isnull=False), "{a}.region_id IS NOT NULL"),
    Where.REGION: Reach(lambda a: Q(region_id=a.organisation_id), f"{{a}}.region_id = {ORGANISATION}"),
    Where.ASSIGNED: Reach(lambda a: Q(performer_id=a.organisation_id), f"{{a}}.performer_id = {ORGANISATION}"),
    Where.TAKES_PART: Reach(
        lambda a: Q(
            performer_id=a.organisation_id,
            participants__performer_id=a.organisation_id,
            participants__user_id=a.user_id,
        ),
        f"{{a}}.performer_id = {ORGANISATION} AND EXISTS (SELECT 1 FROM orders_participant p WHERE"
        f" p.assessment_id = {{a}}.id AND p.performer_id = {ORGANISATION} AND p.user_id = {USER})",
    ),
    Where.WROTE: Reach(
        lambda a: Q(report_versions__performer_id=a.organisation_id), f"{{t}}.performer_id = {ORGANISATION}"
    ),
    Where.WAS_ASSIGNED: Reach(
        lambda a: Q(assignments__performer_id=a.organisation_id),
        "EXISTS (SELECT 1 FROM orders_assignment x WHERE"
        f" x.assessment_id = {{a}}.id AND x.performer_id = {ORGANISATION})",
    ),
}

RECUSED = f"ARRAY(SELECT r.assessment_id FROM orders_recusal r WHERE r.user_id = {USER} AND r.lifted_at IS NULL)"
"""The cases that the person has blocked themself from (jäv)."""


def query_for(actor: Actor, what: See, *, lists: bool = False) -> Q | None:
    """The assessments in which an actor sees this, as a filter; None when in none.

    ``lists``: without those that were unlocked one by one, so that a list stays one range of one index.
    """
    found: Q | None = None
    for where in wheres(actor.role, what):
        if not (lists and where is Where.UNLOCKED):
            part = REACH[where].query(actor)
            found = part if found is None else found | part
    return found


def _arms(*whats: See, a: str = "a", t: str = "") -> str:
    by_roles: dict[tuple[str, ...], list[str]] = {}
    for roles, where in arms(whats):
        by_roles.setdefault(tuple(roles), []).append(REACH[where].sql.format(a=a, t=t or a))
    parts = []
    for granted, conditions in by_roles.items():
        names = ", ".join(f"'{role}'" for role in granted)
        parts.append(f"({ROLE} IN ({names}) AND ({' OR '.join(conditions)}))")
    return "(" + " OR ".join(parts) + ")"


_KINDS = "('medical', 'self_rating', 'own', 'other')"  # orders.models.enclosure.UNDERLAG; a test compares


def _names(party: Party) -> str:
    return ", ".join(f"'{role}'" for role, of in PARTY_OF.items() if of is party)


def _is(party: Party) -> str:
    return f"{ROLE} IN ({_names(party)})"


_AT_UNIT = _is(Party.PERFORMER)
_PARTY = "CASE " + " ".join(f"WHEN {_is(p)} THEN '{p}'" for p in (Party.AGENCY, Party.REGION, Party.PERFORMER)) + " END"
_OWN_TIME = (
    "(SELECT max(x.opened_by_id) FROM orders_assignment x WHERE x.assessment_id = fmu_portal_note.case_id"
    f" AND x.performer_id = {ORGANISATION} AND x.closed_by_id IS NULL)"
)
_ENCLOSURE = f"""orders_sees_underlag({{e}}.assessment_id) AND ({{e}}.staged_by_id = {ORGANISATION}
    OR ({{e}}.sent_by_id IS NOT NULL AND (NOT {_AT_UNIT} OR {{e}}.kind IN {_KINDS})))"""
_VERSION = (
    f"(({{v}}.performer_id = {ORGANISATION} AND {{v}}.assessment_id <> ALL ({RECUSED}))"
    " OR orders_sees_report({v}.assessment_id))"
)


def _part(part: Registered) -> Wall:
    """A part of a case: whoever sees the case; at a performer those of its own time with it, or that it is asked in."""
    table = part.model._meta.db_table
    if part.process.apart:
        asked = f"{_arms(See.ASKED, t=table)} AND assessment_id <> ALL ({RECUSED})"
        return Wall(table, f"(NOT {_AT_UNIT} AND orders_sees_case(assessment_id)) OR ({asked})", clock=True)
    return Wall(
        table, f"orders_sees_case(assessment_id) AND (NOT {_AT_UNIT} OR performer_id = {ORGANISATION})", clock=True
    )


def functions() -> list[Answer]:
    """What the policies ask of a case: whether the role at work sees this part of it, and of a document; and what is
    asked past them.

    A function of its own, with its plan kept for the session: written out in each policy, one inside the other, the
    planning of a page's queries took longer than the queries.
    """
    answers = [
        Answer(
            f"orders_sees_{what}(of_case bigint)",
            f"EXISTS (SELECT 1 FROM orders_assessment a WHERE a.id = of_case AND {_arms(what)} AND a.id <> ALL ({RECUSED}))",
        )
        for what in (See.CASE, See.NEEDS, See.IDENTITY, See.PROTECTED, See.UNDERLAG, See.PAPERS, See.REPORT)
    ]
    found = f"p.identity_hash = digest AND p.protection = '' AND {_arms(See.FOUND)} AND a.id <> ALL ({RECUSED})"
    unlocks = ", ".join(f"'{role}'" for role in roles_with(See.CASE, Where.UNLOCKED))
    elsewhere = (
        f"a.number = of_number AND {ROLE} IN ({unlocks}) AND {REACH[Where.REQUESTED].sql.format(a='a')}"
        f" AND a.agency_office_id <> {ORGANISATION} AND a.id <> ALL ({RECUSED})"
    )
    return [
        *answers,
        # Past the wall on purpose: numbers alone, and never a protected person's.
        Answer(
            "orders_cases_of_person(digest text)",
            found,
            "TABLE (id bigint, number varchar, own boolean)",
            f"SELECT a.id, a.number, a.agency_office_id = {ORGANISATION} OR NOT {_is(Party.AGENCY)}"
            " FROM orders_insuredperson p JOIN orders_assessment a ON a.id = p.assessment_id"
            f" WHERE {found} ORDER BY a.id DESC LIMIT 50",
        ),
        # Asked before the reason is: whether a number is another office's requested case, its id and nothing more.
        Answer(
            "orders_elsewhere(of_number text)",
            elsewhere,
            "bigint",
            f"SELECT a.id FROM orders_assessment a WHERE {elsewhere}",
        ),
        # Past the wall on purpose: an assessor may work at several units; only yes or no.
        Answer(
            "orders_is_busy(of_user bigint, from_at timestamptz, to_at timestamptz, but bigint)",
            "EXISTS (SELECT 1 FROM orders_visit v WHERE v.assessor_id = of_user AND v.id <> but"
            f" AND v.status IN ({', '.join(repr(status) for status in OPEN_VISITS)})"
            " AND v.starts_at < to_at AND v.ends_at > from_at)",
        ),
        Answer(
            "orders_sees_document(of_document uuid)",
            "EXISTS (SELECT 1 FROM orders_enclosure e WHERE e.document_id = of_document"
            f" AND {_ENCLOSURE.format(e='e')})"
            " OR EXISTS (SELECT 1 FROM orders_reportversion v WHERE v.document_id = of_document"
            f" AND {_VERSION.format(v='v')})",
        ),
        Answer(
            "orders_opens_document(of_document uuid)",
            "EXISTS (SELECT 1 FROM orders_enclosure e WHERE e.document_id = of_document AND e.voided_by_id IS NULL"
            f" AND {_ENCLOSURE.format(e='e')} AND ((e.kind = 'report' AND e.staged_by_id = {ORGANISATION})"
            " OR orders_sees_papers(e.assessment_id)))"
            " OR EXISTS (SELECT 1 FROM orders_reportversion v WHERE v.document_id = of_document"
            f" AND {_VERSION.format(v='v')})",
        ),
    ]


def walls() -> list[Wall]:
    """The row policies of everything that says something of a person, made from the table of permissions."""
    case = f"{_arms(See.CASE, See.NUMBER, a='orders_assessment')} AND orders_assessment.id <> ALL ({RECUSED})"
    return [
        Wall("orders_assessment", case, clock=True, lets_through=True),
        Wall(
            "orders_insuredperson",
            "orders_sees_identity(assessment_id) AND (protection = '' OR (orders_sees_protected(assessment_id)"
            f" AND EXISTS (SELECT 1 FROM orders_reveal v WHERE v.id = {REVEAL} AND v.mandate_id = {MANDATE}"
            " AND v.assessment_id = orders_insuredperson.assessment_id AND v.at > now() - interval '1 minute')))",
            check="orders_sees_identity(assessment_id)",
        ),
        Wall("orders_order", "orders_sees_papers(assessment_id)"),
        Wall("orders_enclosure", _ENCLOSURE.format(e="orders_enclosure")),
        Wall(
            "documents_document",
            f"uploaded_by_id = {MANDATE} OR orders_sees_document(id)",
            # A PDF is made before its version points at it.
            check=f"{MANDATE} IS NOT NULL",
        ),
        # Every opening is written down before the file is streamed: who may not open it cannot write that.
        Wall(
            "documents_opening",
            f"mandate_id = {MANDATE} OR orders_sees_underlag(case_id)",
            check=f"mandate_id = {MANDATE} AND orders_opens_document(document_id)",
        ),
        Wall(
            "fmu_portal_note",
            # A search's reason is of no case.
            f"(author_id = {ORGANISATION} AND coalesce(case_id, 0) <> ALL ({RECUSED}))"
            f" OR (orders_sees_needs(case_id) AND {_PARTY} = ANY (visible_to)"
            f" AND (NOT {_AT_UNIT} OR event_id >= {_OWN_TIME}))",
            check=f"author_id = {ORGANISATION}",
        ),
        Wall("orders_report", f"performer_id = {ORGANISATION} AND assessment_id <> ALL ({RECUSED})"),
        Wall("orders_reportversion", _VERSION.format(v="orders_reportversion")),
        Wall(
            "audit_accessentry",
            f"(organisation_id = {ORGANISATION} AND {ROLE} IN ({', '.join(repr(str(r)) for r in FOLLOW_UP)}))"
            # The extract for the insured: what all of the agency has read of the coordinator's own office's case.
            f" OR ({ROLE} = '{Role.COORDINATOR}' AND role IN ({_names(Party.AGENCY)}) AND EXISTS (SELECT 1"
            f" FROM orders_assessment a WHERE a.id = ANY (cases) AND a.agency_office_id = {ORGANISATION}))",
            check=f"mandate_id IS NOT DISTINCT FROM {MANDATE}",
            clock=True,
        ),
        *(_part(part) for part in parts()),
        Wall(
            "orders_stepdraft",
            f"organisation_id = {ORGANISATION} AND user_id = {USER} AND assessment_id <> ALL ({RECUSED})",
        ),
        Wall("orders_savedview", f"organisation_id = {ORGANISATION} AND user_id = {USER}"),
        # The file of an export shows what its mandate might see: it is for that mandate alone. The clock removes it.
        Wall("orders_export", f"mandate_id = {MANDATE}", clock=True),
        *_round_a_case(),
    ]


def _round_a_case() -> list[Wall]:
    """What ties a person or an organisation to a case: exceptions, who takes part, what was told of it.

    Events, duties and assignments have none: docs/decisions/0380-walls.md.
    """
    names = ", ".join(repr(str(role)) for role in FOLLOW_UP)
    unlocks = ", ".join(repr(str(role)) for role in roles_with(See.CASE, Where.UNLOCKED))
    mandates = f"EXISTS (SELECT 1 FROM accounts_mandate m WHERE m.{{of}} AND m.organisation_id = {ORGANISATION})"
    followed = f"({ROLE} IN ({names}) AND {mandates.format(of='id = mandate_id')})"
    colleague = mandates.format(of="user_id = orders_recusal.user_id")
    unit = f"performer_id = {ORGANISATION}"
    return [
        Wall(
            "orders_unlocking",
            f"mandate_id = {MANDATE} OR {followed}"
            # The office whose case was opened reads why.
            f" OR ({ROLE} = '{Role.COORDINATOR}' AND orders_sees_identity(assessment_id))",
            check=f"mandate_id = {MANDATE} AND {ROLE} IN ({unlocks})",
            clock=True,
        ),
        Wall("orders_reveal", f"mandate_id = {MANDATE} OR {followed}", check=f"mandate_id = {MANDATE}"),
        Wall(
            "orders_recusal",
            f"user_id = {USER} OR (orders_sees_case(assessment_id) AND {colleague})",
            # Nobody blocks another; a colleague lifts, and never one's own.
            check=f"(user_id = {USER} AND lifted_at IS NULL) OR (user_id <> {USER} AND lifted_by_id = {MANDATE}"
            f" AND {ROLE} IN ({names}) AND orders_sees_case(assessment_id) AND {colleague})",
            clock=True,
        ),
        Wall(
            "orders_participant",
            f"{unit} OR (NOT {_AT_UNIT} AND orders_sees_case(assessment_id))",
            # Taking part opens the papers: only where the case is one's own now.
            check=f"orders_sees_case(assessment_id) AND (NOT {_AT_UNIT} OR {unit})",
            clock=True,
        ),
        Wall(
            "audit_followup",
            f"{ROLE} IN ({names}) AND EXISTS (SELECT 1 FROM audit_accessentry e WHERE e.id = entry_id"
            f" AND e.organisation_id = {ORGANISATION})",
            check=f"by_id = {MANDATE} AND {ROLE} IN ({names}) AND EXISTS (SELECT 1 FROM audit_accessentry e"
            f" WHERE e.id = entry_id AND e.organisation_id = {ORGANISATION})",
        ),
        Wall("fmu_portal_notice", f"organisation_id = {ORGANISATION}", clock=True),
    ]
