"""One thread, one file of it, for those who may read it; 404 for everybody else, as for what does not exist."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from accounts.actor import Actor
from correspondence.files import wrong_page
from correspondence.inputs import name_of
from correspondence.models import Attachment, Draft, Message, Thread, ThreadParty
from correspondence.reach import memberships, readable


def get_thread(actor: Actor, pk: int) -> tuple[Thread, ThreadParty]:
    """The thread with its case, and the actor's organisation's own row in it."""
    member = memberships(actor).select_related("thread__case").filter(thread_id=pk).first()
    if member is None:
        raise Http404
    return member.thread, member


def messages_in(member: ThreadParty) -> QuerySet[Message]:
    """What the organisation may read of its thread, with who wrote it."""
    return readable(member).select_related("organisation", "author", "asks")


def author(message: Message, thread: Thread, actor: Actor) -> str:
    """Who wrote; nobody's name where the organisation's own is not shown (a protected person's case)."""
    shown = name_of(message.organisation, thread, actor) == message.organisation.name
    return message.author.name if shown else ""


def may_open(attachment: Attachment, thread: Thread) -> bool:
    """Whether the file can be opened: checked, and without a personnummer that must not stand in the thread."""
    return attachment.document.is_clean and not wrong_page(attachment, thread)


def get_attachment(actor: Actor, pk: int, document_id: Any) -> tuple[Thread, Attachment]:
    """A sent file of a thread that the actor reads, or one of the actor's own that waits in a draft there."""
    thread, member = get_thread(actor, pk)
    rows = Attachment.objects.select_related("document").filter(thread_id=pk, document_id=document_id)
    row = rows.filter(message__in=readable(member)).first()
    row = row or rows.filter(message__isnull=True, user_id=actor.user_id, organisation_id=actor.organisation_id).first()
    if row is None:
        raise Http404
    return thread, row


def get_draft(actor: Actor, pk: int) -> Draft:
    """One of the actor's own drafts."""
    rows = Draft.objects.select_related("thread", "case")
    draft = rows.filter(pk=pk, user_id=actor.user_id, organisation_id=actor.organisation_id).first()
    if draft is None:
        raise Http404
    return draft
