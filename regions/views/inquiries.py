"""The pages of the performer asked: what it has been asked, and its answer. It never reaches the case by them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import parked
from accounts.actor import Actor
from accounts.permissions import See
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.refusals import InvalidInput, Refused
from fmu_portal.engine.registry import PROCESSES
from orders.models import Assessment
from orders.views.request import actor_of
from regions.asked import asked
from regions.models import Inquiry
from regions.process import ANSWERS, INQUIRY
from rules.remembered import rules_by_code

PAGE = 50


def may_answer(actor: Actor) -> None:
    """403 for whoever no inquiry is put to."""
    if not actor.sees(See.ASKED):
        raise PermissionDenied("Det är utförarens administratör och läkare som svarar på förfrågningar.")


@require_safe
def inquiries(request: HttpRequest) -> HttpResponse:
    """Förfrågningar: what the unit has been asked, the newest first, by key."""
    actor = actor_of(request)
    may_answer(actor)
    rows = Inquiry.objects.visible_to(actor).order_by("-pk")
    after = number_in(request.GET.get("efter"))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: PAGE + 1])
    following = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    context = {"rows": asked(found[:PAGE], timezone.localdate()), "next": following, "after": after}
    return render(request, "regions/inquiries.html", context)


def _one(actor: Actor, pk: int) -> Inquiry:
    may_answer(actor)
    inquiry = Inquiry.objects.visible_to(actor).filter(pk=pk).first()
    if inquiry is None:
        raise Http404
    return inquiry


def _show(
    request: HttpRequest, inquiry: Inquiry, bound: dict[str, Any] | None = None, refused: str = "", status: int = 200
) -> HttpResponse:
    """The page: what is asked, and a form per answer that is possible now."""
    actor = actor_of(request)
    [row] = asked([inquiry], timezone.localdate())
    registered = PROCESSES[INQUIRY.name]
    forms, kept = [], parked.back(request)
    for name in ANSWERS:
        step = INQUIRY.steps[name]
        if row.needs is not None and inquiry.status in step.from_:
            form = (bound or {}).get(name) or registered.input_of(step)(subject=inquiry, actor=actor, prefix=name)
            forms.append({"step": step, "form": parked.into(form, kept)})
    reached = Assessment.objects.visible_to(actor).filter(pk=inquiry.assessment_id).values_list("number", flat=True)
    rule = next((r for r in rules_by_code().values() if r.key == "routine.inquiry"), None)
    context = {
        "row": row,
        "forms": forms,
        "refused": refused,
        "closed": "" if refused else inquiry.closed_word(actor).replace("Svaret är inte sparat. ", "").strip(),
        "number": reached.first() if inquiry.status == "chosen" else None,
        "basis": rule.basis if rule else "",
    }
    return render(request, "regions/inquiry.html", context, status=status)


@require_safe
def inquiry_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One inquiry."""
    return _show(request, _one(actor_of(request), pk))


@require_POST
def answer(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Accept or decline, through the door. What was typed stays when it must be mended."""
    actor = actor_of(request)
    inquiry = _one(actor, pk)
    if step not in ANSWERS:
        raise Http404
    names = PROCESSES[INQUIRY.name].input_of(INQUIRY.steps[step]).base_fields
    data = {name: request.POST.get(f"{step}-{name}", "").replace("\0", "") for name in names}
    try:
        door.take(INQUIRY.name, pk, step, actor, data, seen=number_in(request.POST.get("sedd")))
    except InvalidInput as wrong:
        form = PROCESSES[INQUIRY.name].input_of(INQUIRY.steps[step])(
            {f"{step}-{name}": value for name, value in data.items()}, subject=inquiry, actor=actor, prefix=step
        )
        form.is_valid()
        assert wrong.form is not None
        return _show(request, inquiry, {step: form}, status=422)
    except Refused as refused:
        return _show(request, _one(actor, pk), None, refused.text, status=refused.status)
    now = _one(actor, pk)
    words = {
        "chosen": "Klart. Ni har fått uppdraget.",
        "accepted": "Klart. Regionen får veta att ni kan ta uppdraget.",
        "declined": "Klart. Regionen får veta att ni inte kan.",
    }
    messages.success(request, words.get(now.status, "Klart."))
    return redirect("inquiry", pk=pk)
