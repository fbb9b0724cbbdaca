"""What the pages and the API show of recoveries: rows of the list, one with its books, those of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.actor import Actor
from accounts.roles import Party
from fmu_portal.engine import door
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.models import Duty, Event
from fmu_portal.money import kronor
from reimbursement import books, recovering, wording
from reimbursement.inputs.claims import words
from reimbursement.models import Claim, Entry, Recovery, Remark
from reimbursement.processes.recovery import RECOVERY

PAGE = 50
VIEWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pagaende": ("Pågående", ("opened", "decided", "demanded")),
    "utreds": ("Utreds", ("opened",)),
    "attestera": ("Ska attesteras", ("decided",)),
    "aterkravda": ("Återkrävda", ("demanded",)),
    "avslutade": ("Avslutade", ("settled", "dropped")),
}
"""The agency's views of the list: word in the address -> label, statuses."""
REGION_VIEWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "aterkravda": ("Att betala", ("demanded",)),
    "avslutade": ("Reglerade", ("settled",)),
}
HEADINGS = {
    "reason": "Skäl",
    "interest_reason": "Särskilda skäl för nedsatt ränta",
    "announcement": "Från regionen",
}


def views_of(actor: Actor) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The views that a party has."""
    return REGION_VIEWS if actor.party is Party.REGION else VIEWS


@dataclass(frozen=True)
class Row:
    """A recovery in a list. Amounts in öre: ``total`` the demand and its interest, None before the decision."""

    recovery: Recovery
    left: int

    @property
    def owed(self) -> bool:
        """Whether the region is to pay now."""
        return self.recovery.status == "demanded"

    @property
    def total(self) -> int | None:
        """What the region is to pay in all."""
        found = self.recovery
        return None if found.demand is None else found.demand + (found.interest or 0)

    @property
    def wrong_text(self) -> str:
        """What was wrong, as an amount."""
        return kronor(self.recovery.wrong)

    @property
    def total_text(self) -> str:
        """What the region is to pay, as an amount."""
        return "–" if self.total is None else kronor(self.total)

    @property
    def left_text(self) -> str:
        """What is left to pay, as an amount; nothing is owed before the attest."""
        return kronor(self.left) if self.recovery.status in ("demanded", "settled") else "–"


def rows_of(found: list[Recovery]) -> list[Row]:
    """The same recoveries with what is left of each: one query."""
    left = books.balances(recovery.pk for recovery in found)
    return [Row(recovery, left.get(recovery.pk, 0)) for recovery in found]


def seen(actor: Actor) -> Any:
    """The recoveries that an actor sees, with what a row shows."""
    return Recovery.objects.visible_to(actor).select_related("region", "claim", "line")


def of_claim(actor: Actor, claim: Claim) -> dict[str, Any]:
    """What ``reimbursement/recoveries_of_claim.html`` shows on a claim's page: its recoveries, and whether one may be opened.

    Nothing is asked before the claim is paid.
    """
    if claim.status != "paid":
        return {"recoveries": [], "recover_url": ""}
    found = rows_of(list(seen(actor).filter(claim_id=claim.pk).order_by("id")))
    step = RECOVERY.steps["open"]
    may = False
    if actor.role in step.by.get(actor.party, ()):
        begun = recovering.to_open(claim)
        registered = PROCESSES[RECOVERY.name]
        may = (
            door.may_take(registered, begun, step, actor) and door.hindrance(registered, begun, step, actor) is None
        )  # fmt: skip
    return {"recoveries": found, "recover_url": f"/ersattning/begaran/{claim.pk}/aterkrav/" if may else ""}


@dataclass(frozen=True)
class Written:
    """What somebody wrote: the agency's own is not shown to the region."""

    heading: str
    text: str
    at: Any
    internal: bool


def written(process: str, pk: int, actor: Actor) -> list[Written]:
    """The words of a recovery or a review, oldest first; for the region those that are to it, and its own."""
    rows = Remark.objects.filter(process=process, subject_id=pk).select_related("event").order_by("id")
    steps = PROCESSES[process].process.steps
    if actor.party is Party.REGION:
        rows = rows.filter(to_region=True)
    return [
        Written(_heading(steps[row.event.step].label, row.kind), row.text, row.event.at, not row.to_region)
        for row in rows
        if row.event.step in steps
    ]


def _heading(step: str, kind: str) -> str:
    return f"{step}: {HEADINGS[kind].lower()}" if kind in HEADINGS else step


