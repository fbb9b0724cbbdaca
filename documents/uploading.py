"""Where an upload lies while its request lasts: encrypted, in a file without a name, by a key that is never written.

Django's own handler writes the file in plain, under a name, where a crash leaves it behind. What is larger than any
document may be is counted and not kept.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

BLOCK = 16


class UnnamedFile(io.RawIOBase):
    """A file that is written once from its beginning and then read: AES-256-CTR, the key in this object alone.

    The stream cipher hides; it does not prove that nothing was changed. Nobody else can reach the file, which has no name.
    """

    def __init__(self) -> None:
        super().__init__()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`, with the request
        self._key, self._first = secrets.token_bytes(32), int.from_bytes(secrets.token_bytes(12)) << 32
        self._size = self._at = 0
        self._writing: Any = self._cipher(0).encryptor()
        self._reading: Any = None

    def _cipher(self, at: int) -> Cipher[CTR]:
        return Cipher(AES256(self._key), CTR((self._first + at // BLOCK).to_bytes(BLOCK)))

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Add to the end. Raises `io.UnsupportedOperation` anywhere else."""
        if self._at != self._size or self._writing is None:
            raise io.UnsupportedOperation("written once, from the beginning")
        self._file.write(self._writing.update(bytes(data)))
        self._size = self._at = self._size + len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; writing is over."""
        self._writing = self._reading = None
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = min(max(start + offset, 0), self._size)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from where one is; the number of bytes, 0 at the end."""
        self._writing = None
        if self._reading is None:
            self._reading = self._cipher(self._at).decryptor()
            self._reading.update(bytes(self._at % BLOCK))  # the part of the block's key stream that lies before
            self._file.seek(self._at)
        data = self._reading.update(self._file.read(len(buffer)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def empty(self) -> None:
        """Forget what was written."""
        self._file.truncate(0)
        self._size = self._at = 0
        self._writing = self._reading = None

    def close(self) -> None:
        self._file.close()
        super().close()


class EncryptedUploads(FileUploadHandler):
    """Django's upload handler that keeps each file in an `UnnamedFile`."""

    file: Any = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self.file = UnnamedFile()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece. Of a file that has grown too large nothing is kept; its size is told by Django's own count."""
        if start + len(raw_data) <= settings.DOCUMENT_MAX_BYTES:
            self.file.write(raw_data)
        else:
            self.file.empty()

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        """The file, to be read from its beginning."""
        self.file.seek(0)
        return UploadedFile(
            file=self.file, name=self.file_name, content_type=self.content_type, size=file_size,
            charset=self.charset, content_type_extra=self.content_type_extra,
        )  # fmt: skip

    def upload_interrupted(self) -> None:
        """Whoever sent it went away."""
        if self.file is not None:
            self.file.close()
