"""The request to a region: who, where, which needs."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db import connection
from django.utils import timezone

from accounts.models import Municipality, Organisation, OrganisationKind, PostalCode
from fmu_portal import identity
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text, short_text, yes_no
from fmu_portal.forms import DateField
from orders.access import cases_of_person
from orders.inputs import language
from orders.inputs.contact import PhoneField, without_number
from orders.inputs.language import LanguageField
from orders.models import Assessment, InsuredPerson, Protection

OTHER_REGION = {
    "works": "Är EU-försäkrad utan att bo i Sverige och arbetar i regionen (3 § lagen)",
    "job_seeker": "Är EU-försäkrad utan att bo i Sverige och är arbetssökande i regionen (3 § lagen)",
    "newly_moved": "Har nyligen flyttat och registret är inte uppdaterat",
}


def regions() -> Any:
    """The 21 regions by name."""
    return Organisation.objects.filter(kind=OrganisationKind.REGION).order_by("name")


def protection_field() -> forms.ChoiceField:
    """Whether the person's identity is protected, and how; nothing is chosen beforehand."""
    return forms.ChoiceField(
        label="Har personen skyddade personuppgifter?",
        choices=[("none", "Nej"), *((str(p.value), str(p.label)) for p in Protection if p.value)],
        help_text="Vid skydd visas namn, adress och ort bara för dem som måste nå personen. Vid skyddad folkbokföring"
        " är kommunen den där personen stadigvarande vistas (3 § lagen).",
        widget=forms.RadioSelect,
    )


class ResidenceForm(StepForm):
    """Municipality, postal code and region held against each other; another region asks for the reason (3 § lag)."""

    def clean_residence(self) -> None:
        """Set ``region`` in the cleaned data, or say what does not agree."""
        cleaned = self.cleaned_data
        municipality = cleaned.get("municipality")
        if municipality is None:
            return
        home = municipality.region
        region = cleaned.get("region") or home
        cleaned["region"] = region
        reason = cleaned.get("other_region_reason")
        if region != home and not reason:
            self.add_error(
                "other_region_reason",
                f"{municipality.name} hör till {home.name}. Ändra regionen, eller välj varför {region.name} ansvarar.",
            )
        if region == home and reason:
            self.add_error(
                "other_region_reason",
                f"{region.name} är kommunens egen region. Välj Inte aktuellt, eller ändra regionen.",
            )
        code = cleaned.get("postal_code")
        place = PostalCode.objects.select_related("municipality__region").filter(pk=code).first() if code else None
        if code and place is None and not cleaned.get("postal_code_checked"):
            self.add_error(
                "postal_code", "Postnumret finns inte i portalens register. Rätta det, eller kryssa i att det är rätt."
            )
        elif place and place.municipality.region_id != home.pk and not cleaned.get("postal_code_checked"):
            self.add_error(
                "postal_code",
                f"Postnumret hör till {place.municipality.name} i {place.municipality.region.name}."
                " Rätta postnumret eller kommunen, eller kryssa i att det är rätt.",
            )


