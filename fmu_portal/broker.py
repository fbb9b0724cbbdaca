"""The broker as a place for small things that may be lost: counters, and who has been told what."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings


def client() -> Any:
    """The process's client, with short waits. Raises ``redis.RedisError`` or ``OSError`` when it is used in vain."""
    return _client(settings.REDIS_URL)


@lru_cache(maxsize=2)
def _client(url: str) -> Any:
    import redis

    return redis.Redis.from_url(url, socket_connect_timeout=0.3, socket_timeout=0.3)
