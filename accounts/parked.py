"""A form that was sent after the session had ended: carried, encrypted, through the login page and back.

Nothing is stored on the server for somebody who is not logged in; the text goes back only to the same user.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.http import HttpRequest

MAX_AGE = 12 * 3600  # seconds
MAX_BYTES = 500_000
PAGE = "_sida"
"""The field in which a window that sends its form elsewhere (`accounts.views.still_in`) says which page it is of."""
LOGIN = "_inloggning"
"""The field with the window's mark (`accounts.sessions.mark`)."""
_DROP = ("csrfmiddlewaretoken", "password", "new_password", "new_password_again", PAGE, LOGIN)


@dataclass(frozen=True)
class Parked:
    """What was sent: the page, and its fields (name -> values)."""

    path: str
    fields: dict[str, list[str]]


def _fernet() -> Fernet:
    key = hashlib.sha256(b"parked form:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def wrap(request: HttpRequest, user_id: int, path: str = "") -> str:
    """The request's fields (no file and no password is kept), encrypted for one user; empty when too large to carry.

    ``path``: the page that they belong to, when it is not the request's own.
    """
    fields = {name: request.POST.getlist(name) for name in request.POST if name not in _DROP}
    text = json.dumps({"user": user_id, "path": path or request.path, "fields": fields})
    return _fernet().encrypt(text.encode()).decode() if len(text) <= MAX_BYTES else ""


def unwrap(blob: str, user_id: int) -> Parked | None:
    """What was kept, when it is whole, fresh, and this user's own."""
    try:
        found = json.loads(_fernet().decrypt(blob.encode(), ttl=MAX_AGE))
    except (InvalidToken, ValueError):
        return None
    return Parked(found["path"], found["fields"]) if found["user"] == user_id else None
