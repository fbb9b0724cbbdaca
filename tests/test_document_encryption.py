"""Documents at rest: encrypted piece by piece, every change noticed, keys that can be exchanged while people work."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
import tracemalloc
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from documents import keys, rotation, vault
from documents.encryption import PIECE, SALT, TAG, DamagedFile, decrypt, encrypt
from documents.models import Document
from documents.storage import storage
from tests import situations as s

KEY = bytes(range(32))
HEAD = 4 + SALT


def encrypted(data: bytes, key: bytes = KEY, name: str = "abc") -> bytes:
    return b"".join(encrypt([data], key, name))


def opened(data: bytes, key: bytes = KEY, name: str = "abc") -> bytes:
    return decrypt(io.BytesIO(data), key, name).read()


@pytest.fixture
def ring(settings, tmp_path):
    """A ring of one key, in a file of the test's own."""
    settings.DOCUMENT_KEYS_FILE = tmp_path / "document_keys"
    settings.DOCUMENT_KEYS_FILE.write_text(f"first {base64.urlsafe_b64encode(KEY).decode()}\n")
    return settings.DOCUMENT_KEYS_FILE


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])
@pytest.mark.parametrize("step", [1000, PIECE, 10**7])
def test_what_is_encrypted_is_opened_whatever_its_size_and_however_it_came(size, step):
    data = secrets.token_bytes(size)
    made = b"".join(encrypt((data[i : i + step] for i in range(0, size, step)), KEY, "abc"))
    assert len(made) == HEAD + size + TAG * max(1, -(-size // PIECE))
    assert opened(made) == data
    assert size < 40 or data[:40] not in made


def test_the_same_file_twice_is_not_the_same_bytes():
    assert encrypted(b"x" * 100) != encrypted(b"x" * 100)


def damaged(data: bytes) -> dict[str, bytes]:
    """Every way somebody with the disk may change the file of three pieces and a bit."""
    whole = PIECE + TAG
    pieces = [data[HEAD + i * whole : HEAD + (i + 1) * whole] for i in range(4)]
    head = data[:HEAD]
    return {
        "cut in a piece": data[:-5],
        "cut at a piece's end": head + b"".join(pieces[:3]),
        "cut to its head": head,
        "cut in its head": data[:10],
        "nothing": b"",
        "pieces moved": head + pieces[1] + pieces[0] + pieces[2] + pieces[3],
        "a piece lost": head + pieces[0] + pieces[2] + pieces[3],
        "a piece twice": head + pieces[0] + pieces[0] + b"".join(pieces[1:]),
        "bytes after": data + b"x",
        "a piece after": data + pieces[3],
        "another salt": data[:4] + bytes(SALT) + data[HEAD:],
        "a plain file": b"%PDF-1.7 plain",
        **{
            f"bit {n}": data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :]
            for n in (0, 5, HEAD, HEAD + whole + 3, -1 % len(data))
        },
    }


@pytest.mark.parametrize("how", list(damaged(encrypted(bytes(3 * PIECE + 9)))))
def test_a_changed_file_is_never_read_as_whole(how):
    with pytest.raises(DamagedFile):
        opened(damaged(encrypted(bytes(3 * PIECE + 9)))[how])


def test_a_file_under_another_name_or_key_is_not_opened():
    made = encrypted(b"journal")
    for key, name in ((bytes(32), "abc"), (KEY, "abd")):
        with pytest.raises(DamagedFile):
            opened(made, key, name)


def test_a_large_file_takes_no_more_memory_than_a_few_pieces(tmp_path):
    size = 40 * 1024 * 1024
    tracemalloc.start()
    with open(tmp_path / "large", "wb") as file:
        for piece in encrypt((bytes(50_000) for _ in range(size // 50_000)), KEY, "abc"):
            file.write(piece)
    read = 0
    with decrypt(open(tmp_path / "large", "rb"), KEY, "abc") as file:
        while chunk := file.read(4096):
            read += len(chunk)
    assert read == size // 50_000 * 50_000
    assert tracemalloc.get_traced_memory()[1] < 3 * 1024 * 1024
    tracemalloc.stop()


def test_a_documents_key_is_bound_to_its_file(ring):
    wrapped = keys.wrap(KEY, "one")
    assert keys.unwrap(wrapped, "one") == KEY
    assert KEY not in wrapped.data
    with pytest.raises(keys.NoKey):
        keys.unwrap(wrapped, "two")


@pytest.mark.parametrize("text", ["", "\n", "first", "first abc=", "a b c\n", "x " + "A" * 44])
def test_a_ring_that_is_wrong_is_refused(ring, text):
    ring.write_text(text)
    with pytest.raises(keys.NoKey):
        keys.ring()


def test_without_the_ring_nothing_is_stored(ring, cast):
    ring.unlink()
    before = len(list(storage().root.rglob("*")))
    with pytest.raises(keys.NoKey):
        vault.keep([b"x"])
    assert len(list(storage().root.rglob("*"))) == before


def stored_files() -> list[Path]:
    return [path for path in storage().root.rglob("*") if path.is_file()]


def test_nothing_of_a_document_lies_plain_on_the_disk(cast):
    before = set(stored_files())
    case = s.ordered(cast)
    document = case.enclosures.get().document
    made = set(stored_files()) - before
    assert {path.name for path in made} == {document.storage_key, document.clean_key}
    for path in made:
        data = path.read_bytes()
        assert data.startswith(b"FMU1")
        assert b"PDF" not in data
        assert b"/Page" not in data
    with vault.open_original(document) as file:
        data = file.read()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (document.sha256, document.size)


def test_the_original_and_its_copy_share_no_bytes_of_key_stream(ring):
    document = Document(**vault.keep([bytes(1000)]).fields())
    vault.keep_clean(document, [bytes(1000)])
    one, two = (
        storage().open(k).read()[HEAD:] for k in (document.storage_key, vault.clean_key_of(document.storage_key))
    )
    assert one != two


def test_a_file_written_twice_under_a_name_of_its_own_opens_with_either_row(ring):
    """Two workers make the same report: whichever writes last, the row of the other still opens the file."""
    first = Document(**vault.keep([b"report"], storage_key="samename").fields())
    second = Document(**vault.keep([b"report"], storage_key="samename").fields())
    for document in (first, second):
        with vault.open_clean(document) as file:
            assert file.read() == b"report"


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_document_key", *options, stdout=out)
    return out.getvalue()


def content(document: Document) -> bytes:
    document.refresh_from_db()
    with vault.open_clean(document) as file:
        return file.read()


def test_rotation_moves_every_document_and_the_old_key_may_go(ring, cast):
    documents = [s.ordered(cast).enclosures.get().document for _ in range(3)]
    before = [content(document) for document in documents]
    files = {path: path.read_bytes() for path in stored_files()}
    out = rotate("--new")
    assert "3 nycklar lades om." in out
    lines = ring.read_text().splitlines()
    assert len(lines) == 2
    assert oct(ring.stat().st_mode & 0o777) == "0o600"
    newest = lines[1].split()[0]
    assert f"{newest}: 3 handlingar (nyaste)" in out
    assert {path: path.read_bytes() for path in stored_files()} == files, "only the keys are written anew"
    ring.write_text(lines[1] + "\n")
    assert [content(document) for document in documents] == before
    assert "0 nycklar lades om." in rotate()


def test_a_stopped_rotation_is_seen_and_goes_on(ring, cast, monkeypatch):
    documents = [s.ordered(cast).enclosures.get().document for _ in range(5)]
    keys.add_key()
    with pytest.raises(CommandError, match="5 handlingar hänger inte på den nyaste"):
        rotate("--check")
    real, calls = keys.wrap, []

    def killed(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(keys, "wrap", killed)
    with pytest.raises(KeyboardInterrupt):
        rotation.rewrap(batch=2)
    monkeypatch.setattr(keys, "wrap", real)
    assert rotation.count().behind == 3
    assert all(content(document).startswith(b"%PDF") for document in documents), "both keys are there meanwhile"
    assert rotation.rewrap(batch=2) == 3
    rotate("--check")


def test_a_running_process_sees_a_new_key(ring):
    old = keys.ring().newest
    name = keys.add_key()
    assert old != name == keys.ring().newest


def test_a_document_whose_ring_key_is_gone_is_no_fault_of_the_ring(ring, cast):
    s.ordered(cast)
    keys.add_key()
    ring.write_text(ring.read_text().splitlines()[1] + "\n")
    with pytest.raises(CommandError, match="finns inte i nyckelringen"):
        rotate()


def plain_document(cast, data: bytes = b"%PDF-1.4 old", key: str | None = None) -> Document:
    """As before the encryption."""
    kept = storage().write([data], key=key)
    return Document.objects.create(
        owner_id=cast.officer.organisation_id, uploaded_by_id=cast.officer.mandate_id, name="a.pdf", size=len(data),
        pages=1, sha256=hashlib.sha256(data).hexdigest(), state="clean", storage_key=kept.key,
    )  # fmt: skip


def test_an_old_plain_file_is_read_and_then_encrypted(ring, cast, django_capture_on_commit_callbacks):
    one, two = plain_document(cast, key="a" * 40), plain_document(cast, key="a" * 40)
    three = plain_document(cast, b"%PDF-1.4 other")
    assert content(one) == b"%PDF-1.4 old"
    with django_capture_on_commit_callbacks(execute=True):
        assert "3 handlingar krypterades." in rotate()
    assert content(one) == content(two) == b"%PDF-1.4 old"
    assert content(three) == b"%PDF-1.4 other"
    assert one.storage_key == two.storage_key != "a" * 40
    with pytest.raises(FileNotFoundError):
        storage().open("a" * 40)
    assert storage().open(one.storage_key).read(4) == b"FMU1"


def test_a_plain_file_that_was_changed_is_not_blessed(ring, cast):
    document = plain_document(cast)
    storage().write([b"%PDF-1.4 new"], key=document.storage_key)
    with pytest.raises(CommandError, match="stämmer inte med sin kontrollsumma"):
        rotate()


def test_old_files_can_be_checked_again(ring, cast):
    case = s.ordered(cast)
    document = case.enclosures.get().document
    Document.objects.filter(pk=document.pk).update(clean_key="", clean_size=None, clean_sha256="")
    rotate("--recheck")
    document.refresh_from_db()
    assert document.state == "received"
    s.check_files()
    document.refresh_from_db()
    assert (document.state, bool(document.clean_key)) == ("clean", True)


def test_the_launcher_makes_a_ring(tmp_path, settings):
    from launcher.secret_files import make_all

    make_all(tmp_path)
    settings.DOCUMENT_KEYS_FILE = tmp_path / "document_keys"
    assert len(keys.ring().keys) == 1
    first = (tmp_path / "document_keys").read_text()
    make_all(tmp_path)
    assert (tmp_path / "document_keys").read_text() == first
    assert (tmp_path / "document_keys").stat().st_mode & 0o077 == 0
