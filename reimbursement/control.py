"""Utbetalningskontroll: which payments of a period are looked through afterwards, why, and what was found.

Source: Försäkringskassan's model for quality, section 2.3, note 6 (seeds/000): a random sample of a fixed share of the
payments made, and the risky ones (high amounts, controls that were overridden, corrections). The sample can be drawn again
by anybody who has the seed: the payments in order of SHA-256(seed + payment number), the first of them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.actor import CLOCK, Actor
from fmu_portal.database import as_clock
from fmu_portal.engine import clock, door
from fmu_portal.models import Event
from reimbursement.effects import not_recused
from reimbursement.models import BatchItem, Claim, ControlPeriod, Counter, Entry, Review, Why
from rules.limits import rule_in_force

ONE = timedelta(days=1)
Z = 1.959964
"""The normal quantile of a two-sided interval of 95 per cent."""
DECIDING = ("decide", "approve_all", "send_back", "attest", "attest_refusal")
"""Steps of a claim whose takers do not review its payment."""
_LOCK = "reimbursement:control"


# What anybody can draw again.


def order_of(seed: str, number: str) -> str:
    """Where a payment stands in the drawing: the hexadecimal SHA-256 of the seed followed by the payment's number."""
    return hashlib.sha256(f"{seed}{number}".encode()).hexdigest()


def sample_size(population: int, share: int) -> int:
    """How many are drawn; ``share`` in tenths of a per cent. A part of a payment counts as one."""
    return -(-population * share // 1000)


def sample(seed: str, numbers: Iterable[str], share: int) -> list[str]:
    """The payments drawn, in the order in which they were."""
    ordered = sorted(numbers, key=lambda number: order_of(seed, number))
    return ordered[: sample_size(len(ordered), share)]


def seed_of(first: date, last: date, sums: Iterable[tuple[str, str]]) -> str:
    """The period's seed: SHA-256 over its days and the number and control sum of each payment confirmed in it, in order.

    The control sums stand on the payments' own pages and in the regions' account statements: nobody knows them before the
    payments are made, and nobody can change them afterwards.
    """
    lines = [f"{first}--{last}", *(f"{number} {control}" for number, control in sorted(sums))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def wilson(errors: int, reviewed: int) -> tuple[float, float] | None:
    """The 95 per cent interval of a share (0–1) by Wilson's formula; None when nothing has been reviewed."""
    if not reviewed:
        return None
    p, n = errors / reviewed, reviewed
    centre = p + Z * Z / (2 * n)
    spread = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    whole = 1 + Z * Z / n
    low = 0.0 if errors == 0 else (centre - spread) / whole
    high = 1.0 if errors == reviewed else (centre + spread) / whole
    return low, high


# Periods.


def period_end(first: date, months: int) -> date:
    """The last day of the period that a day is in: a month, or a quarter when ``months`` is 3."""
    ends = (first.month - 1) // months * months + months
    return date(first.year + ends // 12, ends % 12 + 1, 1) - ONE


def period_start(day: date, months: int) -> date:
    """Its first day."""
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def next_period(today: date) -> tuple[date, date] | None:
    """The earliest period that has ended and not been drawn from; None when there is none, or nothing was ever paid.

    Periods follow one another without a gap, so that a payment confirmed on any day is in one of them.
    """
    months = int(rule_in_force("routine.review_months", today).value or 1)
    latest = ControlPeriod.objects.order_by("-last").first()
    if latest is not None:
        first = latest.last + ONE
    else:
        paid = BatchItem.objects.filter(released=False, batch__status="confirmed").order_by("batch__last_event__at")
        at = paid.values_list("batch__last_event__at", flat=True).first()
        if at is None:
            return None
        first = period_start(timezone.localdate(at), months)
    last = period_end(first, months)
    return (first, last) if last < today else None


def confirmed(first: date, last: date) -> list[BatchItem]:
    """The payments (a claim in a batch) confirmed on these days, by number.

    The day is that of the batch's last event, its confirmation, which no person can put on an earlier day.
    """
    zone = timezone.get_current_timezone()
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + ONE))
    rows = BatchItem.objects.filter(
        released=False, batch__status="confirmed", batch__last_event__at__gte=since, batch__last_event__at__lt=until
    ).select_related("batch", "batch__account", "claim")
    return list(rows.order_by("batch__number", "claim__number"))


def number_of(item: BatchItem) -> str:
    """A payment's number in the drawing: the batch's and the claim's."""
    return f"{item.batch.number}/{item.claim.number}"


# Choosing.


def risks(items: list[BatchItem], high: int, new_days: int) -> dict[int, list[str]]:
    """item's id -> why it is risky (codes of `Why`); amounts in öre, at the limit counts."""
    claims = [item.claim_id for item in items]
    corrected = set(Entry.objects.filter(claim_id__in=claims, kind="correction").values_list("claim_id", flat=True))
    found: dict[int, list[str]] = {}
    for item in items:
        why = []
        if item.amount >= high:
            why.append(Why.HIGH)
        if item.claim.overridden:
            why.append(Why.OVERRIDDEN)
        if item.claim_id in corrected:
            why.append(Why.CORRECTED)
        if _is_new(item, new_days):
            why.append(Why.NEW_ACCOUNT)
        if why:
            found[item.pk] = [str(reason) for reason in why]
    return found


def _is_new(item: BatchItem, days: int) -> bool:
    """Whether the account that it was paid to was entered within so many days before the payment was sent."""
    account, sent = item.batch.account, item.batch.sent_on or item.batch.made_on
    return account is not None and sent - timezone.localdate(account.at) <= timedelta(days=days)


def select(today: date, mandate_id: int | None = None) -> int:
    """Draw from every period that has ended before ``today``; return how many payments are to be reviewed.

    Safe to run twice, and by two at once: who comes second waits, and finds that nothing is left to draw from.
    ``mandate_id``: the controller who asked, None for the clock.
    """
    chosen = 0
    with as_clock():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_LOCK])
        while (span := next_period(today)) is not None:
            chosen += draw(*span, mandate_id, now=clock.moment_of(today))
    return chosen


