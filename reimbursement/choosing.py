"""Which claims a region sends at once: those ticked, or all of a view with its filters. Amounts in öre."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.actor import Actor
from reimbursement import jobs
from reimbursement.listing import VIEWS, Row, Total, Wanted, by_month, ready, rows_of, total, wanted_claims
from reimbursement.models import Claim, Evidence, Line

MOST_NAMED = 100
"""Claims left out that the page names; it says how many there are."""


@dataclass
class Choice:
    """What would be sent: claim id -> version; sums in all and by month; what stays and why; what the region should know.

    ``mark`` says in short exactly which claims in which versions: only those may be sent from the page that showed them.
    """

    versions: dict[int, int]
    whole: Total
    months: list[tuple[date, Total]] = field(default_factory=list)
    stays: list[Row] = field(default_factory=list)
    stay_count: int = 0
    over_ceiling: int = 0
    without_evidence: int = 0

    @property
    def mark(self) -> str:
        """A fingerprint of the ids and versions."""
        text = ",".join(f"{pk}:{version}" for pk, version in sorted(self.versions.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def ticked(actor: Actor, pks: Iterable[int]) -> QuerySet[Claim]:
    """The claims with these ids that are the actor's to see."""
    return Claim.objects.visible_to(actor).filter(pk__in=list(pks))


def all_of(actor: Actor, wanted: Wanted) -> QuerySet[Claim]:
    """All that the list shows with its filters."""
    return wanted_claims(actor, wanted)


def choice_of(rows: QuerySet[Claim]) -> Choice:
    """What of these claims can be sent now: a fixed number of queries, and no more ids than a job takes and one."""
    view = VIEWS["begara"]
    sent: QuerySet[Claim] = ready(rows)
    versions = dict(sent.order_by("pk").values_list("pk", "version")[: jobs.MOST + 1])
    stay = rows.exclude(pk__in=sent.values("pk"))
    of_claim: Any = Line.objects.filter(claim_id=OuterRef("pk"), bar="")
    unsupported = of_claim.filter(cost__gt=0).filter(Q(price__isnull=True) | ~Q(cost=F("price")))
    return Choice(
        versions,
        total(sent, view),
        months=list(by_month(sent, view).items()),
        stays=rows_of(list(stay.select_related("assessment", "performer").order_by("payable_on", "pk")[:MOST_NAMED])),
        stay_count=stay.count(),
        over_ceiling=sent.filter(Exists(of_claim.filter(cost__gt=F("ceiling")))).count(),
        without_evidence=sent.filter(
            Exists(unsupported), ~Exists(Evidence.objects.filter(claim_id=OuterRef("pk")))
        ).count(),
    )
