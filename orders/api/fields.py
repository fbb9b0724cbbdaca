"""A step's form as the API sees it: the JSON schema of its fields, and a JSON body turned into what the form reads."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.db import models

from fmu_portal.engine.inputs import StepForm
from fmu_portal.engine.refusals import InvalidInput
from fmu_portal.forms import HoursField

MOST_TEXT = 4000
"""A text is never longer than this, whatever its field says; dates and choices end long before."""
MOST_CHOSEN = 200
MOST_SHORT = 60
"""A date or a choice is never longer."""
VERSIONS = {
    "report_version": "Den version av utlåtandet som du har läst (report_version i ärendet). Är den inte den senaste"
    " svarar portalen 409 stale_version."
}
PATTERNS: dict[type[forms.Field], str] = {
    forms.TimeField: "^([01][0-9]|2[0-3])[:.][0-5][0-9]$",
    HoursField: "^[0-9]{1,2}([.,][0-9]{1,2})?$",
}
"""Fields whose text has a form of its own: a time of day in Swedish time, hours with decimals."""
WORDS = {
    "string": "Skriv värdet som text",
    "integer": "Skriv värdet som ett heltal",
    "boolean": "Svara true eller false",
    "array": "Skriv värdet som en lista",
}


def _pairs(field: forms.Field) -> list[tuple[str, str]]:
    """Value and label of a field's choices, without the empty one; groups are opened."""
    found: list[tuple[str, str]] = []
    for value, label in getattr(field, "choices", ()):
        if isinstance(label, list | tuple):
            found += [(str(v), str(text)) for v, text in label]
        else:
            found.append((str(value), str(label)))  # a row's id reads as its number or code
    return [pair for pair in found if pair[0] != ""]


def is_yes_no(field: forms.Field) -> bool:
    """Whether the field is a question answered with Ja or Nej."""
    return type(field) is forms.TypedChoiceField and [value for value, _ in _pairs(field)] == ["ja", "nej"]


def _is_whole(field: forms.Field) -> bool:
    """Whether a choice is an id in whole numbers."""
    if isinstance(field, forms.ModelChoiceField):
        assert field.queryset is not None
        return isinstance(field.queryset.model._meta.pk, models.IntegerField)
    return getattr(field, "coerce", None) is int


def kind_of(field: forms.Field) -> str:
    """The JSON type of a field: string, integer, boolean or array."""
    if isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
        return "array"
    if isinstance(field, forms.BooleanField) or is_yes_no(field):
        return "boolean"
    if isinstance(field, forms.IntegerField):
        return "integer"
    if isinstance(field, forms.ChoiceField):  # a ModelChoiceField is one
        return "integer" if _is_whole(field) else "string"
    return "string"


def schema_of(name: str, field: forms.Field) -> dict[str, Any]:
    """The JSON schema of one field, with its Swedish label as title and its help as description."""
    kind = kind_of(field)
    schema: dict[str, Any] = {"type": kind, "title": str(field.label or name)}
    described = [str(field.help_text)] if field.help_text else []
    if kind == "array":
        item = "integer" if _is_whole(field) else "string"
        schema |= {"items": {"type": item}, "maxItems": MOST_CHOSEN}
    elif isinstance(field, forms.DateField):
        schema["format"] = "date"
    elif pattern := next((p for kind_, p in PATTERNS.items() if isinstance(field, kind_)), ""):
        schema["pattern"] = pattern
    elif isinstance(field, forms.EmailField):
        schema["format"] = "email"
    elif isinstance(field, forms.ModelChoiceField):
        described.append("Id ur formuläret (GET på samma adress).")
    elif isinstance(field, forms.ChoiceField) and kind == "string":
        pairs = _pairs(field)
        schema["enum"] = [value for value, _ in pairs]
        described.append("; ".join(f"{value}: {label}" for value, label in pairs) + ".")
    elif isinstance(field, forms.ChoiceField) and kind == "integer":
        described.append("Id ur formuläret (GET på samma adress).")
    if is_yes_no(field):
        described.append("Även ”ja” och ”nej” tas emot.")
    if kind == "boolean" and field.required and isinstance(field, forms.BooleanField):
        described.append("Ska vara true.")
    if isinstance(field, forms.CharField):
        schema["maxLength"] = field.max_length or MOST_TEXT
        if field.required:
            schema["minLength"] = 1
    if name in VERSIONS:
        schema["title"], described = "Version", [VERSIONS[name]]
    if not field.required:
        schema["type"] = [kind, "null"]
        if "enum" in schema:
            schema["enum"] = ["", *schema["enum"], None]
    if described:
        schema["description"] = " ".join(described)
    return schema


