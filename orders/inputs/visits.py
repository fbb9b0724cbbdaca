"""Visits that are to come: booking, summoning, rebooking."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

from accounts.roles import ASSESSORS, Role
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, short_text
from fmu_portal.engine.refusals import NoRule
from fmu_portal.forms import DateField, TimeField
from fmu_portal.working_days import is_working_day
from orders import last_day, visits
from orders.inputs.people import staff
from orders.models import Assessment
from orders.models.visit import Interpreter, SummonedHow
from orders.process import PROFESSIONS

FARTHEST = timedelta(days=366)
MINUTES = (15, 600)
SKIPPED = "Klockan ställs fram den natten, så klockslaget finns inte. Skriv ett annat."
PROTECTED_POST = "Brev den skyddade vägen, aldrig med vanlig post"
PROTECTED_ROUTE = (
    "Personen har skyddade personuppgifter. Brevet görs utan namn och adress och ska gå den skyddade vägen,"
    " aldrig med vanlig post till en adress som ni har skrivit av."
)
BEFOREHAND = ((Interpreter.NONE, "Nej"), (Interpreter.NEEDED, "Ja, inte bokad än"), (Interpreter.BOOKED, "Ja, bokad"))


def moment(form: StepForm, day_field: str, clock_field: str) -> datetime | None:
    """The moment that two fields name in Swedish time; an error beside the time when the clock skips it."""
    day, clock = form.cleaned_data.get(day_field), form.cleaned_data.get(clock_field)
    if day is None or clock is None:
        return None
    try:
        return visits.swedish(day, clock)
    except visits.NoSuchTime:
        form.add_error(clock_field, SKIPPED)
        return None


def _report_due(case: Assessment) -> date | None:
    """The report's last day as it stands, or as it will be once the underlag is confirmed; None when no clock runs."""
    if case.delivered_on is not None or case.underlag_complete_on is None:
        return None
    try:
        return last_day.present(case).due
    except NoRule:
        return None


