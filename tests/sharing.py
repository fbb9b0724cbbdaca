"""Which tests run in one process: those that share something expensive, a started portal or a loaded database.

xdist's own mark does not do it: xdist 3.8 writes a group into a name that pytest 9.2 no longer reads, without a word.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/browser/",
    "tests/test_query_counts.py",
    "tests/test_demo.py",
    "tests/test_replay.py",
    "tests/test_seal.py",
)
"""Folders and files: one portal and one Chromium, one load, one set of keys each. The largest begins first."""


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Tests are handed out one by one, and what is together at once."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)
