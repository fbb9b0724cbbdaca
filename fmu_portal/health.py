"""GET /halsa: what works, for whoever watches. No login, no further details."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from documents.storage import storage
from fmu_portal import clocks
from fmu_portal.models import Heartbeat

log = logging.getLogger("fmu.health")

STALE_AFTER = 60  # seconds without a sign of life
_NEEDED = ("database", "storage")


def _database() -> dict[str, Any]:
    asked = clocks.now()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment = cursor.fetchone()[0]
    except DatabaseError:
        return {"state": "down", "age": None}
    return {"state": "ok" if clocks.in_step(asked, moment) else "degraded", "age": 0}


def _broker() -> dict[str, Any]:
    import redis

    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return {"state": "down", "age": None}
    finally:
        client.close()
    return {"state": "ok", "age": 0}


def _alive(name: str, said: dict[str, Any]) -> dict[str, Any]:
    if name not in said:
        return {"state": "down", "age": None}
    age = max(0, round((timezone.now() - said[name]).total_seconds()))
    return {"state": "ok" if age <= STALE_AFTER else "down", "age": age}


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Each part's state and the age of its last sign of life in seconds; 503 when database or storage is down.

    The database is ``degraded`` while its clock and this machine's differ.
    """
    parts: dict[str, dict[str, Any]] = {"database": _database()}
    try:
        parts["storage"] = {"state": "ok" if storage().healthy() else "down", "age": 0}
    except OSError:
        parts["storage"] = {"state": "down", "age": None}
    parts["broker"] = _broker()
    said: dict[str, Any] = {}
    if parts["database"]["state"] != "down":
        try:
            said = dict(Heartbeat.objects.values_list("name", "at"))
        except DatabaseError:
            parts["database"] = {"state": "down", "age": None}
    for name in ("worker", "beat"):
        parts[name] = _alive(name, said)
    states = {part["state"] for part in parts.values()}
    down = any(parts[name]["state"] == "down" for name in _NEEDED)
    status = "down" if down else "ok" if states == {"ok"} else "degraded"
    return JsonResponse({"status": status, **parts}, status=503 if status == "down" else 200)
