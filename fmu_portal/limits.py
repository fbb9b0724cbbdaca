"""Rate limits: how often one account, mandate, key or address may do something, and for how long it then waits.

Counted in fixed windows in the broker (Valkey), where a count costs a tenth of a millisecond and forgets itself. When the
broker is down each web process counts for itself: a limit is then as many times wider as there are processes, never
open and never shut. Names of counters are keyed hashes: the broker learns no account and no address.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from fmu_portal import broker

log = logging.getLogger("fmu.limits")


@dataclass(frozen=True)
class Limit:
    """At most ``most`` times in ``seconds``. ``FMU_LIMITS`` may say another ``most`` (``search=120,document=900``)."""

    name: str
    most: int
    seconds: int

    @property
    def allowed(self) -> int:
        """What the installation says, else the routine here."""
        return int(settings.LIMITS.get(self.name, self.most))


MINUTE, HOUR = 60, 3600

# Logging in (accounts.guard says how these work together).
LOGIN_DEVICE = Limit("login_device", 10, 15 * MINUTE)
LOGIN_PAIR = Limit("login_pair", 5, 15 * MINUTE)
LOGIN_ADDRESS = Limit("login_address", 50, 15 * MINUTE)
LOGIN_ACCOUNT = Limit("login_account", 20, HOUR)
# By hand nobody does more than this; who does is copying.
SEARCH_MANDATE = Limit("search", 60, HOUR)
SEARCH_ACCOUNT = Limit("search_account", 100, HOUR)
DOCUMENT_MANDATE = Limit("document", 300, HOUR)
DOCUMENT_ACCOUNT = Limit("document_account", 400, HOUR)
PAGE_ACCOUNT = Limit("page", 900, 5 * MINUTE)
API_KEY = Limit("api", 1200, MINUTE)
API_REFUSED = Limit("api_refused", 60, MINUTE)

PREFIX = "fmu:limit"
_PAUSE = 10.0
"""Seconds during which a broker that did not answer is not asked again."""

_lock = threading.Lock()
_here: dict[str, tuple[int, float]] = {}
"""Counted by this process alone: key -> (count, when it is forgotten)."""
_quiet_until = 0.0


def source_of(request: HttpRequest) -> str:
    """Where a request comes from. Behind the organisation's own proxies (``FMU_PROXIES`` of them) the outermost of them
    has said so; what stands further left in the header may have been made up."""
    address = str(request.META.get("REMOTE_ADDR") or "")
    if settings.PROXIES:
        said = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(said) >= settings.PROXIES:
            address = said[-settings.PROXIES]
    return address


def network_of(address: str, ipv4: int = 32) -> str:
    """The network that an address lies in: the /64 of IPv6, so many bits of IPv4. What is no address stays as it is."""
    try:
        found: Any = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network((found, ipv4 if found.version == 4 else 64), strict=False).network_address)


def address_of(request: HttpRequest) -> str:
    """Who is counted as one address: of IPv6 the network (/64), however it is written."""
    return network_of(source_of(request))


def _key(limit: Limit, who: object) -> str:
    window = int(time.time()) // limit.seconds
    digest = salted_hmac(f"fmu.limit.{limit.name}", str(who), algorithm="sha256").hexdigest()[:32]
    return f"{PREFIX}:{limit.name}:{digest}:{window}"


def left(limit: Limit) -> int:
    """Seconds until the window ends; at least one."""
    return limit.seconds - int(time.time()) % limit.seconds


def _broker() -> Any:
    """The broker's client, or None while it is left alone."""
    return None if time.monotonic() < _quiet_until else broker.client()


def _silent(error: Exception) -> None:
    global _quiet_until  # noqa: PLW0603 - as above
    _quiet_until = time.monotonic() + _PAUSE
    log.warning("broker does not answer, limits are counted per process: %s", type(error).__name__)


def _add(key: str, seconds: int, amount: int) -> int:
    """Add to a counter and return it."""
    client = _broker()
    if client is not None:
        import redis

        try:
            pipe = client.pipeline(transaction=False)
            pipe.incrby(key, amount)
            pipe.expire(key, seconds)
            return int(pipe.execute()[0])
        except (redis.RedisError, OSError) as error:
            _silent(error)
    now = time.monotonic()
    with _lock:
        if len(_here) > 50_000:
            for old in [name for name, (_, until) in _here.items() if until < now]:
                del _here[old]
        count, until = _here.get(key, (0, now + seconds))
        _here[key] = (count + amount, until)
        return count + amount


def spend(limit: Limit, who: object) -> int:
    """Count one more; the seconds to wait when that was one too many, else 0."""
    return left(limit) if _add(_key(limit, who), limit.seconds, 1) > limit.allowed else 0


def give_back(limit: Limit, who: object) -> None:
    """What was counted turned out right (a login that succeeded)."""
    _add(_key(limit, who), limit.seconds, -1)


def used(limit: Limit, who: object) -> int:
    """How many have been counted in this window."""
    return _add(_key(limit, who), limit.seconds, 0)
