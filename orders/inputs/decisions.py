"""Expansion, deferral, deviation: what is asked for, and what is decided."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.engine.refusals import NoRule
from fmu_portal.forms import DateField
from fmu_portal.working_days import add_working_days, is_working_day
from orders import last_day
from orders.inputs.ending import REASON_HELP
from orders.models import DeviationKind, Profession


class ProposeExpansionForm(StepForm):
    """The responsible physician's three grounds for an expansion, and which professions."""

    professions = forms.MultipleChoiceField(
        label="Vilka professioner behöver undersöka?", choices=Profession.choices, widget=forms.CheckboxSelectMultiple
    )
    unclear = long_text("Vad är oklart i profilen?", help_text="Det första av tre skäl som krävs för en utvidgning.")
    clears = long_text("Hur väntas utvidgningen klargöra det?")
    matters = long_text("Vad väntas det betyda för profilen?")

    def warnings(self) -> list[str]:
        order = self.subject.assessment.orders.order_by("-pk").first()
        if order is not None and not order.expandable:
            return [
                "Beställningen säger att utredningen inte får utvidgas. Försäkringskassan beslutar ändå om förslaget."
            ]
        return []

    def apply(self, context: Context) -> None:
        context.set(professions=self.cleaned_data["professions"])
        for kind in ("unclear", "clears", "matters"):
            context.note(self.cleaned_data[kind], kind)


