"""What Celery runs: the outbox, the clock, the seals of the logs. Each is safe to run twice and by two at once."""

from __future__ import annotations

from audit.sealing import seal_all
from fmu_portal.celery import app
from fmu_portal.engine import clock, outbox


@app.task  # type: ignore[untyped-decorator]
def work_outbox() -> int:
    """Do what lies in the outbox; return the number of rows done."""
    outbox.heard()
    return outbox.work()


@app.task  # type: ignore[untyped-decorator]
def watch_deadlines() -> dict[str, int]:
    """Remind, record silence, flag what has passed; return counts."""
    return clock.watch()


@app.task  # type: ignore[untyped-decorator]
def seal_logs() -> int:
    """Seal what has been added to the logs; return how many rows."""
    return seal_all()
