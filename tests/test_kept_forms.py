"""What was typed in a form when the session had ended comes back to its page after the login: every form there is.

The forms are found by following the links of the pages, as a person does, so that a new one is asked the same.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests import claims, threads
from tests import situations as s
from tests.cast import PASSWORD
from tests.pages import browser
from tests.test_inquiries import ask

ROLES = ("officer", "team", "controller", "attester", "region", "finance", "admin", "physician", "administrator")
WRITTEN = ("text", "search", "date", "tel", "email", "textarea")
MOST = 120
"""Pages that one person follows links to."""


class Forms(HTMLParser):
    """A page's links, and its forms: (address, method, fields: name -> (kind, value))."""

    def __init__(self, url):
        super().__init__()
        self.url, self.links, self.forms = url, [], []
        self._open = None

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.links.append(urljoin(self.url, found["href"]).partition("#")[0])
        elif tag == "form":
            self._open = (urljoin(self.url, found.get("action") or self.url), found.get("method", "get"), {})
            self.forms.append(self._open)
        elif self._open and found.get("name") and tag in ("input", "textarea"):
            kind = "textarea" if tag == "textarea" else found.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in found:
                self._open[2][found["name"]] = (kind, found.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = None


def pages_of(actor, case):
    """(address, what stands on it) of every page that the actor gets to by links."""
    client, waiting, seen = browser(actor), ["/", f"/arenden/{case.number}/"], set()
    while waiting and len(seen) < MOST:
        url = waiting.pop(0)
        # One page of a kind: the same address for other days, filters, orders, pages, cases of a list.
        kind = re.sub(r"\d+", "9", urlsplit(url).path) + str(sorted(name for name, _ in parse_qsl(urlsplit(url).query)))
        if kind in seen or not url.startswith("/") or url.startswith(("/api/", "/static/")):
            continue
        seen.add(kind)
        answer = client.get(url, follow=True)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            page = Forms(answer.redirect_chain[-1][0] if answer.redirect_chain else url)
            page.feed(answer.content.decode())
            waiting += page.links
            yield page


def test_every_form_gives_back_what_was_typed_in_it(cast):
    claims.agreed(cast)
    for make in (claims.proposed, claims.submitted, claims.decided):
        make(cast)
    case = s.in_progress(cast)
    threads.in_case(case, cast.officer, cast.admin)
    ask(s.requested(cast), cast, cast.admin)
    asked, lost = set(), []
    for role in ROLES:
        actor = getattr(cast, role)
        username = User.objects.get(pk=actor.user_id).username
        for page in list(pages_of(actor, case)):
            for action, method, fields in page.forms:
                typed = {
                    name: "2026-01-15" if kind == "date" else f"Skrivet {name}"
                    for name, (kind, _) in fields.items()
                    if kind in WRITTEN and not name.startswith("ny-")  # of a file: that is chosen again
                }
                form = re.sub(r"\d+", "9", action.partition("?")[0]), tuple(typed)
                if method != "post" or not typed or form in asked or action == "/logga-in/":
                    continue
                asked.add(form)
                client = browser(actor)
                Session.objects.update(expire_date=timezone.now() - timezone.timedelta(hours=1))
                data = {name: value for name, (_, value) in fields.items()} | typed
                answer = client.post(action, data)
                assert answer.status_code == 401, form
                new = Client()
                back = new.post(
                    "/logga-in/", {"username": username, "password": PASSWORD, "parked": answer.context["parked"]}
                )
                again = new.get(back.headers["Location"])
                text = again.content.decode()
                gone = [value for value in typed.values() if value not in text]
                if again.status_code != 200 or gone:
                    lost.append((role, page.url, *form, again.status_code, gone))
    assert not lost, "\n".join(map(str, lost))
    assert len(asked) > 45
