"""Counts last days by the rule in force, and says in Swedish how a day was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from fmu_portal.engine.refusals import NoRule
from fmu_portal.engine.registry import Limit
from fmu_portal.models import Duty
from fmu_portal.working_days import add_working_days, named_days_off
from rules.models import Certainty, Rule

NAMES = {"law.report_time": "tiden för utlåtandet (8 § förordning 2018:1633)"}


def rule_in_force(key: str, day: date, region_id: int | None = None) -> Rule:
    """The rule of a key on a day, a region's own before the general one. Raises `NoRule`."""
    rules = Rule.objects.in_force(day).filter(Q(region_id=region_id) | Q(region__isnull=True), key=key)
    found = sorted(rules, key=lambda rule: rule.region_id is None)
    if not found:
        raise NoRule(NAMES.get(key, key), day)
    return found[0]


def count(key: str, start: date, region_id: int | None) -> Limit:
    """The last day of a duty counted from ``start`` (day 1 is the day after). Raises `NoRule`."""
    rule = rule_in_force(key, start, region_id)
    due = add_working_days(start, rule.days)
    return Limit(due, rule.code, {"start": start.isoformat(), "days": rule.days})


def decided(key: str, start: date, due: date, region_id: int | None) -> Limit:
    """A last day that a person decided instead of the rule's; the rule is remembered as the basis."""
    rule = rule_in_force(key, start, region_id)
    return Limit(due, rule.code, {"start": start.isoformat(), "decided": due.isoformat()})


def reminders() -> Mapping[str, tuple[int, ...]]:
    """rule key -> the working days before the last day on which the party is reminded."""
    rows = Rule.objects.exclude(remind=[]).values_list("code", "remind")
    return {code.split("@")[0]: tuple(days) for code, days in rows}


@dataclass(frozen=True)
class Link:
    """One row of the explanation: a day, what it is, why."""

    day: date
    what: str
    why: str


def explain(duty: Duty, rule: Rule | None) -> list[Link]:
    """How the last day of a duty was counted, made from what the duty stores: the last link is the day itself."""
    start = date.fromisoformat(duty.inputs["start"])
    return explain_inputs(start, duty.due, duty.inputs.get("days"), rule)


def explain_inputs(start: date, due: date, days: int | None, rule: Rule | None) -> list[Link]:
    """The same from its parts: start day, due day, number of working days (None: decided by a person), the rule."""
    source = rule.source if rule else "Regeln finns inte längre i portalen"
    by_law = rule is not None and rule.key == "law.report_time"
    if by_law:
        first = Link(
            start,
            "Hela underlaget fanns hos utföraren",
            "Räkningen börjar dagen efter. När utföraren bekräftar ändrar ingenting. Portalens tolkning av 8 §.",
        )
    else:
        first = Link(start, "Uppgiften uppstod", "Räkningen börjar dagen efter.")
    if days is None:
        return [first, Link(due, "Dag som Försäkringskassan har bestämt", "Bestämd i det här ärendet.")]
    what = f"{days} vardagar enligt lag" if by_law else f"{days} vardagar, rutin"
    return [first, Link(due, what, f"{source}. {_not_counted(start, due)}".strip())]


def sentence(duty: Duty, rule: Rule | None) -> str:
    """The explanation in one sentence, for the API and beside a date."""
    start = duty.inputs["start"]
    days = duty.inputs.get("days")
    if days is None:
        return f"{duty.due}: dag som Försäkringskassan har bestämt i det här ärendet."
    source = f"({rule.source})" if rule else ""
    if rule is not None and rule.key == "law.report_time":
        since = f"efter {start}, då utföraren hade komplett underlag"
    else:
        since = f"efter {start}"
    kind = "" if rule is None or rule.sure != Certainty.ROUTINE else " Rutin, inte lag."
    return f"{duty.due}: {days} vardagar {since} {source}.{kind} {_not_counted(date.fromisoformat(start), duty.due)}".strip()


def _not_counted(start: date, due: date) -> str:
    names = [name for _, name in named_days_off(start, due)]
    if not names:
        return "Lördagar och söndagar räknas inte."
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} och {names[-1]}"
    return f"{listed[0].upper()}{listed[1:]} räknas inte."


def duty_basis(rules: Mapping[str, Rule], code: str) -> str:
    """What stands under a task: "Lag, 8 §" or "Rutin: 3 vardagar"."""
    rule = rules.get(code)
    return rule.basis if rule else ""
