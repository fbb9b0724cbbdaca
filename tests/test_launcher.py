"""The launcher, tried for real with a small stand-in for the portal (so that faults can be put in)."""

import json
import os
import pwd
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from launcher import config as configuration
from launcher.config import ROOT
from launcher.faults import Fault
from launcher.folder import MARKER, read_json
from launcher.ports import is_free
from launcher.secret_files import make_all, secret
from tests.stack import Portal, answer, free_port, launch, remove_data

MANAGE = """\
import os, sys, time, psycopg2
command = sys.argv[1]
wait = float(os.environ.get("STUB_WAIT_" + command.upper(), "0"))
if command == os.environ.get("STUB_FAIL"):
    sys.exit("psycopg2.OperationalError: " + os.environ["STUB_FAIL_WITH"])
with psycopg2.connect(open(os.environ["DATABASE_URL_FILE"]).read().strip()) as connection, connection.cursor() as cursor:
    if command == "setup":
        cursor.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
    cursor.execute("INSERT INTO kept VALUES (%s)", [command])
    print("half way", flush=True)
    time.sleep(wait)
"""
WSGI = """\
import os
if os.environ.get("STUB_WEB_DIES"):
    raise RuntimeError("webben orkar inte")
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [open(os.environ["DATABASE_URL_FILE"]).read().split(":")[1].encode()]
"""
CELERY = """\
import os
from celery import Celery
app = Celery("stub", broker=open(os.environ["REDIS_URL_FILE"]).read().strip())
app.conf.update(beat_schedule_filename=os.environ["DATA_DIR"] + "/beat/schedule")
"""


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the launcher's own code and a portal of thirty lines."""
    root = tmp_path_factory.mktemp("stub")
    shutil.copytree(ROOT / "launcher", root / "launcher")
    (root / "fmu_portal").mkdir()
    (root / "manage.py").write_text(MANAGE)
    (root / "fmu_portal" / "settings.py").write_text("SECRET_KEY = 'x'\n")
    (root / "fmu_portal" / "__init__.py").write_text("from fmu_portal.celery import app as celery_app\n")
    (root / "fmu_portal" / "wsgi.py").write_text(WSGI)
    (root / "fmu_portal" / "celery.py").write_text(CELERY)
    shutil.copy(ROOT / "fmu_portal" / "logs.py", root / "fmu_portal" / "logs.py")  # gunicorn writes its log with it
    return root


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    remove_data(folder)


def refused(portal: Portal) -> str:
    """The one line a refused start ends with."""
    assert portal.process.wait(180) == 1, portal.output
    assert "Traceback" not in portal.output
    return portal.output.strip().splitlines()[-1]


