"""The work basket, the list of cases, the search, the notices."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import parked
from accounts.permissions import See, may_search, says_why
from accounts.roles import Party
from fmu_portal import identity
from fmu_portal.addresses import number_in
from fmu_portal.engine.registry import DUTY_KINDS
from fmu_portal.forms import PortalForm
from fmu_portal.models import Event, Notice
from orders import access, basket
from orders.cases import new_case
from orders.models import Assessment
from orders.notices import address_of
from orders.process import ASSESSMENT
from orders.views.overview import parties
from orders.views.request import actor_of, cursor_in

NUMBER = re.compile(r"\d{4}-\d{6}")
NOTICES = 50


@require_safe
def work_basket(request: HttpRequest) -> HttpResponse:
    """Att göra: what is my turn, in what order."""
    actor, today = actor_of(request), timezone.localdate()
    view = request.GET.get("vy", "alla")
    wanted = basket.Wanted(
        view=view if view in basket.VIEWS else "alla",
        kind=request.GET["uppgift"] if request.GET.get("uppgift") in DUTY_KINDS else "",
        performer=number_in(request.GET.get("utforare")),
        number=request.GET.get("arende", "").strip()[:20],
        after=cursor_in(request.GET.get("efter")),
    )
    counts = basket.view_counts(actor, today)
    kinds = [(k.name, k.task) for k in DUTY_KINDS.values() if actor.party in k.parties]
    context = {
        "page": basket.basket(actor, wanted, today),
        "wanted": wanted,
        "views": [(key, label, counts[key]) for key, label in basket.VIEWS.items()],
        "kinds": kinds,
        "performers": parties(actor)[0] if actor.party is Party.REGION else [],
        "today": today,
        "filtered": bool(wanted.kind or wanted.performer or wanted.number),
        "sees_person": actor.sees(See.IDENTITY),
        "counterpart_label": "Region" if actor.party is Party.PERFORMER else "Utförare",
        "may_create": actor.role in ASSESSMENT.steps["request"].by.get(actor.party, ()),
    }
    return render(request, "orders/work_basket.html", context)


class SearchForm(PortalForm):
    """Search by personnummer: a POST, exact; a region gives the reason."""

    personnummer = forms.CharField(
        label="Personnummer",
        max_length=20,
        help_text="ÅÅÅÅMMDD-NNNN",
        widget=forms.TextInput(attrs={"data-width": "w-12"}),
    )
    reason = forms.CharField(
        label="Varför behöver du ärendenumret?",
        max_length=200,
        help_text="Till exempel att personen har ringt. Skälet sparas.",
        widget=forms.TextInput(attrs={"data-width": "w-32"}),
    )

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]

    def clean_personnummer(self) -> str:
        """The twelve digits."""
        try:
            return identity.twelve_digits(self.cleaned_data["personnummer"])
        except identity.NotAPersonnummer as error:
            raise forms.ValidationError("Personnumret stämmer inte. Kontrollera siffrorna.") from error


@sensitive_post_parameters("personnummer")
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Find cases by personnummer. The region gets its own case's number and status, nothing more."""
    actor = actor_of(request)
    region = says_why(actor.role)
    if not may_search(actor.role):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att söka på personnummer.")
    form = parked.fill(request, SearchForm(request.POST or None, needs_reason=region))
    found: list[Assessment] | None = None
    elsewhere: list[str] = []
    if request.method == "POST" and form.is_valid():
        numbers = access.cases_of_person(identity.lookup_hash(form.cleaned_data["personnummer"]))
        elsewhere = [row.number for row in numbers if not row.own]
        cases = Assessment.objects.visible_to(actor).filter(pk__in=[row.pk for row in numbers]).with_parties()
        found = list(cases.order_by("-pk"))
        if region:
            _record_search(request, form.cleaned_data["reason"], found)
    context = {"form": form, "found": found, "elsewhere": elsewhere, "region": region}
    return render(request, "orders/search.html", context)


def _record_search(request: HttpRequest, reason: str, found: list[Assessment]) -> None:
    """Who asked for which case numbers, and why: one event of the search, with its reason as a note."""
    from fmu_portal.models import Note

    actor = actor_of(request)
    searched: list[Assessment | None] = [*found] or [None]
    for case in searched:
        event = Event.objects.create(
            process="search",
            subject_id=case.pk if case else 0,
            case_id=None,
            step="search",
            party=actor.party,
            organisation_id=actor.organisation_id,
            mandate_id=actor.mandate_id,
            from_status="",
            to_status="",
            data={"found": case.pk if case else None},
        )
        Note.objects.create(
            event=event, kind="search_reason", text=reason, visible_to=[], author_id=actor.organisation_id
        )


@require_POST
def create(request: HttpRequest, number: str | None = None) -> HttpResponse:
    """Start a draft and open its form; with the ``number`` of an ended case of the office, one that goes on from it."""
    actor = actor_of(request)
    if actor.role not in ASSESSMENT.steps["request"].by.get(actor.party, ()):
        raise PermissionDenied("Det är Försäkringskassans handläggare och samordnare som begär utredningar.")
    earlier = get_object_or_404(Assessment.objects.visible_to(actor), number=number) if number else None
    case = new_case(actor, earlier)
    return redirect("step", number=case.number, step="request")


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Aviseringar: what the organisation has been told, newest first."""
    actor = actor_of(request)
    rows = Notice.objects.filter(organisation_id=actor.organisation_id).select_related("event").order_by("-pk")
    after = number_in(request.GET.get("efter"))
    if after:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: NOTICES + 1])
    following = str(found[NOTICES - 1].pk) if len(found) > NOTICES else ""
    shown = [
        {"at": n.at, "text": n.text, "case_number": n.case_number, "address": address_of(n, actor)}
        for n in found[:NOTICES]
    ]
    return render(request, "orders/notices.html", {"notices": shown, "next": following, "after": after})
