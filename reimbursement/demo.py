"""Demonstration: what regions claimed for the made-up cases, and what the agency decided and paid, by the same door.

Costs are made up, from the claim's own number, so that the same cases give the same books. A national year is played
month by month: proposals, costs, claims, decisions, attest, payment; then recoveries and the control of payments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate, Organisation
from accounts.roles import Role
from fmu_portal.engine.door import take
from fmu_portal.engine.many import take_many
from fmu_portal.models import Outbox
from fmu_portal.money import amount
from fmu_portal.working_days import add_working_days
from orders.demo import papers
from orders.demo.calendar import Calendar
from orders.demo.parties import OFFICES, examiner_name
from orders.models import Assessment, Visit
from reimbursement import demo_control, demo_paying, effects, letters
from reimbursement.models import Claim, Desk, Evidence, Line, LineKind, Urgency
from reimbursement.opening import open_claim
from reimbursement.proposing import propose

CHUNK = 500
NEWEST = 12
"""Letters of decisions that the ordinary demonstration has made."""
MOST = 15
"""Proposals per month in the ordinary demonstration, whatever the number of cases."""
OFTEN: dict[str, tuple[int, int]] = {
    LineKind.PHYSICIAN: (16_500, 20_900),
    LineKind.PSYCHOLOGIST: (5_900, 7_300),
    LineKind.PHYSIOTHERAPIST: (3_100, 3_900),
    LineKind.OCCUPATIONAL_THERAPIST: (3_100, 3_900),
    LineKind.NO_SHOW: (3_500, 7_500),
    LineKind.LATE_NOTICE: (2_500, 6_500),
    LineKind.TRAINING: (2_800, 4_900),
    LineKind.TRAVEL: (400, 4_000),
}
"""Made-up costs in kronor, from and to: some stand above the ceiling."""
AN_HOUR = (700, 960)
MOST_FOR_NO_SHOW = 600_000
"""Öre that the made-up controllers find reasonable for a visit that did not come about."""


class Desks:
    """Who acts: finance officers by region; controllers and attesters by examining unit."""

    def __init__(self) -> None:
        rows = Mandate.objects.filter(user__is_demo=True).select_related("user", "organisation").order_by("pk")
        self._by: dict[tuple[int, str], Actor] = {}
        for row in rows.filter(role__in=(Role.FINANCE_OFFICER, Role.CONTROLLER, Role.ATTESTER)):
            self._by.setdefault((row.organisation_id, row.role), Actor.of(row))

    def one(self, organisation_id: int | None, role: Role) -> Actor:
        """The organisation's first with the role."""
        return self._by[organisation_id or 0, role.value]

    def regions(self) -> list[int]:
        """The regions that claim."""
        return [organisation for organisation, role in self._by if role == Role.FINANCE_OFFICER]


def set_desks() -> None:
    """Each office's regions are examined by the unit beside it; central administration and training by the first."""
    names = {row.name: row.pk for row in Organisation.objects.filter(kind="agency_office")}
    regions = {row.county_code: row.pk for row in Organisation.objects.filter(kind="region")}
    rows = [
        Desk(region_id=regions[county], office_id=names[examiner_name(slug)])
        for slug, (_, counties) in OFFICES.items()
        for county in counties
    ]
    Desk.objects.bulk_create([Desk(region_id=None, office_id=names[examiner_name("ost")]), *rows])


def load(calendar: Calendar) -> None:
    """The ordinary demonstration: something in every state, the last months' claims on their way. As the owner."""
    set_desks()
    before = set(Outbox.objects.values_list("pk", flat=True))
    desks, today = Desks(), calendar.today
    this_month = today.replace(day=1)
    for month in _months(this_month - timedelta(days=400), this_month):
        propose(_cases(month, _next(month))[:MOST], now=_moment(_next(month), 1))
    evening = timezone.make_aware(datetime.combine(today - timedelta(days=1), time(17, 0)))
    propose(_cases(this_month, _next(this_month))[:MOST], now=evening)
    old = list(_months(this_month - timedelta(days=400), this_month))[:-2]
    for month in old:
        _play(desks, month, Played(until="attest"))
        demo_paying.give_accounts(desks.one, _moment(_next(month), 1))
        if month != old[-1]:  # the last month's wait to be paid
            demo_paying.pay(desks.one, _moment(_next(month), 10))
    if len(old) > 1:
        _play(desks, _next(old[-1]), Played(until="decide"))
        _play(desks, _next(_next(old[-1])), Played(until="submit", share=0.6))
    if today == timezone.localdate():  # what people do today
        _ask(desks)
        demo_control.recover(desks.one, 4)
        demo_control.review(today, share=0.7)
    told = Outbox.objects.filter(kind__in=("notice", "mail"), done_at__isnull=True).exclude(pk__in=before)
    told.update(done_at=timezone.now())
    _spare_letters(NEWEST)


