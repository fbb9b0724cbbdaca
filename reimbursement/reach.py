"""Who reads claims and the books, said to the database's row policies; `Claim.objects.visible_to` says the same.

The region its own; controllers and attesters what has been sent; nobody a claim of a case that they have blocked
themself from (jäv). The clock proposes and pays.
"""

from __future__ import annotations

from django.db.models import Q

from accounts.permissions import See, Where, roles_with
from accounts.roles import Role
from fmu_portal.database import MANDATE, ORGANISATION, ROLE, Answer, Wall
from orders.reach import REACH, RECUSED, Reach
from reimbursement.process import WITH_AGENCY
from reimbursement.processes.recovery import DEMANDED


def _roles(where: Where) -> str:
    return ", ".join(f"'{role}'" for role in roles_with(See.CLAIM, where))


def _theirs(region: str = "region_id") -> str:
    """The region's own rows, and the agency's money roles'."""
    own = f"({ROLE} IN ({_roles(Where.REGION)}) AND {region} = {ORGANISATION})"
    return f"({own} OR {ROLE} IN ({_roles(Where.CLAIMED)}))"


def register() -> None:
    """Tell `orders.reach` what the row of the table of permissions means."""
    claims = f"c.status IN ({', '.join(repr(status) for status in WITH_AGENCY)})"
    REACH[Where.CLAIMED] = Reach(
        lambda _: Q(claims__status__in=WITH_AGENCY),
        f"EXISTS (SELECT 1 FROM reimbursement_claim c WHERE c.assessment_id = {{a}}.id AND {claims})",
    )


def _claim(c: str) -> str:
    sent = f"{c}.status IN ({', '.join(repr(status) for status in WITH_AGENCY)})"
    own = f"({ROLE} IN ({_roles(Where.REGION)}) AND {c}.region_id = {ORGANISATION})"
    agency = f"({ROLE} IN ({_roles(Where.CLAIMED)}) AND {sent})"
    return f"({own} OR {agency}) AND ({c}.assessment_id IS NULL OR {c}.assessment_id <> ALL ({RECUSED}))"


def functions() -> list[Answer]:
    """What the policies ask of a claim, and of a document that lies in one."""
    return [
        Answer(
            "reimbursement_sees_claim(of_claim bigint)",
            f"EXISTS (SELECT 1 FROM reimbursement_claim c WHERE c.id = of_claim AND {_claim('c')})",
        ),
        Answer(
            "reimbursement_opens(of_document uuid)",
            "EXISTS (SELECT 1 FROM reimbursement_evidence e WHERE e.document_id = of_document"
            " AND reimbursement_sees_claim(e.claim_id)) OR EXISTS (SELECT 1 FROM reimbursement_claim c"
            " WHERE c.letter_id = of_document AND reimbursement_sees_claim(c.id))",
        ),
    ]


def walls() -> list[Wall]:
    """The row policies of claims, the books, recoveries and the control of payments."""
    money = f"{ROLE} IN ({_roles(Where.CLAIMED)})"
    return [
        Wall("reimbursement_claim", _claim("reimbursement_claim"), clock=True, lets_through=True),
        Wall("reimbursement_line", "reimbursement_sees_claim(claim_id)", clock=True),
        Wall(
            "reimbursement_decision",
            "reimbursement_sees_claim((SELECT l.claim_id FROM reimbursement_line l WHERE l.id = line_id))",
            clock=True,
        ),
        Wall("reimbursement_evidence", "reimbursement_sees_claim(claim_id)", clock=True),
        Wall(
            "reimbursement_remark",
            f"({ROLE} IN ({_roles(Where.REGION)}) AND region_id = {ORGANISATION}"
            f" AND (to_region OR author_id = {ORGANISATION}) AND (process <> 'recovery'"
            f" OR EXISTS (SELECT 1 FROM reimbursement_recovery r WHERE r.id = subject_id))) OR {money}",
            clock=True,
        ),
        Wall("reimbursement_entry", _theirs(), clock=True),
        Wall("reimbursement_yearsum", _theirs(), clock=True),
        # Only the region's finance officer enters an account, only an attester approves one.
        Wall(
            "reimbursement_payaccount",
            _theirs(),
            check=f"mandate_id = {MANDATE} AND ((approves_id IS NULL AND {ROLE} = 'finance_officer'"
            f" AND region_id = {ORGANISATION}) OR (approves_id IS NOT NULL AND {ROLE} = 'attester'))",
            clock=True,
        ),
        Wall("reimbursement_batch", _theirs(), clock=True),
        Wall(
            "reimbursement_batchitem",
            "EXISTS (SELECT 1 FROM reimbursement_batch b WHERE b.id = batch_id)",
            clock=True,
        ),
        # The region learns of a recovery when it is demanded.
        Wall(
            "reimbursement_recovery",
            f"(({ROLE} IN ({_roles(Where.REGION)}) AND region_id = {ORGANISATION}"
            f" AND status IN ({', '.join(repr(status) for status in DEMANDED)})) OR {money})"
            " AND reimbursement_sees_claim(claim_id)",
            clock=True,
        ),
        Wall("reimbursement_review", money, clock=True),
        Wall("reimbursement_controlperiod", money, clock=True),
        Wall("reimbursement_deskchange", f"{ROLE} = '{Role.ADMINISTRATOR}'", check=f"mandate_id = {MANDATE}"),
        Wall("reimbursement_job", f"mandate_id = {MANDATE}", clock=True),
        Wall("documents_document", "reimbursement_opens(id)", check="false", name="in_claim"),
        Wall(
            "documents_opening",
            f"mandate_id = {MANDATE}",
            check=f"mandate_id = {MANDATE} AND reimbursement_opens(document_id)",
            name="in_claim",
        ),
    ]
