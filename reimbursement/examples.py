"""The worked examples of tests/golden_claims.toml, as `docs/reimbursement.md` shows them and as the tests read them."""

from __future__ import annotations

import tomllib
from typing import Any

from django.conf import settings

PATH = settings.BASE_DIR / "tests" / "golden_claims.toml"
"""A file of the source tree: it is not there in an installation, and no page asks for it."""


def _read() -> dict[str, Any]:
    with PATH.open("rb") as file:
        return tomllib.load(file)


_ALL = _read()
USUAL: dict[str, Any] = _ALL["usual"]
GROUPS: list[dict[str, Any]] = _ALL["group"]
