"""Costs, questions, answers, reasons."""

from __future__ import annotations

from typing import Any

from django import forms

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.money import MoneyField, kronor
from reimbursement.effects import claimed
from reimbursement.models import Line, Remark

NO_PERSON = "Skriv inga personuppgifter."


def remark(context: Context, kind: str, text: str, *, to_region: bool = True) -> None:
    """Keep what the person wrote, apart from the event."""
    subject = context.subject
    if text:
        context.rows.append(
            Remark(
                event_id=context.event_id,
                process=context.registered.process.name,
                subject_id=subject.pk,
                region_id=subject.region_id,
                kind=kind,
                text=text,
                to_region=to_region,
                author_id=context.actor.organisation_id or None,
            )
        )


class ReasonForm(StepForm):
    """Just a reason."""

    reason = long_text("Skäl", help_text=NO_PERSON)

    def apply(self, context: Context) -> None:
        # What an attester tells the controller is the agency's own.
        remark(context, "reason", self.cleaned_data["reason"], to_region=context.step.name != "send_back")


class SentBackForm(ReasonForm):
    """Why the attester does not attest. Carries the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class QuestionForm(StepForm):
    """The controller asks the region. Carries the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    text = long_text("Fråga till regionen", help_text=f"Regionen svarar i begäran. {NO_PERSON}")

    def apply(self, context: Context) -> None:
        remark(context, "question", self.cleaned_data["text"])


def words(line: Line) -> str:
    """A line as a field's label: "Psykolog", "Tolk, 2,5 timmar", "Utbildningsdag, läkare, 3 dagar, egen personal"."""
    from accounts.roles import Role

    parts = [line.label]
    if line.kind == "training":
        parts += [str(Role(line.profession).label).lower(), f"{line.days} {'dag' if line.days == 1 else 'dagar'}"]
        parts.append("upphandlad personal" if line.contracted else "egen personal")
    if line.minutes:
        hours = f"{line.minutes / 60:.2f}".rstrip("0").rstrip(".").replace(".", ",")
        parts.append(f"{hours} timmar")
    return ", ".join(parts)


class CostsForm(StepForm):
    """The cost of each line, in kronor. A cost above the ceiling is taken as it is, and paid to the ceiling."""

    mark_optional = False

    def set_up(self) -> None:
        for line in claimed(self.subject):
            top = "" if line.ceiling is None else f" Högst {kronor(line.ceiling)} betalas."
            price = "" if line.price is None else f" Avtalets pris är {kronor(line.price)}."
            field = MoneyField(label=words(line), required=False, help_text=f"{price}{top}".strip())
            self.fields[self.name_of(line)] = field
            self.initial.setdefault(self.name_of(line), line.cost)

    def clean(self) -> dict[str, Any]:
        """Where there are several lines, an error says of which: the summary on top repeats it without the field."""
        lines = claimed(self.subject)
        for line in lines if len(lines) > 1 else ():
            if errors := self.errors.get(self.name_of(line)):
                self.errors[self.name_of(line)] = self.error_class([f"{words(line)}: {error}" for error in errors])
        return self.cleaned_data

    @staticmethod
    def name_of(line: Line) -> str:
        """The field of a line."""
        return f"cost_{line.pk}"

    def warnings(self) -> list[str]:
        found = []
        for line in claimed(self.subject):
            cost = self.cleaned_data.get(self.name_of(line))
            if cost is not None and line.ceiling is not None and cost > line.ceiling:
                found.append(f"{words(line)}: kostnaden är {kronor(cost - line.ceiling)} över taket. Taket betalas.")
        return found

    def apply(self, context: Context) -> None:
        costs: dict[str, Any] = {}
        for line in claimed(self.subject):
            cost = self.cleaned_data.get(self.name_of(line))
            if cost != line.cost:
                line.cost = cost
                costs[str(line.pk)] = cost
        Line.objects.bulk_update([line for line in claimed(self.subject) if str(line.pk) in costs], ["cost"])
        context.data["costs"] = costs


class AnswerForm(CostsForm):
    """The region's answer, with costs that it mends at the same time."""

    text = long_text("Svar", help_text=NO_PERSON)
    field_order = ("text",)

    def set_up(self) -> None:
        super().set_up()
        for line in claimed(self.subject):
            self.fields[self.name_of(line)].required = True

    def apply(self, context: Context) -> None:
        super().apply(context)
        remark(context, "answer", self.cleaned_data["text"])
