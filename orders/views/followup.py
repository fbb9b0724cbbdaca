"""Loggkontroll: whoever answers for it follows up the access log of their own organisation, and gives the insured an extract.

What stands out is found by rules of the portal (routines, not law): they say where to look first, not that anything is
wrong. No name of an insured person is on these pages: case numbers alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import parked, reauthentication
from accounts.actor import Actor
from accounts.permissions import FOLLOW_UP, See
from accounts.roles import PARTY_OF, Party, Role, in_words
from audit.models import AccessEntry, FollowUp, Log
from audit.sealing import tail
from fmu_portal.addresses import number_in
from fmu_portal.forms import PortalForm
from orders import access
from orders.models import Assessment, Unlocking
from orders.views.request import actor_of

SAMPLE = 10
"""Entries in a month's random sample: a routine."""
PAGE = 50
SHOWN = 20
"""Entries that stand out, shown at a time; whoever is judged makes room for the next."""
MANY, WITHIN = 20, timedelta(minutes=10)
LISTED = 250
"""So many persons opened one by one, or shown in lists, within so long is looked at: a routine."""
OPENS, CLOSES = time(6), time(20)
"""Working hours, Monday to Friday but for holidays: a routine."""
IDENTIFYING = (str(See.IDENTITY), str(See.PAPERS), str(See.REPORT))

OWN = "Ingen följer upp sin egen åtkomst. Be en kollega."


@dataclass
class Row:
    """An entry as the page shows it; ``signs`` are the reasons to look."""

    entry: AccessEntry
    who: str
    role: str
    numbers: list[str]
    signs: list[str] = field(default_factory=list)
    reason: str = ""
    outcome: FollowUp | None = None
    own: bool = False
    """The person's own, which a colleague judges."""

    @property
    def role_words(self) -> str:
        """The role inside a sentence."""
        return in_words(self.entry.role)


class OutcomeForm(PortalForm):
    """What the look gave."""

    outcome = forms.ChoiceField(label="Utfall", choices=FollowUp.Outcome.choices, widget=forms.RadioSelect)
    comment = forms.CharField(
        label="Kommentar",
        max_length=300,
        required=False,
        help_text="Skriv inte den försäkrades namn.",
        widget=forms.TextInput(attrs={"data-width": "w-32"}),
    )


def may_extract(actor: Actor) -> bool:
    """Who gives the insured person an extract: the agency's coordinator, a performer's administrator."""
    return actor.role in (Role.COORDINATOR, Role.PERFORMER_ADMIN)


def _month(text: str | None) -> date:
    """The first day of ``2026-11``, of this month when it is anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return timezone.localdate().replace(day=1)


def _span(first: date) -> tuple[datetime, datetime]:
    following = (first + timedelta(days=32)).replace(day=1)
    zone = timezone.get_current_timezone()
    return (datetime.combine(first, time(), zone), datetime.combine(following, time(), zone))


def _sample(actor: Actor, first: date) -> list[int]:
    """The month's random sample, the same whenever it is drawn: by a hash of the entry's number and the portal's secret."""
    seed = hashlib.sha256(f"{settings.SECRET_KEY}:{actor.organisation_id}:{first}".encode()).hexdigest()
    start, end = _span(first)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM audit_accessentry WHERE organisation_id = %s AND at >= %s AND at < %s AND cases <> '{}'"
            " ORDER BY md5(id::text || %s) LIMIT %s",
            [actor.organisation_id, start, end, seed, SAMPLE],
        )
        return [row[0] for row in cursor.fetchall()]


