"""Moves documents to the newest ring key, and plain files from before the encryption into it. Safe to stop and run again.

Only the wrapped keys are written anew, never the files: a hundred thousand documents take seconds. A plain file is
written once more, encrypted, under a new name; the old one goes when the rows surely point to the new.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count

from documents import checking, keys, vault
from documents.models import Document, DocumentState
from documents.storage import chunks_of, storage

BATCH = 500


@dataclass(frozen=True)
class Standing:
    """How many documents hang on each ring key, by its id; ``plain``: how many are not encrypted."""

    by_key: dict[str, int]
    plain: int
    newest: str

    @property
    def behind(self) -> int:
        """Documents that do not hang on the newest key."""
        return self.plain + sum(count for key, count in self.by_key.items() if key != self.newest)


def count() -> Standing:
    """Where the documents hang now."""
    rows = dict(
        Document.objects.filter(erased_at__isnull=True)
        .values_list("key_id")
        .annotate(number=Count("pk"))
        .order_by("key_id")
    )
    plain = rows.pop("", 0)
    return Standing(rows, plain, keys.ring().newest)


def rewrap(batch: int = BATCH) -> int:
    """Wrap every document's key with the newest ring key; return how many were changed. Raises `keys.NoKey`."""
    done, newest = 0, keys.ring().newest
    while True:
        with transaction.atomic():
            rows = list(
                Document.objects.select_for_update(skip_locked=False)
                .exclude(key_id__in=("", newest))
                .order_by("key_id", "pk")[:batch]
            )
            for row in rows:
                assert row.wrapped_key is not None
                document_key = keys.unwrap(keys.Wrapped(row.key_id, bytes(row.wrapped_key)), row.storage_key)
                wrapped = keys.wrap(document_key, row.storage_key)
                row.key_id, row.wrapped_key = wrapped.key_id, wrapped.data
            Document.objects.bulk_update(rows, ["key_id", "wrapped_key"])
        done += len(rows)
        if len(rows) < batch:
            return done


def encrypt_plain() -> int:
    """Encrypt the files of rows without a key; return how many rows were changed. One run at a time does it."""
    done = 0
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(20181634)")
            first = Document.objects.filter(wrapped_key__isnull=True, erased_at__isnull=True).order_by("pk").first()
            if first is None:
                return done
            old = first.storage_key
            sharing = Document.objects.select_for_update().filter(
                storage_key=old, wrapped_key__isnull=True, erased_at__isnull=True
            )
            pks = list(sharing.values_list("pk", flat=True))
            new = hashlib.sha256(b"sealed:" + old.encode()).hexdigest()[:40]
            with storage().open(old) as file:
                kept = vault.keep(chunks_of(file), storage_key=new)
            if kept.sha256 != first.sha256:
                vault.delete(new)
                raise keys.NoKey(f"filen till handling {first.pk} stämmer inte med sin kontrollsumma")
            done += Document.objects.filter(pk__in=pks).update(
                storage_key=new, key_id=kept.wrapped.key_id, wrapped_key=kept.wrapped.data
            )
            transaction.on_commit(lambda old=old: vault.delete(old))  # type: ignore[misc]


def ask_again() -> int:
    """Have those uploaded files checked that were accepted before there was a clean copy; return how many."""
    old = Document.objects.filter(state=DocumentState.CLEAN, clean_key="", uploaded_by__isnull=False, erased_at=None)
    done = 0
    for pk in list(old.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = Document.objects.select_for_update().get(pk=pk)
            if row.state == DocumentState.CLEAN and not row.clean_key:
                row.state = DocumentState.RECEIVED
                row.save(update_fields=["state"])
                checking.ask(row)
                done += 1
    return done
