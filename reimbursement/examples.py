"""The worked examples of tests/golden_claims.toml, as `docs/reimbursement.md` shows them and as the tests read them."""

from __future__ import annotations

import tomllib
from typing import Any

from django.conf import settings

PATH = settings.BASE_DIR / "tests" / "golden_claims.toml"
"""A file of the source tree: it is not there in an installation, and no page asks for it."""


def _read() -> dict[str, Any]:
    with PATH.open("rb") as file:
        return tomllib.load(file)


_ALL = _read()
USUAL: dict[str, Any] = _ALL["usual"]
GROUPS: list[dict[str, Any]] = _ALL["group"]


def number_of() -> int:
    """How many examples there are."""
    return sum(len(group["example"]) for group in GROUPS)


def facts_words(example: dict[str, Any]) -> str:
    """What an example says of its own, in short: only what differs from the usual."""
    skip = ("title", "law", "lines", "refused")
    return "; ".join(f"{_name(key)} {_value(value)}" for key, value in example.items() if key not in skip) or "as usual"


def _name(key: str) -> str:
    return key.replace("_", " ")


def _value(value: Any) -> str:
    if value is True:
        return "yes"
    if value is False:
        return "no"
    if isinstance(value, dict):
        return ", ".join(f"{_name(key)} {_value(item)}" for key, item in value.items())
    if isinstance(value, list):
        return " + ".join(f"({_value(item)})" for item in value) or "none"
    return _name(str(value)) if isinstance(value, str) else str(value)


def usual_words() -> str:
    """The usual facts."""
    return facts_words(USUAL)
