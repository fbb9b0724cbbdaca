"""What the steps of a batch take in, and the correction of a granted amount."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.forms import DateField
from fmu_portal.money import MoneyField, kronor
from reimbursement import books
from reimbursement.effects import claimed
from reimbursement.inputs.claims import NO_PERSON, remark, words
from reimbursement.models import Line


class PaidForm(StepForm):
    """The day on which the bank paid."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    paid_on = DateField(label="Vilken dag betalades beloppet ut?")

    def clean_paid_on(self) -> date:
        day: date = self.cleaned_data["paid_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("Dagen ligger i framtiden. Bekräfta när beloppet har betalats ut.")
        if self.subject.sent_on is not None and day < self.subject.sent_on:
            raise forms.ValidationError(
                f"Filen skickades {self.subject.sent_on}. Beloppet kan inte ha betalats före det."
            )
        return day

    def apply(self, context: Context) -> None:
        context.set(paid_on=self.cleaned_data["paid_on"])


class FailureForm(StepForm):
    """Why nothing was paid. The region is told when it is about its account."""

    ACCOUNT = "account"

    version = forms.IntegerField(widget=forms.HiddenInput)
    cause = forms.ChoiceField(
        label="Vad gick fel?",
        choices=[
            (ACCOUNT, "Banken godtog inte kontot"),
            ("file", "Ekonomisystemet tog inte emot filen"),
            ("other", "Något annat"),
        ],
        widget=forms.RadioSelect(attrs={"data-layout": "vertical"}),
    )
    text = long_text("Beskriv felet", rows=3, required=False, help_text=f"Regionen läser det. {NO_PERSON}")

    def apply(self, context: Context) -> None:
        context.data["cause"] = self.cleaned_data["cause"]
        if self.cleaned_data["cause"] == self.ACCOUNT:
            context.tells.add(context.subject.region_id)
        remark(context, "failure", self.cleaned_data["text"])


class CancelForm(StepForm):
    """Why the batch is cancelled."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = long_text("Skäl", rows=3, help_text=f"Regionen läser skälet. {NO_PERSON}")

    def apply(self, context: Context) -> None:
        remark(context, "cancel", self.cleaned_data["reason"])


class CorrectionForm(StepForm):
    """A granted amount that is wrong in the books, before it is paid: the line, what it should be, and why.

    One person enters it, so it never pays more than the two who decided and attested agreed on: it lowers an amount, or
    takes an earlier correction back. Something must be left to pay; what has been paid is recovered instead (19 §).
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    line = forms.TypedChoiceField(label="Vilken post?", coerce=int, widget=forms.RadioSelect)
    amount = MoneyField(label="Rätt belopp, kronor")
    reason = long_text("Skäl", rows=3, help_text=f"Regionen läser skälet. {NO_PERSON}")

    def set_up(self) -> None:
        self._lines: dict[int, Line] = {line.pk: line for line in claimed(self.subject) if line.approved}
        self._now = books.granted(self.subject.pk) if self._lines else {}
        field: Any = self.fields["line"]
        field.choices = [(pk, f"{words(line)}: {kronor(self._now.get(pk, 0))}") for pk, line in self._lines.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        line, amount = self._lines.get(cleaned.get("line", 0)), cleaned.get("amount")
        if line is None or amount is None:
            return cleaned
        now = self._now.get(line.pk, 0)
        if amount == now:
            self.add_error("amount", f"Posten är redan {kronor(now)}.")
        elif amount > (line.approved or 0):
            most = kronor(line.approved or 0)
            self.add_error("amount", f"Beslutet och attesten gäller {most}. Ett högre belopp kräver ett nytt beslut.")
        elif sum(self._now.values()) - now + amount == 0:
            self.add_error("amount", "Då finns inget kvar att betala. Låt det betalas ut och kräv tillbaka det (19 §).")
        return cleaned

    def apply(self, context: Context) -> None:
        line, amount = self._lines[self.cleaned_data["line"]], self.cleaned_data["amount"]
        context.rows.append(books.correction(line, amount, context.event_id, context.today))
        context.data |= {"line": line.pk, "from": self._now[line.pk], "to": amount}
        remark(context, "correction", self.cleaned_data["reason"])