_HASTY = """
SELECT id FROM (
    SELECT id, count(*) FILTER (WHERE cardinality(cases) = 1) OVER recent AS opened, sum(cardinality(cases)) OVER recent AS shown
    FROM audit_accessentry
    WHERE organisation_id = %(organisation)s AND at >= %(start)s AND at < %(end)s AND parts && %(parts)s::varchar[]
    WINDOW recent AS (PARTITION BY mandate_id ORDER BY at RANGE BETWEEN %(within)s PRECEDING AND CURRENT ROW)
) counted WHERE opened >= %(many)s OR shown >= %(listed)s ORDER BY id DESC LIMIT 200
"""
_WITHOUT_DUTY = """
SELECT e.id FROM audit_accessentry e
WHERE e.organisation_id = %(organisation)s AND e.at >= %(start)s AND e.at < %(end)s
  AND cardinality(e.cases) = 1 AND e.parts && %(parts)s::varchar[] AND e.wrote = '{}'
  AND NOT EXISTS (
      SELECT 1 FROM fmu_portal_duty d JOIN fmu_portal_event o ON o.id = d.opened_by_id
      LEFT JOIN fmu_portal_event c ON c.id = d.closed_by_id
      WHERE d.case_id = e.cases[1] AND d.organisation_id = e.organisation_id
        AND o.at <= e.at AND (c.at IS NULL OR c.at >= e.at - interval '7 days'))
ORDER BY e.id DESC LIMIT 200
"""
_NAMESAKE = """
SELECT id FROM audit_accessentry
WHERE organisation_id = %(organisation)s AND at >= %(start)s AND at < %(end)s AND namesakes <> '{}'
ORDER BY id DESC LIMIT 200
"""
_OUTSIDE_HOURS = """
SELECT e.id FROM audit_accessentry e
CROSS JOIN LATERAL (SELECT e.at AT TIME ZONE %(zone)s AS at) local
LEFT JOIN fmu_portal_calendarday d ON d.day = local.at::date
WHERE e.organisation_id = %(organisation)s AND e.at >= %(start)s AND e.at < %(end)s AND e.parts && %(parts)s::varchar[]
  AND (d.working IS NOT TRUE OR local.at::time < %(opens)s OR local.at::time >= %(closes)s)
ORDER BY e.id DESC LIMIT 200
"""
_UNLOCKED = """
SELECT id FROM audit_accessentry
WHERE organisation_id = %(organisation)s AND at >= %(start)s AND at < %(end)s AND starts_with(why, 'unlocking:')
ORDER BY id DESC LIMIT 200
"""
SIGNS = (
    (_HASTY, "Många personer på kort tid"),
    (_WITHOUT_DUTY, "Ingen uppgift i ärendet"),
    (_NAMESAKE, "Samma efternamn som personen"),
    (_OUTSIDE_HOURS, "Utanför arbetstid"),
    (_UNLOCKED, "Annat kontors ärende, öppnat med skäl"),
)
"""Why an entry of the month stands out: the question to the log, the latest first, and what the page says."""


def _signs(actor: Actor, first: date) -> dict[int, list[str]]:
    """Entry -> why it stands out."""
    start, end = _span(first)
    params: dict[str, Any] = {
        "organisation": actor.organisation_id,
        "start": start,
        "end": end,
        "parts": list(IDENTIFYING),
        "within": WITHIN,
        "many": MANY,
        "listed": LISTED,
        "zone": settings.TIME_ZONE,
        "opens": OPENS,
        "closes": CLOSES,
    }
    found: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        for question, sign in SIGNS:
            cursor.execute(question, params)
            for (pk,) in cursor.fetchall():
                found.setdefault(pk, []).append(sign)
    return found


def _who(entry: AccessEntry) -> str:
    return entry.mandate.user.name if entry.mandate else "Bakgrundsjobb"


def _own(entry: AccessEntry, actor: Actor) -> bool:
    """Whether it is the person's own access, under any mandate of theirs."""
    return entry.mandate is not None and entry.mandate.user_id == actor.user_id


def _rows(actor: Actor, ids: list[int], signs: dict[int, list[str]]) -> list[Row]:
    entries = AccessEntry.objects.filter(pk__in=ids, organisation_id=actor.organisation_id)
    found = {e.pk: e for e in entries.select_related("mandate__user")}
    case_ids = {case for entry in found.values() for case in entry.cases[:5]}
    numbers = dict(Assessment.objects.visible_to(actor).filter(pk__in=case_ids).values_list("pk", "number"))
    outcomes = {
        f.entry_id: f for f in FollowUp.objects.filter(entry_id__in=ids).select_related("by__user").order_by("id")
    }
    keys = {e.why: int(e.why.partition(":")[2]) for e in found.values() if e.why.startswith("unlocking:")}
    reasons = dict(Unlocking.objects.filter(pk__in=keys.values()).values_list("pk", "reason"))
    return [
        Row(
            entry=found[pk],
            who=_who(found[pk]),
            role=str(Role(found[pk].role).label),
            numbers=[numbers.get(case, "ett annat ärende") for case in found[pk].cases[:5]],
            signs=signs.get(pk, []),
            reason=reasons.get(keys.get(found[pk].why, 0), ""),
            outcome=outcomes.get(pk),
            own=_own(found[pk], actor),
        )
        for pk in ids
        if pk in found
    ]


