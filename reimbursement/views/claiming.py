"""A claim as its region sees it: what is claimed and why, what is missing, what can be done, what was decided."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.actor import Actor
from documents.intake import Unacceptable, max_megabytes
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from fmu_portal.forms import PortalForm
from fmu_portal.money import kronor
from orders.views.staging import LATE, ManyFiles
from orders.words import duty_left
from reimbursement import administering, claimed, evidence, recoveries
from reimbursement.effects import claimed as claimed_lines
from reimbursement.listing import SENT_FROM, about
from reimbursement.models import Claim, ClaimKind
from reimbursement.process import CLAIM
from reimbursement.views import steps
from reimbursement.views.access import get_claim, of_region

INTERNAL = ("send_back",)
"""Steps that are the agency's own: the region does not see them in the history."""
PRIMARY = ("answer", "submit", "take_up")
"""The step that a page puts first, of those that can be taken; the costs while one is missing (`_next`)."""

NOW = {
    "submitted": "Försäkringskassan granskar begäran. Ni behöver inte göra något.",
    "decided": "Försäkringskassan har granskat begäran. En annan person attesterar beslutet innan ni får läsa det.",
    "attested": "Beslutet är attesterat. Beloppet tas med i nästa utbetalning till er.",
    "in_payment": "Beloppet är på väg till ert konto.",
    "paid": "Ersättningen är utbetald.",
    "refused": "Begäran är avslagen. Skälet står vid varje post.",
    "set_aside": "Ni har valt att inte begära ersättning för det här. Det går att ta fram igen.",
}
"""Status -> what is going on, where it is not the region's turn."""


class FilesForm(PortalForm):
    """Files to add as evidence."""

    prefix = "ny"
    mark_optional = False
    files_chosen = forms.Field(
        label="Filer", required=False, widget=ManyFiles(attrs={"accept": "application/pdf,image/*", "multiple": True})
    )


def target(actor: Actor, claim: Claim, step: Step) -> steps.Target:
    """How the pages of a region's step speak of its claim."""
    lines = claimed_lines(claim)
    known = [line for line in lines if line.cost is not None]
    facts = [("Avser", about(claim))]
    if claim.performer is not None:
        facts.append(("Utförare", claim.performer.name))
    if known and step.input not in ("costs", "answer"):
        facts.append(("Kostnad", kronor(sum(line.cost or 0 for line in known))))
        facts.append(("Högst betalas", kronor(sum(line.payable or 0 for line in known))))
    more: dict[str, Any] = {}
    if step.name == "answer":
        more["question"] = next((r.text for r in reversed(claimed.remarks_of(claim)) if r.kind == "question"), "")
    if step.name == "submit":
        more |= {"lines": claimed.lines_shown(claim, decisions=False), "files": evidence.evidence_of(claim)}
        if claim.kind == ClaimKind.ADMINISTRATION:
            more |= _of_the_year(actor, claim)
    page = f"/ersattning/begaran/{claim.pk}/"
    return steps.Target(
        PROCESSES[CLAIM.name],
        claim,
        step,
        url=f"{page}steg/{step.name}/",
        back=page,
        title=f"Begäran {claim.number}",
        facts=facts,
        beside="reimbursement/question.html" if step.name == "answer" else "",
        above="reimbursement/submitting.html" if step.name == "submit" else "",
        more=more,
        button="Spara kostnaderna" if step.name == "enter_costs" else "",
    )


def _of_the_year(actor: Actor, claim: Claim) -> dict[str, Any]:
    """What the year's ceiling leaves beside what is claimed already (12 §), and the quarter's end where it has not come."""
    today = timezone.localdate()
    year = next((year for year in administering.years(actor, today) if year.year == claim.year), None)
    return {"left": year.left if year else None, "ends": claim.payable_on if claim.payable_on >= today else None}


