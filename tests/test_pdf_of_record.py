"""The PDF of record: PDF/A-3a and PDF/UA-1 in one file, its data inside. The seal is in test_seal.py."""

from __future__ import annotations

import io
import itertools
import json
import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pikepdf
import pytest
from pikepdf import pdfa

from documents import pdf as maker
from orders import report_data
from orders.models import Report
from tests import situations as s
from tests.test_report_pdf import deliver, made, text_of, version_of

pytestmark = pytest.mark.usefixtures("whole_reports")

AT = datetime(2026, 1, 10, 9, 30, tzinfo=UTC)
FONT = "@font-face{font-family:Inter;src:url('fmu-font:Inter-Regular.woff2')}html{font-family:Inter}"
EXTENSION = re.compile(
    r"XMP namespace pdfa(Extension|Schema|Property)=|XMP property (pdfuaid:part|pdfaExtension:schemas)"
)


def letter(body, title="Ett brev", attributes="lang=sv"):
    return f"<!doctype html><html {attributes}><title>{title}</title><style>{FONT}</style><body>{body}</body></html>"


def opened(data):
    return pikepdf.open(io.BytesIO(data))


def dictionaries(file):
    """Every dictionary and stream of the file."""
    return [o for o in file.objects if isinstance(o, pikepdf.Dictionary | pikepdf.Stream)]


