"""One step on many claims: asked for on a page, taken by a worker in its asker's name, some hundreds in a transaction.

How far it has come is written in the transaction that took the steps, and the job's row is locked meanwhile: a worker that
dies leaves nothing half done, the next begins where the last whole part ended, and two never work on the same job.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Mandate
from fmu_portal.engine import outbox
from fmu_portal.engine.many import Taken, take_many
from fmu_portal.engine.refusals import Refused, WrongRole
from fmu_portal.engine.registry import PROCESSES
from reimbursement.models import Claim, Job
from reimbursement.process import CLAIM

KIND = "claim_job"
CHUNK = 500
"""Claims in a transaction: what a killed worker does again, and the steps in which a page sees it move."""
MOST = 20_000
"""Claims in one job: a large region's two years. The ids stand in one row."""
MOST_OPEN = 3
"""Jobs of one mandate that may be on their way at once."""

GONE = "Begäran finns inte längre, eller så når uppdraget den inte."
FAILED = "Det gick inte att göra. Öppna begäran och försök där."
NO_MANDATE = "Uppdraget som det begärdes under gäller inte längre."

log = logging.getLogger("fmu.claims")


@dataclass(frozen=True)
class Words:
    """How a page speaks of a job: the deed as a title, what has been done of one and of many."""

    title: str
    one: str
    many: str


WORDS = {
    "submit": Words("Skicka begäranden om ersättning", "skickad", "skickade"),
    "approve_all": Words("Godta allt som begärts", "godtagen", "godtagna"),
    "attest": Words("Attestera beslut om ersättning", "attesterad", "attesterade"),
    "attest_refusal": Words("Attestera avslag", "attesterad", "attesterade"),
    "recall": Words("Ta tillbaka begäranden", "tillbakatagen", "tillbakatagna"),
}
"""Step -> its words; another step has its label and "klar"."""


class JobBusy(Refused):
    """The mandate has as many jobs on their way as it may."""

    code, status = "job_running", 409
    title = "Det pågår redan"


def words_of(step: str) -> Words:
    """The words of a step's job."""
    return WORDS.get(step) or Words(CLAIM.steps[step].label, "klar", "klara")


def ask(actor: Actor, step: str, versions: Mapping[int, int]) -> Job:
    """Have a worker take a step on claims: claim id -> the version that was seen. Returns the job, whose page says how it goes.

    The same asked for once more while it is under way (a double click) gives the same job. The door checks each claim
    when its turn comes; here only what holds for all. Raises `Refused` (no such step, nothing chosen, too many), `WrongRole` or
    `JobBusy`.
    """
    row = CLAIM.steps.get(step)
    if row is None or row.follows or PROCESSES[CLAIM.name].input_of(row) is not None:
        raise Refused("Det steget går inte att ta för flera på en gång.")
    if actor.role not in row.by.get(actor.party, ()):
        raise WrongRole("Ditt uppdrag ger inte rätt att göra det här.")
    if not versions:
        raise Refused("Välj minst en begäran.")
    if len(versions) > MOST:
        most = f"{MOST:,}".replace(",", " ")
        raise Refused(f"Högst {most} begäranden åt gången. Begränsa urvalet, till exempel till en månad.")
    pks = sorted(versions)
    with transaction.atomic():
        # One mandate's asking at a time, so that a double click finds what the first click made.
        Mandate.objects.select_for_update(of=("self",), no_key=True).filter(pk=actor.mandate_id).first()
        under_way = list(Job.objects.filter(mandate_id=actor.mandate_id, ended_at__isnull=True))
        same = next((job for job in under_way if job.step == step and job.claims == pks), None)
        if same is not None:
            return same
        if len(under_way) >= MOST_OPEN:
            raise JobBusy(f"Du har redan {MOST_OPEN} jobb som pågår. Vänta tills något är klart.")
        job = Job.objects.create(
            mandate_id=actor.mandate_id, step=step, claims=pks, versions=[versions[pk] for pk in pks]
        )
        outbox.put(KIND, f"{KIND}:{job.pk}", {"job": job.pk}, actor.mandate_id)
        return job


def handled(job: Job) -> int:
    """How many of the claims have been dealt with: done or refused."""
    return job.done + len(job.refused)


def carry_on(payload: dict[str, Any]) -> outbox.Again | None:
    """The job's next claims, and `AGAIN` while there are more."""
    job = Job.objects.select_for_update(of=("self",)).filter(pk=payload["job"], ended_at__isnull=True).first()
    if job is None:
        return None
    mandate = Mandate.objects.valid().select_related("user", "organisation").filter(pk=job.mandate_id).first()
    first = handled(job)
    # Without its mandate the rest is refused at once: there is nothing to wait for.
    last = first + CHUNK if mandate is not None else len(job.claims)
    versions = dict(zip(job.claims[first:last], job.versions[first:last], strict=True))
    numbers = dict(Claim.objects.filter(pk__in=versions).values_list("pk", "number"))
    if mandate is None:
        refused = dict.fromkeys(versions, NO_MANDATE)
    else:
        taken = _take(job.step, versions, Actor.of(mandate))
        refused = {pk: taken.refused.get(pk, GONE) for pk in versions if pk not in taken.events}
    job.done += len(versions) - len(refused)
    job.refused += [[numbers.get(pk, ""), why] for pk, why in refused.items()]
    job.ended_at = timezone.now() if handled(job) >= len(job.claims) else None
    job.save(update_fields=["done", "refused", "ended_at"])
    return outbox.AGAIN if job.ended_at is None else None


def _take(step: str, versions: dict[int, int], actor: Actor) -> Taken:
    """All at once; one at a time when that fails, so that one claim that cannot be taken stops no other."""
    try:
        with transaction.atomic():
            return take_many(CLAIM.name, list(versions), step, actor, versions=versions)
    except (OperationalError, InterfaceError):
        raise  # the database went away or was in the way: the outbox tries the whole part again
    except Exception as error:
        log.error("claims %s: a part of a job failed: %s", step, type(error).__name__)
    whole = Taken()
    for pk, version in versions.items():
        try:
            with transaction.atomic():
                one = take_many(CLAIM.name, [pk], step, actor, versions={pk: version})
        except (OperationalError, InterfaceError):
            raise
        except Refused as refused:
            whole.refused[pk] = refused.text
        except Exception as error:
            log.error("claim %s %s failed: %s", pk, step, type(error).__name__)
            whole.refused[pk] = FAILED
        else:
            whole.events.update(one.events)
            whole.refused.update(one.refused)
    return whole


def by_reason(job: Job) -> list[tuple[str, list[str]]]:
    """What was refused: (why, the claims' numbers), the commonest first."""
    found: dict[str, list[str]] = {}
    for number, why in job.refused:
        found.setdefault(why, []).append(number)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def register() -> None:
    """Called once when the app is ready."""
    outbox.HANDLERS[KIND] = carry_on
