"""What the app gives the engine and the floors below when it starts."""

from __future__ import annotations

from django.urls import URLPattern

from accounts.actor import Actor
from accounts.permissions import See
from fmu_portal import context
from fmu_portal.database import register_walls
from fmu_portal.engine import clock, registry
from fmu_portal.engine.registry import Registered


def menu(actor: Actor) -> list[context.Entry]:
    """Ersättning, for those who see claims."""
    return [("Ersättning", "/ersattning/", None)] if actor.sees(See.CLAIM) else []


def _claim() -> Registered:
    from reimbursement import effects, evidence, inputs
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
    return claim


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


def _recovery() -> None:
    from reimbursement.models import Recovery
    from reimbursement.processes.recovery import RECOVERY

    registry.register(RECOVERY, Recovery, "SELECT reimbursement_apply_recovery(%s)")


def register_all() -> None:
    """Called once when the app is ready."""
    from reimbursement import demo, evidence, jobs, notices, proposing, reach

    _claim()
    _recovery()
    _batch()
    proposing.register()
    jobs.register()
    evidence.register()
    notices.register()
    reach.register()
    register_walls(reach.walls, reach.functions)
    context.register_menu(menu)
    demo.register()
