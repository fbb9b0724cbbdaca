"""Visits as calendar files (RFC 5545): when, and the case's number; never who, where or with whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

OF_STATUS = {"provisional": "TENTATIVE", "booked": "CONFIRMED", "summoned": "CONFIRMED", "cancelled": "CANCELLED"}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def calendar_of(visits: Iterable[Any], changed_at: datetime) -> bytes:
    """Visits (with their case) as one file. No line needs folding: all are shorter than 75 bytes.

    ``changed_at`` is when the file says what it says. SEQUENCE is the visit's version, so that a moved visit moves.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//FMU-portalen//SV", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for visit in visits:
        number = visit.assessment.number
        lines += [
            "BEGIN:VEVENT",
            f"UID:besok-{visit.pk}@fmu-portalen",
            f"DTSTAMP:{_utc(changed_at)}",
            f"SEQUENCE:{visit.version}",
            f"DTSTART:{_utc(visit.starts_at)}",
            f"DTEND:{_utc(visit.ends_at)}",
            f"SUMMARY:Besök, ärende {number}",
            f"STATUS:{OF_STATUS.get(visit.status, 'CONFIRMED')}",
            f"URL:{settings.PUBLIC_URL}/arenden/{number}/",
            "CLASS:PRIVATE",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()
