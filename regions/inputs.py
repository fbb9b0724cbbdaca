"""The region's choice of performer (5 § förordning 2018:1633: the region alone chooses)."""

from __future__ import annotations

from django import forms
from django.utils import timezone

from accounts.models import Organisation
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm
from orders.models import Assignment
from regions.models import Agreement


class AssignForm(StepForm):
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
        agreements = Agreement.objects.in_force(timezone.localdate()).filter(region_id=self.subject.region_id)
        field.queryset = Organisation.objects.filter(pk__in=agreements.values("performer")).order_by("name")
        field.error_messages["invalid_choice"] = "Utföraren har inget avtal med regionen i dag. Välj en annan."

    def apply(self, context: Context) -> None:
        performer, subject = self.cleaned_data["performer"], context.subject
        Assignment.objects.create(assessment=subject, performer=performer, opened_by_id=context.event_id)
        context.set(performer_id=performer.pk, assignments_count=subject.assignments_count + 1)
        context.set(region_coordinator_id=context.actor.user_id)
