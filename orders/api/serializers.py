"""What the API answers with. A key that the role may not see is left out; `PART` says which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from accounts.actor import Actor
from accounts.permissions import See
from accounts.roles import Party
from documents.models import DocumentState
from fmu_portal.engine.registry import DUTY_KINDS, PROCESSES
from orders.models import Assessment, EnclosureKind
from orders.process import ASSESSMENT

NEEDS = (
    "municipality",
    "other_region_reason",
    "interpreter",
    "language",
    "special_needs",
    "method",
    "wished_start",
)
PART: dict[str, See] = {
    **dict.fromkeys(NEEDS, See.NEEDS),
    "person": See.IDENTITY,
    "order": See.UNDERLAG,
    "report_versions": See.REPORT,
}
"""key of a case -> the row of `accounts.permissions` that it needs; the other keys come with the case itself."""

PROCESS_CHOICES = [(name, registered.process.label) for name, registered in PROCESSES.items()]
STATUS_CHOICES = [(status.name, status.label) for status in ASSESSMENT.statuses.values()]


class Answer(serializers.Serializer[Any]):
    """Answers are only read."""


class Named(Answer):
    """Organisation."""

    id = serializers.IntegerField(label="Id")
    name = serializers.CharField(label="Namn")


class MunicipalityAnswer(Answer):
    """Kommun."""

    code = serializers.CharField(label="Kommunkod")
    name = serializers.CharField(label="Namn")


class PersonAnswer(Answer):
    """Den försäkrade."""

    personnummer = serializers.CharField(label="Personnummer")
    name = serializers.CharField(label="Namn")
    address = serializers.CharField(label="Gatuadress")
    postal_code = serializers.CharField(label="Postnummer")
    locality = serializers.CharField(label="Postort")
    phone = serializers.CharField(label="Telefon")
    email = serializers.CharField(label="E-post")
    representative = serializers.CharField(label="God man, förvaltare eller ombud")


class OrderAnswer(Answer):
    """Beställningen, den senaste."""

    purpose = serializers.CharField(label="Hur förmågan ska bedömas")
    method = serializers.CharField(label="Metod")
    expandable = serializers.BooleanField(label="Får utvidgas")
    own_documents = serializers.BooleanField(label="Den försäkrade har lämnat egna handlingar")
    no_self_rating_reason = serializers.CharField(label="Varför självskattningen saknas")
    informed_on = serializers.DateField(label="Dag då den försäkrade fick information")


class ReportVersionAnswer(Answer):
    """En signerad version av utlåtandet."""

    number = serializers.IntegerField(label="Version")
    source = serializers.CharField(label="Hur utlåtandet kom till")  # type: ignore[assignment]
    signed_at = serializers.DateTimeField(label="Signerat", allow_null=True)
    arrived_at = serializers.DateTimeField(label="Kom in", source="event.at")
    document = serializers.UUIDField(label="Handlingens id", source="document_id", allow_null=True)


class CaseRow(Answer):
    """Ärende i en lista. Nycklar som nyckelns roll inte får se saknas."""

    number = serializers.CharField(label="Ärendenummer")
    href = serializers.SerializerMethodField(label="Adress")
    type = serializers.CharField(label="Slag av utredning")
    status = serializers.ChoiceField(label="Status", choices=STATUS_CHOICES)
    status_label = serializers.CharField(label="Status i ord")
    version = serializers.IntegerField(label="Ärendets version")
    agency_office = Named(label="Försäkringskassans kontor")
    region = Named(label="Region", allow_null=True)
    performer = Named(label="Utförare", allow_null=True)
    created_on = serializers.DateField(label="Skapat")
    requested_on = serializers.DateField(label="Begärt", allow_null=True)
    ordered_on = serializers.DateField(label="Beställt", allow_null=True)
    underlag_complete_on = serializers.DateField(label="Komplett underlag; tiden räknas från dagen", allow_null=True)
    delivered_on = serializers.DateField(label="Utlåtandet kom in", allow_null=True)
    delivered_late = serializers.BooleanField(label="För sent inkommet", allow_null=True)
    carried_out_on = serializers.DateField(label="Undersökningen genomförd", allow_null=True)
    ended_cause = serializers.CharField(label="Orsak till avslut")
    report_version = serializers.IntegerField(label="Utlåtandets version, 0 när inget har kommit in")

    municipality = MunicipalityAnswer(label="Kommun", allow_null=True, required=False)
    other_region_reason = serializers.CharField(label="Skäl till en annan region än kommunens", required=False)
    interpreter = serializers.BooleanField(label="Behövs tolk", allow_null=True, required=False)
    language = serializers.CharField(label="Språk för tolken", required=False)
    special_needs = serializers.CharField(label="Särskilda behov", required=False)
    method = serializers.CharField(label="Metod", required=False)
    wished_start = serializers.DateField(label="Önskad start tidigast", allow_null=True, required=False)

    def get_href(self, case: Assessment) -> str:
        """Where the case is."""
        return f"/api/v1/assessments/{case.number}/"

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Those that the actor of the context may see; all of them for the description of the API."""
        fields = super().get_fields()
        actor: Actor | None = self.context.get("actor")
        hidden: Iterable[str] = self.context.get("hidden", ())
        if actor is not None:
            for name, part in PART.items():
                if name in fields and not actor.sees(part):
                    del fields[name]
            for name in hidden:
                fields.pop(name, None)
        return fields


