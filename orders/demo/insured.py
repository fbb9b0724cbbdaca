"""Made-up insured persons: valid personnummer with birth numbers 980–999, the range of test persons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from fmu_portal import identity
from orders.demo.ledger import text
from orders.demo.parties import Place
from orders.demo.words import MEN, REPRESENTATIVES, STREETS, SURNAMES, WOMEN

_FIRST, _DAYS = date(1962, 1, 1), 43 * 365
_BIRTH_NUMBERS = range(980, 1000)
_STEP = 700_001  # prime to the number of numbers, so that none comes twice before all have come


def luhn(nine: str) -> int:
    """The check digit of the nine digits YYMMDDNNN (SKV 704)."""
    total = 0
    for index, char in enumerate(nine):
        doubled = int(char) * (1 if index % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def numbers(seed: int) -> Iterator[str]:
    """Personnummer of twelve digits, all different until there are no more (about 314 000)."""
    count = _DAYS * len(_BIRTH_NUMBERS)
    at = Random(seed).randrange(count)  # noqa: S311 - made-up people, not a secret
    while True:
        at = (at + _STEP) % count
        born = _FIRST + timedelta(at // len(_BIRTH_NUMBERS))
        eleven = f"{born:%Y%m%d}{_BIRTH_NUMBERS[at % len(_BIRTH_NUMBERS)]}"
        yield f"{eleven}{luhn(eleven[2:])}"


def person_line(case_id: int, digits: str, place: Place, rng: Random) -> str:
    """The person's row as a line of COPY."""
    woman = int(digits[10]) % 2 == 0
    first = rng.choice(WOMEN if woman else MEN)
    name = f"{first} {rng.choice(SURNAMES)}"
    representative = rng.choice(REPRESENTATIVES) if rng.random() < 0.05 else ""
    email = f"person.{case_id}@example.org" if rng.random() < 0.5 else ""
    return (
        f"{case_id}\t{identity.encrypt(digits).decode()}\t{identity.lookup_hash(digits)}\t{name}"
        f"\t{rng.choice(STREETS)} {rng.randint(1, 98)}\t{place.code}\t{text(place.locality)}"
        f"\t070-174 06 {rng.randint(5, 99):02d}\t{email}\t{representative}"
    )
