"""Payments: what waits to be paid, the batches, one batch with what is in it and what can be done."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.refusals import Refused
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.money import kronor
from reimbursement import batch_pages, paying, payment_file
from reimbursement.models import Batch, Claim
from reimbursement.processes.batch import BATCH
from reimbursement.views import steps
from reimbursement.views.access import sees_claims

PRIMARY = ("confirm", "retry", "send")
"""The step that the page puts first, of those that can be taken."""

NOTES = {
    (Party.AGENCY, "created"): "Filen till ekonomisystemet skrivs nu. Det tar oftast mindre än en minut.",
    (
        Party.AGENCY,
        "sent",
    ): "Filen är lämnad till ekonomisystemet. En attestant bekräftar när beloppet har betalats ut.",
    (Party.REGION, "created"): "Utbetalningen görs i ordning.",
    (Party.REGION, "sent"): "Beloppet är på väg till ert konto.",
    (Party.REGION, "failed"): "Utbetalningen misslyckades. Kontrollera att ert konto stämmer. Försäkringskassan skickar"
    " utbetalningen igen eller tar med beloppen i nästa.",
}
"""What is going on, for whoever has nothing to do: (party, status) -> words."""


def get_batch(actor: Actor, pk: int) -> Batch:
    """One batch, with its region and account; 404 for what the actor does not see."""
    rows = batch_pages.visible(actor).select_related("region", "office", "account", "last_event")
    batch = rows.filter(pk=pk).first()
    if batch is None:
        raise Http404
    return batch


@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    """Utbetalningar: what waits by region, accounts to approve, and the batches, the newest first, by key."""
    actor = sees_claims(request)
    rows = batch_pages.visible(actor).select_related("region").order_by("-pk")
    status, region, after = (request.GET.get(name, "") for name in ("status", "region", "efter"))
    if status in BATCH.statuses:
        rows = rows.filter(status=status)
    if (region_id := number_in(region)) is not None:
        rows = rows.filter(region_id=region_id)
    if (last := number_in(after)) is not None:
        rows = rows.filter(pk__lt=last)
    found = list(rows[: batch_pages.PAGE + 1])
    agency = actor.party is Party.AGENCY
    regions = Organisation.objects.filter(kind="region").order_by("name") if agency else []
    context = {
        "agency": agency,
        "waiting": batch_pages.waiting(actor),
        "to_approve": batch_pages.accounts_to_approve() if agency else [],
        "rows": found[: batch_pages.PAGE],
        "next": str(found[batch_pages.PAGE - 1].pk) if len(found) > batch_pages.PAGE else "",
        "after": last,
        "statuses": [s for s in BATCH.statuses.values() if s.name != "new"],
        "status": status,
        "regions": regions,
        "region": region_id,
    }
    return render(request, "reimbursement/payments.html", context)


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Pay what is attested: of one region, or of all that the attester's office pays."""
    actor = sees_claims(request)
    if not paying.may_make(actor):
        raise PermissionDenied("Ditt uppdrag ger inte rätt att skapa utbetalningar.")
    chosen = number_in(request.POST.get("region"))
    regions = [row.region.pk for row in batch_pages.waiting(actor) if row.mine and chosen in (None, row.region.pk)]
    try:
        made = paying.make_batches(actor, regions)
    except Refused as refused:
        return errors.refusal(request, refused, "/ersattning/utbetalningar/", facts=[], case_text="Till utbetalningar")
    if made.missing:
        names = ", ".join(o.name for o in Organisation.objects.filter(pk__in=made.missing).order_by("name"))
        messages.warning(request, f"Inget godkänt konto, ingen utbetalning: {names}.")
    if not made.batches and not made.missing:
        messages.info(request, "Det fanns inget att betala ut. Någon annan kan ha hunnit före.")
    if len(made.batches) == 1:
        messages.success(request, "Klart. En utbetalning skapades. Filen till ekonomisystemet skrivs nu.")
        return redirect("payment", made.batches[0].pk)
    if made.batches:
        messages.success(request, f"Klart. {len(made.batches)} utbetalningar skapades.")
    return redirect("payments")


@require_safe
def payment(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: its sums, what can be done, what is in it, what has happened."""
    actor = sees_claims(request)
    batch = get_batch(actor, pk)
    duties = door.open_duties(BATCH.name, batch.pk)
    available = door.available(BATCH.name, batch, actor, duties)
    first = next((s for name in PRIMARY for s in available if s.name == name), None)
    after = number_in(request.GET.get("efter"))
    found = batch_pages.items(batch, after)
    shown = found[: batch_pages.PAGE]
    claims = Claim.objects.visible_to(actor).in_bulk([item.claim_id for item in shown])
    context = {
        "batch": batch,
        "agency": actor.party is Party.AGENCY,
        "mine": next((duty for duty in duties if duty.organisation_id == actor.organisation_id), None),
        "first": first,
        "note": NOTES.get((actor.party, batch.status), ""),
        "others": [step for step in available if step is not first],
        "items": [(item, claims.get(item.claim_id)) for item in shown],
        "next": str(shown[-1].pk) if len(found) > batch_pages.PAGE else "",
        "after": after,
        "set_offs": batch_pages.set_offs(batch),
        "events": batch_pages.history(batch, actor),
        "file": payment_file.path_of(batch).name if batch.file_sha256 else "",
    }
    return render(request, "reimbursement/payment.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def payment_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step of a batch: its form, check page and taking."""
    actor = sees_claims(request)
    row = steps.step_for(actor, BATCH.name, step)
    batch = get_batch(actor, pk)
    page = f"/ersattning/utbetalningar/{batch.pk}/"
    account = batch.account
    if step == "retry":
        account = paying.approved_account(batch.region_id)
    target = steps.Target(
        PROCESSES[BATCH.name],
        batch,
        row,
        url=f"{page}steg/{row.name}/",
        back=page,
        title=f"Utbetalning {batch.number}",
        facts=[
            ("Region", batch.region.name),
            ("Betalas ut", kronor(batch.net)),
            ("Antal begäranden", str(batch.count)),
            ("Bankgiro", account.number if account else "Saknas"),
        ],
    )
    return steps.respond(request, target)
