"""Which office of the agency examines which region's claims, and who has the central queue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction

from accounts.actor import Actor
from accounts.models import Mandate, Organisation
from accounts.roles import Role
from fmu_portal.forms import PortalForm
from reimbursement.models import Desk, DeskChange

CENTRAL = 0
"""Stands for the central queue where a region's id would stand."""
CHANGES = 30


def examined_by() -> dict[int, int]:
    """Region's id (`CENTRAL` for the central queue) -> the office that examines."""
    return {region_id or CENTRAL: office_id for region_id, office_id in Desk.objects.values_list("region", "office")}


def staff() -> dict[int, dict[str, int]]:
    """Office's id -> role -> how many hold it now."""
    found: dict[int, dict[str, int]] = {}
    rows = Mandate.objects.valid().filter(role__in=(Role.CONTROLLER, Role.ATTESTER))
    for office_id, role in rows.values_list("organisation_id", "role"):
        found.setdefault(office_id, {}).setdefault(role, 0)
        found[office_id][role] += 1
    return found


class DeskForm(PortalForm):
    """One office for each region and for the central queue. ``seen``: the newest change that the page knew of."""

    mark_optional = False
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        now, people = examined_by(), staff()
        self.regions = list(Organisation.objects.filter(kind="region").order_by("name"))
        self.offices = {
            office.pk: office for office in Organisation.objects.filter(kind="agency_office").order_by("name")
        }
        self.short = {pk for pk in self.offices if len(people.get(pk, {})) < 2}
        choices = [("", "Inget kontor"), *((pk, self._words(pk, people)) for pk in self.offices)]
        for key, label in ((CENTRAL, "Central granskning"), *((r.pk, r.name) for r in self.regions)):
            self.fields[f"desk_{key}"] = forms.TypedChoiceField(
                label=label,
                choices=choices,
                coerce=int,
                empty_value=None,
                required=key in now,
                error_messages={"required": "Välj ett kontor. Någon måste granska."},
            )
            self.initial.setdefault(f"desk_{key}", now.get(key))
        self.initial.setdefault("seen", newest())

    def _words(self, pk: int, people: dict[int, dict[str, int]]) -> str:
        here = people.get(pk, {})
        controllers, attesters = here.get(Role.CONTROLLER, 0), here.get(Role.ATTESTER, 0)
        return f"{self.offices[pk].name} ({controllers} controller, {attesters} attestant)"

    def places(self) -> list[int]:
        """The central queue and the regions, as the page shows them."""
        return [CENTRAL, *(region.pk for region in self.regions)]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for key in self.places():
            office_id = cleaned.get(f"desk_{key}")
            if office_id in self.short and office_id != self.initial.get(f"desk_{key}"):
                self.add_error(
                    f"desk_{key}",
                    f"{self.offices[office_id].name} saknar controller eller attestant. Välj ett kontor som har båda.",
                )
        return cleaned


def newest() -> int:
    """The id of the newest change, 0 when there is none."""
    return DeskChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def save(actor: Actor, form: DeskForm) -> int | None:
    """Store what was chosen and who chose it; how many changed, or None when somebody else changed it meanwhile.

    Claims that have been sent stay at the office that got them.
    """
    with transaction.atomic():
        # The central queue's rows and those that are new are kept apart by the lock of the administrator's own organisation.
        Organisation.objects.select_for_update(no_key=True).get(pk=actor.organisation_id)
        if form.cleaned_data["seen"] != newest():
            return None
        now, changed = examined_by(), 0
        for key in form.places():
            office_id = form.cleaned_data[f"desk_{key}"]
            if office_id is None or office_id == now.get(key):
                continue
            region_id = key or None
            Desk.objects.update_or_create(region_id=region_id, defaults={"office_id": office_id})
            DeskChange.objects.create(region_id=region_id, office_id=office_id, mandate_id=actor.mandate_id)
            changed += 1
        return changed


def history() -> list[DeskChange]:
    """The newest changes."""
    rows = DeskChange.objects.select_related("region", "office", "mandate__user").order_by("-pk")
    return list(rows[:CHANGES])