def load_year(year: int, say: Callable[[str], None]) -> None:
    """A whole year's claims, from proposal to payment."""
    if not Desk.objects.exists():
        set_desks()
    desks = Desks()
    for month in _months(date(year, 1, 1), date(year + 1, 4, 1)):
        made = propose(_cases(month, _next(month), year), now=_moment(_next(month), 1))
        if month.month in (3, 6, 9, 12) and month.year == year:
            _administration(desks, month)
        if month.month in (3, 10) and month.year == year:
            _training(desks, month)
        _play(desks, month, Played(until="attest", year=year))
        demo_paying.give_accounts(desks.one, _moment(month, 1), everyone=True)
        demo_paying.pay(desks.one, _moment(_next(month), 10))
        if month.month in (4, 8) and month.year == year:
            demo_control.recover(desks.one, 5)
        say(f"{month:%Y-%m}: {made} begäranden")
    say(f"utbetalningskontroll: {demo_control.review_year(year)} utvalda")
    told = Outbox.objects.filter(kind__in=("notice", "mail"), done_at__isnull=True)
    told.update(done_at=timezone.now())  # nobody is told of a made-up year
    _spare_letters(0)


def _spare_letters(newest: int) -> None:
    """Hundreds of made-up letters would keep the worker busy for long: the newest are made, any other when somebody asks."""
    rows = Outbox.objects.filter(kind=letters.KIND, done_at__isnull=True)
    kept = list(rows.order_by("-pk").values_list("pk", flat=True)[:newest])
    rows.exclude(pk__in=kept).delete()


class Played:
    """How far a month's claims go, and how many of them."""

    def __init__(self, until: str, share: float = 1.0, year: int | None = None) -> None:
        self.until, self.share, self.year = until, share, year


def _months(first: date, last: date) -> Iterator[date]:
    """The first days of the months from one to (not with) another."""
    month = first.replace(day=1)
    while month < last:
        yield month
        month = _next(month)


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _moment(day: date, working_days: int) -> datetime:
    """Some working days after a day, in the morning."""
    return timezone.make_aware(datetime.combine(add_working_days(day, working_days), time(8, 30)))


def _cases(first: date, last: date, year: int | None = None) -> list[int]:
    """Cases whose right to money came between two days: by delivery, end or missed visit."""
    rows = Assessment.objects.filter(region__isnull=False)
    if year is not None:
        rows = rows.filter(number__startswith=f"{year}-")
    delivered = rows.filter(delivered_on__gte=first, delivered_on__lt=last)
    objected = rows.filter(ended_cause="objects", carried_out_on__gte=first, carried_out_on__lt=last)
    missed = Visit.objects.filter(starts_at__date__gte=first, starts_at__date__lt=last, assessment__in=rows)
    missed = missed.filter(status__in=("no_show", "cancelled"))
    found = {*delivered.values_list("pk", flat=True), *objected.values_list("pk", flat=True)}
    return sorted(found | set(missed.values_list("assessment_id", flat=True)))


def _play(desks: Desks, month: date, played: Played) -> None:
    """A month's claims of every region, as far as they go."""
    after = _next(month)
    rows = Claim.objects.filter(status="proposed", payable_on__lt=after)
    if played.year is not None:
        rows = rows.filter(payable_on__year__gte=played.year)
    for region in desks.regions():
        claims = list(rows.filter(region_id=region).order_by("pk"))
        claims = claims[: max(1, round(len(claims) * played.share))] if claims else []
        if not claims:
            continue
        _enter(desks.one(region, Role.FINANCE_OFFICER), claims, _moment(after, 2))
        sent = _many(claims, "submit", desks.one(region, Role.FINANCE_OFFICER), _moment(after, 3))
        if played.until != "submit":
            _decide(desks, sent, _moment(after, 6))
        if played.until == "attest":
            _attest(desks, sent, _moment(after, 8))


def _enter(finance: Actor, claims: list[Claim], now: datetime) -> None:
    """The costs that no agreement gives, each with evidence."""
    effects.prepare(claims)
    paper = papers.shared([finance.organisation_id], "Kostnadsunderlag", 1, now)[finance.organisation_id]
    evidence = []
    for claim in claims:
        lines = effects.claimed(claim)
        missing = [line for line in lines if line.cost is None or line.kind == LineKind.TRAINING]
        if not missing:
            continue
        data = {f"cost_{line.pk}": amount(_cost(claim, line) if line in missing else line.cost or 0) for line in lines}
        take("claim", claim.pk, "enter_costs", finance, data, now=now)
        evidence.append(Evidence(claim=claim, document_id=paper, what="Underlag från ekonomisystemet", added_at=now))
    Evidence.objects.bulk_create(evidence)


def _cost(claim: Claim, line: Line) -> int:
    """A made-up cost in öre: of the claim's own number, so that it is the same each time."""
    rng = Random(f"{claim.number}:{line.key}")  # noqa: S311 - made-up money, not a secret
    if line.kind == LineKind.INTERPRETER:
        return rng.randint(*AN_HOUR) * 100 * (line.minutes or 60) // 60
    low, high = OFTEN[line.kind]
    return rng.randint(low, high) * 100 * (line.days or 1)


