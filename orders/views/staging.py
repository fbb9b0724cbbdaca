"""Documents beside a step's form: uploaded one by one or several at once, ordered, dated, removed, attested.

A file is staged to the case at once, so that nothing uploaded is lost when the form has errors; it is sent with the step.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from accounts.actor import Actor
from documents import vault
from documents.intake import Unacceptable, take_in
from fmu_portal.addresses import number_in
from fmu_portal.forms import DateField, PortalForm
from orders.inputs.files import repeated
from orders.models import Assessment, Enclosure, EnclosureKind

LATE = timedelta(minutes=2)
"""After this long the page says that the check takes time."""
MAX_UNSENT = 100
MAX_UNSENT_BYTES = 5 * 1024**3
"""Quotas of what is uploaded and not sent: routines of the portal, no rules."""


class ManyFiles(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class StageForm(PortalForm):
    """Lägg till handling: type, date and one or several files of that type and date."""

    prefix = "ny"
    mark_optional = False

    kind = forms.ChoiceField(label="Typ", widget=forms.Select(attrs={"data-width": "w-20"}))
    dated = DateField(label="Handlingens datum", required=False)
    files_chosen = forms.Field(
        label="Filer", required=False, widget=ManyFiles(attrs={"accept": "application/pdf,image/*", "multiple": True})
    )

    def __init__(self, *args: Any, kinds: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(k, str(EnclosureKind(k).label)) for k in kinds]
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices if len(choices) == 1 else [("", "Välj typ"), *choices]


def stage_upload(case: Assessment, actor: Actor, upload: UploadedFile[bytes], kind: str, dated: Any) -> Enclosure:
    """Take in one file and place it last among the case's documents; a worker checks it. Raises `Unacceptable`."""
    _leave_room(case, actor, upload)
    document = take_in(upload, actor, actor.organisation_id)
    try:
        last = case.enclosures.order_by("-position").values_list("position", flat=True).first() or 0
        return Enclosure.objects.create(
            assessment=case,
            document=document,
            kind=kind,
            dated=dated,
            position=last + 1,
            staged_by_id=actor.organisation_id,
        )
    except BaseException:
        vault.delete(document.storage_key)
        raise


def _leave_room(case: Assessment, actor: Actor, upload: UploadedFile[bytes]) -> None:
    """Refuse to keep ever more that is never sent: a quota of files for the case, of bytes for the organisation."""
    unsent = Enclosure.objects.staged(actor.organisation_id)
    if unsent.filter(assessment=case).count() >= MAX_UNSENT:
        raise Unacceptable(
            f"Ärendet har redan {MAX_UNSENT} filer som inte är skickade. Skicka eller ta bort några av dem först."
        )
    lying = unsent.aggregate(size=Sum("document__size"))["size"] or 0
    if lying + (upload.size or 0) > MAX_UNSENT_BYTES:
        raise Unacceptable(
            "Er organisation har för många uppladdade filer som inte är skickade. Skicka eller ta bort några av dem först."
        )


def handle_files(
    request: HttpRequest, case: Assessment, actor: Actor, kinds: tuple[str, ...], action: str
) -> StageForm | None:
    """Do what a button among the files asks for. None when none was pressed; else the form, with errors if any.

    Files that are chosen but not added when another button is pressed are added too: nobody loses a chosen file.
    """
    verb, _, text = action.partition(":")
    chosen = request.FILES.getlist("ny-files_chosen")
    own = Enclosure.objects.staged(actor.organisation_id).filter(assessment=case, kind__in=kinds)
    if verb == "uppdatera" and not chosen:
        return StageForm(kinds=kinds)
    if verb in ("ta_bort", "intyga", "upp"):
        enclosure = own.filter(pk=number_in(text) or 0).first()
        if enclosure is not None:
            _change(verb, enclosure, list(own.order_by("position", "id")))
        return StageForm(kinds=kinds)
    if verb != "lagg_till" and not chosen:
        return None
    form = StageForm(request.POST, kinds=kinds)
    form.is_valid()
    dated = form.cleaned_data.get("dated")
    if not chosen:
        form.add_error("files_chosen", "Välj minst en fil")
    if dated is None and "dated" not in form.errors and form.cleaned_data.get("kind") != EnclosureKind.REPORT:
        form.add_error("dated", "Fyll i handlingens datum")
    if dated and dated > timezone.localdate():
        form.add_error("dated", "Datumet ligger i framtiden. Fyll i handlingens datum.")
    if form.errors:
        return form
    for upload in chosen:
        try:
            stage_upload(case, actor, upload, form.cleaned_data["kind"], dated)
        except Unacceptable as refused:
            form.add_error("files_chosen", str(refused))
    return form


def _change(verb: str, enclosure: Enclosure, own: list[Enclosure]) -> None:
    if verb == "ta_bort":
        remove_staged(enclosure)
    elif verb == "intyga":
        enclosure.attested = True
        enclosure.save(update_fields=["attested"])
    elif verb == "upp":
        index = next(i for i, other in enumerate(own) if other.pk == enclosure.pk)
        if index > 0:
            own[index - 1], own[index] = own[index], own[index - 1]
            for position, other in enumerate(own, start=1):
                other.position = position
            Enclosure.objects.bulk_update(own, ["position"])


def remove_staged(enclosure: Enclosure) -> None:
    """Take away a document that was never sent; its file goes when nothing else uses it."""
    document = enclosure.document
    enclosure.delete()
    if not document.enclosures.exists() and not document.openings.exists():
        stored = (document.storage_key, vault.clean_key_of(document.storage_key))
        document.delete()
        if not type(document).objects.filter(storage_key=stored[0]).exists():
            # The files go when the row is surely gone: a rollback must not leave a row without its file.
            transaction.on_commit(lambda: vault.delete(*stored))


def rows_of(case: Assessment, enclosures: list[Enclosure]) -> list[dict[str, Any]]:
    """The staged documents for the table beside the form."""
    twice = repeated(enclosures)
    return [
        {
            "enclosure": enclosure,
            "url": f"/arenden/{case.number}/handlingar/{enclosure.document_id}/",
            "same_as": twice.get(enclosure.pk),
            "warning": enclosure.warning_page if not enclosure.attested else None,
            "late": enclosure.document.waits and timezone.now() - enclosure.document.received_at > LATE,
            "first": index == 0,
        }
        for index, enclosure in enumerate(enclosures)
    ]
