"""New claims of the region's own: central administration and training. The door starts them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from fmu_portal.engine.door import start
from reimbursement.models import Claim, ClaimKind, Counter

STEPS = {"open_administration": ClaimKind.ADMINISTRATION, "open_training": ClaimKind.TRAINING}
"""The steps by which a region begins a claim, and the kind that each gives."""


def to_open(step: str, actor: Actor) -> Claim:
    """A claim that is not stored: to ask its form with."""
    return Claim(kind=STEPS[step], central=True, region_id=actor.organisation_id, payable_on=timezone.localdate())


def open_claim(step: str, actor: Actor, data: Mapping[str, Any], *, now: datetime | None = None) -> Claim:
    """Begin a claim with its first step and return it. Raises as the door does, and then nothing is stored."""
    from django.db import transaction

    with transaction.atomic():
        claim = to_open(step, actor)
        claim.number = Counter.next_numbers("E", timezone.localdate(now or timezone.now()).year)[0]
        start("claim", claim, step, actor, data, now=now)
        return claim
