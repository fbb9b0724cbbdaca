"""Ctrl-C and SIGTERM, as one exception that comes only where it can be handled."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from launcher.faults import Stopped


class StopSignals:
    """The first signal raises ``Stopped`` in the main thread; a second one sets ``hurry``."""

    def __init__(self) -> None:
        self.asked = False
        self.hurry = False
        # Set when everything is being stopped anyway: no exception comes any more.
        self.settled = False
        self._deferred = 0

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            self.hurry = True
            return
        self.asked = True
        self._maybe_raise()

    def _maybe_raise(self) -> None:
        if self.asked and not self.settled and not self._deferred:
            self.settled = True
            raise Stopped

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Hold the exception back inside the block: between starting a process and noting it down."""
        self._deferred += 1
        try:
            yield
        finally:
            self._deferred -= 1
        self._maybe_raise()
