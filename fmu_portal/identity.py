"""Personnummer and samordningsnummer: checked, encrypted, found by a keyed hash of the twelve digits."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cache

from cryptography.fernet import Fernet
from django.conf import settings
from personnummer import personnummer

LOOKS_LIKE = re.compile(r"(?<!\d)(?:19|20)?\d{6}[-+ ]?\d{4}(?!\d)")


class NotAPersonnummer(ValueError):
    """The text is no valid personnummer or samordningsnummer."""


def twelve_digits(text: str) -> str:
    """The number as ``YYYYMMDDNNNC``. Raises `NotAPersonnummer`."""
    cleaned = re.sub(r"[\s\u2013\u2212]", lambda m: "-" if not m.group().isspace() else "", text.strip())
    try:
        return str(personnummer.parse(cleaned).format(long_format=True))
    except (personnummer.PersonnummerException, ValueError, TypeError) as error:
        raise NotAPersonnummer from error


def shown(digits: str) -> str:
    """Twelve digits as a person reads them: ``YYYYMMDD-NNNC``."""
    return f"{digits[:8]}-{digits[8:]}"


@cache
def _fernet() -> Fernet:
    return Fernet(settings.IDENTITY_KEY_FILE.read_bytes().strip())


@cache
def _hash_key() -> bytes:
    return bytes.fromhex(settings.IDENTITY_HMAC_KEY_FILE.read_text().strip())


def encrypt(digits: str) -> bytes:
    """The stored form of a number; a new one each time."""
    return _fernet().encrypt(digits.encode())


def decrypt(stored: bytes) -> str:
    """Twelve digits from the stored form."""
    return _fernet().decrypt(stored).decode()


def encrypt_text(text: str) -> str:
    """A text that may name a person, as it is kept at rest."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt_text(stored: str) -> str:
    """The text again."""
    return _fernet().decrypt(stored.encode()).decode()


def lookup_hash(digits: str) -> str:
    """What an exact search compares: HMAC-SHA-256 of the twelve digits, 64 hex characters."""
    return hmac.new(_hash_key(), digits.encode(), hashlib.sha256).hexdigest()


def numbers_in(text: str) -> set[str]:
    """The valid numbers that a text holds, as twelve digits each."""
    found = set()
    for match in LOOKS_LIKE.finditer(text):
        try:
            found.add(twelve_digits(match.group()))
        except NotAPersonnummer:
            continue
    return found
