"""Gallringsbeslut: which part is whose, and which decision is in force. Says so where there is none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders import retention
from orders.retention import AGENCY_NAME, Owner

OWNERS = {Owner.AGENCY: AGENCY_NAME, Owner.REGION: "Regionen", Owner.CARE_PROVIDER: "Utförarens vårdgivare"}


@require_safe
def retention_page(request: HttpRequest) -> HttpResponse:
    """Every part with its owner and the decisions in force; a file that cannot be used is said, and erases nothing."""
    try:
        held, wrong = retention.in_force(retention.decisions(), timezone.localdate()), False
    except retention.BadDecision:
        held, wrong = [], True
    rows = [
        {"label": part.label, "owner": OWNERS[part.owner], "decisions": [d for d in held if d.part == name]}
        for name, part in retention.PARTS.items()
    ]
    return render(request, "orders/retention.html", {"rows": rows, "none": not held, "wrong": wrong})
