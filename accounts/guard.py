"""Guessing passwords: slowed for whoever guesses, without a way to shut somebody else out.

Before a password is looked at, the attempt is counted; a right one is given back. The counters:

* A browser that the account has logged in with before carries a *device cookie* (OWASP, "Slow down online guessing
  attacks with device cookies"). It has a counter of its own, and none of the others concern it: whatever others do to
  the account, or from the same office's address, its owner gets in from where they usually sit.
* An unknown browser is counted per (account, address), and per address over all accounts (one password, many accounts).
* When many unknown browsers together guess at one account, each address has one try left per quarter of an hour.
  That is what a botnet gets; the owner at a new computer gets it too, and needs no more.

Nothing here asks whether the account exists, so that nothing here tells.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from fmu_portal import errors, limits

COOKIE = "__Host-device"
DAYS = 180
_SALT = "accounts.guard.device"
_KEPT = 5
"""Accounts that one browser is known for: colleagues who share a computer."""

_UNDER_ATTACK = 1
"""Tries that an unknown browser's address has at an account that is being guessed at."""


def _named(username: str) -> str:
    """The account in the cookie: a keyed hash, so that the cookie says nothing of who uses the computer."""
    return salted_hmac(_SALT, username, algorithm="sha256").hexdigest()


def _marks(request: HttpRequest) -> Iterator[tuple[str, str, str]]:
    """The browser's marks that are ours and not too old: the mark as sent, the account (`_named`), the browser's own."""
    for part in request.COOKIES.get(COOKIE, "").split("~")[:_KEPT]:
        try:
            account, mark = signing.loads(part, salt=_SALT, max_age=DAYS * 24 * 3600)
        except (signing.BadSignature, ValueError, TypeError):
            continue
        yield part, str(account), str(mark)


def _device(request: HttpRequest, username: str) -> str:
    """The browser's own mark, when it has logged in to this account before; else empty."""
    named = _named(username)
    return next((mark for _, account, mark in _marks(request) if constant_time_compare(account, named)), "")


def words(wait: int) -> str:
    """What a person is told who has to wait: the same whether the account exists or not."""
    minutes = errors.minutes(wait)
    return f"För många försök. Vänta {minutes} {'minut' if minutes == 1 else 'minuter'} och försök igen."


def attempt(request: HttpRequest, username: str) -> int:
    """Count an attempt; the seconds to wait when it may not be made, else 0."""
    address = limits.address_of(request)
    device = _device(request, username)
    if device:
        wait = limits.spend(limits.LOGIN_DEVICE, device)
        if not wait:
            return 0
        # A known browser that guesses is an unknown one.
    waits = [
        limits.spend(limits.LOGIN_PAIR, (username, address)),
        limits.spend(limits.LOGIN_ADDRESS, address),
    ]
    guessed_at = limits.spend(limits.LOGIN_ACCOUNT, username)
    if guessed_at and limits.used(limits.LOGIN_PAIR, (username, address)) > _UNDER_ATTACK:
        waits.append(limits.left(limits.LOGIN_PAIR))
    return max(waits)


def succeeded(request: HttpRequest, username: str) -> None:
    """The attempt was the owner's: it counts for nothing."""
    address = limits.address_of(request)
    device = _device(request, username)
    if device:
        limits.give_back(limits.LOGIN_DEVICE, device)
        return
    limits.give_back(limits.LOGIN_PAIR, (username, address))
    limits.give_back(limits.LOGIN_ADDRESS, address)
    limits.give_back(limits.LOGIN_ACCOUNT, username)


def remember(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Let the browser be known to this account from now on. A mark it has is replaced: its counter starts anew."""
    others = [part for part, account, _ in _marks(request) if account != _named(username)]
    fresh = signing.dumps([_named(username), secrets.token_urlsafe(16)], salt=_SALT)
    response.set_cookie(
        COOKIE,
        "~".join([fresh, *others][:_KEPT]),
        max_age=DAYS * 24 * 3600,
        secure=True,
        httponly=True,
        samesite="Strict",
    )
