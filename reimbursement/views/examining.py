"""Granska en begäran: what the claim says beside what the portal knows, and the agency's steps with it.

What is typed is kept in the form itself: a decision that nobody has sent is nobody's record.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actor import Actor
from accounts.roles import Party
from fmu_portal import errors
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import InvalidInput, LostRace, NoRule, Refused, Stale, WrongRole, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.engine.table import Step
from fmu_portal.models import Event
from orders.sentences import sentence
from reimbursement import effects, examination, letters
from reimbursement.checks import kronor
from reimbursement.inputs import DecideForm
from reimbursement.models import Claim, Evidence, Urgency
from reimbursement.process import CLAIM
from reimbursement.views.access import get_claim, sees_claims

STEPS = ("decide", "ask", "approve_all", "attest", "attest_refusal", "send_back")
"""What the agency does on the page of a claim, in the order in which the page offers it."""
_OWN = ("csrfmiddlewaretoken", "gor")


def of_agency(request: HttpRequest) -> Actor:
    """The request's actor, for the agency's own pages; 403 for everybody else."""
    actor = sees_claims(request)
    if actor.party is not Party.AGENCY:
        raise PermissionDenied("Sidan är Försäkringskassans.")
    return actor


def _url(claim: Claim) -> str:
    return f"/ersattning/begaran/{claim.pk}/"


@require_safe
def claim_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim as the agency sees it."""
    actor = of_agency(request)
    return _show(request, actor, get_claim(actor, pk))


def _forms(claim: Claim, actor: Actor, steps: list[Step], bound: dict[str, StepForm]) -> list[dict[str, Any]]:
    """The steps that may be taken now, each with its form; nothing is chosen beforehand."""
    found = []
    for step in sorted((s for s in steps if s.name in STEPS), key=lambda s: STEPS.index(s.name)):
        form_class = PROCESSES[CLAIM.name].input_of(step)
        form = bound.get(step.name)
        if form is None and form_class is not None:
            # Each form of the page has ids of its own; the names are the same as in the API.
            form = form_class(subject=claim, actor=actor, auto_id=f"{step.name}_%s", initial={"version": claim.version})
        found.append({"step": step, "form": form, "button": _button(claim, step)})
    return found


def _button(claim: Claim, step: Step) -> str:
    if step.name == "attest":
        return f"Attestera {kronor(claim.approved or 0)}"
    if step.name == "approve_all":
        return f"Godta {kronor(claim.payable or 0)}"
    return "Kontrollera beslutet" if step.confirm else step.label


def _lines_of(form: StepForm | None) -> list[dict[str, Any]]:
    """The decision's fields, line by line, as the page sets them."""
    if not isinstance(form, DecideForm):
        return []
    return [{"fields": form.fields_of(line), "bar": line.bar} for line in effects.claimed(form.subject)]


def _show(
    request: HttpRequest, actor: Actor, claim: Claim, bound: dict[str, StepForm] | None = None, status: int = 200
) -> HttpResponse:
    found = examination.read(claim, actor)
    duties = door.open_duties(CLAIM.name, claim.pk)
    steps = door.available(CLAIM.name, claim, actor, duties)
    forms = {f["step"].name: f for f in _forms(claim, actor, steps, bound or {})}
    groups = examination.checked(found)
    made = examination.decisions(found)
    decided = claim.approved is not None
    context = {
        "claim": claim,
        "found": found,
        "status": CLAIM.statuses[claim.status],
        "urgency": Urgency(claim.kept_urgency).label,  # type: ignore[attr-defined]
        "groups": groups,
        "summary": examination.summary(groups),
        "amounts": examination.amounts(found),
        "total": {
            "cost": kronor(claim.cost or 0),
            "payable": kronor(claim.payable or 0),
            "granted": kronor(claim.approved or 0) if decided else "",
        },
        "decided": decided,
        "chain": examination.last_day(found),
        "made": made,
        "remarks": examination.remarks(claim),
        "evidence": list(Evidence.objects.filter(claim=claim).select_related("document").order_by("id")),
        "others": examination.others(claim, actor),
        "timeline": examination.history(claim),
        "forms": forms,
        "lines": _lines_of(forms["decide"]["form"]) if "decide" in forms else [],
        "waits": _waits(claim, actor, forms),
        "letter_failed": letters.failed(claim),
        "url": _url(claim),
    }
    return render(request, "reimbursement/examine.html", context, status=status)


def _waits(claim: Claim, actor: Actor, forms: dict[str, Any]) -> str:
    """Why there is nothing for this actor to do now, or what it waits for; "" when there is."""
    if forms:
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


