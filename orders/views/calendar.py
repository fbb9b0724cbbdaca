"""Kalender: the last days (and visits) of the party's own cases, a month at a time."""

from __future__ import annotations

import re
from calendar import Calendar
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from fmu_portal.templatetags.portal import MONTHS, WEEKDAYS
from fmu_portal.working_days import is_working_day
from orders.overview.days import Day, days_of
from orders.views.request import actor_of

_MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})")


def month_of(text: str | None, today: date) -> date:
    """The first day of "2027-01"; of the present month for anything else."""
    found = _MONTH.fullmatch(text or "")
    if found and 1 <= int(found["month"]) <= 12 and 1950 <= int(found["year"]) <= 2098:
        return date(int(found["year"]), int(found["month"]), 1)
    return today.replace(day=1)


def _day(day: date, parts: list[Day], month: date, today: date) -> dict[str, Any]:
    return {
        "day": day,
        "iso": day.isoformat(),
        "parts": parts,
        "label": f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1]}",
        "outside": day.month != month.month,
        "today": day == today,
        "off": not is_working_day(day),
    }


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    """One month, week by week."""
    actor, today = actor_of(request), timezone.localdate()
    first = month_of(request.GET.get("manad"), today)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    found = days_of(actor, first, last, today)
    weeks = [
        {
            "number": days[0].isocalendar().week,
            "days": [_day(day, found.get(day, []), first, today) for day in days],
            "empty": not any(day in found for day in days if day.month == first.month),
        }
        for days in Calendar().monthdatescalendar(first.year, first.month)
    ]
    before, after = first - timedelta(days=1), last + timedelta(days=1)
    context = {
        "title": f"{MONTHS[first.month - 1]} {first.year}",
        "weeks": weeks,
        "weekdays": [day.capitalize() for day in WEEKDAYS],
        "before": f"{before:%Y-%m}",
        "before_label": f"{MONTHS[before.month - 1]} {before.year}",
        "after": f"{after:%Y-%m}",
        "after_label": f"{MONTHS[after.month - 1]} {after.year}",
        "this_month": first == today.replace(day=1),
        "empty": not found,
    }
    return render(request, "orders/calendar.html", context)
