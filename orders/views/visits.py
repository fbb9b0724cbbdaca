"""A unit's visits by week, calendar files, and the letter that summons."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.roles import Party
from documents.pdf import PdfUnavailable
from documents.pdf import render as render_pdf
from orders import access
from orders.calendar_files import calendar_of
from orders.models import Assessment, Visit
from orders.processes.visit import OPEN, VISIT
from orders.views.request import actor_of
from orders.visits import LATE_NOTICE, between, moment_words
from rules.remembered import rules_by_code

MOST = 400
"""Visits of one week on the page; a unit has far fewer."""
BACK, AHEAD = timedelta(days=14), timedelta(days=366)
"""What a calendar file reaches over."""

_WEEK = re.compile(r"(\d{4})-V(\d{2})")


def _monday(text: str, today: date) -> date:
    """The Monday of "2026-V53"; this week's for anything else."""
    found = _WEEK.fullmatch(text) if text.isascii() else None
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is None or not 2019 <= monday.year <= 2097:
        return today - timedelta(days=today.weekday())
    return monday


def week_words(day: date) -> str:
    """The ISO week as addresses have it: "2026-V53"."""
    year, week, _ = day.isocalendar()
    return f"{year}-V{week:02d}"


def _at_unit(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if actor.party is not Party.PERFORMER:
        raise PermissionDenied("Listan över besök är utförarens. I ärendet ser du när besöken är.")
    return actor


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """Besök: who comes when and where, a week at a time; all of the unit's or one's own."""
    actor, today = _at_unit(request), timezone.localdate()
    monday = _monday(request.GET.get("vecka", ""), today)
    mine = request.GET.get("vy") == "mina"
    rows = between(actor, monday, monday + timedelta(days=6)).exclude(status="cancelled")
    if mine:
        rows = rows.filter(assessor_id=actor.user_id)
    rows = rows.select_related("assessor", "assessment__person")
    days: dict[date, list[dict[str, Any]]] = {}
    found = list(rows[: MOST + 1])
    for visit in found[:MOST]:
        status = VISIT.statuses[visit.status]
        days.setdefault(visit.day, []).append(
            {
                "visit": visit,
                "who": access.name_in_list(actor, visit.assessment),
                "label": status.label,
                "tone": status.tone,
                "where": "Video" if visit.video else visit.place or "Ingen plats angiven",
                "late": visit.status in OPEN and visit.day < today,
            }
        )
    context = {
        "days": sorted(days.items()),
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "week": monday.isocalendar().week,
        "before": week_words(monday - timedelta(days=7)),
        "after": week_words(monday + timedelta(days=7)),
        "this": week_words(today),
        "is_this": monday <= today <= monday + timedelta(days=6),
        "shown": week_words(monday),
        "mine": mine,
        "more": len(found) > MOST,
    }
    return render(request, "orders/visits.html", context)


def _ics(visits: Any, name: str) -> HttpResponse:
    answer = HttpResponse(calendar_of(visits, timezone.now()), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The unit's open visits, or one's own, as a calendar file: no person in it."""
    actor, today = _at_unit(request), timezone.localdate()
    rows = between(actor, today - BACK, today + AHEAD).filter(status__in=OPEN).select_related("assessment")
    if request.GET.get("vy") == "mina":
        rows = rows.filter(assessor_id=actor.user_id)
    return _ics(rows[:5000], "besok.ics")


def _visit(actor: Actor, number: str, pk: int) -> tuple[Assessment, Visit]:
    case = access.get_case(actor, number)
    visit = Visit.objects.of_case(case, actor, timezone.localdate()).filter(pk=pk).first()
    if visit is None:
        raise Http404
    visit.assessment = case
    return case, visit


@require_safe
def one(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """One visit as a calendar file, for whoever sees the case."""
    case, visit = _visit(actor_of(request), number, pk)
    return _ics([visit], f"besok-{case.number}-{visit.pk}.ics")


@require_safe
def letter(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Kallelsen as a PDF in plain Swedish. A protected person's is made without name and address.

    404 when there is none to have: before approval, when the visit has ended, and for whoever does not summon to it.
    """
    actor = actor_of(request)
    case, visit = _visit(actor, number, pk)
    if not visit.may_summon(actor):
        raise Http404
    made_at = visit.last_event.at if visit.last_event else timezone.now()
    html = render_to_string("documents/pdf_summons.html", letter_context(case, visit, access.person_of(actor, case)))
    try:
        pdf = render_pdf(html, created=made_at)
    except PdfUnavailable:
        return render(request, "orders/letter_unavailable.html", {"case": case}, status=503)
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="kallelse-{case.number}-{visit.pk}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def letter_context(case: Assessment, visit: Visit, person: Any) -> dict[str, Any]:
    """What the letter says. ``person`` None: protected or not known, and the letter names nobody."""
    assert visit.starts_at is not None
    assert visit.ends_at is not None
    rule = next((r for r in rules_by_code().values() if r.key == LATE_NOTICE and r.valid_to is None), None)
    minutes = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
    return {
        "title": "Kallelse till besök",
        "case": case,
        "visit": visit,
        "person": person,
        "performer": case.performer,
        "starts": timezone.localtime(visit.starts_at),
        "when": moment_words(visit.starts_at),
        "minutes": minutes,
        "profession": visit.profession_label.lower(),
        "hours": int(rule.value) if rule and rule.value is not None else None,
        "language": case.language if visit.interpreter != "none" else "",
        "interpreter": visit.interpreter != "none",
        "sent_on": visit.summoned_on or timezone.localdate(),
        "created": (visit.last_event.at if visit.last_event else timezone.now()).isoformat(timespec="seconds"),
    }