def elements(node):
    """The structure elements below one, in reading order."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/StructElem":
            yield kid
            yield from elements(kid)


def findings(data):
    """What pikepdf's PDF/A checker says, but for what it cannot know: level A and the extension schema.

    The checker approves only what it recognises (the rules of veraPDF, for 3b).
    """
    report = pdfa.validate_written(io.BytesIO(data), "3b")
    said = [finding.message for finding in report.findings]
    assert "pdfaid:conformance is 'A', expected 'B'" in said
    assert len([words for words in said if EXTENSION.search(words)]) == 5
    return [words for words in said if "conformance is 'A'" not in words and not EXTENSION.search(words)]


_made: dict[str, bytes] = {}


@pytest.fixture
def report(cast):
    """The PDF of a report of several pages with odd signs in it: made once, its bytes are read by many."""
    if "report" in _made:
        return _made["report"]
    grades = {"strength": 0, "balance": 4, "balance_reason": "Faller vid vändning. " * 30}
    odd = "≥ 80° ☺ α ж 漢 \u200b\u202e\ufffe\ufeff\ue000\x01"
    _made["report"] = made(deliver(cast, findings=odd + "\n\nRörligheten undersöktes. " * 200, **grades))
    return _made["report"]


def test_the_rules_of_pdf_a_hold(report):
    assert findings(report) == []


def test_it_says_what_it_is_and_where_colours_come_from(report):
    with opened(report) as file:
        assert file.pdf_version == "1.7"
        assert not file.is_encrypted
        with file.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]) == ("3", "A", "1")
            assert xmp["xmp:CreateDate"] == xmp["xmp:ModifyDate"]
        raw = file.Root.Metadata.read_bytes()
        assert raw.count(b"<rdf:RDF") == raw.count(b"</rdf:RDF>") == 1
        assert b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>" in raw
        intent = file.Root.OutputIntents[0]
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"
        assert str(file.Root.Lang) == "sv"
        assert file.Root.ViewerPreferences.DisplayDocTitle
        assert file.Root.MarkInfo.Marked
        assert str(file.docinfo.Title)


def test_headings_stand_in_order_without_a_skipped_level(report):
    with opened(report) as file:
        levels = [int(str(e.S)[2]) for e in elements(file.Root.StructTreeRoot) if re.match(r"/H\d", str(e.S))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_header_of_a_table_says_what_it_heads(report):
    with opened(report) as file:
        all_elements = list(elements(file.Root.StructTreeRoot))
        headers = [e for e in all_elements if e.S == "/TH"]
        assert {str(e.A.Scope) for e in headers} == {"/Row", "/Column"}
        for header in headers:
            assert str(header.A.Scope) == ("/Column" if header.P.P.S == "/THead" else "/Row")
        cells = [e for e in all_elements if e.S == "/TD"]
        named = {bytes(header.ID) for header in headers}
        assert cells
        assert all({bytes(h) for h in cell.A.Headers} <= named and len(cell.A.Headers) for cell in cells)
        for row in (e for e in all_elements if e.S == "/TR"):
            assert {str(kid.S) for kid in row.K} <= {"/TH", "/TD"}


def test_every_glyph_is_embedded_and_means_something(report):
    with opened(report) as file:
        fonts = [o for o in dictionaries(file) if o.get("/Type") == "/Font" and o.get("/Subtype") == "/Type0"]
        assert fonts
        for font in fonts:
            assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor or (
                "/FontFile3" in font.DescendantFonts[0].FontDescriptor
            )
            meanings = font.ToUnicode.read_bytes().decode().lower().partition("endcodespacerange")[2]
            assert "beginbfchar" in meanings
            assert not re.search(r"<(0000|feff|fffe|ffff|e000|202e)>\s*$", meanings, re.MULTILINE)
    assert "α ж" in text_of(report)


def test_page_numbers_and_running_heads_are_artifacts(report):
    with opened(report) as file:
        assert len(file.pages) >= 3
        for number, page in enumerate(file.pages):
            assert page.Tabs == "/S"
            assert "/StructParents" in page
            inside, margins, tagged = [], 0, set()
            for instruction in pikepdf.parse_content_stream(page):
                name = str(instruction.operator)
                if name in {"BMC", "BDC"}:
                    inside.append(str(instruction.operands[0]))
                    said = instruction.operands[1] if name == "BDC" else {}
                    margins += inside[-1] == "/Artifact" and said.get("/Type") == "/Pagination"
                    if "/MCID" in said:
                        tagged.add(int(said.MCID))
                elif name == "EMC":
                    inside.pop()
                elif name in {"Tj", "TJ", "f", "S", "B", "f*", "Do", "re"}:
                    assert inside, "content that is neither tagged nor an artifact"
            assert not inside
            assert margins >= 3  # what stands above and below, and the page number
            nodes = {e.objgen for e in elements(file.Root.StructTreeRoot)}
            owners = file.Root.StructTreeRoot.ParentTree.Nums[2 * number + 1]
            owned = {mcid for mcid, owner in enumerate(owners) if owner is not None}
            assert owned == tagged
            assert all(owners[mcid].objgen in nodes for mcid in owned)


def test_nothing_in_it_acts_or_points_outside(report):
    forbidden = {"/JS", "/AA", "/OpenAction", "/A", "/XFA", "/AcroForm", "/RichMedia", "/SMask", "/Group", "/Encrypt"}
    with opened(report) as file:
        for found in dictionaries(file):
            own = {"/A"} if found.get("/Type") == "/StructElem" else set()  # there it is a layout's attributes
            assert not (forbidden - own) & set(found.keys()), found
            assert found.get("/Type") not in {"/Action", "/Annot"}
            if isinstance(found, pikepdf.Stream):
                assert "/F" not in found
        assert not any("/CA" in o or "/ca" in o for o in dictionaries(file) if o.get("/Type") == "/ExtGState")


def test_the_data_lie_inside_under_a_neutral_name(report, cast):
    with opened(report) as file:
        (spec,) = file.Root.AF
        assert spec.AFRelationship == "/Data"
        assert str(spec.UF) == str(spec.F) == "utlatande.json"
        stream = spec.EF.F
        assert stream.Subtype == "/application/json"
        assert str(stream.Params.ModDate) == str(stream.Params.CreationDate)
        assert len(stream.read_bytes()) == stream.Params.Size
        assert list(file.attachments) == ["utlatande.json"]
        assert s.NAME.encode() not in stream.read_bytes()
        assert s.PERSONNUMMER.encode() not in stream.read_bytes()


def test_reading_the_data_back_gives_the_content(cast):
    odd = "Rad ett\nRad två – ≥ 80° \u202e 漢 \"'<&>"
    case = deliver(cast, findings=odd, strength=0, balance=4)
    version = version_of(case)
    with opened(made(case)) as file:
        data = json.loads(file.attachments["utlatande.json"].get_file().read_bytes())
    assert report_data.content_of(data) == version.content == Report.objects.get(assessment=case).content
    assert (data["format"], data["format_version"], data["case"]) == ("fmu-report", 1, case.number)
    assert (data["report_version"], data["type"]) == (1, "afu")
    assert datetime.fromisoformat(data["signed_at"]) == version.signed_at.replace(microsecond=0)
    assert data["signed_by"] == {"id": version.signed_by_id, "name": version.signed_by.name}
    assert data["performer"]["id"] == case.performer_id
    assert [section["code"] for section in data["sections"]][:2] == ["examination", "diagnosis"]
    grades = {f["code"]: f["value"] for section in data["sections"] for f in section["fields"] if f["kind"] == "grade"}
    assert len(grades) == 8
    assert (grades["strength"], grades["balance"], grades["memory"]) == (0, 4, 2)


def test_data_of_another_format_are_not_read():
    with pytest.raises(ValueError, match="later version"):
        report_data.content_of({"format": "fmu-report", "format_version": 2, "sections": []})


def test_a_sign_without_a_glyph_is_named_and_a_turned_text_is_not_turned(report):
    text = text_of(report)
    assert re.search(r"漢|\[U\+6F22\]", text)
    assert "\u202e" not in text
    assert "\N{REPLACEMENT CHARACTER}" in text


def test_another_date_or_file_is_another_pdf_and_the_same_is_the_same():
    one = maker.Attached("data.json", b"{}", "application/json", "Data")
    two = maker.Attached("data.json", b"[]", "application/json", "Data")
    html = letter("<h1>Brev</h1><p>Hej")
    first = maker.render(html, [one], AT)
    assert maker.render(html, [one], AT.astimezone(timezone(timedelta(0)))) == first
    others = [maker.render(html, [two], AT), maker.render(html, [one], AT + timedelta(1)), maker.render(html, [], AT)]
    identities = {bytes(opened(data).trailer.ID[0]) for data in (first, *others)}
    assert len(identities) == 4


def test_a_letter_with_a_link_a_list_and_a_picture_follows_the_same_rules():
    picture = (
        "<svg xmlns='http://www.w3.org/2000/svg' width=40 height=40><title>En ruta</title>"
        "<rect width=40 height=40 fill='#123456'/></svg>"
    )
    data = maker.render(
        letter(
            f"<h1>Brev</h1><p>Läs <a href='https://www.example.se/'>mer om utredningen</a><ul><li>ett</ul>{picture}"
        ),
        created=AT,
    )
    with opened(data) as file:
        page = file.pages[0]
        (link,) = page.Annots
        assert str(link.Contents)
        assert "/StructParent" in link
        assert link.F & 4
        kinds = list(elements(file.Root.StructTreeRoot))
        assert all(str(e.Alt) == "En ruta" for e in kinds if e.S == "/Figure")
        assert {"/Link", "/L", "/LI", "/Figure"} <= {str(e.S) for e in kinds}
        assert "/AF" not in file.Root


def test_two_files_keep_their_own_kinds():
    files = [
        maker.Attached("b.json", b"{}", "application/json", "Data"),
        maker.Attached("a.xml", b"<a/>", "text/xml", "Samma som xml", "Alternative"),
    ]
    with opened(maker.render(letter("<h1>Brev</h1>"), files, AT)) as file:
        kinds = {str(spec.UF): (str(spec.EF.F.Subtype), str(spec.AFRelationship)) for spec in file.Root.AF}
    assert kinds == {"b.json": ("/application/json", "/Data"), "a.xml": ("/text/xml", "/Alternative")}


@pytest.mark.parametrize(
    ("html", "created"),
    [
        (letter("<h1>x</h1>", title=" "), AT),
        (letter("<h1>x</h1>", attributes=""), AT),
        (letter("<h1>x</h1>"), None),
        (
            letter(
                "<h1>x</h1><svg xmlns='http://www.w3.org/2000/svg' width=9 height=9><rect width=9 height=9 /></svg>"
            ),
            AT,
        ),
    ],
)
def test_what_no_reader_could_use_is_refused(html, created):
    with pytest.raises(maker.PdfRefused):
        maker.render(html, created=created)


def test_the_html_may_say_its_date_itself():
    dated = letter("<h1>x</h1>").replace(
        "<style>", "<meta name=dcterms.created content=2026-01-10T10:30:00+01:00><style>"
    )
    attached = maker.Attached("data.json", b"{}", "application/json", "Data")
    with opened(maker.render(dated, [attached])) as file:
        assert str(file.docinfo.CreationDate) == str(file.docinfo.ModDate) == "D:20260110103000+01'00"
        assert str(file.Root.AF[0].EF.F.Params.ModDate) == "D:20260110093000Z"


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        maker.render(letter("<h1>x</h1>"), created=AT.replace(tzinfo=None))


def test_time_grows_with_the_rows_of_a_table_and_not_with_their_square():
    def seconds(rows):
        body = "".join(f"<tr><th scope=row>Rad {n}</th><td>Värde</td></tr>" for n in range(rows))
        html = letter(
            f"<h1>Lista</h1><table><thead><tr><th scope=col>Rad</th><th scope=col>Värde</th></tr></thead>{body}</table>"
        )
        began = time.process_time()
        data = maker.render(html, created=AT)
        return time.process_time() - began, data

    seconds(10)  # what is loaded once
    short, _ = seconds(275)
    long, data = seconds(1100)
    assert long < 10 * short  # four times the rows; sixteen times would be their square
    with opened(data) as file:
        rows = [e for e in elements(file.Root.StructTreeRoot) if e.S == "/TR"]
        assert len(rows) >= 1100
