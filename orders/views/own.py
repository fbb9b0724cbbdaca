"""What a performer keeps of an assignment that it has handed back: what it wrote itself, to read and to take out."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.roles import Role
from fmu_portal.models import Event, Note
from orders import access
from orders.models import Assessment, Report, ReportVersion
from orders.report import SECTIONS, Field, keys
from orders.views import followup
from orders.views.request import actor_of


def _answer(field: Field, content: dict[str, Any]) -> str:
    return ": ".join(str(content[key]) for key in keys(field) if content.get(key) not in (None, ""))


def took_part(actor: Actor, case: Assessment) -> bool:
    """Whether the person was named as taking part while the unit had the assignment (13 § lag 2018:744)."""
    return case.pk in took_part_in(actor, [case.pk])


def took_part_in(actor: Actor, cases: list[int]) -> set[int]:
    """Of these cases (ids), those in which the person was so named."""
    named = Event.objects.filter(case_id__in=cases, step="name_physician", organisation_id=actor.organisation_id)
    rows = named.values_list("case_id", "data")
    return {pk for pk, data in rows if pk is not None and actor.user_id in data.get("participants", ())}


def _written(actor: Actor, case: Assessment) -> list[dict[str, Any]]:
    """The performer's own texts: report versions, the draft, notes; each {title, lines of (label, text)}.

    The report for those who took part; the administrator keeps questions and reasons; nobody else anything.
    """
    contents: list[tuple[str, dict[str, Any]]] = []
    part = took_part(actor, case)
    if not part and actor.role != Role.PERFORMER_ADMIN:
        raise Http404
    if part:
        own = {"assessment": case, "performer_id": actor.organisation_id, "voided_by": None}
        versions = ReportVersion.objects.filter(**own)
        contents += [(f"Utlåtande, version {v.number}", v.content) for v in versions.order_by("number") if v.content]
        draft = Report.objects.filter(assessment=case, performer_id=actor.organisation_id).first()
        if draft is not None and draft.content:
            contents.append(("Utlåtande, utkast", draft.content))
    written = [
        {
            "title": title,
            "lines": [(f.label, text) for s in SECTIONS for f in s.fields if (text := _answer(f, content))],
        }
        for title, content in contents
    ]
    notes = Note.objects.filter(case_id=case.pk, author_id=actor.organisation_id).exclude(text="")
    notes = notes.select_related("event").order_by("pk")
    if notes:
        lines = [(timezone.localtime(note.event.at).strftime("%Y-%m-%d %H.%M"), note.text) for note in notes]
        written.append({"title": "Frågor och skäl", "lines": lines})
    return written


@require_safe
def own(request: HttpRequest, number: str) -> HttpResponse:
    """The page of one's own texts, or with ``?format=text`` the same as a file."""
    actor = actor_of(request)
    case = access.get_former_case(actor, number)
    written = _written(actor, case)
    if request.GET.get("format") != "text":
        context = {"case": case, "written": written, "may_extract": followup.may_extract(actor)}
        return render(request, "orders/own.html", context)
    parts = [f"Ärende {case.number}, {actor.organisation_name}"]
    for part in written:
        parts += ["", part["title"], *(f"{label}: {text}" for label, text in part["lines"])]
    answer = HttpResponse("\n".join(parts) + "\n", content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="eget-{case.number}.txt"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_safe
def handed_back(request: HttpRequest) -> HttpResponse:
    """Återlämnade uppdrag: the numbers of the cases that the unit has handed back, latest first; ``opens``: for whom their
    own texts are kept."""
    actor = actor_of(request)
    events = Event.objects.filter(process="assessment", step="hand_back", organisation_id=actor.organisation_id)
    rows = list(events.order_by("-pk").values("subject_id", "at")[:100]) if actor.party == "performer" else []
    cases = Assessment.objects.not_recused(actor).filter(pk__in=[row["subject_id"] for row in rows])
    numbers = dict(cases.values_list("pk", "number"))
    opens = set(numbers) if actor.role == Role.PERFORMER_ADMIN else took_part_in(actor, list(numbers))
    found = [
        {"number": numbers[pk], "at": at, "opens": pk in opens}
        for pk, at in ((row["subject_id"], row["at"]) for row in rows)
        if pk in numbers
    ]
    return render(request, "orders/handed_back.html", {"found": found})
