"""What may go wrong in a way a person can do something about."""

import errno

DISK_FULL = "Disken är full: {where}. Frigör minst 500 MB och starta igen; det som redan är sparat finns kvar."
_FULL_SIGNS = ("no space left on device", "disk full", "disk quota exceeded", "could not extend file")


class Fault(Exception):
    """One line in Swedish that says what is wrong and what to do. The launcher prints it and exits with 1."""


class Stopped(BaseException):
    """The person (or the system) asked the launcher to stop. Not an ``Exception``, so that no handler swallows it."""


def says_disk_full(text: str) -> bool:
    """Does a program's own output say that the disk is full?"""
    lowered = text.lower()
    return any(sign in lowered for sign in _FULL_SIGNS)


def from_os_error(error: OSError) -> Fault:
    """The line for an error of the operating system that nobody foresaw."""
    where = str(error.filename or "okänd plats")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Fault(DISK_FULL.format(where=where))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Fault(
            f"Får inte skriva eller läsa {where}. Kör som den som äger mappen, eller välj en annan: DATA_DIR=…"
        )
    return Fault(f"Operativsystemet svarade {error.strerror!r} för {where}. Rätta det och starta igen.")
