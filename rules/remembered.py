"""Rules by code, remembered by the process for a short while: pages explain many duties and the rules seldom change."""

from __future__ import annotations

import time

from rules.models import Rule

SECONDS = 30.0
_kept: dict[str, Rule] = {}
_until = 0.0


def rules_by_code() -> dict[str, Rule]:
    """code -> rule, for explanations. Never used to count a new day: that asks the table."""
    global _kept, _until  # noqa: PLW0603 - the process's own memory
    if time.monotonic() >= _until:
        _kept = {rule.code: rule for rule in Rule.objects.all()}
        _until = time.monotonic() + SECONDS
    return _kept


def forget() -> None:
    """Read the table again next time."""
    global _until  # noqa: PLW0603 - the process's own memory
    _until = 0.0
