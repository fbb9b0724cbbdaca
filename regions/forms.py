"""What a region's coordinator enters: agreements, the region's choices, forecasts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q

from accounts.models import Organisation
from accounts.roles import ASSESSORS
from fmu_portal.forms import DateField, PortalForm
from fmu_portal.money import MoneyField, amount
from regions import weeks
from regions.models import PRICE_KINDS, Agreement, AssignmentChoice, Way

MOST = 32_000
MOST_A_YEAR = 100_000
"""A forecast beyond this is a slip."""


def _number(label: str, **kwargs: Any) -> forms.IntegerField:
    widget = forms.TextInput(attrs={"data-width": "w-8", "inputmode": "numeric"})
    return forms.IntegerField(label=label, required=False, widget=widget, **kwargs)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").replace(";", ",").split(",") if part.strip()]


class AgreementForm(PortalForm):
    """An agreement: what was agreed, as the assignment and later the reimbursement read it."""

    performer = forms.ModelChoiceField(
        label="Utförare", queryset=Organisation.objects.none(), empty_label="Välj utförare"
    )
    valid_from = DateField(label="Gäller från")
    valid_to = DateField(label="Gäller till", required=False, help_text="Sista dagen. Tomt: tills vidare.")
    rank = _number("Rangordning", min_value=1, max_value=MOST, help_text="1 tillfrågas först.")
    share = _number("Andel av årets uppdrag, procent", min_value=0, max_value=100)
    capacity = _number("Uppdrag i veckan", min_value=0, max_value=MOST, help_text="Tomt: inte avtalat.")
    professions = forms.MultipleChoiceField(
        label="Professioner",
        required=False,
        choices=[(role.value, role.label) for role in ASSESSORS],
        widget=forms.CheckboxSelectMultiple,
    )
    languages = forms.CharField(
        label="Språk utan tolk",
        required=False,
        max_length=400,
        help_text="Med komma emellan, till exempel: engelska, finska.",
    )
    closed_weeks = forms.CharField(
        label="Stängda veckor",
        required=False,
        max_length=400,
        help_text="Med komma emellan, till exempel: 2026-W52, 2026-W53.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, region_id: int, agreement: Agreement | None = None, **kwargs: Any) -> None:
        self.region_id, self.agreement = region_id, agreement
        super().__init__(*args, **kwargs)
        field = self.fields["performer"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organisation.objects.filter(kind="performer").order_by("name")
        if agreement is not None:
            del self.fields["performer"]
        for kind, words in PRICE_KINDS.items():
            price = MoneyField(label=f"{words}, kronor", required=False)
            self.fields[f"price_{kind}"] = price
            self.speak_swedish(f"price_{kind}", price)

    @classmethod
    def starting(cls, agreement: Agreement) -> dict[str, Any]:
        """What the form shows of an agreement before anything is typed."""
        return {
            **{name: getattr(agreement, name) for name in ("valid_from", "valid_to", "rank", "share", "capacity")},
            "professions": agreement.professions,
            "languages": ", ".join(agreement.languages),
            "closed_weeks": ", ".join(agreement.closed_weeks),
            "version": agreement.version,
            **{f"price_{kind}": amount(ore) for kind, ore in agreement.prices.items()},
        }

    def clean_languages(self) -> list[str]:
        """Each at most 60 characters."""
        found = _listed(self.cleaned_data["languages"])
        if any(len(word) > 60 for word in found):
            raise forms.ValidationError("Skriv språken med komma emellan.")
        return found

    def clean_closed_weeks(self) -> list[str]:
        """Codes of ISO weeks, in order."""
        found = set()
        for text in _listed(self.cleaned_data["closed_weeks"]):
            try:
                found.add(weeks.parse(text))
            except ValueError as error:
                raise forms.ValidationError(
                    f"Veckan ”{text}” finns inte. Skriv år och vecka, till exempel 2026-W53."
                ) from error
        return sorted(found)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        first, last = cleaned.get("valid_from"), cleaned.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", f"Slutdagen är före startdagen {first}. Ange en senare dag.")
        elif first and self._overlaps(first, last):
            self.add_error(
                "valid_from", "Utföraren har redan ett avtal med regionen under den tiden. Ändra det i stället."
            )
        return cleaned

    def _overlaps(self, first: date, last: date | None) -> bool:
        performer = self.agreement.performer if self.agreement else self.cleaned_data.get("performer")
        if performer is None:
            return False
        rows = Agreement.objects.filter(region_id=self.region_id, performer=performer)
        if self.agreement is not None:
            rows = rows.exclude(pk=self.agreement.pk)
        rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=first))
        return (rows.filter(valid_from__lte=last) if last else rows).exists()

    def values(self) -> dict[str, Any]:
        """Field of the agreement -> value; prices in öre."""
        data = self.cleaned_data
        names = ("valid_from", "valid_to", "rank", "share", "capacity", "professions", "languages", "closed_weeks")
        prices = {kind: ore for kind in PRICE_KINDS if (ore := data.get(f"price_{kind}")) is not None}
        return {**{name: data[name] for name in names}, "prices": prices}


class ChoiceForm(PortalForm):
    """Regionens val."""

    way = forms.ChoiceField(
        label="Hur fördelar ni uppdrag?",
        choices=Way.choices,
        widget=forms.RadioSelect,
        help_text="Samordnaren kan välja ett annat sätt i ett enskilt ärende.",
    )
    designated = forms.ModelChoiceField(
        label="Utpekad utförare",
        required=False,
        queryset=Organisation.objects.none(),
        empty_label="Ingen",
        help_text="Behövs bara när ni tilldelar direkt.",
    )
    straight = forms.BooleanField(
        label="Börja direkt när en begäran kommer",
        required=False,
        help_text="Portalen tilldelar eller frågar då enligt sättet ovan utan att vänta på er. Ni ser det i ärendet.",
    )
    standing_leave = forms.BooleanField(
        label="Risk för försening går direkt till Försäkringskassan",
        required=False,
        help_text="Utförarens meddelande skickas vidare utan att ni gör något. Ni får veta det.",
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, region_id: int, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = Agreement.objects.in_force(today).filter(region_id=region_id).values_list("performer_id", flat=True)
        field = self.fields["designated"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organisation.objects.filter(pk__in=list(units)).order_by("name")
        field.error_messages["invalid_choice"] = "Utföraren har inget avtal med regionen i dag. Välj en annan."

    @classmethod
    def starting(cls, choice: AssignmentChoice, standing_leave: bool, seen: int) -> dict[str, Any]:
        """What is chosen now."""
        return {
            "way": choice.way,
            "designated": choice.designated_id,
            "straight": choice.straight,
            "standing_leave": standing_leave,
            "seen": seen,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("way") == Way.DIRECT and not cleaned.get("designated") and not self.errors:
            self.add_error("designated", "Välj vilken utförare som får uppdragen")
        return cleaned


class ForecastForm(PortalForm):
    """The agency's forecast for a region: assessments in this year and the next; an empty field changes nothing."""

    mark_optional = False

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for year in years:
            field = _number(f"Utredningar {year}", min_value=0, max_value=MOST_A_YEAR)
            self.fields[f"y{year}"] = field
            self.speak_swedish(f"y{year}", field)