def _many(claims: Iterable[Claim], step: str, actor: Actor, now: datetime) -> list[int]:
    """A step on many; the ids of those that took it."""
    ids = [claim.pk for claim in claims]
    versions = {claim.pk: claim.version for claim in Claim.objects.filter(pk__in=ids)}
    done: list[int] = []
    for at in range(0, len(ids), CHUNK):
        part = ids[at : at + CHUNK]
        done += take_many("claim", part, step, actor, versions={pk: versions[pk] for pk in part}, now=now).events
    return done


def _decide(desks: Desks, ids: list[int], now: datetime) -> None:
    """What holds everywhere in one go; the others one by one."""
    by_office: dict[int | None, list[Claim]] = {}
    for claim in Claim.objects.filter(pk__in=ids, status="submitted").order_by("pk"):
        by_office.setdefault(claim.office_id, []).append(claim)
    for office, claims in by_office.items():
        controller = desks.one(office, Role.CONTROLLER)
        _many([claim for claim in claims if claim.urgency == Urgency.HOLDS], "approve_all", controller, now)
        left = list(Claim.objects.filter(pk__in=[claim.pk for claim in claims], status="submitted").order_by("pk"))
        effects.prepare(left)
        for claim in left:
            take("claim", claim.pk, "decide", controller, _judged(claim), now=now)


def _judged(claim: Claim) -> dict[str, Any]:
    """A made-up controller's answers."""
    data: dict[str, Any] = {"version": claim.version}
    for line in effects.claimed(claim):
        lot = Random(f"{claim.number}:{line.key}:judged").random()  # noqa: S311 - made-up, not a secret
        missed = line.kind in (LineKind.NO_SHOW, LineKind.LATE_NOTICE)
        if missed and (line.cost or 0) > MOST_FOR_NO_SHOW:
            data |= {
                f"outcome_{line.pk}": "reduce",
                f"amount_{line.pk}": amount(MOST_FOR_NO_SHOW),
                f"reason_{line.pk}": "Påhittat skäl: beloppet är högre än kostnaden för den bokade tiden.",
            }
        elif lot < 0.02:
            data |= {
                f"outcome_{line.pk}": "refuse",
                f"reason_{line.pk}": "Påhittat skäl: kostnaden är inte styrkt.",
            }
        else:
            data[f"outcome_{line.pk}"] = "approve"
    return data


def _attest(desks: Desks, ids: list[int], now: datetime) -> None:
    by_office: dict[int | None, list[Claim]] = {}
    for claim in Claim.objects.filter(pk__in=ids, status="decided").order_by("pk"):
        by_office.setdefault(claim.office_id, []).append(claim)
    for office, claims in by_office.items():
        attester = desks.one(office, Role.ATTESTER)
        _many([claim for claim in claims if claim.approved], "attest", attester, now)
        _many([claim for claim in claims if not claim.approved], "attest_refusal", attester, now)


def _ask(desks: Desks) -> None:
    """A few questions that wait for their answers, and one claim that is set aside."""
    for claim in Claim.objects.filter(status="submitted", urgency=Urgency.PERSON).order_by("pk")[::4][:12]:
        question = {"version": claim.version, "text": "Kan ni skicka underlag för kostnaden? (påhittad fråga)"}
        take("claim", claim.pk, "ask", desks.one(claim.office_id, Role.CONTROLLER), question)
    left = Claim.objects.filter(status="proposed").order_by("pk").first()
    if left is not None:
        reason = {"reason": "Påhittat: enheten fakturerade inte."}
        take("claim", left.pk, "set_aside", desks.one(left.region_id, Role.FINANCE_OFFICER), reason)


def _administration(desks: Desks, month: date) -> None:
    """A quarter's central administration of every region."""
    for region in desks.regions():
        rng = Random(f"{region}:{month}")  # noqa: S311 - made-up money
        cost = rng.randint(190, 245) * 1_000 * 100
        data = {"year": month.year, "quarter": (month.month + 2) // 3, "cost": amount(cost)}
        open_claim("open_administration", desks.one(region, Role.FINANCE_OFFICER), data, now=_moment(_next(month), 1))


def _training(desks: Desks, month: date) -> None:
    """A day of training in some regions."""
    day = add_working_days(month, 8).isoformat()
    for region in desks.regions()[::3]:
        data = {"day": day, "physician_own": 2, "psychologist_contracted": 1, "travel": "2 400"}
        open_claim("open_training", desks.one(region, Role.FINANCE_OFFICER), data, now=_moment(_next(month), 1))


def register() -> None:
    """Called once when the app is ready."""
    from orders.demo import loading

    loading.AFTER.append(load)
    loading.AFTER_YEAR.append(load_year)
