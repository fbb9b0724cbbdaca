"""The outbox: what must happen outside is a row in the step's transaction; workers take rows with SKIP LOCKED."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate
from audit.collector import collecting
from audit.models import AccessEntry, Via
from fmu_portal import broker
from fmu_portal.database import as_clock
from fmu_portal.models import Outbox

log = logging.getLogger("fmu.outbox")


class Again(Enum):
    """What a handler returns when its first half is to be kept and the row taken once more."""

    AGAIN = "again"


AGAIN = Again.AGAIN
Handler = Callable[[dict[str, Any]], Again | None]
HANDLERS: dict[str, Handler] = {}
AS_CLOCK: set[str] = set()
ONE_AT_A_TIME: set[str] = set()

RESTS = ("mail", "digest")
"""Kinds that ask the organisation's mail server: after one failure a run leaves them, so that a server that does not answer
holds up nothing else. The next run, 15 seconds later, tries again."""

_BACK_OFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
_quiet_until = 0.0

TOLD = "fmu:outbox:told"
"""The broker's key while a worker has been told and has not begun."""
_TOLD_FOR = 15
"""Seconds after which a worker is told anyway: the one that was may have died. Beat looks as often."""


def handler(kind: str, *, as_clock: bool = False, one_at_a_time: bool = False) -> Callable[[Handler], Handler]:
    """Register the function that does outbox rows of a kind; it runs inside the row's own transaction.

    It works under the mandate of whoever asked, and the database shows it what that mandate may see. ``as_clock``: as
    the clock, which sees the case's row and nothing of a person (a notice to those the asker no longer shares a case
    with). ``one_at_a_time``: all such kinds share one place among all the workers, so that slow work on what a stranger
    sent (two minutes for a hostile file) never takes more than one of their processes. One that returns `AGAIN` is called
    again in the next transaction, so that others see what it has written so far.
    """

    def register(function: Handler) -> Handler:
        HANDLERS[kind] = function
        if as_clock:
            AS_CLOCK.add(kind)
        if one_at_a_time:
            ONE_AT_A_TIME.add(kind)
        return function

    return register


def put(
    kind: str,
    key: str,
    payload: dict[str, Any],
    mandate_id: int | None = None,
    *,
    not_before: datetime | None = None,
) -> None:
    """Add a row to the current transaction (a second with the same key is nothing) and nudge a worker after commit.

    ``mandate_id`` is whoever asks; left out, the database writes the mandate at work in the transaction. ``not_before``:
    it is done then, found by beat.
    """
    row = Outbox(kind=kind, key=key, payload=payload)
    if not_before is not None:
        row.not_before = not_before
    if mandate_id:
        row.mandate_id = mandate_id
    Outbox.objects.bulk_create([row], ignore_conflicts=True)
    transaction.on_commit(nudge, robust=True)


def put_many(kind: str, rows: Mapping[str, dict[str, Any]], mandate_id: int) -> None:
    """The same for many: key -> payload, in one statement, asked by this mandate."""
    Outbox.objects.bulk_create(
        [Outbox(kind=kind, key=key, payload=payload, mandate_id=mandate_id) for key, payload in rows.items()],
        ignore_conflicts=True,
    )
    transaction.on_commit(nudge, robust=True)


def nudge() -> None:
    """Tell a worker that there is something to do, unless one has been told and has not begun yet: a thousand steps at
    once are one thing to do, and what comes after them waits for no queue of nudges.

    A broker that is down costs one short wait, then silence for 10 s. Nothing is lost by a lost nudge: beat looks every
    15 seconds.
    """
    global _quiet_until  # noqa: PLW0603 - one process-wide pause after a broker that did not answer
    if time.monotonic() < _quiet_until:
        return
    from fmu_portal.tasks import work_outbox

    try:
        if broker.client().set(TOLD, 1, nx=True, ex=_TOLD_FOR):
            work_outbox.apply_async(retry=False, expires=60)
    except Exception as error:
        _quiet_until = time.monotonic() + 10
        log.warning("broker does not answer: %s", type(error).__name__)


def heard() -> None:
    """A worker begins: what is written from now on is told anew. (What was written before, it sees.)"""
    try:
        broker.client().delete(TOLD)
    except Exception as error:  # the work is in the database
        log.warning("broker does not answer: %s", type(error).__name__)


def work(limit: int = 1000, batch: int = 50) -> int:
    """Do what is due, at most ``limit`` rows; return how many were done. Safe to run by several at once."""
    done = 0
    resting: set[str] = set()
    while done < limit:
        with transaction.atomic():
            now = timezone.now()
            rows = list(
                Outbox.objects.select_for_update(skip_locked=True)
                .filter(done_at__isnull=True, not_before__lte=now, kind__in=HANDLERS.keys() - resting)
                .order_by("not_before", "id")[:batch]
            )
            if not rows:
                return done
            # A slow kind (a PDF) is done alone, so that a killed worker redoes one and not fifty.
            if rows[0].kind in ONE_AT_A_TIME and not _has_the_place():
                resting |= ONE_AT_A_TIME  # whoever has the place does these too, before it is done
                continue
            if rows[0].kind != "notice":
                rows = rows[:1]
            rows = [row for row in rows if row.kind == rows[0].kind]
            for row in rows:
                if not _do(row) and row.kind in RESTS:
                    resting.update(RESTS)
            done += len(rows)
    return done


def _has_the_place() -> bool:
    """Take the one place of the kinds that are done one at a time, until the transaction ends; False when it is taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('fmu.outbox.one_at_a_time'))")
        return bool(cursor.fetchone()[0])


def _do(row: Outbox) -> bool:
    """Do one row; False when it failed and waits for another try."""
    try:
        with as_clock(), collecting() as gathered:
            mandate = None
            if row.kind not in AS_CLOCK and row.mandate_id is not None:
                # Told to the database by the query itself; it holds to the end of this block.
                mandate = Mandate.objects.filter(pk=row.mandate_id).at_work().get()
            again = HANDLERS[row.kind](row.payload)
            if mandate is not None and not gathered.empty:
                AccessEntry.record(gathered, Actor.of(mandate), Via.WORKER, row.kind)
    except Exception as error:
        # The class name alone: a message may hold what somebody wrote.
        wait = _BACK_OFF[min(row.attempts, len(_BACK_OFF) - 1)]
        row.attempts, row.error = row.attempts + 1, type(error).__name__[:120]
        row.not_before = timezone.now() + wait
        row.save(update_fields=["attempts", "error", "not_before"])
        log.error("outbox %s %s failed, attempt %s: %s", row.kind, row.pk, row.attempts, row.error)
        return False
    if again is None:
        row.done_at = timezone.now()
        row.save(update_fields=["done_at"])
    return True
