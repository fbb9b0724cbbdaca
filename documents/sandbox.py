"""Runs the check of one file in a child process of low rights, and believes nothing that it answers unseen.

The child (`documents.child`) has limits of CPU, memory and written files, an empty environment and root folder, no
network, and as root's child the user ``nobody``; which of the walls that need rights could be raised, it says.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from documents.refusals import MAX_PAGES, MAX_PIXELS, REASONS
from fmu_portal.identity import LOOKS_LIKE

log = logging.getLogger("fmu.documents")

MAX_UNPACKED = 300 * 1024 * 1024
MEMORY = 1536 * 1024 * 1024
CPU_SECONDS = 40
TEXT_SECONDS = 10.0
WALL_SECONDS = 120.0
SCRIPT = Path(__file__).resolve().parent / "child" / "__main__.py"
CHUNK = 64 * 1024
_HEADER = 256 * 1024
_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000"
    "000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)
"""A PNG of one grey point."""


WALLS = ("net", "root", "privileges")
"""What holds the child beside Python's audit hook and the limits: no network, an empty root folder, no new privileges. The
first two need namespaces, which not every machine or container gives."""

_told = False


class CheckUnavailable(RuntimeError):
    """The child did not get ready: the machine's fault, not the file's. The check is done again later."""


@dataclass(frozen=True)
class Verdict:
    """``refusal``: a code of `documents.refusals`, "" when the file is accepted; then ``pages``, the first page of each
    text that looks like a personnummer, the clean copy in pieces (to be read once, to its end) and its size."""

    refusal: str
    pages: int
    numbers: dict[str, int]
    clean: Iterator[bytes]
    walls: tuple[str, ...] = ()


class Broken(Exception):
    """The child ended before it had answered whole."""


def limits(cpu_seconds: int = CPU_SECONDS) -> dict[str, dict[str, Any]]:
    """What the child is told; sizes in bytes."""
    return {
        "file": {
            "pages": MAX_PAGES,
            "pixels": MAX_PIXELS,
            "unpacked": MAX_UNPACKED,
            "text_seconds": TEXT_SECONDS,
            "clean": max_clean(),
            "number": LOOKS_LIKE.pattern,
        },
        "process": {"cpu_seconds": cpu_seconds, "memory": MEMORY},
    }


def max_clean() -> int:
    """The largest clean copy in bytes: an image written anew may be larger than it came."""
    return 4 * int(settings.DOCUMENT_MAX_BYTES) + 10 * 1024 * 1024


@contextlib.contextmanager
def _answering(chunks: Iterable[bytes], asked: dict[str, Any], script: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A child that has been told what to do and given its file. Raises `CheckUnavailable`."""
    with tempfile.TemporaryDirectory(prefix="fmu-empty-") as empty:
        Path(empty).chmod(0o555)
        # It may write down what it has compiled (nobody else loads pypdf): 0.25 s a file instead of 0.65.
        process = subprocess.Popen(
            [sys.executable, "-I", str(script), json.dumps(asked), empty],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": "/"},
            cwd="/",
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        clock = threading.Timer(WALL_SECONDS, _kill, [process])
        clock.daemon = True
        clock.start()
        try:
            if process.stdout.readline(64) != b"ready\n":
                raise CheckUnavailable("the child of the check did not start")
            with contextlib.suppress(BrokenPipeError):
                for chunk in chunks:
                    process.stdin.write(chunk)
                process.stdin.close()
            yield process
        finally:
            clock.cancel()
            _kill(process)
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
            process.wait()


@contextlib.contextmanager
def examined(chunks: Iterable[bytes], script: Path = SCRIPT, cpu_seconds: int = CPU_SECONDS) -> Iterator[Verdict]:
    """The verdict of the child on a file. Raises `CheckUnavailable`, and `Broken` while the clean copy is read.

    A child that dies, or takes more than it may, gives the refusal ``limits``.
    """
    with _answering(chunks, limits(cpu_seconds), script) as process:
        assert process.stdout is not None
        yield _answer(process.stdout, process)


@dataclass(frozen=True)
class Made:
    """What a child made of clean copies: its ``answer``, and ``body`` in pieces, to be read once, to its end."""

    answer: dict[str, Any]
    size: int
    body: Iterator[bytes]


@contextlib.contextmanager
def made(task: str, chunks: Iterable[bytes], most: int, begins: bytes = b"") -> Iterator[Made]:
    """What the child makes by a task (`documents.child`), at most ``most`` bytes, which begin so. Raises
    `CheckUnavailable`, and `Broken` when the child died or answers what it may not, also while the body is read."""
    with _answering(chunks, {**limits(), "task": task}, SCRIPT) as process:
        assert process.stdout is not None
        line = process.stdout.readline(_HEADER)
        try:
            answer = json.loads(line)
            size = int(answer["size"])
        except (ValueError, KeyError, TypeError) as error:
            raise Broken from error
        if not 0 < size <= most:
            raise Broken
        yield Made(answer, size, _body(process.stdout, size, begins))


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _answer(out: IO[bytes], process: subprocess.Popen[bytes]) -> Verdict:
    """The child's answer, looked through: a file that has taken the child over may answer anything."""
    line = out.readline(_HEADER)
    if not line.endswith(b"\n"):
        _kill(process)
        log.warning("the check's child ended with %s", process.wait())
        return Verdict("limits", 0, {}, iter(()))
    try:
        told: Any = json.loads(line)
        refusal, pages, size = str(told["refusal"]), int(told["pages"]), int(told["size"])
        numbers = {str(k): int(v) for k, v in told["numbers"].items() if re.fullmatch(LOOKS_LIKE, str(k))}
        walls = tuple(str(wall) for wall in told["walls"])[:10]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Verdict("limits", 0, {}, iter(()))
    _tell(walls)
    if refusal:
        return Verdict(refusal if refusal in REASONS else "damaged", 0, {}, iter(()), walls)
    if not 0 < pages <= MAX_PAGES or not 0 < size <= max_clean():
        return Verdict("limits", 0, {}, iter(()), walls)
    return Verdict("", pages, numbers, _body(out, size), walls)


def _tell(walls: tuple[str, ...]) -> None:
    """Say once in each process, in the log, which walls the machine refuses."""
    global _told  # noqa: PLW0603 - once a process
    if missing := [wall for wall in WALLS if wall not in walls]:
        if not _told:
            log.warning("the check's child has no wall: %s (docs/operations.md, Uploaded files)", ", ".join(missing))
        _told = True


def missing_walls() -> list[str]:
    """The walls that this machine refuses the child, tried with a picture of our own. Raises `CheckUnavailable`."""
    with examined([_PICTURE]) as found:
        for _ in found.clean:
            pass
        return [wall for wall in WALLS if wall not in found.walls]


def _body(out: IO[bytes], size: int, begins: bytes = b"%PDF-") -> Iterator[bytes]:
    first = True
    while size:
        chunk = out.read(min(CHUNK, size))
        if not chunk or (first and not chunk.startswith(begins)):
            raise Broken
        first = False
        size -= len(chunk)
        yield chunk
