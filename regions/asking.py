"""The demonstration's agreements, and some inquiries through the door as people take them. All of it made up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import cycle

from django.utils.timezone import localdate

from accounts.actor import Actor
from accounts.models import Mandate, Organisation
from accounts.roles import ASSESSORS, Role
from fmu_portal.engine.door import begin, take
from orders.models import Assessment
from regions import weeks
from regions.models import Agreement, AssignmentChoice, Inquiry, Way

LANGUAGES = (["engelska", "finska"], ["arabiska", "engelska"], ["engelska"], ["somaliska", "engelska", "arabiska"])
PRICES: tuple[dict[str, int], ...] = (
    {"assessment": 1_840_000, "psychologist": 680_000, "physiotherapist": 350_000, "no_show": 450_000},
    {"assessment": 1_975_000, "psychologist": 725_000, "occupational_therapist": 360_000},
)
"""Made up, in öre: near the ceilings of 11 §, one of them above."""
CAPACITY = (3, 2, 4, 2, 1)
MOST = 5
"""Cases per region that performers are asked about."""


def agreements(pairs: Iterable[tuple[int, int]], since: date, today: date) -> Iterator[Agreement]:
    """An agreement per (region, performer), unsaved: ranks in order, equal shares, the last unit closed a coming week."""
    by_region: dict[int, list[int]] = {}
    for region, unit in pairs:
        by_region.setdefault(region, []).append(unit)
    for region, units in by_region.items():
        for n, unit in enumerate(units):
            closed = [weeks.code(today + timedelta(weeks=2))] if n and n == len(units) - 1 else []
            yield Agreement(
                region_id=region,
                performer_id=unit,
                valid_from=since,
                rank=n + 1,
                share=100 // len(units),
                capacity=CAPACITY[n % len(CAPACITY)],
                professions=[role.value for role in ASSESSORS],
                languages=LANGUAGES[n % len(LANGUAGES)],
                prices=PRICES[n % len(PRICES)],
                closed_weeks=closed,
            )


def play(now: datetime) -> int:
    """Ask about some requests of the regions with several performers; return how many cases. Run as the owner."""
    done = 0
    regions = Organisation.objects.filter(kind="region", county_code__in=("01", "12")).order_by("county_code")
    for region, way in zip(regions, (Way.CHOOSE, Way.RANKED), strict=False):
        AssignmentChoice.objects.get_or_create(region=region, defaults={"way": way})
        coordinator = _one(region.pk, Role.REGION_COORDINATOR)
        units = list(Agreement.objects.in_force(localdate(now)).filter(region=region).order_by("rank"))
        cases = Assessment.objects.filter(region=region, status="requested").order_by("-pk")[:MOST]
        if coordinator is None or len(units) < 2:
            continue
        for case, scene in zip(cases, cycle(SCENES), strict=False):
            scene(case, coordinator, [unit.performer_id for unit in units[:3]], now)
            done += 1
    return done


def _one(organisation_id: int, role: Role) -> Actor | None:
    rows = Mandate.objects.valid().select_related("user", "organisation").order_by("pk")
    found = rows.filter(organisation_id=organisation_id, role=role).first()
    return Actor.of(found) if found else None


def _ask(case: Assessment, coordinator: Actor, units: list[int], way: Way, now: datetime) -> list[Inquiry]:
    begin("inquiry", case.pk, "ask", coordinator, {"performers": units, "way": way}, now=now)
    return list(Inquiry.objects.filter(assessment=case).order_by("pk"))


def _answer(inquiry: Inquiry, step: str, now: datetime) -> None:
    admin = _one(inquiry.performer_id or 0, Role.PERFORMER_ADMIN) or _one(inquiry.performer_id or 0, Role.PHYSICIAN)
    data = {"earliest_start": (localdate(now) + timedelta(days=9)).isoformat(), "reason": "Påhittat: fullt just nu."}
    if admin is not None:
        take("inquiry", inquiry.pk, step, admin, data, now=now)


def open_to_several(case: Assessment, coordinator: Actor, units: list[int], now: datetime) -> None:
    """Several asked, nobody has answered."""
    _ask(case, coordinator, units, Way.FIRST, now)


def one_has_accepted(case: Assessment, coordinator: Actor, units: list[int], now: datetime) -> None:
    """One has accepted, one has declined; the coordinator chooses."""
    first, second, *_ = _ask(case, coordinator, units, Way.CHOOSE, now)
    _answer(first, "accept", now)
    _answer(second, "decline", now)


def ranked_and_declined(case: Assessment, coordinator: Actor, units: list[int], now: datetime) -> None:
    """The first in rank has declined, so the next is asked."""
    [first] = _ask(case, coordinator, units[:1], Way.RANKED, now)
    _answer(first, "decline", now)


def nobody_left(case: Assessment, coordinator: Actor, units: list[int], now: datetime) -> None:
    """Everybody asked has declined: the region owes it still."""
    for inquiry in _ask(case, coordinator, units[:2], Way.CHOOSE, now):
        _answer(inquiry, "decline", now)


SCENES: tuple[Callable[[Assessment, Actor, list[int], datetime], None], ...] = (
    open_to_several, one_has_accepted, ranked_and_declined, nobody_left,
)  # fmt: skip
