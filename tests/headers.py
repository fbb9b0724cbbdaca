"""What every answer says in its headers, and that no page makes a browser ask another place for anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ELSEWHERE = re.compile(r"(?:https?:)?//(?!localhost|testserver)[\w.-]+", re.IGNORECASE)


def checked(answer, url):
    """The headers of one answer."""
    for name, value in ALWAYS.items():
        assert answer.headers.get(name) == value, (url, name, answer.headers.get(name))
    assert "camera=()" in answer.headers["Permissions-Policy"], url
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy, url
    assert "default-src 'none'" in policy, url
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.replace("style-src 'unsafe-inline'; sandbox", ""), url
    assert "Access-Control-Allow-Origin" not in answer.headers, url
    if not url.startswith("/static/"):
        assert "no-store" in answer.headers["Cache-Control"], url


class Fetched(HTMLParser):
    """What a page makes a browser ask for: src, href of link, srcset, action, and anything with ://."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts: list[dict[str, str | None]] = []

    def handle_starttag(self, tag, attrs):
        row = dict(attrs)
        if tag == "script":
            self.scripts.append(row)
        wanted = {"src", "srcset", "action", "formaction", "poster", "data", "ping", "background", "xlink:href"}
        for name, value in attrs:
            if name in wanted or (name == "href" and tag in ("link", "use", "base", "image")):
                self.found.append(value or "")


def asks_nobody_else(answer, text, url):
    """A page's text: what it fetches is our own, and its scripts bear the nonce of its policy."""
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return
    page = Fetched()
    page.feed(text)
    for found in page.found:
        assert not ELSEWHERE.match(found), (url, found)
    policy = answer.headers["Content-Security-Policy"]
    for script in page.scripts:
        assert f"script-src 'nonce-{script['nonce']}'" in policy, url
