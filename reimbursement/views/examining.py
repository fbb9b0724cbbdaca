"""Granska en begäran: what the claim says beside what the portal knows, and the agency's steps with it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import Actor
from accounts.roles import Party
from fmu_portal.engine import door
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from fmu_portal.money import kronor
from reimbursement import effects, examination, letters, recoveries
from reimbursement.inputs.deciding import DecideForm
from reimbursement.models import Claim, Evidence
from reimbursement.process import CLAIM
from reimbursement.views.access import get_claim, sees_claims
from reimbursement.views.steps import Target

STEPS = ("decide", "ask", "approve_all", "attest", "attest_refusal", "send_back")
"""What the agency does on the page of a claim, in the order in which the page offers it."""


def of_agency(request: HttpRequest) -> Actor:
    """The request's actor, for the agency's own pages; 403 for everybody else."""
    actor = sees_claims(request)
    if actor.party is not Party.AGENCY:
        raise PermissionDenied("Sidan är Försäkringskassans.")
    return actor


def _url(claim: Claim) -> str:
    return f"/ersattning/begaran/{claim.pk}/"


def _forms(claim: Claim, actor: Actor, steps: list[Step]) -> dict[str, dict[str, Any]]:
    """The steps that may be taken now, each with its form; nothing is chosen beforehand."""
    found: dict[str, dict[str, Any]] = {}
    for step in sorted((s for s in steps if s.name in STEPS), key=lambda s: STEPS.index(s.name)):
        form_class = PROCESSES[CLAIM.name].input_of(step)
        form = None
        if form_class is not None:
            # Each form of the page has ids of its own; the names are the same as in the API.
            form = form_class(subject=claim, actor=actor, auto_id=f"{step.name}_%s", initial={"version": claim.version})
        found[step.name] = {"step": step, "form": form, "button": _button(claim, step)}
    return found


def _button(claim: Claim, step: Step) -> str:
    if step.name == "attest":
        return f"Attestera {kronor(claim.approved or 0)}"
    if step.name == "approve_all":
        return f"Godta {kronor(claim.payable or 0)}"
    return {"decide": "Besluta", "ask": "Skicka frågan", "send_back": "Lämna tillbaka"}.get(step.name, step.label)


def _lines_of(form: StepForm | None) -> list[list[Any]]:
    """The decision's fields, line by line, as the page sets them."""
    if not isinstance(form, DecideForm):
        return []
    return [form.fields_of(line) for line in effects.claimed(form.subject)]


def _examined(claim: Claim, actor: Actor) -> dict[str, Any]:
    """The claim's checks and amounts, for its page and beside a step's form."""
    found = examination.read(claim, actor)
    groups = examination.checked(found)
    decided = claim.approved is not None
    return {
        "claim": claim,
        "found": found,
        "groups": groups,
        "summary": examination.summary(groups),
        "amounts": examination.amounts(found),
        "total": {
            "cost": kronor(claim.cost or 0),
            "payable": kronor(claim.payable or 0),
            "granted": kronor(claim.approved or 0) if decided else "",
        },
        "decided": decided,
    }


def page(request: HttpRequest, actor: Actor, claim: Claim) -> HttpResponse:
    """One claim as the agency sees it, with what the actor may do now."""
    context = _examined(claim, actor)
    found = context["found"]
    steps = door.available(CLAIM.name, claim, actor, door.open_duties(CLAIM.name, claim.pk))
    forms = _forms(claim, actor, steps)
    context |= {
        "status": CLAIM.statuses[claim.status],
        "chain": examination.last_day(found),
        "made": examination.decisions(found),
        "remarks": examination.remarks(claim),
        "evidence": list(Evidence.objects.filter(claim=claim).select_related("document").order_by("id")),
        "others": examination.others(claim, actor),
        "timeline": examination.history(claim),
        "forms": forms,
        "lines": _lines_of(forms["decide"]["form"]) if "decide" in forms else [],
        "waits": _waits(claim, actor, forms),
        "letter": letters.state_of(claim) if claim.attested_on is not None else None,
        "url": _url(claim),
        **recoveries.of_claim(actor, claim),
    }
    return render(request, "reimbursement/examine.html", context)


def _waits(claim: Claim, actor: Actor, forms: dict[str, Any]) -> str:
    """Why there is nothing for this actor to do now, or what it waits for; "" when there is."""
    if forms.keys() - {"send_back"}:
        return ""
    if claim.status in ("submitted", "decided"):
        step = "decide" if claim.status == "submitted" else "attest"
        if actor.role not in CLAIM.steps[step].by[Party.AGENCY]:
            who = "controller" if claim.status == "submitted" else "attestant"
            return f"En {who} vid {claim.office.name if claim.office else 'Försäkringskassan'} har begäran nu."
        if claim.office_id != actor.organisation_id:
            return f"Begäran granskas av {claim.office.name if claim.office else 'ett annat kontor'}."
        if claim.status == "decided":
            guards = PROCESSES[CLAIM.name].guards
            names = CLAIM.steps["attest" if claim.approved else "attest_refusal"].guards
            return next((text for name in names if (text := guards[name](claim, actor))), "")
    return {
        "asked": "Regionen har fått en fråga och svarar i begäran.",
        "attested": "Beloppet är bokfört och tas med i nästa utbetalning.",
        "in_payment": "Beloppet är med i en utbetalning.",
        "paid": "Ersättningen är utbetald.",
        "refused": "Beslutet är attesterat. Ingen ersättning betalas.",
    }.get(claim.status, "")


def target(actor: Actor, claim: Claim, step: Step) -> Target:
    """A step of the agency. Its form stands on the claim's page; at its own address it comes back to be mended."""
    asks = PROCESSES[CLAIM.name].input_of(step) is not None
    return Target(
        PROCESSES[CLAIM.name],
        claim,
        step,
        url=f"{_url(claim)}steg/{step.name}/",
        back=_url(claim),
        title=f"Begäran {claim.number}",
        facts=[
            ("Region", claim.region.name),
            ("Begärt", kronor(claim.cost or 0)),
            ("Högst betalas", kronor(claim.payable or 0)),
            *([("Beslutat", kronor(claim.approved))] if claim.approved is not None else []),
        ],
        beside="reimbursement/examined_beside.html" if asks else "",
        # Read apart from what the door will ask of the claim.
        more=_examined(get_claim(actor, claim.pk), actor) if asks else {},
        button=_button(claim, step),
    )
