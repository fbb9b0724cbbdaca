"""One person at one desk: a browser window that notices what must never happen, and knows the portal's words."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
CASE = re.compile(r"/arenden/(\d{4}-\d{6})/")


def plain(text: str) -> str:
    """The words without no-break spaces, soft hyphens and line breaks."""
    return re.sub(r"\s+", " ", text.replace("\N{SOFT HYPHEN}", "")).strip()


class Desk:
    """A person's window. ``problems`` is what the browser complained of; no test may leave any."""

    checked: ClassVar[set[str]] = set()
    narrow: ClassVar[set[str]] = set()
    seen: ClassVar[set[str]] = set()
    """The addresses of the pages that were judged."""
    password: ClassVar[str] = ""
    """The one of the demonstration's logins."""

    def __init__(self, context: BrowserContext, url: str, who: str) -> None:
        self.context, self.url, self.who = context, url, who
        self.page = context.new_page()
        self.problems: list[str] = []
        self.answered = 0
        """The status of the latest page."""
        self.watch(self.page)

    def watch(self, page: Page) -> Page:
        """Note what the page's console, scripts and requests complain of."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"{self.who}: script: {error}"))
        page.on("response", self._response)
        page.on("dialog", lambda dialog: dialog.accept())
        return page

    def _console(self, message: ConsoleMessage) -> None:
        # A page that answers 404 or 422 is reported by the browser too; `_response` judges those.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"{self.who}: console at {self.page.url}: {message.text}")

    def _response(self, response: Response) -> None:
        page = response.request.resource_type == "document"
        if page:
            self.answered = response.status
        if response.status >= 500 or (response.status >= 400 and not page):
            self.problems.append(f"{self.who}: {response.status} from {response.url}")

    # Getting about.

    def go(self, path: str) -> Response | None:
        return self.page.goto(path if path.startswith("http") else self.url + path, wait_until="domcontentloaded")

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button that leads to a page."""
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            (within or self.page).get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str, within: Locator | None = None) -> None:
        """Follow a link that leads to a page."""
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            (within or self.page).get_by_role("link", name=name, exact=True).first.click()

    def step(self, number: str, name: str) -> None:
        """From the case page to a step, by the link a person would use."""
        self.go(f"/arenden/{number}/")
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()

    # Filling in.

    def fill(self, label: str, text: str, within: Locator | None = None) -> None:
        name = re.compile(rf"^\s*{re.escape(label)}(\s+\(frivilligt\))?\s*$")
        (within or self.page).get_by_label(name).fill(text)

    def choose(self, label: str, option: str) -> None:
        name = re.compile(rf"^\s*{re.escape(label)}(\s+\(frivilligt\))?\s*$")
        self.page.get_by_label(name).select_option(label=option)

    def answer(self, question: str, option: str) -> None:
        """Choose a radio button by its words."""
        group = self.page.get_by_role("radiogroup", name=question)
        group.locator("label").get_by_text(option, exact=True).click()

    def tick(self, words: str) -> None:
        box = self.page.get_by_label(words)
        if not box.is_checked():
            self.page.locator("label", has_text=words).click()

    # Reading.

    @property
    def h1(self) -> str:
        return plain(self.page.locator("h1").inner_text())

    @property
    def text(self) -> str:
        """What stands on the page below the menu."""
        return plain(self.page.locator("main").inner_text())

    @property
    def errors(self) -> list[str]:
        """The links of the error summary."""
        return [plain(t) for t in self.page.locator("[data-error-summary] li").all_inner_texts()]

    @property
    def number(self) -> str:
        """The number of the case that the page is about."""
        found = CASE.search(self.page.url)
        assert found, self.page.url
        return found[1]

    @property
    def status(self) -> str:
        return plain(self.page.locator(".titleline .badge").inner_text())

    def wait_for(self, text: str, path: str | None = None, seconds: float = 120) -> None:
        """Reload until the page says so: what a worker does comes a little later."""
        until = time.monotonic() + seconds
        while True:
            self.go(path or self.page.url)
            if text in self.text:
                return
            assert time.monotonic() < until, f"{text!r} never came to {self.page.url}:\n{self.text}"
            time.sleep(0.5)

    # Judging.

    def check(self, name: str = "", *, narrow: bool = True) -> None:
        """No accessibility finding and no sideways scrolling, wide and narrow. ``name``: once a run under this name.

        ``narrow=False``: axe looks at the wide page only. What is found is one of the desk's problems, so that
        the person can go on and all is told at the end.
        """
        if name and name in Desk.checked:
            return
        Desk.checked.add(name)
        # A refusal has the address of the page that it refuses; a form that must be mended (422) is the page itself.
        if self.answered < 400 or self.answered == 422:
            Desk.seen.add(urlsplit(self.page.url).path)
        found = []
        kind = re.sub(r"[0-9-]+|/steg/\w+", "", self.page.url.split("?")[0])
        for size in (NARROW, WIDE):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                found.append(f"{size['width']} px: {wide} px too wide")
            if size is WIDE or (narrow and kind not in Desk.narrow):
                found += [f"{size['width']} px: {line}" for line in axe(self.page)]
        Desk.narrow.add(kind)
        self.problems += [f"{self.page.url} ({self.who}, {name}): {line}" for line in found]

    def shot(self, folder: str | None, name: str) -> None:
        """A picture, wide and narrow, when somebody asks for them."""
        if not folder:
            return
        for size in (NARROW, WIDE):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.screenshot(path=str(Path(folder) / f"{name}-{size['width']}.png"), full_page=True)