def _opened_here(actor: Actor, first: date) -> list[dict[str, Any]]:
    """Who at other offices has opened this office's cases in the month, and the reasons they gave."""
    if actor.role != Role.COORDINATOR:
        return []
    start, end = _span(first)
    mine = Assessment.objects.visible_to(actor)
    rows = Unlocking.objects.filter(at__gte=start, at__lt=end, assessment__in=mine).order_by("-pk")
    values = rows.values("at", "reason", "assessment__number", "mandate__user__name", "mandate__organisation__name")
    return [dict(row) for row in values[:PAGE]]


@require_http_methods(["GET", "POST"])
def follow_up(request: HttpRequest) -> HttpResponse:
    """The month's sample and what stands out, each with its outcome; one entry at a time is judged."""
    actor = actor_of(request)
    if actor.role not in FOLLOW_UP:
        raise PermissionDenied("Det är samordnaren eller administratören som följer upp loggen.")
    first = _month(request.GET.get("manad"))
    chosen = number_in(request.GET.get("rad"))
    form = parked.fill(request, OutcomeForm(request.POST if request.method == "POST" else None))
    if request.method == "POST":
        entry = get_object_or_404(AccessEntry, pk=chosen or 0, organisation_id=actor.organisation_id)
        if form.is_valid():
            if _own(entry, actor):
                raise PermissionDenied(OWN)
            FollowUp.objects.create(entry=entry, by_id=actor.mandate_id, **form.cleaned_data)
            messages.success(request, "Utfallet är sparat.")
            return redirect(f"{request.path}?manad={first:%Y-%m}")
    signs = _signs(actor, first)
    sample = _sample(actor, first)
    judged = set(FollowUp.objects.filter(entry_id__in=signs).values_list("entry_id", flat=True))
    waiting = sorted(signs.keys() - judged, reverse=True)
    shown = waiting[:SHOWN]
    rows = {row.entry.pk: row for row in _rows(actor, list({*sample, *shown, *([chosen] if chosen else [])}), signs)}
    context = {
        "first": first,
        "before": f"{first - timedelta(days=1):%Y-%m}",
        "after": f"{first + timedelta(days=32):%Y-%m}" if first < timezone.localdate().replace(day=1) else "",
        "sample": [rows[pk] for pk in sample if pk in rows],
        "standing_out": [rows[pk] for pk in shown if pk in rows],
        "more": len(waiting) - len(shown),
        "chosen": rows.get(chosen or 0),
        "form": form,
        "own": OWN,
        "opened": _opened_here(actor, first),
        "tail": tail(Log.ACCESS),
    }
    return render(request, "orders/follow_up.html", context, status=422 if form.is_bound and form.errors else 200)


def _ever_had(actor: Actor, number: str) -> Assessment:
    """The case, or one that the performer has handed back: it answers for its log of that time all the same."""
    try:
        return access.get_case(actor, number)
    except Http404:
        if not may_extract(actor):
            raise
        return access.get_former_case(actor, number)


@require_safe
@reauthentication.password_first
def extract(request: HttpRequest, number: str) -> HttpResponse:
    """Loggutdrag: who at one's own organisation has had the person's data in this case in hand, to print and hand over.

    Each care provider answers for its own extract, the agency for that of all its offices.
    """
    actor = actor_of(request)
    case = _ever_had(actor, number)
    if not may_extract(actor):
        raise PermissionDenied("Det är samordnaren eller administratören som lämnar loggutdrag.")
    agency = Q(role__in=[role for role, party in PARTY_OF.items() if party is Party.AGENCY])
    own = agency if actor.party is Party.AGENCY else Q(organisation_id=actor.organisation_id)
    rows = AccessEntry.objects.filter(own, cases__contains=[case.pk])
    if after := number_in(request.GET.get("efter")):
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    lines = [
        {"at": e.at, "role": in_words(e.role), "parts": _part_words(e.parts), "wrote": bool(e.wrote)}
        for e in found[:PAGE]
    ]
    following = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    context = {
        "case": case,
        "lines": lines,
        "next": following,
        "organisation": "Försäkringskassan" if actor.party is Party.AGENCY else actor.organisation_name,
        "former": actor.party is Party.PERFORMER and case.performer_id != actor.organisation_id,
    }
    return render(request, "orders/log_extract.html", context)


_PARTS = {
    See.CASE: "ärendets status och datum",
    See.NUMBER: "ärendets nummer",
    See.NEEDS: "behov, frågor och skäl",
    See.IDENTITY: "namn och kontaktuppgifter",
    See.UNDERLAG: "vilka handlingar som finns",
    See.PAPERS: "handlingar eller beställning",
    See.REPORT: "utlåtandet",
    See.MESSAGES: "meddelanden",
}


def _part_words(parts: list[str]) -> str:
    return ", ".join(words for part, words in _PARTS.items() if str(part) in parts)
