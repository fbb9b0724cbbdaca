"""Log lines that hold no personal data: an exception is its class and where it happened, never its message."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType


class Quiet(logging.Formatter):
    """Formats exceptions without their messages: a database's message may quote what somebody typed."""

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
