"""Visits of made-up cases: a few, through the door as people take them, after expansions have been decided."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.timezone import localdate

from accounts.actor import Actor
from accounts.models import Mandate
from fmu_portal.engine.door import begin, take
from fmu_portal.working_days import add_working_days
from orders.demo import words
from orders.demo.decisions import People, people_of
from orders.models import Assessment
from orders.visits import approved, swedish

MOST = 90
"""Cases that get visits: enough for every desk, whatever the number of cases."""
HOURS = (9, 13, 15)
"""When an assessor's visits begin: at most three a day."""


class Days:
    """Each assessor's free hours: from some working days ahead, and back in time for what has been."""

    def __init__(self, today: date) -> None:
        self.today = today
        self._ahead: Counter[int] = Counter()
        self._back: Counter[int] = Counter()

    def ahead(self, user_id: int) -> tuple[date, time]:
        """The assessor's next free hour to come."""
        number = self._ahead[user_id]
        self._ahead[user_id] += 1
        return add_working_days(self.today, 2 + number // len(HOURS)), time(HOURS[number % len(HOURS)])

    def back(self, user_id: int) -> tuple[date, time]:
        """The assessor's latest hour that has been and is not taken."""
        number = self._back[user_id]
        self._back[user_id] += 1
        return add_working_days(self.today, -1 - number // len(HOURS)), time(HOURS[number % len(HOURS)])


def play(now: datetime) -> int:
    """Give the first cases in progress visits, in turn; return how many visits. Run as the owner, in the load's transaction."""
    cases = Assessment.objects.filter(status="in_progress", responsible_physician__isnull=False).order_by("pk")
    days, done = Days(localdate(now)), 0
    for number, case in enumerate(cases.select_related("region")[:MOST]):
        people = people_of(case)
        if people is not None:
            done += _visits(case, people, days, now, number)
    return done


def _visits(case: Assessment, people: People, days: Days, now: datetime, number: int) -> int:
    """One visit to come, and in every other case one that has been; with the psychologist where one is approved."""
    made = 0
    if number % 2 and (when := days.back(people.physician.user_id))[0] >= (case.ordered_on or localdate(now)):
        given = _said("physician", people.physician, *when) | {"came": "came" if case.interpreter else "none"}
        hours = {"hours": "1,5"} if case.interpreter else {}
        begin("visit", case.pk, "register", people.physician, given | hours, now=now)
        made += 1
    profession, assessor, step = "physician", people.physician, "book"
    psychologist = _one(case, "psychologist")
    if number % 3 == 2 and psychologist is not None:
        profession, assessor = "psychologist", psychologist
        step = "book" if "psychologist" in approved(case) else "book_provisional"
    day, clock = days.ahead(assessor.user_id)
    given = _said(profession, assessor, day, clock) | {"interpreter": "booked" if case.interpreter else "none"}
    visit, _ = begin("visit", case.pk, step, people.administrator, given, now=now)
    if step == "book" and number % 4 != 3:
        summons = {"how": "direct", "sent_on": localdate(now).isoformat()}
        take("visit", visit.pk, "summon", people.administrator, summons, now=now + timedelta(seconds=1))
        if number % 6 == 1:
            given_at = timezone.localtime(now) - timedelta(minutes=20)
            late = given_at > swedish(day, clock) - timedelta(hours=48)
            notice = {
                "by": "insured", "notice_on": given_at.date().isoformat(), "notice_time": f"{given_at:%H:%M}",
                "notice_to": "performer", "reason": f"Påhittat: sjuk, {'sent' if late else 'i god tid'}.",
            }  # fmt: skip
            take("visit", visit.pk, "cancel", people.administrator, notice, now=now + timedelta(seconds=2))
    return made + 1


def _said(profession: str, assessor: Actor, day: date, clock: time) -> dict[str, Any]:
    return {
        "profession": profession, "assessor": assessor.user_id, "day": day.isoformat(), "start": f"{clock:%H:%M}",
        "minutes": 90, "meeting": "place", "place": words.PLACE,
    }  # fmt: skip


def _one(case: Assessment, role: str) -> Actor | None:
    rows = Mandate.objects.valid().filter(organisation_id=case.performer_id or 0, role=role)
    found = rows.select_related("user", "organisation").order_by("pk").first()
    return Actor.of(found) if found is not None else None
