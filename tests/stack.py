"""Real servers for the tests, started with the launcher's own code, on free ports and in folders of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from launcher import broker, roles
from launcher.config import ROLES, ROOT, Config
from launcher.folder import MARKER, claim, read_json
from launcher.place import ELSEWHERE, choose
from launcher.ports import free_port
from launcher.postgres import STOP_SIGNAL, Postgres
from launcher.processes import spawn, stop
from launcher.secret_files import make_all, secret

__all__ = [
    "Cluster",
    "Portal",
    "Valkey",
    "free_port",
    "shared_cluster",
    "start_portal",
    "start_postgres",
    "start_valkey",
]

# Nothing in the tests must survive a power cut, nobody follows the log, and a test that reads statistics makes them.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
    "max_connections=120",
)
_SHARED = "FMU_TEST_CLUSTER"
_OWN_FOLDER = "fmu-test-"
# What a person's shell may say about their own portal, not about the tests'.
_NOT_OURS = (
    "PORT",
    "HOST",
    "DATA_DIR",
    "SECRETS_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "PG_BINDIR",
    "DEMO",
    "DJANGO_SETTINGS_MODULE",
)


def _quiet(_line: str) -> None:
    """The tests' servers start without a word."""


def remove_data(data_dir: Path) -> None:
    """Remove a data folder, and its cluster where that lies elsewhere (root under a closed folder)."""
    home = read_json(data_dir / MARKER).get("postgres_home")
    if isinstance(home, str) and Path(home).parent == ELSEWHERE:
        shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)


@dataclass
class Cluster:
    """A PostgreSQL with the portal's roles. ``admin_url`` is the superuser's address, to the database ``postgres``."""

    admin_url: str
    host: str
    port: int
    passwords: Mapping[str, str]
    data_dir: Path
    server: Postgres | None = None
    process: "subprocess.Popen[bytes] | None" = None
    _held: Any = None

    def url(self, role: str, dbname: str = roles.DATABASE) -> str:
        """The address for ``owner``, ``web`` or ``worker`` (or the role's whole name, ``fmu_web``)."""
        role = role.removeprefix("fmu_")
        return f"postgres://{roles.role_name(role)}:{self.passwords[role]}@{self.host}:{self.port}/{dbname}"

    def stop(self) -> None:
        """Stop and remove it, if this process started it."""
        if self.process is None or self.server is None:
            return
        stop(self.process, STOP_SIGNAL)
        self.server.clean_up()
        self._held.close()
        remove_data(self.data_dir)
        if self.data_dir.parent.name.startswith(_OWN_FOLDER):
            shutil.rmtree(self.data_dir.parent, ignore_errors=True)
        self.process = None


def start_postgres(tmp_dir: Path) -> Cluster:
    """A new cluster with ``fmu_owner``, ``fmu_web``, ``fmu_worker`` and the empty database ``fmu``."""
    config = Config(data_dir=(tmp_dir / "postgres-data").resolve(), pg_options=FAST)
    held = claim(config.data_dir)
    server = Postgres(config, choose(config, _quiet))
    server.prepare()
    process = server.start()
    passwords = {role: secret(config.secrets, f"pg_{roles.role_name(role)}") for role in ROLES}
    roles.ensure(server.admin_url(), passwords, "test", ours=True)
    return Cluster(server.admin_url(), "127.0.0.1", server.port, passwords, config.data_dir, server, process, held)


def shared_cluster(tmp_dir: Path | None = None) -> Cluster:
    """One cluster for the whole run: the first caller (the controller) starts it, xdist's workers inherit the address.

    Only the one that started it stops it. Without ``tmp_dir`` the files lie in a new folder under ``/tmp``.
    """
    if known := os.environ.get(_SHARED):
        value = json.loads(known)
        return Cluster(value["admin_url"], value["host"], value["port"], value["passwords"], Path(value["data_dir"]))
    if tmp_dir is None:
        tmp_dir = Path(tempfile.mkdtemp(prefix=_OWN_FOLDER, dir="/tmp"))
        tmp_dir.chmod(0o711)
    cluster = start_postgres(tmp_dir)
    names = ("admin_url", "host", "port", "passwords")
    shared = {name: getattr(cluster, name) for name in names} | {"data_dir": str(cluster.data_dir)}
    os.environ[_SHARED] = json.dumps(shared)
    return cluster


