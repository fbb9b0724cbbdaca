"""Interest on what is demanded back, each amount worked out by hand, and what must hold of any amount and any days.

The rates are made up: the portal does not know räntelagen's text, so a test cannot either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reimbursement import wording
from reimbursement.interest import counted, half_up, interest

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine says nothing of the code."""


@dataclass
class Rule:
    valid_from: date
    margin: int = 800
    starts_from: str = "paid"
    after_days: int = 0
    days_of_year: int = 365


@dataclass
class Rate:
    valid_from: date
    rate: int = 200


def day(text):
    return date.fromisoformat(text)


def count(capital=100_000, paid="2026-01-01", decided="2026-12-31", due="2027-02-01", rules=None, rates=None):
    return interest(
        capital,
        paid_on=day(paid) if paid else None,
        decided_on=day(decided),
        due_on=day(due),
        rules=[Rule(day("2020-01-01"))] if rules is None else rules,
        rates=[Rate(day("2020-01-01"))] if rates is None else rates,
    )


CASES = [
    # what | answers | öre, by hand
    # 1 000 kr, 2 + 8 = 10 %, 2 January to 31 December 2026: 364 days. 100 000 × 0,10 × 364 / 365 = 9 972,60…
    ("a year but a day", {}, 9_973),
    # To and with 1 January: 365 days, exactly 100 kr.
    ("a whole year", {"decided": "2027-01-01"}, 10_000),
    # One day: 100 000 × 0,10 / 365 = 27,39…
    ("the day after", {"decided": "2026-01-02"}, 27),
    ("the same day", {"decided": "2026-01-01"}, 0),
    # 21–30 June: 10 days of 10 %; 1–10 July: 10 days of 11 %. 100 000 × (1,00 + 1,10) / 365 = 575,34…
    (
        "a new rate from the first of July",
        {"paid": "2026-06-20", "decided": "2026-07-10", "rates": [("2020-01-01", 200), ("2026-07-01", 300)]},
        575,
    ),
    # The day before the new rate: 10 days of 10 %, 273,97…; on its first day: + 100 000 × 0,11 / 365 = 304,10…
    (
        "the day before the new rate",
        {"paid": "2026-06-20", "decided": "2026-06-30", "rates": [("2020-01-01", 200), ("2026-07-01", 300)]},
        274,
    ),
    (
        "the first day of the new rate",
        {"paid": "2026-06-20", "decided": "2026-07-01", "rates": [("2020-01-01", 200), ("2026-07-01", 300)]},
        304,
    ),
    # 18,00 kr, 10 %, a year of 360: half an öre a day. Half an öre goes up; 17,99 kr gives 0,4997.
    ("half an öre", {"capital": 1_800, "decided": "2026-01-02", "rules": [{"days_of_year": 360}]}, 1),
    ("a little less than half", {"capital": 1_799, "decided": "2026-01-02", "rules": [{"days_of_year": 360}]}, 0),
    # Half an öre on each of two days with one record each: 1 öre, not 2.
    (
        "rounded once",
        {
            "capital": 1_800,
            "decided": "2026-01-03",
            "rules": [{"days_of_year": 360}],
            "rates": [("2020-01-01", 200), ("2026-01-03", 200)],
        },
        1,
    ),
    # From the 31st day: 1 January + 30 days is 31 January, so 1 February is the first day.
    ("thirty days later, before", {"decided": "2026-01-31", "rules": [{"after_days": 30}]}, 0),
    ("thirty days later, first day", {"decided": "2026-02-01", "rules": [{"after_days": 30}]}, 27),
    # From the last day to pay, or the decision: nothing when it is decided.
    ("from the last day to pay", {"rules": [{"starts_from": "due"}]}, 0),
    ("from the decision", {"rules": [{"starts_from": "demanded"}]}, 0),
    # −9 + 8 is below zero and counts as zero; −8 + 8 is zero; −7,99 + 8 = 0,01 %: 100 000 × 0,0001 × 364 / 365 = 9,97…
    ("below zero", {"rates": [("2020-01-01", -900)]}, 0),
    ("zero", {"rates": [("2020-01-01", -800)]}, 0),
    ("just above zero", {"rates": [("2020-01-01", -799)]}, 10),
    # A leap day is a day: 29 February and 1 March 2028, 2 × 27,397… = 54,79…
    ("over a leap day", {"paid": "2028-02-28", "decided": "2028-03-01"}, 55),
    # A new rule from 1 June with 5 % added: 29–31 May 3 days of 10 %, 1–2 June 2 days of 7 %: 100 000 × 0,44 / 365 = 120,54…
    (
        "a new rule",
        {
            "paid": "2026-05-28",
            "decided": "2026-06-02",
            "rules": [{}, {"valid_from": day("2026-06-01"), "margin": 500}],
        },
        121,
    ),
    # 18 400 kr, 12,25 %, 8 November 2024 to 26 November 2026: 749 days. 225 400 × 749 / 365 = 462 533,15…
    (
        "an assessment two years later",
        {"capital": 1_840_000, "paid": "2024-11-07", "decided": "2026-11-26", "rates": [("2020-01-01", 425)]},
        462_533,
    ),
]