def page(
    request: HttpRequest, actor: Actor, claim: Claim, *, form: FilesForm | None = None, status: int = 200
) -> HttpResponse:
    """The claim's page; ``form`` with what was wrong with chosen files."""
    duties = door.open_duties(CLAIM.name, claim.pk)
    lines = claimed_lines(claim)
    available = door.available(CLAIM.name, claim, actor, duties)
    if not lines:  # law allows none: there is no cost to enter
        available = [step for step in available if step.name != "enter_costs"]
    first = _next(claim, available)
    remarks = claimed.remarks_of(claim)
    payment = claimed.payment_of(claim) if claim.approved else None
    mine = next((duty for duty in duties if duty.organisation_id == actor.organisation_id), None)
    known = [line for line in lines if line.cost is not None]
    context = {
        "claim": claim,
        "what": about(claim),
        "lines": claimed.lines_shown(claim, decisions=claim.status in claimed.READ),
        "decided": claim.status in claimed.READ,
        "cost": sum(line.cost or 0 for line in known) if known else None,
        "payable": sum(line.payable or 0 for line in known) if known else None,
        "first": first,
        "others": [step for step in available if step is not first],
        "missing": _missing(claim, actor),
        "now": NOW.get(claim.status, ""),
        "duty": mine,
        "left": duty_left(mine, timezone.localdate()) if mine is not None else None,
        "question": next((r for r in reversed(remarks) if r.kind == "question"), None),
        "history": claimed.history(claim, remarks, without=INTERNAL),
        "payment": payment,
        "payment_page": _page_of_batch(payment.batch_id) if payment is not None else None,
        "reads": claim.status in SENT_FROM and actor.role not in CLAIM.steps["submit"].by.get(actor.party, ()),
        **_files(actor, claim, form),
        **recoveries.of_claim(actor, claim),
    }
    return render(request, "reimbursement/claim_region.html", context, status=status)


def _next(claim: Claim, available: list[Step]) -> Step | None:
    """The step that the page puts first."""
    by_name = {step.name: step for step in available}
    lacks = any(line.cost is None for line in claimed_lines(claim))
    if claim.status in SENT_FROM and lacks and "enter_costs" in by_name:
        return by_name["enter_costs"]
    return next((by_name[name] for name in PRIMARY if name in by_name), None)


def _missing(claim: Claim, actor: Actor) -> list[str]:
    """Why it cannot be sent or answered yet: one sentence for each guard that says so."""
    step = next((CLAIM.steps[name] for name in ("submit", "answer") if claim.status in CLAIM.steps[name].from_), None)
    if step is None:
        return []
    if not claimed_lines(claim):
        return ["Lagen ger ingen ersättning för någon av posterna. Lägg förslaget åt sidan, eller låt det ligga."]
    guards = PROCESSES[CLAIM.name].guards
    return [text for name in step.guards if (text := guards[name](claim, actor))]


def _page_of_batch(pk: int) -> str | None:
    batch = PROCESSES.get("batch")
    return batch.page(pk) if batch is not None and batch.page is not None else None


def _files(actor: Actor, claim: Claim, form: FilesForm | None = None) -> dict[str, Any]:
    """The evidence as the page shows it, each file with how far its check has come."""
    rows = evidence.evidence_of(claim)
    may_change = evidence.may_change(actor, claim)
    return {
        "files": [
            {
                "row": row,
                "url": f"/ersattning/begaran/{claim.pk}/handlingar/{row.document_id}/",
                "problem": evidence.problem(row) if row.sent_by_id is None else "",
                "late": row.document.waits and timezone.now() - row.document.received_at > LATE,
                "removable": may_change and row.sent_by_id is None,
            }
            for row in rows
        ],
        "file_problems": any(evidence.problem(row) for row in rows if row.sent_by_id is None),
        "files_wait": any(row.document.waits for row in rows),
        "adds": may_change,
        "form": (form or FilesForm()) if may_change else None,
        "max_mb": max_megabytes(),
        "claim": claim,
    }


@require_http_methods(["GET", "POST"])
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """Evidence of a claim. POST adds files or removes one; GET is the piece of the page that says how the check goes."""
    actor = of_region(request)
    claim = get_claim(actor, pk)
    if request.method == "GET":
        context = _files(actor, claim)
        response = render(request, "reimbursement/files.html", context)
        if not context["files_wait"]:
            response["X-Done"] = "1"
        return response
    if actor.role not in CLAIM.steps["enter_costs"].by[actor.party]:
        raise PermissionDenied("Det är regionens ekonom som lägger till underlag.")
    verb, _, text = request.POST.get("gor", "").partition(":")
    if verb == "ta_bort":
        gone = evidence.remove(claim, actor, number_in(text) or 0)
        words = "Filen är borttagen." if gone else "Filen går inte att ta bort. Det som är skickat finns kvar."
        (messages.success if gone else messages.warning)(request, words)
        return redirect(f"/ersattning/begaran/{claim.pk}/#underlag")
    if not evidence.may_change(actor, claim):
        messages.warning(request, evidence.SENT)
        return redirect(f"/ersattning/begaran/{claim.pk}/#underlag")
    form = FilesForm(request.POST)
    form.is_valid()
    chosen = request.FILES.getlist("ny-files_chosen")
    if not chosen:
        form.add_error("files_chosen", "Välj minst en fil")
    for upload in chosen:
        try:
            evidence.attach(claim, actor, upload)
        except Unacceptable as refused:
            form.add_error("files_chosen", str(refused))
    if form.errors:
        return page(request, actor, get_claim(actor, pk), form=form, status=422)
    return redirect(f"/ersattning/begaran/{claim.pk}/#underlag")
