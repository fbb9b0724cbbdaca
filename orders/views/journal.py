"""A performer's journal part of a case in one file: what its own unit wrote and uploaded, and nothing of anybody else's.

13 § lag (2018:744): nothing of another unit. What the agency sent (underlag, order, who it is about) is the agency's and
is not in it; whether some of it belongs in the care provider's journal, the care provider decides and reads it in time.
"""

from __future__ import annotations

import json
import zipfile
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse, Http404, HttpRequest
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.actor import Actor
from accounts.roles import Party, Role
from documents import vault
from documents.models import Document
from documents.storage import CHUNK
from fmu_portal.models import Note
from orders import access
from orders.models import Assessment, Enclosure, Report, ReportVersion
from orders.views.documents import record_opening
from orders.views.own import took_part
from orders.views.request import actor_of

IN_MEMORY = 8 * 1024 * 1024
"""Bytes; a larger file is made on disk and is gone with the answer."""

README = """\
Journaldel ur FMU-portalen
Ärende {number}, {unit}
Uttagen {at} av {who}

Filen innehåller bara det som er egen enhet har skrivit eller laddat upp i ärendet:
utlatande/      signerade versioner: innehållet som JSON, och PDF:en
utkast/         utkastet till utlåtande
uppladdat/      andra filer som ni har laddat upp
anteckningar.*  frågor och skäl som ni har skrivit

Underlaget, beställningen och den försäkrades uppgifter är Försäkringskassans och ingår inte. Vad av det
som ska föras in i er journal avgör ni själva. Att filen togs ut är sparat i portalens åtkomstlogg.
Förvara filen som en journalhandling.
"""


class Bundle:
    """The ZIP while it is filled: names are ours, never an uploader's. ``missing``: sentences for the README."""

    def __init__(self, actor: Actor, case: Assessment) -> None:
        self.actor, self.case = actor, case
        self.missing: list[str] = []
        self.file = cast("BinaryIO", SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - closed by the answer
        self._zip = zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED)

    def text(self, name: str, text: str) -> None:
        """A text file, UTF-8."""
        self._zip.writestr(name, text)

    def data(self, name: str, data: Any) -> None:
        """A JSON file."""
        self.text(name, json.dumps(data, ensure_ascii=False, indent=2, cls=DjangoJSONEncoder) + "\n")

    def document(self, name: str, document: Document, title: str) -> None:
        """The copy that people open, recorded as opened; one that cannot be opened is named in the README."""
        if not document.is_clean:
            why = "gallrad" if document.is_erased else "kontrolleras" if document.waits else "godtas inte"
            self.missing.append(f"{title} saknas: filen är {why}." if why != "godtas inte" else f"{title} godtas inte.")
            return
        record_opening(document, self.case, self.actor)
        with vault.open_clean(document) as source, self._zip.open(name, "w") as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)

    def close(self) -> BinaryIO:
        """The whole file, at its beginning."""
        self._zip.close()
        self.file.seek(0)
        return self.file


def _case(actor: Actor, number: str) -> tuple[Assessment, bool]:
    """The case and whether the unit has it now: else it once had it. 404 for everybody else."""
    if actor.party is not Party.PERFORMER:
        raise Http404
    case = Assessment.objects.reachable_by(actor).filter(number=number).first()
    return (case, True) if case is not None else (access.get_former_case(actor, number), False)


def may_export(actor: Actor, takes_part: bool) -> bool:
    """Whether the case page offers it: to those who take part and to the unit's administrator."""
    return actor.party is Party.PERFORMER and (takes_part or actor.role == Role.PERFORMER_ADMIN)


def _fill(bundle: Bundle, actor: Actor, case: Assessment, *, now: bool, part: bool) -> None:
    """No more than the person reads on the pages: the draft is for those who took part, the report for the
    administrator too while the unit has the case, own questions and reasons for both."""
    versions = []
    if part or now:
        rows = ReportVersion.objects.filter(assessment=case, performer_id=actor.organisation_id, voided_by=None)
        versions = list(rows.select_related("document", "signed_by", "event").order_by("number"))
    else:
        bundle.missing.append("Utlåtandet ingår inte: ta ut filen som någon av dem som deltog i utredningen.")
    for version in versions:
        title = f"Utlåtande, version {version.number}"
        bundle.data(
            f"utlatande/version-{version.number}.json",
            {
                "case": case.number,
                "version": version.number,
                "source": version.source,
                "signed_by": version.signed_by.name if version.signed_by else None,
                "signed_at": version.signed_at,
                "arrived_at": version.event.at,
                "erased_at": version.erased_at,
                "content": version.content,
            },
        )
        if version.document is None:
            bundle.missing.append(
                f"{title} finns inte som PDF" + (": innehållet är gallrat." if version.erased_at else " än.")
            )
        elif version.document.owner_id == actor.organisation_id:
            bundle.document(f"utlatande/version-{version.number}.pdf", version.document, title)
    if part:
        draft = Report.objects.filter(assessment=case, performer_id=actor.organisation_id).first()
        if draft is not None and draft.content:
            bundle.data("utkast/utkast.json", {"saved_at": draft.saved_at, "content": draft.content})
    if now and part:
        shown = {version.document_id for version in versions if version.document_id is not None}
        own = Enclosure.objects.filter(assessment=case, staged_by_id=actor.organisation_id, voided_by__isnull=True)
        own = own.filter(document__owner_id=actor.organisation_id).exclude(document_id__in=shown)
        for count, enclosure in enumerate(own.select_related("document").order_by("position", "pk"), start=1):
            bundle.document(f"uppladdat/fil-{count}.pdf", enclosure.document, f"Uppladdad fil {count}")
    _notes(bundle, actor, case)


def _notes(bundle: Bundle, actor: Actor, case: Assessment) -> None:
    rows = Note.objects.filter(case_id=case.pk, author_id=actor.organisation_id).exclude(text="")
    notes: list[dict[str, Any]] = [
        {"at": note.event.at, "step": note.event.step, "kind": note.kind, "text": note.text}
        for note in rows.select_related("event").order_by("pk")
    ]
    if notes:
        bundle.data("anteckningar.json", notes)
        lines = [f"{timezone.localtime(note['at']):%Y-%m-%d %H.%M}: {note['text']}" for note in notes]
        bundle.text("anteckningar.txt", "\n\n".join(lines) + "\n")


@require_safe
def journal(request: HttpRequest, number: str) -> FileResponse:
    """The ZIP, for those who take (or took) part and for the unit's administrator; 404 for everybody else."""
    actor = actor_of(request)
    case, now = _case(actor, number)
    part = took_part(actor, case) or (now and access.takes_part(actor, case))
    if not may_export(actor, part):
        raise Http404
    bundle = Bundle(actor, case)
    _fill(bundle, actor, case, now=now, part=part)
    words = README.format(
        number=case.number,
        unit=actor.organisation_name,
        at=timezone.localtime().strftime("%Y-%m-%d %H.%M"),
        who=actor.user_name,
    )
    bundle.text("LAS_MIG.txt", "\n".join([words, *bundle.missing]).rstrip() + "\n")
    answer = FileResponse(
        bundle.close(), as_attachment=True, filename=f"journaldel-{case.number}.zip", content_type="application/zip"
    )
    answer["Cache-Control"] = "private, no-store"
    return answer
