"""What a person has half filled in for a step: kept per person and case, and given back once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.db.models import QuerySet
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
    row = _rows(case, actor, step).first()
    return _opened(row) if row else None


def mark_of(case: Assessment, actor: Actor, step: str) -> str:
    """Which draft a page shows: the moment it was saved, or "" where there is none."""
    row = _rows(case, actor, step).only("saved_at").first()
    return row.saved_at.isoformat() if row else ""


def saved_elsewhere(case: Assessment, actor: Actor, step: str, mark: str | None, data: QueryDict) -> dict[str, str]:
    """What the same person has saved in another window since a page with ``mark`` was opened, where it says something else
    than ``data``: name -> text. Nothing where the form does not say which page it is from (``mark`` None)."""
    if mark is None:
        return {}
    row = _rows(case, actor, step).first()
    kept = _opened(row) if row and row.saved_at.isoformat() != mark else None
    texts = {name: str(text) for name, text in kept.items()} if kept else {}
    return {name: text for name, text in texts.items() if text.strip() and name in data and data.get(name) != text}


def drop_draft(case: Assessment, actor: Actor, step: str) -> None:
    """The step is taken, or what was typed must not be kept."""
    _rows(case, actor, step).delete()


def _opened(row: StepDraft) -> QueryDict | None:
    return query_of(json.loads(identity.decrypt_text(row.data["sealed"]))) if row.data else None


def _rows(case: Assessment, actor: Actor, step: str) -> QuerySet[StepDraft]:
    rows = StepDraft.objects.filter(assessment=case, step=step)
    return rows.filter(organisation_id=actor.organisation_id, user_id=actor.user_id)
