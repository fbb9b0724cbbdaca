"""Cases in a situation: each function takes a case there through the door, as its own parties would.

Personnummer have birth numbers 980–999, the range of the authorities' own test series; nobody has them.
"""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from documents.intake import take_in
from fmu_portal.engine.door import begin, take
from fmu_portal.models import Duty
from fmu_portal.prepared import Prepared
from orders.cases import new_case
from orders.models import Assessment, Enclosure

PERSONNUMMER = "19850127-9841"
OTHER_PERSONNUMMER = "19780314-9819"
NAME, ADDRESS, PHONE = "Samira Lindahl", "Provgatan 1", "070-174 06 05"


def pdf(text: str = "Handling", pages: int = 1) -> bytes:
    """A small PDF with searchable text."""
    import weasyprint

    body = "<p style='page-break-after:always'>".join([f"<p>{text}</p>"] * pages)
    made = io.BytesIO()
    weasyprint.HTML(string=f"<html lang=sv><title>x</title><body>{body}</body></html>").write_pdf(made)
    return made.getvalue()


_PDFS: dict[str, bytes] = {}
_FRESH = Prepared(lambda pk: Assessment.objects.filter(pk=pk), pk=int)


def upload(name: str = "handling.pdf", text: str = "Handling") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, pdf_of(text), "application/pdf")


def pdf_of(text: str) -> bytes:
    """A small PDF with this text, made once."""
    if text not in _PDFS:
        _PDFS[text] = pdf(text)
    return _PDFS[text]


def stage(case: Assessment, actor: Any, kind: str = "medical", text: str = "Handling") -> Enclosure:
    """A document uploaded to a case, checked, and not yet sent."""
    enclosure = stage_unchecked(case, actor, kind, text)
    check_files()
    return Enclosure.objects.select_related("document").get(pk=enclosure.pk)


def stage_unchecked(case: Assessment, actor: Any, kind: str = "medical", text: str = "Handling") -> Enclosure:
    """The same, before a worker has checked it."""
    document = take_in(upload(f"{kind}.pdf", text), actor, actor.organisation_id)
    return Enclosure.objects.create(
        assessment=case, document=document, kind=kind, dated=date(2026, 1, 2), staged_by_id=actor.organisation_id
    )


_FOUND: dict[str, Any] = {}


def check_files() -> None:
    """Check what has been uploaded, in this process: quick. The locked-up child has tests of its own."""
    from documents import checking, sandbox, vault
    from documents.child.examine import Limits, examine
    from documents.models import Document
    from fmu_portal.models import Outbox

    for document in Document.objects.filter(state__in=("received", "checking")):
        if document.sha256 not in _FOUND:
            with vault.open_original(document) as file:
                _FOUND[document.sha256] = examine(file.read(), Limits(**sandbox.limits()["file"]))
        found = _FOUND[document.sha256]
        copy = None if found.refusal else vault.keep_clean(document, [found.clean])
        checking.conclude(document, found.refusal, pages=found.pages, numbers=found.numbers, copy=copy)
    Outbox.objects.filter(kind=checking.KIND, done_at__isnull=True).update(done_at=timezone.now())


REQUEST: dict[str, Any] = {
    "personnummer": PERSONNUMMER,
    "protection": "none",
    "name": NAME,
    "address": ADDRESS,
    "postal_code": "111 20",
    "municipality": "0180",
    "phone": PHONE,
    "interpreter": "nej",
    "method": "Ingen särskild",
    "special_needs": "Hörselslinga",
}
ORDER: dict[str, Any] = {
    "interpreter": "nej",
    "purpose": "Hur länge kan personen sitta",
    "method": "Ingen särskild",
    "special_needs": "Hörselslinga",
    "expandable": "ja",
    "medical": "ja",
    "self_rating": "nej",
    "no_self_rating_reason": "Personen har avstått",
    "own_documents": "nej",
    "informed_on": "2026-01-02",
    "contact_confirmed": "on",
}
PROFILE = (
    "strength",
    "physical_endurance",
    "senses",
    "balance",
    "memory",
    "executive",
    "affective",
    "mental_endurance",
)
REPORT: dict[str, Any] = {
    "examined_on": "2026-01-10",
    "circumstances": "På mottagningen",
    "diagnosis": "Beskrivs här",
    "impact": "Beskrivs här",
    "prognosis": "Beskrivs här",
    "risks": "Inga kända",
    "findings": "Beskrivs här",
    **dict.fromkeys(PROFILE, 2),
    **{f"{name}_reason": "Observerat vid besöket" for name in PROFILE},
}