class CaseAnswer(CaseRow):
    """Ärende. Nycklar som nyckelns roll inte får se saknas."""

    report_due = serializers.DateField(label="Sista dag för utlåtandet", allow_null=True)
    report_due_provisional = serializers.BooleanField(label="Sista dag är preliminär")
    person = PersonAnswer(label="Den försäkrade", allow_null=True, required=False)
    order = OrderAnswer(label="Beställningen", allow_null=True, required=False)
    report_versions = ReportVersionAnswer(label="Utlåtandets versioner", many=True, required=False)


class CaseList(Answer):
    """En sida av ärenden, det nyaste först."""

    results = CaseRow(label="Ärenden", many=True)
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class NoteAnswer(Answer):
    """Vad någon skrev med ett steg."""

    kind = serializers.CharField(label="Slag")
    text = serializers.CharField(label="Text")


class EventAnswer(Answer):
    """Händelse."""

    id = serializers.IntegerField(label="Id")
    at = serializers.DateTimeField(label="När")
    process = serializers.ChoiceField(label="Process", choices=PROCESS_CHOICES)
    step = serializers.CharField(label="Steg")
    party = serializers.ChoiceField(label="Part", choices=Party.choices)
    sentence = serializers.CharField(label="Händelsen i en mening")
    from_status = serializers.CharField(label="Status före")
    to_status = serializers.CharField(label="Status efter")
    notes = NoteAnswer(label="Skäl, frågor och svar som parten får läsa", many=True, required=False)


class EventList(Answer):
    """En sida av händelser, den nyaste först."""

    results = EventAnswer(label="Händelser", many=True)
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class DutyAnswer(Answer):
    """Uppgift: vad en part ska göra, till när och varför då."""

    id = serializers.IntegerField(label="Id")
    process = serializers.ChoiceField(label="Process", choices=PROCESS_CHOICES)
    kind = serializers.ChoiceField(label="Slag", choices=[(d.name, d.task) for d in DUTY_KINDS.values()])
    task = serializers.CharField(label="Uppgiften i ord")
    party = serializers.ChoiceField(label="Part", choices=Party.choices)
    organisation = Named(label="Organisation")
    step = serializers.CharField(label="Steget som uppgiften väntar på")
    due = serializers.DateField(label="Sista dag")
    open = serializers.BooleanField(label="Kvar att göra")
    overdue = serializers.BooleanField(label="Sista dag har passerat och uppgiften är kvar")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        label="Varifrån dagen kommer",
        choices=[("law", "Lag"), ("routine", "Rutin"), ("decided", "Bestämd i ärendet")],
    )
    basis = serializers.CharField(label="Grund")
    explanation = serializers.CharField(label="Hur dagen är räknad")
    opened_at = serializers.DateTimeField(label="Uppstod")
    closed_at = serializers.DateTimeField(label="Avslutad", allow_null=True)
    superseded_by = serializers.IntegerField(label="Uppgiften som ersatte den, när dagen flyttades", allow_null=True)


class DutyList(Answer):
    """Ärendets uppgifter: de som är kvar först, efter sista dag."""

    results = DutyAnswer(label="Uppgifter", many=True)


class StepRow(Answer):
    """Ett steg som går att ta nu."""

    step = serializers.CharField(label="Steg")
    label = serializers.CharField(label="Steget i ord")  # type: ignore[assignment]
    hint = serializers.CharField(label="När steget passar")
    happens = serializers.ListField(label="Vad som händer", child=serializers.CharField())
    href = serializers.CharField(label="Adress")
    takes_input = serializers.BooleanField(label="Steget tar uppgifter")
    sends = serializers.ListField(label="Slag av handlingar som steget skickar", child=serializers.CharField())


class StepList(Answer):
    """Vad nyckelns uppdrag kan göra i ärendet nu."""

    version = serializers.IntegerField(label="Ärendets version")
    results = StepRow(label="Steg", many=True)


class ChoiceAnswer(Answer):
    """Ett alternativ."""

    value = serializers.JSONField(label="Värde")
    label = serializers.CharField(label="I ord")  # type: ignore[assignment]


