"""``python -m launcher.lock``: writes the sha256 of every wheel beside its pin, in the requirements files.

Run after a pin was changed or two branches were merged; comments and the order of the lines stay. A pin that has hashes
keeps them (``--all`` asks anew for every one). pip itself is asked what it would install (``--dry-run --report``), once
per Python and per age of the C library, so that the hashes are those of the wheels that a machine of ours can choose:
Linux x86_64, CPython 3.11 to 3.13. A package without a wheel is refused: nothing is built at installation.

Exit codes: 0 done, 1 with one line that says what is wrong. ``--check`` writes nothing: 1 when a pin has no hash.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from launcher.faults import Fault

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-dev.txt", "requirements-pip.txt")
PYTHONS = ("3.11", "3.12", "3.13")
GLIBC = (36, 28)
"""Debian 12's C library, and that of the oldest machines a wheel is chosen for otherwise."""

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)\s*(?P<marker>;[^\\]*?)?\s*\\?$")
_HASH = re.compile(r"^\s*--hash=(sha256:[0-9a-f]{64})\s*\\?$")


@dataclass
class Line:
    """One line of a requirements file; a pin has its hashes with it."""

    text: str
    name: str = ""
    version: str = ""
    hashes: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """The package as the index knows it, and the version."""
        return canonical(self.name), self.version

    def written(self) -> str:
        """The line, and a line per hash."""
        return " \\\n    ".join([self.text, *(f"--hash={h}" for h in sorted(self.hashes))])


def canonical(name: str) -> str:
    """A package's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(path: Path) -> list[Line]:
    """The file's lines. Raises ``Fault`` for one that is neither a comment, an inclusion nor an exact pin."""
    lines: list[Line] = []
    for text in path.read_text().splitlines():
        if found := _HASH.match(text):
            lines[-1].hashes.append(found[1])
        elif not text.strip() or text.startswith(("#", "-r ")):
            lines.append(Line(text))
        elif found := _PIN.match(text):
            whole = f"{found['name']}=={found['version']}{found['marker'] or ''}"
            lines.append(Line(whole.strip(), found["name"], found["version"]))
        else:
            raise Fault(f"{path.name}: raden går inte att låsa: {text}")
    return lines


def _platforms(newest: int) -> list[str]:
    tags = [f"manylinux_2_{minor}_x86_64" for minor in range(newest, 4, -1)]
    return [f"--platform={tag}" for tag in (*tags, "manylinux2014_x86_64", "manylinux1_x86_64", "linux_x86_64")]


def ask(pins: list[tuple[str, str]], python: str, newest: int) -> dict[tuple[str, str], str]:
    """(package, version) -> the sha256 of the wheel that pip chooses. Markers are left out: each pin gets its hash."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, report = Path(folder, "pins.txt"), Path(folder, "report.json")
        wanted.write_text("".join(f"{name}=={version}\n" for name, version in pins))
        options = ["-qq", "--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:", "--no-input"]
        where = [f"--python-version={python}", *_platforms(newest), f"--target={folder}/none"]
        command = [sys.executable, "-m", "pip", "install", *options, *where, f"--report={report}", "-r", str(wanted)]
        # The index's own files, not a copy that this machine has at hand.
        env = {k: v for k, v in os.environ.items() if k not in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL")}
        done = subprocess.run(command, env=env | {"PIP_CONFIG_FILE": os.devnull}, check=False)
        if done.returncode:
            raise Fault(f"pip hittar inte alla paket som hjul för Python {python} (se ovan). Inget är ändrat.")
        rows = json.loads(report.read_text())["install"]
    return {
        (canonical(row["metadata"]["name"]), row["metadata"]["version"]): row["download_info"]["archive_info"][
            "hashes"
        ]["sha256"]
        for row in rows
    }


def lock(paths: list[Path], anew: bool = False) -> int:
    """Write the hashes; the number of pins that were asked for."""
    files = {path: read(path) for path in paths}
    pins = [line for lines in files.values() for line in lines if line.name]
    missing = [line for line in pins if anew or not line.hashes]
    if not missing:
        return 0
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for python in PYTHONS:
        for newest in GLIBC:
            print(f"Frågar efter {len(missing)} paket, Python {python}, glibc 2.{newest} …", flush=True)
            for key, digest in ask([line.key for line in missing], python, newest).items():
                found[key].add(f"sha256:{digest}")
    for line in missing:
        line.hashes = sorted(found[line.key])
        if not line.hashes:
            raise Fault(f"{line.text}: inget hjul hittades. Inget är ändrat.")
    for path, lines in files.items():
        path.write_text("\n".join(line.written() for line in lines) + "\n")
    return len(missing)


def main() -> int:
    paths = [ROOT / name for name in FILES]
    try:
        if "--check" in sys.argv:
            bare = [line.text for path in paths for line in read(path) if line.name and not line.hashes]
            if bare:
                raise Fault(f"Utan hash: {', '.join(bare)}. Kör: .venv/bin/python -m launcher.lock")
            return 0
        print(f"{lock(paths, '--all' in sys.argv)} paket har fått sina hashar.")
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
