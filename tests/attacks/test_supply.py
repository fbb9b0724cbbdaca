"""What the portal is made of: every file by its hash, nothing unlisted, and a bill of materials that says so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import call_command

from launcher import lock, venv
from launcher.config import ROOT
from launcher.faults import Fault

FILES = [ROOT / name for name in lock.FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_pin_has_a_hash(path, probe):
    for line in lock.read(path):
        if line.name:
            assert line.hashes, line.text
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in line.hashes)
            probe()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reading_and_writing_a_file_changes_nothing(path):
    assert "\n".join(line.written() for line in lock.read(path)) + "\n" == path.read_text()


@pytest.mark.parametrize(
    "text", ["django", "django>=5", "git+https://x/y", "x @ https://x/y.whl", "--index-url https://x"]
)
def test_what_is_no_exact_pin_is_refused(tmp_path, probe, text):
    path = tmp_path / "requirements.txt"
    path.write_text(f"{text}\n")
    with pytest.raises(Fault, match="går inte att låsa"):
        lock.read(path)
    probe()


def test_only_pins_without_a_hash_are_asked_for(tmp_path, monkeypatch):
    path = tmp_path / "requirements.txt"
    kept = f"a==1 \\\n    --hash=sha256:{'0' * 64}\n"
    path.write_text(f'# why\n-r other.txt\n{kept}B.c==2; python_version < "3.12"\n')
    monkeypatch.setattr(lock, "ask", lambda pins, python, newest: {key: f"{len(python)}".zfill(64) for key in pins})
    assert lock.lock([path]) == 1
    digest = "4".zfill(64)
    assert path.read_text() == (
        f'# why\n-r other.txt\n{kept}B.c==2; python_version < "3.12" \\\n    --hash=sha256:{digest}\n'
    )
    assert lock.lock([path]) == 0


def test_a_file_with_another_hash_is_not_installed(tmp_path, probe):
    """pip itself, as the launcher calls it, on a wheel that was changed after it was looked at."""
    wheel = tmp_path / "made_up-1-py3-none-any.whl"
    wheel.write_bytes(b"PK\x05\x06" + b"\0" * 18)
    wanted = tmp_path / "requirements.txt"
    wanted.write_text(f"made-up==1 --hash=sha256:{'0' * 64}\n")
    options = ["--no-deps", "--require-hashes", "--no-index", f"--find-links={tmp_path}", f"--target={tmp_path}/t"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "-r", wanted], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    probe()


def test_the_launcher_installs_by_hash_and_builds_nothing():
    text = (ROOT / "launcher" / "venv.py").read_text()
    assert '"--require-hashes"' in text
    assert '"--only-binary=:all:"' in text
    assert venv.wanted(ROOT / "requirements-dev.txt") != venv.wanted(ROOT / "requirements.txt")


@pytest.mark.parametrize(("code", "used"), [(0, [str(venv.PYTHON), "-m", "pip"]), (1, ["pip3", "--python", "x"])])
def test_an_older_pip_does_where_the_pinned_one_cannot_be_had(monkeypatch, code, used):
    asked = []

    def run(command, **options):
        asked.append(command)
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(venv.subprocess, "run", run)
    assert venv.newer_pip(["pip3", "--python", "x"]) == used
    assert asked[0][-1] == str(ROOT / "requirements-pip.txt")
    assert {"--require-hashes", "--retries=1"} <= set(asked[0]), (
        "hashed as the others, and no long wait without a network"
    )


@pytest.fixture
def bill():
    out = StringIO()
    call_command("sbom", stdout=out)
    return json.loads(out.getvalue())


def test_the_bill_has_the_shape_of_cyclonedx(bill, probe):
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    refs = [part["bom-ref"] for part in bill["components"]]
    assert len(refs) == len(set(refs))
    assert bill["dependencies"] == [{"ref": "fmu-portalen", "dependsOn": sorted(refs)}]
    for part in bill["components"]:
        assert part["type"] == "library"
        assert part["name"]
        assert part["version"]
        assert re.fullmatch(r"pkg:(pypi|npm)/[\w.%/-]+@[\w.+-]+", part["purl"])
        assert part["licenses"], part["name"]
        (licence,) = part["licenses"]
        assert set(licence) in ({"expression"}, {"license"})
        hashes = [h for ref in part.get("externalReferences", []) for h in ref["hashes"]]
        hashes += [h for file in part.get("components", []) for h in file["hashes"]]
        assert hashes, part["name"]
        assert all(h["alg"] == "SHA-256" and re.fullmatch(r"[0-9a-f]{64}", h["content"]) for h in hashes)
        probe()


def test_the_bill_lists_what_is_pinned_and_what_is_vendored(bill):
    named = {(part["name"].lower().replace("_", "-"), part["version"]) for part in bill["components"]}
    pins = {line.key for line in lock.read(ROOT / "requirements.txt") if line.name and ";" not in line.text}
    assert pins <= {(name.replace(".", "-"), version) for name, version in named}
    assert {"design", "theme-default", "icon-lib-default", "font-default"} <= {name for name, _ in named}
    assert not any("pytest" in name for name, _ in named), "what only the tests need is not in production"
    files = {file["name"] for part in bill["components"] for file in part.get("components", [])}
    assert {"fkui.min.css", "theme-light.css", "spritesheet.svg", "Inter-Regular.woff2"} <= files


def test_the_bill_is_the_same_each_time(bill):
    out = StringIO()
    call_command("sbom", stdout=out)
    assert json.loads(out.getvalue()) == bill
