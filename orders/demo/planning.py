"""Which cases there are and when they began: drawn from the stories, placed in time, in order of their first day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from fmu_portal.working_days import ordinal
from orders.demo.calendar import Calendar
from orders.demo.stories import AHEAD, CLOSED, DESK, OPEN
from orders.demo.story import Plan, Story

_HISTORY = 430
"""Working days back that the ended cases are spread over: about 20 months."""

_LONGEST = 120
"""Working days that the longest story may take."""


def plans(calendar: Calendar, count: int, seed: int, open_share: float) -> list[Plan]:
    """As many plans as asked for, sorted by their first day. The stable desks come first, then by lot."""
    rng = Random(seed)  # noqa: S311 - made-up cases, not a secret
    made = [_open(calendar, rng, tell, ahead, "first") for tell, ahead in DESK]
    made += [_closed(calendar, rng, tell, "first") for tell in CLOSED for _ in range(2)]
    made += [_open(calendar, rng, tell, ahead, "skane") for tell, ahead in DESK[::3]]
    made = made[:count]
    opens = round(open_share * count)
    more_open = max(0, opens - sum(1 for plan in made if plan.acts[-1].step not in _LAST))
    more_open = min(more_open, count - len(made))
    for tell in rng.choices([*OPEN], [*OPEN.values()], k=more_open):
        made.append(_open(calendar, rng, tell, rng.choice(AHEAD), ""))
    for tell in rng.choices([*CLOSED], [*CLOSED.values()], k=count - len(made)):
        made.append(_closed(calendar, rng, tell, ""))
    return sorted(made, key=lambda plan: plan.start)


def plans_of_year(calendar: Calendar, count: int, seed: int, year: int) -> list[Plan]:
    """As many cases that were begun on the year's working days, spread over them, and that have ended since."""
    rng = Random(seed * 10_000 + year)  # noqa: S311 - made-up cases, not a secret
    first, last = ordinal(date(year, 1, 1) - timedelta(1)) + 1, ordinal(date(year, 12, 31))
    made = []
    for tell in rng.choices([*CLOSED], [*CLOSED.values()], k=count):
        story = Story(rng, calendar.days)
        tell(story)
        made.append(Plan(min(rng.randint(first, last), calendar.last - story.now), tuple(story.acts), ""))
    return sorted(made, key=lambda plan: plan.start)


_LAST = {"complete", "withdraw", "end", "discard"}


def _open(calendar: Calendar, rng: Random, tell: Callable[[Story], None], ahead: int, desk: str) -> Plan:
    """An open case whose last day is ``ahead`` working days from today, or as far as the situation allows."""
    story = Story(rng, calendar.days)
    tell(story)
    if story.hangs_on == "confirm_underlag":
        ahead = max(ahead, 0)  # when that day has passed, the clock has recorded the silence
    start = min(calendar.last + 1 + ahead - story.anchor, calendar.last - story.now)
    return Plan(start, tuple(story.acts), desk)


def _closed(calendar: Calendar, rng: Random, tell: Callable[[Story], None], desk: str) -> Plan:
    """A case that has ended: some lately, most over the past months."""
    story = Story(rng, calendar.days)
    tell(story)
    most = max(1, min(_HISTORY, calendar.last - calendar.first - _LONGEST))
    ago = rng.randint(0, 12) if desk or rng.random() < 0.1 else rng.randint(0, most)
    return Plan(calendar.last - story.now - ago, tuple(story.acts), desk)
