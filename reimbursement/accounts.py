"""The account that a region is paid to: its finance officer enters a bankgiro number, an attester approves it.

Rows are only added. Who entered a number never approves it, under any mandate; the newest approved one is paid to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Role
from fmu_portal.engine.refusals import Refused, WrongRole, WrongState
from reimbursement.models import PayAccount
from reimbursement.paying import approved_account, lock_region

_DIGITS = re.compile(r"\d{3,4}-?\d{4}")


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others, by the modulus 10 method that bankgiro numbers use."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


def bankgiro(text: str) -> str:
    """A number as it is written ("5050-1055", "50501055", "5050 1055") as it is kept. ValueError says what is wrong."""
    packed = re.sub(r"[\s\u00a0\u202f]", "", text).replace("–", "-")
    if not _DIGITS.fullmatch(packed) or not packed.isascii():
        raise ValueError("Skriv bankgironumret med sju eller åtta siffror, till exempel 5050-1055")
    digits = packed.replace("-", "")
    if not int(digits) or not luhn(digits):
        raise ValueError("Kontrollsiffran stämmer inte. Kontrollera bankgironumret.")
    return f"{digits[:-4]}-{digits[-4:]}"


@dataclass(frozen=True)
class Numbers:
    """A region's account as the page shows it: what is paid to, and what waits for approval."""

    current: PayAccount | None
    waiting: PayAccount | None


def newest(region_id: int) -> PayAccount | None:
    """The number that was entered last, approved or not."""
    rows = PayAccount.objects.filter(region_id=region_id, approves__isnull=True)
    return rows.select_related("mandate__user").order_by("-id").first()


def numbers(region_id: int) -> Numbers:
    """What is paid to now, and the newest number when nobody has approved it: three queries."""
    last, current = newest(region_id), approved_account(region_id)
    if last is None or PayAccount.objects.filter(approves_id=last.pk).exists():
        return Numbers(current, None)
    return Numbers(current, last)


def history(region_id: int) -> list[PayAccount]:
    """All numbers that were entered, the newest first, each with its approval when it has one."""
    rows = PayAccount.objects.filter(region_id=region_id, approves__isnull=True)
    return list(rows.select_related("mandate__user", "approval__mandate__user").order_by("-id")[:100])


def enter(actor: Actor, number: str, *, now: datetime | None = None) -> PayAccount:
    """A new number of the actor's region, ``number`` as `bankgiro` gives it. `WrongState` when it is the newest already."""
    if "enter" not in may(actor):
        raise WrongRole("Regionens ekonom anger kontot.")
    with transaction.atomic():
        lock_region(actor.organisation_id)
        last = newest(actor.organisation_id)
        if last is not None and last.number == number:
            raise WrongState("Det är redan det senast angivna kontot.", status_label="")
        return PayAccount.objects.create(
            region_id=actor.organisation_id, number=number, mandate_id=actor.mandate_id, at=now or timezone.now()
        )


def may(actor: Actor) -> set[str]:
    """What the role does with accounts: "enter", "approve"."""
    return {Role.FINANCE_OFFICER: {"enter"}, Role.ATTESTER: {"approve"}}.get(Role(actor.role), set())


def why_not_approve(actor: Actor, entered: PayAccount) -> Refused | None:
    """Why the actor may not approve a number, or None."""
    if "approve" not in may(actor):
        return WrongRole("En attestant på Försäkringskassan godkänner kontot.")
    if entered.mandate.user_id == actor.user_id:
        return WrongState("Du har själv angett kontot. En annan person godkänner det.", status_label="")
    return None


def approve(actor: Actor, pk: int, *, now: datetime | None = None) -> PayAccount:
    """Approve the number ``pk``. `WrongState` when it is no longer the newest or has been approved already.

    The region is locked: of two who approve at once, one is told, and a payment that is being made goes to the old one.
    """
    with transaction.atomic():
        entered = PayAccount.objects.select_related("mandate").get(pk=pk)
        lock_region(entered.region_id)
        if refused := why_not_approve(actor, entered):
            raise refused
        last = newest(entered.region_id)
        if last is None or last.pk != entered.pk or entered.approves_id is not None:
            raise WrongState("Regionen har angett ett annat konto sedan dess.", status_label="")
        if PayAccount.objects.filter(approves_id=entered.pk).exists():
            raise WrongState("Kontot är redan godkänt.", status_label="")
        return PayAccount.objects.create(
            region_id=entered.region_id,
            number=entered.number,
            mandate_id=actor.mandate_id,
            approves=entered,
            at=now or timezone.now(),
        )
