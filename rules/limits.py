"""Counts last days by the rule in force, and says in Swedish how a day was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from fmu_portal.engine.refusals import NoRule
from fmu_portal.engine.registry import Limit
from fmu_portal.models import Duty
from fmu_portal.prepared import Prepared
from fmu_portal.working_days import add_working_days, named_days_off
from rules.models import Certainty, Rule

NAMES = {"law.report_time": "tiden för utlåtandet (8 § förordning 2018:1633)"}


_IN_FORCE = Prepared(
    lambda key, day, region: Rule.objects.in_force(day).filter(Q(region_id=region) | Q(region__isnull=True), key=key),
    key=str,
    day=date,
    region=int,
)


def rule_in_force(key: str, day: date, region_id: int | None = None) -> Rule:
    """The rule of a key on a day, a region's own before the general one. Raises `NoRule`."""
    rules = _IN_FORCE.every(key=key, day=day, region=region_id or 0)
    found = sorted(rules, key=lambda rule: rule.region_id is None)
    if not found:
        raise NoRule(NAMES.get(key, key), day)
    return found[0]


def count(key: str, start: date, region_id: int | None, given: Mapping[str, Any] | None = None) -> Limit:
    """The last day of a duty counted from ``start`` (day 1 is the day after). Raises `NoRule`.

    ``given`` is what has been decided besides: ``extra`` ([[working days, day of the decision], …], 8 § first
    paragraph) is counted on, ``until`` ([latest day, day of the decision], 8 § second) is the last day when later.
    """
    rule = rule_in_force(key, start, region_id)
    inputs: dict[str, Any] = {"start": start.isoformat(), "days": rule.days}
    extra, until = (given or {}).get("extra", []), (given or {}).get("until")
    due = add_working_days(start, rule.days + sum(days for days, _ in extra))
    if extra:
        inputs["extra"] = extra
    if until:
        inputs["until"] = until
        due = max(due, date.fromisoformat(until[0]))
    return Limit(due, rule.code, inputs)


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
    return explain_inputs(start, duty.due, duty.inputs, rule)


def explain_inputs(start: date, due: date, inputs: Mapping[str, Any], rule: Rule | None) -> list[Link]:
    """The same from its parts: start day, due day, what was counted (see `count`; no ``days``: decided by a person)."""
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
    days = inputs.get("days")
    if days is None:
        return [first, Link(due, "Dag som Försäkringskassan har bestämt", "Bestämd i det här ärendet.")]
    what = f"{days} vardagar enligt lag" if by_law else f"{days} vardagar, rutin"
    counted = add_working_days(start, days)
    links = [first, Link(counted, what, f"{source}. {_not_counted(start, counted)}".strip())]
    for extra, decided_on in inputs.get("extra", []):
        days, before = days + extra, counted
        counted = add_working_days(start, days)
        why = f"Godkänd utvidgning, beslut {decided_on} (8 § första stycket). {_not_counted(before, counted)}"
        links.append(Link(counted, f"+ {extra} vardagar", why))
    if until := inputs.get("until"):
        day, decided_on = date.fromisoformat(until[0]), until[1]
        later = "" if day >= counted else " Den senare av dagarna gäller (portalens tolkning)."
        links.append(Link(day, f"Anstånd till {day}", f"Beslut {decided_on} (8 § andra stycket).{later}"))
        if day < counted:
            links.append(Link(counted, "Sista dag", "Tiden med utvidgning går ut senare än anståndet."))
    return links


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
    more = "".join(f" + {n} vardagar, beslut {on}" for n, on in duty.inputs.get("extra", []))
    if until := duty.inputs.get("until"):
        more += f", anstånd till {until[0]}, beslut {until[1]}"
    off = _not_counted(date.fromisoformat(start), duty.due)
    return f"{duty.due}: {days} vardagar {since} {source}{more}.{kind} {off}".strip()


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
