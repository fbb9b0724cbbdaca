"""Who at the performer takes part."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Mandate
from accounts.roles import ASSESSORS, Party, Role, in_words
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm
from orders.models import Participant, Recusal
from orders.process import COORDINATOR, OFFICE

MAY_HOLD: dict[Party, tuple[Role, ...]] = {**OFFICE, **COORDINATOR, Party.PERFORMER: (Role.PHYSICIAN,)}
"""Who can have a case in hand at each party."""


def staff(organisation_id: int, roles: tuple[Role, ...]) -> list[tuple[int, str]]:
    """Users with a valid mandate of these roles at the organisation: (user id, "Name, profession")."""
    rows = Mandate.objects.valid().filter(organisation_id=organisation_id, role__in=roles).select_related("user")
    return [(m.user_id, f"{m.user.name}, {in_words(m.role)}") for m in rows.order_by("user__name", "pk")]


class HandOverForm(StepForm):
    """The case goes to a colleague who may have it in hand: a case officer or coordinator of the same organisation."""

    colleague = forms.TypedChoiceField(label="Kollega", coerce=int, empty_value=None)

    def set_up(self) -> None:
        field = self.fields["colleague"]
        assert isinstance(field, forms.ChoiceField)
        holder = self.subject.holder_of(self.actor.party)
        found = [row for row in staff(self.actor.organisation_id, MAY_HOLD[self.actor.party]) if row[0] != holder]
        field.choices = [("", "Välj kollega"), *dict(found).items()]

    def clean_colleague(self) -> int:
        """Nobody gets a case that they have stepped aside from."""
        colleague: int = self.cleaned_data["colleague"]
        if Recusal.objects.filter(assessment=self.subject, user_id=colleague, lifted_at__isnull=True).exists():
            raise forms.ValidationError("Kollegan har anmält jäv i ärendet. Välj någon annan.")
        return colleague

    def apply(self, context: Context) -> None:
        agency = context.actor.party is Party.AGENCY
        field = "case_officer_id" if agency else "region_coordinator_id"
        context.data["replaced"] = getattr(context.subject, field)
        context.set(**{field: self.cleaned_data["colleague"]})


class NamePhysicianForm(StepForm):
    """The performer names one licensed physician as responsible (8 § lag 2018:744), and who else takes part."""

    physician = forms.TypedChoiceField(label="Ansvarig läkare", coerce=int, empty_value=None)
    others = forms.TypedMultipleChoiceField(
        label="Andra som deltar",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="De kan öppna underlaget i det här ärendet.",
    )

    was = forms.CharField(required=False, widget=forms.HiddenInput)

    def _now(self) -> str:
        """Who takes part now, as the page carries it: a change by somebody else is then seen."""
        users = self.subject.participants.order_by("user_id").values_list("user_id", flat=True)
        return f"{self.subject.responsible_physician_id or 0}:{','.join(map(str, users))}"

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("was") and self.cleaned_data["was"] != self._now():
            self.add_error("physician", "Någon annan har ändrat vilka som deltar. Kontrollera valet och skicka igen.")
            data: Any = self.data
            self.data = data.copy()
            self.data["was"] = self._now()  # type: ignore[index]
        return self.cleaned_data

    def set_up(self) -> None:
        self.initial.setdefault("was", self._now())
        organisation_id: int = self.subject.performer_id
        physician, others = self.fields["physician"], self.fields["others"]
        assert isinstance(physician, forms.ChoiceField)
        assert isinstance(others, forms.ChoiceField)
        physician.choices = [("", "Välj läkare"), *staff(organisation_id, (Role.PHYSICIAN,))]
        others.choices = [*staff(organisation_id, ASSESSORS)]
        if self.subject.responsible_physician_id:
            self.initial.setdefault("physician", self.subject.responsible_physician_id)
            taking_part = self.subject.participants.filter(performer_id=organisation_id)
            self.initial.setdefault("others", [*taking_part.values_list("user_id", flat=True)])

    def apply(self, context: Context) -> None:
        subject, physician = context.subject, self.cleaned_data["physician"]
        users = sorted({physician, *self.cleaned_data["others"]})
        subject.participants.all().delete()
        Participant.objects.bulk_create(
            Participant(assessment=subject, performer_id=subject.performer_id, user_id=user) for user in users
        )
        context.data["replaced"] = subject.responsible_physician_id
        context.data["participants"] = users
        context.set(responsible_physician_id=physician)
