"""The seal on a PDF of record: valid, broken by any change, the same each time, and never half configured."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as s11n
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from documents import pdf as maker
from documents import signing
from fmu_portal.engine import outbox
from fmu_portal.models import Outbox
from orders import pdf
from tests.test_pdf_of_record import AT, elements, findings, letter
from tests.test_report_pdf import DJANGO, ROOT, deliver, made, version_of

pytestmark = pytest.mark.usefixtures("whole_reports")

NOW = datetime.now(UTC)


def certificate(key, name="Portalens stämpel (prov)", issuer=None, issuer_key=None, start=None, end=None):
    """A certificate in PEM: self-made, or by an issuer's name and key."""
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    ca = issuer_key is None and name == "Rot (prov)"
    usage = dict.fromkeys(
        ["key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only", "decipher_only"], False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer or own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start or NOW - timedelta(days=900))
        .not_valid_after(end or NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, key_cert_sign=ca, **usage), critical=True
        )
    )
    return builder.sign(issuer_key or key, hashes.SHA256()).public_bytes(s11n.Encoding.PEM)


def pem(key):
    return key.private_bytes(s11n.Encoding.PEM, s11n.PrivateFormat.PKCS8, s11n.NoEncryption())


@pytest.fixture(scope="module")
def chained():
    """A key, its certificate with the root's behind it, and the root's alone."""
    root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    root = certificate(root_key, "Rot (prov)")
    issuer = x509.load_pem_x509_certificate(root).subject
    return pem(key), certificate(key, issuer=issuer, issuer_key=root_key) + root, root


@pytest.fixture
def configured(settings, chained, tmp_path):
    """The settings name the files of a test seal, in a folder of the test's own."""
    (tmp_path / "seal_key.pem").write_bytes(chained[0])
    (tmp_path / "seal_cert.pem").write_bytes(chained[1])
    settings.FMU_SIGNING_KEY_FILE = str(tmp_path / "seal_key.pem")
    settings.FMU_SIGNING_CERT_FILE = str(tmp_path / "seal_cert.pem")
    return settings


@pytest.fixture(scope="module")
def plain():
    """A letter of record without a seal."""
    attached = maker.Attached("data.json", b'{"a": 1}', "application/json", "Data")
    return maker.render(letter("<h1>Brev</h1><p>Beslutet gäller från den 1 mars."), [attached], AT)


def status(data, root):
    """pyhanko's judgement of the only signature, with ``root`` as the only trust, and nothing fetched."""
    from asn1crypto import pem as armour
    from asn1crypto import x509 as asn1
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    trust = asn1.Certificate.load(armour.unarmor(root)[2])
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    return validate_pdf_signature(signature, ValidationContext(trust_roots=[trust], allow_fetching=False))


def test_the_seal_is_valid_and_covers_the_whole_file(plain, chained):
    key, certificates, root = chained
    data = signing.sign(plain, AT, key, certificates)
    said = status(data, root)
    assert said.bottom_line
    assert said.coverage.name == "ENTIRE_FILE"
    assert said.md_algorithm == "sha256"
    assert said.signing_cert.subject.native["common_name"] == "Portalens stämpel (prov)"
    with pikepdf.open(io.BytesIO(data)) as file:
        (field,) = file.Root.AcroForm.Fields
        assert field.V.SubFilter == "/ETSI.CAdES.detached"
        assert str(field.V.M) == "D:20260110093000Z"
        assert "/Reason" not in field.V  # nothing personal, nothing promised
    stranger = certificate(rsa.generate_private_key(65537, 2048), "Rot (prov)")
    assert not status(data, stranger).trusted


def test_what_was_there_before_the_seal_is_untouched(plain, chained):
    assert signing.sign(plain, AT, *chained[:2]).startswith(plain)


@pytest.mark.parametrize("part", ["text", "data", "update"])
def test_a_changed_byte_breaks_it(plain, chained, part):
    key, certificates, root = chained
    data = bytearray(signing.sign(plain, AT, key, certificates))
    place = {"text": 2000, "data": plain.index(b"/EmbeddedFile") + 1, "update": len(plain) + 30}[part]
    data[place] ^= 1
    try:
        said = status(bytes(data), root)
    except Exception as error:  # a file that cannot be read any more is broken as well
        assert "pyhanko" in type(error).__module__ or isinstance(error, ValueError)
    else:
        assert not said.intact
        assert not said.bottom_line


def test_what_is_added_afterwards_is_seen(plain, chained):
    key, certificates, root = chained
    sealed = signing.sign(plain, AT, key, certificates)
    with pikepdf.open(io.BytesIO(sealed)) as file:
        update = len(file.objects)
    more = sealed + f"{update + 5} 0 obj\n<</Type/Page>>\nendobj\n".encode()
    assert status(more, root).coverage.name != "ENTIRE_FILE"


AGAIN = """
import django; django.setup()
import datetime, hashlib, sys
from documents.signing import sealed
at = datetime.datetime.fromisoformat(sys.argv[1])
print(hashlib.sha256(sealed(sys.stdin.buffer.read(), at)).hexdigest(), end="")
"""


