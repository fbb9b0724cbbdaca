"""Whether the browser has judged every page that there is: a new one is looked at, or is said here to be none."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from tests.browser.desk import Desk
from tests.test_access_walk import PAGES

NO_PAGES = (
    # what a monitor or a script asks
    "halsa", "inloggad/", "arenden/rader/",
    # forms that are sent, and lead to a page
    "logga-ut/", "arenden/ny/", "/ny/", "arenden/vyer/", "/ta-bort/", "/jav/hav/", "/underlag/handlingar/",
    "meddelanden/<int:thread>/steg/<str:step>/", "ersattning/flera/<slug:step>/", "utbetalningar/skapa/", "/spara/",
    # what leads on to a page at once
    "utlatande/", "ersattning/kontoutdrag/",
    # files, and pieces of a page
    "/fil/", "/filer/", "/lage/", "/pdf/", ".pdf", ".zip", ".ics", ".jpg", "handlingar/<uuid:document_id>/",
    "bilagor/<uuid:document_id>/", "meddelanden/bilagor/<int:draft>/", "<key:pk>/underlag/", "<key:pk>/brev/",
)  # fmt: skip
"""How the addresses end that show no page of their own."""


def test_every_page_has_been_judged(request):
    here = Path(__file__).parent
    asked = {item.path.name for item in request.session.items if here in item.path.parents}
    if asked != {path.name for path in here.glob("test_*.py")}:
        pytest.skip("only some of the browser's tests were asked for")
    judged = set()
    for path in Desk.seen:
        try:
            judged.add(resolve(path).route)
        except Resolver404:
            continue  # the page that says that there is none
    pages = [route for route in PAGES if route and not route.startswith("api/v1/")] + ["api/v1/"]
    assert not [route for route in pages if route not in judged and not route.endswith(NO_PAGES)]
