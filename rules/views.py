"""The public page of rules, and the administrator's page of what a changed rule would move."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import reauthentication
from accounts.roles import Role
from fmu_portal.addresses import number_in
from fmu_portal.engine import recount
from fmu_portal.engine.refusals import NoRule
from fmu_portal.engine.registry import PROCESSES, count_limit
from fmu_portal.models import Recount
from rules.limits import Link, explain_inputs
from rules.models import Certainty, Rule

TONES = {
    Certainty.LAW: "success",
    Certainty.SECONDARY: "info",
    Certainty.ROUTINE: "default",
    Certainty.READING: "warning",
}
CERTAINTIES = (
    (Certainty.LAW, "Läst i lagens fulla text."),
    (Certainty.SECONDARY, "Läst hos någon annan, till exempel i SKR:s frågor och svar."),
    (Certainty.ROUTINE, "Ingen regel har hittats. Ett värde som en förvaltare bestämmer, aldrig lag."),
    (Certainty.READING, "Så läser portalen lagen där den inte säger hur. Det står alltid på sidan."),
)


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Regler: every rule with value, time, source and how sure it is, and one worked example."""
    groups: list[dict[str, Any]] = []
    for rule in Rule.objects.order_by("position"):
        if not groups or groups[-1]["title"] != rule.group:
            groups.append({"title": rule.group, "rows": []})
        groups[-1]["rows"].append(
            {
                "code": rule.code,
                "name": rule.name,
                "value_text": rule.value_text,
                "valid_from": rule.valid_from,
                "valid_to": rule.valid_to,
                "source": rule.source,
                "certainty_label": rule.get_sure_display(),
                "certainty_tone": TONES[Certainty(rule.sure)],
                "text": rule.text,
            }
        )
    context = {
        "groups": groups,
        "certainties": [{"label": c.label, "tone": TONES[c], "text": text} for c, text in CERTAINTIES],
        "example": _example(),
        "calendar_note": "Lördagar, söndagar, helgdagar, midsommarafton, julafton och nyårsafton räknas inte."
        " Dagarna räknas i svensk tid: det som kommer in senast kl. 23.59.59 den sista dagen är i tid.",
        "valid_note": "Förordning (2018:1633) slutar gälla vid utgången av 2028. Därefter behövs en ny regel:"
        " portalen räknar inte ut någon dag på en gissning.",
    }
    return render(request, "rules/list.html", context)


def _example() -> dict[str, Any] | None:
    """The last day of a report whose underlag is complete today; None when no rule is in force."""
    today = timezone.localdate()
    try:
        limit = count_limit("law.report_time", today, None)
    except NoRule:
        return None
    rule = Rule.objects.get(code=limit.rule)
    chain: list[Link] = explain_inputs(today, limit.due, limit.inputs, rule)
    return {"text": "Om utföraren får hela underlaget i dag:", "chain": chain}


@require_http_methods(["GET", "POST"])
def recounts(request: HttpRequest) -> HttpResponse:
    """Omräkning: what a changed rule or calendar would move; the administrator says yes or no. No case is named."""
    if request.actor.role != Role.ADMINISTRATOR:  # type: ignore[attr-defined]
        raise PermissionDenied("Det är portalens förvaltare som tar ställning till omräkningar.")
    if not reauthentication.from_their_networks(request):
        raise PermissionDenied("Omräkningar görs från förvaltarens eget nät. Logga in därifrån.")
    return _recounts(request)


@reauthentication.password_first
def _recounts(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST":
        found = get_object_or_404(Recount, pk=number_in(request.POST.get("omrakning")) or 0)
        approved = request.POST.get("svar") == "ja"
        moved = recount.decide(found.pk, actor.user_id, approved)
        if approved:
            messages.success(
                request, f"Klart: {moved} uppgifter har fått en ny sista dag. Parterna ser varför i ärendet."
            )
        else:
            messages.success(request, "Klart: ingen uppgift har flyttats.")
        return redirect("recounts")
    waiting = Recount.objects.filter(decided_at__isnull=True).order_by("-pk").first()
    done = list(Recount.objects.filter(decided_at__isnull=False).select_related("decided_by").order_by("-pk")[:20])
    return render(request, "rules/recounts.html", {"waiting": waiting, "rows": _summary(waiting), "done": done})


def _summary(waiting: Recount | None) -> list[dict[str, Any]]:
    """The moves counted by task and days, at most 200 rows, without case numbers."""
    if waiting is None:
        return []
    kinds = {k.name: k.task for r in PROCESSES.values() for k in r.process.duties.values()}
    counted = Counter((kind, before, after) for _, kind, _, before, after in waiting.moves)
    rows = [
        {"task": kinds.get(kind, kind), "before": before, "after": after, "count": count}
        for (kind, before, after), count in sorted(counted.items(), key=lambda item: item[0][1:])
    ]
    return rows[:200]
