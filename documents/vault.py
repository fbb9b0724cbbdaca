"""Documents at rest: written and read through here alone, each encrypted by its own key.

A row's ``storage_key`` is the file as it came, ``clean_key`` the copy that people open (empty for what the portal made
itself: there the file is the copy). Both hang on the row's one ``wrapped_key``; whatever else is made from a document
must too. Rows without ``wrapped_key`` are from before the encryption: their files are plain until
`manage.py rotate_document_key` has seen them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from documents import keys
from documents.encryption import decrypt, encrypt
from documents.models import Document
from documents.storage import storage


@dataclass(frozen=True)
class Kept:
    """A stored document: where it lies, its plain size in bytes, its plain SHA-256 in hex, and its wrapped key."""

    storage_key: str
    size: int
    sha256: str
    wrapped: keys.Wrapped

    def fields(self) -> dict[str, Any]:
        """The columns of the document's row."""
        return {
            "storage_key": self.storage_key,
            "size": self.size,
            "sha256": self.sha256,
            "key_id": self.wrapped.key_id,
            "wrapped_key": self.wrapped.data,
        }


class Tally:
    """Counts and hashes what passes."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks."""
        for chunk in chunks:
            self.size += len(chunk)
            self._digest.update(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        """In hex."""
        return self._digest.hexdigest()


def keep(chunks: Iterable[bytes], storage_key: str | None = None) -> Kept:
    """Store a new document. With a ``storage_key`` of the caller's, writing it again gives a file that the same row
    opens; so a killed worker leaves nothing behind. A failure leaves nothing either."""
    document_key = keys.new_document_key(storage_key)
    storage_key = storage_key or secrets.token_hex(20)
    tally = Tally()
    wrapped = keys.wrap(document_key, storage_key)
    storage().write(encrypt(tally.of(chunks), document_key, storage_key), key=storage_key)
    return Kept(storage_key, tally.size, tally.sha256, wrapped)


def clean_key_of(storage_key: str) -> str:
    """Where the clean copy of a file lies: the same each time, so that a second check writes over the first's."""
    return hashlib.sha256(b"clean:" + storage_key.encode()).hexdigest()[:40]


def keep_clean(document: Document, chunks: Iterable[bytes]) -> Tally:
    """Store the copy that people open, by the document's own key; what is returned says size and hash."""
    tally, name = Tally(), clean_key_of(document.storage_key)
    storage().write(encrypt(tally.of(chunks), _key_of(document), name), key=name)
    return tally


def _key_of(document: Document) -> bytes:
    assert document.wrapped_key is not None
    return keys.unwrap(keys.Wrapped(document.key_id, bytes(document.wrapped_key)), document.storage_key)


def _open(document: Document, storage_key: str) -> BinaryIO:
    if document.is_erased:
        raise FileNotFoundError("erased")
    if document.wrapped_key is None:
        return storage().open(storage_key)
    document_key = _key_of(document)
    return decrypt(storage().open(storage_key), document_key, storage_key)


def open_original(document: Document) -> BinaryIO:
    """The file as it came: for the check alone. Raises FileNotFoundError, `NoKey`, `DamagedFile`."""
    return _open(document, document.storage_key)


def open_clean(document: Document) -> BinaryIO:
    """What people open; `Document.served_size` bytes. Raises FileNotFoundError, `NoKey`, `DamagedFile`."""
    return _open(document, document.clean_key or document.storage_key)


def open_kept(storage_key: str, key_id: str, wrapped_key: bytes) -> BinaryIO:
    """What `keep` stored for a row that is no document. Raises FileNotFoundError, `NoKey`, `DamagedFile`."""
    document_key = keys.unwrap(keys.Wrapped(key_id, wrapped_key), storage_key)
    return decrypt(storage().open(storage_key), document_key, storage_key)


def pages_key_of(storage_key: str) -> str:
    """Where pictures and text of a document's pages lie, when somebody has asked for them (`documents.pages`)."""
    return hashlib.sha256(b"pages:" + storage_key.encode()).hexdigest()[:40]


def keep_pages(document: Document, chunks: Iterable[bytes]) -> None:
    """Store pictures and text of the pages, by the document's own key: they are as secret as it."""
    name = pages_key_of(document.storage_key)
    storage().write(encrypt(chunks, _key_of(document), name), key=name)


def has_pages(document: Document) -> bool:
    """Whether `keep_pages` has been done."""
    return storage().exists(pages_key_of(document.storage_key))


def open_pages(document: Document) -> BinaryIO:
    """What `keep_pages` stored. Raises FileNotFoundError, `NoKey`, `DamagedFile`."""
    return _open(document, pages_key_of(document.storage_key))


def delete(*storage_keys: str) -> None:
    """Remove files that no row refers to, with what was made of their pages; an empty key is none."""
    for key in storage_keys:
        if key:
            storage().delete(key)
            storage().delete(pages_key_of(key))
