"""Reasons, ends, hand-backs and voided documents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from fmu_portal.engine import outbox
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.forms import DateField
from orders.models import Assignment, Enclosure, ReportSource, ReportVersion

END_CAUSES = {
    "cannot_take_part": "Den försäkrade kan eller vill inte delta",
    "died": "Den försäkrade har avlidit",
    "moved": "Den försäkrade har flyttat",
    "nobody_can": "Ingen utförare kan utreda",
    "objects": "Den försäkrade motsätter sig att utlåtandet skickas",
}

REASON_HELP = "Skriv inte namn, personnummer eller diagnos om det inte behövs."


class ReasonForm(StepForm):
    """Just a reason."""

    reason = long_text("Skäl", help_text=REASON_HELP)

    def apply(self, context: Context) -> None:
        context.note(self.cleaned_data["reason"])


class ProposeEndForm(StepForm):
    """Performer or region proposes an end; the agency decides."""

    cause = forms.ChoiceField(
        label="Varför bör utredningen avslutas?", choices=[*END_CAUSES.items()], widget=forms.RadioSelect
    )
    reason = long_text("Beskriv kort", help_text=REASON_HELP)

    def apply(self, context: Context) -> None:
        context.data["cause"] = self.cleaned_data["cause"]
        context.note(self.cleaned_data["reason"])


class EndForm(StepForm):
    """The agency ends an assessment without a report, in one of its forms."""

    conditional = ("carried_out_on",)

    cause = forms.ChoiceField(
        label="Varför avslutas utredningen?", choices=[*END_CAUSES.items()], widget=forms.RadioSelect
    )
    carried_out_on = DateField(
        label="När genomfördes undersökningen?",
        required=False,
        help_text="Fyll i när den försäkrade motsätter sig att utlåtandet skickas. Då har regionen rätt till ersättning (11 §).",
    )
    reason = long_text("Skäl", help_text=REASON_HELP)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        cause, day = cleaned.get("cause"), cleaned.get("carried_out_on")
        if cause == "objects":
            if self.subject.status != "in_progress":
                self.add_error(
                    "cause", "Det går bara efter en genomförd undersökning och innan utlåtandet har kommit in."
                )
            if day is None and "carried_out_on" not in self.errors:
                self.add_error("carried_out_on", "Fyll i när undersökningen genomfördes")
        if day and day > timezone.localdate():
            self.add_error("carried_out_on", "Dagen ligger i framtiden. Fyll i dagen då undersökningen genomfördes.")
        elif day and self.subject.ordered_on and day < self.subject.ordered_on:
            self.add_error(
                "carried_out_on", f"Dagen är före beställningen {self.subject.ordered_on}. Kontrollera datumet."
            )
        return cleaned

    def apply(self, context: Context) -> None:
        cause = self.cleaned_data["cause"]
        context.set(ended_cause=cause)
        if cause == "objects":
            context.set(carried_out_on=self.cleaned_data["carried_out_on"])
        context.note(self.cleaned_data["reason"])


class HandBackForm(StepForm):
    """The performer gives the assignment back; its access to the underlag ends in the same transaction."""

    cause = forms.ChoiceField(
        label="Varför lämnar ni tillbaka uppdraget?",
        choices=[("conflict", "Jäv"), ("cannot", "Vi kan inte utreda eller leverera")],
        widget=forms.RadioSelect,
    )
    reason = long_text("Skäl", help_text=REASON_HELP)

    def apply(self, context: Context) -> None:
        subject = context.subject
        context.data["cause"] = self.cleaned_data["cause"]
        context.data["handed_back_by"] = subject.performer_id
        context.note(self.cleaned_data["reason"])
        Assignment.objects.filter(assessment=subject, closed_by__isnull=True).update(closed_by_id=context.event_id)
        subject.participants.all().delete()
        context.tells.add(subject.performer_id)
        context.set(performer_id=None, responsible_physician_id=None, ordered_on=None, underlag_complete_on=None)


class VoidForm(StepForm):
    """The agency voids a document that belongs to somebody else or should not be here."""

    conditional = ("enclosure", "report")

    enclosure = forms.ModelChoiceField(
        label="Vilken handling?", queryset=Enclosure.objects.none(), required=False, empty_label="Välj handling"
    )
    report = forms.ModelChoiceField(
        label="Eller vilket utlåtande?",
        queryset=ReportVersion.objects.none(),
        required=False,
        empty_label="Inget utlåtande",
        help_text="Utlåtanden som är skrivna i portalen.",
    )
    wrong = forms.ChoiceField(
        label="Vad är fel?",
        choices=[("person", "Handlingen gäller en annan person"), ("document", "Det är fel handling")],
        widget=forms.RadioSelect,
    )
    reason = long_text("Skäl", help_text=REASON_HELP)

    def set_up(self) -> None:
        field = self.fields["enclosure"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = (
            self.subject.enclosures.sent()
            .filter(voided_by__isnull=True)
            .select_related("document")
            .order_by("position", "id")
        )
        field.label_from_instance = _enclosure_label  # type: ignore[method-assign,assignment]
        field.widget.choices = field.choices
        written = ReportVersion.objects.filter(
            assessment=self.subject, source=ReportSource.FORM, voided_by__isnull=True, erased_at__isnull=True
        )
        report = self.fields["report"]
        assert isinstance(report, forms.ModelChoiceField)
        report.queryset = written.order_by("number")
        report.label_from_instance = _version_label  # type: ignore[method-assign,assignment]
        report.widget.choices = report.choices
        if not self.is_bound and not written.exists():
            del self.fields["report"]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        chosen = [name for name in ("enclosure", "report") if cleaned.get(name)]
        if not chosen and "enclosure" not in self.errors and "report" not in self.errors:
            self.add_error("enclosure", "Svara på frågan: Vilken handling?")
        elif len(chosen) == 2:
            self.add_error("report", "Välj antingen en handling eller ett utlåtande. Makulera en i taget.")
        return cleaned

    def shown(self, name: str) -> list[str]:
        if name == "enclosure":
            found = self.cleaned_data.get(name)
            return [_enclosure_label(found)] if found else ["Ingen"]
        if name == "report":
            found = self.cleaned_data.get(name)
            return [_version_label(found)] if found else ["Inget"]
        return super().shown(name)

    def apply(self, context: Context) -> None:
        enclosure: Enclosure | None = self.cleaned_data["enclosure"]
        version: Any = self.cleaned_data.get("report")
        voided: Any = enclosure or version
        voided.voided_by_id = context.event_id
        voided.save(update_fields=["voided_by"])
        what = {"enclosure": enclosure.pk} if enclosure else {"report": version.number}
        context.data |= {**what, "wrong": self.cleaned_data["wrong"]}
        context.note(self.cleaned_data["reason"])
        outbox.put(
            "incident",
            f"incident:{context.event_id}",
            {"event": context.event_id, "organisation": context.subject.agency_office_id},
        )


def _version_label(version: ReportVersion) -> str:
    return f"Utlåtande, version {version.number}"


def _enclosure_label(enclosure: Enclosure) -> str:
    """Type, date and extent, and the file's name last: two letters of one day are told apart by it."""
    file, dated = enclosure.document, f", {enclosure.dated}" if enclosure.dated else ""
    if file.pages is None:
        extent = "godtas inte" if file.is_refused else "kontrolleras"
    else:
        extent = "1 sida" if file.pages == 1 else f"{file.pages} sidor"
    return f"{enclosure.get_kind_display()}{dated}, {extent} ({file.name})"
