"""What the steps of a recovery take in: what was wrong, the decision with its interest, repayments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text, yes_no
from fmu_portal.forms import DateField
from fmu_portal.money import MoneyField, kronor
from fmu_portal.working_days import add_working_days, is_working_day
from reimbursement import books
from reimbursement.inputs.claims import NO_PERSON, remark, words
from reimbursement.interest import Interest, counted, from_records
from reimbursement.models import Line, Recovery
from reimbursement.recovering import entry, left_to_demand
from reimbursement.wording import lack
from rules.limits import rule_in_force

LONGEST = timedelta(days=366)
"""A last day to pay further away than a year is a slip of the keyboard: the portal's own limit."""


class OpenForm(StepForm):
    """Which part of a paid claim was wrong, how much, and what the suspicion rests on (19 §)."""

    line = forms.TypedChoiceField(
        label="Vad gäller återkravet?", coerce=int, empty_value=None, widget=forms.RadioSelect
    )
    wrong = MoneyField(label="Hur mycket betalades felaktigt eller för högt, kronor?")
    reason = long_text(
        "Varför behöver det utredas?", help_text=f"Regionen ser det inte. {NO_PERSON}"
    )  # fmt: skip

    def set_up(self) -> None:
        claim = self.subject.claim
        self.lines = {line.pk: line for line in Line.objects.filter(claim=claim, approved__gt=0).order_by("id")}
        whole = f"Hela begäran, högst {kronor(left_to_demand(claim))}"
        lines = [(pk, f"{words(line)}, {kronor(line.approved or 0)}") for pk, line in self.lines.items()]
        self.fields["line"].choices = [("0", whole), *lines]  # type: ignore[attr-defined]
        self.fields["line"].widget.attrs["data-layout"] = "vertical"

    def clean(self) -> dict[str, Any]:
        wrong, chosen = self.cleaned_data.get("wrong"), self.cleaned_data.get("line")
        if wrong is not None and chosen is not None:
            most = left_to_demand(self.subject.claim, self.lines.get(chosen))
            if wrong == 0:
                self.add_error("wrong", "Beloppet är 0. Då finns det inget att kräva tillbaka.")
            elif wrong > most:
                self.add_error(
                    "wrong", f"Högst {kronor(most)} kan krävas tillbaka: det som har betalats, minus tidigare återkrav."
                )
        return self.cleaned_data

    def begins(self) -> None:
        self.subject.wrong = self.cleaned_data["wrong"]
        self.subject.line = self.lines.get(self.cleaned_data["line"])

    def apply(self, context: Context) -> None:
        context.data |= {"wrong": self.subject.wrong, "line": self.subject.line_id}
        remark(context, "reason", self.cleaned_data["reason"], to_region=False)


