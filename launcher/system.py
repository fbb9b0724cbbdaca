"""Debian's parts that no wheel brings: pango (for PDF) and a browser (for the tests).

``python -m launcher.system`` installs both when it may; without a browser it ends with 1 and the line that installs it.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

PANGO = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core")
PANGO_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The first is the same browser without windows: a fifth less of the processor. Where Debian has none, the second is."""
BROWSER_LINE = f"apt-get install -y --no-install-recommends {BROWSERS[0]}"
"""What a person types who installs one."""
Say = Callable[[str], None]


def pango_missing() -> bool:
    """Does a library that WeasyPrint loads lack?"""
    for library in PANGO_LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            return True
    return False


def find_browser() -> str | None:
    """``CHROMIUM`` or one on PATH; the path of its program."""
    for name in (os.environ.get("CHROMIUM", ""), *BROWSERS):
        if name and (found := shutil.which(name)):
            return found
    return None


def install_line(packages: Sequence[str]) -> str:
    return f"apt-get install -y {' '.join(packages)}"


class Installation:
    """``apt-get`` in the background. It is never cut short: a half-configured package is worse than a wait."""

    def __init__(self, packages: Sequence[str], log: Path) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        apt = shutil.which("apt-get")
        if os.geteuid() != 0 or apt is None:
            return
        names = " ".join(packages)
        options = "-y -qq --no-install-recommends -o DPkg::Lock::Timeout=60"
        script = f"{apt} install {options} {names} || {{ {apt} update -qq && {apt} install {options} {names}; }}"
        with open(log, "ab") as output:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", ""), "DEBIAN_FRONTEND": "noninteractive", **_proxies()},
                start_new_session=True,
            )

    def wait(self, seconds: float | None = None) -> None:
        """Wait for it to end (at most ``seconds``; it goes on by itself after that)."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return


def _proxies() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def main() -> int:
    log = Path(os.devnull)
    if pango_missing():
        Installation(PANGO, log).wait()
        if pango_missing():
            print(
                f"Pango saknas: testerna som skriver PDF kommer att falla. En administratör kör: {install_line(PANGO)}"
            )
    if find_browser() is None:
        if os.geteuid() == 0:
            print("Installerar Chromium för webbläsartesterna …", flush=True)
        for package in BROWSERS[:2]:
            if find_browser() is None:
                Installation((package,), log).wait()
    if find_browser() is None:
        print(
            f"Chromium saknas, och testerna i webbläsare behöver den. En administratör kör: {BROWSER_LINE}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
