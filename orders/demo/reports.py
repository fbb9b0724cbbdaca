"""What the made-up reports say: the same few sentences, which say themselves that they are made up."""

from __future__ import annotations

from random import Random
from typing import Any

from orders.demo import words
from orders.demo.ledger import as_json
from orders.report import OTHERS, SECTIONS, keys

_NAMES = [key for section in SECTIONS for field in section.fields for key in keys(field)]
_GRADES = {field.name for section in SECTIONS for field in section.fields if field.kind == "grade"}
_BEGUN = 7
"""Answers in a draft that somebody has begun."""


def written(rng: Random, examined: str, full: bool, sections: dict[str, Any]) -> str:
    """The form's content as JSON: everything, or a draft's first answers. ``examined``: the day as text; ``sections``:
    the other professions' own, as `orders.inputs.report_others` keeps them."""
    content: dict[str, Any] = {}
    for name in _NAMES if full else _NAMES[:_BEGUN]:
        if name in _GRADES:
            content[name] = rng.randint(0, 4)
        else:
            content[name] = words.CONTENT.get(name, words.GRADE_REASON)
    content["examined_on"] = examined
    if sections:
        content[OTHERS] = sections
    return as_json(content)
