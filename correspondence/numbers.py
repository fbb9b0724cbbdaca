"""Personnummer in what is written: none where somebody reads who may not know the person, only the case's own elsewhere."""

from __future__ import annotations

from accounts.roles import Party
from correspondence.models import Thread
from fmu_portal.identity import numbers_in
from orders.access import is_person

NO_PERSON = (
    "Texten innehåller ett personnummer. I en tråd utanför ärenden ska det inte stå vem någon är: ta bort numret, eller"
    " skriv i ärendet i stället."
)
NOT_FOR_REGION = (
    "Texten innehåller ett personnummer. Regionen ska inte veta vem utredningen gäller: ta bort numret."
    " Ärendenumret räcker."
)
ANOTHER = "Texten innehåller ett annat personnummer än ärendets. Ta bort det."
IN_TITLE = "Skriv inget personnummer i ämnet. Det syns i listor."


def knows_person(thread: Thread) -> bool:
    """Whether all who read the thread may know who the case is about: no region, and no thread outside a case."""
    return thread.case_id is not None and not any(m.party == Party.REGION for m in thread.present())


def wrong_numbers(numbers: set[str], thread: Thread) -> set[str]:
    """Those of the personnummer (twelve digits each) that must not stand in the thread."""
    if thread.case is None or not knows_person(thread):
        return numbers
    return {number for number in numbers if not is_person(thread.case, number)}


def problem_in(text: str, thread: Thread | None) -> str:
    """What is wrong with a text for a thread, or for a subject line (None): a sentence that says what to do, or ""."""
    numbers = numbers_in(text)
    if not numbers:
        return ""
    if thread is None:
        return IN_TITLE
    if not wrong_numbers(numbers, thread):
        return ""
    if thread.case is None:
        return NO_PERSON
    return ANOTHER if knows_person(thread) else NOT_FOR_REGION
