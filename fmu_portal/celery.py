"""Celery: a task is a nudge, the database is the truth. Beat finds what a lost nudge left."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from celery import Celery, signals
from celery.beat import PersistentScheduler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fmu_portal.settings")

app = Celery("fmu_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["fmu_portal"])

BEAT_EVERY = 10.0


def say_alive(name: str) -> None:
    """Write a heartbeat row over a connection of its own (never one that a fork could inherit), and compare clocks."""
    import psycopg2
    from django.conf import settings

    from fmu_portal import clocks

    database = settings.DATABASES["default"]
    try:
        connection = psycopg2.connect(
            dbname=database["NAME"],
            user=database["USER"],
            password=database["PASSWORD"],
            host=database["HOST"],
            port=database["PORT"] or None,
            connect_timeout=3,
        )
        asked = clocks.now()
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO fmu_portal_heartbeat (name, at) VALUES (%s, now()) ON CONFLICT (name) DO UPDATE SET at = now()"
                " RETURNING clock_timestamp()",
                [name],
            )
            row = cursor.fetchone()
            assert row is not None
            clocks.in_step(asked, row[0])
        connection.close()
    except psycopg2.Error:
        pass  # /halsa shows the age; the next one comes in ten seconds


class WatchedScheduler(PersistentScheduler):  # type: ignore[misc]  # celery has no types
    """Beat that says it is alive."""

    _said = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One turn of beat; returns seconds to the next."""
        if time.monotonic() - self._said > BEAT_EVERY:
            self._said = time.monotonic()
            say_alive("beat")
        return min(float(super().tick(*args, **kwargs)), BEAT_EVERY)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _our_logging(**_: Any) -> None:
    """Celery leaves the logging to the settings: its own formatter would write an exception's words."""


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _worker_heart(**_: Any) -> None:
    def beat() -> None:
        while True:
            say_alive("worker")
            time.sleep(BEAT_EVERY)

    threading.Thread(target=beat, daemon=True, name="heartbeat").start()
