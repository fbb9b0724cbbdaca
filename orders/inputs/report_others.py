"""The other professions' own sections of the report: written and signed by each, or marked as not done."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import F

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.forms import DateField
from orders.models import Report, Visit
from orders.process import PROFESSIONS
from orders.readiness import readiness
from orders.report import OTHERS
from orders.report_forms import has_been

LONGEST = 20_000


def keep(context: Context, profession: str, said: dict[str, Any]) -> None:
    """Put a profession's section into the report that is being written: a new revision, so that the physician reads it."""
    subject = context.subject
    report, _ = Report.objects.get_or_create(assessment=subject, performer_id=subject.performer_id)
    report = Report.objects.select_for_update().get(pk=report.pk)
    who = {"user": context.actor.user_id, "name": context.actor.user_name, "signed_at": context.now.isoformat()}
    others = {**report.content.get(OTHERS, {}), profession: said | who}
    Report.objects.filter(pk=report.pk).update(
        content=report.content | {OTHERS: others},
        revision=F("revision") + 1,
        saved_at=context.now,
        saved_by_id=context.actor.user_id,
        saved_page="",
    )
    context.data["profession"] = profession


class SignSectionForm(StepForm):
    """What this profession has found, and what it means for the profile. Signed anew, it replaces what was signed."""

    examined_on = DateField(label="När undersökte du den försäkrade?", validators=[has_been])
    findings = long_text("Vilka fynd och observationer har du gjort?", rows=10, max_length=LONGEST)
    judgement = long_text("Vad betyder de för förmågan till arbete?", rows=8, max_length=LONGEST)

    def set_up(self) -> None:
        report = Report.objects.filter(assessment=self.subject, performer_id=self.subject.performer_id).first()
        said = (report.content if report else {}).get(OTHERS, {}).get(self.actor.role, {})
        for name in self.fields:
            if said.get(name):
                self.initial.setdefault(name, said[name])

    def clean_examined_on(self) -> date:
        """Not before the order."""
        day: date = self.cleaned_data["examined_on"]
        if self.subject.ordered_on and day < self.subject.ordered_on:
            raise forms.ValidationError(f"Beställningen kom {self.subject.ordered_on}. Ange den dagen eller en senare.")
        return day

    def warnings(self) -> list[str]:
        visits = Visit.objects.filter(assessment=self.subject, profession=self.actor.role, status="carried_out")
        return [] if visits.exists() else ["Inget besök hos dig är inskrivet som genomfört i ärendet."]

    def apply(self, context: Context) -> None:
        said = {**self.cleaned_data, "examined_on": self.cleaned_data["examined_on"].isoformat()}
        keep(context, context.actor.role, said)


class SectionNotDoneForm(StepForm):
    """The responsible physician says that an approved profession's section was not done, and why."""

    profession = forms.ChoiceField(
        label="Vilken profession?",
        choices=[(code, label) for code, label in PROFESSIONS.items() if code != "physician"],
        widget=forms.RadioSelect,
    )
    why = long_text("Varför görs inte avsnittet?", help_text="Det står i utlåtandet.")

    def set_up(self) -> None:
        field = self.fields["profession"]
        assert isinstance(field, forms.ChoiceField)
        may = readiness(self.subject).approved
        field.choices = [(code, label) for code, label in PROFESSIONS.items() if code in may]

    def apply(self, context: Context) -> None:
        keep(context, self.cleaned_data["profession"], {"not_done": self.cleaned_data["why"]})
