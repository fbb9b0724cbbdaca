"""How a visit went: carried out, broken off, no-show, cancelled; and the interpreter."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from accounts.roles import Party
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.engine.refusals import NoRule
from fmu_portal.forms import DateField, HoursField, TimeField
from orders import visits
from orders.inputs.ending import REASON_HELP
from orders.inputs.visits import BookForm, BookProvisionalForm, RebookForm, SummonForm, TimeAndPlace, moment
from orders.models.visit import CancelledBy, Interpreter, Interruption, NoShow, NoticeTo
from orders.process import PROFESSIONS

AFTERWARDS = ((Interpreter.NONE, "Ingen tolk behövdes"), (Interpreter.CAME, "Ja"), (Interpreter.ABSENT, "Nej"))


class _Interpreted(StepForm):
    """Whether the interpreter came, and for how long. Not asked when no interpreter was to come."""

    came = forms.ChoiceField(
        label="Kom tolken?",
        choices=AFTERWARDS,
        required=False,
        widget=forms.RadioSelect(attrs={"data-layout": "horizontal"}),
    )
    hours = HoursField(label="Hur många timmar tog tolken?", required=False, help_text="Till exempel 1,5.")
    conditional: tuple[str, ...] = ("came", "hours")

    def set_up(self) -> None:
        super().set_up()
        if self.subject.pk is not None and self.subject.interpreter == Interpreter.NONE:
            del self.fields["came"], self.fields["hours"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if "came" not in self.fields:
            return cleaned
        if not cleaned.get("came") and "came" not in self.errors:
            self.add_error("came", "Svara på frågan: Kom tolken?")
        if cleaned.get("came") == Interpreter.CAME and cleaned.get("hours") is None and "hours" not in self.errors:
            self.add_error("hours", "Fyll i hur många timmar tolken tog")
        if cleaned.get("came") != Interpreter.CAME and cleaned.get("hours"):
            self.add_error("hours", "Tolken kom inte. Ta bort timmarna, eller ändra svaret.")
        return cleaned

    def interpreted(self, context: Context) -> None:
        """What was said of the interpreter, if it was asked."""
        if "came" in self.fields:
            context.set(interpreter=self.cleaned_data["came"], interpreter_minutes=self.cleaned_data["hours"])

    def shown(self, name: str) -> list[str]:
        if name == "hours" and self.cleaned_data.get(name) is not None:
            return [visits.hours_words(self.cleaned_data[name])]
        return super().shown(name)


class RegisterVisitForm(_Interpreted, TimeAndPlace):
    """A visit that was carried out without having been booked here. The responsible physician says so."""

    past = True
    conditional = ("place", "came", "hours")
    profession = forms.ChoiceField(
        label="Hos vilken profession?", choices=[*PROFESSIONS.items()], widget=forms.RadioSelect
    )
    field_order = ("profession", "assessor", "day", "start", "minutes", "meeting", "place", "came", "hours")

    def professions(self) -> set[str]:
        return visits.approved(self.subject.assessment)

    def chosen(self) -> str:
        return str(self.cleaned_data.get("profession") or "")

    def set_up(self) -> None:
        super().set_up()
        kind = self.fields["profession"]
        assert isinstance(kind, forms.ChoiceField)
        may = self.professions()
        kind.choices = [(code, label) for code, label in PROFESSIONS.items() if code in may]
        self.initial.setdefault("profession", "physician")
        self.initial.setdefault("came", "" if self.subject.assessment.interpreter else Interpreter.NONE)

    def apply(self, context: Context) -> None:
        context.set(profession=self.chosen())
        self.interpreted(context)
        self.written(context)


class CancelVisitForm(StepForm):
    """Who cancels. Of the insured person's notice: when it was given and to whom; late or not is computed."""

    conditional = ("notice_on", "notice_time", "notice_to")

    by = forms.ChoiceField(label="Vem avbokar?", choices=CancelledBy.choices[:3], widget=forms.RadioSelect)
    notice_on = DateField(
        label="Vilken dag lämnade den försäkrade återbudet?",
        required=False,
        help_text="Fyll i de tre frågorna om återbudet bara när det är den försäkrade som avbokar.",
    )
    notice_time = TimeField(
        label="Vilken tid?", required=False, help_text="När återbudet lämnades, inte när du skriver in det."
    )
    notice_to = forms.ChoiceField(label="Till vem?", choices=[("", "Välj"), *NoticeTo.choices], required=False)
    reason = long_text("Skäl", required=False, help_text=f"{REASON_HELP} Alla parter i ärendet kan läsa det.")
    _notice: visits.Notice | None = None
    _given_at: datetime | None = None

    def set_up(self) -> None:
        if self.actor.party is Party.AGENCY:
            field = self.fields["by"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [pair for pair in CancelledBy.choices[:3] if pair[0] != CancelledBy.PERFORMER]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        by = cleaned.get("by")
        names = ("notice_on", "notice_time", "notice_to")
        if by == CancelledBy.INSURED:
            for name in names:
                if not cleaned.get(name) and cleaned.get(name) != time(0) and name not in self.errors:
                    words = {"notice_on": "vilken dag", "notice_time": "vilken tid", "notice_to": "till vem"}[name]
                    self.add_error(name, f"Fyll i {words} återbudet lämnades")
            given_at = moment(self, "notice_on", "notice_time")
            if given_at is not None:
                self._check(given_at)
        elif by and any(cleaned.get(name) not in (None, "") for name in names):
            self.add_error(
                "by", "Återbud lämnas bara av den försäkrade. Ändra svaret, eller ta bort uppgifterna om återbud."
            )
        return cleaned

    def _check(self, given_at: datetime) -> None:
        visit = self.subject
        if given_at > timezone.now():
            self.add_error("notice_on", "Tiden ligger i framtiden. Ange när återbudet lämnades.")
        elif given_at >= visit.starts_at:
            self.add_error(
                "notice_on",
                "Återbudet lämnades efter att besöket skulle ha börjat. Då är det ett uteblivet besök: skriv in det så.",
            )
        elif self.cleaned_data["notice_on"] < visit.assessment.created_on:
            self.add_error(
                "notice_on", f"Ärendet skapades {visit.assessment.created_on}. Ange den dagen eller en senare."
            )
        else:
            try:
                self._notice, self._given_at = visits.notice(given_at, visit.starts_at), given_at
            except NoRule as missing:
                self.add_error("notice_on", missing.text)

    def warnings(self) -> list[str]:
        if self._notice is None:
            return []
        start = visits.moment_words(self.subject.starts_at)
        if self._notice.late:
            return [f"Det är ett sent återbud: mindre än {self._notice.hours} timmar före besöket {start}."]
        return [f"Det är inget sent återbud: minst {self._notice.hours} timmar före besöket {start}."]

    def apply(self, context: Context) -> None:
        context.set(cancelled_by=self.cleaned_data["by"])
        if self._notice is not None:
            context.set(
                notice_at=self._given_at,
                notice_to=self.cleaned_data["notice_to"],
                late_notice=self._notice.late,
                late_rule=self._notice.rule,
            )
        context.note(self.cleaned_data["reason"])


class CarryOutForm(_Interpreted):
    """The visit was carried out."""

    conditional = ("came", "hours")

    def apply(self, context: Context) -> None:
        self.interpreted(context)


class InterruptForm(_Interpreted):
    """The visit began and was broken off: no no-show."""

    interruption = forms.ChoiceField(
        label="Varför avbröts besöket?", choices=Interruption.choices, widget=forms.RadioSelect
    )
    reason = long_text("Beskriv kort", required=False, help_text=f"{REASON_HELP} Alla parter i ärendet kan läsa det.")
    field_order = ("interruption", "came", "hours", "reason")

    def apply(self, context: Context) -> None:
        context.set(outcome=self.cleaned_data["interruption"])
        self.interpreted(context)
        context.note(self.cleaned_data["reason"])


class NoShowForm(_Interpreted):
    """The three forms of a no-show (FKFS 2019:1 4 §). With an absent interpreter it is none."""

    what = forms.ChoiceField(label="Vad hände?", choices=NoShow.choices, widget=forms.RadioSelect)
    reason = long_text("Beskriv kort", required=False, help_text=f"{REASON_HELP} Alla parter i ärendet kan läsa det.")
    field_order = ("what", "came", "hours", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("came") == Interpreter.ABSENT:
            self.add_error("came", "Uteblev tolken räknas besöket inte som uteblivet. Välj Besöket avbröts i stället.")
        return cleaned

    def apply(self, context: Context) -> None:
        context.set(outcome=self.cleaned_data["what"])
        self.interpreted(context)
        context.note(self.cleaned_data["reason"])


VISIT_INPUTS = {
    "book": BookForm,
    "book_provisional": BookProvisionalForm,
    "register": RegisterVisitForm,
    "summon": SummonForm,
    "rebook": RebookForm,
    "cancel": CancelVisitForm,
    "carry_out": CarryOutForm,
    "interrupt": InterruptForm,
    "no_show": NoShowForm,
}
