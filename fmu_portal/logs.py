"""Log lines that hold no personal data: an exception is its class and where it happened, never its message."""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Mapping
from logging.handlers import SysLogHandler
from types import TracebackType
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_QUERY = re.compile(r"\?[^\s'\"]*")
_PERSONNUMMER = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+]?\d{4}(?!\d)")


def tidy(text: str) -> str:
    """One line, without a query string and without digits like a personnummer, whatever a message was given.

    No message of ours holds any; those of libraries (a path, a referrer, a host) may quote what somebody sent.
    """
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return _PERSONNUMMER.sub("[nummer]", _QUERY.sub("?…", text))


class Quiet(logging.Formatter):
    """Formats exceptions without their messages: a database's message may quote what somebody typed.

    A message is one line, so that nobody can write a line of their own (see `tidy`).
    """

    # Moments in UTC and saying so: lines of several machines, and of the hour that comes twice in October, stand in order.
    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The message made tidy. An exception among a message's arguments says its class and no more."""
        kept = record.message
        record.message = tidy(_message(record))
        try:
            return super().formatMessage(record)
        finally:
            record.message = kept

    def format(self, record: logging.LogRecord) -> str:
        """As the base does, but never with the text of an exception that another formatter has left behind."""
        record.exc_text = None
        text = super().format(record)
        record.exc_text = None
        return text

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Frames and class names, the whole chain."""
        lines: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            lines += [f"{type(error).__module__}.{type(error).__qualname__}"]
            lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
            error = error.__cause__ or error.__context__
        return "\n".join(lines)


class Syslog(SysLogHandler):
    """The same lines to the machine's own log daemon, another process's to keep and to send on (`FMU_SYSLOG`).

    A daemon that is away or does not read stops nobody: the line stands in stderr, and ten seconds later it is tried again.
    """

    ident = "fmu-portal: "
    append_nul = False
    _again = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """One line; none just after one that did not get through."""
        if time.monotonic() >= self._again:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the base would write the line's arguments to stderr."""
        self._again = time.monotonic() + 10

    def _connect_unixsocket(self, address: str) -> None:
        super()._connect_unixsocket(address)  # type: ignore[misc]
        self.socket.settimeout(0.1)  # type: ignore[attr-defined]  # who writes a line holds every other thread's


_TOLD = ("exc", "traceback", "args", "kwargs", "return_value")
"""What Celery puts into its messages about a task: an exception's own words among them."""


def _said(value: object) -> object:
    """An argument of a message; an exception is its class."""
    return type(value).__name__ if isinstance(value, BaseException) else value


def _message(record: logging.LogRecord) -> str:
    """The record's message without the words of any exception."""
    text, arguments = str(_said(record.msg)), record.args
    if not arguments:
        return text
    shown: Any
    if isinstance(arguments, Mapping):
        shown = {key: str(_said(value)).partition("(")[0] if key in _TOLD else _said(value)
                 for key, value in arguments.items()}  # fmt: skip
    else:
        shown = tuple(_said(value) for value in arguments)
    try:
        return str(text % shown)
    except (TypeError, ValueError, KeyError):
        return text
