"""Agreements: the region's coordinator sees and changes its own; the performer sees its own. Changes are kept."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import parked
from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party, Role
from fmu_portal.money import kronor
from orders.views.request import actor_of
from regions.forms import AgreementForm
from regions.models import PRICE_KINDS, Agreement, Change
from regions.registration import READERS

CHANGES = 30

WORDS = {
    "valid_from": "Gäller från",
    "valid_to": "Gäller till",
    "rank": "Rangordning",
    "share": "Andel, procent",
    "capacity": "Uppdrag i veckan",
    "professions": "Professioner",
    "languages": "Språk",
    "closed_weeks": "Stängda veckor",
    "prices": "Priser",
    "way": "Sätt att tilldela",
    "designated": "Utpekad utförare",
    "straight": "Börja direkt",
    "standing_leave": "Risk för försening går direkt",
}


def own_agreements(actor: Actor) -> QuerySet[Agreement]:
    """The agreements that the actor's organisation has."""
    if actor.role not in READERS:
        raise PermissionDenied(
            "Avtalen är regionens samordnares och ekonoms, och utförarens administratörs och läkares."
        )
    side = "region_id" if actor.party is Party.REGION else "performer_id"
    return Agreement.objects.filter(**{side: actor.organisation_id}).select_related("region", "performer")


@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """Avtal: all of the organisation's, those in force first."""
    actor, today = actor_of(request), timezone.localdate()
    rows = sorted(
        own_agreements(actor).order_by("performer__name", "region__name", "-valid_from"),
        key=lambda row: not row.in_force_on(today),
    )
    context = {
        "rows": [(row, row.in_force_on(today), row.valid_from > today) for row in rows],
        "is_region": actor.party is Party.REGION,
        "may_change": actor.role == Role.REGION_COORDINATOR,
    }
    return render(request, "regions/agreements.html", context)


@require_http_methods(["GET", "POST"])
def agreement(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """One agreement: to read, and for the region's coordinator to change; or a new one."""
    actor = actor_of(request)
    may_change = actor.role == Role.REGION_COORDINATOR
    found = own_agreements(actor).filter(pk=pk).first() if pk is not None else None
    if pk is not None and found is None:
        raise Http404
    if not may_change and (pk is None or request.method == "POST"):
        raise PermissionDenied("Det är regionens samordnare som ändrar avtal.")
    starting = AgreementForm.starting(found) if found else {}
    data = request.POST if request.method == "POST" else None
    form = AgreementForm(data, initial=starting, region_id=actor.organisation_id, agreement=found)
    form = parked.fill(request, form)
    status = 200
    if data is not None:
        saved = _save(actor, form, pk)
        if saved is not None:
            messages.success(request, "Klart. Avtalet är sparat.")
            return redirect("agreement", pk=saved)
        status = 422
    context = {
        "agreement": found,
        "form": form,
        "may_change": may_change,
        "prices": [(words, kronor(ore)) for words, ore in found.price_rows] if found else [],
        "changes": history(found.changes.all(), actor) if found else [],
    }
    return render(request, "regions/agreement.html", context, status=status)


@transaction.atomic
def _save(actor: Actor, form: AgreementForm, pk: int | None) -> int | None:
    """Store what was typed and what it changed. None when it must be mended, or somebody else changed it meanwhile."""
    # Two agreements of one region are never judged at once.
    Organisation.objects.select_for_update().get(pk=actor.organisation_id)
    if not form.is_valid():
        return None
    values = form.values()
    row = own_agreements(actor).filter(pk=pk).first() if pk is not None else None
    if row is None:
        row = Agreement(region_id=actor.organisation_id, performer=form.cleaned_data["performer"])
        changed = {name: [None, plain(value)] for name, value in values.items() if value not in (None, [], {})}
    else:
        if form.cleaned_data["version"] != row.version:
            form.add_error(
                None, "Någon annan ändrade avtalet medan du hade sidan öppen. Öppna sidan igen och se vad som gäller."
            )
            return None
        changed = {
            name: [plain(getattr(row, name)), plain(value)]
            for name, value in values.items()
            if getattr(row, name) != value
        }
        row.version += 1
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    if changed:
        Change.objects.create(
            region_id=actor.organisation_id, agreement=row, mandate_id=actor.mandate_id, fields=changed
        )
    return row.pk


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def history(rows: QuerySet[Change], actor: Actor) -> list[dict[str, Any]]:
    """Changes for the page, newest first. Who it was is for the region alone."""
    found = rows.select_related("mandate__user").order_by("-pk")[:CHANGES]
    return [
        {
            "at": row.at,
            "who": row.mandate.user.name if actor.party is Party.REGION else "Regionen",
            "lines": [
                f"{WORDS.get(name, name)}: {_words(name, before)} → {_words(name, after)}"
                for name, (before, after) in row.fields.items()
            ],
        }
        for row in found
    ]


def _words(name: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return "inget"
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if name == "prices":
        return ", ".join(f"{PRICE_KINDS[kind]} {kronor(ore)}" for kind, ore in value.items() if kind in PRICE_KINDS)
    if name == "professions":
        return ", ".join(str(Role(code).label) for code in value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