def test_the_same_file_key_and_moment_give_the_same_bytes_elsewhere_too(plain, configured):
    import hashlib

    first = signing.sealed(plain, AT)
    assert signing.sealed(plain, AT.astimezone(timezone(timedelta(hours=9)))) == first
    assert signing.sealed(plain, AT + timedelta(seconds=1)) != first
    names = ("FMU_SIGNING_KEY_FILE", "FMU_SIGNING_CERT_FILE")
    named = {name: getattr(configured, name) for name in names}
    env = {**os.environ, **DJANGO, **named, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", AGAIN, AT.isoformat()]
    other = subprocess.run(command, cwd=ROOT, env=env, input=plain, capture_output=True)
    assert other.stdout.decode() == hashlib.sha256(first).hexdigest(), other.stderr.decode()[-500:]


def test_it_stays_pdf_a_and_pdf_ua(plain, chained):
    data = signing.sign(plain, AT, *chained[:2])
    before, after = pikepdf.open(io.BytesIO(plain)), pikepdf.open(io.BytesIO(data))
    # The checker knows no forms: nothing else is new.
    assert all("AcroForm" in words or words == "embedded files are not supported" for words in findings(data))
    assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
    assert after.pdf_version == "1.7"
    assert bytes(after.trailer.ID[0]) == bytes(before.trailer.ID[0])
    assert bytes(after.trailer.ID[1]) != bytes(before.trailer.ID[1])
    (field,) = after.Root.AcroForm.Fields
    assert field.F & 4  # printed, not hidden
    assert not field.F & 0b100011
    assert [float(side) for side in field.Rect] == [0, 0, 0, 0]  # so it needs no appearance
    assert str(field.TU) == str(field.Contents) == "Elektronisk stämpel"
    assert "/NeedAppearances" not in after.Root.AcroForm
    (form,) = [e for e in elements(after.Root.StructTreeRoot) if e.S == "/Form"]
    assert form.K[0].Obj.objgen == field.objgen
    numbers = list(after.Root.StructTreeRoot.ParentTree.Nums)
    owners = dict(zip((int(n) for n in numbers[::2]), numbers[1::2], strict=True))
    assert owners[int(field.StructParent)].objgen == form.objgen
    assert sorted(owners) == list(owners)
    assert list(after.attachments) == ["data.json"]
    assert not any(page.get("/AA") or page.get("/OpenAction") for page in after.pages)


def test_without_files_named_there_is_no_seal_and_none_is_claimed(plain, cast):
    assert not signing.configured()
    assert signing.sealed(plain, AT) == plain
    data = made(deliver(cast))
    with pikepdf.open(io.BytesIO(data)) as file:
        assert "/AcroForm" not in file.Root
    assert b"/ByteRange" not in data


def test_a_report_gets_the_seal_of_its_own_moment(cast, configured, chained):
    case = deliver(cast)
    data = made(case)
    version = version_of(case)
    assert status(data, chained[2]).bottom_line
    assert pdf.bytes_of(version) == data
    with pikepdf.open(io.BytesIO(data)) as file:
        moment = version.signed_at.astimezone(UTC)
        assert str(file.Root.AcroForm.Fields[0].V.M) == f"D:{moment:%Y%m%d%H%M%S}Z"


def test_the_moment_is_never_before_the_certificate(plain):
    key = rsa.generate_private_key(65537, 2048)
    start = NOW.replace(microsecond=0) - timedelta(days=1)
    data = signing.sign(plain, AT, pem(key), certificate(key, start=start))
    with pikepdf.open(io.BytesIO(data)) as file:
        assert str(file.Root.AcroForm.Fields[0].V.M) == f"D:{start:%Y%m%d%H%M%S}Z"


def unfit():
    """What cannot seal: (why, key, certificates)."""
    key, curve = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    stranger, short = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 1024)
    yield "hör inte till", pem(stranger), certificate(key)
    yield "har gått ut", pem(key), certificate(key, end=NOW - timedelta(days=1))
    yield "minst 2048 bitar", pem(short), certificate(short)
    yield "RSA", pem(curve), certificate(curve)
    yield "ingen PEM-fil", b"no key", certificate(key)
    yield "ingen PEM-fil", pem(key), b""


@pytest.mark.parametrize("number", range(6))
def test_unfit_material_is_refused_in_words(plain, number):
    why, key, certificates = list(unfit())[number]
    with pytest.raises(signing.SealUnavailable, match=why):
        signing.sign(plain, AT, key, certificates)


def test_half_a_configuration_gives_no_file_at_all(cast, configured):
    case = deliver(cast)
    Path(configured.FMU_SIGNING_CERT_FILE).unlink()
    outbox.work()
    assert Outbox.objects.get(kind="report_pdf").error == "SealUnavailable"
    assert version_of(case).document is None
    configured.FMU_SIGNING_CERT_FILE = ""
    with pytest.raises(signing.SealUnavailable, match="båda"):
        signing.sealed(b"", AT)
