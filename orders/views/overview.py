"""Ärenden: where is everything. The list with its filters, saved views and columns; the piece of it that is polled."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import parked
from accounts.actor import Actor
from accounts.models import Organisation
from accounts.permissions import See, may_search
from accounts.roles import Party
from accounts.written import Written
from fmu_portal.forms import DateField, PortalForm
from orders import overview
from orders.models import SavedView
from orders.models.overview import MOST_VIEWS
from orders.overview.columns import chosen, offered
from orders.overview.wanted import ORDERS, VIEWS, WHEN, Wanted
from orders.process import ASSESSMENT
from orders.views.request import actor_of

POLL_SECONDS = 20
_BEGINNING = re.compile(r"[0-9]{4}(-[0-9]{0,6})?")

PARAMETERS = {
    "view": "vy", "order": "ordning", "number": "arende", "status": "status", "performer": "utforare",
    "region": "region", "when": "tid", "due_from": "fran", "due_to": "till", "interpreter": "tolk",
    "language": "sprak", "columns": "kolumn", "after": "efter",
}  # fmt: skip
"""field of `Wanted` -> its name in the address."""


def parties(actor: Actor) -> tuple[list[Organisation], list[Organisation]]:
    """(performers, regions) to filter by: those that the actor may have several of; one query."""
    found = _PARTIES.rows(actor)
    performers = [row for row in found if row.kind == "performer"]
    regions = [row for row in found if row.kind == "region"]
    return performers, regions if len(regions) > 1 else []


def _parties(actor: Actor) -> QuerySet[Organisation]:
    kinds = Q(pk__in=[])
    if actor.party is Party.REGION:
        kinds = Q(kind="performer", worked_for__region_id=actor.organisation_id)
    elif actor.party is Party.AGENCY:
        kinds = Q(kind__in=("performer", "region"))
    elif actor.party is Party.PERFORMER:
        kinds = Q(kind="region", agreements__performer_id=actor.organisation_id)
    return Organisation.objects.filter(kinds).distinct().order_by("name")


def _views(actor: Actor) -> QuerySet[SavedView]:
    return SavedView.objects.filter(user_id=actor.user_id, organisation_id=actor.organisation_id).order_by("name")


_PARTIES, _VIEWS = Written(_parties), Written(_views)


class OverviewForm(PortalForm):
    """The filters. Everything is optional; what cannot be used is said beside its field, and the rest holds."""

    mark_optional = False

    arende = forms.CharField(label="Ärendenummer", max_length=20, required=False)
    status = forms.ChoiceField(label="Status", required=False)
    utforare = forms.TypedChoiceField(label="Utförare", required=False, coerce=int, empty_value=None)
    region = forms.TypedChoiceField(label="Region", required=False, coerce=int, empty_value=None)
    ordning = forms.ChoiceField(label="Sortera efter", choices=list(ORDERS.items()), required=False)
    tid = forms.ChoiceField(label="Närmast sista dag", choices=[("", "Alla"), *WHEN.items()], required=False)
    fran = DateField(label="Sista dag från", required=False)
    till = DateField(label="Sista dag till", required=False)
    tolk = forms.ChoiceField(
        label="Tolk", choices=[("", "Alla"), ("ja", "Behövs"), ("nej", "Behövs inte")], required=False
    )
    sprak = forms.CharField(label="Tolkens språk", max_length=60, required=False)
    kolumn = forms.MultipleChoiceField(label="Kolumner", widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, actor: Actor, data: QueryDict) -> None:
        self.usual = [column.name for column in chosen(actor, ())]
        if "kolumn" not in data:
            # The boxes show what the table shows, so that one more can be ticked.
            data = data.copy()
            data.setlist("kolumn", self.usual)
        super().__init__(data, auto_id="%s")
        fields: Any = self.fields
        hidden = () if actor.party is Party.AGENCY else ("draft", "discarded")
        shown = [(s.name, s.label) for s in ASSESSMENT.statuses.values() if s.name not in hidden]
        fields["status"].choices = [("", "Alla"), *shown]
        performers, regions = parties(actor)
        for name, rows, every in (("utforare", performers, "Alla utförare"), ("region", regions, "Alla regioner")):
            fields[name].choices = [("", every), *((row.pk, row.name) for row in rows)]
            if not rows:
                del fields[name]
        if not actor.sees(See.NEEDS):
            del fields["tolk"], fields["sprak"]
        fields["kolumn"].choices = [(column.name, column.label) for column in offered(actor)]

    def clean_arende(self) -> str:
        """A case number, or the beginning of one."""
        text: str = self.cleaned_data["arende"].strip()
        if text and not (_BEGINNING.fullmatch(text) and len(text) <= len("2026-000123")):
            raise forms.ValidationError("Skriv ärendenumret, eller början av det: 2026-0041")
        return text

    def clean_sprak(self) -> str:
        """The language as people write it."""
        return str(self.cleaned_data["sprak"]).strip()

    def clean(self) -> dict[str, Any]:
        """The days stand in order, and a language needs an interpreter."""
        cleaned = self.cleaned_data
        low, high = cleaned.get("fran"), cleaned.get("till")
        if low and high and high < low:
            self.add_error("till", "Sista dag till ligger före sista dag från. Byt plats på dem.")
        if cleaned.get("tolk") == "nej" and cleaned.get("sprak"):
            self.add_error("sprak", "Välj att tolk behövs, eller ta bort språket.")
        return cleaned

    def wanted(self, view: str, after: str = "") -> Wanted:
        """What is asked for by the fields that hold."""
        self.is_valid()
        got = self.cleaned_data
        values = {field: got.get(name) for field, name in PARAMETERS.items() if field not in ("view", "after")}
        known = {field: value for field, value in values.items() if value not in (None, "", [])}
        columns = tuple(known.get("columns", ()))
        known["columns"] = () if list(columns) == self.usual else columns
        return Wanted(view=view if view in VIEWS else "pagaende", after=after, **known)


def read(actor: Actor, data: QueryDict) -> tuple[OverviewForm, Wanted]:
    """The filters of an address (or of a form that repeats it) and what they ask for."""
    form = OverviewForm(actor, data)
    return form, form.wanted(data.get("vy", "pagaende"), data.get("efter", "")[:40])


def query_of(wanted: Wanted) -> str:
    """The address's part for the list, without the cursor: "vy=alla&status=ordered"."""
    default = Wanted()
    rows: list[tuple[str, Any]] = []
    for field, name in PARAMETERS.items():
        value = getattr(wanted, field)
        if field == "columns":
            rows += [(name, column) for column in value]
        elif field != "after" and value != getattr(default, field):
            rows.append((name, value))
    return urlencode(rows)


