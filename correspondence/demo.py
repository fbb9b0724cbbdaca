"""Demonstration: some threads in the latest cases and some between organisations, through the door, as their own parties.

As many whatever the number of cases. What the demonstration would have told by mail is told to nobody.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate, Organisation, User
from correspondence import threads
from correspondence.models import Absence, Template, Thread
from fmu_portal.engine.door import take
from fmu_portal.models import Outbox
from orders.demo.calendar import Calendar
from orders.models import Assessment

IN_CASES = 36
"""Threads in cases."""

TALKS = (
    ("performer", "Tid för första besöket", "Hej! När räknar ni med att det första besöket blir?", True,
     "Hej! Vi har en tid nästa vecka och skickar kallelsen i dag."),
    ("performer", "Nytt telefonnummer", "Personen har bytt telefonnummer. Det nya står i ärendet.", False, ""),
    ("region", "Förfrågan om kapacitet", "Hej! Kan ni ta emot fler utredningar före sommaren?", True, ""),
    ("performer", "Tolk på plats", "Behöver ni hjälp med att boka tolk, eller har ni bokat själva?", True, ""),
    ("region", "Byte av utförare", "Utföraren har hört av sig om sjukdom. Har ni en annan enhet i beredskap?", True,
     "Tack för att ni säger till. Vi har en enhet till och återkommer på torsdag."),
    ("performer", "Handling som är svår att läsa", "Sidan 3 i intyget är otydlig. Ni får en ny kopia i ärendet.", False,
     "Tack, den gick bra att läsa."),
)  # fmt: skip
"""(to whom, subject, what the agency writes, whether it asks for an answer, the answer or "")."""

GENERAL = (
    ("Öppettider i helgerna", "Hej! Vilka dagar har ni stängt i jul och nyår?", True, "Vi har stängt 24–26 december."),
    ("Nya kontaktvägar", "Från och med nästa månad når ni oss i första hand här i portalen.", False, ""),
    ("Möte om samarbetet", "Vi bjuder in till ett möte om hur flödet fungerar. Passar tisdag eller torsdag?", True, ""),
)  # fmt: skip


class _People:
    """Actors by user and organisation."""

    def __init__(self) -> None:
        rows = Mandate.objects.filter(user__is_demo=True).select_related("user", "organisation").order_by("pk")
        self._by_place: dict[int, list[Mandate]] = {}
        for mandate in rows:
            if threads.may_begin(Actor.of(mandate)):
                self._by_place.setdefault(mandate.organisation_id, []).append(mandate)

    def at(self, organisation_id: int | None, user_id: int | None = None) -> Actor | None:
        """Who writes for an organisation: the user when there, else the first."""
        rows = self._by_place.get(organisation_id or 0, [])
        own = [mandate for mandate in rows if mandate.user_id == user_id]
        return Actor.of((own or rows)[0]) if rows else None


def _cases() -> QuerySet[Assessment]:
    rows = Assessment.objects.filter(status__in=("assigned", "ordered", "in_progress", "delivered"), protected=False)
    return rows.select_related("agency_office", "region", "performer", "case_officer").order_by("-pk")


def load(calendar: Calendar) -> None:
    """Add the threads, inside the loader's transaction, as the owner."""
    people = _People()
    before = set(Outbox.objects.values_list("pk", flat=True)[:1000])
    first = list(_cases().filter(Q(case_officer__username="fk.handlaggare"))[: IN_CASES // 2])
    others = list(_cases().exclude(pk__in=[case.pk for case in first])[: IN_CASES - len(first)])
    cases = [case for pair in zip_longest(first, others) for case in pair if case is not None]
    for n, case in enumerate(cases):
        _talk(people, case, n, calendar, 5 - n * 5 // len(cases))
    _general(people, calendar)
    _settings(calendar)
    Outbox.objects.filter(kind="notice", done_at__isnull=True).exclude(pk__in=before).update(done_at=timezone.now())


def _moment(calendar: Calendar, days: int, minutes: int) -> datetime:
    """A moment of a working day before the demonstration's own: so many working days, and minutes after 8.30."""
    day = date.fromisoformat(calendar.iso[calendar.last - days + 1])
    return timezone.make_aware(datetime.combine(day, time(8, 30))) + timedelta(minutes=minutes)


def _talk(people: _People, case: Assessment, n: int, calendar: Calendar, days: int) -> None:
    to, title, text, asks, answer = TALKS[n % len(TALKS)]
    officer = people.at(case.agency_office_id, case.case_officer_id)
    other = case.performer if to == "performer" else case.region
    writer = people.at(other.pk if other is not None else None)
    if officer is not None and other is not None and writer is not None:
        # What is not answered was asked on the last day, so that the clock has nothing to say of it yet.
        at = _moment(calendar, 1 if asks and not answer else days, 5 * n)
        _thread(officer, writer, case, other, at, title, text, asks, answer)


def _thread(
    asker: Actor, other: Actor, case: Assessment | None, place: Organisation, at: datetime, title: str, text: str,
    asks: bool, answer: str,
) -> Thread:  # fmt: skip
    data: dict[str, Any] = {"title": title, "text": text, "asked": place.pk if asks else None}
    thread = threads.begin(asker, case, [place], data, now=at)
    if answer:
        step = "answer" if asks else "write"
        take("thread", thread.pk, step, other, {"text": answer}, now=at + timedelta(hours=2))
    return thread


def _general(people: _People, calendar: Calendar) -> None:
    office = Organisation.objects.filter(kind="agency_office", name__endswith="Öst").first()
    places = list(Organisation.objects.filter(kind="region", county_code__in=("01", "12")).order_by("county_code"))
    places += list(Organisation.objects.filter(kind="performer", name__endswith="Södermalm")[:1])
    asker = people.at(office.pk) if office is not None else None
    for n, place in enumerate(places):
        other = people.at(place.pk)
        if asker is not None and other is not None:
            title, text, asks, answer = GENERAL[n % len(GENERAL)]
            _thread(asker, other, None, place, _moment(calendar, 1, 240 + 10 * n), title, text, asks, answer)


def _settings(calendar: Calendar) -> None:
    office = Organisation.objects.filter(kind="agency_office", name__endswith="Öst").first()
    away = User.objects.filter(is_demo=True, mandates__organisation=office, mandates__role="case_officer").order_by(
        "pk"
    )
    found = list(away[:2])
    if office is not None and len(found) == 2:
        Absence.objects.create(
            user=found[1], organisation=office, first=calendar.today, last=calendar.today + timedelta(days=7),
            substitute=found[0],
        )  # fmt: skip
        text = "Hej!\n\nUtlåtandet ska snart ha kommit in. Blir det klart i tid?\n"
        Template.objects.create(organisation=office, name="Påminnelse om utlåtandet", text=text)


def register() -> None:
    """Called once when the app is ready."""
    from orders.demo import loading

    loading.AFTER.append(load)
