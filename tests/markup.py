"""Markup typed where text is asked for, and a reader that tells whether a page shows it as text or takes it as its own."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from typing import Any

from orders.models import Assessment, Report
from orders.report import SECTIONS, keys
from tests import situations as s

MARK = "zzmark"
XSS = [
    f"<script>{MARK}(1)</script>",
    f'"><img src=x onerror={MARK}(2)>',
    f"'><svg/onload={MARK}(3)>",
    f"</textarea><script>{MARK}(4)</script>",
    f"</title><script>{MARK}(5)</script>",
    f'" autofocus onfocus="{MARK}(6)',
    f"javascript:{MARK}(7)",
    f"{{{{ {MARK} }}}}{{% debug %}}",
    f"<!--{MARK}--><iframe srcdoc='x'>",
    f"<a href=//evil.example/{MARK}>x</a>",
]
SSRF = [
    f"<img src='http://127.0.0.1:1/{MARK}'>",
    f"<link rel=attachment href='file:///etc/passwd'>{MARK}",
    f"<style>@import url(http://127.0.0.1:1/{MARK})</style>",
    f"url(file:///etc/passwd) {MARK}",
    f"<iframe src='http://169.254.169.254/{MARK}'></iframe>",
]


class Reader(HTMLParser):
    """Where the mark stands: as an element, an attribute that acts, or an address is a hole; as text it is none."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.holes: list[Any] = []
        self.seen = 0
        self._raw = ""

    def handle_starttag(self, tag, attrs):
        self._raw = tag if tag in ("script", "style") else ""
        for name, value in attrs:
            text = value or ""
            if MARK in name or (name.startswith("on")) or name in ("srcdoc", "style"):
                self.holes.append((tag, name, value))
            elif MARK in text:
                self.seen += 1
                own = text.startswith("?") or (text.startswith("/") and not text.startswith(("//", "/\\")))
                if name in ("href", "src", "action", "formaction", "data-poll", "data-autosave") and not own:
                    self.holes.append((tag, name, value))

    def handle_endtag(self, tag):
        self._raw = ""

    def handle_data(self, data):
        if MARK in data:
            self.seen += 1
            if self._raw:
                self.holes.append((self._raw, data))

    def handle_comment(self, data):
        if MARK in data:
            self.holes.append(("comment", data))


SUSPECT = re.compile(rf"{MARK}|[\s/\"'](?:on|srcdoc|style(?!sheet))", re.IGNORECASE)
"""What the reader looks for; a page without any of it has no hole and need not be taken apart."""


def read(text, url):
    """How often the mark is shown as text; a hole is an error."""
    if not SUSPECT.search(text):
        return 0
    reader = Reader()
    reader.feed(text)
    assert not reader.holes, (url, reader.holes[:3])
    return reader.seen


def before(text: str, payload: str) -> str:
    """The payload, and then the text."""
    return f"{payload} {text}"


def _marked(data: dict[str, Any], payload: str) -> dict[str, Any]:
    free = {"special_needs", "method", "name", "address", "purpose", "no_self_rating_reason"}
    return {name: before(value, payload) if name in free else value for name, value in data.items()}


def case(cast: Any, purpose: str = "", findings: str = "") -> tuple[Assessment, int]:
    """A delivered case, asked to be supplemented, whose every stored text begins with markup: (case, number of texts)."""
    case = s.step(s.draft(cast), "request", cast.officer, **_marked(s.REQUEST, XSS[0]))
    case = s.step(case, "assign", cast.region, performer=cast.admin.organisation_id)
    s.stage(case, cast.officer)
    case = s.step(case, "order", cast.officer, **_marked(s.ORDER | {"purpose": purpose}, XSS[1]))
    case = s.step(s.with_physician(case, cast), "confirm", cast.admin)
    names = [key for section in SECTIONS for field in section.fields for key in keys(field)]
    content = s.REPORT | {"findings": findings}
    for name, payload in zip(names, itertools.cycle([*XSS, *SSRF]), strict=False):
        if isinstance(content.get(name, ""), str) and not name.endswith("_on"):
            content[name] = before(content.get(name, ""), payload)
    Report.objects.create(assessment=case, performer_id=case.performer_id or 0, content=content)
    case = s.step(case, "deliver", cast.physician, source="form", revision=0, responsible="on")
    case = s.step(case, "request_supplement", cast.officer, report_version=1, part="prognosis", missing=XSS[2])
    return case, len(names) + 8
