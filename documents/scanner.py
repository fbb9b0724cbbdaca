"""Asks the virus scanner (clamd, INSTREAM) when the installation has one.

``settings.CLAMD`` is ``host:port`` or the path of a Unix socket. Only the answer ``stream: OK`` passes a file; a scanner
that does not answer, or answers something else, makes the check wait.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable

from django.conf import settings

SECONDS = 30.0
CHUNK = 64 * 1024
_LONGEST = 4096


class ScannerUnavailable(RuntimeError):
    """The scanner is configured and does not answer as it should. The document waits; nothing passes unscanned."""


def configured() -> bool:
    """Whether there is a scanner to ask."""
    return bool(settings.CLAMD)


def finds_virus(chunks: Iterable[bytes]) -> bool:
    """Whether the scanner finds something in the file. Raises `ScannerUnavailable`."""
    try:
        with _connected() as line:
            line.sendall(b"zINSTREAM\0")
            # A scanner that has seen enough closes while we still send; its answer is there to read.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for chunk in chunks:
                    for start in range(0, len(chunk), CHUNK):
                        piece = chunk[start : start + CHUNK]
                        line.sendall(len(piece).to_bytes(4, "big") + piece)
                line.sendall(b"\0\0\0\0")
            answer = _answer(line)
    except (OSError, ValueError) as error:
        raise ScannerUnavailable(type(error).__name__) from error
    if answer == "stream: OK":
        return False
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return True
    raise ScannerUnavailable("an answer that is neither OK nor FOUND")


def _connected() -> socket.socket:
    where: str = settings.CLAMD
    if "/" in where:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(SECONDS)
        try:
            line.connect(where)
        except OSError:
            line.close()
            raise
        return line
    host, _, port = where.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS)


def _answer(line: socket.socket) -> str:
    told = b""
    while not told.endswith(b"\0") and len(told) < _LONGEST:
        part = line.recv(_LONGEST)
        if not part:
            break
        told += part
    return told.rstrip(b"\0\n").decode("ascii", "replace")
