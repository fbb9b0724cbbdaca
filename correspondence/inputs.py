"""What the steps of a thread take in: the message itself, whom it asks, and which party left."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import connection

from accounts.models import Organisation
from accounts.roles import Party
from correspondence import files
from correspondence.models import Attachment, Message, Thread, ThreadParty
from correspondence.models.message import MOST_TEXT, MOST_TITLE
from correspondence.numbers import problem_in
from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text, short_text
from orders.models import Recusal


class MessageForm(StepForm):
    """A message with the files that its writer has attached; the first in a thread has its subject too."""

    sends = ("attachment",)
    problems_at = "#bilagor"
    conditional = ("title",)

    title = short_text("Ämne", max_length=MOST_TITLE, required=False, help_text="Bara i trådens första meddelande.")
    text = long_text("Meddelande", rows=6, max_length=MOST_TEXT)

    def set_up(self) -> None:
        if self.subject.version > 1:
            del self.fields["title"]
        else:
            self.fields["title"].required = True

    def _free_of_numbers(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        if problem := problem_in(text, self.subject):
            raise forms.ValidationError(problem)
        return text

    def clean_title(self) -> str:
        """A subject without anybody's personnummer: it stands in lists."""
        text: str = self.cleaned_data["title"]
        if problem := problem_in(text, None):
            raise forms.ValidationError(problem)
        return text

    def clean_text(self) -> str:
        """A text without a personnummer that does not belong there."""
        return self._free_of_numbers("text")

    def clean(self) -> dict[str, Any]:
        """Files that cannot be sent are said so."""
        for problem in files.problems(self.attachments(), self.subject):
            self.add_error(None, problem)
        return self.cleaned_data

    def attachments(self) -> list[Attachment]:
        """What the person has attached and not sent."""
        return files.staged(self.actor, self.subject)

    def asks(self) -> int | None:
        """The id of the organisation that is asked to answer."""
        return None

    def apply(self, context: Context) -> None:
        thread, actor = context.subject, context.actor
        attached = self.attachments()
        message = Message.objects.create(
            thread_id=thread.pk,
            case_id=thread.case_id,
            event_id=context.event_id,
            organisation_id=actor.organisation_id,
            author_id=actor.user_id,
            asks_id=self.asks(),
            title=self.cleaned_data.get("title", ""),
            text=self.cleaned_data["text"],
            at=context.now,
        )
        context.data["message"] = message.pk
        if attached:
            pks = [row.pk for row in attached]
            Attachment.objects.filter(pk__in=pks).update(
                message=message, thread_id=thread.pk, case_id=thread.case_id, draft=None
            )
            context.data["attachments"] = pks
        ThreadParty.objects.filter(thread_id=thread.pk, left_by__isnull=True).update(latest=message.pk)
        mark_read(thread.pk, actor.organisation_id, actor.user_id, message.pk)
        context.tells |= {m.organisation_id for m in thread.present()}


class QuestionForm(MessageForm):
    """A message that asks one of the others for an answer."""

    asked = forms.TypedChoiceField(
        label="Vem ska svara?", coerce=int, empty_value=None, help_text="De får en uppgift med sista dag."
    )

    def set_up(self) -> None:
        super().set_up()
        field = self.fields["asked"]
        assert isinstance(field, forms.ChoiceField)
        others = [m for m in self.subject.present() if m.organisation_id != self.actor.organisation_id]
        names = [(m.organisation_id, name_of(m.organisation, self.subject, self.actor)) for m in others]
        field.choices = names if len(names) == 1 else [("", "Välj vem"), *names]
        if len(names) == 1:
            self.initial.setdefault("asked", names[0][0])

    def asks(self) -> int | None:
        return int(self.cleaned_data["asked"])

    def apply(self, context: Context) -> None:
        super().apply(context)
        asked = context.subject.member(self.asks())
        party = Party(asked.party)
        context.owed_by["answer_message"] = [(party, asked.organisation_id, context.subject.holder_of(party))]
        context.set(
            asked_id=asked.organisation_id,
            asked_by_id=context.actor.organisation_id,
            asker_id=context.actor.user_id,
        )


