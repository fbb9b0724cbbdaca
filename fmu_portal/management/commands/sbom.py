"""`manage.py sbom`: what the portal is made of, as CycloneDX 1.6 JSON on standard output.

The packages of ``requirements.txt`` as they are installed, with the hashes that they may be installed by, and the design
system that lies under ``static/vendor``. Same input, same output: no time and no serial number of its own.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from launcher.lock import Line, canonical, read

VENDORED = re.compile(r"^(@fkui/[\w-]+)\s+(\S+)\s+(.+)$")


class Command(BaseCommand):
    help = "Skriv ut vilka paket portalen består av (CycloneDX 1.6, JSON)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(bill(settings.BASE_DIR), ensure_ascii=False, indent=2, sort_keys=True))


def bill(root: Path) -> dict[str, Any]:
    """The bill of materials of the code under ``root``."""
    packages = [_package(line) for line in read(root / "requirements.txt") if line.name]
    components = [part for part in packages if part] + _vendored(root)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "fmu-portalen", "name": "fmu-portalen"}},
        "components": components,
        "dependencies": [{"ref": "fmu-portalen", "dependsOn": sorted(str(part["bom-ref"]) for part in components)}],
    }


def _package(line: Line) -> dict[str, Any] | None:
    """A pinned package; None for one that this Python does not need (a marker) and so does not have."""
    try:
        data: Any = metadata(line.name)
    except PackageNotFoundError:
        return None
    purl = f"pkg:pypi/{canonical(line.name)}@{line.version}"
    part: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": str(data["Name"]),
        "version": str(data["Version"]),
        "purl": purl,
        # One file per machine it may be installed on; CycloneDX has one place for a component's own hashes.
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{canonical(line.name)}/{line.version}/",
                "hashes": [{"alg": "SHA-256", "content": h.removeprefix("sha256:")} for h in line.hashes],
            }
        ],
    }
    if said := licence(data):
        part["licenses"] = [{"expression": said}] if data.get("License-Expression") else [{"license": {"name": said}}]
    return part


def licence(data: Any) -> str:
    """A package's licence: the SPDX expression, else the classifiers' words, else its own field's first line."""
    if expression := data.get("License-Expression"):
        return str(expression)
    named = [c.rpartition(" :: ")[2] for c in data.get_all("Classifier") or [] if c.startswith("License ::")]
    return ", ".join(named) or str(data.get("License") or "").strip().partition("\n")[0]


def _vendored(root: Path) -> list[dict[str, Any]]:
    """What VERSIONS.txt under static/vendor says has been copied in, with the hashes of our copies."""
    folder = root / "static" / "vendor" / "fkui"
    parts = []
    for row in (folder / "VERSIONS.txt").read_text().splitlines():
        if found := VENDORED.match(row):
            name, version, files = found.groups()
            group, _, short = name.partition("/")
            purl = f"pkg:npm/{group.replace('@', '%40')}/{short}@{version}"
            paths = sorted(p for p in folder.iterdir() if p.name in files or p.stem in files)
            licence_name = "OFL-1.1" if "font" in short else "MIT"
            parts.append(
                {
                    "type": "library",
                    "bom-ref": purl,
                    "group": group,
                    "name": short,
                    "version": version,
                    "purl": purl,
                    "licenses": [{"license": {"id": licence_name}}],
                    "components": [
                        {
                            "type": "file",
                            "bom-ref": f"{purl}#{path.name}",
                            "name": path.name,
                            "hashes": [{"alg": "SHA-256", "content": sha256(path.read_bytes()).hexdigest()}],
                        }
                        for path in paths
                    ],
                }
            )
    return parts
