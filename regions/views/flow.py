"""Flödet: requests per week against forecast and capacity; the agency gives the forecast, the others read it."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import parked
from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party, Role
from fmu_portal.addresses import number_in
from orders.models import Assessment
from orders.views.request import actor_of
from regions.flowing import flow_of
from regions.forms import ForecastForm
from regions.models import Agreement, Forecast

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
    """The table; and for the agency's coordinator the form of the forecast (3 § förordning 2018:1633)."""
    actor, today = actor_of(request), timezone.localdate()
    regions = _regions(actor, today)
    region = _chosen(request, actor, regions)
    years = [today.year, today.year + 1]
    given = Forecast.in_force(region.pk, years) if region else {}
    form = None
    if actor.role == Role.COORDINATOR and region is not None:
        known = {f"y{year}": row.requests for year, row in given.items()}
        form = ForecastForm(request.POST if request.method == "POST" else None, initial=known, years=years)
        form = parked.fill(request, form)
    if request.method == "POST":
        if form is None or region is None:
            raise PermissionDenied("Det är Försäkringskassans samordnare som lämnar prognosen till regionerna.")
        if form.is_valid():
            _save(actor, region, form, years, given)
            messages.success(request, f"Klart. Prognosen till {region.name} är sparad.")
            return redirect(f"{reverse('flow')}?region={region.pk}")
    rows = flow_of(region.pk, actor, today) if region else []
    context = {
        "regions": regions,
        "region": region,
        "rows": rows,
        "own": OWN.get(actor.party),
        "is_performer": actor.party is Party.PERFORMER,
        "no_forecast": all(row.forecast is None for row in rows),
        "given": [given[year] for year in years if year in given],
        "next_year": years[1],
        "form": form,
    }
    return render(request, "regions/flow.html", context, status=422 if form is not None and form.errors else 200)


@transaction.atomic
def _save(actor: Actor, region: Organisation, form: ForecastForm, years: list[int], given: dict[int, Forecast]) -> None:
    """A new row for each number that is another than the one in force; none is ever changed."""
    for year in years:
        number = form.cleaned_data[f"y{year}"]
        if number is not None and (year not in given or given[year].requests != number):
            Forecast.objects.create(region=region, year=year, requests=number, mandate_id=actor.mandate_id)
