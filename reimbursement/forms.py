"""Forms of the administrator's records of interest: räntelagen's rule and the reference rates."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from fmu_portal.forms import DateField, PortalForm
from reimbursement.models import InterestRule

_PERCENT = re.compile(r"([-−–]?)(\d{1,3})(?:[.,](\d+))?")


class PercentField(forms.CharField):
    """A percentage as it is written ("3,25", "−0,5 %"), in hundredths of a per cent as an int."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"data-width": "w-8", "inputmode": "decimal"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Hundredths of a per cent, or None."""
        text = re.sub(r"[\s\u00a0\u202f%]", "", str(value if value is not None else ""))
        if not text:
            return None
        found = _PERCENT.fullmatch(text)
        if found is None:
            raise forms.ValidationError("Skriv procentsatsen med siffror, till exempel 3,25")
        if len(found[3] or "") > 2:
            raise forms.ValidationError("Skriv högst två decimaler, till exempel 3,25")
        hundredths = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
        if hundredths > 100_00:
            raise forms.ValidationError("Procentsatsen är orimligt hög. Kontrollera den.")
        return -hundredths if found[1] else hundredths

    def validate(self, value: Any) -> None:
        """Required means that something was written; 0 is something."""
        if self.required and value is None:
            raise forms.ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """The text has been read already."""


class _RecordForm(PortalForm):
    valid_from = DateField(label="Gäller från och med")
    source = forms.CharField(
        label="Källa",
        max_length=200,
        help_text="Lagrum eller beslut, och var du har läst det. Utan källa kan uppgiften inte läggas in.",
        widget=forms.TextInput(attrs={"data-width": "w-32"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            self.speak_swedish(name, field)


class RateForm(_RecordForm):
    """A reference rate from a day until the next one."""

    rate = PercentField(label="Referensränta, procent", help_text="Med högst två decimaler. Den kan vara under noll.")
    field_order = ("valid_from", "rate", "source")


class RuleForm(_RecordForm):
    """What räntelagen says, as the administrator has read it."""

    margin = PercentField(label="Tillägg till referensräntan, procentenheter")
    starts_from = forms.ChoiceField(
        label="Vilken dag räknas räntan från?",
        choices=InterestRule.From.choices,
        widget=forms.RadioSelect(attrs={"data-layout": "vertical"}),
    )
    after_days = forms.IntegerField(
        label="Hur många dagar efter den dagen börjar räntan?",
        min_value=0,
        max_value=3650,
        help_text="0 om räntan räknas från dagen efter.",
        widget=forms.TextInput(attrs={"data-width": "w-8", "inputmode": "numeric"}),
    )
    days_of_year = forms.TypedChoiceField(
        label="Hur många dagar delas årsräntan med?",
        coerce=int,
        choices=[(365, "365"), (366, "366"), (360, "360")],
        widget=forms.RadioSelect,
    )
    field_order = ("valid_from", "margin", "starts_from", "after_days", "days_of_year", "source")
