"""The seal on a PDF of record: PAdES B-B with SHA-256, by a key and a certificate from files of secrets.

It is the organisation's electronic seal, made by a worker: it shows where the file comes from and that no byte has
changed. It is not the physician's signature, which is a step in the portal with its own event. Without key and
certificate in the settings PDFs are made without a seal, and nothing claims one.

The same PDF, moment, key and certificate give the same bytes (docs/decisions). pyhanko is heavy: imported where used.
"""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from django.conf import settings

FIELD = "Stampel"
LABEL = "Elektronisk stämpel"
MIN_BITS = 2048


class SealUnavailable(RuntimeError):
    """A seal is asked for in the settings and cannot be made: the files are missing, unfit or no longer valid."""


def configured() -> bool:
    """Whether PDFs get a seal here."""
    return bool(settings.FMU_SIGNING_KEY_FILE or settings.FMU_SIGNING_CERT_FILE)


def sealed(pdf: bytes, at: datetime) -> bytes:
    """The PDF with a seal of the moment ``at`` (aware), or the PDF itself where no seal is configured.

    Raises `SealUnavailable`: half a configuration must not give files without a seal.
    """
    if not configured():
        return pdf
    if not (settings.FMU_SIGNING_KEY_FILE and settings.FMU_SIGNING_CERT_FILE):
        raise SealUnavailable("FMU_SIGNING_KEY_FILE och FMU_SIGNING_CERT_FILE ska anges båda")
    return sign(pdf, at, _read(settings.FMU_SIGNING_KEY_FILE), _read(settings.FMU_SIGNING_CERT_FILE))


def _read(name: str) -> bytes:
    try:
        return Path(settings.SECRETS_DIR, name).read_bytes()
    except OSError as error:
        raise SealUnavailable(f"filen {name} kan inte läsas: {error.strerror}") from None


def sign(pdf: bytes, at: datetime, key_pem: bytes, certificates_pem: bytes) -> bytes:
    """The PDF with an invisible, tagged signature field added in an incremental update; what was there is untouched.

    ``certificates_pem`` holds the key's certificate first, then the chain above it. The moment written in the file is
    ``at``, but never one before the certificate's own first. Raises `SealUnavailable`, ValueError for a naive ``at``.
    """
    if at.tzinfo is None:
        raise ValueError("a seal's moment has a time zone")
    own, chain, key = _material(key_pem, certificates_pem)
    from asn1crypto import keys
    from asn1crypto import x509 as asn1
    from cryptography.hazmat.primitives import serialization as s
    from pyhanko.sign import fields, signers
    from pyhanko.sign.signers.pdf_cms import SimpleSigner
    from pyhanko_certvalidator import registry

    der, untyped = s.Encoding.DER, cast(Any, registry)
    store = untyped.SimpleCertificateStore()
    store.register_multiple([asn1.Certificate.load(each.public_bytes(der)) for each in chain])
    plain_key = key.private_bytes(der, s.PrivateFormat.PKCS8, s.NoEncryption())
    signer = SimpleSigner(
        signing_cert=asn1.Certificate.load(own.public_bytes(der)),
        signing_key=keys.PrivateKeyInfo.load(plain_key),
        cert_registry=store,
        prefer_pss=False,  # PSS has a random salt
    )
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, app_build_props=None
    )
    writer = _writer(pdf)
    _add_field(writer)
    made: io.BytesIO = _signer_at(max(at.astimezone(UTC), own.not_valid_before_utc), meta, signer).sign_pdf(
        writer, existing_fields_only=True, output=io.BytesIO()
    )
    return made.getvalue()


def _material(key_pem: bytes, certificates_pem: bytes) -> tuple[Any, list[Any], Any]:
    """The certificate, those above it, and the key: an RSA key that belongs to a certificate that is not over."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        own, *chain = x509.load_pem_x509_certificates(certificates_pem)
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise SealUnavailable("nyckeln eller certifikatet är ingen PEM-fil utan lösenord") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < MIN_BITS:
        # PKCS #1 v1.5 gives the same signature each time; PSS and ECDSA would make a redo another file.
        raise SealUnavailable(f"nyckeln ska vara en RSA-nyckel på minst {MIN_BITS} bitar")
    if own.public_key() != key.public_key():
        raise SealUnavailable("nyckeln hör inte till certifikatet")
    if own.not_valid_after_utc <= datetime.now(UTC):
        raise SealUnavailable("certifikatet har gått ut")
    return own, chain, key


def _writer(pdf: bytes) -> Any:
    """A writer of an update to the PDF that takes nothing from chance or the clock."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Steady(IncrementalPdfFileWriter):
        @classmethod
        def _handle_id(cls, prev: Any) -> Any:  # pyhanko's second half is random
            first, _ = prev.trailer["/ID"]
            if isinstance(first, generic.TextStringObject):
                first = generic.ByteStringObject(first.original_bytes)
            return generic.ArrayObject([first, generic.ByteStringObject(hashlib.sha256(pdf).digest()[:16])])

        def _update_meta(self) -> None:
            """The dates and XMP stay the document's own: a seal changes no content."""

    return Steady(io.BytesIO(pdf))


def _signer_at(at: datetime, meta: Any, signer: Any) -> Any:
    from pyhanko.sign.signers.pdf_signer import PdfSigner

    class At(PdfSigner):
        """Writes our moment (/M) and not the clock's."""

        def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
            session = super().init_signing_session(*args, **kwargs)
            session.system_time = at
            return session

    return At(meta, signer)


def _add_field(writer: Any) -> None:
    """An invisible signature field on the last page, with its place in the structure tree as PDF/UA wants (7.18.4)."""
    from pyhanko.pdf_utils import generic
    from pyhanko.sign import fields

    name, number, dictionary = cast(Any, (generic.NameObject, generic.NumberObject, generic.DictionaryObject))
    fields.append_signature_field(writer, fields.SigFieldSpec(FIELD, on_page=-1, readable_field_name=LABEL))
    page = writer.find_page_for_modification(-1)[0]
    annotation = page.get_object()["/Annots"].raw_get(-1)
    tree = writer.root["/StructTreeRoot"]
    document = tree["/K"].raw_get(0)
    reference = dictionary({name("/Type"): name("/OBJR"), name("/Obj"): annotation, name("/Pg"): page})
    form = writer.add_object(
        dictionary(
            {
                name("/Type"): name("/StructElem"),
                name("/S"): name("/Form"),
                name("/P"): document,
                name("/Pg"): page,
                name("/Alt"): generic.pdf_string(LABEL),
                name("/K"): generic.ArrayObject([reference]),
            }
        )
    )
    document.get_object()["/K"].append(form)
    writer.mark_update(document)
    numbers = tree["/ParentTree"]["/Nums"]
    free = max(int(numbers[place]) for place in range(0, len(numbers), 2)) + 1
    numbers.extend((number(free), form))
    writer.update_container(numbers)
    annotation.get_object()[name("/StructParent")] = number(free)
    annotation.get_object()[name("/Contents")] = generic.pdf_string(LABEL)
    writer.mark_update(annotation)
