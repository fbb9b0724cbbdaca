"""A rule or the calendar has changed: which open duties would get another day, shown first, moved when a person says so.

`find_moves` is run after reference data is loaded and keeps the answer as a `Recount`; `decide` is the person's answer.
A moved duty is a new row that supersedes the old one, with an event that says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.roles import Party
from fmu_portal.engine.refusals import NoRule, WrongState
from fmu_portal.engine.registry import PROCESSES, count_limit
from fmu_portal.models import Duty, Event, Recount

BATCH = 5000


def moved_duties() -> Iterator[tuple[Duty, date, str, dict[str, Any]]]:
    """Every open duty that counts to another day now: (duty, new day, rule, inputs). One pass, rules read once each."""
    limits: dict[tuple[str, str, int | None], tuple[date, str, dict[str, Any]] | None] = {}
    rows = Duty.objects.open().exclude(inputs__has_key="decided").order_by("id")
    regions: dict[int, int | None] = {}
    for duty in rows.iterator(chunk_size=BATCH):
        kind = PROCESSES[duty.process].process.duties.get(duty.kind)
        if kind is None:
            continue
        region = _region_of(duty, regions)
        key = (kind.rule, duty.inputs["start"], region)
        if key not in limits:
            try:
                limit = count_limit(kind.rule, date.fromisoformat(duty.inputs["start"]), region)
                limits[key] = (limit.due, limit.rule, limit.inputs)
            except NoRule:
                limits[key] = None
        new = limits[key]
        if new is not None and new[0] != duty.due:
            yield duty, *new


def _region_of(duty: Duty, cache: dict[int, int | None]) -> int | None:
    """The region whose routines apply; only asked where some region has a routine of its own."""
    if not cache and not _regional_rules():
        return None
    if duty.subject_id not in cache:
        model = PROCESSES[duty.process].model
        cache[duty.subject_id] = model.objects.values_list("region_id", flat=True).get(pk=duty.subject_id)
    return cache[duty.subject_id]


def _regional_rules() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM rules_rule WHERE region_id IS NOT NULL)")
        return bool(cursor.fetchone()[0])


def find_moves() -> int:
    """Look for duties that would move and keep the list for a person to decide on; return how many."""
    moves = [[d.pk, d.kind, d.party, d.due.isoformat(), new.isoformat()] for d, new, _, _ in moved_duties()]
    undecided = Recount.objects.filter(decided_at__isnull=True)
    if not moves:
        undecided.update(decided_at=timezone.now(), approved=False)
        return 0
    digest = hashlib.sha256(json.dumps(moves).encode()).hexdigest()
    undecided.exclude(digest=digest).update(decided_at=timezone.now(), approved=False)
    Recount.objects.get_or_create(digest=digest, decided_at=None, defaults={"moves": moves})
    return len(moves)


def decide(recount_id: int, user_id: int, approved: bool) -> int:
    """A person's answer to a list; when yes, the duties on it that still stand as shown are moved. Returns how many.

    Raises `WrongState` when somebody has answered already.
    """
    with transaction.atomic():
        recount = Recount.objects.select_for_update().get(pk=recount_id)
        if recount.decided_at is not None:
            raise WrongState("Någon har redan tagit ställning till omräkningen.", status_label="")
        recount.decided_at, recount.decided_by_id, recount.approved = timezone.now(), user_id, approved
        moved = _move(recount) if approved else 0
        recount.done_at = timezone.now() if approved else None
        recount.save()
        return moved


def _move(recount: Recount) -> int:
    shown = {row[0]: row[4] for row in recount.moves}
    moved = 0
    for found, new, rule, inputs in list(moved_duties()):
        if shown.get(found.pk) != new.isoformat():
            continue  # not what the person saw: it comes in the next list
        registered = PROCESSES[found.process]
        subject = registered.model.objects.select_for_update(of=("self",)).get(pk=found.subject_id)
        duty = Duty.objects.open().filter(pk=found.pk).first()
        if duty is None:
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('fmu_portal_event', 'id'))")
            event_id = int(cursor.fetchone()[0])
        Duty.objects.filter(pk=duty.pk).update(closed_by_id=event_id)
        old_id, old_due = duty.pk, duty.due
        duty.pk, duty.due, duty.rule, duty.inputs, duty.opened_by_id = None, new, rule, inputs, event_id
        duty._state.adding = True
        duty.save(force_insert=True)
        Duty.objects.filter(pk=old_id).update(superseded_by=duty)
        Event(
            pk=event_id,
            process=found.process,
            subject_id=found.subject_id,
            case_id=duty.case_id,
            step="recount",
            party=Party.ADMINISTRATION,
            from_status=subject.status,
            to_status=subject.status,
            data={
                "recount": recount.pk,
                "closed": [old_id],
                "moved": [[old_id, duty.pk]],
                "kind": duty.kind,
                "from": old_due.isoformat(),
                "to": new.isoformat(),
                "opened": [[duty.pk, duty.kind, duty.organisation_id, new.isoformat(), rule, inputs, duty.holder_id]],
            },
        ).save(force_insert=True)
        moved += 1
    return moved
