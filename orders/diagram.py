"""The process as a picture in text (Mermaid), made from the table; `manage.py process` prints it, a test compares."""

from __future__ import annotations

from accounts.roles import Party
from orders.process import ASSESSMENT

WHO = {Party.AGENCY: "FK", Party.REGION: "Region", Party.PERFORMER: "Utförare", Party.CLOCK: "Klockan"}


def mermaid() -> str:
    """A state diagram: one state per status, one arrow per step and status that it leads from."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {s.name}: {s.label}" for s in ASSESSMENT.statuses.values()]
    lines.append(f"    [*] --> {ASSESSMENT.start}")
    for step in ASSESSMENT.steps.values():
        who = "/".join(WHO[party] for party in step.by)
        lines += [
            f"    {status} --> {step.to}: {who}: {step.label}"
            for status in step.from_
            if step.to is not None and step.to != status
        ]
    lines += [f"    {s.name} --> [*]" for s in ASSESSMENT.statuses.values() if s.ended]
    return "\n".join(lines)


def table() -> str:
    """The steps that leave the status alone, as a Markdown table."""
    rows = ["| steg | vem | när | öppnar | stänger |", "| --- | --- | --- | --- | --- |"]
    for step in ASSESSMENT.steps.values():
        if step.to is None:
            when = ", ".join(ASSESSMENT.statuses[name].label for name in step.from_)
            opens = ", ".join(ASSESSMENT.duties[k].task for kinds in step.opens.values() for k in kinds) or "–"
            closes = ", ".join(ASSESSMENT.duties[k].task for k in step.closes) or "–"
            who = "/".join(WHO[party] for party in step.by)
            rows.append(f"| {step.label} | {who} | {when} | {opens} | {closes} |")
    return "\n".join(rows)


def duties() -> str:
    """What each status owes, as a Markdown table."""
    rows = ["| status | huvuduppgift | vem | regel |", "| --- | --- | --- | --- |"]
    for status in ASSESSMENT.statuses.values():
        for name in status.duties:
            duty = ASSESSMENT.duties[name]
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
"""
