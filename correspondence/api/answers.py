"""What the API answers about threads."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.actor import Actor
from accounts.roles import Party
from correspondence import access, lists
from correspondence.inputs import name_of
from correspondence.models import Attachment, Message, Thread, ThreadParty
from correspondence.process import THREAD
from documents.models import DocumentState
from fmu_portal.models import Duty
from orders.api.serializers import Answer, Named, StepRow

STATUSES = [(status.name, status.label) for status in THREAD.statuses.values()]


class PartyAnswer(Answer):
    """En organisation som deltar i tråden, eller har gjort det."""

    organisation = Named(label="Organisation")
    party = serializers.ChoiceField(label="Part", choices=Party.choices)
    left = serializers.BooleanField(label="Har lämnat tråden")


class ThreadRow(Answer):
    """En tråd i listan."""

    id = serializers.IntegerField(label="Id")
    href = serializers.CharField(label="Adress")
    number = serializers.CharField(label="Ärendenummer, null utanför ärenden", allow_null=True)
    title = serializers.CharField(label="Ämne")
    status = serializers.ChoiceField(label="Status", choices=STATUSES)
    status_label = serializers.CharField(label="Status i ord")
    latest_at = serializers.DateTimeField(label="Senaste meddelandet", allow_null=True)
    unread = serializers.BooleanField(label="Ingen hos er har läst det senaste")
    answer_due = serializers.DateField(label="Svar senast, null när ingen ska svara", allow_null=True)


class ThreadList(Answer):
    """En sida av trådar."""

    results = ThreadRow(many=True, label="Trådar")
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class ThreadAnswer(ThreadRow):
    """En tråd."""

    version = serializers.IntegerField(label="Trådens version")
    parties = PartyAnswer(many=True, label="Deltar")
    asked = Named(label="Ska svara, null när ingen ska svara", allow_null=True)


class AttachmentAnswer(Answer):
    """En bilaga."""

    id = serializers.UUIDField(label="Id")
    name = serializers.CharField(label="Filens namn, tomt när den är gallrad", allow_blank=True)
    pages = serializers.IntegerField(label="Sidor, null tills filen är kontrollerad", allow_null=True)
    state = serializers.ChoiceField(label="Kontrollens läge", choices=DocumentState.choices)
    refusal = serializers.CharField(label="Varför filen inte godtas", allow_null=True)
    may_open = serializers.BooleanField(label="Går att öppna")
    sent = serializers.BooleanField(label="Är skickad")


class MessageAnswer(Answer):
    """Ett meddelande."""

    id = serializers.IntegerField(label="Id")
    at = serializers.DateTimeField(label="När")
    organisation = Named(label="Från")
    author = serializers.CharField(label="Skrivet av, tomt när namnet inte visas", allow_blank=True)
    text = serializers.CharField(label="Text, tom när den är gallrad", allow_blank=True)
    asks = Named(label="Ber om svar från", allow_null=True)
    attachments = AttachmentAnswer(many=True, label="Bilagor")


class MessageList(Answer):
    """En sida av meddelanden."""

    results = MessageAnswer(many=True, label="Meddelanden")
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class ThreadSteps(Answer):
    """De steg som går att ta i tråden nu."""

    version = serializers.IntegerField(label="Trådens version")
    results = StepRow(many=True, label="Steg")


class Recipient(Named):
    """En organisation att skriva till utanför ärenden."""

    party = serializers.ChoiceField(label="Part", choices=Party.choices)


class RecipientList(Answer):
    """Organisationer att skriva till utanför ärenden."""

    results = Recipient(many=True, label="Organisationer")


def named(organisation: Any, thread: Thread, actor: Actor) -> dict[str, Any] | None:
    """An organisation as the reader may know it."""
    if organisation is None:
        return None
    return {"id": organisation.pk, "name": name_of(organisation, thread, actor)}


def row_answer(row: lists.Row) -> dict[str, Any]:
    """A thread of a list as a `ThreadRow`."""
    thread = row.thread
    return {
        "id": thread.pk,
        "href": f"/api/v1/threads/{thread.pk}/",
        "number": thread.case.number if thread.case is not None else None,
        "title": row.title,
        "status": thread.status,
        "status_label": thread.status_label,
        "latest_at": row.at,
        "unread": row.new,
        "answer_due": row.due,
    }


def thread_answer(actor: Actor, thread: Thread, member: ThreadParty) -> dict[str, Any]:
    """A thread as a `ThreadAnswer`."""
    row = lists.rows_of(actor, lists.one(actor, member))[0]
    owed = Duty.objects.open().filter(process=THREAD.name, subject_id=thread.pk).select_related("organisation").first()
    return row_answer(row) | {
        "version": thread.version,
        "parties": [
            {
                "organisation": named(m.organisation, thread, actor),
                "party": m.party,
                "left": m.left_by_id is not None,
            }
            for m in thread.members
        ],
        "asked": named(owed.organisation if owed is not None else None, thread, actor),
    }


def attachment_answer(thread: Thread, row: Attachment) -> dict[str, Any]:
    """A file as an `AttachmentAnswer`."""
    document = row.document
    return {
        "id": document.pk,
        "name": document.name,
        "pages": document.pages,
        "state": document.state,
        "refusal": document.reason or None,
        "may_open": access.may_open(row, thread),
        "sent": row.message_id is not None,
    }


def message_answers(actor: Actor, thread: Thread, found: list[Message]) -> list[dict[str, Any]]:
    """Messages with their files: one query more."""
    attached: dict[int, list[dict[str, Any]]] = {}
    for row in Attachment.objects.filter(message__in=found).select_related("document").order_by("pk"):
        attached.setdefault(row.message_id or 0, []).append(attachment_answer(thread, row))
    return [
        {
            "id": message.pk,
            "at": message.at,
            "organisation": named(message.organisation, thread, actor),
            "author": access.author(message, thread, actor),
            "text": message.text,
            "asks": named(message.asks, thread, actor),
            "attachments": attached.get(message.pk, []),
        }
        for message in found
    ]
