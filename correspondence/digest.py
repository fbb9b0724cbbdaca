"""The daily digest: one mail with what was told the day before, to those who chose that. Made by the clock, once a day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from correspondence.models import NoticeChoice
from fmu_portal.engine import outbox
from fmu_portal.models import Notice, Outbox
from orders.notices import address_of, post

SENT = time(7, 0)
"""When the digest leaves: a routine of the portal, no rule."""
MOST = 50
"""Lines in a digest; what is more is said as a number."""


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def send_digests(today: date) -> int:
    """Put the day's digests in the outbox, to leave in the morning; return how many were new. Safe to run twice."""
    leaves = timezone.make_aware(datetime.combine(today, SENT))
    rows = []
    for pk, organisation, user in NoticeChoice.objects.filter(how="daily").values_list("pk", "organisation", "user"):
        payload: dict[str, Any] = {"organisation": organisation, "day": (today - timedelta(1)).isoformat()}
        if user is not None:
            payload["user"] = user
        rows.append(Outbox(kind="digest", key=f"digest:{pk}:{today}", payload=payload, not_before=leaves))
    before = Outbox.objects.filter(key__in=[row.key for row in rows]).count()
    with transaction.atomic():
        Outbox.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) - before


@outbox.handler("digest", as_clock=True)
def send_digest(payload: dict[str, Any]) -> None:
    """One mail with a day's notices of an organisation, or of one of its people; none when there were none."""
    day = date.fromisoformat(payload["day"])
    told = Notice.objects.filter(
        organisation_id=payload["organisation"], at__gte=_midnight(day), at__lt=_midnight(day + timedelta(1))
    )
    if "user" in payload:
        told = told.filter(user_id=payload["user"])
    notices = list(told.select_related("event").order_by("pk")[: MOST + 1])
    if not notices:
        return
    lines = [f"{_about(notice)}{notice.text}\n{settings.PUBLIC_URL}{address_of(notice)}\n" for notice in notices[:MOST]]
    if len(notices) > MOST:
        lines.append(f"Det finns fler. Se alla: {settings.PUBLIC_URL}/aviseringar/\n")
    key = f"digest:{payload['organisation']}:{payload.get('user', 0)}:{day}"
    post(payload, key, f"FMU-portalen: det som hände {day}", "\n".join(lines))


def _about(notice: Notice) -> str:
    return f"Ärende {notice.case_number}: " if notice.case_number else ""
