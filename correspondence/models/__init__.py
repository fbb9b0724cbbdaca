"""Rows of the correspondence: threads and messages, what each person has read, absence and hand-over, choices of notices."""

from correspondence.models.choices import NoticeChoice, Template
from correspondence.models.message import Attachment, Draft, Message
from correspondence.models.people import Absence, HandOver
from correspondence.models.thread import Thread, ThreadParty, ThreadRead

__all__ = [
    "Absence",
    "Attachment",
    "Draft",
    "HandOver",
    "Message",
    "NoticeChoice",
    "Template",
    "Thread",
    "ThreadParty",
    "ThreadRead",
]
