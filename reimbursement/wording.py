"""How a recovery's interest was counted, in Swedish, made from the codes, days and numbers that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from reimbursement.interest import HUNDREDTHS, LACKS, half_up

FROM = {
    "paid": "dagen då beloppet betalades ut",
    "demanded": "dagen för beslutet om återkrav",
    "due": "sista dag att betala",
}
READING = (
    "Portalens tolkning: första dagen med ränta är dagen efter den som regeln räknar till, sista dagen är dagen för"
    " beslutet. En räntesats under noll räknas som noll. Summan avrundas en gång, ett halvt öre uppåt."
)


def percent(hundredths: int) -> str:
    """ "8,25 %" of 825 hundredths of a per cent."""
    sign, value = ("−", -hundredths) if hundredths < 0 else ("", hundredths)
    return f"{sign}{value // 100},{value % 100:02d} %"


def lack(counted: Mapping[str, Any]) -> str:
    """Why interest could not be counted; empty when it could."""
    if not (found := counted.get("lacks")):
        return ""
    return LACKS[found].format(day=f"den {counted['day']}" if counted.get("day") else "")


@dataclass(frozen=True)
class Row:
    """A period of the explanation. ``amount``: öre, rounded for the page alone; the sum is rounded once from the exact."""

    first: date
    last: date
    days: int
    rate: str
    sum_text: str
    amount: int


def rows(counted: Mapping[str, Any]) -> list[Row]:
    """The explanation's periods, in order."""
    found = []
    for first, last, rate, margin, of_year in counted.get("periods", []):
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        days, total = (end - start) // timedelta(days=1) + 1, max(0, rate + margin)
        amount = half_up(Fraction(counted["capital"] * total * days, HUNDREDTHS * of_year))
        text = f"{percent(rate)} + {percent(margin)}"
        found.append(Row(start, end, days, percent(total), f"{text}, {days} av {of_year} dagar", amount))
    return found


def start(counted: Mapping[str, Any]) -> str:
    """From which day interest runs, and why."""
    if "first" not in counted:
        return ""
    after = counted["after"]
    days = f"{after} dagar efter " if after else ""
    return f"Räntan räknas från och med {counted['first']}: dagen efter {days}{FROM[counted['from']]}."