def fresh(case: Assessment) -> Assessment:
    """The case as the database has it now."""
    found = _FRESH.one(pk=case.pk)
    assert found is not None
    return found


def step(case: Assessment, step_name: str, actor: Any, **data: Any) -> Assessment:
    """Take a step and return the case afterwards. Whoever delivers has examined before."""
    if step_name == "deliver":
        examined(case, actor)
    take("assessment", case.pk, step_name, actor, data)
    return fresh(case)


def draft(cast: Any) -> Assessment:
    """Utkast."""
    return new_case(cast.officer)


def requested(cast: Any, **changed: Any) -> Assessment:
    """Begäran skickad, to Region Stockholm."""
    return step(draft(cast), "request", cast.officer, **(REQUEST | changed))


def returned(cast: Any) -> Assessment:
    """Kan inte tillgodoses."""
    return step(requested(cast), "return", cast.region, reason="Ingen utförare är ledig")


def assigned(cast: Any) -> Assessment:
    """Tilldelad, to the unit of `cast.admin`."""
    return step(requested(cast), "assign", cast.region, performer=cast.admin.organisation_id)


def ordered(cast: Any) -> Assessment:
    """Beställd, with one medical document."""
    case = assigned(cast)
    stage(case, cast.officer)
    return step(case, "order", cast.officer, **ORDER)


def with_physician(case: Assessment, cast: Any) -> Assessment:
    """The same, with a responsible physician."""
    return step(case, "name_physician", cast.admin, physician=cast.physician.user_id)


def in_progress(cast: Any) -> Assessment:
    """Utredning pågår, with a responsible physician."""
    return step(with_physician(ordered(cast), cast), "confirm", cast.admin)


def examined(case: Assessment, physician: Any) -> Assessment:
    """The same, with a visit that the responsible physician has carried out; without one nothing is delivered."""
    from orders.models import Visit

    if fresh(case).responsible_physician_id != physician.user_id or Visit.objects.filter(assessment=case).exists():
        return case
    visit = {
        "profession": "physician", "assessor": physician.user_id, "day": timezone.localdate().isoformat(), "start": "00:00",
        "minutes": 60, "meeting": "place", "place": "Mottagningen", "came": "none",
    }  # fmt: skip
    begin("visit", case.pk, "register", physician, visit)
    return fresh(case)


def delivered(cast: Any) -> Assessment:
    """Utlåtande inkommet, written in the portal."""
    from orders.models import Report

    case = in_progress(cast)
    Report.objects.create(assessment=case, performer_id=case.performer_id or 0, content=REPORT)
    return step(case, "deliver", cast.physician, source="form", revision=0, responsible="on")


def supplement_requested(cast: Any) -> Assessment:
    """Komplettering begärd."""
    return step(
        delivered(cast), "request_supplement", cast.officer, report_version=1, part="prognosis", missing="Hur länge"
    )


def accepted(cast: Any) -> Assessment:
    """Utlåtande komplett."""
    return step(delivered(cast), "complete", cast.officer, report_version=1, complete="ja")


def withdrawn(cast: Any) -> Assessment:
    """Återkallad."""
    return step(in_progress(cast), "withdraw", cast.officer, reason="Behövs inte längre")


def ended(cast: Any) -> Assessment:
    """Avslutad utan utlåtande."""
    return step(in_progress(cast), "end", cast.officer, cause="moved", reason="Flyttat till annat land")


def discarded(cast: Any) -> Assessment:
    """Kastat utkast."""
    return step(draft(cast), "discard", cast.officer)


IN_STATUS = {
    f.__name__: f
    for f in (
        draft, requested, returned, assigned, ordered, in_progress, delivered,
        supplement_requested, accepted, withdrawn, ended, discarded,
    )
}  # fmt: skip
"""status -> the function that makes a case in it."""


def revision(case: Assessment) -> int | None:
    """The revision of what the performer has written, as the page for signing carries it."""
    from orders.models import Report

    return Report.objects.filter(assessment=case).values_list("revision", flat=True).first()


def open_kinds(case: Assessment) -> list[str]:
    """The kinds of duty that are open, sorted, one per row."""
    rows = Duty.objects.open().filter(process="assessment", subject_id=case.pk)
    return sorted(rows.values_list("kind", flat=True))


def yesterday() -> date:
    """The day before today in Sweden."""
    return timezone.localdate() - timedelta(days=1)
