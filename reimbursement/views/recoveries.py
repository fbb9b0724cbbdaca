"""Återkrav: the list, one with its decision, interest and books, and the pages of its steps."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actor import Actor
from accounts.roles import Party, Role
from fmu_portal.addresses import number_in
from fmu_portal.engine import door
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.money import kronor
from orders.words import days_left
from reimbursement import recoveries, recovering
from reimbursement.interest import counted, from_records
from reimbursement.models import Recovery
from reimbursement.processes.recovery import RECOVERY
from reimbursement.views.access import get_claim, sees_claims
from reimbursement.views.steps import Target, respond, step_for
from rules.remembered import rules_by_code


def _one(actor: Actor, pk: int) -> Recovery:
    found: Recovery | None = recoveries.seen(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Återkrav, the newest first, by key."""
    actor = sees_claims(request)
    views = recoveries.views_of(actor)
    view = request.GET.get("vy", "")
    view = view if view in views else next(iter(views))
    rows = recoveries.seen(actor).filter(status__in=views[view][1]).order_by("-pk")
    after = number_in(request.GET.get("efter"))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: recoveries.PAGE + 1])
    shown = recoveries.rows_of(found[: recoveries.PAGE])
    context = {
        "rows": shown,
        "views": [(name, label) for name, (label, _) in views.items()],
        "view": view,
        "agency": actor.party is not Party.REGION,
        "next_url": f"?vy={view}&efter={found[recoveries.PAGE - 1].pk}" if len(found) > recoveries.PAGE else "",
        "first_url": f"?vy={view}" if after is not None else "",
    }
    return render(request, "reimbursement/recoveries.html", context)


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One recovery: what is to be done, what was decided and why, the interest, the books, what has happened."""
    actor = sees_claims(request)
    recovery = _one(actor, pk)
    duties = door.open_duties(RECOVERY.name, pk)
    [row] = recoveries.rows_of([recovery])
    duty = duties[0] if duties else None
    rule = rules_by_code().get(duty.rule) if duty else None
    own = duty is not None and duty.organisation_id == actor.organisation_id
    others = _done_by(actor, duty) if own else ""
    context = {
        "recovery": recovery,
        "row": row,
        "not_attested": recovery.status == "decided",
        "steps": door.available(RECOVERY.name, recovery, actor, duties),
        "duty": duty,
        "task": RECOVERY.duties[duty.kind].task if duty else "",
        "left_days": days_left(duty.due, timezone.localdate()) if duty else None,
        "basis": _basis(recovery, duty, rule),
        "mine": own and not others,
        "others": others,
        "facts": recoveries.facts(recovery, actor),
        "decision": recoveries.decision(recovery),
        "interest": recoveries.explanation(recovery) if recovery.counted else None,
        "books": recoveries.entries_of(recovery),
        "written": recoveries.written(RECOVERY.name, pk, actor),
        "events": recoveries.history(RECOVERY.name, pk, actor),
        "agency": actor.party is not Party.REGION,
    }
    return render(request, "reimbursement/recovery.html", context)


def _done_by(actor: Actor, duty: Any) -> str:
    """Which colleague's the task is, when it is not the actor's own: "controller" or "controller eller attestant"."""
    roles = sorted(RECOVERY.steps[RECOVERY.duties[duty.kind].step].by.get(actor.party, ()))
    return "" if actor.role in roles else " eller ".join(str(Role(role).label).lower() for role in roles)


def _basis(recovery: Recovery, duty: Any, rule: Any) -> str:
    if duty is None:
        return ""
    return "Dagen är bestämd i beslutet" if duty.kind == "repay" else (rule.basis if rule else "")


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step's pages."""
    actor = sees_claims(request)
    recovery = _one(actor, pk)
    row = step_for(actor, RECOVERY.name, step)
    more: dict[str, Any] = {}
    if step == "decide":
        more["interest"] = _today(recovery)
    elif recovery.counted:
        more["interest"] = recoveries.explanation(recovery)
    facts = recoveries.facts(recovery, actor)
    if step in ("attest", "send_back"):
        facts += recoveries.decision(recovery)
    target = Target(
        PROCESSES[RECOVERY.name], recovery, row, request.path, f"/ersattning/aterkrav/{pk}/",
        f"Återkrav {recovery.number}", facts=facts, more=more,
        beside="reimbursement/interest_beside.html" if step == "decide" else "",
        above="reimbursement/interest_beside.html" if step == "attest" else "",
    )  # fmt: skip
    return respond(request, target)


def _today(recovery: Recovery) -> dict[str, Any]:
    """What the interest on the whole amount would be if it were decided today."""
    today = timezone.localdate()
    found = from_records(recovery.wrong, paid_on=recovery.paid_on, decided_on=today, due_on=today)
    return recoveries.explained(counted(found), found.amount)


@require_http_methods(["GET", "POST"])
def open_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Utred återkrav, from a paid claim's page. 404 for a claim that was never granted anything."""
    actor = sees_claims(request)
    row = step_for(actor, RECOVERY.name, "open")
    found = get_claim(actor, pk)
    if found.attested_on is None:
        raise Http404
    left = recovering.left_to_demand(found)
    target = Target(
        PROCESSES[RECOVERY.name], recovering.to_open(found), row, request.path, f"/ersattning/begaran/{pk}/",
        f"Begäran {found.number}",
        facts=[
            ("Region", found.region.name),
            ("Beviljat", kronor(found.approved or 0)),
            ("Kan krävas tillbaka", kronor(left)),
            ("Beslut senast (19 §)", recovering.last_day(found.attested_on).isoformat()),
        ],
        begin=lambda data: recovering.open_recovery(pk, actor, data),
    )  # fmt: skip
    return respond(request, target)