class TimeAndPlace(StepForm):
    """When, how long, with whom and where. The moment must be free for the assessor and for the insured person."""

    day = DateField(label="Vilken dag?")
    start = TimeField(label="Vilken tid börjar besöket?", help_text="Svensk tid, till exempel 9.30.")
    minutes = forms.IntegerField(
        label="Hur många minuter?",
        min_value=MINUTES[0],
        max_value=MINUTES[1],
        widget=forms.NumberInput({"data-width": "w-8"}),
    )
    assessor = forms.TypedChoiceField(label="Hos vem?", coerce=int, empty_value=None)
    meeting = forms.ChoiceField(
        label="Var?",
        choices=[("place", "På en plats"), ("video", "Video")],
        widget=forms.RadioSelect(attrs={"data-layout": "horizontal"}),
    )
    place = short_text(
        "Plats",
        "",
        max_length=200,
        required=False,
        help_text="Mottagning, adress och rum. Bara ni ser det, och det står i kallelsen.",
    )
    conditional: tuple[str, ...] = ("place",)
    past = False
    _span: tuple[datetime, datetime] | None = None

    def professions(self) -> set[str]:
        """The professions whose assessors may be chosen."""
        raise NotImplementedError

    def chosen(self) -> str:
        """The profession that has been chosen, or ""."""
        raise NotImplementedError

    def _assessors(self, professions: set[str]) -> list[Any]:
        """The unit's assessors by profession; who is no administrator or physician finds only themself."""
        groups: list[Any] = []
        for role in ASSESSORS:
            if role.value in professions:
                people = [(pk, name.rsplit(", ", 1)[0]) for pk, name in staff(self.subject.performer_id, (role,))]
                if self.actor.role not in (Role.PERFORMER_ADMIN, Role.PHYSICIAN):
                    people = [row for row in people if row[0] == self.actor.user_id and self.actor.role == role]
                groups += [(str(role.label), people)] if people else []
        return groups

    def set_up(self) -> None:
        field = self.fields["assessor"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Välj person"), *self._assessors(self.professions())]
        self.initial.setdefault("minutes", 90)
        self.initial.setdefault("meeting", "place")

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        starts_at = moment(self, "day", "start")
        minutes, assessor = cleaned.get("minutes"), cleaned.get("assessor")
        if cleaned.get("meeting") == "place" and not cleaned.get("place") and "place" not in self.errors:
            self.add_error("place", "Skriv var besöket är, eller välj video")
        self._check_assessor(assessor)
        if starts_at is None or minutes is None:
            return cleaned
        ends_at = starts_at + timedelta(minutes=minutes)
        self._check_day(starts_at)
        if self.errors:
            return cleaned
        self._span = (starts_at, ends_at)
        if not self.past:
            self._check_free(assessor, starts_at, ends_at)
        return cleaned

    def _check_assessor(self, assessor: int | None) -> None:
        profession = self.chosen()
        if assessor is None or not profession:
            return
        people = [pk for _, group in self._assessors({profession}) for pk, _ in group]
        if assessor not in people:
            self.add_error("assessor", f"Välj någon som är {PROFESSIONS[profession].lower()} hos er")

    def _check_day(self, starts_at: datetime) -> None:
        now = timezone.now()
        if self.past:
            if starts_at > now:
                self.add_error("day", "Besöket har inte varit än. Boka det i stället.")
            elif self.subject.assessment.ordered_on and self.cleaned_data["day"] < self.subject.assessment.ordered_on:
                self.add_error(
                    "day", f"Beställningen kom {self.subject.assessment.ordered_on}. Ange den dagen eller en senare."
                )
        elif starts_at <= now:
            self.add_error("day", "Tiden har passerat. Ange en tid som kommer.")
        elif starts_at > now + FARTHEST:
            self.add_error("day", f"Dagen är mer än ett år bort. Kontrollera året: {self.cleaned_data['day'].year}.")

    def _check_free(self, assessor: int | None, starts_at: datetime, ends_at: datetime) -> None:
        other = visits.taken(self.subject.case_id, starts_at, ends_at, self.subject.pk)
        if other is not None and other.starts_at is not None and other.ends_at is not None:
            when = visits.when_words(other.starts_at, other.ends_at)
            self.add_error("start", f"Den försäkrade har redan ett besök då, {when}. Välj en annan tid.")
        if assessor is not None and visits.busy(assessor, starts_at, ends_at, self.subject.pk):
            self.add_error(
                "start", "Den som ska undersöka har redan ett besök den tiden. Välj en annan tid eller person."
            )

    def warnings(self) -> list[str]:
        found = []
        day, case = self.cleaned_data["day"], self.subject.assessment
        if not is_working_day(day):
            found.append(f"{day} är ingen vardag.")
        if not self.past and (due := _report_due(case)) is not None and day > due:
            found.append(
                f"Besöket är efter utlåtandets sista dag, {due}. Kontrollera dagen, eller meddela risk för försening."
            )
        taking_part = case.participants.filter(performer_id=self.subject.performer_id)
        if not taking_part.filter(user_id=self.cleaned_data["assessor"]).exists():
            found.append(
                "Den som ska undersöka deltar inte i utredningen än och kan inte öppna underlaget."
                " Lägg till personen under Utse ansvarig läkare och deltagare."
            )
        if not self.past:
            found += _late_summons(self.subject, day)
        return found

    def written(self, context: Context) -> None:
        """The moment, the person and the place: the place is no event's."""
        assert self._span is not None
        video = self.cleaned_data["meeting"] == "video"
        context.set(
            assessor_id=self.cleaned_data["assessor"], starts_at=self._span[0], ends_at=self._span[1], video=video
        )
        subject = context.subject
        subject.place = "" if video else self.cleaned_data["place"]
        subject.save(update_fields=["place"])


def _late_summons(subject: Any, day: date) -> list[str]:
    """A word when there is too little time to summon by the routine."""
    today = timezone.localdate()
    try:
        by_post, direct = (visits.summon_by(how, today, day, subject.region_id).late for how in ("post", "direct"))
    except (NoRule, ValueError):
        return []
    if direct:
        return ["Det är för kort tid kvar för att kalla i god tid (rutin). Stäm av tiden med den försäkrade."]
    if by_post:
        return ["Det är för kort tid kvar för att kalla med posten (rutin). Lämna kallelsen på annat sätt."]
    return []


class Booking(TimeAndPlace):
    """A new visit."""

    profession = forms.ChoiceField(
        label="Hos vilken profession?", choices=[*PROFESSIONS.items()], widget=forms.RadioSelect
    )
    interpreter = forms.ChoiceField(label="Behövs tolk?", choices=BEFOREHAND, widget=forms.RadioSelect)
    field_order = ("profession", "assessor", "day", "start", "minutes", "meeting", "place", "interpreter")

    def chosen(self) -> str:
        return str(self.cleaned_data.get("profession") or "")

    def set_up(self) -> None:
        super().set_up()
        kind, interpreter = self.fields["profession"], self.fields["interpreter"]
        assert isinstance(kind, forms.ChoiceField)
        may = self.professions()
        kind.choices = [(code, label) for code, label in PROFESSIONS.items() if code in may]
        kind.error_messages["invalid_choice"] = "Välj en profession som går att boka nu"
        if len(may) == 1:
            self.initial.setdefault("profession", next(iter(may)))
        elif self.actor.role in may:
            self.initial.setdefault("profession", self.actor.role)
        case = self.subject.assessment
        if case.interpreter:
            interpreter.help_text = f"Beställningen säger tolk: {case.language}."
        self.initial.setdefault("interpreter", Interpreter.NEEDED if case.interpreter else Interpreter.NONE)

    def apply(self, context: Context) -> None:
        context.set(profession=self.chosen(), interpreter=self.cleaned_data["interpreter"])
        self.written(context)


class BookForm(Booking):
    """A visit with a physician, or with a profession that the agency has approved."""

    def professions(self) -> set[str]:
        return visits.approved(self.subject.assessment)


class BookProvisionalForm(Booking):
    """A visit with a profession that the agency has not approved (yet)."""

    def professions(self) -> set[str]:
        return set(PROFESSIONS) - visits.approved(self.subject.assessment)


class RebookForm(TimeAndPlace):
    """Another time, person or place; the profession stays."""

    field_order = ("assessor", "day", "start", "minutes", "meeting", "place")

    def professions(self) -> set[str]:
        return {self.subject.profession}

    def chosen(self) -> str:
        return str(self.subject.profession)

    def set_up(self) -> None:
        visit = self.subject
        if visit.starts_at is not None:
            at = timezone.localtime(visit.starts_at)
            self.initial.setdefault("day", at.date())
            self.initial.setdefault("start", time(at.hour, at.minute))
            self.initial.setdefault("minutes", int((visit.ends_at - visit.starts_at).total_seconds() // 60))
            self.initial.setdefault("assessor", visit.assessor_id)
            self.initial.setdefault("meeting", "video" if visit.video else "place")
            self.initial.setdefault("place", visit.place)
        super().set_up()

    def apply(self, context: Context) -> None:
        self.written(context)
        context.set(summoned_on=None, summoned_how="")


class SummonForm(StepForm):
    """How and when the insured person is summoned. Later than the routine is warned of, never refused."""

    how = forms.ChoiceField(label="Hur kallas den försäkrade?", choices=SummonedHow.choices, widget=forms.RadioSelect)
    sent_on = DateField(label="Vilken dag skickas eller lämnas kallelsen?")

    def set_up(self) -> None:
        self.initial.setdefault("sent_on", timezone.localdate())
        if self.subject.assessment.protected:
            # The ordinary post would show the sender where the person is: the same choice means the protected route.
            choices = dict(SummonedHow.choices) | {SummonedHow.POST.value: PROTECTED_POST}
            cast("forms.ChoiceField", self.fields["how"]).choices = list(choices.items())

    def clean_sent_on(self) -> date:
        """Today or earlier, never after the visit's day or before the case was ordered."""
        day: date = self.cleaned_data["sent_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("Dagen ligger i framtiden. Skriv in kallelsen den dag den skickas.")
        if self.subject.assessment.ordered_on and day < self.subject.assessment.ordered_on:
            raise forms.ValidationError(
                f"Beställningen kom {self.subject.assessment.ordered_on}. Ange den dagen eller en senare."
            )
        return day

    def warnings(self) -> list[str]:
        visit, how, sent_on = self.subject, self.cleaned_data["how"], self.cleaned_data["sent_on"]
        hidden = [PROTECTED_ROUTE] if visit.assessment.protected else []
        try:
            found = visits.summon_by(how, sent_on, visit.day, visit.region_id)
        except (NoRule, ValueError):
            return hidden
        if not found.late:
            return hidden
        return [
            *hidden,
            f"Kallelsen går senare än rutinen: {found.days} vardagar före besöket, alltså senast {found.last}.",
        ]

    def apply(self, context: Context) -> None:
        context.set(summoned_on=self.cleaned_data["sent_on"], summoned_how=self.cleaned_data["how"])