def history(process: str, pk: int, actor: Actor) -> list[dict[str, Any]]:
    """What has happened, newest first: {at, sentence, who}; a person's name to their own party alone."""
    steps = PROCESSES[process].process.steps
    rows = Event.objects.filter(process=process, subject_id=pk).select_related("mandate__user").order_by("-pk")
    found = []
    for event in rows[:200]:
        if event.step == "overdue":
            sentence = "Sista dagen passerade."
        elif event.step in steps and not (actor.party is Party.REGION and event.step in BEFORE_DEMAND):
            sentence = steps[event.step].done + _amount(event.data)
        else:
            continue
        own = event.mandate is not None and event.party == actor.party
        name = event.mandate.user.name if own and event.mandate else ""
        found.append({"at": event.at, "sentence": f"{sentence} {name}.".strip() if name else sentence})
    return found


BEFORE_DEMAND = ("open", "decide", "send_back")
"""Steps that the agency takes before the region is told."""


def _amount(data: dict[str, Any]) -> str:
    if "amount" not in data:
        return ""
    return f" {kronor(data['amount'])}{', ' + data['day'] if 'day' in data else ''}."


def entries_of(recovery: Recovery) -> list[dict[str, Any]]:
    """Each entry with what was left after it, oldest first."""
    left, found = 0, []
    for entry in Entry.objects.filter(recovery_id=recovery.pk, account="demanded").order_by("id"):
        left -= entry.amount
        found.append(
            {"day": entry.day, "what": entry.get_kind_display(), "amount": kronor(-entry.amount), "left": kronor(left)}
        )
    return found


def facts(recovery: Recovery, actor: Actor) -> list[tuple[str, Any]]:
    """What stands beside: (label, text)."""
    rows: list[tuple[str, Any]] = []
    if actor.party is not Party.REGION:
        rows.append(("Region", recovery.region.name))
    rows += [
        ("Begäran", recovery.claim.number),
        ("Gäller", words(recovery.line) if recovery.line is not None else "Hela begäran"),
        ("Felaktigt betalt", kronor(recovery.wrong)),
        ("Beslut om utbetalning", recovery.paid_decision_on.isoformat()),
        ("Utbetalt", recovery.paid_on.isoformat() if recovery.paid_on else "Uppgift saknas"),
    ]
    if recovery.status in ("opened", "decided"):
        rows.append(("Beslut senast (19 §)", recovering.last_day(recovery.paid_decision_on).isoformat()))
    return rows


def decision(recovery: Recovery) -> list[tuple[str, str]]:
    """What was decided: (label, text); empty before."""
    if recovery.demand is None or recovery.due_on is None:
        return []
    part = "" if recovery.demand == recovery.wrong else f" av {kronor(recovery.wrong)}"
    rows = [("Krävs tillbaka", f"{kronor(recovery.demand)}{part}"), ("Ränta (20 §)", _interest(recovery))]
    rows += [
        ("Sammanlagt", kronor(recovery.demand + (recovery.interest or 0))),
        ("Betalas senast", recovery.due_on.isoformat()),
        ("Kvittning (21 §)", "Får räknas av mot kommande utbetalningar" if recovery.set_off else "Räknas inte av"),
    ]
    return rows


def _interest(recovery: Recovery) -> str:
    if recovery.interest_full is None:
        return "Ingen, den går inte att beräkna"
    if recovery.interest == recovery.interest_full:
        return kronor(recovery.interest_full)
    return f"{kronor(recovery.interest or 0)}, nedsatt från {kronor(recovery.interest_full)}"


def explanation(recovery: Recovery) -> dict[str, Any]:
    """How the interest was counted, for ``reimbursement/interest_rows.html``."""
    return explained(recovery.counted, recovery.interest_full)


def explained(counted: dict[str, Any], amount: int | None) -> dict[str, Any]:
    """The same from what is kept: a reason, or the periods with their sum."""
    return {
        "lack": wording.lack(counted),
        "start": wording.start(counted),
        "periods": [
            {"row": row, "amount": kronor(row.amount)} for row in wording.rows(counted)
        ],
        "capital": kronor(counted["capital"]) if "capital" in counted else "",
        "sum": kronor(amount) if amount is not None else "",
        "reading": wording.READING,
    }  # fmt: skip


def turn(process: str, pk: int) -> Duty | None:
    """The open duty, if there is one."""
    return Duty.objects.open().filter(process=process, subject_id=pk).order_by("due").first()