COLOURS = """known => {
  const behind = new Map();
  const solid = colour => !colour.startsWith("rgba(") || colour.endsWith(", 1)");
  function background(element) {
    if (!element) return "";
    if (behind.has(element)) return behind.get(element);
    const style = getComputedStyle(element);
    const plain = style.backgroundImage === "none" && style.opacity === "1" && style.filter === "none";
    let found = background(element.parentElement);
    if (!plain) found += `/${style.backgroundColor} ${style.backgroundImage} ${style.opacity} ${style.filter}`;
    else if (solid(style.backgroundColor)) found = style.backgroundColor;
    else if (style.backgroundColor !== "rgba(0, 0, 0, 0)") found += `/${style.backgroundColor}`;
    if (!["static", "relative"].includes(style.position)) found += `/${style.position} ${element.className}`;
    behind.set(element, found);
    return found;
  }
  const seen = new Set(known), found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const says = element.matches("input, select, textarea")
      || [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!says || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const off = element.closest(":disabled, [aria-disabled=true]") ? "off" : "";
    const colours = [background(element), style.color, style.fontSize, style.fontWeight, style.textShadow, off].join("|");
    if (seen.has(colours)) continue;
    seen.add(colours);
    found.push(colours);
    element.dataset.newColours = "";
  }
  return found;
}"""
"""Marks the first text in each pair of colours that is not ``known``; returns the new ones."""
AXE = """async rules => {
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-new-colours]" }] });
  const found = (await axe.run(rules)).violations;
  for (const element of document.querySelectorAll("[data-new-colours]")) delete element.dataset.newColours;
  return found;
}"""
_good_colours: set[str] = set()


def axe(page: Page) -> list[str]:
    """Findings of axe, one line each.

    Contrast is what takes axe most of its time, and the same for every row of every list: it is judged once a run for
    each text colour on each background in each size. Colours that were found wanting are judged anew each time.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    new = page.evaluate(COLOURS, list(_good_colours))
    found: list[dict[str, Any]] = page.evaluate(AXE, RULES)
    if not any(v["id"] == "color-contrast" for v in found):
        _good_colours.update(new)
    return [
        f"{v['id']}: {v['help']}: {node['html'][:200]} ({node.get('failureSummary', '')[:300]})"
        for v in found
        for node in v["nodes"][:3]
    ]
