"""docker-compose.yml and Dockerfile, as far as a machine without an engine can hold them: every name in them exists."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from datetime import timedelta

import pytest
import yaml
from django.core.management import call_command
from django.utils import timezone

from fmu_portal.models import Heartbeat
from launcher import compose, system
from tests.test_house import ROOT

FILE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = FILE["services"]
OURS = ("setup", "web", "worker", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = re.findall(r"^([A-Z]+) ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)


def names_read() -> set[str]:
    """Every variable that the settings and gunicorn's settings read."""
    text = "".join((ROOT / path).read_text() for path in ("fmu_portal/settings.py", "launcher/gunicorn_conf.py"))
    found = set(re.findall(r'environ(?:\.get)?[\[(]"([A-Z_]+)"', text))
    return found | {f"{name}_FILE" for name in re.findall(r'address\("([A-Z_]+)"', text)}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_settings_read(name):
    assert set(SERVICES[name]["environment"]) <= names_read()


@pytest.mark.parametrize("name", OURS)
def test_every_address_is_a_secret_that_the_service_has(name):
    service = SERVICES[name]
    for variable, value in service["environment"].items():
        if variable.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    needed = set(re.findall(r'(?:secret\(|SECRETS_DIR / )"(\w+)"', (ROOT / "fmu_portal/settings.py").read_text()))
    assert needed == {"django_secret_key", "identity_key", "identity_hmac_key", "document_keys"}
    assert needed <= set(service["secrets"])


def test_each_process_has_its_own_role_and_nobody_elses():
    for name, role in (("web", "web"), ("worker", "worker"), ("beat", "worker")):
        urls = {secret for secret in SERVICES[name]["secrets"] if secret.startswith("database_url")}
        assert urls == {f"database_url_{role}"}


def test_no_secret_stands_in_the_file():
    for service in SERVICES.values():
        for variable, value in (service.get("environment") or {}).items():
            assert not re.search("PASSWORD|SECRET|KEY", variable) or variable.endswith("_FILE")
            assert "://" not in str(value) or "fmu.example" in str(value)


def test_secrets_volumes_networks_and_dependencies_are_there():
    for name, service in SERVICES.items():
        assert set(service.get("secrets", ())) <= set(FILE["secrets"]), name
        assert set(service["networks"]) <= set(FILE["networks"]), name
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(FILE["volumes"]), name
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(FILE["secrets"])


def test_everything_that_runs_has_a_health_check_and_no_rights():
    for name, service in SERVICES.items():
        assert name == "setup" or service["healthcheck"]["test"], name
        assert "privileged" not in service, name
        assert not any("docker.sock" in volume for volume in service["volumes"])
    for name in OURS:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["read_only"] is True
        assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])
    assert not any("ports" in service for name, service in SERVICES.items() if name != "web")


def test_the_secrets_that_are_made_are_those_that_are_named(tmp_path):
    folder = tmp_path / "secrets"
    assert set(compose.make_secrets(folder)) == set(FILE["secrets"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = {path.name: path.read_text() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.chmod(0o644)
    compose.make_secrets(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before, "made once"
    paths = {name: ROOT / secret["file"] for name, secret in FILE["secrets"].items()}
    assert {path.name for path in paths.values()} == set(paths)


def test_the_folders_that_processes_write_to_are_made(tmp_path):
    compose.make_folders(tmp_path)
    compose.make_folders(tmp_path)
    settings = (ROOT / "fmu_portal/settings.py").read_text()
    written = set(re.findall(r'DATA_DIR / "(\w+)"', settings)) - {"secrets", "settings"}
    assert {"documents", "beat"} <= written <= {path.name for path in tmp_path.iterdir()}


def test_the_settings_take_those_secrets(tmp_path):
    compose.make_secrets(tmp_path / "secrets")
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment = kept | {
        "SECRETS_DIR": str(tmp_path / "secrets"), "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "fmu_portal.settings",
        "DATABASE_URL_FILE": str(tmp_path / "secrets/database_url_web"),
        "REDIS_URL_FILE": str(tmp_path / "secrets/redis_url"),
        "FMU_PUBLIC_URL": "https://fmu.example.se", "FMU_HOSTS": "fmu.example.se",
    }  # fmt: skip
    code = (
        "import django; django.setup(); from django.conf import settings as s; from documents import keys; keys.ring();"
        "d = s.DATABASES['default']; print(d['USER'], d['HOST'], d['NAME'], s.CELERY_BROKER_URL.rpartition('@')[2])"
    )
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert made.stdout.split() == ["fmu_web", "postgres", "fmu", "redis:6379/0"], made.stderr


# --- the image


def test_the_image_is_built_in_stages_and_runs_as_nobody_special():
    words = [word for word, _ in INSTRUCTIONS]
    assert words.count("FROM") == 2
    users = [text for word, text in INSTRUCTIONS if word == "USER"]
    assert users == ["fmu"]
    assert words.index("USER") < words.index("CMD")
    assert "--uid 10001" in DOCKERFILE
    assert all(":" in text.split()[0] for word, text in INSTRUCTIONS if word == "FROM")


def test_what_is_copied_exists_and_is_all_of_the_portal():
    copied = {text.split()[0] for word, text in INSTRUCTIONS if word == "COPY" and not text.startswith("--from")}
    assert all((ROOT / path).exists() for path in copied)
    apps = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert apps <= copied
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not copied & set(ignored)
    assert {".git", "deploy/secrets", "var"} <= set(ignored)


def test_packages_are_those_that_are_pinned():
    assert "--require-hashes" in DOCKERFILE
    assert "--no-deps" in DOCKERFILE
    assert all(package in DOCKERFILE for package in system.PANGO)


def test_commands_name_programs_and_modules_that_are_there():
    assert "launcher/gunicorn_conf.py" in DOCKERFILE
    for name in ("worker", "beat"):
        assert SERVICES[name]["command"][:4] == ["celery", "-A", "fmu_portal", name]
        assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "python", "manage.py", "alive", name]
    assert "launcher.compose roles" in SERVICES["setup"]["command"][2]


def test_alive_says_whether_a_process_is(db):
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now()})
    call_command("alive", "worker")
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now() - timedelta(minutes=2)})
    with pytest.raises(SystemExit):
        call_command("alive", "worker")
