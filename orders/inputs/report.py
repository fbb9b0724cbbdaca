"""The report: delivered, registered, reviewed, supplemented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from fmu_portal.engine import outbox
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text, yes_no
from fmu_portal.engine.registry import count_limit
from fmu_portal.forms import DateField
from fmu_portal.models import Duty
from orders.inputs.files import problems, send, staged, waiting_words
from orders.models import Enclosure, Report, ReportSource, ReportVersion
from orders.report import SECTIONS, keys, missing_in
from rules.limits import decided


def _arrive(context: Context, source: ReportSource, **fields: Any) -> ReportVersion:
    """A new fixed version of the report. Late or not is decided once, by the first that arrives (11 §)."""
    subject = context.subject
    number = subject.report_version + 1
    version = ReportVersion.objects.create(
        assessment=subject,
        number=number,
        performer_id=subject.performer_id,
        source=source,
        event_id=context.event_id,
        **fields,
    )
    context.set(report_version=number)
    context.data["report_version"] = number
    return version


def _delivered(context: Context, day: Any) -> None:
    """The day the report reached the agency, and whether that was in time: the law's last day counts as in time."""
    duty = (
        Duty.objects.open()
        .filter(process="assessment", subject_id=context.subject.pk, kind="deliver_report", party="performer")
        .first()
    )
    due = duty.due if duty else None
    if due is None:
        from orders.deadlines import provisional

        due = provisional(context.subject).due
    context.data["due"] = due.isoformat()
    context.set(delivered_on=day, delivered_late=day > due)


class DeliverForm(StepForm):
    """The responsible physician signs and sends: what is written here, or a ready-made PDF."""

    sends = ("report",)
    renewed = ("revision",)
    file_title = "Färdigt utlåtande som PDF"
    file_hint = "Bara om ni inte skriver utlåtandet i portalen."

    source = forms.ChoiceField(
        label="Vilket utlåtande skickar du?",
        choices=[("form", "Det som är skrivet i portalen"), ("upload", "Den PDF som är uppladdad")],
        widget=forms.RadioSelect,
    )
    responsible = forms.BooleanField(label="Jag är ansvarig läkare för utredningen och signerar utlåtandet")
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def set_up(self) -> None:
        self.initial.setdefault("source", "form")
        draft = self.draft()
        self.initial.setdefault("revision", draft.revision if draft else None)

    @property
    def enclosures(self) -> list[Enclosure]:
        """Ready-made PDF files that are staged."""
        return staged(self.subject, self.actor.organisation_id, self.sends)

    def warnings(self) -> list[str]:
        upload = self.cleaned_data.get("source") == "upload"
        if upload:
            return [*super().warnings(), *waiting_words(self.enclosures)]
        return [*super().warnings(), *self._examined_early(), *self._unchanged()]

    def _unchanged(self) -> list[str]:
        """A supplement that says what the latest version said."""
        draft, subject = self.draft(), self.subject
        if draft is None or subject.status != "supplement_requested":
            return []
        latest = ReportVersion.objects.filter(assessment=subject, number=subject.report_version).first()
        if latest is None or latest.content is None:  # a ready-made PDF has none
            return []
        names = [key for section in SECTIONS for field in section.fields for key in keys(field)]
        if any(draft.content.get(name) != latest.content.get(name) for name in names):
            return []
        return [f"Utlåtandet är oförändrat sedan version {latest.number}. Kontrollera att kompletteringen är skriven."]

    def _examined_early(self) -> list[str]:
        draft, ordered = self.draft(), self.subject.ordered_on
        day = draft.content.get("examined_on", "") if draft else ""
        if not day or ordered is None or day >= ordered.isoformat():
            return []
        return [f"Undersökningsdagen {day} är före beställningen {ordered}. Kontrollera dagen."]

    def draft(self) -> Report | None:
        """What has been written in the portal."""
        return Report.objects.filter(assessment=self.subject, performer_id=self.subject.performer_id).first()

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("source") == "form":
            draft = self.draft()
            missing = missing_in(draft.content if draft else {})
            if missing:
                self.add_error("source", f"Utlåtandet är inte klart. Det saknas: {', '.join(missing)}.")
            elif draft is not None and draft.content["examined_on"] > timezone.localdate().isoformat():
                self.add_error("source", "Undersökningsdagen ligger i framtiden. Rätta den i utlåtandet.")
            elif draft is not None and cleaned.get("revision") != draft.revision:
                # What is signed must be what was read: a colleague may have saved in the meantime.
                self.add_error(
                    "source", "Utlåtandet har ändrats sedan du öppnade sidan. Läs det igen innan du signerar."
                )
                self._show_revision(draft.revision)
        elif cleaned.get("source") == "upload":
            count = len(self.enclosures)
            if count != 1:
                self.add_error(
                    "source",
                    "Ladda upp utlåtandet som PDF först." if count == 0 else "Ta bort alla PDF utom den som gäller.",
                )
            for problem in problems(self.enclosures):
                self.add_error(None, problem)
        return cleaned

    def _show_revision(self, revision: int) -> None:
        """Let the page that says so carry the new revision."""
        data: Any = self.data
        self.data = data.copy()
        self.data["revision"] = str(revision)  # type: ignore[index]

    def apply(self, context: Context) -> None:
        signed = {"signed_by_id": context.actor.user_id, "signed_at": context.now}
        if self.cleaned_data["source"] == "form":
            draft = self.draft()
            assert draft is not None
            version = _arrive(context, ReportSource.FORM, content=draft.content, **signed)
            outbox.put("report_pdf", f"report_pdf:{version.pk}", {"version": version.pk}, context.actor.mandate_id)
        else:
            enclosures = self.enclosures
            send(context, enclosures)
            _arrive(context, ReportSource.UPLOAD, document_id=enclosures[0].document_id, **signed)
        if context.step.name == "deliver":
            _delivered(context, context.today)


