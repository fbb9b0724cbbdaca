"""Django's sessions in the database, read by a query that is written once: every request asks it.

What is over is over by the database's clock. The class keeps Django's name: it is part of the salt that seals a session.
"""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from fmu_portal.prepared import Prepared

_ALIVE = Prepared(lambda key: Session.objects.filter(session_key=key, expire_date__gt=Now()), key=str)


class SessionStore(DatabaseStore):
    """As Django's own."""

    def _get_session_from_db(self) -> Session | None:
        found = _ALIVE.one(key=self.session_key or "")
        if found is None:
            self._session_key = None
        return found