def made(answers):
    found = dict(answers)
    if "rules" in found:
        found["rules"] = [Rule(**{"valid_from": day("2020-01-01"), **rule}) for rule in found["rules"]]
    if "rates" in found:
        found["rates"] = [Rate(day(first), rate) for first, rate in found["rates"]]
    return found


@pytest.mark.parametrize(("answers", "ore"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_amounts_by_hand(answers, ore):
    assert count(**made(answers)).amount == ore


@pytest.mark.parametrize(
    ("answers", "lacks", "on"),
    [
        ({"rules": []}, "rule", "2026-12-31"),
        ({"rates": []}, "rate", "2026-01-02"),
        # The first day with interest is 2 January: a rate from that day is enough, one from the day after is not.
        ({"rates": [Rate(day("2026-01-03"))]}, "rate", "2026-01-02"),
        ({"rules": [Rule(day("2026-01-03"))]}, "rule", "2026-01-02"),
        ({"rules": [Rule(day("2027-01-01"))]}, "rule", "2026-12-31"),
        ({"paid": None}, "paid", None),
    ],
)
def test_without_a_record_in_force_there_is_no_interest_and_a_reason(answers, lacks, on):
    found = count(**answers)
    assert (found.amount, found.lacks, found.day) == (None, lacks, day(on) if on else None)
    words = wording.lack(counted(found))
    assert words.endswith((".", "!"))
    assert on is None or on in words
    assert wording.rows(counted(found)) == []


@pytest.mark.parametrize("record", [{"rates": [Rate(day("2026-01-02"))]}, {"rules": [Rule(day("2026-01-02"))]}])
def test_a_record_from_the_first_day_on_is_enough(record):
    assert count(**record).amount == 9_973


def test_explanation_has_a_row_a_period():
    rates = [Rate(day("2020-01-01"), 200), Rate(day("2026-07-01"), 300), Rate(day("2026-07-11"), 100)]
    found = counted(count(paid="2026-06-20", decided="2026-07-10", rates=rates))
    first, second = wording.rows(found)
    assert (first.first, first.last, first.days, first.rate) == (day("2026-06-21"), day("2026-06-30"), 10, "10,00 %")
    assert (second.days, second.rate, second.sum_text) == (10, "11,00 %", "3,00 % + 8,00 %, 10 av 365 dagar")
    assert (first.amount, second.amount) == (274, 301)
    assert wording.start(found) == "Räntan räknas från och med 2026-06-21: dagen efter dagen då beloppet betalades ut."


DAYS = st.dates(date(2021, 1, 1), date(2030, 12, 31))
RATES = st.lists(st.tuples(DAYS, st.integers(-1_000, 2_000)), max_size=6, unique_by=lambda row: row[0])


def day_by_day(capital, first, last, rates, rule):
    """The same slowly: each day alone, by the newest rate that has begun."""
    total, at = Fraction(), first
    while at <= last:
        rate = [r.rate for r in sorted(rates, key=lambda r: r.valid_from) if r.valid_from <= at][-1]
        total += Fraction(capital * max(0, rate + rule.margin), 10_000 * rule.days_of_year)
        at += timedelta(days=1)
    return total


@UNHURRIED
@given(
    capital=st.integers(1, 10**10),
    paid=DAYS,
    days=st.integers(1, 400),
    more=RATES,
    of_year=st.sampled_from([360, 365, 366]),
)
def test_any_interest_is_the_sum_of_its_days(capital, paid, days, more, of_year):
    rule = Rule(day("2020-01-01"), days_of_year=of_year)
    rates = [Rate(day("2020-01-01")), *(Rate(*row) for row in more)]
    decided = paid + timedelta(days=days)
    found = interest(capital, paid_on=paid, decided_on=decided, due_on=decided, rules=[rule], rates=rates)
    assert sum(period.days for period in found.periods) == days
    assert all(a.last + timedelta(days=1) == b.first for a, b in zip(found.periods, found.periods[1:], strict=False))
    slowly = day_by_day(capital, paid + timedelta(days=1), decided, rates, rule)
    assert abs(Fraction(found.amount) - slowly) <= Fraction(1, 2)
    assert found.amount == half_up(slowly)
    longer = interest(
        capital, paid_on=paid, decided_on=decided + timedelta(days=1), due_on=decided, rules=[rule], rates=rates
    )  # fmt: skip
    assert longer.amount >= found.amount, "a day more never costs less"


@UNHURRIED
@given(st.integers(0, 10**6), st.integers(1, 10**4))
def test_half_goes_up(numerator, denominator):
    rounded = half_up(Fraction(numerator, denominator))
    assert -Fraction(1, 2) < rounded - Fraction(numerator, denominator) <= Fraction(1, 2)
