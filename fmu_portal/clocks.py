"""Whether a machine's clock goes with the database's. A moment in a log or a row is the process's own: of machines that
disagree, the order of what happened cannot be told. 2 seconds is a routine, no rule.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

log = logging.getLogger("fmu.clock")

MOST = 2.0
"""Seconds that a clock may differ."""

_told = threading.Event()
"""Set when it has been said, and not said again until the clocks go together."""


def now() -> datetime:
    """This machine's moment: read it before the database is asked for its own."""
    return datetime.now(UTC)


def in_step(asked: datetime, theirs: datetime) -> bool:
    """Whether this machine's clock goes with a moment that the database has told since ``asked``. A line when it stops.

    The answer may have waited: only a moment before the question, or after now, says that a clock is wrong.
    """
    off = max((asked - theirs).total_seconds(), 0.0) - max((theirs - now()).total_seconds(), 0.0)
    if abs(off) <= MOST:
        _told.clear()
        return True
    if not _told.is_set():
        log.warning("clock differs from the database's by %.1f seconds", off)
    _told.set()
    return False