class DecideForm(StepForm):
    """The whole amount or a part of it, interest by räntelagen or less, set-off, last day to pay. Nothing is chosen before.

    Interest that cannot be counted is not asked about: ``lacks`` says why, and the decision has none.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    extent = forms.ChoiceField(
        label="Hur mycket krävs tillbaka?",
        choices=[("full", "Hela beloppet"), ("part", "En del av beloppet")],
        widget=forms.RadioSelect(attrs={"data-layout": "vertical"}),
    )
    demand = MoneyField(label="Lägre belopp, kronor", required=False)
    reason = long_text("Skäl för beslutet", help_text=f"Regionen läser skälet. {NO_PERSON}")
    interest = forms.ChoiceField(
        label="Ränta (20 §)",
        choices=[("full", "Ta ut räntan"), ("less", "Sätt ned räntan")],
        widget=forms.RadioSelect(attrs={"data-layout": "vertical"}),
    )
    interest_amount = MoneyField(label="Nedsatt ränta, kronor", required=False)
    interest_reason = long_text(
        "Särskilda skäl för att sätta ned räntan", rows=2, required=False, help_text=f"Regionen läser skälet. {NO_PERSON}"
    )  # fmt: skip
    set_off = yes_no("Får återkravet räknas av mot kommande utbetalningar (21 §)?")
    due_on = DateField(label="Sista dag att betala", help_text="En vardag. Beslutet attesteras innan regionen får det.")
    conditional = ("demand", "interest_amount", "interest_reason")

    def set_up(self) -> None:
        recovery, today = self.subject, timezone.localdate()
        self.on_whole = self.interest_on(recovery.wrong, today)
        self.fields["extent"].choices = [  # type: ignore[attr-defined]
            ("full", f"Hela beloppet, {kronor(recovery.wrong)}"),
            ("part", "En del av beloppet"),
        ]
        if not self.on_whole.amount:  # none to take, or none that can be counted
            for name in ("interest", "interest_amount", "interest_reason"):
                del self.fields[name]
        else:
            self.fields["interest"].choices = [("full", "Ta ut räntan"), ("less", "Sätt ned räntan")]  # type: ignore[attr-defined]
            self.fields["interest"].help_text = f"På hela beloppet är räntan {kronor(self.on_whole.amount)} i dag."
        days = rule_in_force("routine.repay", today, recovery.region_id).days
        self.initial.setdefault("due_on", add_working_days(today, days))

    def interest_on(self, capital: int, due_on: date) -> Interest:
        """What räntelagen gives on so many öre if it is decided today; whether it can be counted hangs on days alone."""
        recovery = self.subject
        return from_records(capital, paid_on=recovery.paid_on, decided_on=timezone.localdate(), due_on=due_on)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        self._clean_demand(cleaned.get("extent"), cleaned.get("demand"))
        if (due := cleaned.get("due_on")) is not None:
            self._clean_due(due)
        if not self.errors:
            self.found = self.interest_on(self.demanded, cleaned["due_on"])
            if "interest" in self.fields:
                self._clean_interest(cleaned["interest"], cleaned.get("interest_amount"))
        return cleaned

    def _clean_demand(self, extent: str | None, demand: int | None) -> None:
        wrong = self.subject.wrong
        if extent == "full" and demand is not None:
            self.add_error("demand", "Ta bort beloppet, eller välj En del av beloppet.")
        if extent == "part" and "demand" not in self.errors:
            if demand is None:
                self.add_error("demand", "Fyll i det lägre beloppet")
            elif demand >= wrong:
                self.add_error("demand", f"Beloppet ska vara lägre än {kronor(wrong)}. Välj annars Hela beloppet.")
            elif demand == 0:
                self.add_error("demand", "Beloppet är 0. Avsluta i stället utredningen utan återkrav.")

    def _clean_due(self, due: date) -> None:
        today = timezone.localdate()
        if due <= today:
            self.add_error("due_on", "Sista dag att betala ska vara efter i dag.")
        elif due - today > LONGEST:
            self.add_error("due_on", "Dagen är mer än ett år bort. Kontrollera året.")
        elif not is_working_day(due):
            self.add_error(
                "due_on", f"{due} är ingen vardag. Närmaste vardag efter är {add_working_days(due, 1)}."
            )  # fmt: skip

    def _clean_interest(self, choice: str, amount: int | None) -> None:
        full = self.found.amount or 0
        if choice == "full" and amount is not None:
            self.add_error("interest_amount", "Ta bort beloppet, eller välj Sätt ned räntan.")
        if choice == "less":
            if amount is None:
                self.add_error("interest_amount", "Fyll i den nedsatta räntan. Skriv 0 om ingen ränta ska tas ut.")
            elif amount >= full:
                self.add_error("interest_amount", f"Räntan är {kronor(full)}. Fyll i ett lägre belopp.")
            if not self.cleaned_data.get("interest_reason"):
                self.add_error("interest_reason", "Skriv de särskilda skälen (20 §).")

    @property
    def demanded(self) -> int:
        """The amount that is demanded back, in öre."""
        part: int = self.subject.wrong if self.cleaned_data["extent"] == "full" else self.cleaned_data["demand"]
        return part

    @property
    def charged(self) -> int:
        """The interest that is taken, in öre."""
        less = self.cleaned_data.get("interest") == "less"
        amount: int = self.cleaned_data["interest_amount"] if less else self.found.amount or 0
        return amount

    def answers(self) -> list[tuple[str, str, list[str]]]:
        rows = super().answers()
        name = "interest" if "interest" in self.fields else "due_on"
        return [
            *rows,
            (
                name,
                "Regionen får betala",
                [f"{kronor(self.demanded + self.charged)}, varav ränta {kronor(self.charged)}"],
            ),
        ]

    def warnings(self) -> list[str]:
        return [lack(counted(self.found))] if self.found.amount is None else []

    def apply(self, context: Context) -> None:
        cleaned = self.cleaned_data
        context.set(
            demand=self.demanded, interest_full=self.found.amount, interest=self.charged, counted=counted(self.found),
            set_off=cleaned["set_off"], due_on=cleaned["due_on"], decided_by_id=context.actor.user_id,
            decided_on=context.today,
        )  # fmt: skip
        remark(context, "reason", cleaned["reason"])
        remark(context, "interest_reason", cleaned.get("interest_reason", ""))


class ReasonForm(StepForm):
    """Why it is dropped, or goes back to the controller: the agency's own."""

    reason = long_text("Skäl", help_text=f"Regionen ser det inte. {NO_PERSON}")

    def apply(self, context: Context) -> None:
        remark(context, "reason", self.cleaned_data["reason"], to_region=False)


class _PaymentForm(StepForm):
    """An amount and the day it was paid."""

    amount = MoneyField(label="Belopp, kronor")
    day = DateField(label="Vilken dag?")

    def set_up(self) -> None:
        self.left = books.balance(self.subject.pk)
        self.fields["amount"].help_text = f"Kvar att betala är {kronor(self.left)}."

    def clean(self) -> dict[str, Any]:
        amount, day = self.cleaned_data.get("amount"), self.cleaned_data.get("day")
        recovery: Recovery = self.subject
        if amount == 0:
            self.add_error("amount", "Beloppet är 0. Fyll i det som har betalats.")
        elif amount is not None and amount > self.left:
            self.add_error("amount", f"Kvar att betala är {kronor(self.left)}. Fyll i högst det.")
        if day is not None and day > timezone.localdate():
            self.add_error("day", "Dagen ligger i framtiden.")
        elif day is not None and recovery.decided_on is not None and day < recovery.decided_on:
            self.add_error("day", f"Dagen är före beslutet om återkrav, {recovery.decided_on}.")
        return self.cleaned_data


class RepaymentForm(_PaymentForm):
    """A repayment that has come: booked for the day it came. Never more than what is left."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def apply(self, context: Context) -> None:
        amount, day = self.cleaned_data["amount"], self.cleaned_data["day"]
        context.rows.append(entry(context, "repaid", amount, day))
        context.data |= {"amount": amount, "day": day.isoformat()}


class AnnouncementForm(_PaymentForm):
    """The region says that it has paid. Nothing is booked: the agency registers the money when it has come."""

    text = long_text(
        "Referens eller annat som Försäkringskassan behöver", rows=2, required=False, help_text=NO_PERSON
    )  # fmt: skip

    def apply(self, context: Context) -> None:
        context.data |= {"amount": self.cleaned_data["amount"], "day": self.cleaned_data["day"].isoformat()}
        remark(context, "announcement", self.cleaned_data["text"])


INPUTS = {
    "open": OpenForm,
    "decide": DecideForm,
    "reason": ReasonForm,
    "repayment": RepaymentForm,
    "announcement": AnnouncementForm,
}
