"""Which ceiling is in force on the day that the rule names: 11 § the request, 12 § the year, 13 § the training day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reimbursement.models.claim import LineKind
from rules.models import Rule

KEYS: dict[str, str] = {
    LineKind.PHYSICIAN: "money.physician",
    LineKind.PSYCHOLOGIST: "money.psychologist",
    LineKind.PHYSIOTHERAPIST: "money.physiotherapist",
    LineKind.OCCUPATIONAL_THERAPIST: "money.occupational_therapist",
    LineKind.INTERPRETER: "money.interpreter_hour",
    LineKind.ADMINISTRATION: "money.administration",
    LineKind.NO_SHOW: "money.no_show",
    LineKind.LATE_NOTICE: "money.no_show",
    LineKind.TRAVEL: "money.travel",
}
"""Kind of line -> the rule's key; a training day's is ``money.training_`` and the profession."""

REASONABLE = (LineKind.NO_SHOW, LineKind.LATE_NOTICE, LineKind.TRAVEL)
"""Where law says "skäligt belopp" and no ceiling (11 § third, 13 § second)."""


@dataclass(frozen=True)
class Ceiling:
    """``unit``: öre for one (assessment, hour, day, year); None where law says a reasonable amount. ``rule``: its code."""

    rule: str
    unit: int | None


class Ceilings:
    """The money rules, read once: ask it for as many lines as there are."""

    def __init__(self) -> None:
        self._rules: dict[str, list[Rule]] = {}
        for rule in Rule.objects.filter(key__startswith="money.").order_by("valid_from"):
            self._rules.setdefault(rule.key, []).append(rule)

    def on(self, key: str, day: date, region_id: int | None = None) -> Ceiling | None:
        """The ceiling of a key on a day, a region's own before the general one; None when no rule is in force."""
        found = [
            rule
            for rule in self._rules.get(key, ())
            if rule.valid_from <= day
            and (rule.valid_to is None or day <= rule.valid_to)
            and rule.region_id in (None, region_id)
        ]
        if not found:
            return None
        rule = next((r for r in found if r.region_id is not None), found[-1])
        # Kronor with at most two decimals: exact as öre.
        return Ceiling(rule.code, None if rule.value is None else int(rule.value * 100))


def key_of(kind: str, profession: str = "") -> str:
    """The rule's key for a kind of line."""
    return f"money.training_{profession}" if kind == LineKind.TRAINING else KEYS[kind]


def for_minutes(unit: int, minutes: int) -> int:
    """The ceiling in öre for so many minutes of an hourly one; a part of an öre is not paid."""
    return unit * minutes // 60
