"""Where files lie: one small interface, a folder today. A half-written file never gets a name."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Stored:
    """What was written: the key to read it by, its size in bytes and SHA-256 in hex."""

    key: str
    size: int
    sha256: str


class FolderStorage:
    """Files in a folder, two levels deep, named by random keys."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        if not key.isalnum():
            raise ValueError("a storage key is letters and digits")
        return self.root / key[:2] / key[2:4] / key

    def write(self, chunks: Iterable[bytes], key: str | None = None) -> Stored:
        """Write a stream and return where it lies. A failure leaves nothing behind and is raised."""
        key = key or secrets.token_hex(20)
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        digest, size = hashlib.sha256(), 0
        try:
            with part.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Stored(key, size, digest.hexdigest())

    def open(self, key: str) -> BinaryIO:
        """The file for reading. FileNotFoundError when it is not there."""
        return self._path(key).open("rb")

    def exists(self, key: str) -> bool:
        """Whether the file is there."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove a file that nothing refers to; nothing happens when it is not there."""
        self._path(key).unlink(missing_ok=True)

    def healthy(self) -> bool:
        """Whether the folder can be written to."""
        self.root.mkdir(parents=True, exist_ok=True)
        probe = self.root / f".probe-{os.getpid()}"
        try:
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError:
            return False
        return True


def storage() -> FolderStorage:
    """The storage in use."""
    return FolderStorage(settings.DOCUMENT_DIR)


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """A file in pieces, from its beginning."""
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk
