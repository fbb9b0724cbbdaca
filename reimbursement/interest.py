"""Ränta på återkrav (20 § förordning 2018:1633, räntelagen), by dated records that an administrator has entered.

The text of räntelagen is not at hand in the portal, so nothing of it is written here: from which day interest runs, what is
added to the reference rate and what a year is divided by are `InterestRule` records, the reference rates are
`ReferenceRate` records, each with its source. Without one in force there is no interest, and the reason is said.

Our own reading, said on the page: the first day with interest is the day after the one that the rule counts to, the last
is the day of the decision; a rate below zero counts as zero; the sum is rounded once, half an öre up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Protocol

from reimbursement.models.control import InterestRule, ReferenceRate

ONE = timedelta(days=1)
HUNDREDTHS = 10_000
"""Rates are hundredths of a per cent: 10 000 of them are the whole amount."""


class RuleLike(Protocol):
    """What is asked of a rule: see `InterestRule`."""

    valid_from: date
    margin: int
    starts_from: str
    after_days: int
    days_of_year: int


class RateLike(Protocol):
    """What is asked of a reference rate: hundredths of a per cent from a day."""

    valid_from: date
    rate: int


@dataclass(frozen=True)
class Period:
    """Days with one rate, both included. ``rate`` and ``margin``: hundredths of a per cent. ``amount``: öre, exact."""

    first: date
    last: date
    rate: int
    margin: int
    days_of_year: int
    amount: Fraction

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Interest:
    """``amount``: öre, None when it cannot be counted; then ``lacks`` says what is missing (a key of `LACKS`) on ``day``."""

    capital: int
    amount: int | None
    first: date | None = None
    last: date | None = None
    starts_from: str = ""
    after_days: int = 0
    periods: tuple[Period, ...] = ()
    lacks: str = ""
    day: date | None = None
    sources: dict[str, str] = field(default_factory=dict)


LACKS = {
    "rule": "Portalen har ingen regel om ränta som gäller {day}. Räntelagens text finns inte i portalen, så utan en regel"
    " som portalförvaltaren har lagt in med källa beräknas ingen ränta.",
    "rate": "Portalen har ingen referensränta som gäller {day}. Utan en referensränta som portalförvaltaren har lagt in"
    " med källa beräknas ingen ränta.",
    "paid": "Räntan räknas från den dag då beloppet betalades ut, och den dagen finns inte i portalen.",
}
"""Why interest cannot be counted, as the page says it."""


def half_up(amount: Fraction) -> int:
    """The whole number nearest; a half goes up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def in_force(rows: Sequence[Any], day: date) -> Any:
    """The row in force on a day: the latest that began, the one entered last of two from one day; None when there is none."""
    return max((row for row in reversed(rows) if row.valid_from <= day), key=lambda row: row.valid_from, default=None)


def interest(
    capital: int,
    *,
    paid_on: date | None,
    decided_on: date,
    due_on: date,
    rules: Sequence[RuleLike],
    rates: Sequence[RateLike],
) -> Interest:
    """Interest in öre on ``capital`` öre to and with ``decided_on``; a day without a rule or a rate in force gives None.

    The rule in force on the day of the decision says from which day interest runs; each day has the margin and the
    reference rate that are in force on it.
    """
    rule = in_force(rules, decided_on)
    if rule is None:
        return Interest(capital, None, lacks="rule", day=decided_on)
    base = {"paid": paid_on, "demanded": decided_on, "due": due_on}[rule.starts_from]
    if base is None:
        return Interest(capital, None, lacks="paid")
    first, shape = base + timedelta(days=rule.after_days) + ONE, (rule.starts_from, rule.after_days)
    if first > decided_on:
        return Interest(capital, 0, first, decided_on, *shape)
    periods: list[Period] = []
    for start, end in _stretches(first, decided_on, (*rules, *rates)):
        by_rule, by_rate = in_force(rules, start), in_force(rates, start)
        if by_rule is None or by_rate is None:
            return Interest(
                capital, None, first, decided_on, *shape, lacks="rule" if by_rule is None else "rate", day=start
            )
        rate = max(0, by_rate.rate + by_rule.margin)
        days = (end - start).days + 1
        amount = Fraction(capital * rate * days, HUNDREDTHS * by_rule.days_of_year)
        periods.append(Period(start, end, by_rate.rate, by_rule.margin, by_rule.days_of_year, amount))
    total = half_up(sum((period.amount for period in periods), Fraction()))
    return Interest(capital, total, first, decided_on, *shape, periods=tuple(periods))


def _stretches(first: date, last: date, rows: Iterable[Any]) -> list[tuple[date, date]]:
    """The days from first to last, parted where a record begins: (first, last) of each part."""
    begins = sorted({first, *(row.valid_from for row in rows if first < row.valid_from <= last)})
    ends = [*(day - ONE for day in begins[1:]), last]
    return list(zip(begins, ends, strict=True))


def counted(found: Interest) -> dict[str, Any]:
    """How it was counted, as `Recovery.counted` keeps it: codes, days and numbers."""
    kept: dict[str, Any] = {"capital": found.capital}
    if found.lacks:
        kept |= {"lacks": found.lacks, "day": found.day.isoformat() if found.day else ""}
    if found.first and found.last:
        kept |= {"from": found.starts_from, "after": found.after_days}
        kept |= {"first": found.first.isoformat(), "last": found.last.isoformat()}
    if found.amount is not None:
        kept["periods"] = [
            [p.first.isoformat(), p.last.isoformat(), p.rate, p.margin, p.days_of_year] for p in found.periods
        ]
    return kept


def from_records(capital: int, *, paid_on: date | None, decided_on: date, due_on: date) -> Interest:
    """The same by the records of the portal: two queries."""
    return interest(
        capital,
        paid_on=paid_on,
        decided_on=decided_on,
        due_on=due_on,
        rules=list(InterestRule.objects.order_by("valid_from", "pk")),
        rates=list(ReferenceRate.objects.order_by("valid_from", "pk")),
    )
