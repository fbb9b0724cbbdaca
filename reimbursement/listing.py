"""The region's list of claims: views, filters, pages by key, and sums that the database counts. Amounts in öre."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When
from django.db.models.functions import Least, TruncMonth
from django.http import QueryDict

from accounts.actor import Actor
from documents.models import DocumentState
from orders.views.request import cursor_in
from orders.words import Left
from reimbursement.inputs.claims import words
from reimbursement.models import Claim, ClaimKind, Evidence, Line
from reimbursement.process import CLAIM

PAGE = 50
SENT_FROM = CLAIM.steps["submit"].from_
MOST_COUNTED = 100
"""Where the counts of the views stop: "99+"."""


@dataclass(frozen=True)
class View:
    """A view of the list: its statuses, which end first, and what the page says when it is empty.

    ``sums``: whether its whole is summed too, beside the months on the page: what only grows is not.
    """

    name: str
    label: str
    statuses: tuple[str, ...]
    newest_first: bool
    sums: bool
    empty: str
    empty_next: str


VIEWS = {
    view.name: view
    for view in (
        View(
            "begara", "Att begära", ("proposed",), newest_first=False, sums=True,
            empty="Inget att begära just nu",
            empty_next="När ett utlåtande har kommit in, eller ett besök ställts in för sent, står det här av sig självt.",
        ),
        View(
            # What has been decided is not the region's to read before it has been attested: it may be decided anew.
            "skickade", "Skickade", ("submitted", "decided"), newest_first=True, sums=True,
            empty="Inget ligger för granskning",
            empty_next="Det ni har skickat står här tills Försäkringskassan har beslutat.",
        ),
        View(
            "fragor", "Frågor till er", ("asked",), newest_first=False, sums=True,
            empty="Inga frågor att svara på",
            empty_next="När Försäkringskassan undrar något om en begäran står den här, med sista dag att svara.",
        ),
        View(
            "beslutade", "Beslutade", ("attested", "in_payment", "refused"), newest_first=True, sums=False,
            empty="Inga beslut här",
            empty_next="Attesterade beslut står här tills de är utbetalda. Avslag står kvar, med skälet.",
        ),
        View(
            "utbetalda", "Utbetalda", ("paid",), newest_first=True, sums=False,
            empty="Inget är utbetalt ännu",
            empty_next="När en utbetalning är bekräftad står dess begäranden här.",
        ),
        View(
            "avstar", "Begärs inte", ("set_aside",), newest_first=True, sums=False,
            empty="Inget är lagt åt sidan",
            empty_next="Det som ni väljer att inte begära står här och går att ta fram igen.",
        ),
    )
}  # fmt: skip

READY = {"klara": "Klara att skicka", "saknas": "Något saknas"}
"""What is to be claimed, by whether it can be sent."""


@dataclass(frozen=True)
class Wanted:
    """What the address asks for. ``month``: its first day. ``after``: (payable_on, id) of the last row before the page."""

    view: View
    kind: str = ""
    month: date | None = None
    ready: str = ""
    after: tuple[date, int] | None = None

    @classmethod
    def of(cls, data: QueryDict) -> Wanted:
        """Read from an address; what it does not understand is left out."""
        view = VIEWS.get(data.get("vy", ""), VIEWS["begara"])
        kind = data.get("slag", "")
        ready = data.get("saknas", "")
        return cls(
            view,
            kind if kind in ClaimKind.values else "",
            month_in(data.get("manad", "")),
            ready if ready in READY and view.name == "begara" else "",
            cursor_in(data.get("efter")),
        )

    @property
    def filtered(self) -> bool:
        """Whether anything is chosen beside the view."""
        return bool(self.kind or self.month or self.ready)

    def query(self, **other: str) -> str:
        """As the query of an address, without the cursor; ``other`` goes before what is chosen, "" takes it away."""
        values = {
            "vy": self.view.name,
            "slag": self.kind,
            "manad": f"{self.month:%Y-%m}" if self.month else "",
            "saknas": self.ready,
        } | other
        made = QueryDict(mutable=True)
        for name, value in values.items():
            if value and (name, value) != ("vy", "begara"):
                made[name] = value
        return made.urlencode()


def month_in(text: str) -> date | None:
    """ "2027-01" as its first day, or None."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None


