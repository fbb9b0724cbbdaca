"""Regionens val: how the region assigns, whether it starts by itself, whether a risk of delay goes straight on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import parked
from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Role
from orders.models import RegionChoice
from orders.views.request import actor_of
from regions.forms import ChoiceForm
from regions.models import AssignmentChoice, Change, Way
from regions.views.agreements import history


def _now(region_id: int) -> dict[str, Any]:
    """What is chosen now, as the form's fields."""
    choice = AssignmentChoice.objects.filter(region_id=region_id).first() or AssignmentChoice(region_id=region_id)
    leave = RegionChoice.objects.filter(region_id=region_id, standing_leave=True).exists()
    last = (
        Change.objects.filter(region_id=region_id, agreement__isnull=True).order_by("-pk").values_list("pk", flat=True)
    )
    return ChoiceForm.starting(choice, leave, last.first() or 0)


@require_http_methods(["GET", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """One page for all that a region chooses; each change is kept."""
    actor = actor_of(request)
    if actor.role != Role.REGION_COORDINATOR:
        raise PermissionDenied("Det är regionens samordnare som bestämmer det här.")
    data = request.POST if request.method == "POST" else None
    form = ChoiceForm(
        data, initial=_now(actor.organisation_id), region_id=actor.organisation_id, today=timezone.localdate()
    )
    form = parked.fill(request, form)
    if data is not None and _save(actor, form):
        messages.success(request, "Klart. Regionens val är sparade.")
        return redirect("region-choice")
    changes = Change.objects.filter(region_id=actor.organisation_id, agreement__isnull=True)
    context = {"form": form, "changes": history(changes, actor)}
    return render(request, "regions/settings.html", context, status=422 if data is not None else 200)


@transaction.atomic
def _save(actor: Actor, form: ChoiceForm) -> bool:
    region_id = actor.organisation_id
    Organisation.objects.select_for_update().get(pk=region_id)
    if not form.is_valid():
        return False
    before, data = _now(region_id), form.cleaned_data
    if data["seen"] != before["seen"]:
        form.add_error(
            None, "Någon annan ändrade valen medan du hade sidan öppen. Öppna sidan igen och se vad som gäller."
        )
        return False
    designated = data["designated"].pk if data["designated"] else None
    after = {name: data[name] for name in ("way", "straight", "standing_leave")} | {"designated": designated}
    AssignmentChoice.objects.update_or_create(
        region_id=region_id,
        defaults={"way": after["way"], "straight": after["straight"], "designated_id": designated},
    )
    RegionChoice.objects.update_or_create(region_id=region_id, defaults={"standing_leave": after["standing_leave"]})
    names = dict(Organisation.objects.filter(pk__in=[before["designated"], designated]).values_list("pk", "name"))
    labels: dict[str, Mapping[Any, Any]] = {"designated": names, "way": dict(Way.choices)}
    changed = {
        name: [labels[name].get(before[name]), labels[name].get(value)] if name in labels else [before[name], value]
        for name, value in after.items()
        if before[name] != value
    }
    if changed:
        Change.objects.create(region_id=region_id, mandate_id=actor.mandate_id, fields=changed)
    return True
