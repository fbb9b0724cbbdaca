"""One made-up case as it is told: its steps with the working days between them, and where it is placed in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

DECIDED = 8
"""Working days to the day that a person decides for a supplement."""


class Act(NamedTuple):
    """A step on a day (working days from the draft), with a word for its variant."""

    day: int
    step: str
    word: str = ""


class Story:
    """Steps so far. ``days``: duty kind -> its rule's working days."""

    def __init__(self, rng: Random, days: Mapping[str, int]) -> None:
        self.rng, self.days = rng, days
        self.acts: list[Act] = [Act(0, "create")]
        self.now, self.complete, self.extra, self.ahead = 0, 0, 0, 0
        self._hang("send_or_discard")

    def go(self, step: str, low: int, high: int, owes: str = "", word: str = "") -> None:
        """A step some working days later; the situation then hangs on the duty it ``owes``."""
        self.now += self.rng.randint(low, high)
        self.acts.append(Act(self.now, step, word))
        if step == "order" or (step == "supplement_underlag" and owes == "confirm_underlag"):
            self.complete = self.now
        if owes:
            self._hang(owes, DECIDED if word == "decided" else None)

    def interpreted(self) -> None:
        """The request says that an interpreter is needed."""
        self.acts = [act._replace(word="interpreter") if act.step == "request" else act for act in self.acts]

    def silence(self) -> None:
        """The unit does not answer, and the clock says so the day after the last day to confirm."""
        self.acts.append(Act(self.now, "record_silence"))
        self.now += self.days["confirm_underlag"] + 1
        self._hang("deliver_report")

    def add_time(self, days: int) -> None:
        """A decision has moved the report's last day so many working days on."""
        self.extra += days
        if self.hangs_on == "deliver_report":
            self._hang("deliver_report")

    def _hang(self, owes: str, days: int | None = None) -> None:
        since = self.complete + self.extra if owes == "deliver_report" else self.now
        self.hangs_on, self.anchor = owes, since + (self.days[owes] if days is None else days)

    def until(self, low: int, high: int) -> int:
        """Working days from now until a day counted from when the underlag was complete, with the time that has been
        given besides; one at least."""
        return max(1, self.complete + self.extra + self.rng.randint(low, high) - self.now)

    def chance(self, share: float) -> bool:
        """True for a share of the cases."""
        return self.rng.random() < share


@dataclass(frozen=True)
class Plan:
    """A story placed in time: ``start`` is the ordinal of the draft's day; ``desk`` names a stable login's unit."""

    start: int
    acts: tuple[Act, ...]
    desk: str