class AnswerForm(MessageForm):
    """The answer that was asked for."""

    def apply(self, context: Context) -> None:
        super().apply(context)
        context.data["answered"] = [context.subject.asked_by_id, context.subject.asker_id]
        no_question(context)


class LeavingForm(StepForm):
    """Which organisation left; the clock's own."""

    organisation = forms.IntegerField()

    def apply(self, context: Context) -> None:
        pk = self.cleaned_data["organisation"]
        ThreadParty.objects.filter(thread_id=context.subject.pk, organisation_id=pk).update(left_by_id=context.event_id)
        context.data["left"] = pk


def no_question(context: Context) -> None:
    """Nobody owes an answer any more. The hook of the steps that have no input of their own."""
    context.set(asked_id=None, asked_by_id=None, asker_id=None)


def mark_read(thread_id: int, organisation_id: int, user_id: int, message_id: int) -> None:
    """Somebody at the organisation has seen the messages up to this one. Two statements, none that goes back."""
    ThreadParty.objects.filter(thread_id=thread_id, organisation_id=organisation_id, read__lt=message_id).update(
        read=message_id
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO correspondence_threadread (thread_id, organisation_id, user_id, read) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (user_id, organisation_id, thread_id) DO UPDATE"
            " SET read = greatest(correspondence_threadread.read, excluded.read)",
            [thread_id, organisation_id, user_id, message_id],
        )


def name_of(organisation: Organisation, thread: Thread, actor: Any) -> str:
    """An organisation's name as the reader may know it: of a protected person's case the agency sees the party alone."""
    case = thread.case
    hidden = case is not None and case.protected and actor.party is Party.AGENCY
    if hidden and organisation.party is not Party.AGENCY:
        return str(organisation.party.label)
    return organisation.name


def _lost(thread: Thread, organisation_id: int) -> str | None:
    member = thread.member(organisation_id)
    if member is None or member.left_by_id is None:
        return None
    what = f"ärende {thread.case.number}" if thread.case is not None else "tråden"
    return (
        f"Er organisation har inte längre {what}. Därför går det inte att skriva till de andra parterna."
        " Det som skrevs medan ni hade det finns kvar att läsa."
    )


def may_write(subject: Any, actor: Any) -> str | None:
    """Guard: the organisation still takes part, somebody is there to read, and the person has not stepped aside."""
    if lost := _lost(subject, actor.organisation_id):
        return lost
    if len(subject.present()) < 2:
        return "De andra parterna har lämnat tråden. Börja en ny tråd om du behöver skriva."
    if subject.case_id is not None:
        recused = Recusal.objects.filter(user_id=actor.user_id, assessment_id=subject.case_id, lifted_at__isnull=True)
        if recused.exists():
            return "Du har anmält jäv i ärendet och kan inte skriva i det."
    return None


def case_is_open(subject: Any, actor: Any) -> str | None:
    """Guard: no answer is owed in a case that has ended."""
    from orders.process import OPEN_STATUSES

    if subject.case is not None and subject.case.status not in OPEN_STATUSES:
        return "Ärendet är avslutat. Skriv ett meddelande utan att be om svar."
    return None


def is_asked(subject: Any, actor: Any) -> str | None:
    """Guard: the organisation is the one that was asked."""
    return None if subject.asked_id == actor.organisation_id else "Det är en annan part som ska svara."


def has_asked(subject: Any, actor: Any) -> str | None:
    """Guard: the organisation asked the question."""
    return (
        None if subject.asked_by_id == actor.organisation_id else "Det är bara den som bad om svar som kan ta tillbaka."
    )


GUARDS = {
    "may_write": may_write,
    "case_is_open": case_is_open,
    "is_asked": is_asked,
    "has_asked": has_asked,
}
INPUTS = {"message": MessageForm, "question": QuestionForm, "answer": AnswerForm, "leaving": LeavingForm}