class Valkey:
    """A queue that a test may stop and start again on the same port."""

    def __init__(self, data_dir: Path) -> None:
        config = Config(data_dir=data_dir.resolve())
        for folder in (config.secrets, config.log):
            folder.mkdir(parents=True, exist_ok=True)
        self._server = broker.Broker(config)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        if self._process is None:
            self._process = self._server.start()

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None


def start_valkey(tmp_dir: Path) -> Valkey:
    """A new queue with a password."""
    return Valkey(tmp_dir / "valkey-data")


@dataclass
class Portal:
    """The real launcher in a process of its own. ``output`` is what it has printed so far."""

    process: "subprocess.Popen[bytes]"
    url: str
    data_dir: Path
    printed: Path
    broker: Valkey | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> str:
        return self.printed.read_text(errors="replace")

    @property
    def password(self) -> str:
        """The one password of the demonstration's logins."""
        return self.environment.get("FMU_DEMO_PASSWORD") or secret(self.data_dir / "secrets", "demo_password")

    def children(self) -> dict[str, int]:
        """Process ids by name: ``postgres``, ``valkey``, ``web``, ``worker``, ``beat``."""
        children: dict[str, int] = read_json(self.data_dir / "run.json").get("children", {})
        return children

    def worker_pids(self) -> list[int]:
        """The Celery worker's main process, then its two children."""
        main = psutil.Process(self.children()["worker"])
        return [main.pid, *(child.pid for child in main.children(recursive=True))]

    def stop_broker(self) -> None:
        assert self.broker is not None, "starta med own_broker=True"
        self.broker.stop()

    def start_broker(self) -> None:
        assert self.broker is not None, "starta med own_broker=True"
        self.broker.start()

    def wait(self, seconds: float = 300) -> Self:
        """Wait until the pages answer and the logins are printed. Raises ``AssertionError`` with what was printed."""
        until = time.monotonic() + seconds
        while "är igång" not in self.output:
            if self.process.poll() is not None:
                raise AssertionError(f"the launcher ended with {self.process.returncode}:\n{self.output}")
            if time.monotonic() > until:
                raise AssertionError(f"the launcher was not ready in {seconds} s:\n{self.output}")
            time.sleep(0.05)
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and wait; the files stay. Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(180)

    def stop(self) -> None:
        """Stop everything and remove the files."""
        self.end()
        if self.broker:
            self.broker.stop()
        remove_data(self.data_dir)


def launch(data_dir: Path, port: int, env: Mapping[str, str] | None = None, root: Path = ROOT) -> Portal:
    """Start the launcher and return at once; ``env`` is added to a cleaned environment."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    kept = {name: value for name, value in kept.items() if not name.startswith(("FMU_", "PG"))}
    kept |= {"PORT": str(port), "DATA_DIR": str(data_dir), "FMU_PG_OPTIONS": " ".join(FAST[:3])} | dict(env or {})
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    printed = data_dir.with_name(f"{data_dir.name}.output")
    with open(printed, "wb") as output:
        process = spawn([sys.executable, "-m", "launcher"], env=kept, output=output, cwd=root)
    return Portal(process, f"http://localhost:{port}", data_dir, printed, environment=kept)


def start_portal(
    tmp_dir: Path,
    demo: bool = True,
    env: Mapping[str, str] | None = None,
    *,
    own_broker: bool = False,
    seconds: float = 300,
) -> Portal:
    """The real portal on a free port, ready. With ``own_broker`` the queue is the test's to stop and start."""
    queue = start_valkey(tmp_dir) if own_broker else None
    wanted = {"DEMO": "1" if demo else "0"} | ({"REDIS_URL": queue.url} if queue else {}) | dict(env or {})
    portal = launch(tmp_dir / "portal-data", free_port(), wanted)
    portal.broker = queue
    try:
        return portal.wait(seconds)
    except BaseException:
        portal.stop()
        raise


def answer(url: str, seconds: float = 5) -> int:
    """The status of one GET. Raises ``OSError`` when there is none within so many seconds."""
    with urllib.request.urlopen(url, timeout=seconds) as response:
        return int(response.status)


def prepare_secrets(data_dir: Path) -> None:
    """The secret files Django's settings read, for a run without the launcher."""
    (data_dir / "secrets").mkdir(parents=True, exist_ok=True)
    make_all(data_dir / "secrets")
