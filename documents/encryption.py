"""How a file is encrypted: in pieces, so that a large one streams; a piece lost, moved or changed is noticed.

``FMU1`` (4 bytes), a random salt (32 bytes), then pieces of 64 KiB plain text, each with its tag of 16 bytes; only the
last may be shorter. The file's key is HKDF-SHA-256 of the document's key with the salt and the file's storage key, so
that no two files share a key, however many hang on one document. A piece is AES-256-GCM with the nonce *number of the
piece* (11 bytes) + *1 for the last, else 0*: cutting at a piece's end, moving pieces and adding some all fail.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"FMU1"
PIECE = 64 * 1024
TAG = 16
SALT = 32


class DamagedFile(OSError):
    """The stored file is cut, changed, moved, or not encrypted by this key."""


def _cipher(document_key: bytes, salt: bytes, name: str) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=salt, info=b"fmu-file:" + name.encode()).derive(document_key)
    return AESGCM(derived)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in whole pieces; the last is 1 to `PIECE` bytes, or empty when there is nothing at all."""
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        while len(kept) > PIECE:
            yield bytes(kept[:PIECE])
            del kept[:PIECE]
    yield bytes(kept)


def encrypt(chunks: Iterable[bytes], document_key: bytes, name: str) -> Iterator[bytes]:
    """The encrypted file, piece by piece. ``name`` is its storage key."""
    salt = secrets.token_bytes(SALT)
    cipher = _cipher(document_key, salt, name)
    yield MAGIC + salt
    waiting: bytes | None = None
    number = 0
    for piece in _pieces(chunks):
        if waiting is not None:
            yield cipher.encrypt(_nonce(number, False), waiting, None)
            number += 1
        waiting = piece
    yield cipher.encrypt(_nonce(number, True), waiting or b"", None)


class _Plain(io.RawIOBase):
    """Reads an encrypted file as plain text, one piece in memory at a time."""

    def __init__(self, file: BinaryIO, document_key: bytes, name: str) -> None:
        self._file = file
        head = file.read(len(MAGIC) + SALT)
        if len(head) != len(MAGIC) + SALT or not head.startswith(MAGIC):
            raise DamagedFile("not an encrypted document")
        self._cipher = _cipher(document_key, head[len(MAGIC) :], name)
        self._coming = file.read(PIECE + TAG)
        self._ready = memoryview(b"")
        self._number = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            current, self._coming = self._coming, self._file.read(PIECE + TAG)
            self._ended = not self._coming
            try:
                plain = self._cipher.decrypt(_nonce(self._number, self._ended), current, None)
            except (InvalidTag, ValueError) as error:
                raise DamagedFile("a piece of the document is missing or changed") from error
            self._number += 1
            self._ready = memoryview(plain)
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def decrypt(file: BinaryIO, document_key: bytes, name: str) -> BinaryIO:
    """The plain text of a stored file, to be read once from its beginning. Raises `DamagedFile`, also while reading."""
    try:
        return io.BufferedReader(_Plain(file, document_key, name), PIECE)
    except BaseException:
        file.close()
        raise
