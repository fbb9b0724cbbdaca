"""The controller's decision, line by line."""

from __future__ import annotations

from typing import Any

from django import forms

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from reimbursement.checks.base import kronor
from reimbursement.effects import claimed, decided, examined
from reimbursement.fields import MoneyField
from reimbursement.inputs.claims import NO_PERSON, words
from reimbursement.models import ClaimKind, Decision, Line, Outcome


class DecideForm(StepForm):
    """For each line: as claimed (to the ceiling), a lower amount, or nothing; with a reason that the region reads.

    ``version``: of the claim that was examined. Nothing is chosen beforehand: a machine's verdict is no decision.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)

    def set_up(self) -> None:
        if self.subject.kind == ClaimKind.ADMINISTRATION:
            examined(self.subject)  # what is left of the year's ceiling now is the most that can be chosen (12 §)
        for line in claimed(self.subject):
            name, most = words(line), line.payable or 0
            choices = [
                (Outcome.APPROVE, f"Godta {kronor(most)}"),
                (Outcome.REDUCE, "Godta ett lägre belopp"),
                (Outcome.REFUSE, "Avslå"),
            ]
            self.fields[f"outcome_{line.pk}"] = forms.ChoiceField(
                label=name, choices=choices, widget=forms.RadioSelect(attrs={"data-layout": "vertical"})
            )
            self.fields[f"amount_{line.pk}"] = MoneyField(label=f"{name}: lägre belopp, kronor", required=False)
            self.fields[f"reason_{line.pk}"] = long_text(
                f"{name}: skäl", rows=2, required=False, help_text=f"Regionen läser skälet. {NO_PERSON}"
            )
        self.conditional = tuple(f"{part}_{line.pk}" for line in claimed(self.subject) for part in ("amount", "reason"))

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for line in claimed(self.subject):
            outcome, amount = cleaned.get(f"outcome_{line.pk}"), cleaned.get(f"amount_{line.pk}")
            if outcome == Outcome.REDUCE and f"amount_{line.pk}" not in self.errors:
                self._reduced(line, amount)
            if outcome in (Outcome.APPROVE, Outcome.REFUSE) and amount is not None:
                self.add_error(f"amount_{line.pk}", "Ta bort beloppet, eller välj Godta ett lägre belopp.")
            if outcome in (Outcome.REDUCE, Outcome.REFUSE) and not cleaned.get(f"reason_{line.pk}"):
                self.add_error(f"reason_{line.pk}", "Skriv skälet. Regionen behöver förstå beslutet.")
        return cleaned

    def _reduced(self, line: Line, amount: int | None) -> None:
        most = line.payable or 0
        if amount is None:
            self.add_error(f"amount_{line.pk}", "Fyll i det lägre beloppet")
        elif amount >= most:
            self.add_error(f"amount_{line.pk}", f"Beloppet ska vara lägre än {kronor(most)}. Välj annars Godta.")
        elif amount == 0:
            self.add_error(f"amount_{line.pk}", "Beloppet är 0. Välj Avslå i stället.")

    def amount_of(self, line: Line) -> int:
        """What is decided for a line, in öre."""
        outcome = self.cleaned_data[f"outcome_{line.pk}"]
        if outcome == Outcome.APPROVE:
            return line.payable or 0
        return int(self.cleaned_data[f"amount_{line.pk}"]) if outcome == Outcome.REDUCE else 0

    def apply(self, context: Context) -> None:
        examined(self.subject)  # what the checks say now is what the decision is compared with
        for line in claimed(self.subject):
            outcome, amount = self.cleaned_data[f"outcome_{line.pk}"], self.amount_of(line)
            not_holding = [name for name, verdict, _ in line.checks if verdict != "holds"]
            context.rows.append(
                Decision(
                    line=line,
                    event_id=context.event_id,
                    outcome=outcome,
                    amount=amount,
                    reason=self.cleaned_data[f"reason_{line.pk}"],
                    overrides=not_holding if amount else [],
                )
            )
            line.outcome, line.approved = outcome, amount
        decided(context)
