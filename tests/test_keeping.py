"""What the clock removes: logins by the routine's days, sessions when nothing can come back to them."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import parked
from accounts.models import Login, User
from fmu_portal.engine import clock
from rules.keeping import LOGINS, forget_logins
from tests import roles

RULES = Path(__file__).resolve().parent.parent / "rules" / "rules.toml"


def login(days: float) -> int:
    """A login that began so many days ago."""
    user = User.objects.get(username="officer")
    return Login.objects.create(user=user, browser="Firefox, Linux", began_at=timezone.now() - timedelta(days=days)).pk


def session(key: str, seconds: float) -> None:
    """A session that ended so many seconds ago."""
    Session.objects.create(pk=key, session_data="", expire_date=timezone.now() - timedelta(seconds=seconds))


def test_the_days_are_a_routine_of_the_portal_that_says_so():
    found = [row for row in tomllib.loads(RULES.read_text())["rule"] if row["key"] == LOGINS]
    assert [(row["value"], row["unit"], row["sure"]) for row in found] == [(180, "dagar", "R")]
    assert "ingen regel" in found[0]["source"]


def test_a_login_goes_the_day_after_its_last_and_not_before(cast):
    kept, gone = login(179.9), login(181.1)
    clock.watch()  # as the worker
    assert list(Login.objects.filter(pk__in=[kept, gone]).values_list("pk", flat=True)) == [kept]
    forget_logins(timezone.localdate() + timedelta(days=2))
    assert not Login.objects.filter(pk=kept).exists()


def test_a_session_stays_while_a_form_may_come_back_to_it(cast):
    session("a" * 32, parked.MAX_AGE - 60)
    session("b" * 32, parked.MAX_AGE + 60)
    session("c" * 32, -60)
    clock.watch()
    assert set(Session.objects.values_list("pk", flat=True)) >= {"a" * 32, "c" * 32}
    assert not Session.objects.filter(pk="b" * 32).exists()


def test_the_web_removes_no_login(cast):
    pk = login(300)
    with roles.role("fmu_web"), pytest.raises(DatabaseError), transaction.atomic():
        Login.objects.filter(pk=pk).delete()
    assert Login.objects.filter(pk=pk).exists()