def after_month(first: date) -> date:
    """The first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


# --- which claims

_CLAIMED = Line.objects.filter(claim_id=OuterRef("pk"), bar="")
_LACKS = Exists(_CLAIMED.filter(cost__isnull=True))
_HAS_COST = Exists(_CLAIMED.filter(cost__gt=0))
_BAD_FILE = Q(sent_by__isnull=True) & (Q(number_page__isnull=False) | Q(document__state=DocumentState.REFUSED))
_FILES_HOLD = ~Exists(Evidence.objects.filter(_BAD_FILE, claim_id=OuterRef("pk")))


def wanted_claims(actor: Actor, wanted: Wanted) -> QuerySet[Claim]:
    """The claims of the view and its filters, in no order."""
    rows: QuerySet[Claim] = Claim.objects.visible_to(actor).filter(status__in=wanted.view.statuses)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.month:
        rows = rows.filter(payable_on__gte=wanted.month, payable_on__lt=after_month(wanted.month))
    if wanted.ready == "klara":
        rows = ready(rows)
    elif wanted.ready == "saknas":
        rows = rows.exclude(pk__in=ready(rows).values("pk"))
    return rows


def ready(rows: QuerySet[Claim]) -> QuerySet[Claim]:
    """Those of them that the region can send now, as the guards `costs_are_there` and `evidence_can_be_sent` say it."""
    return rows.filter(~_LACKS, _HAS_COST, _FILES_HOLD, status__in=SENT_FROM)


def page_of(actor: Actor, wanted: Wanted) -> tuple[list[Claim], str]:
    """A page of claims in the view's order, and the cursor of the next ("" when this is the last).

    Each status is read by itself along its index and no further than a page, however many rows the region has.
    """
    newest = wanted.view.newest_first
    keys: list[tuple[date, int]] = []
    for status in wanted.view.statuses:
        rows = wanted_claims(actor, wanted).filter(status=status)
        if wanted.after is not None:
            day, pk = wanted.after
            if newest:
                rows = rows.filter(Q(payable_on__lt=day) | Q(payable_on=day, pk__lt=pk), payable_on__lte=day)
            else:
                rows = rows.filter(Q(payable_on__gt=day) | Q(payable_on=day, pk__gt=pk), payable_on__gte=day)
        found = rows.order_by(*(("-payable_on", "-pk") if newest else ("payable_on", "pk")))
        keys += found.values_list("payable_on", "pk")[: PAGE + 1]
    keys.sort(reverse=newest)
    shown = keys[:PAGE]
    by_id = (
        Claim.objects.visible_to(actor).select_related("assessment", "performer").in_bulk([pk for _, pk in shown])
        if shown
        else {}
    )
    following = f"{shown[-1][0].isoformat()}.{shown[-1][1]}" if len(keys) > PAGE else ""
    return [by_id[pk] for _, pk in shown if pk in by_id], following


# --- sums

_PAYABLE = Sum(
    Case(When(lines__cost__isnull=False, then=Least(F("lines__cost"), F("lines__ceiling")))), filter=Q(lines__bar="")
)
"""The cost to the ceiling of each line; PostgreSQL's LEAST passes over a ceiling that is not there."""


@dataclass(frozen=True)
class Total:
    """A number of claims with their cost, what of it is payable at most, and what was granted (None where not decided)."""

    count: int = 0
    cost: int = 0
    payable: int = 0
    approved: int | None = None


def _sums(view: View) -> dict[str, Any]:
    if view.statuses in (("proposed",), ("set_aside",)):  # their sums are written when they are sent
        cost = Sum("lines__cost", filter=Q(lines__bar=""))
        return {"n": Count("pk", distinct=True), "cost_sum": cost, "payable_sum": _PAYABLE}
    return {
        "n": Count("pk"),
        "cost_sum": Sum("cost"),
        "payable_sum": Sum("payable"),
        "approved_sum": Sum("approved"),
    }


def _total(row: dict[str, Any], view: View) -> Total:
    decided = view.name in ("beslutade", "utbetalda")
    approved = int(row.get("approved_sum") or 0) if decided else None
    return Total(row["n"], int(row["cost_sum"] or 0), int(row["payable_sum"] or 0), approved)


def total(rows: QuerySet[Claim], view: View) -> Total:
    """Of all these claims: one query."""
    return _total(rows.aggregate(**_sums(view)), view)


