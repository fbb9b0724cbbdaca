"""A form that was sent after the session had ended: carried, encrypted, through the login page and back.

Nothing is stored on the server for somebody who is not logged in; the text goes back only to the same user. The page that
the form stands on asks for it: ``form = parked.fill(request, form)``, or ``kept = parked.back(request)`` and
``parked.into(form, kept)`` for each of several forms.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, QueryDict

from fmu_portal.addresses import ours
from fmu_portal.forms import without_errors

MAX_AGE = 12 * 3600  # seconds
MAX_BYTES = 500_000
PAGE = "_sida"
"""The field in which a form says which page it stands on, when it is sent to an address that shows none."""
LOGIN = "_inloggning"
"""The field with the window's mark (`accounts.sessions.mark`)."""
_DROP = ("csrfmiddlewaretoken", "password", "new_password", "new_password_again", PAGE, LOGIN)
_BUTTONS = ("gor", "sedd", "filer")
"""What no form is filled in with: which button, which version of the page, what a list of files held."""

Filled = TypeVar("Filled", bound=BaseForm)


@dataclass(frozen=True)
class Parked:
    """What was sent: the page (with its query), its fields (name -> values), and the mandate's id (0: none)."""

    path: str
    fields: dict[str, list[str]]
    mandate: int


def _fernet() -> Fernet:
    key = hashlib.sha256(b"parked form:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def wrap(request: HttpRequest, user_id: int, mandate: int) -> str:
    """The request's fields (no file and no password is kept), encrypted for one user; empty when too large to carry.

    ``mandate``: the id of the one it was written under (0: none); what was written for one region is not another's.
    """
    fields = {name: request.POST.getlist(name) for name in request.POST if name not in _DROP}
    text = json.dumps({"user": user_id, "mandate": mandate, "path": page_of(request), "fields": fields})
    return _fernet().encrypt(text.encode()).decode() if len(text) <= MAX_BYTES else ""


def page_of(request: HttpRequest) -> str:
    """The page of ours that a form stands on: as the form says, or the address that it was sent to."""
    said = request.POST.get(PAGE, "")
    return said if ours(said) else request.get_full_path()


def unwrap(blob: str, user_id: int) -> Parked | None:
    """What was kept, when it is whole, fresh, and this user's own."""
    try:
        found = json.loads(_fernet().decrypt(blob.encode(), ttl=MAX_AGE))
    except (InvalidToken, ValueError):
        return None
    return Parked(found["path"], found["fields"], found["mandate"]) if found["user"] == user_id else None


def back(request: HttpRequest) -> QueryDict | None:
    """What the same person sent from this page after the session had ended: given back once, when the page is read."""
    blob = request.session.get("parked") if request.method in ("GET", "HEAD") else None
    kept = unwrap(blob, request.user.pk or 0) if blob else None
    if kept is None or kept.mandate not in (0, request.session.get("mandate")):
        return None
    page, _, query = kept.path.partition("?")
    if page != request.path or (query and query != request.META["QUERY_STRING"]):
        return None
    del request.session["parked"]
    request.given_back = True  # type: ignore[attr-defined]  # the page says so, and the window knows what it holds
    return query_of({name: values for name, values in kept.fields.items() if name not in _BUTTONS})


def query_of(fields: dict[str, list[str]]) -> QueryDict:
    """Fields (name -> values) as a form takes them."""
    data = QueryDict(mutable=True)
    for name, values in fields.items():
        data.setlist(name, values)
    return data


def fill(request: HttpRequest, form: Filled) -> Filled:
    """A page's only form, with what was typed in it before."""
    return into(form, back(request))


def into(form: Filled, kept: QueryDict | None) -> Filled:
    """The form with what was typed in it, if any of it was this form's, and without errors yet."""
    if kept and any(form.add_prefix(name) in kept for name in form.fields):
        form.data, form.is_bound = kept, True
        without_errors(form)
    return form
