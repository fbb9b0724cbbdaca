"""The agency's two queues: regional and central, by what is to be done, in ranges of an index whatever their length.

What is to be examined stands in the order of what the checks said: what needs a person first, then as it came in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.roles import Role
from fmu_portal.addresses import number_in
from fmu_portal.context import MOST_COUNTED, count_text
from fmu_portal.money import kronor
from orders.models import Assessment
from orders.words import Left
from reimbursement.letters import case_words
from reimbursement.models import CENTRAL, Claim, ClaimKind, Urgency

PAGE = 25
QUEUES = {"regional": "Regional granskning", "central": "Central granskning"}
VIEWS = {
    "granska": ("Att granska", "submitted"),
    "svar": ("Väntar på svar", "asked"),
    "attestera": ("Att attestera", "decided"),
    "betalas": ("Ska betalas", "attested"),
    "utbetalning": ("Under utbetalning", "in_payment"),
    "utbetalda": ("Utbetalda", "paid"),
    "avslagna": ("Avslagna", "refused"),
}
"""The word in the address -> its words, and the status of what is in it."""
FIRST = {Role.CONTROLLER: "granska", Role.ATTESTER: "attestera"}
BULK = {"granska": ("approve_all", Role.CONTROLLER), "attestera": ("attest", Role.ATTESTER)}
"""Where many are taken in one go: the view, the step, and whose it is."""
TONES = {Urgency.STOPS: "late", Urgency.PERSON: "soon", Urgency.HOLDS: "ok"}
EMPTY = {
    "granska": "När regionerna skickar en begäran står den här.",
    "svar": "Ingen fråga väntar på svar.",
    "attestera": "Inget beslut väntar på att attesteras.",
    "betalas": "Inget belopp väntar på att betalas.",
    "utbetalning": "Ingen utbetalning pågår.",
    "utbetalda": "Ingenting har betalats ut.",
    "avslagna": "Ingen begäran har avslagits helt.",
}


@dataclass(frozen=True)
class Wanted:
    """What the page asks for. ``office``: only what the own office has. ``after``: where the page before ended."""

    queue: str
    view: str
    region: int | None = None
    kind: str = ""
    urgency: int | None = None
    office: bool = True
    after: tuple[int, date, int] | int | None = None

    @property
    def central(self) -> bool:
        """Which of the two queues."""
        return self.queue == "central"

    @property
    def status(self) -> str:
        """The status of what is in the view."""
        return VIEWS[self.view][1]


@dataclass(frozen=True)
class Row:
    """One claim on the page. ``choosable``: it may be taken with others in one go."""

    claim: Claim
    about: str
    left: Left | None
    cost: str
    amount: str
    choosable: bool


@dataclass
class Page:
    """One page, in groups of (title, rows). ``next`` is the cursor of the next."""

    groups: list[tuple[str, list[Row]]] = field(default_factory=list)
    shown: int = 0
    choosable: int = 0
    next: str = ""


def wanted_in(params: Any, actor: Actor) -> Wanted:
    """What the address asks for; anything that it does not know is as if it did not stand there."""
    queue, view = params.get("ko", ""), params.get("vy", "")
    view = view if view in VIEWS else FIRST.get(Role(actor.role), "granska")
    kind, urgency = params.get("slag", ""), number_in(params.get("utfall"))
    cursor = params.get("efter", "")
    return Wanted(
        queue=queue if queue in QUEUES else "regional",
        view=view,
        region=number_in(params.get("region")),
        kind=kind if kind in CENTRAL else "",
        urgency=urgency if view == "granska" and urgency in Urgency.values else None,
        office=params.get("kontor") != "alla",
        after=_cursor(cursor) if view == "granska" else number_in(cursor),
    )


def _cursor(text: str) -> tuple[int, date, int] | None:
    """``1.2027-01-14.123`` as (urgency, day, id)."""
    urgency, _, rest = text.partition(".")
    day, _, key = rest.partition(".")
    first, last = number_in(urgency), number_in(key)
    try:
        return (first, date.fromisoformat(day), last) if first in Urgency.values and last is not None else None
    except ValueError:
        return None


def claims(actor: Actor, wanted: Wanted) -> QuerySet[Claim]:
    """The claims that the page asks for, in order."""
    rows = Claim.objects.visible_to(actor).filter(central=wanted.central, status=wanted.status)
    if wanted.region is not None:
        rows = rows.filter(region_id=wanted.region)
    if wanted.kind and wanted.central:
        rows = rows.filter(kind=wanted.kind)
    if wanted.office:
        rows = rows.filter(office_id=actor.organisation_id)
    if wanted.view != "granska":
        rows = rows.order_by("-pk")
        return rows.filter(pk__lt=wanted.after) if isinstance(wanted.after, int) else rows
    if wanted.urgency is not None:
        rows = rows.filter(urgency=wanted.urgency)
    if isinstance(wanted.after, tuple):
        urgency, day, pk = wanted.after
        later = Q(submitted_on__gt=day) | Q(submitted_on=day, pk__gt=pk)
        rows = rows.filter(Q(urgency__gt=urgency) | (Q(urgency=urgency) & later), urgency__gte=urgency)
    return rows.order_by("urgency", "submitted_on", "pk")


def page(actor: Actor, wanted: Wanted) -> Page:
    """One page: the claims with their parties, and what the actor may see of their cases. Two queries."""
    found = list(claims(actor, wanted).select_related("region", "performer", "office")[: PAGE + 1])
    shown = found[:PAGE]
    result = Page(shown=len(shown))
    if len(found) > PAGE:
        last = shown[-1]
        by_order = wanted.view == "granska"
        result.next = f"{last.urgency}.{last.submitted_on}.{last.pk}" if by_order else str(last.pk)
    numbers = {claim.assessment_id for claim in shown if claim.assessment_id is not None}
    cases = Assessment.objects.visible_to(actor).in_bulk(numbers) if numbers else {}
    for claim in shown:
        row = _row(actor, wanted, claim, cases.get(claim.assessment_id or 0))
        result.choosable += row.choosable
        title = str(Urgency(claim.urgency).label) if wanted.view == "granska" and claim.urgency is not None else ""
        if not result.groups or result.groups[-1][0] != title:
            result.groups.append((title, []))
        result.groups[-1][1].append(row)
    return result


def _row(actor: Actor, wanted: Wanted, claim: Claim, case: Assessment | None) -> Row:
    quarter = f", kvartal {claim.quarter} {claim.year}" if claim.quarter else ""
    left = None
    if claim.urgency is not None and wanted.view in ("granska", "svar"):
        left = Left(str(Urgency(claim.urgency).label), TONES[Urgency(claim.urgency)])
    elif wanted.view == "attestera" and claim.overridden:
        left = Left("Alla kontroller var inte uppfyllda", "soon")
    approved = claim.approved if claim.approved is not None else claim.payable
    return Row(
        claim,
        f"{case_words(claim, case)}{quarter}",
        left,
        kronor(claim.cost or 0),
        kronor(approved or 0),
        may_choose(actor, wanted.view, claim),
    )


def may_choose(actor: Actor, view: str, claim: Claim) -> bool:
    """Whether the claim is one that the actor may take with others: the door says the last word of each."""
    if view not in BULK or actor.role != BULK[view][1] or claim.office_id != actor.organisation_id:
        return False
    if view == "granska":
        return claim.urgency == Urgency.HOLDS
    return bool(claim.approved) and claim.decided_by_id != actor.user_id


def view_counts(actor: Actor, wanted: Wanted) -> dict[str, str]:
    """How many there are in each view of the queue, counted no further than 99: view -> text. One query."""
    table, office = Claim._meta.db_table, "AND office_id = %(office)s" if wanted.office else ""
    # The statuses are the process's own words, never what somebody typed.
    counted = ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM {table} WHERE central = %(central)s AND status = '{status}' {office}"  # noqa: S608
        " LIMIT %(most)s) x)"
        for _, status in VIEWS.values()
    )
    params = {"central": wanted.central, "office": actor.organisation_id, "most": MOST_COUNTED + 1}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counted}", params)
        return {view: count_text(n) for view, n in zip(VIEWS, cursor.fetchone(), strict=True)}


KINDS = [(kind.value, kind.label) for kind in ClaimKind if kind in CENTRAL]
"""The kinds that may be chosen among in the central queue; the regional one has one."""
