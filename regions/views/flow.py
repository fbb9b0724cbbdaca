"""Flödet: requests per week against forecast and capacity; the region enters its forecast."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party, Role
from fmu_portal.addresses import number_in
from orders.models import Assessment
from orders.views.request import actor_of
from regions import weeks
from regions.flowing import AHEAD, flow_of
from regions.forms import ForecastForm
from regions.models import Agreement, Change, Forecast

OWN = {Party.AGENCY: "Från ert kontor", Party.PERFORMER: "Tilldelade er"}


def _regions(actor: Actor, today: date) -> list[Organisation]:
    """The regions whose flow the actor has a part in."""
    rows = Organisation.objects.filter(kind="region").order_by("name")
    if actor.party is Party.REGION:
        return list(rows.filter(pk=actor.organisation_id))
    if actor.party is Party.PERFORMER:
        own = Agreement.objects.in_force(today).filter(performer_id=actor.organisation_id)
        return list(rows.filter(pk__in=list(own.values_list("region_id", flat=True))))
    if actor.party is Party.AGENCY:
        return list(rows)
    raise PermissionDenied("Flödet visas för Försäkringskassan, regionerna och utförarna.")


def _chosen(request: HttpRequest, actor: Actor, regions: list[Organisation]) -> Organisation | None:
    """The one asked for; else, at an office, the one of its newest case; else the first."""
    by_pk = {region.pk: region for region in regions}
    wanted = by_pk.get(number_in(request.GET.get("region")) or 0)
    if wanted is None and actor.party is Party.AGENCY:
        newest = Assessment.objects.visible_to(actor).filter(region__isnull=False, protected=False).order_by("-pk")
        wanted = by_pk.get(newest.values_list("region_id", flat=True).first() or 0)
    return wanted or (regions[0] if regions else None)


@require_http_methods(["GET", "POST"])
def flow(request: HttpRequest) -> HttpResponse:
    """The table; and for the region's coordinator the forecast's form."""
    actor, today = actor_of(request), timezone.localdate()
    regions = _regions(actor, today)
    region = _chosen(request, actor, regions)
    may_forecast = actor.role == Role.REGION_COORDINATOR
    form = None
    if may_forecast and region is not None:
        mondays = weeks.coming(today, AHEAD)
        known = Forecast.objects.filter(region=region, monday__in=mondays).values_list("monday", "requests")
        starting = {weeks.code(first): number for first, number in known}
        form = ForecastForm(request.POST if request.method == "POST" else None, initial=starting, mondays=mondays)
    if request.method == "POST":
        if form is None:
            raise PermissionDenied("Det är regionens samordnare som anger prognosen.")
        if form.is_valid():
            _save(actor, form, mondays, starting)
            messages.success(request, "Klart. Prognosen är sparad.")
            return redirect("flow")
    rows = flow_of(region.pk, actor, today) if region else []
    context = {
        "regions": regions,
        "region": region,
        "rows": rows,
        "own": OWN.get(actor.party),
        "is_performer": actor.party is Party.PERFORMER,
        "no_forecast": all(row.forecast is None for row in rows),
        "form": form,
    }
    return render(request, "regions/flow.html", context, status=422 if form is not None and form.errors else 200)


@transaction.atomic
def _save(actor: Actor, form: ForecastForm, mondays: list[date], before: dict[str, int]) -> None:
    changed = {}
    for first in mondays:
        code = weeks.code(first)
        number = form.cleaned_data[code]
        if number == before.get(code):
            continue
        changed[f"Prognos {code}"] = [before.get(code), number]
        rows = Forecast.objects.filter(region_id=actor.organisation_id, monday=first)
        if number is None:
            rows.delete()
        else:
            Forecast.objects.update_or_create(
                region_id=actor.organisation_id, monday=first, defaults={"requests": number}
            )
    if changed:
        Change.objects.create(region_id=actor.organisation_id, mandate_id=actor.mandate_id, fields=changed)
