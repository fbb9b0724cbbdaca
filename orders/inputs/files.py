"""Sends what a party has staged with its step: the same few lines for order, supplement, addition and report."""

from __future__ import annotations

from typing import Any

from fmu_portal.engine.door import Context
from orders.models import Enclosure


def staged(subject: Any, organisation_id: int | None, kinds: tuple[str, ...]) -> list[Enclosure]:
    """What the organisation has uploaded to the case and not sent, in order."""
    rows = Enclosure.objects.staged(organisation_id).filter(assessment=subject, kind__in=kinds)
    return list(rows.select_related("document").order_by("position", "id"))


def problems(enclosures: list[Enclosure]) -> list[str]:
    """What must be mended before the documents may be sent: one sentence each."""
    found = []
    for enclosure in enclosures:
        name = enclosure.document.name
        if enclosure.document.is_refused:
            found.append(f"{name} godtas inte. {enclosure.document.reason} Ta bort filen innan du skickar.")
            continue
        if enclosure.warning_page and not enclosure.attested:
            found.append(
                f"{name}: sidan {enclosure.warning_page} innehåller ett annat personnummer än ärendets."
                " Ta bort filen eller intyga att den är rätt."
            )
        if enclosure.dated is None and enclosure.kind != "report":
            found.append(f"{name}: fyll i handlingens datum")
    return found


def repeated(enclosures: list[Enclosure]) -> dict[int, str]:
    """Documents with the very bytes of one that stands before them, or that their organisation has sent in the case already:
    the enclosure's key -> the name of the earlier file. Two letters may be meant; one letter twice seldom is."""
    new = [enclosure for enclosure in enclosures if enclosure.sent_by_id is None and enclosure.document.sha256]
    if not new:
        return {}
    sent = Enclosure.objects.sent().filter(
        assessment_id=new[0].assessment_id,
        staged_by_id=new[0].staged_by_id,
        voided_by__isnull=True,
        document__sha256__in={enclosure.document.sha256 for enclosure in new},
    )
    known = {earlier.document.sha256: earlier.document.name for earlier in sent.select_related("document")}
    found = {}
    for enclosure in new:
        if (name := known.get(enclosure.document.sha256)) is not None:
            found[enclosure.pk] = name
        known.setdefault(enclosure.document.sha256, enclosure.document.name)
    return found


def repeated_words(enclosures: list[Enclosure]) -> list[str]:
    """The same for the page that asks once more: one sentence each."""
    twice = repeated(enclosures)
    return [
        f"{enclosure.document.name} är samma fil som {twice[enclosure.pk]}. Kontrollera att båda ska med."
        for enclosure in enclosures
        if enclosure.pk in twice
    ]


def page_count(enclosures: list[Enclosure]) -> int:
    """The pages of those documents that have been checked."""
    return sum(enclosure.document.pages or 0 for enclosure in enclosures)


def waiting_words(enclosures: list[Enclosure]) -> list[str]:
    """What the sender should know of files that are not checked yet: one sentence, or none."""
    waiting = sum(enclosure.document.waits for enclosure in enclosures)
    if not waiting:
        return []
    what = "En fil är inte kontrollerad än." if waiting == 1 else f"{waiting} filer är inte kontrollerade än."
    return [
        f"{what} Du kan skicka ändå. Tiden räknas från när du skickar, men filen kan öppnas först efter kontrollen."
    ]


def send(context: Context, enclosures: list[Enclosure]) -> None:
    """Send the documents with the step: from now on the other party may open them."""
    if enclosures:
        Enclosure.objects.filter(pk__in=[e.pk for e in enclosures]).update(sent_by_id=context.event_id)
        context.data["enclosures"] = [e.pk for e in enclosures]
        pages = [e.document.pages for e in enclosures]
        if None not in pages:  # what is not checked has no pages yet; the case page counts them when it has
            context.data["pages"] = sum(page for page in pages if page)
