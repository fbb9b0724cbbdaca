"""The secrets of one installation, made once, each in its own file that only its owner may read."""

import base64
import secrets
from pathlib import Path

from launcher.folder import write_atomically

_WORDS = (
    "alm",
    "ask",
    "bok",
    "ek",
    "en",
    "gran",
    "hav",
    "falk",
    "lind",
    "lo",
    "moln",
    "orre",
    "rav",
    "sten",
    "tall",
    "vind",
)


def _readable() -> str:
    """A password a person can type: four words and four digits (29 bits; the sign-in limits the tries)."""
    words = secrets.SystemRandom().sample(_WORDS, 4)
    return f"{words[0]}-{words[1]}-{secrets.randbelow(9000) + 1000}-{words[2]}-{words[3]}"


_MAKERS = {
    "django_secret_key": lambda: secrets.token_urlsafe(50),
    "identity_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "identity_hmac_key": lambda: secrets.token_hex(32),
    "document_keys": lambda: f"{secrets.token_hex(4)} {base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
    "demo_password": _readable,
}


def secret(folder: Path, name: str) -> str:
    """The secret's text, made now if it is missing. Database and queue passwords are 43 url-safe characters."""
    path = folder / name
    if path.is_file() and (text := path.read_text().strip()):
        return text
    text = _MAKERS.get(name, lambda: secrets.token_urlsafe(32))()
    write_atomically(path, text + "\n")
    return text


def make_all(folder: Path) -> None:
    """Make those the Django processes read from files."""
    for name in _MAKERS:
        secret(folder, name)
