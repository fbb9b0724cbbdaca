"""The keys that wrap documents' keys: a ring in one file of secrets, the newest last.

Each line of ``settings.DOCUMENT_KEYS_FILE`` is an id and 32 bytes in URL-safe base64. A document's own key is random
(or made from the newest ring key and the file's name, where a file must be possible to write twice) and lies in its row,
encrypted with AES-256-GCM by a ring key whose id stands beside it. An old line may go when `rotate_document_key --check`
says that nothing hangs on it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

KEY_BYTES = 32
_NONCE = 12


class NoKey(RuntimeError):
    """The key that a document hangs on is not in the ring, or the ring is missing or wrong."""


@dataclass(frozen=True)
class Ring:
    """Key id -> key, and the id of the one that new documents get."""

    keys: dict[str, bytes]
    newest: str


@dataclass(frozen=True)
class Wrapped:
    """A document's key as its row keeps it."""

    key_id: str
    data: bytes


_read: tuple[tuple[str, int, int], Ring] | None = None


def ring() -> Ring:
    """The ring as its file is now (a running process sees a new line). Raises `NoKey`."""
    global _read  # noqa: PLW0603 - the file's content, remembered until the file changes
    path: Path = settings.DOCUMENT_KEYS_FILE
    try:
        stat = path.stat()
        mark = (str(path), stat.st_mtime_ns, stat.st_size)
        if _read is None or _read[0] != mark:
            _read = mark, _parse(path.read_text())
    except OSError as error:
        raise NoKey(f"{path.name} går inte att läsa") from error
    return _read[1]


def _parse(text: str) -> Ring:
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, _, encoded = line.strip().partition(" ")
        try:
            key = base64.urlsafe_b64decode(encoded)
        except ValueError as error:
            raise NoKey(f"rad {number} i nyckelringen är ingen nyckel") from error
        if len(key) != KEY_BYTES or not name.isalnum() or len(name) > 16 or name in keys:
            raise NoKey(f"rad {number} i nyckelringen är ingen nyckel")
        keys[name] = key
    if not keys:
        raise NoKey("nyckelringen är tom")
    return Ring(keys, list(keys)[-1])


def add_key() -> str:
    """Write a new key last in the ring's file and return its id. The file is replaced whole or not at all."""
    path: Path = settings.DOCUMENT_KEYS_FILE
    name = secrets.token_hex(4)
    line = f"{name} {base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"
    half = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(path.read_text().rstrip("\n") + "\n" + line)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return name


def new_document_key(storage_key: str | None = None) -> bytes:
    """A key for a document: random; or, for a file that two workers may come to write, the same for the same name."""
    if storage_key is None:
        return secrets.token_bytes(KEY_BYTES)
    found = ring()
    return hmac.new(found.keys[found.newest], b"fmu-document-key:" + storage_key.encode(), hashlib.sha256).digest()


def _bound_to(storage_key: str) -> bytes:
    return b"fmu-document:" + storage_key.encode()


def wrap(document_key: bytes, storage_key: str) -> Wrapped:
    """The key encrypted by the newest ring key, bound to the file it opens."""
    found, nonce = ring(), secrets.token_bytes(_NONCE)
    data = AESGCM(found.keys[found.newest]).encrypt(nonce, document_key, _bound_to(storage_key))
    return Wrapped(found.newest, nonce + data)


def unwrap(wrapped: Wrapped, storage_key: str) -> bytes:
    """A document's key. Raises `NoKey` when the ring key is gone, or the row's key belongs to another file."""
    key = ring().keys.get(wrapped.key_id)
    if key is None:
        raise NoKey("nyckeln som handlingen hänger på finns inte i nyckelringen")
    try:
        return AESGCM(key).decrypt(wrapped.data[:_NONCE], wrapped.data[_NONCE:], _bound_to(storage_key))
    except InvalidTag as error:
        raise NoKey("handlingens nyckel hör inte till filen") from error
