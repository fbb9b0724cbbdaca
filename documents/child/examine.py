"""Questions one file and makes the copy that people open. Given bytes, gives bytes; touches nothing else."""

from __future__ import annotations

import io
import re
import signal
import zlib
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pypdf
from pikepdf import Array, Name, Stream
from PIL import Image, ImageOps

from documents.child.cleaning import clean, traces
from documents.kinds import kind_of

FRAMES = 500
NUMBERS = 2000
_FLATE = ("/FlateDecode", "/Fl")
_OPENED_BY_READERS = {"/DCTDecode", "/DCT", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/CCF"}


@dataclass(frozen=True)
class Limits:
    """``pages``; ``pixels`` of one image; ``unpacked`` bytes of all that is no image; ``text_seconds`` of CPU for
    looking for ``number`` (a regular expression) in the text; ``clean`` bytes of the copy."""

    pages: int
    pixels: int
    unpacked: int
    text_seconds: float
    clean: int
    number: str


@dataclass
class Finding:
    """What was found: the ``refusal``'s code, or the ``clean`` copy with its pages and, per number-like text, the first
    page it stands on (from 1)."""

    refusal: str = ""
    pages: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    clean: bytes = b""


class Refusal(Exception):
    """The file is not accepted; the argument is the code."""


class _TextTakesLong(BaseException):
    """The time for the text is out. No Exception: a library that swallows those must not swallow this."""


def examine(data: bytes, limits: Limits) -> Finding:
    """Question the file. What a hostile file can make the libraries raise is a refusal."""
    try:
        kind = kind_of(data[:1024])
        if not kind:
            raise Refusal("type")
        if kind == "image":
            data = _image_to_pdf(data, limits)
        pages, copy = _copy_of(data, limits)
        return Finding(pages=pages, numbers=_numbers(copy, limits), clean=copy)
    except Refusal as refusal:
        return Finding(refusal=str(refusal))
    except (MemoryError, RecursionError):
        return Finding(refusal="unpacked")
    except pikepdf.PasswordError:
        return Finding(refusal="encrypted")
    except Exception:
        # Locked up, qpdf cannot always open what is encrypted with an empty password: the file says so itself.
        return Finding(refusal="encrypted" if b"/Encrypt" in data else "damaged")


def _opened(data: bytes) -> pikepdf.Pdf:
    """The file, mended when it is whole but untidy. One that has lost its end may have lost pages: refused."""
    try:
        return pikepdf.open(io.BytesIO(data), attempt_recovery=False)
    except pikepdf.PasswordError:
        raise
    except pikepdf.PdfError as error:
        if b"%%EOF" not in data[-4096:]:
            raise Refusal("damaged") from error
        return pikepdf.open(io.BytesIO(data))


def _copy_of(data: bytes, limits: Limits) -> tuple[int, bytes]:
    with _opened(data) as pdf:
        if pdf.is_encrypted:
            raise Refusal("encrypted")
        pages = len(pdf.pages)
        if pages == 0:
            raise Refusal("empty")
        if pages > limits.pages:
            raise Refusal("pages")
        _weigh(pdf, limits)
        clean(pdf)
        made = io.BytesIO()
        pdf.save(
            made,
            deterministic_id=True,
            fix_metadata_version=False,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    if made.tell() > limits.clean:
        raise Refusal("unpacked")
    copy = made.getvalue()
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        if len(pdf.pages) != pages:
            raise Refusal("damaged")
        if traces(pdf):
            raise Refusal("active")
    return pages, copy


def _weigh(pdf: pikepdf.Pdf, limits: Limits) -> None:
    """Refuse what would swell: each stream is unpacked to a limit, an image to what it says its size is."""
    total = 0
    for thing in pdf.objects:
        if not isinstance(thing, Stream):
            continue
        image = thing.get("/Subtype") == Name.Image
        room = limits.unpacked - total
        if image:
            room = _room_of(thing, limits)
        size = _unpacked(thing, room)
        if size > room:
            raise Refusal("unpacked")
        total += 0 if image else size


def _room_of(image: Any, limits: Limits) -> int:
    """The most bytes that an image of its own stated size needs: 4 colours of 16 bits."""
    width, height = image.get("/Width"), image.get("/Height")
    if not isinstance(width, int) or not isinstance(height, int) or width <= 0 or height <= 0:
        return 1_000_000
    if width * height > limits.pixels:
        raise Refusal("pixels")
    return width * height * 8 + 1_000_000


def _unpacked(stream: Stream, room: int) -> int:
    """The stream's size unpacked, or just more than ``room``. What only a reader unpacks (JPEG and its like) is itself."""
    filters = stream.get("/Filter")
    chain = [str(f) for f in filters] if isinstance(filters, Array) else [] if filters is None else [str(filters)]
    if len(chain) > 4:
        raise Refusal("unpacked")
    data = stream.read_raw_bytes()
    for position, name in enumerate(chain):
        if name in _OPENED_BY_READERS or name == "/Crypt":
            break
        if name in _FLATE:
            data = _inflated(data, room)
            if len(data) > room:
                return len(data)
        elif position == 0:
            # LZW, run lengths and text codes: unpacked whole by qpdf, inside the process's own memory limit.
            try:
                return len(stream.read_bytes())
            except pikepdf.PdfError:
                break
        else:
            break
    return len(data)


def _inflated(data: bytes, room: int) -> bytes:
    machine = zlib.decompressobj()
    try:
        return machine.decompress(data, room + 1)
    except zlib.error:
        return b""  # damaged: a reader stops here too


def _numbers(copy: bytes, limits: Limits) -> dict[str, int]:
    """What looks like a personnummer -> first page. A scan has no text; what cannot be read in time has none either."""
    found: dict[str, int] = {}
    pattern = re.compile(limits.number)

    def stop(*_: Any) -> None:
        raise _TextTakesLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limits.text_seconds)
    try:
        for page_number, page in enumerate(pypdf.PdfReader(io.BytesIO(copy)).pages, start=1):
            for match in pattern.finditer(page.extract_text() or ""):
                found.setdefault(match.group(), page_number)
                if len(found) >= NUMBERS:
                    return found
    except (_TextTakesLong, Exception):
        return found  # the text is a help for a warning; that the file is sound has been seen
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return found


def _image_to_pdf(data: bytes, limits: Limits) -> bytes:
    """Every frame decoded and written anew, as one page each: nothing but pixels comes along."""
    Image.MAX_IMAGE_PIXELS = limits.pixels
    made = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "TIFF")) as image, pikepdf.new() as book:
            frames = int(getattr(image, "n_frames", 1))
            if frames > FRAMES:
                raise Refusal("pages")
            for index in range(frames):
                image.seek(index)
                if image.width * image.height > limits.pixels:
                    raise Refusal("pixels")
                frame = io.BytesIO()
                _pixels_of(image).save(frame, "PDF", resolution=150.0)
                with pikepdf.open(frame) as page:
                    book.pages.extend(page.pages)
            book.save(made)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refusal("pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Refusal("image") from error
    return made.getvalue()


def _pixels_of(image: Image.Image) -> Image.Image:
    """The picture upright on white, in an image of its own: comments, profiles and thumbnails do not come along."""
    upright = ImageOps.exif_transpose(image)
    bare = Image.new("RGB", upright.size, "white")
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        bare.paste(seen, mask=seen.getchannel("A"))
    else:
        bare.paste(upright.convert("RGB"))
    return bare
