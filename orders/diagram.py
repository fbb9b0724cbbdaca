"""The process as a picture in text (Mermaid), made from the table; `manage.py process` prints it, a test compares."""

from __future__ import annotations

from accounts.roles import Party
from fmu_portal.engine.registry import PROCESSES, parts
from fmu_portal.engine.table import NEW, Process
from orders.process import ASSESSMENT

WHO = {Party.AGENCY: "FK", Party.REGION: "Region", Party.PERFORMER: "Utförare", Party.CLOCK: "Klockan"}


def mermaid(process: Process = ASSESSMENT) -> str:
    """A state diagram: one state per status, one arrow per step and status that it leads from."""
    lines = ["stateDiagram-v2"]
    # A part's first status is before anything has happened: the diagram's own beginning.
    lines += [f"    {s.name}: {s.label}" for s in process.statuses.values() if s.name != NEW]
    if process.start != NEW:
        lines.append(f"    [*] --> {process.start}")
    for step in process.steps.values():
        who = "/".join(WHO[party] for party in step.by)
        lines += [
            f"    {'[*]' if status == NEW else status} --> {step.to}: {who}: {step.label}"
            for status in step.from_
            if step.to is not None and step.to != status
        ]
    lines += [f"    {s.name} --> [*]" for s in process.statuses.values() if s.ended]
    return "\n".join(lines)


def table(process: Process = ASSESSMENT) -> str:
    """The steps that leave the status alone, as a Markdown table."""
    rows = ["| steg | vem | när | öppnar | stänger |", "| --- | --- | --- | --- | --- |"]
    for step in process.steps.values():
        if step.to is None:
            when = ", ".join(process.statuses[name].label for name in step.from_)
            opens = ", ".join(process.duties[k].task for kinds in step.opens.values() for k in kinds) or "–"
            closes = ", ".join(process.duties[k].task for k in step.closes) or "–"
            who = "/".join(WHO[party] for party in step.by)
            rows.append(f"| {step.label} | {who} | {when} | {opens} | {closes} |")
    return "\n".join(rows)


def duties(process: Process = ASSESSMENT) -> str:
    """What each status owes, as a Markdown table."""
    rows = ["| status | huvuduppgift | vem | regel |", "| --- | --- | --- | --- |"]
    for status in process.statuses.values():
        for name in status.duties:
            duty = process.duties[name]
            who = ", ".join(WHO[party] for party in duty.parties)
            rows.append(f"| {status.label} | {duty.task} | {who} | `{duty.rule}` |")
    return "\n".join(rows)


def page() -> str:
    """The whole of docs/process.md."""
    return f"""# Utredningens process

Made from `orders/process.py` by `manage.py process > docs/process.md`; a test holds them together. Do not edit.

## Statuses and the steps between them

```mermaid
{mermaid()}
```

## What each status owes

{duties()}

## Steps that leave the status alone

{table()}
{"".join(_part(process) for process in _others())}"""


def _others() -> list[Process]:
    """Every other process: the parts of a case, then those that are of no case (threads, claims, payments …)."""
    of_cases = [part.process for part in parts()]
    apart = [r.process for name, r in PROCESSES.items() if name != ASSESSMENT.name and r.process not in of_cases]
    return [*of_cases, *apart]


def _part(process: Process) -> str:
    """A process: its diagram, what it owes, its steps that leave the status alone."""
    owes = f"\n{duties(process)}\n" if process.duties else ""
    alone = f"\n{table(process)}\n" if any(step.to is None for step in process.steps.values()) else ""
    return f"\n# {process.label}\n\n```mermaid\n{mermaid(process)}\n```\n{owes}{alone}"
