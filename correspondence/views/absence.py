"""Frånvaro: who is away and who looks after it; and handing over all of a person's cases to a colleague."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import parked
from accounts.actor import Actor
from accounts.models import Mandate
from accounts.roles import Party, in_words
from correspondence import handing_over
from correspondence.models import Absence, HandOver
from fmu_portal.forms import DateField, PortalForm
from orders.views.request import actor_of


class AbsenceForm(PortalForm):
    """When one is away, and who looks after what comes meanwhile."""

    first = DateField(label="Första dagen")
    last = DateField(label="Sista dagen")
    substitute = forms.TypedChoiceField(
        label="Den som ser till dina ärenden",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Får samma aviseringar som du under tiden.",
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["substitute"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Ingen särskild"), *_others(actor)]

    def clean(self) -> dict[str, Any]:
        """A period in order that is not over."""
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and last < first:
            self.add_error("last", "Sista dagen är före den första. Kontrollera dagarna.")
        elif last and last < timezone.localdate():
            self.add_error("last", "Dagen har passerat. Fyll i en dag som kommer.")
        return self.cleaned_data


def _others(actor: Actor) -> list[tuple[int, str]]:
    rows = Mandate.objects.valid().filter(organisation_id=actor.organisation_id).exclude(user_id=actor.user_id)
    named: dict[int, str] = {}
    for mandate in rows.select_related("user").order_by("user__name", "pk"):
        named.setdefault(mandate.user_id, f"{mandate.user.name}, {in_words(mandate.role)}")
    return list(named.items())


class HandOverForm(PortalForm):
    """Whose open cases go to whom."""

    giver = forms.TypedChoiceField(label="Från", coerce=int, empty_value=None)
    taker = forms.TypedChoiceField(label="Till", coerce=int, empty_value=None)
    sure = forms.BooleanField(label="Jag har kontrollerat att det är rätt personer")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = handing_over.colleagues(actor)
        for name, chosen in (("giver", [p for p in people if handing_over.may_give(actor, p[0])]), ("taker", people)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "Välj person"), *chosen]
        if handing_over.may_give(actor, actor.user_id):
            self.initial.setdefault("giver", actor.user_id)

    def clean(self) -> dict[str, Any]:
        """Two different people."""
        giver, taker = self.cleaned_data.get("giver"), self.cleaned_data.get("taker")
        if giver is not None and giver == taker:
            self.add_error("taker", "Välj en annan person än den som lämnar över.")
        return self.cleaned_data


def _gives(actor: Actor) -> bool:
    """Whether the role hands over anybody's cases, its own at least."""
    return handing_over.may_give(actor, actor.user_id)


@require_http_methods(["GET", "POST"])
def absence(request: HttpRequest) -> HttpResponse:
    """Frånvaro: one's own, and the colleagues' who are or will be away."""
    actor = actor_of(request)
    if actor.party is Party.ADMINISTRATION:
        raise PermissionDenied("Förvaltningen har inga ärenden.")
    own = Absence.objects.filter(organisation_id=actor.organisation_id, user_id=actor.user_id).first()
    if request.method == "POST":
        if request.POST.get("gor") == "ta_bort":
            Absence.objects.filter(organisation_id=actor.organisation_id, user_id=actor.user_id).delete()
            messages.success(request, "Frånvaron är borttagen.")
            return redirect("absence")
        form = AbsenceForm(request.POST, actor=actor)
        if form.is_valid():
            values = {
                "first": form.cleaned_data["first"],
                "last": form.cleaned_data["last"],
                "substitute_id": form.cleaned_data["substitute"],
            }
            Absence.objects.update_or_create(
                organisation_id=actor.organisation_id, user_id=actor.user_id, defaults=values
            )
            messages.success(request, "Frånvaron är sparad. Kollegorna ser den.")
            return redirect("absence")
    else:
        known = {"first": own.first, "last": own.last, "substitute": own.substitute_id} if own else None
        form = parked.fill(request, AbsenceForm(actor=actor, initial=known))
    rows = Absence.objects.filter(organisation_id=actor.organisation_id, last__gte=timezone.localdate())
    context = {
        "form": form,
        "own": own,
        "rows": rows.select_related("user", "substitute").order_by("first", "user__name")[:100],
        "gives": _gives(actor),
        "hand_over_form": HandOverForm(actor=actor) if _gives(actor) else None,
        "jobs": _jobs(actor),
    }
    return render(request, "correspondence/absence.html", context, status=422 if form.errors else 200)


def _jobs(actor: Actor) -> list[HandOver]:
    """The latest hand-overs of the organisation, for those who take part in them."""
    if not _gives(actor):
        return []
    rows = HandOver.objects.filter(organisation_id=actor.organisation_id)
    return list(rows.select_related("giver", "taker").order_by("-pk")[:5])


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    """Lämna över: asked for here, done by a worker, case by case."""
    actor = actor_of(request)
    if not _gives(actor):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att lämna över ärenden.")
    form = parked.fill(request, HandOverForm(request.POST or None, actor=actor))
    if request.method == "POST" and form.is_valid():
        job = handing_over.ask(actor, form.cleaned_data["giver"], form.cleaned_data["taker"])
        return redirect("hand-over-progress", job=job.pk)
    context = {"form": form, "jobs": _jobs(actor)}
    return render(request, "correspondence/hand_over.html", context, status=422 if form.errors else 200)


@require_safe
def progress(request: HttpRequest, job: int) -> HttpResponse:
    """How far the worker has come; as a piece of the page when the page itself asks."""
    actor = actor_of(request)
    rows = HandOver.objects.filter(pk=job, organisation_id=actor.organisation_id).select_related("giver", "taker")
    found = rows.first()
    if found is None or not _gives(actor):
        raise Http404
    piece = request.headers.get("X-Requested-With") == "fetch"
    template = "correspondence/hand_over_state.html" if piece else "correspondence/hand_over_page.html"
    response = render(request, template, {"job": found})
    if found.done_at is not None:
        response["X-Done"] = "1"
    return response