def _piece(request: HttpRequest, actor: Actor, wanted: Wanted) -> dict[str, Any]:
    """The table's context."""
    page = overview.overview(actor, wanted, timezone.localdate())
    query = query_of(wanted)
    return {
        "page": page,
        "wanted": wanted,
        "list_url": f"{request.path.removesuffix('rader/')}?{query}",
        "next_query": f"{query}&efter={page.next}" if page.next else "",
        "first_query": query if wanted.after else "",
        "order_label": "närmast sista dag först" if wanted.by_day else "nyast först",
        "now": timezone.localtime(),
        "poll_url": f"/arenden/rader/?{urlencode({'bild': page.mark, 'efter': wanted.after})}&{query}",
    }


@require_safe
def case_list(request: HttpRequest) -> HttpResponse:
    """The page."""
    actor = actor_of(request)
    form, wanted = read(actor, request.GET)
    query = query_of(wanted)
    saved = []
    for view in _VIEWS.rows(actor):
        url = query_of(Wanted.of(view.filters, view.columns))
        saved.append({"name": view.name, "pk": view.pk, "query": url, "current": url == query})
    plain = not any(view["current"] for view in saved)
    bare = query_of(replace(wanted, order="nyast", columns=()))
    urls = [(label, query_of(Wanted(view=view))) for view, label in VIEWS.items()]
    urls[1:1] = [(label, f"tid={when}") for when, label in WHEN.items()]
    quick = [(label, url, bare == url) for label, url in urls]
    narrow = ("tid", "fran", "till", "tolk", "sprak", "kolumn")
    context = _piece(request, actor, wanted) | {
        "form": form,
        "quick": [(label, url, current and plain) for label, url, current in quick],
        "saved": saved,
        "query": query,
        "more_open": any(any(request.GET.getlist(name)) for name in narrow),
        "may_create": actor.role in ASSESSMENT.steps["request"].by.get(actor.party, ()),
        "is_performer": actor.party is Party.PERFORMER,
        "may_search": may_search(actor.role),
        "poll_seconds": POLL_SECONDS,
        "kept_name": (parked.back(request) or QueryDict()).get("namn", ""),
    }
    return render(request, "orders/case_list.html", context)


@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """The table alone, asked for by the open page; 204 and nothing read of anybody while nothing has changed."""
    actor = actor_of(request)
    _, wanted = read(actor, request.GET)
    if request.GET.get("bild") == overview.mark_now(actor, wanted, timezone.localdate()):
        return HttpResponse(status=204)
    context = _piece(request, actor, wanted)
    answer = render(request, "orders/case_rows.html", context)
    answer["X-Poll"] = str(context["poll_url"])
    return answer


class SaveViewForm(PortalForm):
    """The name of a view."""

    namn = forms.CharField(label="Vyns namn", max_length=40)


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Save the filters and columns of the list under a name; the same name again replaces them."""
    actor = actor_of(request)
    filters = QueryDict(request.POST.get("fraga", "")[:2000])
    form, wanted = read(actor, filters)
    name = SaveViewForm(request.POST)
    mine = SavedView.objects.filter(user_id=actor.user_id, organisation_id=actor.organisation_id)
    if not name.is_valid():
        messages.error(request, " ".join(str(text) for rows in name.errors.values() for text in rows) + ".")
    elif not form.is_valid():
        messages.error(request, "Vyn sparades inte. Rätta filtren först.")
    elif mine.count() >= MOST_VIEWS and not mine.filter(name=name.cleaned_data["namn"]).exists():
        messages.error(request, f"Du kan ha högst {MOST_VIEWS} sparade vyer. Ta bort någon först.")
    else:
        SavedView.objects.update_or_create(
            user_id=actor.user_id,
            organisation_id=actor.organisation_id,
            name=name.cleaned_data["namn"],
            defaults={"filters": wanted.stored(), "columns": list(wanted.columns), "saved_at": timezone.now()},
        )
        messages.success(request, f"Vyn {name.cleaned_data['namn']} är sparad.")
    return redirect(f"/arenden/?{query_of(wanted)}")


@require_POST
def remove_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Take one's own saved view away; nothing else changes."""
    actor = actor_of(request)
    view = get_object_or_404(
        SavedView, pk=view_id, user_id=actor.user_id, organisation_id=actor.organisation_id
    )  # fmt: skip
    view.delete()
    messages.success(request, f"Vyn {view.name} är borttagen.")
    return redirect("cases")
