"""Typed refusals of the door: each has a stable code, a sentence in Swedish and a page or API answer of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any


class Refused(Exception):
    """A step that was not taken. Nothing has been changed."""

    code = "refused"
    status = 409
    title = "Det går inte att göra nu"

    def __init__(self, text: str, **facts: Any) -> None:
        super().__init__(text)
        self.text = text
        self.facts = facts


class WrongRole(Refused):
    """The mandate's role may not take this step."""

    code = "wrong_role"
    status = 403


class WrongState(Refused):
    """The step does not exist where the subject now is, and nobody else got in between."""

    code = "wrong_state"


class LostRace(Refused):
    """Somebody else took a step after the page was opened (``own``: the same person, in another window or by pressing
    twice), and this one is no longer possible."""

    code = "lost_race"

    def __init__(
        self, text: str, *, who: str, done: str, label: str, at: datetime, status_label: str, own: bool
    ) -> None:
        super().__init__(text, who=who, done=done, label=label, at=at, status_label=status_label, own=own)


class Stale(Refused):
    """The decision rested on a version that is no longer the latest."""

    code = "stale_version"

    def __init__(self, text: str, *, what: str, seen: int | None, now: int) -> None:
        super().__init__(text, what=what, seen=seen, now=now)


class InvalidInput(Refused):
    """The input is missing or wrong; ``errors`` maps field -> sentences."""

    code = "invalid_input"
    status = 422

    def __init__(self, errors: dict[str, list[str]], form: Any = None) -> None:
        super().__init__("Uppgifterna behöver rättas.", errors=errors)
        self.args = (self.text, sorted(errors))  # a log may say which fields, never what was typed
        self.errors = errors
        self.form = form


class NoRule(Refused):
    """No rule is in force on the day: the portal does not guess."""

    code = "no_rule"

    def __init__(self, rule: str, day: date) -> None:
        super().__init__(
            f"Ingen regel för {rule} gäller {day.isoformat()}. Portalen räknar inte ut en dag utan regel.",
            rule=rule,
            day=day,
        )