class FieldAnswer(Answer):
    """Ett fält i ett steg."""

    name = serializers.CharField(label="Namn")
    label = serializers.CharField(label="Fråga")  # type: ignore[assignment]
    help = serializers.CharField(label="Hjälptext")
    type = serializers.ChoiceField(
        label="JSON-typ",
        choices=[("string", "Text"), ("integer", "Heltal"), ("boolean", "Ja eller nej"), ("array", "Lista")],
    )
    required = serializers.BooleanField(label="Måste anges")  # type: ignore[assignment]
    choices = ChoiceAnswer(label="Alternativ", many=True, required=False)
    proposed = serializers.JSONField(label="Gäller om ett frivilligt fält utelämnas", required=False)


class StepForm(Answer):
    """Ett stegs fält som de är i ärendet just nu."""

    step = serializers.CharField(label="Steg")
    label = serializers.CharField(label="Steget i ord")  # type: ignore[assignment]
    version = serializers.IntegerField(label="Ärendets version")
    inputs = FieldAnswer(label="Fält", many=True)


class CaseNow(Answer):
    """Var ärendet är efter steget; hela ärendet hämtas på dess adress."""

    number = serializers.CharField(label="Ärendenummer")
    status = serializers.ChoiceField(label="Status", choices=STATUS_CHOICES)
    status_label = serializers.CharField(label="Status i ord")
    version = serializers.IntegerField(label="Ärendets version")


class PartNow(Answer):
    """En del av ett ärende: dess status, och vad den säger om sig själv."""

    id = serializers.IntegerField(label="Id", source="pk")
    status = serializers.CharField(label="Status")
    status_label = serializers.CharField(label="Status i ord")
    version = serializers.IntegerField(label="Delens version")
    words = serializers.ListField(label="I ord", child=serializers.CharField())


class PartRow(PartNow):
    """En del av ett ärende med de steg som går att ta."""

    steps = StepRow(label="Steg", many=True)


class PartList(Answer):
    """Alla delar av ett slag, den nyaste först."""

    results = PartRow(label="Delar", many=True)


class PartStepTaken(Answer):
    """Steget är taget. ``assessment`` och ``part`` är null när ärendet inte längre hör till nyckelns uppdrag."""

    event = EventAnswer(label="Händelsen")
    assessment = CaseNow(label="Ärendet efter steget", allow_null=True)
    part = PartNow(label="Delen efter steget", allow_null=True)


class StepTaken(Answer):
    """Steget är taget. ``assessment`` är null när ärendet inte längre hör till nyckelns uppdrag."""

    event = EventAnswer(label="Händelsen")
    assessment = CaseNow(label="Ärendet efter steget", allow_null=True)


class DocumentAnswer(Answer):
    """Handling i ärendet."""

    id = serializers.UUIDField(label="Id")
    kind = serializers.ChoiceField(label="Slag", choices=EnclosureKind.choices)
    kind_label = serializers.CharField(label="Slag i ord")
    name = serializers.CharField(label="Filens namn, null när handlingen är makulerad eller gallrad", allow_null=True)
    dated = serializers.DateField(label="Handlingens datum", allow_null=True)
    pages = serializers.IntegerField(label="Sidor, null tills filen är kontrollerad", allow_null=True)
    size = serializers.IntegerField(label="Byte i filen som den kom in")
    sha256 = serializers.CharField(label="SHA-256 av filen som den kom in")
    copy_sha256 = serializers.CharField(
        label="SHA-256 av den kontrollerade kopian, som är den som öppnas; null tills den finns", allow_null=True
    )
    state = serializers.ChoiceField(label="Kontrollens läge", choices=DocumentState.choices)
    refusal = serializers.CharField(
        label="Varför filen inte godtas och vad som ska göras, annars null", allow_null=True
    )
    sent_at = serializers.DateTimeField(label="Skickad, null när den bara är uppladdad", allow_null=True)
    voided = serializers.BooleanField(label="Makulerad")
    may_open = serializers.BooleanField(label="Nyckelns uppdrag får öppna den nu")
    warning_page = serializers.IntegerField(
        label="Sida med ett annat personnummer än ärendets (bara er egen uppladdning)", allow_null=True
    )
    attested = serializers.BooleanField(label="Intygad som rätt trots varningen")


class DocumentList(Answer):
    """Handlingar som nyckelns uppdrag får veta finns."""

    results = DocumentAnswer(label="Handlingar", many=True)


class Problem(Answer):
    """Felsvar (application/problem+json, RFC 9457). ``code`` är stabil; ``title`` är på svenska."""

    type = serializers.CharField(label="Felets namn som URN")
    title = serializers.CharField(label="Vad som är fel")
    status = serializers.IntegerField(label="HTTP-status")
    code = serializers.CharField(label="Kod")
    errors = serializers.DictField(  # type: ignore[assignment]
        label="Fel per fält, __all__ för det som gäller flera",
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
    )
    seen = serializers.IntegerField(label="Den version som angavs (stale_version)", required=False, allow_null=True)
    now = serializers.IntegerField(label="Den version som gäller (stale_version)", required=False)
    done = serializers.CharField(label="Steget som någon annan tog (lost_race)", required=False)
    at = serializers.DateTimeField(label="När det togs (lost_race)", required=False)
