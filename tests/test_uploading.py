"""While a request lasts, what is uploaded lies encrypted in a file without a name, and nothing of it is left afterwards."""

from __future__ import annotations

import io
import os
import tempfile

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import reverse

from documents import intake, uploading
from documents.models import Document
from documents.uploading import UnnamedFile
from tests import hostile
from tests import situations as s
from tests.pages import browser

WORDS = b"Diagnos som ingen annan ska se. " * 4000


def posted(*files: bytes) -> HttpRequest:
    """A request with the files, parsed."""
    uploads = [SimpleUploadedFile(f"{n}.pdf", data, "application/pdf") for n, data in enumerate(files)]
    request = RequestFactory().post("/", {"files": uploads})
    assert len(request.FILES.getlist("files")) == len(files)
    return request


@pytest.fixture
def written(monkeypatch, tmp_path):
    """The folder for temporary files, and what lies on the disk in each file made there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    files, closed = [], []
    made = uploading.UnnamedFile

    class Watched(made):
        def __init__(self):
            super().__init__()
            files.append(self)

        def close(self):
            closed.append(self)
            super().close()

    monkeypatch.setattr(uploading, "UnnamedFile", Watched)

    def on_disk():
        held = [file._file for file in files if file not in closed]
        for file in held:
            file.flush()
        return [os.pread(file.fileno(), 10**7, 0) for file in held]

    on_disk.files, on_disk.closed = files, closed

    yield on_disk
    assert not list(tmp_path.iterdir()), "no file has a name"


def test_no_word_of_a_file_lies_in_plain_and_no_name_is_left(written):
    request = posted(WORDS, WORDS)
    first, second = written()
    assert len(first) == len(second) == len(WORDS)
    assert b"Diagnos" not in first + second
    assert first != second, "each file has a key of its own"
    assert [upload.read() for upload in request.FILES.getlist("files")] == [WORDS, WORDS]


def test_with_the_request_the_file_is_gone(written):
    request = posted(WORDS)
    upload = request.FILES["files"]
    request.close()
    assert upload.closed
    assert written.closed == written.files
    assert len(written.files) == 1


def test_what_is_too_large_is_counted_and_not_kept(written, monkeypatch):
    monkeypatch.setattr(settings, "DOCUMENT_MAX_BYTES", 100_000)
    upload = posted(WORDS).FILES["files"]
    assert upload.size == len(WORDS) > 100_000
    assert written() == [b""]
    assert upload.read() == b""
    exact = posted(WORDS[:100_000]).FILES["files"]
    assert exact.read() == WORDS[:100_000]


def test_it_reads_as_any_file_does():
    file = UnnamedFile()
    for piece in (WORDS[:1], WORDS[1:1000], WORDS[1000:]):
        assert file.write(piece) == len(piece)
    for at, most in ((0, 10), (5, 100), (16, 16), (31, 5000), (len(WORDS) - 3, 10), (len(WORDS) + 9, 1)):
        file.seek(at)
        assert file.read(most) == WORDS[at : at + most], at
    assert file.seek(-7, io.SEEK_END) == len(WORDS) - 7
    assert file.seek(2, io.SEEK_CUR) == file.tell() == len(WORDS) - 5
    assert file.read() == WORDS[-5:]
    with pytest.raises(io.UnsupportedOperation):
        file.write(b"mer")
    file.close()


def test_the_settings_use_it_and_a_document_comes_in_by_it(cast, written):
    assert settings.FILE_UPLOAD_HANDLERS == ["documents.uploading.EncryptedUploads"]
    case = s.assigned(cast)
    url = reverse("step", args=[case.number, "order"])
    upload = SimpleUploadedFile("a.pdf", hostile.SOUND, "application/pdf")
    data = {**s.ORDER, "gor": "lagg_till", "ny-kind": "medical", "ny-dated": "2026-01-02", "ny-files_chosen": upload}
    assert browser(cast.officer).post(url, data).status_code in (200, 302)
    document = Document.objects.get(name="a.pdf")
    assert document.size == len(hostile.SOUND)
    assert len(written.files) == 1
    assert written.closed == written.files


def test_a_file_without_end_is_refused_by_its_size(cast, monkeypatch):
    monkeypatch.setattr(settings, "DOCUMENT_MAX_BYTES", 2000)
    upload = posted(hostile.SOUND + b" " * 5000).FILES["files"]
    with pytest.raises(intake.Unacceptable, match="för stor"):
        intake.take_in(upload, cast.officer, cast.officer.organisation_id)
    assert not Document.objects.filter(size__gt=2000).exists()
