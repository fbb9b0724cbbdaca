"""Takes out of a PDF everything that acts, reaches outside or carries another file; what is seen and read stays.

What may stay is named where that can be done (the catalogue, annotations, actions, name trees); the rest is named by
what must go. `traces` looks at the result by itself: a copy in which something is left is not handed out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

KEEP_IN_TRAILER = {"/Root", "/ID", "/Size", "/Prev", "/XRefStm", "/Type", "/W", "/Index", "/Length", "/Filter"}
KEEP_IN_CATALOGUE = {
    "/Type", "/Version", "/Pages", "/PageLabels", "/Names", "/Dests", "/ViewerPreferences", "/PageLayout", "/PageMode",
    "/Outlines", "/AcroForm", "/StructTreeRoot", "/MarkInfo", "/Lang", "/OutputIntents", "/OCProperties",
}  # fmt: skip
KEEP_ANNOTATIONS = {
    "/Link", "/Text", "/FreeText", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine", "/Highlight", "/Underline",
    "/Squiggly", "/StrikeOut", "/Stamp", "/Caret", "/Ink", "/Popup", "/Widget", "/Watermark", "/PrinterMark", "/Redact",
}  # fmt: skip
KEEP_NAMED = {"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"}
ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ResetForm", "/ImportData", "/GoToR", "/GoToE", "/URI", "/Thread",
    "/Sound", "/Movie", "/Hide", "/SetOCGState", "/Rendition", "/Trans", "/GoTo3DView", "/RichMediaExecute", "/GoToDp",
}  # fmt: skip
CARRIERS = {"/FileAttachment", "/Sound", "/Movie", "/Screen", "/3D", "/RichMedia", "/TrapNet", "/Projection"}
"""Subtypes of annotations that carry or play something."""
GO = {
    "/AA", "/OpenAction", "/JS", "/JavaScript", "/AF", "/XFA", "/EmbeddedFiles", "/EF", "/RF", "/OPI", "/PS", "/PieceInfo",
    "/Metadata", "/URI", "/URLS", "/RichMediaContent", "/RichMediaSettings", "/RichMedia", "/3DD", "/3DV", "/Movie",
    "/Alternates", "/Collection", "/Perms", "/Legal", "/SpiderInfo", "/AlternatePresentations", "/Renditions",
    "/WebCapture", "/MK_JS",
}  # fmt: skip
"""Keys that go wherever they stand."""


def _name(holder: Any, key: str) -> str:
    value = holder.get(key)
    return str(value) if isinstance(value, Name) else ""


def containers(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary, stream and array of the file, the unreferenced too, each once."""
    waiting: list[Any] = [pdf.trailer, *pdf.objects]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, Array):
            children: list[Any] = list(holder)
        elif isinstance(holder, Dictionary | Stream):
            children = [holder.get(key) for key in holder.keys()]  # noqa: SIM118 - a PDF's object, no dict
        else:
            continue
        yield holder
        # An indirect child stands in the list of objects by itself.
        waiting += [c for c in children if isinstance(c, Dictionary | Array) and not c.is_indirect]


def _acts(value: Any) -> bool:
    """Whether a value that stands where an action may stand is one that is not allowed."""
    if isinstance(value, Array):
        return any(_acts(item) for item in value if isinstance(item, Dictionary))
    if not isinstance(value, Dictionary) or "/S" not in value:
        return False
    kind = _name(value, "/S")
    if kind == "/GoTo":
        return False
    return not (kind == "/Named" and _name(value, "/N") in KEEP_NAMED)


def _reaches(value: Any) -> bool:
    """Whether the value of ``/F`` is a file: a string, or a file specification. (In annotations it is a number.)"""
    if isinstance(value, String):
        return True
    return isinstance(value, Dictionary) and (
        _name(value, "/Type") in ("/Filespec", "/F") or any(key in value for key in ("/F", "/UF", "/EF", "/FS"))
    )


def _empty(holder: Any) -> None:
    for key in list(holder.keys()):
        if key != "/Length":
            del holder[key]
    if isinstance(holder, Stream):
        holder.write(b"")


def _carries(holder: Any) -> bool:
    """Whether the whole dictionary or stream is something that must not be in the copy."""
    kind, subtype, action = _name(holder, "/Type"), _name(holder, "/Subtype"), _name(holder, "/S")
    if kind in ("/EmbeddedFile", "/Filespec", "/Rendition", "/MediaClip") or action in ACTIONS:
        return True
    if kind == "/Action" and _acts(holder):
        return True
    if kind == "/Metadata" or (kind == "/XObject" and subtype == "/PS"):
        return True
    if subtype in CARRIERS and (kind == "/Annot" or "/Rect" in holder):
        return True
    return "/FS" in holder or ("/EF" in holder and ("/F" in holder or "/UF" in holder))


def clean(pdf: pikepdf.Pdf) -> None:
    """Change the opened file into the copy that may be opened; it is not saved."""
    for key in list(pdf.trailer.keys()):
        if key not in KEEP_IN_TRAILER:
            del pdf.trailer[key]
    for key in list(pdf.Root.keys()):
        if key not in KEEP_IN_CATALOGUE:
            del pdf.Root[key]
    names = pdf.Root.get("/Names")
    if isinstance(names, Dictionary):
        for key in list(names.keys()):
            if key != "/Dests":
                del names[key]
    elif names is not None:
        del pdf.Root["/Names"]
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary):
        for key in ("/XFA", "/CO", "/SigFlags"):
            if key in form:
                del form[key]
    for holder in list(containers(pdf)):
        if not isinstance(holder, Array):
            _clean_one(holder)


def _clean_one(holder: Any) -> None:
    if _carries(holder):
        _empty(holder)
        return
    keys = set(holder.keys())
    for key in keys & GO:
        del holder[key]
    for key in keys & {"/A", "/PA", "/Next"}:
        if _acts(holder.get(key)):
            del holder[key]
    if "/F" in keys and (isinstance(holder, Stream) or _reaches(holder.get("/F"))):
        del holder["/F"]  # a stream's content in another file, or a file specification
    if isinstance(holder, Stream):
        for key in keys & {"/FFilter", "/FDecodeParms"}:
            del holder[key]
    if "/Ref" in keys and _name(holder, "/Subtype") == "/Form":
        del holder["/Ref"]
    if _name(holder, "/FT") == "/Sig" and "/V" in keys:
        del holder["/V"]  # the copy is not what was signed; the original is kept
    if "/Annots" in keys:
        annotations = holder.get("/Annots")
        kept = [a for a in annotations if _may_stay(a)] if isinstance(annotations, Array) else []
        if kept:
            holder["/Annots"] = Array(kept)
        else:
            del holder["/Annots"]


def _may_stay(annotation: Any) -> bool:
    return isinstance(annotation, Dictionary) and _name(annotation, "/Subtype") in KEEP_ANNOTATIONS


def traces(pdf: pikepdf.Pdf) -> list[str]:
    """What is left in a saved copy that must not be there; empty when it is clean."""
    left = []
    for holder in containers(pdf):
        if isinstance(holder, Array):
            continue
        keys = set(holder.keys())
        left += sorted(keys & GO)
        if _name(holder, "/S") in ACTIONS or _name(holder, "/Type") in ("/EmbeddedFile", "/Filespec"):
            left.append(_name(holder, "/S") or _name(holder, "/Type"))
        if _name(holder, "/Subtype") in CARRIERS and "/Rect" in keys:
            left.append(_name(holder, "/Subtype"))
        if isinstance(holder, Stream) and keys & {"/F", "/FFilter"}:
            left.append("/F")
    return left
