"""Queries that depend on who asks, written to SQL once per role (`fmu_portal.prepared`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import models

from accounts.actor import Actor
from accounts.roles import PARTY_OF
from fmu_portal.prepared import Asked, Prepared, Value

Row = TypeVar("Row", bound=models.Model)
_WHO = ("organisation", "mandate", "user")


class Written(Generic[Row]):
    """One query. ``build(actor, **values)`` is called once per role, with marks for the actor's ids and for each value.

    Its shape may depend on the actor's role and party alone. ``some``: values that some roles' queries do not ask for.
    """

    def __init__(
        self, build: Callable[..., models.QuerySet[Row]], *, some: tuple[str, ...] = (), **kinds: type[Value]
    ) -> None:
        self._build, self._some, self._kinds = build, some, kinds
        self._by_role: dict[str, Prepared[Row]] = {}

    def asked(self, actor: Actor, **values: Value) -> Asked[Row] | None:
        """The actor's query with its values; None when the role sees nothing of it, and for who is at no organisation."""
        if not actor.organisation_id:
            return None
        query = self._by_role.get(actor.role)
        if query is None:
            query = self._by_role[actor.role] = self._for(actor.role)
        return query.asked(organisation=actor.organisation_id, mandate=actor.mandate_id, user=actor.user_id, **values)

    def rows(self, actor: Actor, **values: Value) -> list[Row]:
        """What it finds by keys, as objects: planned once per connection."""
        asked = self.asked(actor, **values)
        return [] if asked is None else asked.planned().all()

    def tuples(self, actor: Actor, **values: Value) -> list[tuple[Any, ...]]:
        """What a query of values finds."""
        asked = self.asked(actor, **values)
        return [] if asked is None else [*asked.tuples()]

    def _for(self, role: str) -> Prepared[Row]:
        def build(organisation: int, mandate: int, user: int, **marks: Value) -> models.QuerySet[Row]:
            return self._build(Actor(PARTY_OF[role], role, organisation, mandate_id=mandate, user_id=user), **marks)

        return Prepared(build, some=(*_WHO, *self._some), **dict.fromkeys(_WHO, int), **self._kinds)
