"""What a person has half filled in for a step: kept per person and case, and given back once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.http import QueryDict
from django.utils import timezone

from accounts.actor import Actor
from accounts.parked import query_of
from fmu_portal import identity
from fmu_portal.engine.inputs import StepForm
from orders.models import Assessment, StepDraft


def save_draft(case: Assessment, actor: Actor, step: str, form: StepForm, data: QueryDict) -> None:
    """Keep what was typed in the form's own fields: name -> list of texts."""
    _keep(case, actor, step, {name: data.getlist(name) for name in form.fields if name in data})


def prefill(case: Assessment, actor: Actor, step: str, known: Mapping[str, str]) -> None:
    """Give the actor a form with what is known already, as if they had typed it."""
    _keep(case, actor, step, {name: [text] for name, text in known.items() if text})


def _keep(case: Assessment, actor: Actor, step: str, kept: dict[str, list[str]]) -> None:
    StepDraft.objects.update_or_create(
        assessment=case,
        step=step,
        organisation_id=actor.organisation_id,
        user_id=actor.user_id,
        defaults={"data": {"sealed": identity.encrypt_text(json.dumps(kept))}, "saved_at": timezone.now()},
    )


def load_draft(case: Assessment, actor: Actor, step: str) -> QueryDict | None:
    """What the person kept for this step, or None."""
    rows = StepDraft.objects.filter(assessment=case, step=step)
    row = rows.filter(organisation_id=actor.organisation_id, user_id=actor.user_id).first()
    return query_of(json.loads(identity.decrypt_text(row.data["sealed"]))) if row and row.data else None


def drop_draft(case: Assessment, actor: Actor, step: str) -> None:
    """The step is taken, or what was typed must not be kept."""
    rows = StepDraft.objects.filter(assessment=case, step=step)
    rows.filter(organisation_id=actor.organisation_id, user_id=actor.user_id).delete()
