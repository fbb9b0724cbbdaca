"""What the app gives the engine and the floors below when it starts."""

from __future__ import annotations

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Role
from fmu_portal import context
from fmu_portal.database import register_walls
from fmu_portal.engine import registry
from fmu_portal.engine.registry import Registered


def menu(actor: Actor) -> list[context.Entry]:
    """Ersättning, for those who see claims; which office examines, for the portal's administrator."""
    if actor.role == Role.ADMINISTRATOR:
        return [("Granskande kontor", "/ersattning/kontor/", None)]
    return [("Ersättning", "/ersattning/", None)] if actor.sees(See.CLAIM) else []


def _claim() -> Registered:
    from reimbursement import effects, inputs, letters
    from reimbursement.models import Claim
    from reimbursement.process import CLAIM

    claim = registry.register(CLAIM, Claim, "SELECT reimbursement_apply_claim(%s)")
    claim.page = lambda pk: f"/ersattning/begaran/{pk}/"
    claim.prepare = effects.prepare
    claim.inputs.update(inputs.INPUTS)
    claim.guards.update(effects.GUARDS)
    for step, hook in effects.BEFORE.items():
        claim.hook(step, hook)
    for step, hooks in effects.AFTER.items():
        claim.after_all.setdefault(step, []).extend(hooks)
    for step in letters.STEPS:
        claim.after_all.setdefault(step, []).append(letters.order)
    return claim


def register_all() -> None:
    """Called once when the app is ready."""
    from reimbursement import demo, jobs, proposing, reach, rechecking

    _claim()
    proposing.register()
    rechecking.register()
    jobs.register()
    reach.register()
    register_walls(reach.walls, reach.functions)
    context.register_menu(menu)
    demo.register()
