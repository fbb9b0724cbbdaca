"""Avvikelser: everything that went wrong in the cases that one sees, newest first; for all three parties."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit import collector
from fmu_portal.addresses import number_in
from orders.models import Assessment, Deviation, DeviationKind
from orders.processes.deviation import DEVIATION
from orders.views.request import actor_of

PAGE = 25


@dataclass
class Row:
    """One deviation with its case."""

    deviation: Deviation
    kind: str
    label: str
    tone: str


@require_safe
def deviation_list(request: HttpRequest) -> HttpResponse:
    """The list, open ones unless all are asked for; paged by key."""
    actor = actor_of(request)
    kind = request.GET.get("slag", "")
    every = request.GET.get("vy") == "alla"
    after = number_in(request.GET.get("efter"))
    rows = Deviation.objects.visible_to(actor)
    if not every:
        rows = rows.filter(status="open")
    if kind in DeviationKind.values:
        rows = rows.filter(kind=kind)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    if len(found) > PAGE:
        collector.not_shown(found[PAGE].assessment_id)
    cases = Assessment.objects.reachable_by(actor).with_parties().in_bulk([row.assessment_id for row in shown])
    page = []
    for row in shown:
        row.assessment = cases[row.assessment_id]
        status = DEVIATION.statuses[row.status]
        page.append(Row(row, str(DeviationKind(row.kind).label), status.label, status.tone))
    context = {
        "rows": page,
        "next": shown[-1].pk if len(found) > PAGE else "",
        "after": after,
        "every": every,
        "kind": kind if kind in DeviationKind.values else "",
        "kinds": DeviationKind.choices,
    }
    return render(request, "orders/deviations.html", context)
