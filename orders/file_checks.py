"""What a document's check means for the case it lies in: the warning of another personnummer, and who is told."""

from __future__ import annotations

from accounts.models import Organisation
from documents import checking
from documents.models import Document
from fmu_portal.database import as_clock
from orders.access import is_person
from orders.models import Assessment, Enclosure
from orders.notices import tell

REFUSED = (
    "En handling som är skickad godtas inte. Tiden räknas ändå. Se i ärendet vad som är fel och vad som ska göras."
)
OTHER_NUMBER = (
    "En handling som ni har skickat innehåller ett annat personnummer än ärendets. Kontrollera den i ärendet."
)


def after_check(document: Document, numbers: dict[str, int]) -> None:
    """A check has ended. The case's row is locked first, as every step does: a step that sends the document at the same
    moment is either seen here, or sees what the check found."""
    cases = list(Enclosure.objects.filter(document=document).values_list("assessment_id", flat=True))
    for case in Assessment.objects.select_for_update().filter(pk__in=cases).order_by("pk"):
        for enclosure in Enclosure.objects.filter(document=document, assessment=case):
            _warn(enclosure, case, numbers)
            if enclosure.sent_by_id is not None:
                _tell(enclosure, case, document)


def _warn(enclosure: Enclosure, case: Assessment, numbers: dict[str, int]) -> None:
    pages = [page for number, page in numbers.items() if not is_person(case, number)]
    enclosure.warning_page = min(pages) if pages else None
    enclosure.save(update_fields=["warning_page"])


def _tell(enclosure: Enclosure, case: Assessment, document: Document) -> None:
    """What was sent before it was checked: both sides of a refused file, the sender of another personnummer."""
    if document.is_refused:
        sides: set[int | None] = {enclosure.staged_by_id, case.agency_office_id, case.performer_id}
        known = Organisation.objects.filter(pk__in=[pk for pk in sides if pk is not None])
        with as_clock():  # the other side's notice is not the sender's to see
            for organisation_id in known.order_by("pk").values_list("pk", flat=True):
                tell(case, organisation_id, None, REFUSED, f"file:{enclosure.pk}", None)
    elif enclosure.warning_page and not enclosure.attested:
        tell(case, enclosure.staged_by_id, None, OTHER_NUMBER, f"number:{enclosure.pk}", None)


def register() -> None:
    """Called once when the app is ready."""
    checking.listen(after_check)
