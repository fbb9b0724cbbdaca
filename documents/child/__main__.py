"""The child: ``python -I documents/child/__main__.py LIMITS`` with a file on stdin, an answer on stdout.

It loads what it needs, tries it on files of its own, locks itself up, says ``ready`` and only then reads the file. The
answer is one line of JSON and then ``size`` bytes. By the task that LIMITS names: ``examine`` (refusal, pages, numbers,
walls; the clean copy), ``pages`` (of a clean copy: pages, sizes of the pictures; text and pictures of its pages),
``join`` (of several clean copies: pages; one PDF).
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent.parent))

NOBODY = 65534
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x40000000,
)  # fmt: skip
PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE = 38, 4
REFUSED = (
    "socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.system", "os.kill", "ctypes.",
    "os.chmod", "os.chown", "os.link", "os.symlink", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate",
    "os.listdir", "os.scandir", "os.putenv", "ftplib.", "http.", "urllib.", "smtplib.", "shutil.", "open",
)  # fmt: skip
CODECS = (
    "ascii", "latin_1", "iso8859_1", "iso8859_15", "cp1252", "cp1250", "charmap", "mac_roman", "utf_8", "utf_8_sig", "utf_16",
    "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "unicode_escape", "raw_unicode_escape", "hex_codec", "gb18030",
    "gbk", "gb2312", "big5", "big5hkscs", "euc_jp", "euc_kr", "shift_jis", "cp932", "cp949", "cp950", "iso2022_jp", "idna",
)  # fmt: skip


def warm_up(limits: Any, task: str) -> None:
    """Load all that a file may ask for: later nothing can be opened, not even a module."""
    from PIL import Image

    for codec in CODECS:
        with contextlib.suppress(ImportError, LookupError):
            importlib.import_module(f"encodings.{codec}")
            "".encode(codec)
    if task != "examine":
        from documents.child.pages import try_out

        try_out(task)
        return
    from documents.child.examine import examine

    for kind in ("JPEG", "PNG", "TIFF"):
        picture = io.BytesIO()
        Image.new("L", (2, 2)).save(picture, kind)
        if not examine(picture.getvalue(), limits).clean:
            raise SystemExit("the libraries do not work")


def lock_up(empty: str, limits: dict[str, int]) -> list[str]:
    """Give up all that is not needed; the names of the walls that stand. Those that need rights may be missing."""
    libc, walls = ctypes.CDLL(None, use_errno=True), []
    root = os.geteuid() == 0
    spaces = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | (0 if root else CLONE_NEWUSER)
    if libc.unshare(spaces) == 0:
        walls.append("net")
    with contextlib.suppress(OSError):
        os.chroot(empty)
        os.chdir("/")
        walls.append("root")
    for name, soft in (
        ("RLIMIT_CPU", limits["cpu_seconds"]),
        ("RLIMIT_AS", limits["memory"]),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 16),
    ):
        hard = soft + 2 if name == "RLIMIT_CPU" else soft
        resource.setrlimit(getattr(resource, name), (soft, hard))
    if root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        walls.append("nobody")
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0:
        walls.append("privileges")

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(REFUSED):
            raise PermissionError(event)

    sys.addaudithook(refuse)
    return [*walls, "audit", "limits"]


def answer_to(task: str, file: Any, limits: Any, examine: Any) -> tuple[dict[str, Any], bytes]:
    """(the answer's line, its body)."""
    if task == "examine":
        finding = examine(file.read(), limits)
        return {"refusal": finding.refusal, "pages": finding.pages, "numbers": finding.numbers}, finding.clean
    from documents.child import pages

    if task == "pages":
        pictures, text = pages.pictures_and_text(file.read())
        sizes = [len(picture) for picture in pictures]
        return {"pages": pages.count(text), "sizes": sizes, "text": len(text)}, b"".join([text, *pictures])
    parts = json.loads(file.readline())
    made, total = pages.joined([(part["title"], file.read(part["size"])) for part in parts])
    return {"pages": total}, made


def main() -> None:
    """Question the file on stdin."""
    from documents.child.examine import Limits, examine

    asked = json.loads(sys.argv[1])
    limits = Limits(**asked["file"])
    task = asked.get("task", "examine")
    warm_up(limits, task)
    walls = lock_up(sys.argv[2], asked["process"])
    out = sys.stdout.buffer
    out.write(b"ready\n")
    out.flush()
    answer, body = answer_to(task, sys.stdin.buffer, limits, examine)
    out.write(json.dumps({**answer, "size": len(body), "walls": walls}).encode() + b"\n")
    out.write(body)
    out.flush()
    os._exit(0)  # nothing of the file's gets a last word


if __name__ == "__main__":
    main()
