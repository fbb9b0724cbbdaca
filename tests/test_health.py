"""GET /halsa: states and ages, 503 only when the database or the storage is down, nothing else told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from fmu_portal import clocks, health
from fmu_portal.celery import say_alive
from fmu_portal.models import Heartbeat

PARTS = ("database", "storage", "broker", "worker", "beat")


@pytest.fixture
def alive(db):
    """Worker and beat have just said that they are alive."""
    for name in ("worker", "beat"):
        Heartbeat.objects.create(name=name, at=timezone.now())


def asked():
    """The answer without a login."""
    answer = Client().get("/halsa")
    return answer.status_code, answer.json()


def test_all_is_well(alive):
    status, body = asked()
    assert (status, body["status"]) == (200, "ok")
    assert set(body) == {"status", *PARTS}
    assert all(set(body[part]) == {"state", "age"} and body[part]["state"] == "ok" for part in PARTS)


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_a_silent_background_process_is_degraded(alive, name):
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(minutes=5))
    status, body = asked()
    assert (status, body["status"], body[name]["state"]) == (200, "degraded", "down")
    assert 295 <= body[name]["age"] <= 310


def test_a_broker_that_does_not_answer_is_degraded(alive, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, body = asked()
    assert (status, body["status"], body["broker"]) == (200, "degraded", {"state": "down", "age": None})


def test_without_the_database_it_is_down(alive, monkeypatch):
    monkeypatch.setattr(health, "_database", lambda: {"state": "down", "age": None})
    status, body = asked()
    assert (status, body["status"]) == (503, "down")


@pytest.mark.parametrize("off", [-3, 3])
def test_a_clock_that_differs_from_the_databases_is_degraded_and_said_once(alive, monkeypatch, caplog, off):
    monkeypatch.setattr(clocks, "now", lambda: datetime.now(UTC) + timedelta(seconds=off))
    clocks._told.clear()
    for _ in range(2):
        status, body = asked()
        assert (status, body["status"], body["database"]) == (200, "degraded", {"state": "degraded", "age": 0})
        assert set(body) == {"status", *PARTS}
    said = [record.getMessage() for record in caplog.records if record.name == "fmu.clock"]
    assert said == [f"clock differs from the database's by {off}.0 seconds"]
    monkeypatch.undo()
    assert asked()[1]["database"] == {"state": "ok", "age": 0}
    assert not clocks._told.is_set()


def test_worker_and_beat_compare_their_clocks_when_they_say_that_they_are_alive(committed, monkeypatch):
    told = []
    monkeypatch.setattr(clocks, "in_step", lambda asked, theirs: told.append(theirs))
    say_alive("worker")
    assert len(told) == 1
    assert abs((timezone.now() - told[0]).total_seconds()) < 5


def test_without_the_storage_it_is_down(alive, settings, tmp_path):
    closed = tmp_path / "not-a-folder"
    closed.write_text("")
    settings.DOCUMENT_DIR = closed
    status, body = asked()
    assert (status, body["status"], body["storage"]["state"]) == (503, "down", "down")


def test_every_page_carries_the_policy_and_safe_cookies(cast):
    from tests.pages import browser

    answer = browser(cast.officer).get("/att-gora/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    login = Client().post("/logga-in/", {"username": "officer", "password": "ett-langt-losenord-1"})
    for cookie in login.cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]


def test_demo_users_are_refused_where_no_demonstration_was_asked_for(cast, settings):
    from accounts.models import User
    from fmu_portal.checks import no_demo_users_in_production
    from tests.cast import PASSWORD

    User.objects.filter(username="officer").update(is_demo=True)
    settings.DEMO = False
    assert Client().post("/logga-in/", {"username": "officer", "password": PASSWORD}).status_code == 422
    assert [error.id for error in no_demo_users_in_production(None)] == ["fmu.E001"]
    settings.DEMO = True
    assert Client().post("/logga-in/", {"username": "officer", "password": PASSWORD}).status_code == 302
