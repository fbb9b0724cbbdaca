"""The form of a new thread: with whom, about what, and the first message."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.roles import Party
from correspondence import threads
from correspondence.inputs import name_of
from correspondence.models import Thread
from correspondence.models.message import MOST_TEXT, MOST_TITLE
from fmu_portal.forms import PortalForm
from orders.models import Assessment

TO_WHOM = "Välj vem meddelandet går till"

_GROUPS = {
    "agency_office": "Försäkringskassans kontor",
    "region": "Regioner",
    "performer": "Utförare",
}


class NewThreadForm(PortalForm):
    """What both kinds of new thread have in common. Whether the texts may stand is asked of the step's own form."""

    title = forms.CharField(
        label="Ämne",
        max_length=MOST_TITLE,
        help_text="Några ord. Skriv inget namn eller personnummer i ämnet: det syns i listor.",
        widget=forms.TextInput(attrs={"data-width": "w-32"}),
    )
    text = forms.CharField(label="Meddelande", max_length=MOST_TEXT, widget=forms.Textarea(attrs={"rows": 8}))
    asked = forms.TypedChoiceField(
        label="Vill du ha svar?",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Den som ska svara får en uppgift med sista dag.",
    )

    def __init__(self, *args: Any, actor: Actor, case: Assessment | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor, self.case = actor, case
        self.set_up()
        self.fields["asked"].conditional = True  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            self.speak_swedish(name, field)

    def set_up(self) -> None:
        """Narrow the choices to what the rules allow."""

    def organisations(self) -> list[Organisation]:
        """Who takes part beside the writer's own."""
        raise NotImplementedError


class CaseThreadForm(NewThreadForm):
    """A thread of a case, between its parties."""

    parties = forms.MultipleChoiceField(
        label="Till", widget=forms.CheckboxSelectMultiple, error_messages={"required": TO_WHOM}
    )
    field_order = ("parties", "title", "text", "asked")

    def set_up(self) -> None:
        assert self.case is not None
        others = threads.others_in(self.case, self.actor)
        thread = Thread(case=self.case)
        found = Organisation.objects.in_bulk([self.case.organisation_of(party) for party in others])
        names = {}
        for party in others:
            organisation = found[self.case.organisation_of(party) or 0]
            name = name_of(organisation, thread, self.actor)
            names[str(party)] = str(party.label) if name == party.label else f"{party.label}: {name}"
        parties, asked = self.fields["parties"], self.fields["asked"]
        assert isinstance(parties, forms.ChoiceField)
        assert isinstance(asked, forms.ChoiceField)
        parties.choices = list(names.items())
        if len(names) == 1:
            self.initial.setdefault("parties", list(names))
        asked.choices = [
            ("", "Nej, det är bara för kännedom"),
            *((found[self.case.organisation_of(party) or 0].pk, f"Ja, av {_inside(party)}") for party in others),
        ]
        self._found = {str(party): found[self.case.organisation_of(party) or 0] for party in others}

    def organisations(self) -> list[Organisation]:
        return [self._found[party] for party in self.cleaned_data["parties"]]

    def clean(self) -> dict[str, Any]:
        """Only who gets the message can be asked to answer it."""
        asked = self.cleaned_data.get("asked")
        if asked and "parties" in self.cleaned_data and asked not in {o.pk for o in self.organisations()}:
            self.add_error("asked", "Den som ska svara måste också få meddelandet. Kryssa i mottagaren ovan.")
        return self.cleaned_data


class GeneralThreadForm(NewThreadForm):
    """A thread between two organisations outside any case."""

    organisation = forms.ModelChoiceField(
        label="Till",
        queryset=Organisation.objects.none(),
        empty_label="Välj mottagare",
        error_messages={"required": TO_WHOM},
    )
    field_order = ("organisation", "title", "text", "asked")

    def set_up(self) -> None:
        field, asked = self.fields["organisation"], self.fields["asked"]
        assert isinstance(field, forms.ModelChoiceField)
        assert isinstance(asked, forms.ChoiceField)
        field.queryset = threads.recipients(self.actor)
        groups: dict[str, list[tuple[int, str]]] = {}
        for organisation in field.queryset:
            groups.setdefault(_GROUPS[organisation.kind], []).append((organisation.pk, organisation.name))
        field.widget.choices = [("", "Välj mottagare"), *groups.items()]
        asked.choices = [("", "Nej, det är bara för kännedom"), (1, "Ja, jag vill ha svar")]

    def organisations(self) -> list[Organisation]:
        return [self.cleaned_data["organisation"]]

    def clean(self) -> dict[str, Any]:
        """The one who gets it is the one who answers."""
        if self.cleaned_data.get("asked") and self.cleaned_data.get("organisation"):
            self.cleaned_data["asked"] = self.cleaned_data["organisation"].pk
        return self.cleaned_data


def _inside(party: Party) -> str:
    label = str(party.label)
    return label if party is Party.AGENCY else label[0].lower() + label[1:]
