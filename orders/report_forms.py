"""One section of the report as a form. A draft takes whatever is written; what is no date keeps its text."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from fmu_portal.forms import DateField, GradeField, PortalForm
from orders.report import Field, Section

RAW = "_raw"
"""Suffix of the key that keeps what was written in a date field and is no date; the date itself is then empty."""
REASON_LABEL = "Vad bedömningen bygger på"


def has_been(day: date) -> None:
    """An examination has been: a day to come is refused, and keeps its text in a draft as what is no date does."""
    if day > timezone.localdate():
        raise forms.ValidationError("Dagen ligger i framtiden. Ange dagen då du undersökte.")


class DraftText(forms.CharField):
    """Text of any length. What a database cannot hold (the null character) is dropped, never the rest."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\x00", "") if isinstance(value, str) else value)


class SectionForm(PortalForm):
    """A section's questions, with the draft's revision and the page's own token.

    ``page`` is new each time a page is made: with it a save whose answer was lost is known as the page's own.
    """

    mark_optional = False

    # autocomplete: a browser that restores the page must not restore an old revision with it.
    version = forms.IntegerField(widget=forms.HiddenInput({"autocomplete": "off"}))
    page = forms.CharField(max_length=32, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(self, section: Section, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section
        for field in section.fields:
            for name, made in _form_fields(field).items():
                self.fields[name] = made
                self.speak_swedish(name, made)

    @classmethod
    def showing(cls, section: Section, content: dict[str, Any], revision: int, page: str) -> SectionForm:
        """The form with what the draft holds; a date that is no date has its error at once."""
        values: dict[str, Any] = {"version": revision, "page": page}
        raw = False
        for field in section.fields:
            values[field.name] = content.get(field.name)
            if field.kind == "grade":
                values[f"{field.name}_reason"] = content.get(f"{field.name}_reason", "")
            elif field.kind == "date" and (text := content.get(field.name + RAW)):
                values[field.name], raw = text, True
        if raw:
            return cls(section, {name: "" if value is None else value for name, value in values.items()})
        return cls(section, initial=values)

    @property
    def seen(self) -> int | None:
        """The revision that the page was made from, or None when it does not say."""
        found = self.cleaned_data.get("version")
        return found if isinstance(found, int) else None

    def merged(self, content: dict[str, Any]) -> dict[str, Any]:
        """The draft's content with this section as it was written. A question that was not sent keeps its
        answer, and one that nobody has answered leaves no trace."""
        after = dict(content)
        for field in self.section.fields:
            if field.name in self.data:
                after.update(self._written(field))
            if field.kind == "date" and not after.get(field.name + RAW):
                after.pop(field.name + RAW, None)
            if field.kind == "grade" and f"{field.name}_reason" in self.data:
                after[f"{field.name}_reason"] = self.cleaned_data.get(f"{field.name}_reason", "")
        return {name: value for name, value in after.items() if name in content or value not in ("", None)}

    def _written(self, field: Field) -> dict[str, Any]:
        value = self.cleaned_data.get(field.name)
        if field.kind == "date":
            if isinstance(value, date):
                return {field.name: value.isoformat(), field.name + RAW: ""}
            raw = str(self.data.get(field.name, "")).replace("\x00", "").strip() if field.name in self.errors else ""
            return {field.name: "", field.name + RAW: raw}
        return {field.name: value if field.kind == "grade" else value or ""}

    def pairs(self) -> list[tuple[Any, Any]]:
        """The questions in order: (question, its reason or None), for the page."""
        return [
            (self[field.name], self[f"{field.name}_reason"] if field.kind == "grade" else None)
            for field in self.section.fields
        ]


def _form_fields(field: Field) -> dict[str, forms.Field]:
    if field.kind == "grade":
        area = forms.Textarea({"rows": 2})
        return {
            field.name: GradeField(label=field.label, required=False),
            f"{field.name}_reason": DraftText(label=REASON_LABEL, required=False, widget=area),
        }
    if field.kind == "date":
        made = DateField(label=field.label, help_text=field.help, required=False, validators=[has_been])
        made.error_messages["invalid"] = "Skriv dagen som ett datum, till exempel 2027-01-14"
        return {field.name: made}
    area = forms.Textarea({"rows": 12})
    return {field.name: DraftText(label=field.label, help_text=field.help, required=False, widget=area)}
