"""Pages in tests: log in as somebody of the cast, fill in forms as a browser does."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client, RequestFactory

from accounts import reauthentication, sessions
from accounts.models import User
from accounts.session_store import SessionStore


def login(client: Client, actor: Any, **where: Any) -> Client:
    """Work as the actor: a session with its user and mandate. Requests are made as https, as the cookies ask.

    ``where``: the request's headers, as Django's client takes them (``REMOTE_ADDR``), when it is another than its own.
    """
    user = User.objects.get(pk=actor.user_id)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["mandate"] = actor.mandate_id
    session[sessions.BEGAN] = int(time.time())
    request = RequestFactory().get("/", **where)
    request.session = session
    reauthentication.proved(request)
    session.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


def browser(actor: Any, **where: Any) -> Client:
    """A new browser in which the actor works."""
    return login(Client(**where), actor, **where)
