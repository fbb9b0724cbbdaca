"""The order and the underlag: what the agency sends, what the performer misses, what is added later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text, short_text, yes_no
from fmu_portal.forms import DateField
from fmu_portal.models import Duty
from orders.inputs import contact, language
from orders.inputs.files import problems, repeated_words, send, staged, waiting_words
from orders.inputs.language import LanguageField
from orders.models import Enclosure, EnclosureKind, Order
from rules.limits import decided

UNDERLAG = ("medical", "self_rating", "own", "other")


class SendsFiles(StepForm):
    """A step that sends staged documents; what is wrong with one stands in the summary and on its row."""

    sends = UNDERLAG
    problems_at = "#filer"

    @property
    def enclosures(self) -> list[Enclosure]:
        """What would be sent."""
        return staged(self.subject, self.actor.organisation_id, self.sends)

    def clean(self) -> dict[str, Any]:
        for problem in problems(self.enclosures):
            self.add_error(None, problem)
        return self.cleaned_data

    def warnings(self) -> list[str]:
        return [*super().warnings(), *waiting_words(self.enclosures), *repeated_words(self.enclosures)]

    def kinds(self) -> set[str]:
        """The kinds of document that are staged."""
        return {enclosure.kind for enclosure in self.enclosures}


class OrderForm(SendsFiles):
    """Beställning: what must be said, and held against the documents that are there (6 § förordning, 6–7 §§ lag)."""

    file_title = "Underlag"
    file_hint = "Kontrollera att sidantalet stämmer med originalet."
    _staged: list[Enclosure] | None = None
    conditional = ("language", "no_self_rating_reason", "address", "phone")
    sections = (
        ("Behov", ("interpreter", "language", "special_needs")),
        ("Så ska förmågan bedömas", ("purpose", "method", "expandable")),
        ("Information och kontakt", ("informed_on", "contact_confirmed", "address", "phone")),
        ("Det här bifogar du", ("medical", "self_rating", "no_self_rating_reason", "own_documents")),
    )

    interpreter = yes_no("Behövs tolk?")
    language = LanguageField()
    special_needs = short_text(
        "Särskilda behov",
        max_length=300,
        required=False,
        help_text="Det som utföraren måste ordna före besöket. Skriv inte diagnoser här.",
        validators=[contact.without_number],
    )
    purpose = long_text(
        "Hur ska förmågan bedömas?",
        help_text="Vad utredningen ska ge svar på, utöver aktivitetsförmågeprofilen.",
    )
    method = short_text(
        "Metod",
        max_length=200,
        help_text="Skriv ”Ingen särskild” om du inte har något önskemål.",
        validators=[contact.without_number],
    )
    expandable = forms.TypedChoiceField(
        label="Får utredningen utvidgas?",
        choices=[("ja", "Ja, efter godkännande i varje enskilt fall"), ("nej", "Nej")],
        coerce=lambda value: value == "ja",
        empty_value=None,
        widget=forms.RadioSelect,
        help_text="En kompletterande undersökning får börja först när Försäkringskassan har godkänt den (5 §).",
    )
    medical = yes_no("Bifogar du medicinska handlingar?")
    self_rating = yes_no("Bifogar du den försäkrades självskattning?")
    no_self_rating_reason = short_text(
        "Varför saknas självskattningen?", max_length=300, required=False, help_text="Fyll i om den saknas."
    )
    own_documents = yes_no("Har den försäkrade lämnat egna handlingar till underlaget?")
    informed_on = DateField(
        label="När fick den försäkrade information?",
        help_text="Om syftet, vad utredningen innebär och vilka uppgifter som lämnas till utföraren (6 § lagen).",
    )
    contact_confirmed = forms.BooleanField(label="Namn, adress och telefon är kontrollerade")
    address = short_text("Ny adress", required=False, help_text="Fyll i om adressen har ändrats.")
    phone = contact.PhoneField("Nytt telefonnummer", required=False, help_text="Fyll i om numret har ändrats.")

    @property
    def enclosures(self) -> list[Enclosure]:
        """What would be sent; after a hand-back also what the earlier performer was sent."""
        if self._staged is None:
            earlier = (
                self.subject.enclosures.sent().underlag().filter(voided_by__isnull=True).select_related("document")
            ).exclude(document__state="refused")
            self._staged = [*earlier.order_by("position", "id"), *super().enclosures]
        return self._staged

    def set_up(self) -> None:
        subject = self.subject
        self.initial.setdefault("method", subject.method)
        self.initial.setdefault("special_needs", subject.special_needs)
        self.initial.setdefault("language", subject.language if subject.interpreter else "")
        if subject.interpreter is not None:
            self.initial.setdefault("interpreter", "ja" if subject.interpreter else "nej")
        self.fields["contact_confirmed"].help_text = f"I ärendet står: {contact.known(self.actor, subject)}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        language.compare(self)
        day = cleaned.get("informed_on")
        if day and day > timezone.localdate():
            self.add_error("informed_on", "Dagen ligger i framtiden. Fyll i dagen då informationen lämnades.")
        there = self.kinds()
        if cleaned.get("medical") is False:
            self.add_error("medical", "Underlaget ska innehålla medicinska handlingar (6 §). Bifoga minst en.")
        self._compare("medical", EnclosureKind.MEDICAL, there, "Du har inte bifogat någon medicinsk handling")
        self._compare("self_rating", EnclosureKind.SELF_RATING, there, "Du har inte bifogat självskattningen")
        self._compare(
            "own_documents", EnclosureKind.OWN, there, "Du har inte bifogat någon handling från den försäkrade"
        )
        if cleaned.get("self_rating") is False and not cleaned.get("no_self_rating_reason"):
            self.add_error("no_self_rating_reason", "Fyll i varför självskattningen saknas")
        if cleaned.get("self_rating") and cleaned.get("no_self_rating_reason"):
            self.add_error(
                "no_self_rating_reason",
                "Du har svarat att självskattningen bifogas. Ta bort texten eller ändra svaret.",
            )
        return cleaned

    def _compare(self, name: str, kind: EnclosureKind, there: set[str], missing: str) -> None:
        """What the order says it encloses against what is there."""
        said = self.cleaned_data.get(name)
        if said is True and kind not in there:
            self.add_error(name, f"{missing}. Lägg till den eller ändra svaret.")
        if said is False and kind in there and name != "medical":
            self.add_error(
                name, f"Det finns en handling av typen {kind.label.lower()}. Ta bort den eller ändra svaret."
            )

    def apply(self, context: Context) -> None:
        cleaned, subject = self.cleaned_data, context.subject
        subject.method, subject.special_needs = cleaned["method"], cleaned["special_needs"]
        subject.language = cleaned["language"]
        subject.save(update_fields=["method", "special_needs", "language"])
        context.set(interpreter=cleaned["interpreter"], ordered_on=context.today, underlag_complete_on=context.today)
        context.data["expandable"] = cleaned["expandable"]
        if changed := contact.change(context, cleaned["address"], cleaned["phone"]):
            context.data["changed"] = changed
        Order.objects.create(
            assessment=subject,
            event_id=context.event_id,
            method=cleaned["method"],
            purpose=cleaned["purpose"],
            expandable=cleaned["expandable"],
            no_self_rating_reason=cleaned["no_self_rating_reason"],
            own_documents=cleaned["own_documents"],
            informed_on=cleaned["informed_on"],
        )
        if subject.assignments_count > 1:
            # A new performer's reception starts a new clock (T); the controller sees it flagged.
            context.data["new_clock"] = True
        send(context, self.enclosures)


class QuestionForm(StepForm):
    """The performer misses something essential (6 § second paragraph)."""

    missing = long_text("Vad saknas?")
    essential = long_text("Varför är det väsentligt för utredningen?")

    def apply(self, context: Context) -> None:
        context.note(self.cleaned_data["missing"], kind="missing")
        context.note(self.cleaned_data["essential"], kind="essential")


class PromiseForm(StepForm):
    """The agency cannot answer yet, and says when it will: the question's own last day moves, the report's does not."""

    promised = DateField(label="När har utföraren svaret senast?")
    reason = long_text("Varför dröjer det?", required=False)

    def clean_promised(self) -> date:
        """A day after today, at most three months ahead."""
        day: date = self.cleaned_data["promised"]
        today = timezone.localdate()
        if day <= today:
            raise forms.ValidationError("Välj en dag efter i dag.")
        if day > today + timedelta(days=92):
            raise forms.ValidationError("Dagen ligger mer än tre månader fram. Kontrollera datumet.")
        return day

    def apply(self, context: Context) -> None:
        day = self.cleaned_data["promised"]
        context.data["promised"] = day.isoformat()
        context.note(self.cleaned_data["reason"])
        open_since = Duty.objects.open().filter(
            process="assessment", subject_id=context.subject.pk, kind="answer_question"
        )
        start = date.fromisoformat(open_since.values_list("inputs__start", flat=True)[0])
        context.limits["answer_question"] = decided("routine.answer_question", start, day, context.subject.region_id)


class SupplementUnderlagForm(SendsFiles):
    """The agency's answer: documents, words, or both. Before the clock runs, it starts with the last essential part."""

    file_title = "Handlingar som kompletterar"
    answer = long_text("Svar till utföraren", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("answer") and not self.enclosures and "answer" not in self.errors:
            self.add_error("answer", "Skriv ett svar eller lägg till en handling")
        return cleaned

    def apply(self, context: Context) -> None:
        context.note(self.cleaned_data["answer"], kind="answer")
        enclosures = self.enclosures
        send(context, enclosures)
        # Words alone add nothing that the performer lacked: the first day stands.
        if context.subject.status == "ordered" and enclosures:
            context.set(underlag_complete_on=context.today)


class AddForm(SendsFiles):
    """The agency adds to underlag, address, needs or contact at any time; no date moves."""

    file_title = "Handlingar som läggs till"
    text = long_text("Meddelande om det nya", rows=3)
    special_needs = short_text("Särskilda behov", max_length=300, required=False, validators=[contact.without_number])
    special_needs_was = forms.CharField(required=False, widget=forms.HiddenInput)
    address = short_text("Ny adress", required=False)
    phone = contact.PhoneField("Nytt telefonnummer", required=False)

    def set_up(self) -> None:
        self.initial.setdefault("special_needs", self.subject.special_needs)
        self.initial.setdefault("special_needs_was", self.subject.special_needs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        edited = cleaned.get("special_needs") != cleaned.get("special_needs_was")
        if edited and self.subject.special_needs != cleaned.get("special_needs_was"):
            self.add_error(
                "special_needs",
                f"Någon annan har ändrat texten till: {self.subject.special_needs}. Skriv hur den ska vara nu.",
            )
            data: Any = self.data
            self.data = data.copy()
            self.data["special_needs_was"] = self.subject.special_needs  # type: ignore[index]
        return cleaned

    def apply(self, context: Context) -> None:
        cleaned, subject = self.cleaned_data, context.subject
        context.note(cleaned["text"])
        changed = []
        if cleaned["special_needs"] != cleaned["special_needs_was"]:
            subject.special_needs = cleaned["special_needs"]
            subject.save(update_fields=["special_needs"])
            changed.append("special_needs")
        context.data["changed"] = changed + contact.change(context, cleaned["address"], cleaned["phone"])
        send(context, self.enclosures)
