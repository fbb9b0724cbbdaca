"""Reads rules.toml into the table. The file is the truth; git is its history."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import Organisation
from rules.models import Rule, rule_code

RULES_FILE = Path(__file__).with_name("rules.toml")


def records(path: Path = RULES_FILE) -> list[dict[str, Any]]:
    """The file's records in order. ValueError when one lacks a source, or two of a key overlap in time."""
    rows: list[dict[str, Any]] = tomllib.loads(path.read_text())["rule"]
    seen: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for row in rows:
        if not row.get("source"):
            raise ValueError(f"rule {row['key']} has no source")
        for other in seen.setdefault((row["key"], row.get("region")), []):
            if _overlap(row, other):
                raise ValueError(f"two rules {row['key']} are in force at once")
        seen[row["key"], row.get("region")].append(row)
    return rows


def _overlap(a: dict[str, Any], b: dict[str, Any]) -> bool:
    a_ends_first = "valid_to" in a and a["valid_to"] < b["valid_from"]
    b_ends_first = "valid_to" in b and b["valid_to"] < a["valid_from"]
    return not (a_ends_first or b_ends_first)


def _value_text(row: dict[str, Any]) -> str:
    if "value_text" in row:
        return str(row["value_text"])
    number = f"{row['value']:,}".replace(",", "\N{NO-BREAK SPACE}")
    return f"{'högst ' if row.get('most') else ''}{number}\N{NO-BREAK SPACE}{row['unit']}"


@transaction.atomic
def load(path: Path = RULES_FILE) -> int:
    """Make the table say what the file says; return how many rules there are."""
    regions = dict(Organisation.objects.filter(kind="region").values_list("county_code", "pk"))
    rows = [
        Rule(
            code=rule_code(row),
            key=row["key"],
            region_id=regions[row["region"]] if row.get("region") else None,
            position=position,
            group=row["group"],
            name=row["name"],
            value=Decimal(row["value"]) if "value" in row else None,
            value_text=_value_text(row),
            unit=row.get("unit", ""),
            remind=row.get("remind", []),
            valid_from=row["valid_from"],
            valid_to=row.get("valid_to"),
            source=row["source"],
            sure=row["sure"],
            text=row.get("text", ""),
        )
        for position, row in enumerate(records(path))
    ]
    Rule.objects.exclude(code__in=[row.code for row in rows]).delete()
    fields = [f.name for f in Rule._meta.fields if f.name != "code"]
    Rule.objects.bulk_create(rows, update_conflicts=True, unique_fields=["code"], update_fields=fields)
    return len(rows)
