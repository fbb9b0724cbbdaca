"""What the work basket says of what belongs to no case: number, region, amount; one query for each kind of subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.actor import Actor
from accounts.roles import Party, Role
from fmu_portal.engine.registry import Aside
from reimbursement.models import Batch, Claim, Recovery, Review
from reimbursement.models.subject import Subject
from reimbursement.templatetags.money import unbroken

OWN = "Du har själv beslutat. En kollega attesterar."
FURTHER: dict[type[Subject], str] = {Claim: "performer", Review: "item"}


def of(model: type[Subject]) -> Callable[[Actor, list[int]], dict[int, Aside]]:
    """The function that says it of a model's subjects, of those that the actor sees."""

    def said(actor: Actor, ids: list[int]) -> dict[int, Aside]:
        rows: Any = model._default_manager.all()
        if model is not Batch:  # whose wall alone says who sees it
            rows = rows.visible_to(actor)
        further = [FURTHER[model]] if model in FURTHER else []
        return {row.pk: _aside(row, actor) for row in rows.filter(pk__in=ids).select_related("region", *further)}

    return said


def _aside(row: Any, actor: Actor) -> Aside:
    region = f"{row.region.name}. " if actor.party is Party.AGENCY else ""
    own = f" {OWN}" if _own(row, actor) else ""
    performer = row.performer.name if isinstance(row, Claim) and row.performer else ""
    return Aside(row.number, f"{region}{_what(row)}.{own}", performer)


def _own(row: Any, actor: Actor) -> bool:
    """Whether the actor would attest what they have decided themselves under another mandate (four eyes)."""
    attests = actor.role == Role.ATTESTER and isinstance(row, Claim | Recovery) and row.status == "decided"
    return attests and row.decided_by_id == actor.user_id


def _what(row: Any) -> str:
    """The kind and the amount."""
    if isinstance(row, Claim):
        return f"{row.kind_label}, {unbroken(row.cost)}" if row.cost is not None else row.kind_label
    if isinstance(row, Recovery):
        return f"Återkrav, {unbroken(row.wrong if row.demand is None else row.demand)}"
    return f"Utbetalning, {unbroken(row.net)}" if isinstance(row, Batch) else f"Kontroll, {unbroken(row.item.amount)}"