def ours(data_dir: Path) -> list[psutil.Process]:
    """Every process that works with this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("DATA_DIR") == str(data_dir) or str(data_dir) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE]


def gone(data_dir: Path, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while ours(data_dir) and time.monotonic() < until:
        time.sleep(0.1)
    return not ours(data_dir)


def initdb_works(data_dir: Path) -> bool:
    """Has initdb begun to write? Its folder lies elsewhere for root under a closed folder."""
    home = read_json(data_dir / MARKER).get("postgres_home", data_dir)
    return (Path(home) / "postgres.new" / "PG_VERSION").exists()


def words(portal: Portal) -> list[str]:
    """What the stand-in's commands have saved."""
    password = secret(portal.data_dir / "secrets", "pg_fmu_owner")
    ports = json.loads((portal.data_dir / "ports.json").read_text())
    url = f"postgres://fmu_owner:{password}@127.0.0.1:{ports['postgres']}/fmu"
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT word FROM kept")
            return [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()


def wait_for_ready_workers(log: Path, times: int) -> None:
    until = time.monotonic() + 90
    while log.read_text().count(" ready.") < times:
        assert time.monotonic() < until, log.read_text()[-2000:]
        time.sleep(0.05)


def test_starts_restarts_what_died_keeps_data_and_leaves_nothing(stub: Path, data_dir: Path) -> None:
    first = launch(data_dir, free_port(), root=stub).wait()
    assert first.password in first.output
    assert "fk.handlaggare" in first.output
    assert answer(first.url) == 200
    assert words(first) == ["setup", "demo"]
    check_roles_and_secrets(first)

    # A second launcher with the same folder is refused, with the first one's address.
    assert first.url in refused(launch(data_dir.parent / "data", free_port(), root=stub))
    (data_dir.parent / "data.output").write_text("")

    # Whatever is killed comes back: the database too.
    worker_log = data_dir / "log" / "worker.log"
    wait_for_ready_workers(worker_log, 1)
    before = first.children()
    for name in ("worker", "postgres", "web"):
        os.kill(before[name], signal.SIGKILL)
    until = time.monotonic() + 90
    while time.monotonic() < until and any(first.children().get(n) == before[n] for n in ("worker", "postgres", "web")):
        time.sleep(0.1)
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            assert answer(first.url) == 200
            break
        except OSError:
            time.sleep(0.1)
    assert words(first) == ["setup", "demo"]

    wait_for_ready_workers(worker_log, 2)

    assert first.end(signal.SIGINT) == 0
    assert gone(data_dir, 1)
    assert "worker: Warm shutdown" in worker_log.read_text()

    began = time.monotonic()
    second = launch(data_dir, free_port(), root=stub).wait()
    assert time.monotonic() - began < 10
    assert words(second) == ["setup", "demo", "setup", "demo"]
    # Killed without a word, it takes its children with it, and the next start recovers.
    second.end(signal.SIGKILL)
    assert gone(data_dir)
    third = launch(data_dir, free_port(), {"DEMO": "0"}, root=stub).wait()
    assert "fk.handlaggare" not in third.output
    assert words(third)[-1] == "setup"
    assert third.end() == 0
    assert gone(data_dir, 1)


def check_roles_and_secrets(portal: Portal) -> None:
    for path in (portal.data_dir / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    ports = json.loads((portal.data_dir / "ports.json").read_text())
    password = secret(portal.data_dir / "secrets", "pg_superuser")
    # The superuser comes in only over the socket, and nobody without a password.
    for user, given in (("postgres", password), ("fmu_web", "wrong"), ("fmu_web", "")):
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(
                host="127.0.0.1",
                port=ports["postgres"],
                user=user,
                password=given,
                dbname="postgres",
                passfile="/nonexistent",
            )
    shown = " ".join(" ".join(process.cmdline()) for process in ours(portal.data_dir))
    assert secret(portal.data_dir / "secrets", "valkey") not in shown
    # No secret in any process's environment or command line, where others may read them.
    texts = {p.name: p.read_text().strip() for p in (portal.data_dir / "secrets").iterdir()}
    assert len(texts) >= 6
    for process in ours(portal.data_dir):
        seen = " ".join([*process.environ().values(), *process.cmdline()])
        assert not [name for name, text in texts.items() if text in seen], process.cmdline()
    assert password not in shown


@pytest.mark.parametrize("moment", ["initdb", "setup", "demo"])
def test_an_interrupted_first_start_recovers(stub: Path, data_dir: Path, moment: str) -> None:
    waits = {"STUB_WAIT_SETUP": "30"} if moment == "setup" else {"STUB_WAIT_DEMO": "30"}
    first = launch(data_dir, free_port(), waits, root=stub)
    until = time.monotonic() + 30
    if moment == "initdb":
        while not initdb_works(data_dir):
            assert time.monotonic() < until, first.output
    else:
        while first.output.count("half way") < (1 if moment == "setup" else 2):
            assert time.monotonic() < until, first.output
            time.sleep(0.02)
    first.end(signal.SIGKILL)
    second = launch(data_dir, free_port(), root=stub).wait()
    expected = ["setup", "setup", "demo"] if moment == "demo" else ["setup", "demo"]
    assert words(second) == expected
    assert second.end() == 0
    assert gone(data_dir, 2)


def test_a_busy_port_is_told_with_another_to_use(stub: Path, data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(launch(data_dir, port, root=stub))
    assert f"Port {port} används" in line
    assert "make run PORT=" in line


def test_the_port_is_held_from_the_first_moment_and_through_a_restart(stub: Path, data_dir: Path) -> None:
    port = free_port()
    portal = launch(data_dir, port, root=stub)
    until = time.monotonic() + 60
    while "Startar FMU-portalen" not in portal.output:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not is_free(port)
    portal.wait()
    before = portal.children()["web"]
    os.killpg(before, signal.SIGKILL)
    assert answer(portal.url, seconds=60) == 200  # called while nobody answers: waits, is not refused
    assert portal.children()["web"] != before
    assert portal.end() == 0
    assert is_free(port)


def test_somebody_elses_folder_is_left_alone(stub: Path, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "bokföring.ods").write_text("x")
    assert "annat än portalens data" in refused(launch(data_dir, free_port(), root=stub))
    assert [path.name for path in data_dir.iterdir()] == ["bokföring.ods"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_left_alone(stub: Path, data_dir: Path) -> None:
    data_dir.mkdir()
    os.chown(data_dir, pwd.getpwnam("nobody").pw_uid, -1)
    assert "tillhör nobody" in refused(launch(data_dir, free_port(), root=stub))


def test_a_cluster_made_by_somebody_else_is_told(stub: Path, data_dir: Path) -> None:
    first = launch(data_dir, free_port(), root=stub).wait()
    assert first.end() == 0
    (data_dir / "secrets" / "pg_superuser").unlink()
    assert "inte skapad av den här installationen" in refused(launch(data_dir, free_port(), root=stub))
    assert gone(data_dir, 2)


def test_what_keeps_dying_stops_everything(stub: Path, data_dir: Path) -> None:
    line = refused(launch(data_dir, free_port(), {"STUB_WEB_DIES": "1"}, root=stub))
    assert "Webbservern dör gång på gång" in line
    assert gone(data_dir, 2)


def test_a_full_disk_during_setup_is_told(stub: Path, data_dir: Path) -> None:
    fails = {"STUB_FAIL": "setup", "STUB_FAIL_WITH": "could not extend file: No space left on device"}
    assert "Disken är full" in refused(launch(data_dir, free_port(), fails, root=stub))
    assert gone(data_dir, 2)


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({"PORT": "many"}, "inget portnummer"),
        ({"PG_BINDIR": "/nowhere"}, "PG_BINDIR"),
        ({"FMU_DATABASE_URL_WEB": "postgres://x"}, "alla tre"),
    ],
)
def test_values_that_cannot_be_used_are_told(env: dict[str, str], line: str) -> None:
    with pytest.raises(Fault, match=line):
        configuration.from_environment(env)


def test_secrets_are_made_once(tmp_path: Path) -> None:
    make_all(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    make_all(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
    assert len(before["django_secret_key"]) > 50
    assert before["demo_password"].isascii()