class RequestForm(ResidenceForm):
    """Begäran: sent to the region that answers for the insured person."""

    conditional = ("language", "other_region_reason", "postal_code_checked")
    sections = (
        ("Den försäkrade", ("personnummer", "protection", "name", "representative")),
        (
            "Bostad och region",
            ("address", "postal_code", "postal_code_checked", "municipality", "region", "other_region_reason"),
        ),
        ("Kontakt", ("phone", "email")),
        ("Behov och metod", ("interpreter", "language", "special_needs", "method", "wished_start")),
    )

    personnummer = short_text("Personnummer eller samordningsnummer", "w-12", max_length=20, help_text="ÅÅÅÅMMDD-NNNN")
    protection = protection_field()
    name = short_text("Namn")
    address = short_text("Gatuadress")
    postal_code = short_text("Postnummer", "w-8", max_length=6)
    postal_code_checked = forms.BooleanField(
        label="Postnumret är kontrollerat och rätt",
        required=False,
        help_text="Kryssa bara i om portalen säger att postnumret inte stämmer, och det ändå är rätt.",
    )
    municipality = forms.ModelChoiceField(
        label="Kommun",
        queryset=Municipality.objects.select_related("region").order_by("name"),
        empty_label="Välj kommun",
    )
    region = forms.ModelChoiceField(
        label="Region",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="Regionen där kommunen ligger",
    )
    other_region_reason = forms.ChoiceField(
        label="Varför en annan region än kommunens?",
        choices=[("", "Inte aktuellt"), *OTHER_REGION.items()],
        required=False,
    )
    phone = PhoneField("Telefon")
    email = forms.EmailField(label="E-post", required=False, widget=forms.EmailInput(attrs={"data-width": "w-32"}))
    representative = short_text("God man, förvaltare eller ombud", required=False, help_text="Namn och telefon.")
    interpreter = yes_no("Behövs tolk?")
    language = LanguageField()
    special_needs = short_text(
        "Särskilda behov",
        max_length=300,
        required=False,
        help_text="Regionen och utföraren ser texten. Skriv inte namn eller diagnoser här.",
        validators=[without_number],
    )
    method = short_text(
        "Metod",
        max_length=200,
        help_text="Skriv ”Ingen särskild” om du inte har något önskemål (5 §).",
        validators=[without_number],
    )
    wished_start = DateField(label="Önskad start tidigast", required=False)

    def set_up(self) -> None:
        region = self.fields["region"]
        assert isinstance(region, forms.ModelChoiceField)
        region.queryset = regions()

    def clean_personnummer(self) -> str:
        """The twelve digits."""
        try:
            return identity.twelve_digits(self.cleaned_data["personnummer"])
        except identity.NotAPersonnummer as error:
            raise forms.ValidationError(
                "Personnumret stämmer inte. Kontrollera siffrorna och skriv ÅÅÅÅMMDD-NNNN."
            ) from error

    def clean_wished_start(self) -> date | None:
        """Today or later."""
        day: date | None = self.cleaned_data["wished_start"]
        if day and day < timezone.localdate():
            raise forms.ValidationError("Önskad start har passerat. Välj i dag eller en senare dag, eller lämna tomt.")
        return day

    def clean_postal_code(self) -> str:
        """Five digits."""
        code = "".join(self.cleaned_data["postal_code"].split())
        if not (len(code) == 5 and code.isascii() and code.isdigit()):
            raise forms.ValidationError("Skriv postnumret med fem siffror, till exempel 582 22.")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        language.compare(self)
        self.clean_residence()
        return cleaned

    def warnings(self) -> list[str]:
        """A second open assessment of the same person is seldom meant."""
        digest = identity.lookup_hash(self.cleaned_data["personnummer"])
        found = cases_of_person(digest)
        own = Assessment.objects.visible_to(self.actor).open().filter(pk__in=[row.pk for row in found if row.own])
        numbers = list(own.order_by("-pk").values_list("number", flat=True)[:5])
        elsewhere = [row.number for row in found if not row.own][:5]
        warnings = self._names()
        if numbers:
            warnings.append(
                f"Personen har redan en pågående utredning hos ert kontor: {', '.join(numbers)}."
                " Kontrollera att en till behövs."
            )
        if elsewhere:
            warnings.append(
                f"Personen har eller har haft en utredning hos ett annat kontor: {', '.join(elsewhere)}."
                " Kontrollera med det kontoret att en till behövs."
            )
        return warnings

    def _names(self) -> list[str]:
        """The person's name where the region reads it."""
        told = {word for name in ("special_needs", "method") for word in self.cleaned_data[name].casefold().split()}
        names = {word for word in self.cleaned_data["name"].casefold().split() if len(word) > 2}
        if not names & {word.strip('.,:;()”"') for word in told}:
            return []
        return [
            "Personens namn står i särskilda behov eller metod. Regionen läser texten: ta bort namnet om det inte behövs."
        ]

    def shown(self, name: str) -> list[str]:
        if name == "personnummer":
            return [identity.shown(self.cleaned_data["personnummer"])]
        return super().shown(name)

    def apply(self, context: Context) -> None:
        cleaned, subject = self.cleaned_data, context.subject
        place = PostalCode.objects.filter(pk=cleaned["postal_code"]).first()
        person = InsuredPerson(
            assessment=subject,
            name=cleaned["name"],
            address=cleaned["address"],
            postal_code=cleaned["postal_code"],
            locality=place.locality if place else cleaned["municipality"].name,
            phone=cleaned["phone"],
            email=cleaned["email"],
            representative=cleaned["representative"],
            protection="" if cleaned["protection"] == "none" else cleaned["protection"],
        )
        protected = bool(person.protection)
        if protected:
            person.municipality = cleaned["municipality"]
        person.set_identity(cleaned["personnummer"])
        person.save(force_insert=True)
        subject.language = cleaned["language"]
        subject.special_needs, subject.method = cleaned["special_needs"], cleaned["method"]
        subject.save(update_fields=["language", "special_needs", "method"])
        context.set(
            region_id=cleaned["region"].pk,
            # A protected person's place stands on the person alone: events are never emptied.
            municipality_id=None if protected else cleaned["municipality"].pk,
            protected=protected,
            other_region_reason=cleaned["other_region_reason"],
            interpreter=cleaned["interpreter"],
            wished_start=cleaned["wished_start"],
            requested_on=context.today,
        )


