"""Which tests run in one process: those that share something expensive, a started portal or a loaded database.

xdist's own mark does not do it: xdist 3.8 writes a group into a name that pytest 9.2 no longer reads, without a word.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/browser/": "browser",
    "tests/test_query_counts.py": "sizes",
    "tests/test_demo.py": "demonstration",
    "tests/test_replay.py": "demonstration",
    "tests/test_seal.py": "seal",
    "tests/test_pdf_of_record.py": "pdf",
    "tests/test_golden_": "situations",
    "tests/test_claims_walls.py": "a row in every table",
}
"""Folders and files -> what they share: a portal and a Chromium (two of each took five CPU minutes more, and no less time), a
load, a set of keys, a PDF, cases made once. The largest begins first."""

EARLY = (
    "tests/test_access_walk.py::test_who_gets_in_where",
    "tests/test_launcher.py::test_what_keeps_dying",
    "tests/test_protected.py::test_every_page_and_answer",
)
"""The longest of those that stand alone (half a minute and more) begin before the others: none is left alone at the end."""


def is_later(nodeid: str) -> bool:
    """Sorted by this the longest come first, and the rest stay as they were."""
    return not nodeid.startswith(EARLY)


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Tests are handed out one by one, and what is together at once."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for place, shared in TOGETHER.items() if nodeid.startswith(place)), nodeid)
