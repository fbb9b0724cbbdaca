"""Claims that no assessment gives: a quarter's central administration (12 §) and days of training (13 §)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.roles import ASSESSORS, Role
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm
from fmu_portal.forms import DateField
from fmu_portal.money import MoneyField
from reimbursement.ceilings import Ceilings, key_of
from reimbursement.models import Claim, Line, LineKind

FIRST_YEAR = 2024
"""The first year that the portal has a ceiling for (12 §, transitional provision 3 to SFS 2023:251)."""


def quarter_ends(year: int, quarter: int) -> date:
    """The last day of a quarter."""
    return date(year, 12, 31) if quarter == 4 else date(year, quarter * 3 + 1, 1) - timedelta(days=1)


class AdministrationForm(StepForm):
    """Which quarter of which year, and what it cost."""

    year = forms.IntegerField(
        label="Vilket år?", widget=forms.TextInput(attrs={"data-width": "w-8", "inputmode": "numeric"})
    )
    quarter = forms.TypedChoiceField(
        label="Vilket kvartal?",
        coerce=int,
        choices=[(1, "Januari–mars"), (2, "April–juni"), (3, "Juli–september"), (4, "Oktober–december")],
        widget=forms.RadioSelect(attrs={"data-layout": "vertical"}),
    )
    cost = MoneyField(label="Kostnad för kvartalet, kronor")

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        year, quarter = cleaned.get("year"), cleaned.get("quarter")
        if year is None or "year" in self.errors:
            return cleaned
        if not 2019 <= year <= 2100:
            self.add_error("year", "Skriv ett år med fyra siffror, till exempel 2026")
        elif self._ceiling(year) is None:
            self.add_error(
                "year",
                f"Portalen har inget takbelopp för {year} (12 §). Det första året är {FIRST_YEAR}, det sista 2028.",
            )
        elif quarter and date(year, quarter * 3 - 2, 1) > timezone.localdate():
            self.add_error("quarter", "Kvartalet har inte börjat.")
        elif quarter and self._claimed(year, quarter):
            self.add_error(
                "quarter", "Kvartalet har redan en begäran. Central administration betalas högst en gång i kvartalet."
            )
        return cleaned

    def _ceiling(self, year: int) -> Any:
        return Ceilings().on(key_of(LineKind.ADMINISTRATION), date(year, 1, 1), self.actor.organisation_id)

    def _claimed(self, year: int, quarter: int) -> bool:
        rows = Claim.objects.filter(
            region_id=self.actor.organisation_id, kind="administration", year=year, quarter=quarter
        )
        return rows.exclude(status__in=("set_aside", "refused")).exists()

    def begins(self) -> None:
        year, quarter = self.cleaned_data["year"], self.cleaned_data["quarter"]
        self.subject.year, self.subject.quarter = year, quarter
        self.subject.payable_on = quarter_ends(year, quarter)

    def apply(self, context: Context) -> None:
        claim = context.subject
        found = self._ceiling(claim.year)
        context.data |= {"year": claim.year, "quarter": claim.quarter}
        Line.objects.create(
            claim=claim,
            kind=LineKind.ADMINISTRATION,
            key=f"adm:{claim.region_id}:{claim.year}:{claim.quarter}",
            rule_day=date(claim.year, 1, 1),
            rule=found.rule,
            unit_ceiling=found.unit,
            ceiling=found.unit,
            cost=self.cleaned_data["cost"],
            event_id=context.event_id,
        )


class TrainingForm(StepForm):
    """One day of training: how many days' attendance of each profession, own and contracted staff, and travel."""

    mark_optional = False
    day = DateField(label="Vilken dag var utbildningen?")

    def set_up(self) -> None:
        for role in ASSESSORS:
            for who, name in (("own", "egen personal"), ("contracted", "upphandlad personal")):
                self.fields[f"{role.value}_{who}"] = forms.IntegerField(
                    label=f"{Role(role).label}, {name}: antal deltagare",
                    required=False,
                    min_value=1,
                    max_value=500,
                    widget=forms.TextInput(attrs={"data-width": "w-8", "inputmode": "numeric"}),
                )
        self.fields["travel"] = MoneyField(
            label="Kostnad för resor, kronor",
            required=False,
            help_text="Ersätts med ett skäligt belopp (13 § andra stycket).",
        )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        day = cleaned.get("day")
        if day is None:
            return cleaned
        if day > timezone.localdate():
            self.add_error("day", "Dagen ligger i framtiden. Begär ersättning efter utbildningen.")
        elif Ceilings().on(key_of(LineKind.TRAINING, Role.PHYSICIAN), day) is None:
            self.add_error("day", f"Portalen har inget takbelopp för {day} (13 §).")
        elif not self._counts() and cleaned.get("travel") is None:
            self.add_error(None, "Fyll i minst en deltagare eller en resekostnad")
        else:
            keys = [self._key(role, who) for role, who, _ in self._counts()]
            if Line.objects.filter(key__in=keys, holds=True).exists():
                self.add_error("day", "Samma profession och dag finns redan i en annan begäran.")
        return cleaned

    def _counts(self) -> list[tuple[str, str, int]]:
        return [
            (role.value, who, int(count))
            for role in ASSESSORS
            for who in ("own", "contracted")
            if (count := self.cleaned_data.get(f"{role.value}_{who}"))
        ]

    def _key(self, role: str, who: str) -> str:
        return f"t:{self.actor.organisation_id}:{self.cleaned_data['day']}:{role}:{who}"

    def begins(self) -> None:
        self.subject.payable_on = self.cleaned_data["day"]

    def apply(self, context: Context) -> None:
        claim, day, ceilings = context.subject, self.cleaned_data["day"], Ceilings()
        lines = []
        for role, who, count in self._counts():
            found = ceilings.on(key_of(LineKind.TRAINING, role), day)
            assert found is not None and found.unit is not None
            lines.append(
                Line(
                    claim=claim, kind=LineKind.TRAINING, key=self._key(role, who), profession=role, days=count,
                    contracted=who == "contracted", rule_day=day, rule=found.rule, unit_ceiling=found.unit,
                    ceiling=found.unit * count, event_id=context.event_id,
                )
            )  # fmt: skip
        if self.cleaned_data["travel"] is not None:
            found = ceilings.on(key_of(LineKind.TRAVEL), day)
            lines.append(
                Line(
                    claim=claim, kind=LineKind.TRAVEL, key=f"t:{claim.region_id}:{day}:travel:{claim.pk}", rule_day=day,
                    rule=found.rule if found else "", cost=self.cleaned_data["travel"], event_id=context.event_id,
                )
            )  # fmt: skip
        Line.objects.bulk_create(lines)
        context.data["day"] = day.isoformat()
