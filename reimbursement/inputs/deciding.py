"""The controller's decision, line by line."""

from __future__ import annotations

from typing import Any

from django import forms

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.money import MoneyField, kronor
from reimbursement.checks import CHECKS, WORDS, Verdict
from reimbursement.effects import claimed, decided, examined
from reimbursement.inputs.claims import NO_PERSON, words
from reimbursement.models import Decision, Line, Outcome
from reimbursement.years import most_of


class DecideForm(StepForm):
    """For each line: as claimed (to the ceiling), a lower amount, or nothing; with a reason that the region reads.

    ``version``: of the claim that was examined. Nothing is chosen beforehand: a machine's verdict is no decision.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)

    def set_up(self) -> None:
        for line in claimed(self.subject):
            name, most = words(line), self.most(line)
            choices = [(Outcome.REFUSE, "Avslå")]
            if most:
                choices = [
                    (Outcome.APPROVE, f"Godta {kronor(most)}"),
                    (Outcome.REDUCE, "Godta ett lägre belopp"),
                    *choices,
                ]
            self.fields[f"outcome_{line.pk}"] = forms.ChoiceField(
                label=name, choices=choices, widget=forms.RadioSelect(attrs={"data-layout": "vertical"})
            )
            self.fields[f"amount_{line.pk}"] = MoneyField(label=f"{name}: lägre belopp, kronor", required=False)
            self.fields[f"reason_{line.pk}"] = long_text(
                f"{name}: skäl", rows=2, required=False, help_text=f"Regionen läser skälet. {NO_PERSON}"
            )
        parts = ("outcome", "amount", "reason")
        # A part for each line; the question itself names it.
        self.sections = tuple(("", tuple(f"{part}_{line.pk}" for part in parts)) for line in claimed(self.subject))
        self.conditional = tuple(f"{part}_{line.pk}" for line in claimed(self.subject) for part in ("amount", "reason"))

    def most(self, line: Line) -> int:
        """The most that can be decided for a line, in öre; the year's other quarters are asked once for each form."""
        kept: dict[int, int] = self.__dict__.setdefault("kept_most", {})
        if line.pk not in kept:
            kept[line.pk] = most_of(self.subject, line)
        return kept[line.pk]

    def fields_of(self, line: Line) -> list[Any]:
        """The bound fields of a line: outcome, lower amount, reason."""
        return [self[f"{part}_{line.pk}"] for part in ("outcome", "amount", "reason")]

    def decisions(self) -> list[tuple[Line, Outcome, int, str]]:
        """What was chosen: (line, outcome, öre, reason). After ``is_valid``."""
        return [
            (
                line,
                Outcome(self.cleaned_data[f"outcome_{line.pk}"]),
                self.amount_of(line),
                self.cleaned_data[f"reason_{line.pk}"],
            )
            for line in claimed(self.subject)
        ]

    def answers(self) -> list[tuple[str, str, list[str]]]:
        """The decision line by line, and its sum."""
        rows, total = [], 0
        for line, outcome, amount, reason in self.decisions():
            cost, total = line.cost or 0, total + amount
            of = f" av begärda {kronor(cost)}" if amount < cost else ""
            said = {
                Outcome.APPROVE: f"Godtas: {kronor(amount)}{of}",
                Outcome.REDUCE: f"Godtas med ett lägre belopp: {kronor(amount)}{of}",
                Outcome.REFUSE: f"Avslås. Begärt {kronor(cost)}",
            }[outcome]
            rows.append((f"outcome_{line.pk}", words(line), [said, *([f"Skäl: {reason}"] if reason else [])]))
        asked = sum(line.cost or 0 for line in claimed(self.subject))
        return [*rows, ("sum", "Summa", [f"{kronor(total)} av begärda {kronor(asked)}"])]

    def warnings(self) -> list[str]:
        """What is granted although a check does not hold: it is recorded with the decision, and the attester sees it."""
        examined(self.subject)
        return [
            f"{words(line)}: {CHECKS[name].label.lower()} – {WORDS[Verdict(verdict)].lower()}. Du godtar ändå {kronor(amount)}."
            for line, _, amount, _ in self.decisions()
            for name, verdict, _ in line.checks
            if amount and verdict == Verdict.STOPS and name in CHECKS
        ]

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
        most = self.most(line)
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
            return self.most(line)
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