class RegisterReportForm(StepForm):
    """A report that came another way: its day, and what shows it."""

    sends = ("report", "evidence")
    file_title = "Utlåtandet och det som styrker dagen"
    file_hint = "Ladda upp utlåtandet som PDF. Lägg gärna till det stämplade kuvertet eller liknande."

    delivered_on = DateField(label="Vilken dag kom utlåtandet in?")
    evidence = long_text("Hur kom det in, och hur vet du vilken dag?", rows=3)

    @property
    def enclosures(self) -> list[Enclosure]:
        """What would be registered."""
        return staged(self.subject, self.actor.organisation_id, self.sends)

    def warnings(self) -> list[str]:
        return [*super().warnings(), *waiting_words(self.enclosures)]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        day = cleaned.get("delivered_on")
        if day and day > timezone.localdate():
            self.add_error("delivered_on", "Dagen ligger i framtiden. Fyll i dagen då utlåtandet kom in.")
        elif day and self.subject.ordered_on and day < self.subject.ordered_on:
            self.add_error(
                "delivered_on", f"Dagen är före beställningen {self.subject.ordered_on}. Kontrollera datumet."
            )
        reports = [e for e in self.enclosures if e.kind == "report"]
        if len(reports) != 1:
            self.add_error(None, "Ladda upp utlåtandet som en PDF. Det ska vara en fil av typen utlåtande.")
        for problem in problems(self.enclosures):
            self.add_error(None, problem)
        return cleaned

    def apply(self, context: Context) -> None:
        enclosures = self.enclosures
        report = next(e for e in enclosures if e.kind == "report")
        send(context, enclosures)
        context.note(self.cleaned_data["evidence"], kind="evidence")
        _delivered(context, self.cleaned_data["delivered_on"])
        _arrive(context, ReportSource.REGISTERED, document_id=report.document_id)


class CompleteForm(StepForm):
    """The agency finds the report complete; the decision carries the version that was read."""

    renewed = ("report_version",)
    forgets = True

    report_version = forms.IntegerField(widget=forms.HiddenInput)
    complete = yes_no("Innehåller utlåtandet det som Försäkringskassan har begärt (7 §)?")

    def set_up(self) -> None:
        self.initial.setdefault("report_version", self.subject.report_version)

    def clean_complete(self) -> bool:
        """Only a yes completes; the way of a no is to ask for a supplement."""
        value: bool = self.cleaned_data["complete"]
        if not value:
            raise forms.ValidationError("Begär komplettering i stället, om något väsentligt saknas.")
        return value

    def apply(self, context: Context) -> None:
        context.data["report_version"] = self.cleaned_data["report_version"]


class RequestSupplementForm(StepForm):
    """What is missing, in which part, by when (7 § second paragraph)."""

    renewed = ("report_version",)

    report_version = forms.IntegerField(widget=forms.HiddenInput)
    part = forms.ChoiceField(
        label="Vilken del gäller det?",
        choices=[("", "Välj del"), *((s.name, s.title) for s in SECTIONS), ("all", "Hela utlåtandet")],
    )
    missing = long_text("Vad saknas?")
    due = DateField(
        label="När ska kompletteringen ha kommit in?",
        required=False,
        help_text="Lämna tomt för portalens rutintid.",
    )

    def set_up(self) -> None:
        self.initial.setdefault("report_version", self.subject.report_version)

    def clean_due(self) -> Any:
        """A day after today."""
        due = self.cleaned_data["due"]
        today = timezone.localdate()
        if due and due <= today:
            raise forms.ValidationError("Välj en dag efter i dag.")
        if due and due > today + timedelta(days=365):
            raise forms.ValidationError("Dagen ligger mer än ett år fram. Kontrollera året.")
        return due

    def shown(self, name: str) -> list[str]:
        """The routine's day where no other is given."""
        if name != "due" or self.cleaned_data.get("due"):
            return super().shown(name)
        limit = count_limit("routine.supplement_report", timezone.localdate(), self.subject.region_id)
        return [f"{limit.due}, portalens rutintid"]

    def apply(self, context: Context) -> None:
        context.data["part"] = self.cleaned_data["part"]
        context.note(self.cleaned_data["missing"], kind="missing")
        if due := self.cleaned_data["due"]:
            context.limits["supplement_report"] = decided(
                "routine.supplement_report", context.today, due, context.subject.region_id
            )
