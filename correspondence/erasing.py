"""Messages in the owners' erasure decisions: what an organisation's people wrote, and the files that they attached."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.permissions import See
from correspondence.models import Attachment, Message
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


def register() -> None:
    """Called once when the app is ready."""
    erasure.FIND[Kind.MESSAGE] = _find
    erasure.EMPTY[Kind.MESSAGE] = _empty
    erasure.SEEN_AS[Kind.MESSAGE] = See.MESSAGES
