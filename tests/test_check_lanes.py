"""The check of files: it takes one place among the workers, and says when the machine gives it weaker walls."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import contextmanager

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction

from documents import checking, checks, pages, sandbox
from fmu_portal.engine import outbox
from fmu_portal.models import Outbox
from tests import hostile


@pytest.fixture
def done(monkeypatch):
    """Two kinds for the test, one that is done one at a time; what has been done, in order."""
    told: list[str] = []
    monkeypatch.setattr(outbox, "HANDLERS", dict(outbox.HANDLERS))
    monkeypatch.setattr(outbox, "ONE_AT_A_TIME", set(outbox.ONE_AT_A_TIME))
    monkeypatch.setattr(outbox, "AS_CLOCK", set(outbox.AS_CLOCK))
    outbox.handler("slow", as_clock=True, one_at_a_time=True)(lambda payload: told.append(payload["name"]))
    outbox.handler("quick", as_clock=True)(lambda payload: told.append(payload["name"]))
    return told


def put(kind, *names):
    with transaction.atomic():
        for name in names:
            outbox.put(kind, f"{kind}:{name}", {"name": name})


@contextmanager
def another_worker_checks():
    """Another connection holds the place, as long as it lasts."""
    held, over = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            assert outbox._has_the_place()
            held.set()
            over.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_while_a_file_is_checked_everything_else_goes_on(committed, done):
    put("slow", "a", "b")
    put("quick", "c", "d")
    with another_worker_checks():
        assert outbox.work() == 2
        assert done == ["c", "d"]
        waiting = Outbox.objects.filter(kind="slow", done_at=None, attempts=0)
        assert waiting.count() == 2
    assert outbox.work() == 2
    assert done == ["c", "d", "a", "b"]


def test_whoever_has_the_place_does_all_that_wait_for_it(committed, done):
    put("slow", *"abcde")
    assert outbox.work() == 5
    assert done == list("abcde")


def test_what_opens_a_strangers_file_is_done_one_at_a_time():
    assert {checking.KIND, pages.KIND} <= outbox.ONE_AT_A_TIME


def verdict(walls):
    """What the worker makes of a child that says which walls it has."""

    class Out:
        def __init__(self):
            self.left = [json.dumps({"refusal": "type", "pages": 0, "numbers": {}, "size": 0, "walls": walls}).encode()]

        def readline(self, _most):
            return self.left.pop() + b"\n"

    return sandbox._answer(Out(), None)


def test_a_child_with_weaker_walls_is_told_of_once_in_the_log(monkeypatch, caplog):
    monkeypatch.setattr(sandbox, "_told", False)
    with caplog.at_level(logging.WARNING):
        verdict(["net", "root", "nobody", "privileges", "audit", "limits"])
        assert not caplog.records
        verdict(["audit", "limits"])
        verdict(["audit", "limits"])
    assert [record.getMessage() for record in caplog.records] == [
        "the check's child has no wall: net, root, privileges (docs/operations.md, Uploaded files)"
    ]


def test_the_deployment_check_names_the_walls_that_are_missing(monkeypatch):
    monkeypatch.setattr(sandbox, "missing_walls", lambda: ["net", "root"])
    found = [
        message for message in run_checks(tags=["fmu"], include_deployment_checks=True) if message.id == "fmu.W001"
    ]
    assert len(found) == 1
    assert "net, root" in found[0].msg

    def unavailable():
        raise sandbox.CheckUnavailable

    monkeypatch.setattr(sandbox, "missing_walls", unavailable)
    assert [message.id for message in checks.walls_of_the_child(None)] == ["fmu.W002"]


def test_the_walls_that_are_missing_are_those_that_a_check_lacks():
    with sandbox.examined([hostile.SOUND]) as found:
        assert b"".join(found.clean).startswith(b"%PDF")
        lacked = [wall for wall in sandbox.WALLS if wall not in found.walls]
    assert sandbox.missing_walls() == lacked