def _typed(request: HttpRequest) -> QueryDict:
    data = request.POST.copy()
    for name in _OWN:
        data.pop(name, None)
    for name in list(data):
        # The database cannot keep a NUL, and no keyboard writes one.
        data.setlist(name, [text.replace("\0", "") for text in data.getlist(name)])
    return data


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step of the agency: to the check page first where the step has one, then through the door.

    The form itself stands on the claim's page, where a GET leads. 404 for what is no step of the agency's, 403 for
    another role's.
    """
    actor = of_agency(request)
    claim = get_claim(actor, pk)
    row = CLAIM.steps.get(step)
    if row is None or step not in STEPS:
        raise Http404
    if actor.role not in row.by[Party.AGENCY]:
        raise PermissionDenied("Ditt uppdrag ger inte rätt att göra det här.")
    if request.method == "GET":
        return redirect(f"{_url(claim)}#beslut")
    data, action = _typed(request), request.POST.get("gor", "")
    seen = number_in(data.get("version"))
    form_class = PROCESSES[CLAIM.name].input_of(row)
    if action == "andra" and form_class is not None:
        return _show(request, actor, claim, {step: _quiet(form_class, claim, actor, data, step)})
    if row.confirm and action != "skicka":
        return _check(request, actor, claim, row, data, seen)
    return _take(request, actor, claim, row, data, seen)


def _quiet(form_class: Any, claim: Claim, actor: Actor, data: QueryDict, step: str) -> StepForm:
    """The form with what was typed, and no errors."""
    form: StepForm = form_class(data, subject=claim, actor=actor, auto_id=f"{step}_%s")
    form._errors = {}  # type: ignore[assignment]
    form.cleaned_data = {}
    return form


def _check(
    request: HttpRequest, actor: Actor, claim: Claim, row: Step, data: QueryDict, seen: int | None
) -> HttpResponse:
    """Kontrollera: the answers once more, what happens next, and the button that names the deed. Nothing is kept."""
    registered = PROCESSES[CLAIM.name]
    try:
        effects.prepare([claim])
        kinds = {duty.kind for duty in door.open_duties(CLAIM.name, claim.pk)}
        door.check(registered, claim, row, actor, kinds, seen)
    except Refused as refused:
        return _refused(request, claim, row, refused)
    if seen != claim.version:
        return _stale(request, actor, claim, row, data, seen)
    form = registered.input_of(row)(data, subject=claim, actor=actor, auto_id=f"{row.name}_%s")
    if not form.is_valid():
        return _show(request, actor, claim, {row.name: form}, status=422)
    decisions = form.decisions()
    context = {
        "claim": claim,
        "step": row,
        "url": _url(claim),
        "rows": [
            {
                "label": form[f"outcome_{line.pk}"].label,
                "outcome": letters.OUTCOMES[outcome],
                "amount": kronor(amount),
                "cost": kronor(line.cost or 0),
                "reason": reason,
                "over": (line.cost or 0) > amount,
            }
            for line, outcome, amount, reason in decisions
        ],
        "total": kronor(sum(amount for _, _, amount, _ in decisions)),
        "cost": kronor(claim.cost or 0),
        "warnings": form.warnings(),
        "hidden": [(name, value) for name, values in data.lists() for value in values],
    }
    return render(request, "reimbursement/check_decision.html", context)


def _take(
    request: HttpRequest, actor: Actor, claim: Claim, row: Step, data: QueryDict, seen: int | None
) -> HttpResponse:
    try:
        event = door.take(CLAIM.name, claim.pk, row.name, actor, data, seen=seen)
    except InvalidInput as refused:
        assert refused.form is not None
        refused.form.auto_id = f"{row.name}_%s"
        return _show(request, actor, get_claim(actor, claim.pk), {row.name: refused.form}, status=422)
    except Stale:
        return _stale(request, actor, get_claim(actor, claim.pk), row, data, seen)
    except Refused as refused:
        return _refused(request, get_claim(actor, claim.pk), row, refused)
    messages.success(request, f"Klart. {sentence(event, {})}")
    return redirect(_url(claim))


def _stale(
    request: HttpRequest, actor: Actor, claim: Claim, row: Step, data: QueryDict, seen: int | None
) -> HttpResponse:
    """The claim has changed since it was read: what has happened with it, and what was typed kept."""
    # A version is a number of events: those after the one that was seen are what is new.
    events = list(Event.objects.filter(process=CLAIM.name, subject_id=claim.pk).order_by("id"))
    new = events[seen:] if seen is not None and seen < len(events) else events[-1:]
    changes = [
        {"what": "Begäran", "before": f"Version {seen or 'okänd'}", "now": f"Version {claim.version}"},
        *({"what": f"{event.at:%Y-%m-%d}", "before": "Hade inte hänt", "now": sentence(event, {})} for event in new),
    ]
    typed = data.copy()
    typed["version"] = str(claim.version)
    form_class = PROCESSES[CLAIM.name].input_of(row)
    form = _quiet(form_class, claim, actor, typed, row.name) if form_class is not None else None
    context = {
        "heading": "Begäran har ändrats sedan du öppnade sidan",
        "changes": changes,
        "form": form,
        "hidden_version": claim.version if form is not None and "version" not in form.fields else None,
        "action_url": f"{_url(claim)}steg/{row.name}/",
        "step_label": row.label,
        "button": "Kontrollera igen" if row.confirm else "Granska och skicka igen",
        "case_url": _url(claim),
        "open_text": "Öppna begäran",
    }
    return render(request, "errors/stale.html", context, status=409)


def _refused(request: HttpRequest, claim: Claim, row: Step, refused: Refused) -> HttpResponse:
    facts: list[dict[str, Any]] = [
        {"label": "Begäran", "value": claim.number},
        {"label": "Du ville", "value": row.label},
    ]
    more: dict[str, Any] = {"open_text": "Öppna begäran"}
    if isinstance(refused, NoRule | WrongRole):
        facts = []
    elif isinstance(refused, LostRace):
        facts.append({"label": "Det som gjordes", "value": refused.facts["label"]})
        more["advice"] = "Läs beslutet i begäran. Tycker du annat, prata med den som gjorde det innan det attesteras."
    elif isinstance(refused, WrongState):
        facts.append({"label": "Status nu", "value": claim.status_label})
    return errors.refusal(request, refused, _url(claim), facts=facts, **more)
