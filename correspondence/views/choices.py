"""What is chosen once: an organisation's own texts, and how it and each person is told by e-mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import parked
from accounts.actor import Actor
from accounts.models import Organisation, User
from accounts.roles import Party
from correspondence import texts
from correspondence.models import NoticeChoice, Template
from correspondence.models.message import MOST_TEXT
from correspondence.notices import chosen as chosen_by
from fmu_portal.addresses import number_in
from fmu_portal.forms import PortalForm
from fmu_portal.identity import numbers_in
from orders.views.request import actor_of


class TemplateForm(PortalForm):
    """A text of the organisation's own."""

    name = forms.CharField(
        label="Namn",
        max_length=60,
        help_text="Så att kollegor hittar den.",
        widget=forms.TextInput(attrs={"data-width": "w-32"}),
    )
    text = forms.CharField(label="Text", max_length=MOST_TEXT, widget=forms.Textarea(attrs={"rows": 8}))

    def clean_text(self) -> str:
        """A text for many cases says nothing of one person."""
        text: str = self.cleaned_data["text"]
        if numbers_in(text):
            raise forms.ValidationError(
                "Texten innehåller ett personnummer. Ta bort det: mallen används i många ärenden."
            )
        return text


@require_http_methods(["GET", "POST"])
def templates(request: HttpRequest) -> HttpResponse:
    """Textmallar: everybody reads them, whoever coordinates looks after the organisation's own. ``?mall=`` edits one."""
    actor = actor_of(request)
    if actor.party is Party.ADMINISTRATION:
        raise PermissionDenied("Förvaltningen skriver inga meddelanden.")
    manages = texts.manages(actor.role)
    chosen = None
    if (wanted := request.GET.get("mall")) is not None:
        chosen = Template.objects.filter(pk=number_in(wanted) or 0, organisation_id=actor.organisation_id).first()
        if chosen is None:
            raise Http404
    if request.method == "POST":
        if not manages:
            raise PermissionDenied("Det är samordnaren eller administratören som ändrar mallar.")
        if request.POST.get("gor") == "ta_bort" and chosen is not None:
            chosen.delete()
            messages.success(request, "Mallen är borttagen.")
            return redirect("message-templates")
        form = TemplateForm(request.POST)
        if form.is_valid() and _saved(actor, chosen, form):
            messages.success(request, "Mallen är sparad.")
            return redirect("message-templates")
    else:
        known = {"name": chosen.name, "text": chosen.text} if chosen is not None else None
        form = parked.fill(request, TemplateForm(initial=known))
    context = {
        "form": form,
        "chosen": chosen,
        "manages": manages,
        "own": texts.own_texts(actor.organisation_id),
        "shipped": texts.SHIPPED,
    }
    return render(request, "correspondence/templates.html", context, status=422 if form.errors else 200)


def _saved(actor: Actor, chosen: Template | None, form: TemplateForm) -> bool:
    row = chosen or Template(organisation_id=actor.organisation_id)
    row.name, row.text = form.cleaned_data["name"], form.cleaned_data["text"]
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        form.add_error("name", "Ni har redan en mall med det namnet. Välj ett annat.")
        return False
    return True


class ChoiceForm(PortalForm):
    """How one is told by e-mail."""

    how = forms.ChoiceField(label="E-post", choices=NoticeChoice.How.choices, widget=forms.RadioSelect)


@require_http_methods(["GET", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """Aviseringar med e-post: for oneself, and for the shared inbox when one looks after it."""
    actor = actor_of(request)
    manages = texts.manages(actor.role)
    forms_of: dict[str, Any] = {
        "jag": ("Till dig", ChoiceForm(prefix="jag", initial={"how": chosen_by(actor.organisation_id, actor.user_id)})),
        "alla": (
            "Till er gemensamma inkorg",
            ChoiceForm(prefix="alla", initial={"how": chosen_by(actor.organisation_id, None)}),
        ),
    }
    kept = parked.back(request)
    for _, form in forms_of.values():
        parked.into(form, kept)
    if not manages:
        del forms_of["alla"]
    if request.method == "POST":
        which = request.POST.get("vems", "")
        if which not in ("jag", "alla"):
            raise Http404
        if which not in forms_of:
            raise PermissionDenied("Det är samordnaren eller administratören som väljer för inkorgen.")
        form = ChoiceForm(request.POST, prefix=which)
        if form.is_valid():
            user_id = actor.user_id if which == "jag" else None
            who: dict[str, Any] = {"organisation_id": actor.organisation_id, "user_id": user_id}
            NoticeChoice.objects.update_or_create(**who, defaults={"how": form.cleaned_data["how"]})
            messages.success(request, "Valet är sparat.")
            return redirect("notice-choices")
        forms_of[which] = (forms_of[which][0], form)
    addresses = {
        "jag": User.objects.values_list("email", flat=True).get(pk=actor.user_id),
        "alla": Organisation.objects.values_list("email", flat=True).get(pk=actor.organisation_id),
    }
    rows = [(key, title, form, addresses[key]) for key, (title, form) in forms_of.items()]
    bad = any(form.errors for _, _, form, _ in rows)
    return render(request, "correspondence/choices.html", {"rows": rows}, status=422 if bad else 200)