class ApproveExpansionForm(StepForm):
    """The agency approves some or all of the professions, with 0–20 extra working days in all (8 §)."""

    professions = forms.MultipleChoiceField(label="Vilka professioner godkänns?", widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label="Hur många extra vardagar?", min_value=0)
    reason = long_text("Motivering", required=False, help_text=REASON_HELP)

    def set_up(self) -> None:
        wanted = self.subject.professions
        field = self.fields["professions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(p.value, p.label) for p in Profession if p.value in wanted]
        self.initial.setdefault("professions", wanted)
        left = last_day.extra_left(self.subject.assessment)
        days = self.fields["days"]
        assert isinstance(days, forms.IntegerField)
        days.max_value = left
        days.help_text = f"0–{left} vardagar. Lagen ger högst 20 sammanlagt i en utredning (8 §, portalens tolkning)."

    def clean_days(self) -> int:
        """Within what the law leaves."""
        days: int = self.cleaned_data["days"]
        left = last_day.extra_left(self.subject.assessment)
        if days > left:
            used = "" if left == 20 else f" {20 - left} är redan givna."
            raise forms.ValidationError(f"Det går att ge högst {left} extra vardagar till.{used} Ange ett lägre antal.")
        return days

    def apply(self, context: Context) -> None:
        days = self.cleaned_data["days"]
        context.set(professions=self.cleaned_data["professions"], days=days, decided_on=context.today)
        context.note(self.cleaned_data["reason"])
        if days:
            last_day.move(context, last_day.with_extra(self.subject.assessment, days, context.today))


class ApplyDeferralForm(StepForm):
    """A risk of delay with its reason, and the day that is wished."""

    wished = DateField(label="När bedömer ni att utlåtandet kan vara hos Försäkringskassan?")
    reason = long_text("Vad är skälet till risken för försening?", help_text=REASON_HELP)

    def clean_wished(self) -> date:
        """A day after the present last day."""
        day: date = self.cleaned_data["wished"]
        return _later(day, self.subject.assessment, unless_delivered=True)

    def warnings(self) -> list[str]:
        return _not_a_working_day(self.cleaned_data["wished"])

    def apply(self, context: Context) -> None:
        context.set(wished=self.cleaned_data["wished"])
        context.note(self.cleaned_data["reason"])


class GrantDeferralForm(StepForm):
    """The decision's new latest day (8 § second paragraph). The law sets no limit to how late."""

    until = DateField(label="Ny sista dag för utlåtandet")
    reason = long_text("Motivering", required=False, help_text=REASON_HELP)

    def set_up(self) -> None:
        if self.subject.wished:
            self.initial.setdefault("until", self.subject.wished)
        if self.subject.assessment.underlag_complete_on is None:
            return  # no clock runs yet: the door will say so
        try:
            self.fields["until"].help_text = f"Sista dag är nu {last_day.present(self.subject.assessment).due}."
        except NoRule as missing:
            self.fields["until"].help_text = missing.text

    def clean_until(self) -> date:
        """A day after the present last day; in the past only when the report has come."""
        return _later(self.cleaned_data["until"], self.subject.assessment, unless_delivered=True)

    def warnings(self) -> list[str]:
        return _not_a_working_day(self.cleaned_data["until"])

    def apply(self, context: Context) -> None:
        until = self.cleaned_data["until"]
        context.set(until=until, decided_on=context.today)
        context.note(self.cleaned_data["reason"])
        last_day.move(context, last_day.with_deferral(self.subject.assessment, until, context.today))


def _later(day: date, case: Any, *, unless_delivered: bool) -> date:
    if case.underlag_complete_on is None:
        raise forms.ValidationError("Utlåtandet har ingen sista dag än. Den räknas från att underlaget är komplett.")
    present = last_day.present(case).due
    if day <= present:
        raise forms.ValidationError(f"Sista dag är redan {present}. Ange en senare dag.")
    if day < timezone.localdate() and not (unless_delivered and case.delivered_on):
        raise forms.ValidationError("Dagen har redan passerat. Ange en dag som kommer.")
    if day > timezone.localdate() + timedelta(days=3 * 366):
        raise forms.ValidationError(f"Dagen är mer än tre år bort. Kontrollera året: {day.year}.")
    return day


def _not_a_working_day(day: date) -> list[str]:
    if is_working_day(day):
        return []
    return [f"{day} är ingen vardag. Nästa vardag är {add_working_days(day, 1)}."]


class ReportDeviationForm(StepForm):
    """What went wrong, why, and what is done about it."""

    kind = forms.ChoiceField(label="Vad är det som har hänt?", choices=DeviationKind.choices, widget=forms.RadioSelect)
    found_on = DateField(label="När hände det?")
    cause = long_text("Vad berodde det på?", help_text=f"{REASON_HELP} Alla parter i ärendet kan läsa det.")
    action = long_text("Vad görs åt det?", required=False)

    def set_up(self) -> None:
        self.initial.setdefault("found_on", timezone.localdate())

    def clean_found_on(self) -> date:
        """Not in the future, not before the case."""
        day: date = self.cleaned_data["found_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("Dagen ligger i framtiden. Ange dagen då det hände.")
        if day < self.subject.assessment.created_on:
            raise forms.ValidationError(
                f"Ärendet skapades {self.subject.assessment.created_on}. Ange den dagen eller en senare."
            )
        return day

    def apply(self, context: Context) -> None:
        context.set(kind=self.cleaned_data["kind"], found_on=self.cleaned_data["found_on"])
        context.note(self.cleaned_data["cause"], "cause")
        context.note(self.cleaned_data["action"], "action")


class RecordDeviationForm(StepForm):
    """What the clock or another step writes in: the kind and the day."""

    kind = forms.ChoiceField(label="Slag", choices=DeviationKind.choices)
    found_on = DateField(label="Dag")

    def apply(self, context: Context) -> None:
        context.set(kind=self.cleaned_data["kind"], found_on=self.cleaned_data["found_on"])


class ActOnDeviationForm(StepForm):
    """Cause and action, by whoever knows."""

    cause = long_text(
        "Vad berodde det på?", required=False, help_text=f"{REASON_HELP} Alla parter i ärendet kan läsa det."
    )
    action = long_text("Vad har gjorts åt det?", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if not self.errors and not cleaned.get("cause") and not cleaned.get("action"):
            self.add_error("action", "Skriv orsak eller åtgärd")
        return cleaned

    def apply(self, context: Context) -> None:
        context.data["deviation"] = context.subject.kind
        context.note(self.cleaned_data["cause"], "cause")
        context.note(self.cleaned_data["action"], "action")
