"""What the clock removes when its time is out: rows about staff that serve nobody any more."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import parked
from accounts.models import Login
from rules.limits import rule_in_force

LOGINS = "routine.login_kept"


def forget_logins(today: date) -> int:
    """Remove the logins that began more days ago than the routine keeps them, and sessions that ended; return how many.

    A login's session is long over by then (`settings.SESSION_ABSOLUTE_HOURS`). A session's own row outlives it by as long
    as a form that was sent too late may be carried through the login (`accounts.parked`).
    """
    kept = timedelta(days=rule_in_force(LOGINS, today).days)
    before = timezone.make_aware(datetime.combine(today, time.min)) - kept
    logins, _ = Login.objects.filter(began_at__lt=before).delete()
    ended = timezone.now() - timedelta(seconds=parked.MAX_AGE)
    sessions, _ = Session.objects.filter(expire_date__lt=ended).delete()
    return logins + sessions