SEEN = {
    "type": ["integer", "null"],
    "title": "Ärendets version",
    "description": "Ärendets version när du läste det. Har någon hunnit före, så att steget inte längre går att ta,"
    " säger svaret det (409 lost_race).",
}


def body_schema(form_class: type[StepForm] | None) -> dict[str, Any]:
    """The request body of a step: the form's fields and ``seen_version``."""
    fields: dict[str, forms.Field] = form_class.base_fields if form_class else {}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: schema_of(name, field) for name, field in fields.items()} | {"seen_version": SEEN},
        "additionalProperties": False,
    }
    if required := [name for name, field in fields.items() if field.required]:
        schema["required"] = required
    return schema


def described(form: StepForm) -> list[dict[str, Any]]:
    """The fields of a step as they are in this very case: what may be chosen now, and what is proposed."""
    rows = []
    for name, field in form.fields.items():
        row: dict[str, Any] = {
            "name": name,
            "label": "Version" if name in VERSIONS else str(field.label or name),
            "help": str(field.help_text or ""),
            "type": kind_of(field),
            "required": field.required,
        }
        if isinstance(field, forms.ChoiceField) and not is_yes_no(field):
            whole = _is_whole(field)
            row["choices"] = [
                {"value": int(value) if whole else value, "label": label} for value, label in _pairs(field)
            ]
        proposed = form.get_initial_for_field(field, name)
        if isinstance(proposed, time):
            proposed = f"{proposed:%H:%M}"
        if proposed not in (None, "", []):
            row["proposed"] = proposed == "ja" if is_yes_no(field) else proposed
        rows.append(row)
    return rows


def form_data(form_class: type[StepForm] | None, body: dict[str, Any], subject: Any, actor: Any) -> dict[str, Any]:
    """What the form reads, from a JSON body. Types are checked here, meaning by the form itself.

    An optional field that is left out means what the page's form would have proposed; null and "" empty it.
    `InvalidInput` for unknown names and wrong types.
    """
    fields: dict[str, forms.Field] = form_class.base_fields if form_class else {}
    errors: dict[str, list[str]] = {}
    data: dict[str, Any] = {}
    for name, value in list(body.items())[:100]:
        field = fields.get(name)
        if field is None:
            errors[_shown(name)] = ["Fältet finns inte i det här steget."]
            continue
        read, error = _read(field, value)
        if error:
            errors[name] = [error]
        elif read is not None:
            data[name] = read
    if errors or len(body) > 100:
        raise InvalidInput(errors or {"__all__": ["Innehållet har för många fält."]})
    left_out = [name for name, field in fields.items() if name not in body and not field.required]
    if form_class is not None and left_out:
        blank = form_class(subject=subject, actor=actor)
        for name in filter(blank.fields.__contains__, left_out):
            proposed = blank.get_initial_for_field(blank.fields[name], name)
            if proposed not in (None, "", []):
                data[name] = proposed
    return data


def _read(field: forms.Field, value: Any) -> tuple[Any, str]:
    """(what the form reads, or None for nothing; what is wrong, or "")."""
    kind = kind_of(field)
    if value is None:
        return None, ""
    if kind == "array":
        if not isinstance(value, list) or len(value) > MOST_CHOSEN:
            return None, WORDS["array"]
        item = "integer" if _is_whole(field) else "string"
        if not all(_fits(item, part) for part in value):
            return None, WORDS["array"]
        return [str(part) for part in value], ""
    if isinstance(value, str) and (kind == "string" or is_yes_no(field)):
        if len(value) > MOST_SHORT and not isinstance(field, forms.CharField):
            return None, WORDS[kind]
        return (None, "Ta bort dolda tecken i texten") if not clean_text(value) else (value, "")
    if not _fits(kind, value):
        return None, WORDS[kind]
    if is_yes_no(field):
        return ("ja" if value else "nej"), ""
    return (value if kind == "boolean" or isinstance(field, forms.IntegerField) else str(value)), ""


def _fits(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, str) and clean_text(value)


def clean_text(text: str) -> bool:
    """Whether a text can be stored: no NUL, no half characters, not absurdly long (fields have their own lengths)."""
    if "\x00" in text or len(text) > 100_000:
        return False
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _shown(name: str) -> str:
    """A name that somebody sent, safe to send back."""
    return name[:60].encode("utf-8", "replace").decode()


def seen_version(body: dict[str, Any]) -> int | None:
    """Take ``seen_version`` out of a body. `InvalidInput` when it is no whole number."""
    value = body.pop("seen_version", None)
    if value is not None and not _fits("integer", value):
        raise InvalidInput({"seen_version": [WORDS["integer"]]})
    return value if isinstance(value, int) else None
