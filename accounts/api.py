"""The API's key: a bearer token that is one mandate of one user."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from django.db.models import F
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.actor import Actor
from accounts.backends import PortalBackend
from accounts.models import ApiKey, Mandate
from audit.collector import work_for
from fmu_portal import limits
from fmu_portal.prepared import Prepared
from fmu_portal.security import note

_BY_KEY = Prepared(
    lambda on, digest: (
        Mandate.objects.valid(on)
        .at_work()
        .filter(api_keys__digest=digest, api_keys__revoked_at__isnull=True)
        .annotate(key_id=F("api_keys__pk"), key_signs=F("api_keys__may_sign"))[:1]
    ),
    on=date,
    digest=str,
)


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer fmu_…``; the key's hash is looked up, and its mandate becomes the actor."""

    def authenticate(self, request: Request) -> tuple[Any, Actor] | None:
        """(user, actor), or None without a key; a wrong or revoked key is refused."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise _refused(request)
        digest = ApiKey.hashed(parts[1].decode("latin-1"))
        mandate: Any = _BY_KEY.one(on=timezone.localdate(), digest=digest)
        if mandate is None or not PortalBackend.may_log_in(mandate.user):
            raise _refused(request)
        request.key_id, request.key_signs = mandate.key_id, mandate.key_signs  # type: ignore[attr-defined]
        actor = Actor.of(mandate)
        request._request.actor = actor  # type: ignore[attr-defined]  # whose the entry in the access log is
        work_for(mandate.user.name)
        return mandate.user, actor

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says about how to log in."""
        return "Bearer"


def _refused(request: Request) -> AuthenticationFailed | Throttled:
    """A key that is none: counted per address, so that trying costs. A right key from there is not concerned."""
    note("key_refused", request._request, logging.WARNING)
    wait = limits.spend(limits.API_REFUSED, limits.address_of(request._request))
    return Throttled(wait) if wait else AuthenticationFailed()


class HasMandate(BasePermission):
    """A call needs a key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Actor)
