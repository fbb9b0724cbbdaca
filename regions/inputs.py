"""The region's choice of performer (5 § förordning 2018:1633: the region alone chooses), and what the asked answer."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from django import forms
from django.utils import timezone

from accounts.models import Organisation
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm
from fmu_portal.forms import DateField
from orders.models import Assignment, Profession
from regions.choosing import Choosing, approved_before
from regions.models import Agreement, Inquiry, Way

NO_AGREEMENT = "Utföraren har inget avtal med regionen i dag. Välj en annan."


class ChoosingForm(StepForm):
    """A form with the table of performers above it."""

    beside = "regions/candidates.html"

    @cached_property
    def choosing(self) -> Choosing:
        """The table and the proposal."""
        return Choosing(getattr(self.subject, "assessment", self.subject), timezone.localdate())


def _with_agreement(region_id: int | None) -> list[int]:
    rows = Agreement.objects.in_force(timezone.localdate()).filter(region_id=region_id)
    return list(rows.values_list("performer_id", flat=True))


class AssignForm(ChoosingForm):
    """Tilldela: one performer with an agreement in force today."""

    performer = forms.ModelChoiceField(
        label="Utförare",
        queryset=Organisation.objects.none(),
        empty_label="Välj utförare",
        help_text="Utförare som har avtal med regionen i dag.",
    )

    def set_up(self) -> None:
        field = self.fields["performer"]
        assert isinstance(field, forms.ModelChoiceField)
        found = Organisation.objects.filter(pk__in=_with_agreement(self.subject.region_id))
        field.queryset = found.order_by("name")
        field.error_messages["invalid_choice"] = NO_AGREEMENT

    def apply(self, context: Context) -> None:
        performer, subject = self.cleaned_data["performer"], context.subject
        Assignment.objects.create(assessment=subject, performer=performer, opened_by_id=context.event_id)
        context.set(performer_id=performer.pk, assignments_count=subject.assignments_count + 1)
        context.set(region_coordinator_id=context.actor.user_id)


class AskForm(ChoosingForm):
    """Fråga: one, several or all of those with an agreement today, and in which way the answers count."""

    way = forms.ChoiceField(
        label="Hur ska uppdraget fördelas?",
        choices=[(way.value, way.label) for way in Way if way is not Way.DIRECT],
        widget=forms.RadioSelect,
        help_text="Regionens eget val är ifyllt. Du kan välja ett annat sätt för det här ärendet.",
    )
    performers = forms.ModelMultipleChoiceField(
        label="Vilka vill du fråga?",
        queryset=Organisation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="De får en förfrågan utan ärendenummer och utan uppgift om vem personen är.",
    )

    professions = forms.MultipleChoiceField(
        label="Vilka professioner kan behövas, utöver läkare?",
        required=False,
        choices=Profession.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Om ni vet det. De tillfrågade ser det. Försäkringskassan beslutar om utvidgning (5 §).",
    )

    def set_up(self) -> None:
        field = self.fields["performers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        case = self.subject.assessment
        waiting = Inquiry.objects.filter(assessment_id=case.pk).open().values_list("performer_id", flat=True)
        asked = set(waiting)
        found = Organisation.objects.filter(pk__in=[u for u in _with_agreement(case.region_id) if u not in asked])
        field.queryset = found.order_by("name")
        field.error_messages["invalid_choice"] = (
            "En av utförarna har inget avtal med regionen i dag, eller är redan tillfrågad. Välj bland dem i listan."
        )
        if not self.is_bound:
            proposal = self.choosing.propose()
            self.initial.setdefault("way", proposal.way if proposal.way != Way.DIRECT else Way.CHOOSE)
            self.initial.setdefault("performers", proposal.performers)
            self.initial.setdefault("professions", approved_before(case.pk))

    def clean(self) -> dict[str, object]:
        cleaned = self.cleaned_data
        one_at_a_time = cleaned.get("way") in (Way.RANKED, Way.QUOTA)
        if one_at_a_time and len(cleaned.get("performers") or ()) > 1:
            self.add_error("performers", "Det sättet frågar en utförare i taget. Välj en, eller välj att fråga flera.")
        return cleaned

    def begins(self) -> None:
        first, *rest = sorted(performer.pk for performer in self.cleaned_data["performers"])
        self.subject.performer_id, self.subject.to_ask = first, rest

    def apply(self, context: Context) -> None:
        context.set(way=self.cleaned_data["way"], asked_on=context.today)
        if professions := self.cleaned_data["professions"]:
            context.set(professions=professions)


class AcceptForm(StepForm):
    """Tacka ja: from when the performer can begin."""

    earliest_start = DateField(label="När kan ni tidigast börja?")

    def clean_earliest_start(self) -> date:
        """Not in the past, and within a year: a later day is a slip."""
        day: date = self.cleaned_data["earliest_start"]
        today = timezone.localdate()
        if day < today:
            raise forms.ValidationError("Dagen har redan passerat. Ange en dag som kommer.")
        if (day - today).days > 366:
            raise forms.ValidationError(f"Dagen är mer än ett år bort. Kontrollera året: {day.year}.")
        return day

    def apply(self, context: Context) -> None:
        context.set(earliest_start=self.cleaned_data["earliest_start"])
