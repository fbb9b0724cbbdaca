"""Seals: rows that are only added are closed in batches, each seal's hash taken over its rows and the seal before.

A row's id is taken before its transaction ends, so a reader may see number 8 before number 7 is there. The sealer
therefore first locks the table against writers for the moment it takes to read the highest number (whoever had taken a
lower one has then ended), and only then reads and hashes. A lock that is not given within a second is tried again the
next time: nobody waits for the seal.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from audit.models import Log, Seal
from fmu_portal.database import as_clock

_lines = logging.getLogger("fmu.audit")

BATCH = 10_000
"""Rows in a seal, at most."""

_UTC = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
_ROWS = {
    Log.ACCESS: "SELECT id, jsonb_build_array(id, "
    + _UTC.format("at")
    + ", mandate_id, organisation_id, role, via, what, cases, parts, wrote, why, host(address), namesakes)::text"
    " FROM audit_accessentry",
    Log.EVENT: "SELECT id, jsonb_build_array(id, process, subject_id, case_id, step, party, organisation_id, mandate_id,"
    " from_status, to_status, " + _UTC.format("at") + ", data)::text FROM fmu_portal_event",
}
_TABLES = {Log.ACCESS: "audit_accessentry", Log.EVENT: "fmu_portal_event"}


def _rows(log: Log, first: int, last: int) -> Iterator[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_ROWS[log]} WHERE id BETWEEN %s AND %s ORDER BY id", [first, last])
        while rows := cursor.fetchmany(2000):
            yield from rows


def _digest(previous: str, number: int, rows: Iterator[tuple[int, str]]) -> tuple[str, int]:
    digest, count = hashlib.sha256(f"{previous}:{number}\n".encode()), 0
    for _, text in rows:
        digest.update(text.encode() + b"\n")
        count += 1
    return digest.hexdigest(), count


def _highest(log: Log) -> int | None:
    """The highest number below which every row is there for good; None when writers were at work all the time."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute("SELECT audit_highest(%s)", [str(log)])
            return int(cursor.fetchone()[0])
    except OperationalError:  # the lock was not given
        return None


def seal(log: Log) -> int:
    """Seal what is not sealed yet; return how many rows. Two at once: the second finds nothing left."""
    with as_clock():
        highest = _highest(log)
    done = 0
    while highest is not None:
        with as_clock(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"seal:{log}"])
            before = Seal.objects.filter(log=log).order_by("-number").first()
            first = before.last + 1 if before else 1
            ids = f"SELECT id FROM {_TABLES[log]} WHERE id BETWEEN %s AND %s ORDER BY id OFFSET %s LIMIT 1"
            if first > highest:
                return done
            cursor.execute(ids, [first, highest, BATCH - 1])
            row = cursor.fetchone()
            last = int(row[0]) if row else highest
            number = before.number + 1 if before else 1
            digest, count = _digest(before.digest if before else "", number, _rows(log, first, last))
            Seal.objects.create(log=log, number=number, first=first, last=last, count=count, digest=digest)
            done += count
    return done


def seal_all() -> int:
    """Both logs; return how many rows. Each new end of a chain is a line in the process's log too, which goes elsewhere:
    a chain that somebody cuts or writes anew does not hold it any more (`holds`)."""
    done = 0
    for log in Log:
        rows = seal(log)
        if rows:
            with as_clock():
                _lines.info("sealed rows=%s anchor=%s", rows, anchor(log))
        done += rows
    return done


@dataclass(frozen=True)
class Tail:
    """What is not sealed yet: how many rows, and since when the oldest of them has waited."""

    rows: int
    oldest: datetime | None

    @property
    def seconds(self) -> int:
        """The tail's age in seconds, 0 when everything is sealed."""
        return int((timezone.now() - self.oldest).total_seconds()) if self.oldest else 0


def tail(log: Log) -> Tail:
    """The rows after the last seal."""
    with as_clock(), connection.cursor() as cursor:
        before = Seal.objects.filter(log=log).order_by("-number").first()
        cursor.execute(f"SELECT count(*), min(at) FROM {_TABLES[log]} WHERE id > %s", [before.last if before else 0])
        count, oldest = cursor.fetchone()
    return Tail(int(count), oldest)


def verify(log: Log) -> Iterator[str]:
    """Every place where a log and its seals differ, in words. Reads the whole log."""
    with as_clock():
        previous, expected, first = "", 1, 1
        for row in Seal.objects.filter(log=log).order_by("number").iterator():
            if row.number != expected:
                yield f"{Log(log).label}: sigill {expected} saknas."
            if row.first != first:
                yield f"{Log(log).label}: sigill {row.number} börjar på rad {row.first}, väntat {first}."
            digest, count = _digest(previous, row.number, _rows(log, row.first, row.last))
            if count != row.count:
                yield f"{Log(log).label}: sigill {row.number} har {count} rader, väntat {row.count}."
            elif digest != row.digest:
                yield f"{Log(log).label}: någon rad {row.first}–{row.last} (sigill {row.number}) har ändrats."
            previous, expected, first = row.digest, row.number + 1, row.last + 1


def anchor(log: Log) -> str:
    """The last seal as one line to publish: log, number, hash. "" before the first.

    The hash in eights: a longer run of digits could be taken for a personnummer, and be struck from a log (`logs.tidy`).
    """
    row = Seal.objects.filter(log=log).order_by("-number").first()
    eights = [row.digest[start : start + 8] for start in range(0, 64, 8)] if row else []
    return f"{log}:{row.number}:{'.'.join(eights)}" if row else ""


def holds(anchored: str) -> bool:
    """Whether a published anchor is still a seal of the chain."""
    log, _, rest = anchored.partition(":")
    number, _, digest = rest.replace(".", "").partition(":")
    return number.isdecimal() and Seal.objects.filter(log=log, number=int(number), digest=digest).exists()
