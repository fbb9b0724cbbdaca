"""The region's list of claims, and the check page of many sent at once."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import parked
from accounts.actor import Actor
from fmu_portal.addresses import number_in
from fmu_portal.models import Duty
from fmu_portal.money import kronor
from fmu_portal.templatetags.portal import MONTHS
from orders.words import duty_left
from reimbursement import choosing, jobs, listing
from reimbursement.listing import VIEWS, Wanted
from reimbursement.models import ClaimKind
from reimbursement.process import CLAIM
from reimbursement.views.access import of_region

MONTHS_BACK = 36
"""Months that the filter offers."""


def month_words(first: date) -> str:
    """ "Januari 2027"."""
    return f"{MONTHS[first.month - 1].capitalize()} {first.year}"


def _months(chosen: date | None) -> list[tuple[str, str]]:
    """The filter's choices, this month first."""
    first, found = timezone.localdate().replace(day=1), []
    for _ in range(MONTHS_BACK):
        found.append(first)
        first = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    if chosen is not None and chosen not in found:
        found.append(chosen)
    return [(f"{first:%Y-%m}", month_words(first)) for first in found]


def sends(actor: Actor) -> bool:
    """Whether the role sends claims (a coordinator reads)."""
    return actor.role in CLAIM.steps["submit"].by.get(actor.party, ())


def _groups(rows: list[listing.Row], sums: dict[date, listing.Total]) -> list[dict[str, Any]]:
    """The rows under their months, as they come."""
    groups: list[dict[str, Any]] = []
    for row in rows:
        first = row.claim.payable_on.replace(day=1)
        if not groups or groups[-1]["first"] != first:
            words = month_words(first)
            groups.append({"first": first, "title": words, "sum": sums.get(first), "rows": []})
        groups[-1]["rows"].append(row)
    return groups


def _with_due(rows: list[listing.Row]) -> None:
    """Give each row the last day to answer."""
    today = timezone.localdate()
    duties = Duty.objects.open().filter(process=CLAIM.name, subject_id__in=[row.claim.pk for row in rows])
    due = {duty.subject_id: (duty.due, duty_left(duty, today)) for duty in duties}
    for row in rows:
        row.due = due.get(row.claim.pk)


def region_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ersättning, as the region sees it: what can be claimed, per month, and where everything else is."""
    wanted = Wanted.of(request.GET)
    view = wanted.view
    claims, following = listing.page_of(actor, wanted)
    rows = listing.wanted_claims(actor, wanted)
    shown = listing.rows_of(claims)
    if view.name == "fragor":
        _with_due(shown)
    proposed = view.name == "begara"
    context = {
        "wanted": wanted,
        "view": view,
        "views": [(name, VIEWS[name].label, count) for name, count in listing.counts(actor).items()],
        "kinds": ClaimKind.choices,
        "months": _months(wanted.month),
        "month": f"{wanted.month:%Y-%m}" if wanted.month else "",
        "readiness": listing.READY.items(),
        "groups": _groups(shown, listing.months_shown(rows, view, claims)),
        "shown": len(claims),
        "total": listing.total(rows, view) if view.sums else None,
        "ready": listing.total(listing.ready(rows), view) if proposed else None,
        "sends": sends(actor),
        "decided": view.name in ("beslutade", "utbetalda"),
        "query": wanted.query(),
        "rest_query": wanted.query(saknas="saknas"),
        "next_url": f"?{wanted.query(efter=following)}" if following else "",
        "first_url": f"?{wanted.query()}" if wanted.after else "",
    }
    return render(request, "reimbursement/region_list.html", context)


@require_http_methods(["GET", "POST"])
def send_many(request: HttpRequest) -> HttpResponse:
    """Kontrollera: how many and how much; then a worker sends them, and the page shows how it goes."""
    actor = of_region(request)
    if not sends(actor):
        raise PermissionDenied("Det är regionens ekonom som skickar begäranden om ersättning.")
    data: QueryDict | None = request.POST if request.method == "POST" else parked.back(request)
    if data is None:
        return redirect("reimbursement")
    everything = bool(data.get("alla"))
    wanted = Wanted.of(QueryDict(data.get("fraga", "")[:500]))
    pks = [pk for text in data.getlist("valda") if (pk := number_in(text)) is not None]
    if not everything and not pks:
        messages.warning(request, "Välj minst en begäran, eller skicka alla som är klara.")
        return redirect(f"/ersattning/?{wanted.query()}")
    choice = choosing.choice_of(choosing.all_of(actor, wanted) if everything else choosing.ticked(actor, pks))
    if data.get("gor") == "skicka" and request.method == "POST":
        if data.get("visat") == choice.mark:
            job = jobs.ask(actor, "submit", choice.versions)
            return redirect("claim-job", job=job.pk)
        messages.warning(request, "Något har ändrats sedan du kontrollerade. Kontrollera igen. Ingenting har skickats.")
    count = len(choice.versions)
    context = {
        "choice": choice,
        "count": count,
        "title": f"Kontrollera: {count} {'begäran' if count == 1 else 'begäranden'}, {kronor(choice.whole.payable)}",
        "months": [(month_words(first), total) for first, total in choice.months],
        "too_many": count > jobs.MOST,
        "most": jobs.MOST,
        "carried": [("alla", "1")] if everything else [("valda", str(pk)) for pk in pks],
        "query": wanted.query(),
        "happens": CLAIM.steps["submit"].happens,
    }
    return render(request, "reimbursement/send_many.html", context, status=409 if data.get("gor") == "skicka" else 200)
