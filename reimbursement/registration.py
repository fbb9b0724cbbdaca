"""What the app gives the engine and the floors below when it starts."""

from __future__ import annotations

from django.urls import URLPattern

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Role
from fmu_portal import context
from fmu_portal.database import register_walls
from fmu_portal.engine import clock, registry
from fmu_portal.engine.registry import Registered


def menu(actor: Actor) -> list[context.Entry]:
    """Ersättning, for those who see claims; desks and the records of interest, for the portal's administrator."""
    if actor.role == Role.ADMINISTRATOR:
        return [("Granskande kontor", "/ersattning/kontor/", None), ("Räntor", "/ersattning/rantor/", None)]
    return [("Ersättning", "/ersattning/", None)] if actor.sees(See.CLAIM) else []


def _claim() -> Registered:
    from orders.api import further
    from reimbursement import effects, evidence, inputs, letters
    from reimbursement.models import Claim
    from reimbursement.process import CLAIM

    claim = registry.register(CLAIM, Claim, "SELECT reimbursement_apply_claim(%s)")
    claim.page = lambda pk: f"/ersattning/begaran/{pk}/"
    claim.prepare = effects.prepare
    claim.inputs.update(inputs.INPUTS)
    claim.guards.update(effects.GUARDS, evidence_can_be_sent=evidence.evidence_can_be_sent)
    for step, hook in effects.BEFORE.items():
        claim.hook(step, hook)
    for step, hooks in effects.AFTER.items():
        claim.after_all.setdefault(step, []).extend(hooks)
    for step in letters.STEPS:
        claim.after_all.setdefault(step, []).append(letters.order)
    further.register(_claims)
    return claim


def _claims() -> list[URLPattern]:
    from reimbursement.api import claim_steps, claims

    return [*claims.patterns(), *claim_steps.patterns()]


def _recovery() -> Registered:
    from reimbursement import recovering
    from reimbursement.inputs import recovering as inputs
    from reimbursement.models import Recovery
    from reimbursement.processes.recovery import RECOVERY

    recovery = registry.register(RECOVERY, Recovery, "SELECT reimbursement_apply_recovery(%s)")
    recovery.page = lambda pk: f"/ersattning/aterkrav/{pk}/"
    recovery.inputs.update(inputs.INPUTS)
    recovery.guards.update(recovering.GUARDS)
    for step, hook in recovering.BEFORE.items():
        recovery.hook(step, hook)
    for step, hook in recovering.AFTER.items():
        recovery.hook_after(step, hook)
    return recovery


def _review() -> Registered:
    from reimbursement import control
    from reimbursement.inputs import reviewing
    from reimbursement.models import Review
    from reimbursement.processes.review import REVIEW

    review = registry.register(REVIEW, Review, "SELECT reimbursement_apply_review(%s)")
    review.page = lambda pk: f"/ersattning/kontroll/granskning/{pk}/"
    review.inputs.update(reviewing.INPUTS)
    review.guards.update(control.GUARDS)
    clock.register_chore(control.chore)
    return review


def _operations() -> list[URLPattern]:
    from reimbursement.api import control, recoveries

    return [*recoveries.patterns(), *control.patterns()]


def _batch() -> None:
    from orders.api import further
    from reimbursement import batches, inputs, paying
    from reimbursement.models import Batch
    from reimbursement.processes.batch import BATCH

    batch = registry.register(BATCH, Batch, "SELECT reimbursement_apply_batch(%s)")
    batch.page = lambda pk: f"/ersattning/utbetalningar/{pk}/"
    batch.inputs.update(inputs.OF_BATCHES)
    batch.guards.update(batches.GUARDS)
    for step, hook in batches.BEFORE.items():
        batch.hook(step, hook)
    for step, after in batches.AFTER.items():
        batch.hook_after(step, after)
    clock.register_chore(paying.pay_daily)
    further.register(_payments)


def _payments() -> list[URLPattern]:
    from reimbursement.api import payments, statement

    return [*payments.patterns(), *statement.patterns()]


def register_all() -> None:
    """Called once when the app is ready."""
    from orders.api import further
    from reimbursement import beside, demo, evidence, jobs, notices, proposing, reach, rechecking
    from reimbursement.models import Batch, Claim, Recovery, Review

    _claim()
    _recovery()
    _batch()
    _review()
    for model in (Claim, Recovery, Batch, Review):
        registry.PROCESSES[model.PROCESS].aside = beside.of(model)
    proposing.register()
    rechecking.register()
    jobs.register()
    evidence.register()
    notices.register()
    reach.register()
    register_walls(reach.walls, reach.functions)
    context.register_menu(menu)
    further.register(_operations)
    demo.register()
