"""What a step's page says beside its fields: files, what has come, and texts that are saved nowhere or elsewhere."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.forms import Textarea, TextInput
from django.http import QueryDict

from accounts.actor import Actor
from documents.models import Opening
from fmu_portal.engine.inputs import StepForm
from orders import access
from orders.inputs.files import page_count
from orders.models import Assessment, Enclosure
from orders.views.staging import rows_of


def received(actor: Actor, case: Assessment) -> list[Enclosure]:
    """The documents that are confirmed, each with ``opened``: whether anybody of the actor's organisation has opened it."""
    opened = Opening.objects.filter(
        document=OuterRef("document_id"), case_id=case.pk, mandate__organisation_id=actor.organisation_id
    )
    found = access.listed_enclosures(actor, case).underlag().filter(voided_by__isnull=True)
    return list(found.select_related("document").annotate(opened=Exists(opened)))


def saved_rows(form: StepForm, saved: dict[str, str]) -> list[dict[str, str]]:
    """The texts that were saved in another window, as they stand on the page; a choice is compared by nobody."""
    fields = {name: form.fields[name] for name in saved if name in form.fields}
    return [
        {"label": str(field.label), "value": saved[name]}
        for name, field in fields.items()
        if isinstance(field.widget, Textarea | TextInput)
    ]


def texts(form_class: Any, data: QueryDict) -> list[dict[str, str]]:
    """The longer texts that were written in the step's form, to be copied: {label, value}. They are saved nowhere."""
    fields = form_class.base_fields if form_class else {}
    return [
        {"label": str(field.label), "value": str(data.get(name))}
        for name, field in fields.items()
        if isinstance(field.widget, Textarea) and str(data.get(name, "")).strip()
    ]


def files(case: Assessment, enclosures: list[Enclosure], hint: str) -> dict[str, Any]:
    """The uploaded documents as the step's page shows them, each with how far its check has come."""
    return {
        "file_rows": rows_of(case, enclosures),
        "file_count": len(enclosures),
        "file_hint": hint,
        "page_count": page_count(enclosures),
        "files_wait": any(enclosure.document.waits for enclosure in enclosures),
    }
