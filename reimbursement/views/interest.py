"""Räntor: the records that interest on recoveries is counted by. The administrator adds; nobody changes or removes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import parked
from accounts.permissions import See
from accounts.roles import Role
from orders.views.request import actor_of
from reimbursement.forms import RateForm, RuleForm
from reimbursement.interest import in_force
from reimbursement.models import InterestRule, ReferenceRate
from reimbursement.wording import FROM, READING, percent

KINDS: dict[str, tuple[type[Any], type[Any]]] = {
    "regel": (RuleForm, InterestRule),
    "referensranta": (RateForm, ReferenceRate),
}


@require_http_methods(["GET", "POST"])
def records(request: HttpRequest) -> HttpResponse:
    """The list, for all who see claims; the forms, for the administrator."""
    actor = actor_of(request)
    may = actor.role == Role.ADMINISTRATOR
    if not may and not actor.sees(See.CLAIM):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att se ersättning.")
    bound = request.POST.get("slag", "") if request.method == "POST" else ""
    if request.method == "POST" and not may:
        raise PermissionDenied("Det är portalens förvaltare som lägger in räntor.")
    forms = {
        name: form(request.POST if name == bound else None, prefix=name) for name, (form, _) in KINDS.items()
    }  # fmt: skip
    kept = parked.back(request)
    for row in forms.values():
        parked.into(row, kept)
    if bound in KINDS and forms[bound].is_valid():
        KINDS[bound][1].objects.create(mandate_id=actor.mandate_id, **forms[bound].cleaned_data)
        messages.success(request, "Klart. Uppgiften är tillagd och gäller för beslut som fattas från och med nu.")
        return redirect("interest-records")
    context = {
        "may_add": may,
        "forms": forms,
        "wrong": forms.get(bound),
        "rules": _shown(InterestRule, "margin"),
        "rates": _shown(ReferenceRate, "rate"),
        "starts": FROM,
        "reading": READING,
    }
    return render(request, "reimbursement/interest.html", context, status=422 if bound else 200)


def _shown(model: type[Any], value: str) -> list[dict[str, Any]]:
    """The records, the latest first, each with its value and what it is today: in force, to come, past or replaced."""
    rows = list(model.objects.select_related("mandate__user").order_by("valid_from", "pk"))
    newest = {row.valid_from: row for row in rows}
    now = in_force(rows, timezone.localdate())
    found = []
    for row in reversed(rows):
        if newest[row.valid_from] is not row:
            state, tone = "Ersatt av en nyare uppgift", "default"
        elif row is now:
            state, tone = "Gäller nu", "success"
        else:
            state, tone = (
                ("Kommande", "info") if now is None or row.valid_from > now.valid_from else ("Tidigare", "default")
            )
        words = FROM[row.starts_from] if model is InterestRule else ""
        found.append({"row": row, "value": percent(getattr(row, value)), "state": state, "tone": tone, "from": words})
    return found