def by_month(rows: QuerySet[Claim], view: View) -> dict[date, Total]:
    """First day of a month -> its sums, in order: one query."""
    found: Any = rows.annotate(first=TruncMonth("payable_on")).values("first").annotate(**_sums(view)).order_by("first")
    return {row["first"]: _total(row, view) for row in found}


def months_shown(rows: QuerySet[Claim], view: View, shown: Iterable[Claim]) -> dict[date, Total]:
    """The same for the months of the claims shown: no more is summed than the page speaks of."""
    days = [claim.payable_on for claim in shown]
    if not days:
        return {}
    first, end = min(days).replace(day=1), after_month(max(days))
    return by_month(rows.filter(payable_on__gte=first, payable_on__lt=end), view)


_COUNT = (
    "(SELECT count(*) FROM (SELECT 1 FROM reimbursement_claim WHERE region_id = %s AND status = ANY (%s) LIMIT %s) x)"
)


def counts(actor: Actor) -> dict[str, str]:
    """View -> how many it has, "99+" where there are more: one query that reads at most a hundred of each."""
    given = [v for view in VIEWS.values() for v in (actor.organisation_id, list(view.statuses), MOST_COUNTED)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join([_COUNT] * len(VIEWS)), given)
        found = cursor.fetchone()
    return {
        name: f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)
        for name, count in zip(VIEWS, found, strict=True)
    }


# --- rows


@dataclass
class Row:
    """A claim as a row shows it. ``lacks``: lines without a cost; ``bars``: how many lines law does not allow;
    ``bad_file``: its evidence holds a file that cannot be sent.

    ``due``: the last day to answer and how long there is to it, where the region owes an answer.
    """

    claim: Claim
    what: str
    about: str
    cost: int | None
    payable: int | None
    lacks: tuple[str, ...]
    bars: int
    bad_file: bool
    ready: bool
    due: tuple[date, Left] | None = None

    @property
    def why_not(self) -> str:
        """Why it cannot be sent now, in a sentence."""
        if self.claim.status not in SENT_FROM:
            return f"Status är {self.claim.status_label}."
        if self.lacks:
            return f"Kostnad saknas: {', '.join(self.lacks)}."
        if self.bad_file:
            return "En fil i underlaget går inte att skicka."
        return "Ingen kostnad är större än 0." if self.about else "Lagen ger ingen ersättning för någon av posterna."


def rows_of(claims: list[Claim]) -> list[Row]:
    """Rows for claims that were read with their case and performer: two queries for all lines and files."""
    lines: dict[int, list[Line]] = {claim.pk: [] for claim in claims}
    for line in Line.objects.filter(claim_id__in=lines).order_by("id"):
        lines[line.claim_id].append(line)
    bad = set(Evidence.objects.filter(_BAD_FILE, claim_id__in=lines).values_list("claim_id", flat=True))
    return [_row(claim, lines[claim.pk], claim.pk in bad) for claim in claims]


def _row(claim: Claim, lines: list[Line], bad_file: bool) -> Row:
    claimed = [line for line in lines if not line.bar]
    lacks = tuple(dict.fromkeys(line.label.lower() for line in claimed if line.cost is None))
    known = [line for line in claimed if line.cost is not None]
    return Row(
        claim,
        what=about(claim),
        about="; ".join(dict.fromkeys(words(line) for line in claimed)),
        cost=sum(line.cost or 0 for line in known) if known else None,
        payable=sum(line.payable or 0 for line in known) if known else None,
        lacks=lacks,
        bars=len(lines) - len(claimed),
        bad_file=bad_file,
        ready=claim.status in SENT_FROM and not lacks and not bad_file and any(line.cost for line in claimed),
    )


QUARTERS = ("januari–mars", "april–juni", "juli–september", "oktober–december")


def about(claim: Claim) -> str:
    """What a claim is about, for its region: "Utredning 2026-000123", "Central administration, januari–mars 2027"."""
    if claim.kind == ClaimKind.ASSESSMENT and claim.assessment is not None:
        return f"Utredning {claim.assessment.number}"
    if claim.kind == ClaimKind.ADMINISTRATION and claim.quarter is not None:
        return f"Central administration, {QUARTERS[claim.quarter - 1]} {claim.year}"
    return f"{claim.kind_label} {claim.payable_on.isoformat()}"
