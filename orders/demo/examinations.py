"""What happens between the order and the report in the made-up cases: pieces that the stories are put together of."""

from __future__ import annotations

from orders.demo.story import Story

NO_SHOWS = ("not_come", "not_come", "too_late", "no_part")
EXTRA = (0, 5, 8, 10, 12, 15)
"""Extra working days of an approved expansion, by lot."""


def visit(s: Story, whose: str = "physician", low: int = 3, high: int = 6) -> None:
    """A visit that is carried out; the physician's is now and then registered afterwards instead of booked."""
    if whose == "physician" and s.chance(0.25):
        s.go("register_visit", low, high)
        return
    _booked(s, whose, low, high)
    s.go("carry_out", s.ahead, s.ahead)


def _booked(s: Story, whose: str, low: int, high: int) -> None:
    s.ahead = s.rng.randint(low, high)
    s.go("book", 0, 1, word=f"{whose} {s.ahead}")
    if s.chance(0.8):
        s.go("summon", 0, 0)


def failed(s: Story, how: str) -> None:
    """A visit of the physician's that came to nothing: ``no_show``, ``interrupt``, ``late`` or ``notice`` (in time)."""
    _booked(s, "physician", 4, 6)
    if how in ("late", "notice"):
        days = s.ahead - (1 if how == "late" else 3)
        s.go("give_notice", days, days)
    else:
        s.go(how, s.ahead, s.ahead, word=s.rng.choice(NO_SHOWS) if how == "no_show" else "")


def broken_off(s: Story) -> None:
    """A visit is booked and still to come when something ends the case."""
    _booked(s, "physician", 5, 9)


def examine(s: Story) -> None:
    """The visits up to the report, most of them without anything else."""
    lot = s.rng.random()
    for how, share in (("no_show", 0.04), ("late", 0.07), ("notice", 0.1), ("interrupt", 0.12)):
        if lot < share:
            failed(s, how)
            break
    visit(s)
    if s.chance(0.1):
        widen(s)


def widen(s: Story, done: bool = True) -> None:
    """An expansion: proposed, decided, the other professions' visits and their sections; not ``done``: one is not."""
    count = 2 if s.chance(0.3) else 1
    s.go("propose", 0, 1, word=str(count))
    if done and s.chance(0.12):
        s.go("decline_expansion", 1, 3)
        return
    extra = s.rng.choice(EXTRA)
    s.go("approve", 1, 3, word=str(extra))
    s.add_time(extra)
    for n in range(count):
        if done:
            visit(s, str(n), 2, 4)
        s.go("sign_section" if done else "section_not_done", 0, 1, word=str(n))


def defer(s: Story) -> None:
    """A risk of delay, passed on and granted."""
    days = s.rng.randint(3, 10)
    s.go("tell_risk", 0, 1, word=str(days))
    s.go("pass_on", 0, 1)
    s.go("grant", 1, 2, word=str(days))
    s.add_time(days)
