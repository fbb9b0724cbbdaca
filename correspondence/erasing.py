"""Messages in the owners' erasure decisions: what an organisation's people wrote, and the files that they attached."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.permissions import See
from correspondence.models import Attachment, Draft, Message
from orders import erasure
from orders.retention import Kind


def _find(due: Any, organisations: list[int]) -> Any:
    rows = Message.objects.filter(case_id__in=due.values("pk"), organisation__in=organisations).exclude(text="")
    return [(row.case_id or 0, row.pk) for row in rows.only("pk", "case_id")]


def _empty(pks: list[str], now: datetime) -> None:
    rows = Message.objects.filter(pk__in=map(int, pks))
    files = Attachment.objects.filter(message__in=rows)
    erasure.EMPTY[Kind.DOCUMENT]([str(pk) for pk in files.values_list("document_id", flat=True)], now)
    files.update(number_page=None, warning_page=None)
    rows.update(title="", text="")


def _find_drafts(due: Any, organisations: list[int]) -> Any:
    of_case = Q(case__in=due) | Q(thread__case__in=due)
    rows = Draft.objects.filter(of_case, organisation__in=organisations).select_related("thread")
    return [(row.case_id or (row.thread.case_id if row.thread else None) or 0, row.pk) for row in rows]


def _remove_drafts(pks: list[str], now: datetime) -> None:
    """Nobody has had what was never sent: the rows go, the files in them as other documents do."""
    files = Attachment.objects.filter(draft__in=map(int, pks), message__isnull=True)
    erasure.EMPTY[Kind.DOCUMENT]([str(pk) for pk in files.values_list("document_id", flat=True)], now)
    files.delete()
    Draft.objects.filter(pk__in=map(int, pks)).delete()


def register() -> None:
    """Called once when the app is ready."""
    erasure.FIND[Kind.MESSAGE] = _find
    erasure.EMPTY[Kind.MESSAGE] = _empty
    erasure.SEEN_AS[Kind.MESSAGE] = See.MESSAGES
    erasure.FIND[Kind.MESSAGE_DRAFT] = _find_drafts
    erasure.EMPTY[Kind.MESSAGE_DRAFT] = _remove_drafts
    erasure.SEEN_AS[Kind.MESSAGE_DRAFT] = See.MESSAGES
