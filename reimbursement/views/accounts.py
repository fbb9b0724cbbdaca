"""The account that a region is paid to: entered by its finance officer, approved by an attester."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import parked
from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party, Role
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine.inputs import short_text
from fmu_portal.engine.refusals import Refused
from fmu_portal.forms import PortalForm
from reimbursement import accounts
from reimbursement.views.access import of_region, sees_claims


class AccountForm(PortalForm):
    """A bankgiro number."""

    number = short_text(
        "Bankgironummer", width="w-12", max_length=20, help_text="Sju eller åtta siffror, till exempel 5050-1055."
    )

    def clean_number(self) -> str:
        try:
            return accounts.bankgiro(self.cleaned_data["number"])
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong


def _show(
    request: HttpRequest, actor: Actor, region: Organisation, form: AccountForm | None = None, status: int = 200
) -> HttpResponse:
    found = accounts.numbers(region.pk)
    own = actor.party is Party.REGION
    context: dict[str, Any] = {
        "region": region,
        "own": own,
        "current": found.current,
        "waiting": found.waiting,
        "history": accounts.history(region.pk),
        "form": (form or parked.fill(request, AccountForm())) if actor.role == Role.FINANCE_OFFICER else None,
        "may_approve": found.waiting is not None and accounts.why_not_approve(actor, found.waiting) is None,
    }
    return render(request, "reimbursement/account.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def own_account(request: HttpRequest) -> HttpResponse:
    """Konto: the region's own; its finance officer enters a new number."""
    actor = of_region(request)
    region = Organisation.objects.get(pk=actor.organisation_id)
    if request.method != "POST":
        return _show(request, actor, region)
    form = AccountForm(request.POST)
    try:
        if actor.role == Role.FINANCE_OFFICER and not form.is_valid():
            return _show(request, actor, region, form, 422)
        accounts.enter(actor, form.cleaned_data["number"] if form.is_valid() else "")
    except Refused as refused:
        return errors.refusal(request, refused, "/ersattning/konto/", facts=[], case_text="Till kontot")
    messages.success(request, "Klart. Försäkringskassan godkänner kontot innan något betalas dit.")
    return redirect("own-account")


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, region: int) -> HttpResponse:
    """A region's account as the agency sees it; an attester approves the newest number."""
    actor = sees_claims(request)
    if actor.party is Party.REGION and region != actor.organisation_id:
        raise Http404
    found = Organisation.objects.filter(pk=region, kind="region").first()
    if found is None:
        raise Http404
    if request.method != "POST":
        return _show(request, actor, found)
    waiting = accounts.newest(found.pk)
    pk = number_in(request.POST.get("konto"))
    if waiting is None or pk is None:
        raise Http404
    try:
        accounts.approve(actor, pk if pk == waiting.pk else accounts_of(found.pk, pk))
    except Refused as refused:
        back = f"/ersattning/konto/{found.pk}/"
        return errors.refusal(request, refused, back, facts=[], case_text="Till kontot")
    messages.success(request, f"Klart. {found.name} får nu betalt till bankgiro {waiting.number}.")
    return redirect("account", found.pk)


def accounts_of(region_id: int, pk: int) -> int:
    """``pk`` when it is a number of the region; 404 otherwise."""
    if all(row.pk != pk for row in accounts.history(region_id)):
        raise Http404
    return pk
