"""Expansions, deferrals and deviations of made-up cases: a few, through the door as people take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from typing import Any

from django.utils.timezone import localdate

from accounts.actor import Actor
from accounts.models import Mandate
from accounts.roles import Role
from fmu_portal.engine.door import begin, take
from fmu_portal.models import Duty
from fmu_portal.working_days import add_working_days
from orders.last_day import present
from orders.models import Assessment

MOST = 90
"""Cases that get a part: enough for every desk, whatever the number of cases."""

GROUNDS = {
    "unclear": "Påhittat: minne och koncentration går inte att bedöma av läkaren ensam.",
    "clears": "Påhittat: en psykolog kan pröva uppmärksamhet och arbetsminne.",
    "matters": "Påhittat: det kan ändra graden i två kategorier.",
}
RISK = {"reason": "Påhittat: tolken uteblev och besöket behöver göras om."}


@dataclass
class People:
    """Who acts in a case."""

    officer: Actor
    coordinator: Actor
    administrator: Actor
    physician: Actor


class Scene:
    """One case with its people and the moment, in Swedish time, in which all of it happens."""

    def __init__(self, case: Assessment, people: People, now: datetime) -> None:
        self.case, self.people, self.now = case, people, now
        self.later = add_working_days(present(case).due, 8).isoformat()
        if self.later <= localdate(now).isoformat():
            self.later = add_working_days(localdate(now), 5).isoformat()

    def begin(self, process: str, step: str, actor: Actor, **data: Any) -> Any:
        """A part's first step."""
        return begin(process, self.case.pk, step, actor, data, now=self.now)[0]

    def take(self, part: Any, step: str, actor: Actor, **data: Any) -> None:
        """A part's next step."""
        take(part.PROCESS, part.pk, step, actor, data, now=self.now)


def proposed(s: Scene) -> Any:
    """An expansion waits for the agency."""
    return s.begin("expansion", "propose", s.people.physician, professions=["psychologist"], **GROUNDS)


def approved(s: Scene) -> None:
    """… and is approved with extra time."""
    s.take(proposed(s), "approve", s.people.officer, professions=["psychologist"], days=10)


def declined(s: Scene) -> None:
    """… or declined."""
    reason = "Påhittat: profilen går att bedöma med det som finns."
    s.take(proposed(s), "decline", s.people.officer, reason=reason)


def told(s: Scene) -> Any:
    """A risk waits for the region."""
    return s.begin("deferral", "tell_risk", s.people.administrator, wished=s.later, **RISK)


def applied(s: Scene) -> Any:
    """… and is passed on."""
    part = told(s)
    s.take(part, "pass_on", s.people.coordinator)
    return part


def granted(s: Scene) -> None:
    """… and granted."""
    s.take(applied(s), "grant", s.people.officer, until=s.later)


def unasked(s: Scene) -> None:
    """A deferral of the agency's own motion."""
    reason = "Påhittat: underlaget kompletterades sent."
    s.begin("deferral", "grant_unasked", s.people.officer, until=s.later, reason=reason)


def deviation(s: Scene) -> None:
    """Something else went wrong."""
    s.begin(
        "deviation", "report", s.people.coordinator, kind="other", found_on=localdate(s.now).isoformat(),
        cause="Påhittat: kallelsen gick till en gammal adress.", action="Påhittat: adressen är rättad.",
    )  # fmt: skip


SCENES: tuple[Callable[[Scene], Any], ...] = (
    applied, proposed, approved, told, granted, deviation, unasked, declined,
)  # fmt: skip


def play(now: datetime) -> int:
    """Give the first cases in progress a part each, in turn; return how many. Run as the owner, in the load's transaction."""
    cases = Assessment.objects.filter(status="in_progress", responsible_physician__isnull=False).order_by("pk")
    cases = cases.exclude(expansions__isnull=False)  # what the law leaves of the 20 days has been given there, or some
    done = 0
    for case, scene in zip(cases.select_related("region")[:MOST], cycle(SCENES), strict=False):
        people = people_of(case)
        if people is not None:
            scene(Scene(case, people, now))
            done += 1
    promise(now)
    return done


def promise(now: datetime) -> None:
    """A few questions on the underlag have an answer promised."""
    waiting = Duty.objects.open().filter(kind="answer_question", due__gte=localdate(now)).order_by("pk")
    for duty in waiting[:3]:
        people = people_of(Assessment.objects.get(pk=duty.subject_id))
        if people is not None:
            data = {
                "promised": add_working_days(localdate(now), 6).isoformat(),
                "reason": "Påhittat: journalen är beställd.",
            }
            take("assessment", duty.subject_id, "promise_underlag", people.officer, data, now=now)


def people_of(case: Assessment) -> People | None:
    """Who acts in the case; None where a role has nobody."""

    def one(organisation_id: int | None, role: Role, user_id: int | None = None) -> Mandate | None:
        rows = Mandate.objects.valid().select_related("user", "organisation")
        rows = rows.filter(organisation_id=organisation_id or 0, role=role)
        return (rows.filter(user_id=user_id) if user_id else rows).order_by("pk").first()

    found = (
        one(case.agency_office_id, Role.CASE_OFFICER),
        one(case.region_id, Role.REGION_COORDINATOR),
        one(case.performer_id, Role.PERFORMER_ADMIN),
        one(case.performer_id, Role.PHYSICIAN, case.responsible_physician_id),
    )
    return None if None in found else People(*(Actor.of(mandate) for mandate in found if mandate is not None))