class RequestAnewForm(ResidenceForm):
    """The agency sends a returned request again, to the same region or another."""

    municipality = forms.ModelChoiceField(
        label="Kommun",
        queryset=Municipality.objects.select_related("region").order_by("name"),
        empty_label="Välj kommun",
    )
    region = forms.ModelChoiceField(
        label="Region", queryset=Organisation.objects.none(), required=False, empty_label="Regionen där kommunen ligger"
    )
    other_region_reason = forms.ChoiceField(
        label="Varför en annan region än kommunens?",
        choices=[("", "Inte aktuellt"), *OTHER_REGION.items()],
        required=False,
    )
    reason = long_text("Varför skickar du begäran på nytt?", rows=3, help_text="Bara Försäkringskassan ser texten.")

    def set_up(self) -> None:
        region = self.fields["region"]
        assert isinstance(region, forms.ModelChoiceField)
        region.queryset = regions()
        self.initial.setdefault("municipality", self.subject.municipality_id)
        self.initial.setdefault("region", self.subject.region_id)
        self.initial.setdefault("other_region_reason", self.subject.other_region_reason)

    def clean(self) -> dict[str, Any]:
        self.clean_residence()
        return self.cleaned_data

    def apply(self, context: Context) -> None:
        cleaned = self.cleaned_data
        context.note(cleaned["reason"])
        if cleaned["region"].pk != context.subject.region_id:
            context.set(region_coordinator_id=None)
        protected = context.subject.protected
        if protected:
            protect(context.subject.pk, None, cleaned["municipality"].pk)
        context.set(
            region_id=cleaned["region"].pk,
            municipality_id=None if protected else cleaned["municipality"].pk,
            other_region_reason=cleaned["other_region_reason"],
            requested_on=context.today,
        )


class ProtectForm(StepForm):
    """The protection is marked, changed or taken away, whenever the agency learns of it."""

    protection = protection_field()

    def apply(self, context: Context) -> None:
        kind = self.cleaned_data["protection"]
        place = protect(context.subject.pk, "" if kind == "none" else kind, None)
        context.set(protected=kind != "none", municipality_id=None if kind != "none" else place)


def protect(case_id: int, kind: str | None, municipality: str | None) -> str | None:
    """Mark the person of a case (``kind`` "", "marked", "registered"; None leaves it) and where a protected person stays.

    The row may be behind the wall, so the database does it for whoever is at the case's office. Returns the code of the
    municipality.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT orders_protect(%s, %s, %s)", [case_id, kind, municipality])
        row = cursor.fetchone()
    return row[0] if row else None