def chore(today: date) -> int:
    """What the clock does each day."""
    return select(today)


def draw(first: date, last: date, mandate_id: int | None, *, now: datetime | None = None) -> int:
    """Draw from one period; return how many payments are to be reviewed. The caller has made sure that it is the only one."""
    values = {key: rule_in_force(f"routine.{key}", last).value for key in ("review_share", "high_amount")}
    share, high = int((values["review_share"] or 0) * 10), int((values["high_amount"] or 0) * 100)
    new_days = rule_in_force("routine.new_account_days", last).days
    items = confirmed(first, last)
    seed = seed_of(first, last, {(item.batch.number, item.batch.control_sum) for item in items})
    period = ControlPeriod.objects.create(
        first=first, last=last, seed=seed, share=share, high_amount=high, population=len(items), mandate_id=mandate_id
    )
    by_number = {number_of(item): item for item in items}
    drawn = {by_number[number].pk for number in sample(seed, by_number, share)}
    risky = risks(items, high, new_days)
    wanted = [item for item in items if item.pk in drawn or item.pk in risky]
    numbers = Counter.next_numbers("K", last.year, len(wanted)) if wanted else []
    for item, number in zip(wanted, numbers, strict=True):
        why = [*([str(Why.SAMPLE)] if item.pk in drawn else []), *risky.get(item.pk, [])]
        claim = item.claim
        review = Review(
            number=number, period=period, item=item, region_id=claim.region_id, office_id=claim.office_id, why=why
        )
        door.start("review", review, "select", CLOCK, now=now)
    return len(wanted)


# The review.


def not_involved(review: Review, actor: Actor) -> str | None:
    """Whoever decided, sent back or attested does not review (fyra ögon)."""
    claim: Claim = review.item.claim
    own = actor.user_id in (claim.decided_by_id, claim.attested_by_id)
    steps = Event.objects.filter(process="claim", subject_id=claim.pk, step__in=DECIDING)
    if own or steps.filter(mandate__user_id=actor.user_id).exists():
        return "Du har själv beslutat eller attesterat ersättningen. En annan controller kontrollerar utbetalningen."
    return not_recused(review, actor)


GUARDS = {guard.__name__: guard for guard in (not_involved,)}


@dataclass(frozen=True)
class Figures:
    """What a period's control has given. ``errors`` of ``reviewed`` in the sample, ``interval`` their share's (0–1).

    Amounts in öre: ``sample_error`` in the sample, ``error`` in everything reviewed.
    """

    population: int
    selected: int
    sampled: int
    risky: int
    reviewed: int
    done: int
    errors: int
    wrong: int
    to_follow_up: int
    sample_error: int
    error: int
    interval: tuple[float, float] | None

    @property
    def share(self) -> float | None:
        """The share of errors in the sample, 0–1; None before anything in it has been reviewed."""
        return self.errors / self.reviewed if self.reviewed else None


def figures(period: ControlPeriod, rows: Iterable[tuple[str, list[str], int | None]]) -> Figures:
    """Count a period's reviews, given as (status, why, error in öre)."""
    all_rows: list[Any] = list(rows)
    drawn = [row for row in all_rows if Why.SAMPLE in row[1]]
    reviewed = [row for row in drawn if row[0] != "selected"]
    bad = [row for row in reviewed if row[0] in WRONG]
    found = [row for row in all_rows if row[0] in WRONG]
    return Figures(
        population=period.population,
        selected=len(all_rows),
        sampled=len(drawn),
        risky=sum(1 for row in all_rows if set(row[1]) - {Why.SAMPLE}),
        reviewed=len(reviewed),
        done=sum(1 for row in all_rows if row[0] != "selected"),
        errors=len(bad),
        wrong=len(found),
        to_follow_up=sum(1 for row in all_rows if row[0] == "wrong"),
        sample_error=sum(row[2] or 0 for row in bad),
        error=sum(row[2] or 0 for row in found),
        interval=wilson(len(bad), len(reviewed)),
    )


WRONG = ("wrong", "followed_up")
